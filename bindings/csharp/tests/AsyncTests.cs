using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;

namespace Poslatch.Tests
{
    /// <summary>The ...Async twins: what a cancelled token means, above all when money is under way.</summary>
    public sealed class AsyncTests
    {
        private readonly Bench bench = Bench.Shared;

        public void payment_reports_its_progress_and_returns_the_reply()
        {
            using (Connection connection = bench.Open())
            {
                var progress = new Collected();
                string reply = Check.Result(connection.ExchangeAsync(Bench.Payment("async-1"), progress));
                Check.Contains("APPROVED", reply);
                Check.Equal(2, progress.Count);
                Check.True(progress.Thread != Thread.CurrentThread.ManagedThreadId, "it ran on another thread");
                Check.True(!progress.IsOfThePool, "and not on one of the pool");
            }
        }

        public void token_that_is_cancelled_before_sends_nothing_and_closes_nothing()
        {
            using (var alone = new Bench())
            using (Connection connection = alone.Open())
            {
                Task<string> task =
                    connection.ExchangeAsync(Bench.Payment("async-2"), null, TimeSpan.Zero, new CancellationToken(true));
                Check.Throws<TaskCanceledException>(() => Check.Result(task));
                Check.True(task.IsCanceled, "the task counts as cancelled");
                Check.Equal(ConnectionState.Open, connection.State);
                Check.Equal(0, alone.Simulator.Count("message", "PaymentRequest"));
            }
        }

        public void payment_that_is_cancelled_under_way_is_in_doubt_and_not_a_cancellation()
        {
            using (var bench = Bench.ThatHoldsPayments())
            using (Connection connection = bench.Open())
            using (var source = new CancellationTokenSource())
            {
                Task<string> task = connection.ExchangeAsync(
                    Bench.Payment("async-3"), new Doing(source.Cancel), TimeSpan.Zero, source.Token);
                PoslatchException error = Check.Fails(Status.Cancelled, () => Check.Result(task));
                Check.True(error.IsInDoubt, "the payment is in doubt");
                Check.True(task.IsFaulted, "the task has failed");
                Check.Equal(ConnectionState.Closed, connection.State);
            }
        }

        public void reply_that_came_in_spite_of_the_cancelling_is_returned()
        {
            // Nobody outside the library can see when a message has arrived in it, so the callback waits longer and
            // longer between the device's sending and the cancelling. Until then, the payment is in doubt.
            for (int ms = 10; ms < 10000; ms *= 2)
            {
                using (var alone = new Bench())
                using (Connection connection = alone.Open())
                using (var source = new CancellationTokenSource())
                {
                    var progress = new Doing(() =>
                    {
                        alone.Simulator.WaitFor("message", "\"out\"", "PaymentResponse");
                        Thread.Sleep(ms);
                        source.Cancel();
                    });
                    Task<string> task =
                        connection.ExchangeAsync(Bench.Payment("async-4"), progress, TimeSpan.Zero, source.Token);
                    try
                    {
                        Check.Contains("\"status\":\"APPROVED\"", Check.Result(task));
                        Check.Equal(ConnectionState.Closed, connection.State);
                        return;
                    }
                    catch (PoslatchException error) when (error.Status == Status.Cancelled)
                    {
                        Check.True(error.IsInDoubt, "it is in doubt as long as the reply has not come");
                    }
                }
            }
            throw new CheckFailed("the reply was never returned");
        }

        public void progress_that_looks_at_the_token_makes_no_cancellation_of_a_payment_that_has_ended()
        {
            // As above: the callback waits longer and longer for the reply, which has to be there.
            for (int ms = 10; ms < 10000; ms *= 2)
            {
                using (var alone = new Bench())
                using (Connection connection = alone.Open())
                using (var source = new CancellationTokenSource())
                {
                    var progress = new Doing(() =>
                    {
                        alone.Simulator.WaitFor("message", "\"out\"", "PaymentResponse");
                        Thread.Sleep(ms);
                        source.Cancel();
                        source.Token.ThrowIfCancellationRequested();
                    });
                    Task<string> task =
                        connection.ExchangeAsync(Bench.Payment("async-8"), progress, TimeSpan.Zero, source.Token);
                    try
                    {
                        Check.Result(task);
                    }
                    catch (PoslatchException error) when (error.Status == Status.Cancelled)
                    {
                        Check.True(error.IsInDoubt, "it is in doubt as long as the reply has not come");
                    }
                    catch (InvalidOperationException error)
                    {
                        Check.True(error.InnerException is OperationCanceledException, "the callback's is the inner one");
                        Check.True(task.IsFaulted, "the task does not count as cancelled");
                        Check.Contains("\"status\":\"APPROVED\"", connection.TakeUnclaimedReply());
                        return;
                    }
                }
            }
            throw new CheckFailed("the reply never came");
        }

        public void exception_of_the_progress_comes_out_of_the_task()
        {
            using (Connection connection = bench.Open())
            {
                Task<string> task = connection.ExchangeAsync(
                    Bench.Payment("async-5"), new Doing(() => throw new FormatException("mine")));
                Check.Equal("mine", Check.Throws<FormatException>(() => Check.Result(task)).Message);
                Check.Contains("async-5", connection.TakeUnclaimedReply());
            }
        }

        public void opening_that_is_cancelled_ends_soon_and_leaves_the_device_usable()
        {
            using (var silent = new SilentHost())
            using (Device device = silent.Device(bench))
            {
                for (int round = 0; round < 3; round++)
                {
                    using (var source = new CancellationTokenSource())
                    {
                        Task<Connection> task = device.OpenMtlsAsync(bench.Identity, source.Token);
                        silent.WaitForCaller();
                        source.Cancel();
                        OperationCanceledException error =
                            Check.Throws<OperationCanceledException>(() => Check.Result(task));
                        Check.Equal(Status.Cancelled, ((PoslatchException)error.InnerException).Status);
                        Check.Equal(source.Token, error.CancellationToken);
                        Check.True(task.IsCanceled, "the task counts as cancelled");
                    }
                }
            }
        }

        public void opening_that_is_cancelled_in_the_very_moment_of_its_start_ends_too()
        {
            using (var silent = new SilentHost())
            using (Device device = silent.Device(bench))
            {
                for (int round = 0; round < 50; round++)
                {
                    using (var source = new CancellationTokenSource())
                    {
                        Task<Connection> task = device.OpenTlsAsync(source.Token);
                        source.Cancel();
                        try
                        {
                            Check.Result(task).Dispose();
                            throw new CheckFailed("a silent host was opened");
                        }
                        catch (OperationCanceledException)
                        {
                            // Before the call or in it: both are cancellations.
                        }
                    }
                }
            }
        }

        public void pairing_that_is_cancelled_is_a_cancellation()
        {
            using (var silent = new SilentHost())
            using (Device device = silent.Device(bench))
            using (var source = new CancellationTokenSource())
            {
                Task<Identity> task = device.PairAsync("1001", "8QW1YS1D", source.Token);
                silent.WaitForCaller();
                source.Cancel();
                Check.Throws<OperationCanceledException>(() => Check.Result(task));
            }
        }

        public void pairing_opening_and_sending_have_twins_that_succeed()
        {
            using (Device device = bench.Simulator.Device())
            using (Identity identity = Check.Result(device.PairAsync("1002", bench.Simulator.SetupCode)))
            using (Connection connection = Check.Result(device.OpenMtlsAsync(identity)))
            {
                Check.Equal("1002", identity.PosId);
                Task sent = connection.SendAsync(Bench.Payment("async-6"));
                Check.True(sent.Wait(Check.Patience), "it is sent");
                string received = "";
                while (!received.Contains("PaymentResponse"))
                {
                    received = Check.Result(connection.ReceiveAsync(Check.Patience)).Json;
                }
                Check.Equal(RecoveryOutcome.Final, Check.Result(connection.RecoverAsync("async-6")).Outcome);
            }
        }

        public void receive_that_is_cancelled_loses_nothing_and_leaves_the_connection_open()
        {
            using (Connection connection = bench.Open())
            using (var source = new CancellationTokenSource())
            {
                Task<Message> task = connection.ReceiveAsync(Check.Patience, source.Token);
                source.CancelAfter(150);
                Check.Throws<OperationCanceledException>(() => Check.Result(task));
                Check.Equal(ConnectionState.Open, connection.State);

                connection.Send(Bench.Payment("async-7"));
                using (var other = new CancellationTokenSource())
                {
                    Message message = Check.Result(connection.ReceiveAsync(Check.Patience, other.Token));
                    Check.Contains("Present card", message.Json);
                    // To its end, so that the next test finds a device that is free.
                    while (message.Kind == MessageKind.Status)
                    {
                        message = Check.Result(connection.ReceiveAsync(Check.Patience, other.Token));
                    }
                    Check.Contains("async-7", message.Json);
                }
            }
        }

        public void receive_in_vain_names_the_whole_time()
        {
            using (Connection connection = bench.Open())
            using (var source = new CancellationTokenSource())
            {
                var thrown = new HashSet<Exception>();
                EventHandler<FirstChanceExceptionEventArgs> note = (sender, about) =>
                {
                    if (about.Exception is PoslatchException)
                    {
                        thrown.Add(about.Exception);
                    }
                };
                AppDomain.CurrentDomain.FirstChanceException += note;
                Task<Message> task = connection.ReceiveAsync(TimeSpan.FromMilliseconds(450), source.Token);
                PoslatchException error = Check.Fails(Status.ResponseTimeout, () => Check.Result(task));
                AppDomain.CurrentDomain.FirstChanceException -= note;
                Check.Equal("no message came within 450 ms", error.Reason);
                // The library's and this one: none for each slice, which a debugger would show.
                Check.True(thrown.Count <= 2, thrown.Count + " exceptions were thrown");
            }
        }

        public void recovery_that_is_cancelled_leaves_the_request_in_doubt()
        {
            using (var alone = new Bench())
            using (Connection connection = alone.Open())
            using (var source = new CancellationTokenSource())
            {
                Task<Recovery> task = connection.RecoverAsync("never-heard-of", Check.Patience, source.Token);
                alone.Simulator.WaitFor("message", "\"in\"", "TransactionLookupRequest");
                source.Cancel();
                PoslatchException error = Check.Throws<PoslatchException>(() => Check.Result(task));
                Check.True(error.IsInDoubt, "still in doubt");
            }
        }

        public void fetching_ends_at_once_when_it_is_cancelled()
        {
            using (var silent = new SilentHost())
            using (var source = new CancellationTokenSource())
            {
                string url = silent.Url.Replace("wss", "https");
                Task<string> task = RootCa.FetchAsync(
                    url, "m", "k", "c2VjcmV0", CloudAuth.Jwt, null, TimeSpan.FromSeconds(5), source.Token);
                silent.WaitForCaller();
                source.Cancel();
                Check.Throws<OperationCanceledException>(() => Check.Result(task));
            }
        }

        public void wrong_arguments_come_out_of_the_task()
        {
            using (Device device = bench.Simulator.Device())
            {
                Check.Throws<ArgumentNullException>(() => Check.Result(device.OpenMtlsAsync(null)));
                Check.Fails(Status.CodeMalformed, () => Check.Result(device.PairAsync("1001", "SHORT")));
            }
        }

        /// <summary>Takes TCP connections, and never says a word.</summary>
        private sealed class SilentHost : IDisposable
        {
            private readonly TcpListener listener = new TcpListener(IPAddress.Loopback, 0);

            internal SilentHost()
            {
                listener.Start();
            }

            internal string Url
            {
                get { return "wss://127.0.0.1:" + ((IPEndPoint)listener.LocalEndpoint).Port + "/"; }
            }

            internal Device Device(Bench bench)
            {
                return new Device(
                    Url,
                    new DeviceOptions { RootCaFile = bench.Simulator.RootCaFile, ConnectTimeout = Check.Patience });
            }

            /// <summary>Returns when somebody has connected and begun to speak.</summary>
            internal void WaitForCaller()
            {
                Socket caller = Check.Result(listener.AcceptSocketAsync());
                caller.ReceiveTimeout = (int)Check.Patience.TotalMilliseconds;
                Check.Equal(1, caller.Receive(new byte[1]));
            }

            public void Dispose()
            {
                listener.Stop();
            }
        }

        private sealed class Collected : IProgress<string>
        {
            internal int Count { get; private set; }

            internal int Thread { get; private set; }

            internal bool IsOfThePool { get; private set; }

            public void Report(string value)
            {
                Count++;
                Thread = System.Threading.Thread.CurrentThread.ManagedThreadId;
                IsOfThePool = System.Threading.Thread.CurrentThread.IsThreadPoolThread;
            }
        }

        /// <summary>Does something at the first status message.</summary>
        private sealed class Doing : IProgress<string>
        {
            private Action act;

            internal Doing(Action act)
            {
                this.act = act;
            }

            public void Report(string value)
            {
                Action once = act;
                act = null;
                if (once != null)
                {
                    once();
                }
            }
        }
    }
}
