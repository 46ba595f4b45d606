using System;
using System.IO;

namespace Poslatch.Native
{
    /// <summary>
    /// What stands in the first bytes of a library: for which system and processor it was built. Loaders answer "not a
    /// valid Win32 application" or "wrong ELF class" to the commonest of all mistakes, so it is looked for first.
    /// </summary>
    internal static class BinaryFile
    {
        private const int HeaderMax = 4096;

        /// <summary>Why the file cannot be loaded into this process; null if nothing speaks against it.</summary>
        internal static string Objection(string path)
        {
            byte[] header;
            try
            {
                header = ReadHeader(path);
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
            {
                return "cannot be read: " + error.Message;
            }
            string architecture;
            string format = FormatOf(header, out architecture);
            if (format == null)
            {
                return header.Length == 0 ? "is empty" : "is no library of any system";
            }
            if (format != Machine.Format)
            {
                return "is built for " + format + ", and this is " + Machine.Format;
            }
            if (architecture != null && architecture != Machine.Architecture)
            {
                return "is built for " + architecture + ", and this process is " + Machine.Architecture;
            }
            return null;
        }

        /// <summary>
        /// Null if it is none that is known; the architecture is null if it is none, or more than one.
        /// </summary>
        private static string FormatOf(byte[] header, out string architecture)
        {
            architecture = null;
            if (Starts(header, 0x7F, (byte)'E', (byte)'L', (byte)'F'))
            {
                bool bigEndian = At(header, 5) == 2;
                architecture = ElfMachine(bigEndian ? At(header, 18) << 8 | At(header, 19) : Short(header, 18));
                return "Linux";
            }
            if (Starts(header, (byte)'M', (byte)'Z'))
            {
                int portable = Short(header, 0x3C) | Short(header, 0x3E) << 16;
                architecture = PortableMachine(Short(header, portable + 4));
                return "Windows";
            }
            if (Starts(header, 0xCE, 0xFA, 0xED, 0xFE) || Starts(header, 0xCF, 0xFA, 0xED, 0xFE))
            {
                architecture = MachMachine(Short(header, 4) | Short(header, 6) << 16);
                return "macOS";
            }
            return Starts(header, 0xCA, 0xFE, 0xBA, 0xBE) ? "macOS" : null;
        }

        /// <summary>e_machine, as elf.h has it.</summary>
        private static string ElfMachine(int machine)
        {
            switch (machine)
            {
                case 3: return "x86";
                case 40: return "arm";
                case 62: return "x64";
                case 183: return "arm64";
                default: return "another processor (ELF machine " + machine + ")";
            }
        }

        /// <summary>IMAGE_FILE_MACHINE_..., as winnt.h has it.</summary>
        private static string PortableMachine(int machine)
        {
            switch (machine)
            {
                case 0x14C: return "x86";
                case 0x1C0: return "arm";
                case 0x1C4: return "arm";
                case 0x8664: return "x64";
                case 0xAA64: return "arm64";
                default: return "another processor (PE machine " + machine + ")";
            }
        }

        /// <summary>CPU_TYPE_..., as mach/machine.h has it.</summary>
        private static string MachMachine(int machine)
        {
            switch (machine)
            {
                case 7: return "x86";
                case 0x01000007: return "x64";
                case 0x0100000C: return "arm64";
                default: return "another processor (Mach-O type " + machine + ")";
            }
        }

        private static byte[] ReadHeader(string path)
        {
            using (var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete))
            {
                var header = new byte[HeaderMax];
                int size = 0;
                int read;
                while (size < header.Length && (read = file.Read(header, size, header.Length - size)) > 0)
                {
                    size += read;
                }
                Array.Resize(ref header, size);
                return header;
            }
        }

        private static bool Starts(byte[] header, params byte[] magic)
        {
            for (int i = 0; i < magic.Length; i++)
            {
                if (At(header, i) != magic[i])
                {
                    return false;
                }
            }
            return true;
        }

        private static int Short(byte[] header, int position)
        {
            return At(header, position) | At(header, position + 1) << 8;
        }

        /// <summary>Zero behind the end: a file that is cut off has no processor that anybody knows.</summary>
        private static int At(byte[] header, int position)
        {
            return position >= 0 && position < header.Length ? header[position] : 0;
        }
    }
}
