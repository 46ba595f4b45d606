// Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.
package poslatch;

/** How the vendor's cloud is told who asks. */
public enum CloudAuth {
    /** A JSON Web Token, signed with the shared secret (the default). */
    JWT(1),
    /** HTTP Signature over the Date header. The vendor ends it in September 2026. */
    HTTP_SIGNATURE(2),
    /**
     * HTTP Signature over the v-c-date header, for machines behind a proxy that changes Date. The vendor ends
     * it in September 2026.
     */
    HTTP_SIGNATURE_V_DATE(3);

    private final int number;

    CloudAuth(int number) {
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
