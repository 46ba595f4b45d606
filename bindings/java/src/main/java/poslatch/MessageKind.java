// Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.
package poslatch;

/** What a message of the device is. */
public enum MessageKind {
    /** Progress (TransactionStatusResponse, OperationStatusResponse). */
    STATUS(1),
    /** Another "...Response", ErrorResponse included. */
    REPLY(2),
    /** A type that the vendor does not document. */
    OTHER(3);

    private final int number;

    MessageKind(int number) {
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
    static MessageKind of(int number) {
        for (MessageKind constant : values()) {
            if (constant.number == number) {
                return constant;
            }
        }
        return OTHER;
    }
}
