using System;
using System.Runtime.InteropServices;

namespace Poslatch.Native
{
    /// <summary>
    /// A library that is loaded, and stays: it pins itself, since its threads may outlive any wish to unload it.
    /// </summary>
    internal sealed class NativeLibrary
    {
        private readonly IntPtr handle;

        internal NativeLibrary(IntPtr handle, string path)
        {
            this.handle = handle;
            Path = path;
        }

        /// <summary>The file, or the bare name if the system has found it.</summary>
        internal string Path { get; }

        internal TDelegate Function<TDelegate>(string name)
        {
            IntPtr address = SystemLoader.Current.Symbol(handle, name);
            if (address == IntPtr.Zero)
            {
                throw new PoslatchLibraryException(
                    "The library " + Path + " has no function " + name + ": it is older than this assembly, or no poslatch.\n"
                    + "Replace it by the one that came with Poslatch.dll.");
            }
            return Marshal.GetDelegateForFunctionPointer<TDelegate>(address);
        }

        internal PoslatchLibraryException HasOtherAbi(uint version)
        {
            return new PoslatchLibraryException(
                "The library " + Path + " has version " + (version >> 16) + "." + (version & 0xFFFF)
                + " of the ABI; this assembly needs " + Limits.AbiMajor + "." + Limits.AbiMinor
                + " or a later " + Limits.AbiMajor + ".x.\n"
                + "Take library and Poslatch.dll from the same package.");
        }
    }
}
