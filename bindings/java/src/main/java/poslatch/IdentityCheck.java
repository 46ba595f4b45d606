// Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.
package poslatch;

/** How a device has to prove that it is the right one. */
public enum IdentityCheck {
    /** Exactly this serial number, or this whole DNS name. */
    NAME(1),
    /** Any single-label name under the device domain (the default). */
    DOMAIN(2),
    /** The certificate has to cover the host of the URL. */
    ADDRESS(3),
    /**
     * Any certificate under the Root CA chain. Weak: the chain belongs to a large company that also issues
     * certificates to others than payment devices.
     */
    CHAIN_ONLY(4);

    private final int number;

    IdentityCheck(int number) {
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
}
