package poslatch;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A running simulator program. It ends with this process, whose end is the end of its input. */
final class Simulator implements AutoCloseable {
    static final String SERIAL = "1850000123";

    /** A net for the case of failure: long enough for a debug build that makes RSA keys on a loaded machine. */
    private static final long PATIENCE_SECONDS = 60;

    private final Process process;
    private final List<String> events = new ArrayList<>();
    private final String address;
    private final String screenUrl;
    private final Path rootCaFile;

    /**
     * @param state where its keys and paired tills are kept; two devices with one state are the same to a till
     * @param options of the program, such as {@code --set hold_payment=true}
     */
    Simulator(Path state, List<String> options) {
        try {
            rootCaFile = Files.createTempFile(state.getParent(), "root-ca-", ".pem");
            List<String> command = new ArrayList<>(Arrays.asList(program(),
                    "--listen", "127.0.0.1:0", "--serial", SERIAL, "--json", "--until-eof", "--step-pause", "0",
                    "--state", state.toString(),
                    "--root-ca-out", rootCaFile.toString()));
            command.addAll(options);
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        } catch (IOException e) {
            throw new AssertionError("the simulator cannot be started", e);
        }
        Thread reader = new Thread(this::read, "simulator");
        reader.setDaemon(true);
        reader.start();
        String ready = await("\"event\":\"ready\"");
        address = member(ready, "address");
        screenUrl = member(ready, "screenUrl");
    }

    String url(String scheme) {
        return scheme + "://" + address + "/";
    }

    String rootCaFile() {
        return rootCaFile.toString();
    }

    /** The code that the device shows now: the newest one. */
    synchronized String setupCode() {
        await("\"event\":\"code\"");
        for (int i = events.size() - 1; ; i--) {
            if (events.get(i).contains("\"event\":\"code\"")) {
                return member(events.get(i), "code");
            }
        }
    }

    /** The first event of the whole run that holds these words. */
    synchronized String await(String words) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            for (String event : events) {
                if (event.contains(words)) {
                    return event;
                }
            }
            long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (left <= 0) {
                throw new AssertionError("the device did not report " + words + "; it reported " + events);
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    /**
     * What a person does on its screen, by the control API.
     *
     * @param path such as {@code display/cancel}
     * @return the answer
     */
    String press(String path) throws IOException {
        HttpURLConnection http =
                (HttpURLConnection) new URL(screenUrl + "api/" + path).openConnection(Proxy.NO_PROXY);
        http.setRequestProperty("Content-Type", "application/json");
        http.setDoOutput(true);
        http.getOutputStream().write('{');
        http.getOutputStream().write('}');
        try (BufferedReader answer =
                new BufferedReader(new InputStreamReader(http.getInputStream(), StandardCharsets.UTF_8))) {
            return answer.readLine();
        }
    }

    @Override
    public void close() {
        process.destroy();
    }

    private void read() {
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                synchronized (this) {
                    events.add(line);
                    notifyAll();
                }
            }
        } catch (IOException e) {
            // Its end; who waits for an event says which one is missing.
            return;
        }
    }

    private static String member(String json, String name) {
        Matcher matcher = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        if (!matcher.find()) {
            throw new AssertionError("no " + name + " in " + json);
        }
        return matcher.group(1);
    }

    private static String program() {
        String program = System.getenv("POSLATCH_SIMULATOR");
        if (program == null || !new File(program).isFile()) {
            throw new AssertionError("the environment variable POSLATCH_SIMULATOR has to name the simulator program,"
                    + " not \"" + program + "\"; `cargo xtask test java` sets it");
        }
        return program;
    }
}
