// Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.
package poslatch;

/** How a call ended. The numbers are stable: later versions add to them. */
public enum Status {
    /** The call did what it was asked for. */
    OK(0),
    /** An argument is missing or has the wrong form. */
    ARGUMENT(-1),
    /** The setup code does not have eight characters. */
    CODE_MALFORMED(-2),
    /** The object was closed before. */
    CLOSED(-3),
    /** Another call is using the connection. */
    BUSY(-4),
    /** The request is not a JSON object with a string "type"; nothing was sent. */
    REQUEST_NOT_JSON(-5),
    /** The request is larger than the library sends; nothing was sent. */
    REQUEST_TOO_LARGE(-6),
    /** A file could not be read or written. */
    FILE(-7),
    /** The passphrase of an identity is missing or wrong. */
    PASSPHRASE(-8),
    /** The Root CA chain is missing or cannot serve as one. */
    ROOT_CA_UNUSABLE(-9),
    /** The identity file or text does not hold a usable identity. */
    IDENTITY_UNUSABLE(-10),
    /** The host name of the address could not be resolved. */
    NAME_NOT_RESOLVED(-100),
    /** The host answered, but nothing listens on the port. */
    REFUSED(-101),
    /** There is no way through the network to the host. */
    UNREACHABLE(-102),
    /** The connection was not up within the connect time-out. */
    CONNECT_TIMEOUT(-103),
    /** The device closed or reset the connection. */
    PEER_CLOSED(-104),
    /** The device stayed silent for longer than allowed. */
    RESPONSE_TIMEOUT(-105),
    /** The device does not answer any more: switched off, out of reach, or hung. */
    PEER_SILENT(-106),
    /** Nobody at the addresses that were searched has proven to be the device. */
    DEVICE_NOT_FOUND(-107),
    /** The other side does not speak TLS. */
    NOT_TLS(-200),
    /** The two sides have no TLS version or cipher in common. */
    TLS_VERSION(-201),
    /** The device's certificate was not issued under the Root CA chain. */
    UNKNOWN_ISSUER(-202),
    /** The device's certificate has expired, by this machine's clock. */
    DEVICE_CERTIFICATE_EXPIRED(-203),
    /** The device's certificate is not valid yet, by this machine's clock. */
    DEVICE_CERTIFICATE_NOT_YET_VALID(-204),
    /** The device's certificate cannot be used for a server. */
    DEVICE_CERTIFICATE_UNUSABLE(-205),
    /** A genuine certificate, but of another device than the expected one. */
    WRONG_DEVICE(-206),
    /** The device does not accept the till's certificate. */
    TILL_CERTIFICATE_REJECTED(-207),
    /** The device does not accept the till's certificate, which has expired. */
    TILL_CERTIFICATE_EXPIRED(-208),
    /** The device wants a till certificate where none can be shown. */
    TILL_CERTIFICATE_REQUIRED(-209),
    /** The TLS handshake failed for a reason that has no status of its own. */
    TLS_FAILED(-210),
    /** The device refused to pair. */
    PAIRING_REJECTED(-300),
    /** The device's pairing reply does not hold a usable key and certificate chain. */
    PAIRING_REPLY_UNUSABLE(-301),
    /**
     * The pairing request may have reached the device, but no whole reply came back: take the setup code as
     * spent.
     */
    PAIRING_REPLY_LOST(-302),
    /** The vendor's cloud does not accept the merchant's API credentials. */
    CLOUD_AUTHENTICATION(-303),
    /** The device answered with an HTTP status that is not the expected one. */
    HTTP_STATUS(-400),
    /** The device sent more than the library accepts. */
    REPLY_TOO_LARGE(-401),
    /** The device sent a message that is not a JSON object with a string "type". */
    REPLY_NOT_JSON(-402),
    /** The device broke the rules of HTTP or WebSocket. */
    PROTOCOL_VIOLATION(-403),
    /** The call was interrupted, or the connection closed, from another thread. */
    CANCELLED(-900),
    /** A fault of the library itself. */
    INTERNAL(-999),
    /** A number that these classes do not know: the library is newer than they are. */
    UNKNOWN(Integer.MIN_VALUE);

    private final int number;

    Status(int number) {
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
    static Status of(int number) {
        for (Status constant : values()) {
            if (constant.number == number) {
                return constant;
            }
        }
        return UNKNOWN;
    }
}
