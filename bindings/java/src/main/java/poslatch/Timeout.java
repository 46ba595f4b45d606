// Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.
package poslatch;

/** Which wait is limited. */
enum Timeout {
    /** Resolving, connecting, TLS and WebSocket together. Default: 10000 ms. */
    CONNECT(1),
    /** The device's reply to a pairing request. Default: 30000 ms. */
    PAIRING(2),
    /** A whole exchange, however much the device says meanwhile. Default: none. */
    EXCHANGE(3);

    private final int number;

    Timeout(int number) {
        this.number = number;
    }

    /**
     * The number that C has for it.
     *
     * @return the number
     */
    int number() {
        return number;
    }
}
