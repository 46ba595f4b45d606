using System;
using System.Diagnostics;
using System.IO;
using System.Text;

namespace Poslatch.Tests
{
    /// <summary>
    /// Finding the native library, and saying why it cannot be loaded. Each test is a process of its own.
    /// </summary>
    public sealed class LoadingTests : IDisposable
    {
        private static readonly string Library = Environment.GetEnvironmentVariable("POSLATCH_LIBRARY");
        private readonly Scratch scratch = new Scratch();

        public void Dispose()
        {
            scratch.Dispose();
        }

        public void library_named_by_the_variable_is_loaded()
        {
            Check.Contains("loaded " + Path.GetFullPath(Library), Probe.Loads(null, Library, null));
        }

        public void library_named_by_the_program_goes_before_the_variable()
        {
            string copy = Copy("named", "libposlatch.so");
            Check.Contains("loaded " + copy, Probe.Loads(null, Library, copy));
        }

        public void library_beside_the_assembly_is_found()
        {
            Check.Contains("loaded " + Installed("libposlatch.so"), Probe.Loads(scratch.Path("till"), null, null));
        }

        public void library_in_the_runtimes_folder_is_found()
        {
            string place = Installed("runtimes", Rid(), "native", "libposlatch.so");
            Check.Contains("loaded " + place, Probe.Loads(scratch.Path("till"), null, null));
        }

        public void library_in_the_folder_of_its_architecture_is_found()
        {
            string place = Installed(Rid().Split('-')[1], "libposlatch.so");
            Check.Contains("loaded " + place, Probe.Loads(scratch.Path("till"), null, null));
        }

        public void library_of_an_unpacked_package_is_found_from_its_lib_folder()
        {
            string lib = Path.GetDirectoryName(scratch.Path("package", "lib", "netstandard2.0", "x"));
            Probe.Install(lib);
            string place = Copy("package", "runtimes", Rid(), "native", "libposlatch.so");
            Check.Contains("loaded " + place, Probe.Loads(lib, null, null));
        }

        public void folder_with_non_ascii_letters_is_no_obstacle()
        {
            string place = Installed("Kasse é 漢", "libposlatch.so");
            Check.Contains("loaded " + place, Probe.Loads(null, place, null));
        }

        public void library_of_another_processor_is_passed_over_for_one_that_fits()
        {
            string place = Installed("runtimes", Rid(), "native", "libposlatch.so");
            File.WriteAllBytes(scratch.Path("till", "libposlatch.so"), ElfHeader(bits: 1, machine: 3));
            Check.Contains("loaded " + place, Probe.Loads(scratch.Path("till"), null, null));
        }

        public void missing_library_is_named_with_every_place_and_the_cure()
        {
            string folder = Path.GetDirectoryName(scratch.Path("till", "x"));
            Probe.Install(folder);
            string said = Probe.Fails(folder, null, null);
            Check.Contains("This process has " + (IntPtr.Size * 8) + " bits (" + Rid() + ")", said);
            Check.Contains(Path.Combine(folder, "libposlatch.so") + ": is not there", said);
            Check.Contains(scratch.Path("till", "runtimes", Rid(), "native", "libposlatch.so") + ": is not there", said);
            Check.Contains("the system's search: libposlatch.so: cannot open shared object file", said);
            Check.Contains("POSLATCH_LIBRARY", said);
        }

        public void path_that_does_not_exist_is_not_made_good_by_another_place()
        {
            Installed("libposlatch.so");
            string said = Probe.Fails(scratch.Path("till"), scratch.Path("no", "such.so"), null);
            Check.Contains("POSLATCH_LIBRARY names what cannot be loaded", said);
            Check.Contains(scratch.Path("no", "such.so") + ": is not there", said);
        }

        public void text_file_is_called_no_library()
        {
            string path = scratch.Path("text.so");
            File.WriteAllText(path, "version https://git-lfs.github.com/spec/v1\n");
            string said = Probe.Fails(null, null, path);
            Check.Contains("PoslatchLibrary.Path names what cannot be loaded", said);
            Check.Contains(path + ": is no library of any system", said);
        }

        public void library_of_another_processor_is_called_so()
        {
            string path = scratch.Path("x86.so");
            File.WriteAllBytes(path, ElfHeader(bits: 1, machine: 3));
            Check.Contains(
                path + ": is built for x86, and this process is " + Rid().Split('-')[1], Probe.Fails(null, path, null));
        }

        public void library_of_windows_is_called_so()
        {
            var header = new byte[256];
            Encoding.ASCII.GetBytes("MZ").CopyTo(header, 0);
            header[0x3C] = 0x80;
            Encoding.ASCII.GetBytes("PE").CopyTo(header, 0x80);
            header[0x84] = 0x4C;
            header[0x85] = 0x01;
            string path = scratch.Path("poslatch.dll");
            File.WriteAllBytes(path, header);
            Check.Contains(path + ": is built for Windows, and this is Linux", Probe.Fails(null, path, null));
        }

        public void what_the_loader_says_of_a_library_that_lacks_another_is_passed_on()
        {
            Compile("int missing(void) { return 1; }", scratch.Path("libmissing.so"));
            Compile(
                "int missing(void); int f(void) { return missing(); }",
                scratch.Path("needs.so"),
                "-L\"" + scratch.Folder + "\" -lmissing");
            File.Delete(scratch.Path("libmissing.so"));
            Check.Contains(
                "libmissing.so: cannot open shared object file", Probe.Fails(null, scratch.Path("needs.so"), null));
        }

        public void library_of_another_abi_is_refused_before_anything_else_is_bound()
        {
            string path = scratch.Path("future.so");
            Compile(
                "#include <stdint.h>\n"
                + "int32_t poslatch_abi_check(uint32_t major, uint32_t minor) { (void)major; (void)minor; return -1; }\n"
                + "uint32_t poslatch_abi_version(void) { return 7 * 65536 + 2; }\n",
                path);
            string said = Probe.Fails(null, path, null);
            Check.Contains(path + " has version 7.2 of the ABI; this assembly needs " + Limits.AbiMajor + ".", said);
        }

        public void library_without_a_function_is_named_with_it()
        {
            string path = scratch.Path("other.so");
            Compile("int f(void) { return 1; }", path);
            Check.Contains(path + " has no function poslatch_abi_check", Probe.Fails(null, path, null));
        }

        public void path_cannot_be_set_once_the_library_is_loaded()
        {
            PoslatchLibrary.Load();
            InvalidOperationException error =
                Check.Throws<InvalidOperationException>(() => PoslatchLibrary.Path = "elsewhere.so");
            Check.Contains(Path.GetFullPath(Library), error.Message);
        }

        /// <summary>Where the copy of a till with this library at this place has it.</summary>
        private string Installed(params string[] place)
        {
            string folder = Path.GetDirectoryName(scratch.Path("till", "x"));
            Probe.Install(folder);
            var parts = new string[place.Length + 1];
            parts[0] = "till";
            place.CopyTo(parts, 1);
            return Copy(parts);
        }

        private string Copy(params string[] place)
        {
            string copy = scratch.Path(place);
            File.Copy(Library, copy);
            return copy;
        }

        private static string Rid()
        {
            string architecture =
                System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
            return "linux-" + architecture;
        }

        private static byte[] ElfHeader(byte bits, byte machine)
        {
            var header = new byte[64];
            new byte[] { 0x7F, (byte)'E', (byte)'L', (byte)'F', bits, 1, 1 }.CopyTo(header, 0);
            header[16] = 3;
            header[18] = machine;
            return header;
        }

        private void Compile(string source, string library, string more = "")
        {
            string file = scratch.Path("source.c");
            File.WriteAllText(file, source);
            string compiler = Environment.GetEnvironmentVariable("CC") ?? "cc";
            var start = new ProcessStartInfo(
                compiler, "-shared -fPIC -o \"" + library + "\" \"" + file + "\" " + more) { UseShellExecute = false };
            using (Process process = Process.Start(start))
            {
                process.WaitForExit();
                Check.Equal(0, process.ExitCode);
            }
        }
    }
}
