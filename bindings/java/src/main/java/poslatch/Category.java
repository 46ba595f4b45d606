// Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.
package poslatch;

/** What to branch on after a failure. */
public enum Category {
    /** The call or its input is at fault. Mend the program or the setting. */
    USAGE(1),
    /** The network or the device's power is at fault. May pass by itself. */
    NETWORK(2),
    /** Who is who is in question. Do not retry; fetch a person. */
    TRUST(3),
    /** The device said no, or said something that cannot be used. */
    DEVICE(4),
    /** Another thread asked for it. */
    CANCELLED(5),
    /** Report it to the makers of the library. */
    INTERNAL(6),
    /** A number that these classes do not know: the library is newer than they are. */
    UNKNOWN(Integer.MIN_VALUE);

    private final int number;

    Category(int number) {
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
    static Category of(int number) {
        for (Category constant : values()) {
            if (constant.number == number) {
                return constant;
            }
        }
        return UNKNOWN;
    }
}
