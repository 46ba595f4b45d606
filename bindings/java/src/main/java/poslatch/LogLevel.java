// Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.
package poslatch;

/** Which log records are wanted. */
public enum LogLevel {
    /** Nothing. */
    OFF(0),
    /** Faults of the library itself. */
    ERROR(1),
    /** Failed calls, and what calls for action. */
    WARN(2),
    /** Connections and pairings. */
    INFO(3),
    /** Types, sizes and times of messages. */
    DEBUG(4),
    /** Everything there is. */
    TRACE(5);

    private final int number;

    LogLevel(int number) {
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
    static LogLevel of(int number) {
        for (LogLevel constant : values()) {
            if (constant.number == number) {
                return constant;
            }
        }
        return TRACE;
    }
}
