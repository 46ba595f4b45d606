package poslatch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Platform;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One search after the other in this process; {@link ProgramTest} has whole processes. */
class LoadingTest {
    private static final String FILE_NAME = System.mapLibraryName("poslatch");
    private static final String RESOURCE = "/" + Platform.RESOURCE_PREFIX + "/" + FILE_NAME;

    @TempDir
    Path folder;

    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> variables = new HashMap<>();
    private final Map<String, URL> resources = new HashMap<>();
    private byte[] library;

    @BeforeEach
    void readLibrary() throws IOException {
        library = Files.readAllBytes(Paths.get(libraryFile()));
    }

    static String libraryFile() {
        String file = System.getenv("POSLATCH_LIBRARY");
        if (file == null || !new File(file).isFile()) {
            throw new AssertionError("the environment variable POSLATCH_LIBRARY has to name the native library, not \""
                    + file + "\"; `cargo xtask test java` sets it");
        }
        return file;
    }

    /** One that finds nothing by itself, whatever is installed on this machine. */
    private LibrarySearch search() {
        return new LibrarySearch(properties::get, variables::get, resources::get, "poslatch-that-nobody-has");
    }

    private void assertLoads() {
        Abi abi = search().run();
        assertTrue(Text.of(abi.poslatch_version_string()).startsWith("poslatch "));
    }

    private String failure() {
        return assertThrows(UnsatisfiedLinkError.class, () -> search().run()).getMessage();
    }

    private static void assertTells(String message, String... words) {
        Stream.of(words).forEach(word -> assertTrue(message.contains(word), "not told: " + word + "\n" + message));
    }

    @Test
    void propertyComesBeforeTheVariable() throws IOException {
        properties.put("poslatch.library", write(folder, "chosen.bin", library).toString());
        variables.put("POSLATCH_LIBRARY", folder.resolve("none.so").toString());
        assertLoads();
    }

    @Test
    void variableComesBeforeTheFolders() throws IOException {
        variables.put("POSLATCH_LIBRARY", write(folder, "named.so", library).toString());
        properties.put("java.library.path", write(folder, FILE_NAME, bytes("broken")).getParent().toString());
        assertLoads();
    }

    @Test
    void foldersAreSearchedInOrderAndBrokenFilesDoNotEndTheSearch() throws IOException {
        Path broken = write(folder.resolve("a"), FILE_NAME, bytes("broken")).getParent();
        Path good = write(folder.resolve("b"), FILE_NAME, library).getParent();
        properties.put("jna.library.path", folder + File.pathSeparator + broken);
        properties.put("java.library.path", good.toString());
        assertLoads();
    }

    @Test
    void whatIsNamedIsNotReplacedByAnother() throws IOException {
        Path good = write(folder, FILE_NAME, library);
        properties.put("poslatch.library", folder.resolve("none.so").toString());
        properties.put("java.library.path", good.getParent().toString());
        assertTells(failure(), "system property poslatch.library", folder.resolve("none.so").toString(),
                "there is no such file", "Correct the system property poslatch.library");
    }

    @Test
    void whatIsWrongWithAFileIsTold() throws IOException {
        byte[] arm = library.clone();
        arm[18] = (byte) 183;
        byte[] windows = new byte[256];
        windows[0] = 'M';
        windows[1] = 'Z';
        windows[60] = (byte) 128;
        windows[128] = 'P';
        windows[129] = 'E';
        windows[132] = 0x4C;
        windows[133] = 0x01;
        Map<Path, String> files = new HashMap<>();
        files.put(write(folder, "text.so", new byte[1000]), "it is no shared library");
        files.put(write(folder, "short.so", bytes("short")), "it is no shared library, since it has 5 bytes");
        files.put(write(folder, "arm.so", arm), "it is a library of Linux or another Unix for ARM64 (64-bit)");
        files.put(write(folder, "x86.dll", windows), "it is a library of Windows for x86 (32-bit)");
        files.put(folder, "it is a folder");
        for (Map.Entry<Path, String> file : files.entrySet()) {
            variables.put("POSLATCH_LIBRARY", file.getKey().toString());
            assertTells(failure(), (Platform.is64Bit() ? "64-bit" : "32-bit") + " process",
                    "os.arch " + System.getProperty("os.arch"), file.getValue(),
                    "environment variable POSLATCH_LIBRARY: " + file.getKey(),
                    "Correct the environment variable POSLATCH_LIBRARY");
        }
    }

    @Test
    void everyPlaceThatWasSearchedIsTold() {
        properties.put("java.library.path", folder.toString());
        assertTells(failure(), "system property poslatch.library: not set",
                "environment variable POSLATCH_LIBRARY: not set", "system property jna.library.path: not set",
                "system property java.library.path: searched in " + folder, "the system's own search: not there",
                "class path, resource " + RESOURCE.substring(1) + ": not there", "-Dposlatch.library=FILE");
    }

    @Test
    void libraryOfAnotherAbiIsRefused() throws Exception {
        Path misfit = stub("misfit", ""
                + "const char *poslatch_version_string(void) { return \"poslatch 9.9.9 (stub)\"; }\n"
                + "unsigned poslatch_abi_version(void) { return 9 * 65536 + 2; }\n"
                + "int poslatch_abi_check(unsigned major, unsigned minor)\n"
                + "{ return major == 9 && minor <= 2 ? 0 : -1; }\n");
        properties.put("poslatch.library", misfit.toString());
        assertTells(failure(), misfit.toString(), "poslatch 9.9.9 (stub) has the ABI 9.2, and these classes need "
                + Limits.ABI_MAJOR + "." + Limits.ABI_MINOR, "of the same release");
    }

    @Test
    void libraryOfSomethingElseIsRefused() throws Exception {
        Path other = stub("other", "int other(void) { return 0; }\n");
        properties.put("poslatch.library", other.toString());
        assertTells(failure(), other.toString(), "poslatch_abi_check");
    }

    private Path stub(String name, String source) throws Exception {
        return stub(folder, name, source);
    }

    static Path stub(Path folder, String name, String source) throws Exception {
        Path c = write(folder, name + ".c", bytes(source));
        Path stub = folder.resolve(System.mapLibraryName(name));
        String compiler = System.getenv("CC") == null ? "cc" : System.getenv("CC");
        Process process = new ProcessBuilder(compiler, "-shared", "-fPIC", "-o", stub.toString(), c.toString())
                .inheritIO().start();
        assertEquals(0, process.waitFor());
        return stub;
    }

    @Test
    void bundledFileOutsideOfAJarIsLoadedWhereItIs() throws IOException {
        resources.put(RESOURCE, write(folder, FILE_NAME, library).toUri().toURL());
        assertLoads();
    }

    @Test
    void libraryInAJarIsNotWrittenAnywhereUnasked() throws IOException {
        bundle();
        assertTells(failure(), "class path, resource " + RESOURCE.substring(1) + ": it is in a jar",
                "-Dposlatch.extract=true", "-Dposlatch.extract=FOLDER");
        properties.put("poslatch.extract", "false");
        assertTells(failure(), "it is in a jar");
    }

    @Test
    void libraryInAJarIsLoadedFromATemporaryFileThatDoesNotStay() throws IOException {
        bundle();
        properties.put("poslatch.extract", "true");
        List<Path> before = temporaryFiles();
        assertLoads();
        assertEquals(before, temporaryFiles());
    }

    private static List<Path> temporaryFiles() throws IOException {
        try (Stream<Path> files = Files.list(Paths.get(System.getProperty("java.io.tmpdir")))) {
            return files.filter(path -> path.getFileName().toString().startsWith("poslatch-")).sorted()
                    .collect(Collectors.toList());
        }
    }

    @Test
    void libraryInAJarIsKeptInTheChosenFolderAndMendedThere() throws IOException {
        bundle();
        Path chosen = folder.resolve("chosen");
        properties.put("poslatch.extract", chosen.toString());
        assertLoads();
        Path kept = only(only(chosen));
        assertArrayEquals(library, Files.readAllBytes(kept));
        Object key = Files.readAttributes(kept, BasicFileAttributes.class).fileKey();
        assertLoads();
        assertEquals(key, Files.readAttributes(kept, BasicFileAttributes.class).fileKey(),
                "what is there was written again");

        // A new file in its place: the one that is loaded must not be changed under the process.
        Files.delete(kept);
        Files.write(kept, bytes("damaged"));
        assertLoads();
        assertArrayEquals(library, Files.readAllBytes(only(only(chosen))));
    }

    @Test
    void folderThatCannotBeWrittenIsTold() throws IOException {
        bundle();
        Path file = write(folder, "a file", bytes("no folder"));
        properties.put("poslatch.extract", file.resolve("below").toString());
        assertTells(failure(), "class path, resource", file.toString());
        assertFalse(Files.isDirectory(file));
    }

    private void bundle() throws IOException {
        Path jar = folder.resolve("bundle.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            out.putNextEntry(new ZipEntry(RESOURCE.substring(1)));
            out.write(library);
        }
        try {
            resources.put(RESOURCE, new URL("jar:" + jar.toUri() + "!" + RESOURCE));
        } catch (MalformedURLException e) {
            throw new AssertionError(e);
        }
    }

    private static Path only(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            Object[] all = files.toArray();
            assertEquals(1, all.length, Arrays.toString(all));
            return (Path) all[0];
        }
    }

    private static Path write(Path folder, String name, byte[] content) throws IOException {
        Files.createDirectories(folder);
        return Files.write(folder.resolve(name), content);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
