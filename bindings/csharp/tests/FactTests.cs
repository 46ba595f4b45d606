using System;
using System.IO;
using System.Reflection;
using System.Runtime.Serialization;
using System.Text;

namespace Poslatch.Tests
{
    /// <summary>What errors, identities, records and constants say.</summary>
    public sealed class FactTests
    {
        private readonly Bench bench = Bench.Shared;

        public void message_of_an_error_shows_what_happened_and_what_to_do()
        {
            PoslatchException error = Check.Fails(Status.Argument, () => new Device("ftp://till"));
            Check.Equal(Category.Usage, error.Category);
            Check.Equal("ARGUMENT", error.StatusName);
            Check.Equal(-1, error.StatusNumber);
            Check.Contains("https:// or wss://", error.Reason);
            Check.Equal(error.Reason + Environment.NewLine + error.Advice, error.Message);
            Check.Contains(error.Advice, error.ToString());
            Check.True(error.Advice.EndsWith(".", StringComparison.Ordinal), "the advice is a sentence");
        }

        public void error_of_the_system_is_passed_on_with_its_number()
        {
            PoslatchException error = Check.Fails(Status.File, () => Identity.Load("/no/such/file.pem"));
            Check.Equal(2, error.OsCode);
            Check.Equal(RequestState.None, error.RequestState);
        }

        public void error_passes_into_another_domain_whole()
        {
            PoslatchException error = Check.Fails(Status.File, () => Identity.Load("/no/such/file.pem"));
            PoslatchException copy = Copy(error, RequestState.None);
            Check.Equal(error.Message, copy.Message);
            Check.Equal(error.Status, copy.Status);
            Check.Equal(error.StatusName, copy.StatusName);
            Check.Equal(error.Category, copy.Category);
            Check.Equal(error.Advice, copy.Advice);
            Check.Equal(error.OsCode, copy.OsCode);
            Check.Equal(false, copy.IsInDoubt);
        }

        public void request_state_of_a_newer_library_counts_as_in_doubt()
        {
            PoslatchException error = Check.Fails(Status.File, () => Identity.Load("/no/such/file.pem"));
            Check.Equal(false, Copy(error, RequestState.NotSent).IsInDoubt);
            Check.Equal(true, Copy(error, RequestState.InDoubt).IsInDoubt);
            Check.Equal(true, Copy(error, (RequestState)77).IsInDoubt);
        }

        public void failure_without_an_error_object_counts_as_in_doubt()
        {
            PoslatchLibrary.Load();
            Type nothing = typeof(Device).Assembly.GetType("Poslatch.Native.ErrorHandle");
            MethodInfo judge =
                typeof(PoslatchException).GetMethod("ThrowIfFailed", BindingFlags.NonPublic | BindingFlags.Static);
            TargetInvocationException thrown = Check.Throws<TargetInvocationException>(() =>
                judge.Invoke(null, new[] { (int)Status.Internal, Activator.CreateInstance(nothing), null }));
            var error = (PoslatchException)thrown.InnerException;
            Check.Equal(Status.Internal, error.Status);
            Check.Equal(true, error.IsInDoubt);
        }

        public void every_status_has_the_name_that_the_library_gives_it()
        {
            foreach (Status status in Enum.GetValues(typeof(Status)))
            {
                Check.Equal(Screaming(status.ToString()), PoslatchLibrary.StatusName(status));
            }
            Check.Equal("UNKNOWN", PoslatchLibrary.StatusName((Status)(-777)));
            Check.Equal("-777", ((Status)(-777)).ToString());
        }

        public void library_says_which_one_it_is()
        {
            Check.Contains("poslatch ", PoslatchLibrary.Version);
            Check.Equal(Limits.AbiMajor, PoslatchLibrary.AbiVersion.Major);
            Check.True(PoslatchLibrary.AbiVersion.Minor >= Limits.AbiMinor, "its minor version is as new as this assembly's");
            Check.Equal(
                Path.GetFullPath(Environment.GetEnvironmentVariable("POSLATCH_LIBRARY")), PoslatchLibrary.LoadedPath);
        }

        public void identity_tells_who_it_is_and_until_when()
        {
            Identity identity = bench.Identity;
            Check.Equal("1001", identity.PosId);
            Check.Equal(Simulator.Serial, identity.Serial);
            Check.Equal(Simulator.Serial + ".cybs.seclib.io", identity.DeviceName);
            Check.Equal("Simulated Issuing CA", identity.Issuer);
            Check.Equal(64, identity.Fingerprint.Length);
            Check.Equal(TimeSpan.Zero, identity.NotAfter.Offset);
            Check.True(identity.NotBefore < DateTimeOffset.UtcNow, "it is valid already");
            Check.True(identity.NotAfter > DateTimeOffset.UtcNow.AddDays(600), "and for two years");
            Check.True(identity.EarliestExpiry <= identity.NotAfter, "no longer than its chain");
            Check.Equal(false, identity.NeedsRenewal(30));
            Check.Equal(true, identity.NeedsRenewal(int.MaxValue));
            Check.Throws<ArgumentOutOfRangeException>(() => identity.NeedsRenewal(-1));
            Check.Contains("-----BEGIN CERTIFICATE-----", identity.CertChain());
            Check.True(!identity.CertChain().Contains("PRIVATE"), "the chain holds no key");
            Check.True(identity.ExportPkcs12("x").Length > 1000, "PKCS#12 comes out");
            Check.Fails(Status.Argument, () => identity.ExportPkcs12((string)null));
        }

        public void probe_tells_what_is_wrong_and_throws_nothing()
        {
            using (Device device = bench.Simulator.Device())
            {
                Check.Contains("\"verdict\":\"ok\"", device.Probe(bench.Identity));
                Check.Contains("\"given\":false", device.Probe());
                Check.Contains("\"verdict\":\"ok\"", Check.Result(device.ProbeAsync(bench.Identity)));
            }
            using (Device wrong = bench.Simulator.Device(set: options => options.Serial = "1850000999"))
            {
                Check.Contains("\"status_name\":\"WRONG_DEVICE\"", wrong.Probe());
            }
        }

        public void settings_are_judged_one_by_one()
        {
            string pem = File.ReadAllText(bench.Simulator.RootCaFile);
            Check.Fails(Status.RootCaUnusable, () => With(options => options.RootCaPem = "no PEM"));
            Check.Fails(Status.File, () => With(options => options.RootCaFile = "/no/such/file.pem"));
            Check.Fails(Status.Argument, () => With(options => options.Serial = "not a name"));
            Check.Fails(Status.Argument, () => With(options => options.Check = IdentityCheck.Name));
            Check.Fails(Status.Argument, () => With(options => options.Check = (IdentityCheck)99));
            Check.Fails(Status.Argument, () => With(options => options.ConnectTimeout = TimeSpan.FromDays(2)));
            Check.Fails(Status.Argument, () => With(options => options.MissedPingsMax = 0));
            Check.Throws<ArgumentOutOfRangeException>(() => With(options => options.MissedPingsMax = -1));
            Check.Throws<ArgumentOutOfRangeException>(
                () => With(options => options.PairingTimeout = TimeSpan.FromSeconds(-1)));
            // The later one would win, and the device's serial number not be looked at.
            Check.Throws<ArgumentException>(() => With(options =>
            {
                options.Serial = "1850000999";
                options.Check = IdentityCheck.Domain;
            }));
            Check.Throws<ArgumentException>(() => With(options => options.CheckName = "1850000999"));
            Check.Throws<ArgumentException>(() => With(options =>
            {
                options.RootCaFile = bench.Simulator.RootCaFile;
                options.RootCaPem = pem;
            }));
            With(options =>
            {
                options.RootCaPem = pem;
                options.Check = IdentityCheck.Domain;
                options.CheckName = "cybs.seclib.io";
                options.ConnectTimeout = TimeSpan.FromSeconds(1);
                options.PairingTimeout = TimeSpan.FromSeconds(1);
                options.ExchangeTimeout = TimeSpan.FromHours(1);
                options.PingInterval = TimeSpan.Zero;
                options.MissedPingsMax = 3;
            });

            string copy = bench.Scratch.Path("copy.pem");
            RootCa.Save(pem, copy);
            using (bench.Simulator.Device("wss", options => options.RootCaFile = copy))
            {
            }
            Check.Fails(Status.RootCaUnusable, () => RootCa.Save("no PEM", copy));
        }

        public void log_callback_that_throws_harms_nobody_and_one_that_sets_the_log_is_refused()
        {
            Status refused = Status.Ok;
            int records = 0;
            PoslatchLibrary.SetLog(LogLevel.Info, (level, text) =>
            {
                records++;
                try
                {
                    PoslatchLibrary.SetLog(LogLevel.Off, null);
                }
                catch (PoslatchException error)
                {
                    refused = error.Status;
                }
                throw new FormatException("a bug of the till");
            });
            try
            {
                using (bench.Open())
                {
                }
            }
            finally
            {
                PoslatchLibrary.SetLog(LogLevel.Off, null);
            }
            int before = records;
            Check.True(before > 0, "there were records");
            Check.Equal(Status.Busy, refused);
            using (bench.Open())
            {
            }
            Check.Equal(before, records);
            Check.Fails(Status.Argument, () => PoslatchLibrary.SetLog((LogLevel)99, (level, text) => { }));
        }

        public void process_that_is_ended_within_the_log_callback_ends()
        {
            Probe.ExitsInTheLog();
        }

        public void every_public_type_is_sealed_or_static()
        {
            foreach (Type type in typeof(Device).GetTypeInfo().Assembly.GetExportedTypes())
            {
                Check.True(type.GetTypeInfo().IsSealed, type.FullName + " is sealed");
            }
        }

        /// <summary>As a serializer makes one; by hand, because newer .NET has no BinaryFormatter.</summary>
        private static PoslatchException Copy(PoslatchException error, RequestState state)
        {
            var written = new SerializationInfo(typeof(PoslatchException), new FormatterConverter());
            error.GetObjectData(written, new StreamingContext());
            var stored = new SerializationInfo(typeof(PoslatchException), new FormatterConverter());
            foreach (SerializationEntry entry in written)
            {
                object value = entry.Name == nameof(PoslatchException.RequestState) ? (int)state : entry.Value;
                stored.AddValue(entry.Name, value, value == null ? entry.ObjectType : value.GetType());
            }
            ConstructorInfo constructor = typeof(PoslatchException).GetConstructor(
                BindingFlags.NonPublic | BindingFlags.Instance,
                null,
                new[] { typeof(SerializationInfo), typeof(StreamingContext) },
                null);
            return (PoslatchException)constructor.Invoke(new object[] { stored, new StreamingContext() });
        }

        private static void With(Action<DeviceOptions> set)
        {
            var options = new DeviceOptions();
            set(options);
            new Device("wss://127.0.0.1/", options).Dispose();
        }

        /// <summary>WrongDevice becomes WRONG_DEVICE.</summary>
        private static string Screaming(string name)
        {
            var screaming = new StringBuilder();
            foreach (char letter in name)
            {
                if (char.IsUpper(letter) && screaming.Length > 0)
                {
                    screaming.Append('_');
                }
                screaming.Append(char.ToUpperInvariant(letter));
            }
            return screaming.ToString();
        }
    }
}
