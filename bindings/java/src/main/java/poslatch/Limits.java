// Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.
package poslatch;

/** What is so unless something else is asked for, and how far things go. */
public final class Limits {
    /**
     * Quiet time before a ping, and between pings, when {@link Device.Builder#keepAlive} was not called:
     * 10000 ms.
     */
    public static final int PING_DEFAULT_MS = 10000;

    /** Pings that may stay unanswered when {@link Device.Builder#keepAlive} was not called: 2. */
    public static final int PINGS_MISSED_DEFAULT = 2;

    /** Silence that an exchange allows when it is given none: 180000 ms. */
    public static final int SILENCE_DEFAULT_MS = 180000;

    /** Time that {@link Connection#recover(String)} asks: 60000 ms. */
    public static final int PATIENCE_DEFAULT_MS = 60000;

    /** Size of the largest request that the library sends, in bytes: 1 MiB. */
    public static final int JSON_BYTES_MAX = 1048576;

    /** Major version of the ABI: a library with another one does not fit these classes. */
    public static final int ABI_MAJOR = 0;

    /** Minor version of the ABI: a library with a higher one fits these classes too. */
    public static final int ABI_MINOR = 4;

    private Limits() {
    }
}
