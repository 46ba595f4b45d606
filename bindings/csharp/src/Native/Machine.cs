using System;
using System.IO;
using System.Runtime.InteropServices;

namespace Poslatch.Native
{
    /// <summary>What kind of library this process can load, in the words of NuGet's runtime identifiers.</summary>
    internal static class Machine
    {
        internal static readonly bool IsWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

        private static readonly bool IsMac = RuntimeInformation.IsOSPlatform(OSPlatform.OSX);

        /// <summary>x86, x64, arm or arm64: the process counts, not the machine.</summary>
        internal static readonly string Architecture =
            RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();

        /// <summary>Such as win-x86, linux-x64, linux-musl-arm64, osx-arm64.</summary>
        internal static readonly string RuntimeIdentifier = OperatingSystem + "-" + Architecture;

        internal static string LibraryFile
        {
            get { return IsWindows ? "poslatch.dll" : IsMac ? "libposlatch.dylib" : "libposlatch.so"; }
        }

        /// <summary>The format of the files that the system loads.</summary>
        internal static string Format
        {
            get { return IsWindows ? "Windows" : IsMac ? "macOS" : "Linux"; }
        }

        private static string OperatingSystem
        {
            get { return IsWindows ? "win" : IsMac ? "osx" : HasMusl() ? "linux-musl" : "linux"; }
        }

        /// <summary>Whether the C library of this very process is musl: both may be installed.</summary>
        private static bool HasMusl()
        {
            try
            {
                return File.ReadAllText("/proc/self/maps").Contains("/ld-musl-");
            }
            catch (IOException)
            {
                return false;
            }
            catch (UnauthorizedAccessException)
            {
                return false;
            }
        }
    }
}
