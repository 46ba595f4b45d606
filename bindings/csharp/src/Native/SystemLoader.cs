using System;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace Poslatch.Native
{
    /// <summary>
    /// The operating system's loader. .NET Framework and .NET Standard have no name for it (NativeLibrary came with
    /// .NET Core 3.0), so these are its own functions, the same on every runtime.
    /// </summary>
    internal abstract class SystemLoader
    {
        internal static readonly SystemLoader Current =
            Machine.IsWindows ? (SystemLoader)new WindowsLoader() : new UnixLoader();

        /// <summary>Zero, and the loader's own words, if it cannot be loaded.</summary>
        internal abstract IntPtr Load(string path, out string problem);

        /// <summary>Zero if there is no such function.</summary>
        internal abstract IntPtr Symbol(IntPtr library, string name);
    }

    internal sealed class WindowsLoader : SystemLoader
    {
        /// <summary>LOAD_WITH_ALTERED_SEARCH_PATH: what the library itself needs is looked for beside it.</summary>
        private const uint AlteredSearchPath = 0x8;

        /// <summary>
        /// LOAD_LIBRARY_SEARCH_DEFAULT_DIRS: the program's folder and System32, but neither the current folder nor
        /// PATH, into which anybody may put a library by this name.
        /// </summary>
        private const uint DefaultDirectories = 0x1000;

        internal override IntPtr Load(string path, out string problem)
        {
            bool isBareName = path.IndexOf('\\') < 0;
            IntPtr library =
                LoadLibraryExW(path, IntPtr.Zero, isBareName ? DefaultDirectories : AlteredSearchPath);
            int code = library == IntPtr.Zero ? Marshal.GetLastWin32Error() : 0;
            problem = code == 0 ? null : new Win32Exception(code).Message + " (error " + code + ")";
            return library;
        }

        internal override IntPtr Symbol(IntPtr library, string name)
        {
            return GetProcAddress(library, name);
        }

        [DllImport("kernel32", CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
        private static extern IntPtr LoadLibraryExW(string path, IntPtr reserved, uint flags);

        [DllImport("kernel32", CharSet = CharSet.Ansi, ExactSpelling = true, BestFitMapping = false)]
        private static extern IntPtr GetProcAddress(IntPtr library, string name);
    }

    internal sealed class UnixLoader : SystemLoader
    {
        /// <summary>
        /// RTLD_NOW, on Linux, macOS and the BSDs: what is missing is said here, not in the middle of a payment.
        /// </summary>
        private const int Now = 2;

        private readonly Open open;
        private readonly Find find;
        private readonly Explain explain;

        private delegate IntPtr Open(byte[] path, int flags);

        private delegate IntPtr Find(IntPtr library, byte[] name);

        private delegate IntPtr Explain();

        /// <summary>
        /// Where dlopen lives: in libdl.so.2 on Linux (musl answers to the name as well), in libdl.dylib on macOS, in
        /// libc where there is no libdl any more.
        /// </summary>
        internal UnixLoader()
        {
            if (Answers(Libdl2.dlerror))
            {
                open = Libdl2.dlopen;
                find = Libdl2.dlsym;
                explain = Libdl2.dlerror;
            }
            else if (Answers(Libdl.dlerror))
            {
                open = Libdl.dlopen;
                find = Libdl.dlsym;
                explain = Libdl.dlerror;
            }
            else
            {
                open = Libc.dlopen;
                find = Libc.dlsym;
                explain = Libc.dlerror;
            }
        }

        internal override IntPtr Load(string path, out string problem)
        {
            IntPtr library = open(Encoding.UTF8.GetBytes(path + '\0'), Now);
            problem = null;
            if (library == IntPtr.Zero)
            {
                IntPtr text = explain();
                problem = text == IntPtr.Zero ? "dlopen failed without a reason" : Utf8.Read(text);
            }
            return library;
        }

        internal override IntPtr Symbol(IntPtr library, string name)
        {
            return find(library, Encoding.UTF8.GetBytes(name + '\0'));
        }

        private static bool Answers(Explain explain)
        {
            try
            {
                explain();
                return true;
            }
            catch (DllNotFoundException)
            {
                return false;
            }
            catch (EntryPointNotFoundException)
            {
                return false;
            }
        }

        private static class Libdl2
        {
            [DllImport("libdl.so.2", CallingConvention = CallingConvention.Cdecl)]
            internal static extern IntPtr dlopen(byte[] path, int flags);

            [DllImport("libdl.so.2", CallingConvention = CallingConvention.Cdecl)]
            internal static extern IntPtr dlsym(IntPtr library, byte[] name);

            [DllImport("libdl.so.2", CallingConvention = CallingConvention.Cdecl)]
            internal static extern IntPtr dlerror();
        }

        private static class Libdl
        {
            [DllImport("libdl", CallingConvention = CallingConvention.Cdecl)]
            internal static extern IntPtr dlopen(byte[] path, int flags);

            [DllImport("libdl", CallingConvention = CallingConvention.Cdecl)]
            internal static extern IntPtr dlsym(IntPtr library, byte[] name);

            [DllImport("libdl", CallingConvention = CallingConvention.Cdecl)]
            internal static extern IntPtr dlerror();
        }

        private static class Libc
        {
            [DllImport("libc", CallingConvention = CallingConvention.Cdecl)]
            internal static extern IntPtr dlopen(byte[] path, int flags);

            [DllImport("libc", CallingConvention = CallingConvention.Cdecl)]
            internal static extern IntPtr dlsym(IntPtr library, byte[] name);

            [DllImport("libc", CallingConvention = CallingConvention.Cdecl)]
            internal static extern IntPtr dlerror();
        }
    }
}
