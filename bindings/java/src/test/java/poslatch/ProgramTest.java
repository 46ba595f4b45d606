package poslatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
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
        child.run(CLASS_PATH, "poslatch.Probe", "no url", "", "", "");
        // The library's own words.
        assertTrue(child.output().contains("ARGUMENT: argument \"url\": it has to begin with https:// or wss://"),
                child.output());
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
}
