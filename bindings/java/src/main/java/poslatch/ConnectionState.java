// Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.
package poslatch;

/** What is known about a connection without asking the device. */
public enum ConnectionState {
    /** Closed by the till, for good. */
    CLOSED(0),
    /** Open, as far as is known without asking the device. */
    OPEN(1),
    /**
     * Dropped by the device or the network, or given up after an exchange in doubt. The next exchange
     * connects again.
     */
    LOST(2),
    /** An exchange is connecting again. */
    CONNECTING(3);

    private final int number;

    ConnectionState(int number) {
        this.number = number;
    }

    /**
     * The number that C has for it.
     *
     * @return the number
     */
    public int number() {
        return number;
    }

    /** A number that is not among the constants comes from a newer library. */
    static ConnectionState of(int number) {
        for (ConnectionState constant : values()) {
            if (constant.number == number) {
                return constant;
            }
        }
        return LOST;
    }
}
