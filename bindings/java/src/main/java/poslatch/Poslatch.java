package poslatch;

import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Native;
import com.sun.jna.Pointer;

/** The library as a whole: its version, and its log. */
public final class Poslatch {
    /** As C calls it; kept here for as long as C may call it. */
    private static final Abi.OnLog ON_LOG = Poslatch::record;
    /** Whether this thread is inside the log handler, and may not wait for another one that sets it. */
    private static final ThreadLocal<Boolean> LOGGING = ThreadLocal.withInitial(() -> Boolean.FALSE);
    private static final Object SETTING = new Object();

    private static volatile LogHandler handler;

    private Poslatch() {
    }

    /**
     * The native library's version and crypto provider.
     *
     * @return such as {@code poslatch 0.1.0 (ring)}
     * @throws UnsatisfiedLinkError if there is no native library that fits
     */
    public static String version() {
        return Text.of(Loader.abi().poslatch_version_string());
    }

    /**
     * The name of a status, also of one that these classes do not know.
     *
     * @param number a number, as {@link PoslatchException#statusNumber} gives it
     * @return such as {@code WRONG_DEVICE}; {@code UNKNOWN} if the library does not know it either
     */
    public static String statusName(int number) {
        return Text.of(Loader.abi().poslatch_status_name(number));
    }

    /**
     * Sets where log records go, in place of the former handler. The library is silent until then, and writes
     * nothing to standard output or standard error by itself.
     *
     * <p>When this returns, the former handler is not running and will not be called again; so do not hold a
     * lock here that the handler takes. From any thread.
     *
     * @param level records of this level and above
     * @param handler null for silence
     * @throws PoslatchException {@link Status#BUSY} if called from within a log handler; {@link
     *     Status#ARGUMENT} without a level
     */
    public static void setLog(LogLevel level, LogHandler handler) {
        if (level == null) {
            throw PoslatchException.argument("level", "it is missing", RequestState.NONE);
        }
        Call call = new Call();
        if (LOGGING.get()) {
            // Refused by the library, and without our lock: its owner may be waiting for this very handler to return.
            call.check(call.abi.poslatch_log_set(level.number(), null, null, call.error));
            return;
        }
        synchronized (SETTING) {
            // Silence in between, or the old level would reach the new handler.
            call.check(call.abi.poslatch_log_set(LogLevel.OFF.number(), null, null, call.error));
            Poslatch.handler = handler;
            if (handler != null) {
                // Threads of the library are no reason for a virtual machine to go on, and leave it after each record.
                Native.setCallbackThreadInitializer(ON_LOG, new CallbackThreadInitializer(true, true, "poslatch"));
                call.check(call.abi.poslatch_log_set(level.number(), ON_LOG, null, call.error));
            }
        }
    }

    private static void record(Pointer user, int level, Pointer message) {
        LogHandler till = handler;
        if (till == null) {
            return;
        }
        LOGGING.set(Boolean.TRUE);
        try {
            till.log(LogLevel.of(level), Text.of(message));
        } catch (Throwable t) {
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, t);
        } finally {
            LOGGING.remove();
        }
    }
}
