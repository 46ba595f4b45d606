// Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.
package poslatch;

/** What the device knows of a request whose reply was lost. */
public enum RecoveryOutcome {
    /** The request has ended; how, stands in processingDetails.status of the reply. */
    FINAL(1),
    /** The device is still at work on the request. */
    RUNNING(2),
    /** For the whole time, the device knew of no such request, or could not say how it ended. */
    UNKNOWN(3);

    private final int number;

    RecoveryOutcome(int number) {
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
    static RecoveryOutcome of(int number) {
        for (RecoveryOutcome constant : values()) {
            if (constant.number == number) {
                return constant;
            }
        }
        return UNKNOWN;
    }
}
