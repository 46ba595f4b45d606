// Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.
package poslatch;

/** What is known about the request of a failed call. */
public enum RequestState {
    /** The call carries no request, or its fate is known. */
    NONE(0),
    /** Not one byte of the request left this machine. It can be made again. */
    NOT_SENT(1),
    /**
     * The request may have reached the device. Never repeat it; look it up by its merchantReferenceCode
     * (TransactionLookupRequest).
     */
    IN_DOUBT(2);

    private final int number;

    RequestState(int number) {
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
    static RequestState of(int number) {
        for (RequestState constant : values()) {
            if (constant.number == number) {
                return constant;
            }
        }
        return IN_DOUBT;
    }
}
