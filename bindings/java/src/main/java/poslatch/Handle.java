package poslatch;

import com.sun.jna.Pointer;
import java.util.function.BiConsumer;

/**
 * A native object with the calls that run on it. It is freed once, by whoever is the last to need it: the one
 * who closes it, the last call that was running then, or the {@link Collected} thread.
 *
 * <p>It never refers to the object of Java that owns it, or that could never be collected.
 */
final class Handle {
    /** What there is to close, with the way to wake who waits in it, and to free it. */
    enum Kind {
        DEVICE("device", "Make a new one with Device.builder.", Abi::poslatch_device_interrupt,
                Abi::poslatch_device_free),
        IDENTITY("identity", "Load it again.", (abi, pointer) -> { }, Abi::poslatch_identity_free),
        CONNECTION("connection", "Open a new connection.", Abi::poslatch_connection_close,
                Abi::poslatch_connection_free);

        private final String word;
        private final String advice;
        private final BiConsumer<Abi, Pointer> wake;
        private final BiConsumer<Abi, Pointer> free;

        Kind(String word, String advice, BiConsumer<Abi, Pointer> wake, BiConsumer<Abi, Pointer> free) {
            this.word = word;
            this.advice = advice;
            this.wake = wake;
            this.free = free;
        }
    }

    private final Abi abi;
    private final Kind kind;
    private final Pointer pointer;
    private int calls;
    private boolean closed;

    Handle(Abi abi, Kind kind, Pointer pointer) {
        this.abi = abi;
        this.kind = kind;
        this.pointer = pointer;
    }

    /** Begins a call; {@link #leave} ends it. The pointer is good until then. */
    Pointer enter() {
        return enter(RequestState.NOT_SENT);
    }

    /**
     * @param state what is known about the request if the object is closed
     */
    synchronized Pointer enter(RequestState state) {
        if (closed) {
            throw PoslatchException.closed(kind.word, kind.advice, state);
        }
        calls++;
        return pointer;
    }

    void leave() {
        boolean isLast;
        synchronized (this) {
            calls--;
            isLast = closed && calls == 0;
        }
        if (isLast) {
            kind.free.accept(abi, pointer);
        }
    }

    /** As {@link #enter()}, but null if it is closed; then there is nothing to leave. */
    synchronized Pointer enterIfOpen() {
        return closed ? null : enter();
    }

    /** Wakes the calls that wait; no others begin. */
    void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            // Ours: nobody frees it while it wakes the others.
            calls++;
        }
        try {
            kind.wake.accept(abi, pointer);
        } finally {
            leave();
        }
    }

    /**
     * Closes it without a word to the calls that run: the virtual machine may take an object for unreachable
     * while one of its methods waits for a payment, and that must not end the payment.
     */
    void abandon() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            calls++;
        }
        leave();
    }
}
