using System;
using System.Diagnostics;
using System.IO;
using System.Reflection;

namespace Poslatch.Tests
{
    /// <summary>
    /// This program again, in a process of its own: a library is loaded once and for ever, so each way of finding it,
    /// or not, needs a process that has none yet.
    /// </summary>
    internal static class Probe
    {
        internal const string Word = "probe";

        internal const string ExitWord = "exit-in-log";

        private const int NotLoaded = 3;
        private const int ExitInLog = 7;

        /// <summary>In the child: loads the library, and says what came of it.</summary>
        internal static int Run(string[] arguments)
        {
            try
            {
                if (arguments.Length > 1)
                {
                    PoslatchLibrary.Path = arguments[1];
                }
                PoslatchLibrary.Load();
                Console.WriteLine("loaded " + PoslatchLibrary.LoadedPath);
                return 0;
            }
            catch (PoslatchLibraryException error)
            {
                Console.WriteLine(error.Message);
                return NotLoaded;
            }
        }

        /// <summary>In the child: ends the process where it should not, within the log callback.</summary>
        internal static int RunExit()
        {
            PoslatchLibrary.SetLog(LogLevel.Warn, (level, text) => Environment.Exit(ExitInLog));
            using (var device = new Device("wss://127.0.0.1/"))
            {
                Check.Fails(Status.RootCaUnusable, () => device.OpenTls());
            }
            return 0;
        }

        internal static void ExitsInTheLog()
        {
            var start = new ProcessStartInfo(Process.GetCurrentProcess().MainModule.FileName)
            {
                Arguments = "\"" + Self + "\" " + ExitWord,
                UseShellExecute = false,
            };
            using (Process process = Process.Start(start))
            {
                if (!process.WaitForExit((int)Check.Patience.TotalMilliseconds))
                {
                    process.Kill();
                    throw new CheckFailed("the process does not end");
                }
                Check.Equal(ExitInLog, process.ExitCode);
            }
        }

        /// <summary>
        /// Runs the copy of this program in <paramref name="folder"/>, or this one, and returns what it said.
        /// </summary>
        internal static string Loads(string folder, string variable, string path)
        {
            string said;
            Check.Equal(0, Start(folder, variable, path, out said));
            return said;
        }

        internal static string Fails(string folder, string variable, string path)
        {
            string said;
            Check.Equal(NotLoaded, Start(folder, variable, path, out said));
            return said;
        }

        /// <summary>
        /// Puts a copy of this program and of Poslatch.dll into a folder, as a till would be installed.
        /// </summary>
        internal static void Install(string folder)
        {
            foreach (string file in Directory.GetFiles(Path.GetDirectoryName(Self)))
            {
                string name = Path.GetFileName(file);
                if (name.StartsWith("Poslatch", StringComparison.Ordinal) || name.StartsWith("Tests", StringComparison.Ordinal))
                {
                    File.Copy(file, Path.Combine(folder, name));
                }
            }
        }

        private static string Self
        {
            get { return typeof(Probe).GetTypeInfo().Assembly.Location; }
        }

        private static int Start(string folder, string variable, string path, out string said)
        {
            string program = folder == null ? Self : Path.Combine(folder, Path.GetFileName(Self));
            string runtime = Process.GetCurrentProcess().MainModule.FileName;
            var start = new ProcessStartInfo(runtime)
            {
                Arguments = "\"" + program + "\" " + Word + (path == null ? "" : " \"" + path + "\""),
                UseShellExecute = false,
                RedirectStandardOutput = true,
            };
            start.EnvironmentVariables.Remove("POSLATCH_LIBRARY");
            start.EnvironmentVariables.Remove("LD_LIBRARY_PATH");
            if (variable != null)
            {
                start.EnvironmentVariables["POSLATCH_LIBRARY"] = variable;
            }
            using (Process process = Process.Start(start))
            {
                said = process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                return process.ExitCode;
            }
        }
    }
}
