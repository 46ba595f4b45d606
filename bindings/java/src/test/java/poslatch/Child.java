package poslatch;

import com.sun.jna.Native;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A virtual machine of its own, as a till would start it. */
final class Child {
    private final List<String> options = new ArrayList<>();
    private final ProcessBuilder builder = new ProcessBuilder();
    private String output;

    /** The environment; at first without what names the library. */
    Map<String, String> environment() {
        return builder.environment();
    }

    Child() {
        environment().remove("POSLATCH_LIBRARY");
        // Cargo points what it starts to its own builds.
        environment().remove("LD_LIBRARY_PATH");
        // Nothing of JNA's is left outside the target folder.
        options.add("-Djna.tmpdir=" + System.getProperty("jna.tmpdir"));
        options.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
    }

    Child with(String... more) {
        options.addAll(Arrays.asList(more));
        return this;
    }

    /** Runs it to its end; returns its exit code. */
    int run(List<Path> classPath, String main, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.add("-cp");
        List<String> places = new ArrayList<>();
        classPath.forEach(place -> places.add(place.toString()));
        command.add(String.join(File.pathSeparator, places));
        command.add(main);
        command.addAll(Arrays.asList(arguments));
        Path said = Files.createTempFile("child-", ".txt");
        Process process = builder.command(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
        try {
            if (!process.waitFor(Bench.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError(command + " does not end");
            }
        } finally {
            process.destroyForcibly();
        }
        output = new String(Files.readAllBytes(said), StandardCharsets.UTF_8);
        Files.delete(said);
        return process.exitValue();
    }

    String output() {
        return output;
    }

    /** Where a class was loaded from. */
    static Path origin(Class<?> loaded) {
        try {
            return Paths.get(loaded.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    static Path jna() {
        return origin(Native.class);
    }
}
