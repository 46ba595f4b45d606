using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;
using System.Text;

namespace Poslatch.Native
{
    /// <summary>
    /// Where the native library is looked for. The order is a promise of README.md: what somebody has named, then the
    /// places of a NuGet package and of tills that are copied together by hand, then the system.
    /// </summary>
    internal static class LibraryFinder
    {
        internal const string Variable = "POSLATCH_LIBRARY";

        /// <summary>Loads the library; the first file that this process can load wins.</summary>
        /// <exception cref="PoslatchLibraryException">None can; says what was wrong with each.</exception>
        internal static NativeLibrary Find(string chosenPath)
        {
            var report = new StringBuilder();
            string named = chosenPath;
            string by = "PoslatchLibrary.Path";
            if (named == null)
            {
                named = Environment.GetEnvironmentVariable(Variable);
                by = Variable;
            }
            if (!string.IsNullOrEmpty(named))
            {
                // Whoever names a file wants that one, and no other that happens to be about.
                return Try(Path.GetFullPath(named), report)
                    ?? throw Failed(by + " names what cannot be loaded", report);
            }
            foreach (string path in Places())
            {
                NativeLibrary found = Try(path, report);
                if (found != null)
                {
                    return found;
                }
            }
            return TrySystem(report) ?? throw Failed("there is no " + Machine.LibraryFile + " for it", report);
        }

        private static IEnumerable<string> Places()
        {
            var places = new List<string>();
            string assembly = typeof(LibraryFinder).GetTypeInfo().Assembly.Location;
            if (!string.IsNullOrEmpty(assembly))
            {
                string folder = Path.GetDirectoryName(assembly);
                AddAround(places, folder);
                string parent = Path.GetDirectoryName(folder);
                if (parent != null && Path.GetFileName(parent) == "lib")
                {
                    // The assembly is in lib/netstandard2.0 of an unpacked package. Not two folders up from just
                    // anywhere: that may be a folder into which everybody may write.
                    AddRuntimes(places, Path.GetDirectoryName(parent));
                }
            }
            AppDomain domain = AppDomain.CurrentDomain;
            AddAround(places, domain.BaseDirectory);
            // Of a web application its bin folder, whose assemblies run from a copy elsewhere.
            foreach (string relative in (domain.RelativeSearchPath ?? "").Split(';'))
            {
                AddAround(places, Path.Combine(domain.BaseDirectory ?? "", relative));
            }
            // What the .NET host has worked out, for programs that are one file above all.
            var host = domain.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string;
            foreach (string folder in (host ?? "").Split(Path.PathSeparator))
            {
                if (folder.Length > 0)
                {
                    Add(places, Path.Combine(folder, Machine.LibraryFile));
                }
            }
            return places;
        }

        private static void AddAround(List<string> places, string folder)
        {
            if (string.IsNullOrEmpty(folder))
            {
                // Of a program that a native one hosts. Without a folder, the current one would be searched.
                return;
            }
            Add(places, Path.Combine(folder, Machine.LibraryFile));
            AddRuntimes(places, folder);
            // Where build/net48/Poslatch.targets puts both, for a .NET Framework program that is AnyCPU.
            Add(places, Path.Combine(folder, Machine.Architecture, Machine.LibraryFile));
        }

        private static void AddRuntimes(List<string> places, string folder)
        {
            string runtime = Path.Combine(folder, "runtimes", Machine.RuntimeIdentifier);
            Add(places, Path.Combine(runtime, "native", Machine.LibraryFile));
        }

        private static NativeLibrary Try(string path, StringBuilder report)
        {
            if (!File.Exists(path))
            {
                report.Append("\n  ").Append(path).Append(": is not there");
                return null;
            }
            string problem = BinaryFile.Objection(path);
            if (problem == null)
            {
                IntPtr handle = SystemLoader.Current.Load(path, out problem);
                if (handle != IntPtr.Zero)
                {
                    return new NativeLibrary(handle, path);
                }
            }
            report.Append("\n  ").Append(path).Append(": ").Append(problem);
            return null;
        }

        private static NativeLibrary TrySystem(StringBuilder report)
        {
            string problem;
            IntPtr handle = SystemLoader.Current.Load(Machine.LibraryFile, out problem);
            if (handle != IntPtr.Zero)
            {
                return new NativeLibrary(handle, Machine.LibraryFile);
            }
            report.Append("\n  the system's search: ").Append(problem);
            return null;
        }

        private static PoslatchLibraryException Failed(string what, StringBuilder report)
        {
            return new PoslatchLibraryException(
                "The native library of poslatch cannot be loaded: " + what + ". This process has " + (IntPtr.Size * 8)
                + " bits (" + Machine.RuntimeIdentifier + "). Looked at:" + report + "\n"
                + "Put the library of the package's folder runtimes/" + Machine.RuntimeIdentifier + "/native beside "
                + "Poslatch.dll, or name its file with PoslatchLibrary.Path or the environment variable "
                + Variable + ".");
        }

        private static void Add(List<string> places, string place)
        {
            string path = Path.GetFullPath(place);
            if (!places.Contains(path))
            {
                places.Add(path);
            }
        }
    }
}
