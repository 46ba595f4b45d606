using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Reflection;
using System.Threading;

namespace Poslatch.Tests
{
    /// <summary>
    /// The tests' own runner, so that nothing has to be installed: every public class whose name ends with Tests, in it
    /// every public method that takes nothing. The method's name is the finding. An object is made for each test, and
    /// disposed of.
    /// </summary>
    internal static class Program
    {
        /// <summary>A net for what hangs, far above what the slowest test needs on a loaded machine.</summary>
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

        private static int Main(string[] arguments)
        {
            if (arguments.Length > 0 && arguments[0] == Probe.Word)
            {
                return Probe.Run(arguments);
            }
            if (arguments.Length > 0 && arguments[0] == Probe.ExitWord)
            {
                return Probe.RunExit();
            }
            Need("POSLATCH_LIBRARY", "the native library");
            Need("POSLATCH_SIMULATOR", "the poslatch-simulator program");
            Console.WriteLine("runtime: " + RuntimeName() + ", library: " + PoslatchLibrary.Version);

            int passed = 0;
            var failures = new List<string>();
            foreach (MethodInfo test in Tests(arguments))
            {
                string name = test.DeclaringType.Name + "." + test.Name;
                Stopwatch time = Stopwatch.StartNew();
                Exception failure = Run(test);
                Console.WriteLine((failure == null ? "ok      " : "FAILED  ") + name + " (" + time.ElapsedMilliseconds + " ms)");
                if (failure == null)
                {
                    passed++;
                }
                else
                {
                    failures.Add(name + "\n" + failure);
                }
            }
            Bench.DisposeShared();
            failures.ForEach(failure => Console.WriteLine("\n== " + failure));
            Console.WriteLine();
            Console.WriteLine(passed + " passed, " + failures.Count + " failed");
            return failures.Count == 0 && passed > 0 ? 0 : 1;
        }

        internal static string RuntimeName()
        {
            return Type.GetType("Mono.Runtime") != null ? "Mono" : ".NET " + Environment.Version;
        }

        private static IEnumerable<MethodInfo> Tests(string[] parts)
        {
            return typeof(Program).Assembly.GetTypes()
                .Where(type => type.IsPublic && type.Name.EndsWith("Tests", StringComparison.Ordinal))
                .OrderBy(type => type.Name, StringComparer.Ordinal)
                .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
                .Where(method => method.GetParameters().Length == 0 && method.Name != nameof(IDisposable.Dispose))
                .Where(method => parts.Length == 0
                    || parts.Any(part => (method.DeclaringType.Name + "." + method.Name).Contains(part)));
        }

        /// <summary>
        /// On a thread of its own, because one that hangs cannot be ended any other way than with the process.
        /// </summary>
        private static Exception Run(MethodInfo test)
        {
            Exception failure = null;
            var thread = new Thread(() =>
            {
                try
                {
                    object subject = Activator.CreateInstance(test.DeclaringType);
                    using (subject as IDisposable)
                    {
                        test.Invoke(subject, null);
                    }
                }
                catch (TargetInvocationException thrown)
                {
                    failure = thrown.InnerException;
                }
                catch (Exception thrown)
                {
                    failure = thrown;
                }
            });
            thread.IsBackground = true;
            thread.Start();
            return thread.Join(Patience) ? failure : new TimeoutException("hangs for " + Patience.TotalSeconds + " s");
        }

        private static void Need(string variable, string what)
        {
            if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable)))
            {
                Console.Error.WriteLine(
                    "Set " + variable + " to the path of " + what + ", or run `cargo xtask test csharp`, which builds it.");
                Environment.Exit(2);
            }
        }
    }
}
