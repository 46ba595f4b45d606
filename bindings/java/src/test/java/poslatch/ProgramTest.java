package poslatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whole programs, each in a virtual machine of its own. */
class ProgramTest {
    private static final List<Path> CLASS_PATH =
            Arrays.asList(Child.origin(Device.class), Child.origin(Probe.class), Child.jna());

    @Test
    void platformWithAnotherCharsetChangesNothing() throws Exception {
        Child child = new Child().with("-Dfile.encoding=ISO-8859-1", "-Dposlatch.library=" + LoadingTest.libraryFile());
        child.environment().put("LC_ALL", "C");
        try (Simulator device = Bench.another()) {
            int exitCode = child.run(CLASS_PATH, "poslatch.Probe",
                    device.url("wss"), device.rootCaFile(), device.setupCode(), Bench.file("").toString());
            // Newer virtual machines say something of their own first.
            assertTrue(child.output().endsWith("good\ntold\n"), child.output());
            assertEquals(0, exitCode);
            device.await("\"posId\":\"K\u00e4se \u20ac\"");
        }
    }

    @Test
    void variableNamesTheLibrary() throws Exception {
        Child child = new Child();
        child.environment().put("POSLATCH_LIBRARY", LoadingTest.libraryFile());
        child.run(CLASS_PATH, "poslatch.Probe", "where");
        assertTrue(child.output().endsWith(LoadingTest.libraryFile() + "\n"), child.output());
    }

    @Test
    void libraryIsFoundWhereTheSystemLooks() throws Exception {
        Path folder = Files.createDirectories(Bench.file("system"));
        Path file = folder.resolve(System.mapLibraryName("poslatch"));
        Files.copy(Paths.get(LoadingTest.libraryFile()), file);
        Child child = new Child().with("-Djava.library.path=");
        child.environment().put("LD_LIBRARY_PATH", folder.toString());
        child.run(CLASS_PATH, "poslatch.Probe", "where");
        assertTrue(child.output().endsWith(file.getFileName() + "\n"), child.output());
        assertFalse(child.output().contains(Child.origin(Device.class).toString()), child.output());
    }

    @Test
    void programWithoutTheLibraryEndsWithAllThatWasSearched() throws Exception {
        Child child = new Child().with("-Dposlatch.library=/none/of.so");
        assertEquals(1, child.run(CLASS_PATH, "poslatch.Probe", "", "", "", ""));
        assertTrue(child.output().contains(
                "java.lang.UnsatisfiedLinkError: the native library of poslatch cannot be loaded"),
                child.output());
        assertTrue(child.output().contains("system property poslatch.library: /none/of.so: there is no such file"),
                child.output());
    }

    @Test
    void programInWhichJnaMayNotUnpackIsToldWhatToDo() throws Exception {
        Child child = new Child().with("-Djna.nounpack=true", "-Djna.nosys=true");
        assertEquals(1, child.run(CLASS_PATH, "poslatch.Probe", "", "", "", ""));
        assertTrue(child.output().contains("JNA, by which poslatch calls its native library, does not work in this"),
                child.output());
        assertTrue(child.output().contains("jna.boot.library.path"), child.output());
    }

    @Test
    void secondAttemptIsToldTheSameAsTheFirst() throws Exception {
        Child child = new Child().with("-Djna.nounpack=true", "-Djna.nosys=true");
        assertEquals(0, child.run(CLASS_PATH, "poslatch.Probe", "twice"));
        String[] told = child.output().split("\n\\.\n");
        assertEquals(2, told.length, child.output());
        assertTrue(told[0].contains("Could not find JNA native support"), told[0]);
        assertEquals(told[0], told[1]);
    }

    @Test
    void nativePartOfAnotherJnaIsToldLikeAnyOtherFailure() throws Exception {
        // All that is asked of it is its version, by a string of JNI, whose table has NewStringUTF at 167.
        Path other = LoadingTest.stub(Files.createDirectories(Bench.file("other-jna")), "jnidispatch",
                "void *Java_com_sun_jna_Native_getNativeVersion(void ***env, void *of)\n"
                + "{ return ((void *(*)(void *, const char *)) (*env)[167])(env, \"1.0.0\"); }\n");
        Child child = new Child().with("-Djna.boot.library.path=" + other.getParent());
        assertEquals(0, child.run(CLASS_PATH, "poslatch.Probe", "twice"), child.output());
        assertTrue(child.output().startsWith("JNA, by which poslatch calls its native library, does not work"),
                child.output());
        assertTrue(child.output().contains("incompatible JNA native library"), child.output());
    }

    @Test
    void jnaThatMayNotUnpackIsContentWithAFolderAsTheReadmeSays() throws Exception {
        String name = System.mapLibraryName("jnidispatch");
        Path folder = Files.createDirectories(Bench.file("jna"));
        try (InputStream part = Native.class.getResourceAsStream("/com/sun/jna/" + Platform.RESOURCE_PREFIX + "/" + name)) {
            Files.copy(part, folder.resolve(name));
        }
        Child child = new Child().with("-Djna.nounpack=true", "-Djna.boot.library.path=" + folder,
                "-Dposlatch.library=" + LoadingTest.libraryFile());
        child.run(CLASS_PATH, "poslatch.Probe", "where");
        assertTrue(child.output().endsWith(LoadingTest.libraryFile() + "\n"), child.output());
    }
}
