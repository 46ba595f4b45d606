package poslatch;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Frees the native object of an owner that the garbage collector has taken without its having been closed.
 * Java 8 has no {@code Cleaner}; finalizers run on objects that others can still reach, and hold up the
 * collector.
 */
final class Collected extends PhantomReference<Object> {
    private static final ReferenceQueue<Object> QUEUE = new ReferenceQueue<>();
    /** A reference that is itself collected never arrives in the queue. */
    private static final Set<Collected> WATCHED = ConcurrentHashMap.newKeySet();

    static {
        Thread thread = new Thread(Collected::run, "poslatch-cleaner");
        thread.setDaemon(true);
        // The loader of whoever happened to be first is none of this thread's business.
        thread.setContextClassLoader(null);
        thread.start();
    }

    private final Handle handle;

    private Collected(Object owner, Handle handle) {
        super(owner, QUEUE);
        this.handle = handle;
    }

    static Collected watch(Object owner, Handle handle) {
        Collected collected = new Collected(owner, handle);
        WATCHED.add(collected);
        return collected;
    }

    /** Closes the handle; there is nothing left to watch. */
    void close() {
        WATCHED.remove(this);
        clear();
        handle.close();
    }

    private static void run() {
        while (true) {
            try {
                Collected collected = (Collected) QUEUE.remove();
                WATCHED.remove(collected);
                collected.handle.abandon();
            } catch (InterruptedException e) {
                // Nobody has a reason to interrupt it, and it has nothing else to do.
                continue;
            }
        }
    }
}
