package poslatch;

/** Takes the log records of the library; {@link Poslatch#setLog} sets it. */
@FunctionalInterface
public interface LogHandler {
    /**
     * Called for each record, on whatever thread the record is made; the call that is being logged waits for
     * it. It must not wait for a thread that may be calling this library. What it throws goes to the thread's
     * handler for uncaught exceptions, and touches nothing else.
     *
     * @param level how important it is
     * @param message one line, with facts; never a key, a code, a passphrase or the content of a message
     */
    void log(LogLevel level, String message);
}
