package poslatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarFile;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README shows, done as it says: with the packaged jar, which brings the library along, and JNA alone. */
class ReadmeTest {
    private static final int README_LINES_MAX = 30;
    private static final int COPIED_LINES_MAX = 25;

    private static final Path JAR = Paths.get(System.getProperty("poslatch.jar"));

    @TempDir
    Path folder;

    @Test
    void firstSaleOfTheReadmeIsPaid() throws Exception {
        List<String> readme = readme();
        int begin = begin(readme, 1);
        int end = end(readme, begin);
        assertTrue(end < README_LINES_MAX, "the first sale ends in line " + end + " of the README");
        assertTrue(end - begin <= COPIED_LINES_MAX, (end - begin) + " lines to copy");
        String program = String.join("\n", readme.subList(begin, end));

        try (Simulator device = Bench.another()) {
            program = replaced(program, "wss://127.0.0.1:8443/", device.url("wss"));
            program = replaced(program, "root-ca.pem", device.rootCaFile());
            program = replaced(program, "8QW1YS1D", device.setupCode());
            program = replaced(program, "till.pem", folder.resolve("till.pem").toString());
            compile("Sale", program);

            Child child = new Child().with("-Dposlatch.extract=true");
            int exitCode = child.run(Arrays.asList(JAR, Child.jna(), folder), "Sale");
            assertTrue(child.output().endsWith("\npaid\n"), child.output());
            assertTrue(child.output().contains("Present card"), child.output());
            assertEquals(0, exitCode);
            assertTrue(Files.exists(folder.resolve("till.pem")));
        }
    }

    @Test
    void libraryOfTheJarIsNotUnpackedUnasked() throws Exception {
        compile("Version", "public class Version {\n    public static void main(String[] arguments) {\n"
                + "        System.out.println(poslatch.Poslatch.version());\n    }\n}\n");
        List<Path> classPath = Arrays.asList(JAR, Child.jna(), folder);
        Child refused = new Child();
        assertEquals(1, refused.run(classPath, "Version"));
        assertTrue(refused.output().contains("it is in a jar, and may not be written to a file"), refused.output());

        Path kept = folder.resolve("kept");
        Child allowed = new Child().with("-Dposlatch.extract=" + kept);
        assertEquals(0, allowed.run(classPath, "Version"), allowed.output());
        assertTrue(allowed.output().contains(Poslatch.version()), allowed.output());
        assertTrue(Files.isDirectory(kept));
    }

    @Test
    void otherSnippetOfTheReadmeCompiles() throws IOException {
        List<String> readme = readme();
        int begin = begin(readme, 2);
        compile("Snippet", "import poslatch.*;\n\nabstract class Snippet {\n"
                + "    interface Screen {\n        void show(String... lines);\n    }\n\n"
                + "    String pay(Connection connection, String request, String reference, Screen screen) {\n"
                + String.join("\n", readme.subList(begin, end(readme, begin))) + "\n    }\n}\n");
    }

    @Test
    void jarsAreCalledAsTheReadmeCallsThem() throws IOException {
        String readme = String.join("\n", readme());
        for (Path jar : Arrays.asList(JAR, Child.jna())) {
            assertTrue(readme.contains("`" + jar.getFileName() + "`"), "the README does not name " + jar.getFileName());
        }
    }

    @Test
    void jarHoldsTheLicences() throws IOException {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            for (String name : Arrays.asList("META-INF/LICENSE-APACHE", "META-INF/LICENSE-MIT")) {
                assertNotNull(jar.getEntry(name), name);
            }
        }
    }

    private void compile(String name, String program) throws IOException {
        Path source = Files.write(folder.resolve(name + ".java"), program.getBytes(StandardCharsets.UTF_8));
        int exitCode = ToolProvider.getSystemJavaCompiler().run(null, null, null, "--release", "8",
                "-Xlint:all,-options", "-Werror", "-d", folder.toString(), "-cp", JAR.toString(), source.toString());
        assertEquals(0, exitCode, program);
    }

    private static List<String> readme() throws IOException {
        return Files.readAllLines(Paths.get(System.getProperty("poslatch.readme")), StandardCharsets.UTF_8);
    }

    /** The first line of a snippet, counted from 1. */
    private static int begin(List<String> readme, int number) {
        int begin = 0;
        for (int found = 0; found < number; found++) {
            begin += readme.subList(begin, readme.size()).indexOf("```java") + 1;
        }
        return begin;
    }

    private static int end(List<String> readme, int begin) {
        return begin + readme.subList(begin, readme.size()).indexOf("```");
    }

    private static String replaced(String text, String what, String by) {
        assertTrue(text.contains(what), "the README's program has no " + what);
        return text.replace(what, by);
    }
}
