// The C# runner of the conformance suite: a till without a will of its own, by the rules of tests/conformance/README.md.
// Public API only. The same program runs on Mono and on .NET.
//
// Build:  mcs -langversion:7 -r:Poslatch.dll -out:Runner.exe Runner.cs
// Run:    POSLATCH_LIBRARY=target/release/libposlatch.so mono Runner.exe

using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading;

namespace Poslatch.Conformance
{
    /// <summary>Reads a command per line, makes the call, and answers with what came of it.</summary>
    internal static class Runner
    {
        private static readonly Dictionary<string, object> Objects = new Dictionary<string, object>();
        private static readonly Dictionary<string, Call> Calls = new Dictionary<string, Call>();
        private static readonly List<string> Records = new List<string>();

        private static int Main()
        {
            var input = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false), false, 1 << 16);
            var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false));
            string line;
            while ((line = input.ReadLine()) != null)
            {
                output.Write(Answer(line) + "\n");
                output.Flush();
            }
            foreach (object thing in Snapshot())
            {
                ((IDisposable)thing).Dispose();
            }
            return 0;
        }

        private static string Answer(string line)
        {
            var command = new Command(line);
            switch (command.Verb)
            {
                case "start":
                    var call = new Call(command.Rest);
                    Calls[command.Need("thread")] = call;
                    return "ok";
                case "join":
                    return Calls[command.Need("thread")].Join();
                default:
                    return Try(command);
            }
        }

        /// <summary>Every failure has its form; one that is none of poslatch's is the runner's own, and told as such.</summary>
        private static string Try(Command command)
        {
            try
            {
                return "ok" + Do(command);
            }
            catch (Outcome outcome)
            {
                return outcome.Message;
            }
            catch (PoslatchException error)
            {
                return Failed(error);
            }
            catch (ObjectDisposedException error)
            {
                return "error status=-3 category=1 request=1 http=0 os=0" + Pair("message", error.Message) + " advice=";
            }
            catch (ArgumentException error)
            {
                // What .NET says by an exception of its own; a request was certainly not sent.
                bool carriesRequest =
                    command.Verb == "exchange" || command.Verb == "send" || command.Verb == "pair";
                return "error status=-1 category=1 request=" + (carriesRequest ? 1 : 0) + " http=0 os=0"
                    + Pair("message", error.Message) + " advice=";
            }
            catch (Exception error)
            {
                Console.Error.WriteLine(error);
                return "error status=-999 category=6 request=0 http=0 os=0" + Pair("message", error.ToString()) + " advice=";
            }
        }

        private static string Do(Command command)
        {
            switch (command.Verb)
            {
                case "hello":
                    return Pair("language", "csharp") + Pair("library", PoslatchLibrary.Version);
                case "status_name":
                    return Pair("name", PoslatchLibrary.StatusName((Status)command.Number("status", 0)));
                case "log":
                    Log((LogLevel)command.Number("level", 0));
                    return "";
                case "log_take":
                    return Pair("text", TakeRecords());
                case "device":
                    Keep(command.Need("as"), new Device(command.Get("url"), Options(command)));
                    return "";
                case "interrupt":
                    Get<Device>(command, "device").Interrupt();
                    return "";
                case "journal_pending":
                    return Pair("json", Get<Device>(command, "device").JournalPending());
                case "journal_forget":
                    Get<Device>(command, "device").JournalForget(command.Get("reference"));
                    return "";
                case "pair":
                    Keep(
                        command.Need("as"),
                        Get<Device>(command, "device").Pair(command.Get("pos_id"), command.Get("setup_code")));
                    return "";
                case "open_mtls":
                    Keep(
                        command.Need("as"),
                        Get<Device>(command, "device").OpenMtls(Get<Identity>(command, "identity")));
                    return "";
                case "open_tls":
                    Keep(command.Need("as"), Get<Device>(command, "device").OpenTls());
                    return "";
                case "probe":
                    Identity till = command.Get("identity") == null ? null : Get<Identity>(command, "identity");
                    return Pair("json", Get<Device>(command, "device").Probe(till));
                case "identity":
                    return Facts(Get<Identity>(command, "identity"));
                case "needs_renewal":
                    bool isTime = Get<Identity>(command, "identity").NeedsRenewal((int)command.Number("days", 0));
                    return Pair("value", isTime ? "1" : "0");
                case "cert_chain":
                    return Pair("pem", Get<Identity>(command, "identity").CertChain());
                case "save":
                    Get<Identity>(command, "identity").Save(command.Get("path"), command.Get("passphrase"));
                    return "";
                case "load":
                    Keep(command.Need("as"), Identity.Load(command.Get("path"), command.Get("passphrase")));
                    return "";
                case "export_pem":
                    byte[] pem = Get<Identity>(command, "identity").ExportPem(command.Get("passphrase"));
                    return Pair("pem", Encoding.UTF8.GetString(pem));
                case "from_pem":
                    string text = command.Get("pem");
                    byte[] bytes = text == null ? null : Encoding.UTF8.GetBytes(text);
                    Keep(command.Need("as"), Identity.FromPem(bytes, command.Get("passphrase")));
                    return "";
                case "export_pkcs12":
                    byte[] pkcs12 = Get<Identity>(command, "identity").ExportPkcs12(command.Get("passphrase"));
                    return Pair("size", pkcs12.Length.ToString());
                case "save_root_ca":
                    RootCa.Save(command.Get("pem"), command.Get("path"));
                    return "";
                case "fetch_root_ca":
                    return Pair("pem", RootCa.Fetch(
                        command.Get("base_url"),
                        command.Get("merchant_id"),
                        command.Get("key_id"),
                        command.Get("shared_secret"),
                        (CloudAuth)command.Number("auth", (long)CloudAuth.Jwt),
                        command.Get("web_root_pem"),
                        command.Time("timeout_ms")));
                case "exchange":
                    return Exchange(command, Get<Connection>(command, "connection"));
                case "unclaimed_reply":
                    return Pair("reply", Get<Connection>(command, "connection").TakeUnclaimedReply());
                case "send":
                    Get<Connection>(command, "connection").Send(command.Get("json"));
                    return "";
                case "receive":
                    Message message = Get<Connection>(command, "connection").Receive(command.Time("timeout_ms"));
                    return Pair("kind", ((int)message.Kind).ToString()) + Pair("message", message.Json);
                case "recover":
                    Recovery recovery = Get<Connection>(command, "connection")
                        .Recover(command.Get("reference"), command.Time("patience_ms"));
                    return Pair("outcome", ((int)recovery.Outcome).ToString()) + Pair("reply", recovery.Reply);
                case "connection":
                    Connection connection = Get<Connection>(command, "connection");
                    return Pair("state", ((int)connection.State).ToString())
                        + Pair("server_name", connection.ServerName)
                        + Pair("tls_version", connection.TlsVersion);
                case "close":
                    Get<Connection>(command, "connection").Close();
                    return "";
                case "release":
                    Get<IDisposable>(command, "object").Dispose();
                    return "";
                case "abandon":
                    Abandon(command.Need("object"));
                    return "";
                case "collect":
                    return Pair("heap", Collect().ToString());
                default:
                    throw new Outcome(
                        "error status=-1 category=1 request=0 http=0 os=0 message=unknown%20verb advice=");
            }
        }

        private static DeviceOptions Options(Command command)
        {
            var options = new DeviceOptions
            {
                RootCaFile = command.Get("root_ca_file"),
                RootCaPem = command.Get("root_ca_pem"),
                Serial = command.Get("serial"),
                CheckName = command.Get("check_name"),
                ConnectTimeout = command.Time("connect_ms"),
                PairingTimeout = command.Time("pairing_ms"),
                ExchangeTimeout = command.Time("exchange_ms"),
                Journal = command.Get("journal"),
            };
            if (command.Get("check") != null)
            {
                options.Check = (IdentityCheck)command.Number("check", 0);
            }
            if (command.Get("ping_ms") != null)
            {
                options.PingInterval = command.Time("ping_ms");
            }
            if (command.Get("missed_max") != null)
            {
                options.MissedPingsMax = (int)command.Number("missed_max", 0);
            }
            return options;
        }

        private static string Exchange(Command command, Connection connection)
        {
            var statuses = new List<string>();
            Action<string> onStatus = json =>
            {
                statuses.Add(json);
                if (statuses.Count > 1)
                {
                    return;
                }
                switch (command.Get("on_status"))
                {
                    case "throw":
                        throw new TillException(command.Get("text"));
                    case "close":
                        connection.Close();
                        break;
                    case "send":
                        connection.Send(command.Get("message"));
                        break;
                    case "exchange":
                        connection.Exchange(command.Get("message"));
                        break;
                }
            };
            try
            {
                string reply = connection.Exchange(command.Get("json"), onStatus, command.Time("silence_ms"));
                return Pair("reply", reply) + Pair("statuses", string.Join("\n", statuses));
            }
            catch (Exception thrown) when (
                thrown is TillException || thrown.GetType() == typeof(InvalidOperationException))
            {
                throw new Outcome(
                    "thrown" + Pair("text", thrown.Message) + Pair("statuses", string.Join("\n", statuses)));
            }
            catch (PoslatchException error)
            {
                throw new Outcome(Failed(error) + Pair("statuses", string.Join("\n", statuses)));
            }
        }

        private static string Facts(Identity identity)
        {
            return Pair("pos_id", identity.PosId)
                + Pair("device_name", identity.DeviceName)
                + Pair("serial", identity.Serial)
                + Pair("issuer", identity.Issuer)
                + Pair("not_before", identity.NotBefore.ToUnixTimeSeconds().ToString())
                + Pair("not_after", identity.NotAfter.ToUnixTimeSeconds().ToString())
                + Pair("earliest_expiry", identity.EarliestExpiry.ToUnixTimeSeconds().ToString())
                + Pair("fingerprint", identity.Fingerprint);
        }

        private static string Failed(PoslatchException error)
        {
            return "error status=" + error.StatusNumber + " category=" + (int)error.Category + " request="
                + (int)error.RequestState + " http=" + error.HttpStatus + " os=" + error.OsCode
                + Pair("message", error.Reason) + Pair("advice", error.Advice);
        }

        private static void Log(LogLevel level)
        {
            if (level == LogLevel.Off)
            {
                PoslatchLibrary.SetLog(level, null);
                return;
            }
            PoslatchLibrary.SetLog(level, (ofLevel, text) =>
            {
                lock (Records)
                {
                    Records.Add(text);
                }
            });
        }

        private static string TakeRecords()
        {
            lock (Records)
            {
                string text = string.Join("\n", Records);
                Records.Clear();
                return text;
            }
        }

        private static void Keep(string name, IDisposable thing)
        {
            object former;
            lock (Objects)
            {
                Objects.TryGetValue(name, out former);
                Objects[name] = thing;
            }
            if (former != null)
            {
                ((IDisposable)former).Dispose();
            }
        }

        private static T Get<T>(Command command, string key)
            where T : class
        {
            string name = command.Get(key);
            lock (Objects)
            {
                object thing;
                if (name == null || !Objects.TryGetValue(name, out thing))
                {
                    // Of the wrapper's own making: what it says when it is given nothing.
                    throw new ArgumentNullException(key, "There is no " + typeof(T).Name + " \"" + name + "\".");
                }
                return (T)thing;
            }
        }

        private static List<object> Snapshot()
        {
            lock (Objects)
            {
                return new List<object>(Objects.Values);
            }
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void Abandon(string name)
        {
            lock (Objects)
            {
                Objects.Remove(name);
            }
        }

        /// <summary>On a thread of its own, whose stack nobody has left a reference on.</summary>
        private static long Collect()
        {
            long heap = 0;
            var thread = new Thread(() =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                heap = GC.GetTotalMemory(forceFullCollection: true);
            });
            thread.Start();
            thread.Join();
            return heap;
        }

        private static string Pair(string key, string value)
        {
            return value == null ? "" : " " + key + "=" + Percent.Encode(value);
        }

        /// <summary>A command that runs on a thread of its own.</summary>
        private sealed class Call
        {
            private readonly ManualResetEvent begun = new ManualResetEvent(false);
            private readonly Thread thread;
            private string answer;

            /// <summary>Returns when the thread runs: what the director says next shall find it at work.</summary>
            internal Call(string line)
            {
                thread = new Thread(() =>
                {
                    begun.Set();
                    answer = Answer(line);
                });
                thread.IsBackground = true;
                thread.Start();
                begun.WaitOne();
            }

            internal string Join()
            {
                thread.Join();
                return answer;
            }
        }

        /// <summary>An answer that is not "ok", on its way out.</summary>
        private sealed class Outcome : Exception
        {
            internal Outcome(string answer)
                : base(answer)
            {
            }
        }

        /// <summary>What a till's callback throws.</summary>
        private sealed class TillException : Exception
        {
            internal TillException(string text)
                : base(text)
            {
            }
        }
    }

    /// <summary>A line: a verb, then key=value pairs.</summary>
    internal sealed class Command
    {
        private readonly Dictionary<string, string> values = new Dictionary<string, string>();

        internal Command(string line)
        {
            string[] words = line.Split(' ');
            Verb = words[0];
            for (int i = 1; i < words.Length; i++)
            {
                int equals = words[i].IndexOf('=');
                if (equals < 0)
                {
                    // The verb that `start` is to run; the rest is not this command's.
                    Rest = string.Join(" ", words, i, words.Length - i);
                    return;
                }
                values[words[i].Substring(0, equals)] = Percent.Decode(words[i].Substring(equals + 1));
            }
        }

        internal string Verb { get; }

        internal string Rest { get; }

        /// <summary>Null if the key is absent.</summary>
        internal string Get(string key)
        {
            string value;
            return values.TryGetValue(key, out value) ? value : null;
        }

        internal string Need(string key)
        {
            return Get(key) ?? throw new ArgumentNullException(key);
        }

        internal long Number(string key, long absent)
        {
            string value = Get(key);
            return value == null ? absent : long.Parse(value);
        }

        internal TimeSpan Time(string key)
        {
            return TimeSpan.FromMilliseconds(Number(key, 0));
        }
    }

    /// <summary>The form of values: every byte but the plain ones as %XX.</summary>
    internal static class Percent
    {
        private const string Plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

        internal static string Encode(string text)
        {
            var encoded = new StringBuilder(text.Length);
            foreach (byte each in Encoding.UTF8.GetBytes(text))
            {
                if (Plain.IndexOf((char)each) >= 0)
                {
                    encoded.Append((char)each);
                }
                else
                {
                    encoded.Append('%').Append(each.ToString("X2"));
                }
            }
            return encoded.ToString();
        }

        internal static string Decode(string text)
        {
            var bytes = new MemoryStream(text.Length);
            for (int i = 0; i < text.Length; i++)
            {
                if (text[i] == '%')
                {
                    bytes.WriteByte(Convert.ToByte(text.Substring(i + 1, 2), 16));
                    i += 2;
                }
                else
                {
                    bytes.WriteByte((byte)text[i]);
                }
            }
            return Encoding.UTF8.GetString(bytes.ToArray());
        }
    }
}
