using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Net;
using System.Text.RegularExpressions;
using System.Threading;

namespace Poslatch.Tests
{
    /// <summary>
    /// A device without hardware, in a process of its own that ends with its input. What it reports is kept, so that
    /// waiting for an event misses none.
    /// </summary>
    internal sealed class Simulator : IDisposable
    {
        internal const string Serial = "1850000123";

        private readonly Process process;
        private readonly List<string> events = new List<string>();
        private readonly string screenUrl;
        private bool hasEnded;

        internal Simulator(Scratch scratch, params string[] arguments)
        {
            RootCaFile = scratch.Path("root-ca.pem");
            var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("POSLATCH_SIMULATOR"))
            {
                Arguments = "--json --until-eof --listen 127.0.0.1:0 --serial " + Serial + " --root-ca-out \"" + RootCaFile
                    + "\" " + string.Join(" ", arguments),
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            };
            process = Process.Start(start);
            var reader = new Thread(ReadEvents) { IsBackground = true };
            reader.Start();
            string ready = WaitFor("ready");
            Address = Member(ready, "address");
            screenUrl = Member(ready, "screenUrl");
        }

        internal string Address { get; }

        internal string RootCaFile { get; }

        /// <summary>The code on the screen; one that was used is replaced.</summary>
        internal string SetupCode
        {
            get
            {
                WaitFor("code");
                lock (events)
                {
                    return Member(events.FindLast(line => Member(line, "event") == "code"), "code");
                }
            }
        }

        internal string Url(string scheme)
        {
            return scheme + "://" + Address + "/";
        }

        internal Device Device(string scheme = "wss", Action<DeviceOptions> set = null)
        {
            var options = new DeviceOptions { RootCaFile = RootCaFile, Serial = Serial };
            if (set != null)
            {
                set(options);
            }
            return new Device(Url(scheme), options);
        }

        /// <summary>Pairs a till, with its own posId so that tests do not meet.</summary>
        internal Identity Pair(string posId = "1001")
        {
            using (Device device = Device("https"))
            {
                return device.Pair(posId, SetupCode);
            }
        }

        internal Connection Open(Identity identity)
        {
            using (Device device = Device())
            {
                return device.OpenMtls(identity);
            }
        }

        /// <summary>The first event of this kind whose line holds these parts.</summary>
        internal string WaitFor(string kind, params string[] parts)
        {
            Stopwatch waited = Stopwatch.StartNew();
            lock (events)
            {
                while (true)
                {
                    string found = events.Find(
                        line => Member(line, "event") == kind && Array.TrueForAll(parts, line.Contains));
                    if (found != null)
                    {
                        return found;
                    }
                    if (hasEnded || waited.Elapsed > Check.Patience)
                    {
                        throw new CheckFailed(
                            "the device did not report \"" + kind + "\" with " + string.Join(", ", parts) + "; it reported\n"
                            + string.Join("\n", events));
                    }
                    Monitor.Wait(events, TimeSpan.FromSeconds(1));
                }
            }
        }

        internal int Count(string kind, params string[] parts)
        {
            lock (events)
            {
                return events.FindAll(
                    line => Member(line, "event") == kind && Array.TrueForAll(parts, line.Contains)).Count;
            }
        }

        /// <summary>What a person does on its screen, by the control API: "display/cancel". Returns the answer.</summary>
        internal string Press(string path)
        {
            var request = (HttpWebRequest)WebRequest.Create(screenUrl + "api/" + path);
            request.Proxy = null;
            request.Method = "POST";
            request.ContentType = "application/json";
            using (Stream body = request.GetRequestStream())
            {
                body.Write(new[] { (byte)'{', (byte)'}' }, 0, 2);
            }
            using (WebResponse answer = request.GetResponse())
            using (var reader = new StreamReader(answer.GetResponseStream()))
            {
                return reader.ReadToEnd().TrimEnd();
            }
        }

        public void Dispose()
        {
            process.StandardInput.Dispose();
            if (!process.WaitForExit(10000))
            {
                process.Kill();
            }
            process.Dispose();
        }

        private void ReadEvents()
        {
            StreamReader output = process.StandardOutput;
            string line;
            while ((line = output.ReadLine()) != null)
            {
                lock (events)
                {
                    events.Add(line);
                    Monitor.PulseAll(events);
                }
            }
            lock (events)
            {
                hasEnded = true;
                Monitor.PulseAll(events);
            }
        }

        private static string Member(string json, string name)
        {
            return Regex.Match(json, "\"" + name + "\":\"([^\"]*)\"").Groups[1].Value;
        }
    }
}
