package poslatch;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.function.Executable;

/** What many tests stand on: a device, and a till that is paired with it. */
final class Bench {
    /** A net for the case of failure, where nothing should take a second. */
    static final long PATIENCE_SECONDS = 60;

    static final Simulator DEVICE;
    static final Identity IDENTITY;

    private static final Path FOLDER;
    private static final ExecutorService THREADS = Executors.newCachedThreadPool(run -> {
        Thread thread = new Thread(run, "bench");
        thread.setDaemon(true);
        return thread;
    });

    static {
        try {
            FOLDER = Files.createTempDirectory(Paths.get(System.getProperty("java.io.tmpdir")), "bench-");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        DEVICE = another();
        try (Device device = settings(DEVICE).build()) {
            IDENTITY = device.pair("1001", DEVICE.setupCode());
        }
    }

    private Bench() {
    }

    /**
     * A device that is the same to the till as {@link #DEVICE}, to be closed by whoever asks for it.
     *
     * @param switches such as {@code hold_payment=true}: a payment stays at its first step until it is cancelled
     */
    static Simulator another(String... switches) {
        List<String> options = new ArrayList<>();
        for (String value : switches) {
            options.add("--set");
            options.add(value);
        }
        return new Simulator(FOLDER.resolve("device"), options);
    }

    /**
     * Another one, which plays a scenario.
     *
     * @param lines of a file such as {@code simulator/scenarios/default.toml}
     */
    static Simulator playing(String... lines) throws IOException {
        Path scenario = Files.createTempFile(FOLDER, "scenario-", ".toml");
        Files.write(scenario, Arrays.asList(lines));
        return new Simulator(FOLDER.resolve("device"), Arrays.asList("--scenario", scenario.toString()));
    }

    static Device.Builder settings(Simulator device) {
        return Device.builder(device.url("wss")).rootCaFile(device.rootCaFile()).serial(Simulator.SERIAL);
    }

    static Connection connection(Simulator simulator) {
        try (Device device = settings(simulator).build()) {
            return device.openMtls(IDENTITY);
        }
    }

    /**
     * @param reference blanks become dashes, since devices take none
     */
    static String payment(String reference) {
        return "{\"type\":\"PaymentRequest\",\"merchantReferenceCode\":\"" + reference.replace(' ', '-')
                + "\",\"amountDetails\":{\"amount\":\"1.00\",\"currency\":\"USD\"}}";
    }

    static Path file(String name) {
        return FOLDER.resolve(name);
    }

    /** As {@link #file}, for names that Java has no {@code Path} for under a C locale; the library has. */
    static String path(String name) {
        return FOLDER + File.separator + name;
    }

    static Future<?> start(Executable work) {
        return THREADS.submit(() -> {
            try {
                work.execute();
                return null;
            } catch (Exception | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
        });
    }

    /** What it has thrown, or null. */
    static Throwable outcome(Future<?> work) throws InterruptedException, TimeoutException {
        try {
            work.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return null;
        } catch (ExecutionException e) {
            return e.getCause();
        }
    }
}
