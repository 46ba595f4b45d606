package poslatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README shows, done as it says: with the packaged jar, which brings the library along, and JNA alone. */
class ReadmeTest {
    private static final int README_LINES_MAX = 30;
    private static final int COPIED_LINES_MAX = 25;

    @TempDir
    Path folder;

    @Test
    void firstSaleOfTheReadmeIsPaid() throws Exception {
        List<String> readme = Files.readAllLines(Paths.get(System.getProperty("poslatch.readme")), StandardCharsets.UTF_8);
        int begin = readme.indexOf("```java") + 1;
        int end = begin + readme.subList(begin, readme.size()).indexOf("```");
        assertTrue(end < README_LINES_MAX, "the first sale ends in line " + end + " of the README");
        assertTrue(end - begin <= COPIED_LINES_MAX, (end - begin) + " lines to copy");
        String program = String.join("\n", readme.subList(begin, end));

        try (Simulator device = Bench.another()) {
            program = replaced(program, "wss://127.0.0.1:8443/", device.url("wss"));
            program = replaced(program, "root-ca.pem", device.rootCaFile());
            program = replaced(program, "8QW1YS1D", device.setupCode());
            program = replaced(program, "till.pem", folder.resolve("till.pem").toString());
            Path source = Files.write(folder.resolve("Sale.java"), program.getBytes(StandardCharsets.UTF_8));

            Path jar = Paths.get(System.getProperty("poslatch.jar"));
            int compiled = ToolProvider.getSystemJavaCompiler().run(null, null, null,
                    "--release", "8", "-Xlint:all,-options", "-Werror", "-d", folder.toString(), "-cp", jar.toString(), source.toString());
            assertEquals(0, compiled);

            Child child = new Child().with("-Dposlatch.extract=true");
            int exitCode = child.run(Arrays.asList(jar, Child.jna(), folder), "Sale");
            String[] lines = child.output().split("\n");
            assertEquals("paid", lines[lines.length - 1], child.output());
            assertTrue(lines[0].contains("Present card"), child.output());
            assertEquals(0, exitCode);
            assertTrue(Files.exists(folder.resolve("till.pem")));
        }
    }

    private static String replaced(String text, String what, String by) {
        assertTrue(text.contains(what), "the README's program has no " + what);
        return text.replace(what, by);
    }
}
