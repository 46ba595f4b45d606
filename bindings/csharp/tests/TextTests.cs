using System;
using System.IO;
using System.Text;

namespace Poslatch.Tests
{
    /// <summary>Text both ways: letters of any script, and what is no text.</summary>
    public sealed class TextTests
    {
        private const string Umlauts = "Käse é 漢字 😀";

        private readonly Bench bench = Bench.Shared;

        public void letters_of_any_script_pass_both_ways()
        {
            using (Identity identity = bench.Simulator.Pair(Umlauts))
            {
                Check.Equal(Umlauts, identity.PosId);
                string path = bench.Scratch.Path(Umlauts + ".pem");
                identity.Save(path, Umlauts);
                Check.True(File.Exists(path), "the file has the very name");
                using (Identity loaded = Identity.Load(path, Umlauts.ToCharArray()))
                {
                    Check.Equal(Umlauts, loaded.PosId);
                }
                PoslatchException error = Check.Fails(Status.File, () => Identity.Load(path + "-" + Umlauts));
                Check.Contains(Umlauts, error.Reason);
            }
        }

        public void requests_and_replies_keep_their_letters()
        {
            using (Connection connection = bench.Open())
            {
                string reply = connection.Exchange("{\"type\":\"" + Umlauts + "\"}");
                Check.Contains("type '" + Umlauts + "' is not known", reply);
            }
        }

        public void nul_in_a_text_is_an_error_and_not_its_end()
        {
            string cut = "before\0after";
            Identity identity = bench.Identity;
            using (Device device = bench.Simulator.Device("wss", options => options.Journal = bench.Scratch.Path("j")))
            using (Connection connection = bench.Open())
            {
                var uses = new Action[]
                {
                    () => new Device(cut),
                    () => new Device("wss://127.0.0.1/", new DeviceOptions { Serial = cut }),
                    () => new Device("wss://127.0.0.1/", new DeviceOptions { RootCaFile = cut }),
                    () => new Device("wss://127.0.0.1/", new DeviceOptions { Journal = cut }),
                    () => new Device(
                        "wss://127.0.0.1/", new DeviceOptions { Check = IdentityCheck.Domain, CheckName = cut }),
                    () => device.Pair(cut, "12345678"),
                    () => device.Pair("1001", cut),
                    () => device.JournalForget(cut),
                    () => Identity.Load(cut),
                    () => Identity.Load("x", cut),
                    () => Identity.Load("x", cut.ToCharArray()),
                    () => identity.Save(cut),
                    () => identity.Save("x", cut),
                    () => identity.ExportPem(cut),
                    () => identity.ExportPkcs12(cut),
                    () => identity.ExportPkcs12(cut.ToCharArray()),
                    () => connection.Recover(cut),
                    () => RootCa.Fetch(cut, "m", "k", "s"),
                    () => RootCa.Fetch("https://127.0.0.1", "m", "k", cut),
                    () => RootCa.Save("x", cut),
                };
                foreach (Action use in uses)
                {
                    ArgumentException error = Check.Throws<ArgumentException>(use);
                    Check.Contains("NUL character at position 6", error.Message);
                    Check.True(!error.Message.Contains("after"), "the text itself is not shown: it can be a secret");
                }
                PoslatchException judged = Check.Fails(Status.RequestNotJson, () => connection.Exchange("{}\0"));
                Check.Equal(RequestState.NotSent, judged.RequestState);
            }
        }

        public void half_a_surrogate_pair_is_an_error_and_not_a_question_mark()
        {
            using (Device device = bench.Simulator.Device())
            {
                Check.Throws<ArgumentException>(() => device.Pair("a\uD83D", "12345678"));
                Check.Throws<ArgumentException>(() => bench.Identity.Save("x", new[] { '\uD83D' }));
            }
        }

        public void nothing_where_something_is_needed_is_named()
        {
            using (Device device = bench.Simulator.Device())
            using (Connection connection = bench.Open())
            {
                Check.Equal("url", Check.Throws<ArgumentNullException>(() => new Device(null)).ParamName);
                Check.Equal("posId", Check.Throws<ArgumentNullException>(() => device.Pair(null, "x")).ParamName);
                Check.Equal("setupCode", Check.Throws<ArgumentNullException>(() => device.Pair("1", null)).ParamName);
                Check.Equal("identity", Check.Throws<ArgumentNullException>(() => device.OpenMtls(null)).ParamName);
                Check.Equal("json", Check.Throws<ArgumentNullException>(() => connection.Exchange(null)).ParamName);
                Check.Equal("path", Check.Throws<ArgumentNullException>(() => Identity.Load(null)).ParamName);
                Check.Equal("pem", Check.Throws<ArgumentNullException>(() => Identity.FromPem(null)).ParamName);
            }
        }

        public void request_of_ten_megabytes_is_refused_before_it_is_sent()
        {
            using (Connection connection = bench.Open())
            {
                string large = "{\"type\":\"PaymentRequest\",\"x\":\"" + new string('x', 10 << 20) + "\"}";
                PoslatchException error = Check.Fails(Status.RequestTooLarge, () => connection.Exchange(large));
                Check.Equal(RequestState.NotSent, error.RequestState);
                Check.Contains("APPROVED", connection.Exchange(Bench.Payment("text-1")));
            }
        }

        public void pem_of_an_export_is_text_that_comes_in_again()
        {
            byte[] pem = bench.Identity.ExportPem("geheim");
            Check.Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", Encoding.ASCII.GetString(pem));
            using (Identity again = Identity.FromPem(pem, "geheim".ToCharArray()))
            {
                Check.Equal(bench.Identity.Fingerprint, again.Fingerprint);
            }
            Check.Fails(Status.Passphrase, () => Identity.FromPem(pem, "falsch"));
            Check.Fails(Status.Passphrase, () => Identity.FromPem(pem));
        }
    }
}
