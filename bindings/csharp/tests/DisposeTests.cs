using System;
using System.Collections.Generic;
using System.Threading;

namespace Poslatch.Tests
{
    /// <summary>Objects that are released: twice, too early, and while others use them.</summary>
    public sealed class DisposeTests
    {
        private readonly Bench bench = Bench.Shared;

        public void everything_but_closing_throws_after_dispose_and_dispose_twice_is_nothing()
        {
            Device device = bench.Simulator.Device();
            Connection connection = device.OpenMtls(bench.Identity);
            Identity identity = Identity.FromPem(bench.Identity.ExportPem());
            foreach (IDisposable each in new IDisposable[] { connection, identity, device })
            {
                each.Dispose();
                each.Dispose();
            }
            connection.Close();
            device.Interrupt();

            var uses = new Dictionary<string, Action>
            {
                { "Pair", () => device.Pair("1", "12345678") },
                { "OpenMtls", () => device.OpenMtls(bench.Identity) },
                { "OpenTls", () => device.OpenTls() },
                { "Probe", () => device.Probe() },
                { "Probe as a till", () => bench.Simulator.Device().Probe(identity) },
                { "JournalPending", () => device.JournalPending() },
                { "JournalForget", () => device.JournalForget("x") },
                { "PosId", () => GC.KeepAlive(identity.PosId) },
                { "DeviceName", () => GC.KeepAlive(identity.DeviceName) },
                { "Serial", () => GC.KeepAlive(identity.Serial) },
                { "Issuer", () => GC.KeepAlive(identity.Issuer) },
                { "NotBefore", () => GC.KeepAlive(identity.NotBefore) },
                { "NotAfter", () => GC.KeepAlive(identity.NotAfter) },
                { "EarliestExpiry", () => GC.KeepAlive(identity.EarliestExpiry) },
                { "Fingerprint", () => GC.KeepAlive(identity.Fingerprint) },
                { "NeedsRenewal", () => identity.NeedsRenewal(0) },
                { "CertChain", () => identity.CertChain() },
                { "Save", () => identity.Save("never.pem") },
                { "ExportPem", () => identity.ExportPem() },
                { "ExportPkcs12", () => identity.ExportPkcs12("x") },
                { "Exchange", () => connection.Exchange(Bench.Payment("x")) },
                { "ExchangeAsync", () => Check.Result(connection.ExchangeAsync(Bench.Payment("x"))) },
                { "Send", () => connection.Send(Bench.Payment("x")) },
                { "Receive", () => connection.Receive() },
                { "Recover", () => connection.Recover("x") },
                { "State", () => GC.KeepAlive(connection.State) },
                { "ServerName", () => GC.KeepAlive(connection.ServerName) },
                { "TlsVersion", () => GC.KeepAlive(connection.TlsVersion) },
            };
            foreach (KeyValuePair<string, Action> use in uses)
            {
                string name = Check.Throws<ObjectDisposedException>(use.Value).ObjectName;
                Check.True(
                    name == nameof(Device) || name == nameof(Identity) || name == nameof(Connection),
                    use.Key + " names the public type, not " + name);
            }
            using (Device other = bench.Simulator.Device())
            {
                Check.Throws<ObjectDisposedException>(() => other.OpenMtls(identity));
            }
        }

        public void use_after_close_is_a_status_and_close_twice_is_nothing()
        {
            using (Connection connection = bench.Open())
            {
                connection.Close();
                connection.Close();
                Check.Equal(ConnectionState.Closed, connection.State);
                PoslatchException error =
                    Check.Fails(Status.Closed, () => connection.Exchange(Bench.Payment("dispose-1")));
                Check.Equal(RequestState.NotSent, error.RequestState);
            }
        }

        public void connection_outlives_its_device_and_its_identity()
        {
            Device device = bench.Simulator.Device();
            Identity identity = Identity.FromPem(bench.Identity.ExportPem());
            using (Connection connection = device.OpenMtls(identity))
            {
                identity.Dispose();
                device.Dispose();
                Check.Contains("APPROVED", connection.Exchange(Bench.Payment("dispose-2")));
            }
        }

        public void dispose_while_a_payment_runs_ends_it_in_doubt()
        {
            using (var patient = Bench.ThatHoldsPayments())
            {
                Connection connection = patient.Open();
                using (var runs = new ManualResetEvent(false))
                {
                    PoslatchException error = null;
                    var till = new Thread(() => error = Check.Fails(Status.Cancelled, () =>
                        connection.Exchange(Bench.Payment("dispose-3"), json => runs.Set())));
                    till.Start();
                    Check.Wait(runs, "the payment runs");
                    connection.Dispose();
                    Check.Join(till);
                    Check.True(error != null && error.IsInDoubt, "the payment is in doubt");
                }
            }
        }

        public void dispose_while_eight_threads_wait_lets_all_of_them_out()
        {
            Connection connection = bench.Open();
            var failures = new List<string>();
            var threads = new List<Thread>();
            for (int i = 0; i < 8; i++)
            {
                var thread = new Thread(() =>
                {
                    string how;
                    try
                    {
                        how = connection.Receive(Check.Patience).Json;
                    }
                    catch (PoslatchException error) when (error.Status == Status.Closed)
                    {
                        how = null;
                    }
                    catch (ObjectDisposedException)
                    {
                        how = null;
                    }
                    lock (failures)
                    {
                        failures.Add(how);
                    }
                });
                thread.Start();
                threads.Add(thread);
            }
            connection.Dispose();
            threads.ForEach(Check.Join);
            Check.Equal(8, failures.FindAll(how => how == null).Count);
        }

        public void interrupt_from_another_thread_ends_an_opening()
        {
            var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
            listener.Start();
            string url = "https://" + listener.LocalEndpoint + "/";
            var options =
                new DeviceOptions { RootCaFile = bench.Simulator.RootCaFile, ConnectTimeout = Check.Patience };
            using (var device = new Device(url, options))
            {
                var till = new Thread(() => Check.Fails(Status.Cancelled, () => device.OpenTls()));
                till.Start();
                Check.Result(listener.AcceptSocketAsync());
                device.Interrupt();
                device.Dispose();
                Check.Join(till);
            }
            listener.Stop();
        }
    }
}
