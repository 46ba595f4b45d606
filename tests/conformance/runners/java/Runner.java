import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import poslatch.PoslatchException;

/** The Java runner of the conformance suite: what it is told and what it answers stands in {@code ../../README.md}. */
public final class Runner {
    private final Till till = new Till();
    private final Map<String, FutureTask<Answer>> threads = new ConcurrentHashMap<>();

    public static void main(String[] arguments) throws IOException {
        Runner runner = new Runner();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream out = new PrintStream(System.out, false, "US-ASCII");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.print(runner.answer(new Command(line)) + "\n");
            out.flush();
        }
        runner.till.releaseAll();
    }

    private Answer answer(Command command) {
        switch (command.verb) {
            case "start":
                return start(command.text("thread"), new Command(command.rest));
            case "join":
                return join(command.text("thread"));
            default:
                return guarded(() -> till.act(command));
        }
    }

    private Answer start(String name, Command command) {
        FutureTask<Answer> task = new FutureTask<>(() -> guarded(() -> till.act(command)));
        threads.put(name, task);
        Thread thread = new Thread(task, name);
        // A director that gives up must not have to wait for a payment.
        thread.setDaemon(true);
        thread.start();
        return Answer.ok();
    }

    private Answer join(String name) {
        try {
            return threads.remove(name).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What nobody foresaw is an answer too, so that the case fails and not the suite. */
    private static Answer guarded(Callable<Answer> act) {
        try {
            return act.call();
        } catch (PoslatchException e) {
            return Answer.error(e);
        } catch (Throwable e) {
            e.printStackTrace();
            return Answer.error(-999, 6, 0, 0, 0, e.toString(), "");
        }
    }
}
