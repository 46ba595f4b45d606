using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;
using System.Text;

namespace Poslatch.Native
{
    /// <summary>
    /// Where the native library is looked for. The order is a promise of README.md: what somebody has named, then the places
    /// of a NuGet package and of tills that are copied together by hand, then the system.
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
                return Try(Path.GetFullPath(named), report) ?? throw Failed(by + " names what cannot be loaded", report);
            }
            foreach (string path in Places())
            {
                NativeLibrary found = Try(path, report);
                if (found != null)
                {
                    return found;
                }
            }
            return TrySystem(report) ?? throw Failed(Machine.LibraryFile + " was found nowhere", report);
        }

        private static IEnumerable<string> Places()
        {
            var places = new List<string>();
            foreach (string folder in Folders())
            {
                Add(places, Path.Combine(folder, Machine.LibraryFile));
                Add(places, Join(folder, "runtimes", Machine.RuntimeIdentifier, "native", Machine.LibraryFile));
                // Where build/net48/Poslatch.targets puts both, for a .NET Framework program that is AnyCPU.
                Add(places, Join(folder, Machine.Architecture, Machine.LibraryFile));
                // The assembly is in lib/netstandard2.0 of an unpacked package.
                Add(places, Path.GetFullPath(
                    Join(folder, "..", "..", "runtimes", Machine.RuntimeIdentifier, "native", Machine.LibraryFile)));
            }
            return places;
        }

        /// <summary>The assembly's own folder, the program's, and those that the .NET host has worked out.</summary>
        private static IEnumerable<string> Folders()
        {
            var folders = new List<string>();
            string assembly = typeof(LibraryFinder).GetTypeInfo().Assembly.Location;
            if (!string.IsNullOrEmpty(assembly))
            {
                Add(folders, Path.GetDirectoryName(assembly));
            }
            AppDomain domain = AppDomain.CurrentDomain;
            Add(folders, domain.BaseDirectory);
            // Of a web application its bin folder, whose assemblies run from a copy elsewhere.
            if (!string.IsNullOrEmpty(domain.RelativeSearchPath))
            {
                foreach (string relative in domain.RelativeSearchPath.Split(';'))
                {
                    Add(folders, Path.Combine(domain.BaseDirectory, relative));
                }
            }
            var host = domain.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string;
            foreach (string folder in (host ?? "").Split(Path.PathSeparator))
            {
                Add(folders, folder);
            }
            return folders;
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
                "The native library of poslatch cannot be loaded: " + what + ". This process has "
                + (IntPtr.Size * 8) + " bits (" + Machine.RuntimeIdentifier + "). Looked at:" + report + "\n"
                + "Put the library of the package's folder runtimes/" + Machine.RuntimeIdentifier + "/native beside "
                + "Poslatch.dll, or name its file with PoslatchLibrary.Path or the environment variable " + Variable + ".");
        }

        private static string Join(params string[] parts)
        {
            return Path.Combine(parts);
        }

        private static void Add(List<string> list, string item)
        {
            if (!string.IsNullOrEmpty(item) && !list.Contains(item))
            {
                list.Add(item);
            }
        }
    }
}
