package poslatch;

import com.sun.jna.Pointer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The till's status callback for the time of one exchange. C knows it by a number that it hands back: so one
 * function pointer serves for all exchanges and is never collected under a call, and a payment leaves nothing
 * behind.
 */
final class StatusListener {
    static final Abi.OnStatus CALLBACK = StatusListener::dispatch;

    private static final Map<Integer, StatusListener> RUNNING = new ConcurrentHashMap<>();
    private static final AtomicInteger LAST = new AtomicInteger();

    private final int number;
    private final Consumer<String> till;
    private Throwable thrown;

    private StatusListener(int number, Consumer<String> till) {
        this.number = number;
        this.till = till;
    }

    static StatusListener begin(Consumer<String> till) {
        while (true) {
            StatusListener listener = new StatusListener(LAST.incrementAndGet(), till);
            // 0 would be a null pointer; and after 2^32 exchanges the numbers begin again.
            if (listener.number != 0 && RUNNING.putIfAbsent(listener.number, listener) == null) {
                return listener;
            }
        }
    }

    void end() {
        RUNNING.remove(number);
    }

    /** What C hands back. */
    Pointer key() {
        return new Pointer(number);
    }

    /** What the callback threw, or null. */
    Throwable thrown() {
        return thrown;
    }

    /**
     * Throws it without wrapping it: a callback of another language than Java may throw what Java calls
     * checked.
     */
    @SuppressWarnings("unchecked")
    static <T extends Throwable> RuntimeException asItIs(Throwable thrown) throws T {
        throw (T) thrown;
    }

    private static void dispatch(Pointer user, Pointer json, Pointer size) {
        StatusListener listener = RUNNING.get((int) Pointer.nativeValue(user));
        if (listener != null) {
            listener.hear(json, size);
        }
    }

    private void hear(Pointer json, Pointer size) {
        if (thrown != null) {
            return;
        }
        try {
            till.accept(Text.of(json, size));
        } catch (Throwable t) {
            // Nothing may unwind through C, and no payment ends by accident: kept until the exchange has ended.
            thrown = t;
        }
    }
}
