package poslatch;

import com.sun.jna.Pointer;
import java.time.Instant;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * The till's identity: its private key, its certificate chain, and the name of the device that it was paired
 * with. Cannot be changed. The key is wiped from memory when the identity and all connections that use it are
 * closed.
 *
 * <p>Every method throws a {@link PoslatchException} with {@link Status#CLOSED} once the identity is closed.
 */
public final class Identity implements AutoCloseable {
    private final Handle handle;
    private final Collected cleaner;

    Identity(Abi abi, Pointer pointer) {
        handle = new Handle(abi, Handle.Kind.IDENTITY, pointer);
        cleaner = Collected.watch(this, handle);
    }

    /**
     * Reads an identity from a file that {@link #save} wrote without a passphrase.
     *
     * @param path file name
     * @return the identity; an expired one too, whose facts are of use
     * @throws PoslatchException {@link Status#FILE}; {@link Status#PASSPHRASE} if it was saved with one;
     *     {@link Status#IDENTITY_UNUSABLE}
     */
    public static Identity load(String path) {
        return load(path, null);
    }

    /**
     * Reads an identity from a file that {@link #save} wrote.
     *
     * @param path file name
     * @param passphrase the one that it was saved with; null if without. Yours to overwrite afterwards: our
     *     copy is wiped
     * @return the identity; an expired one too, whose facts are of use
     * @throws PoslatchException {@link Status#FILE}; {@link Status#PASSPHRASE}; {@link
     *     Status#IDENTITY_UNUSABLE}
     */
    public static Identity load(String path, char[] passphrase) {
        Call call = new Call();
        byte[] file = Text.terminated("path", path);
        try (Secret secret = Secret.text("passphrase", passphrase)) {
            return new Identity(call.abi, call.object(
                    call.abi.poslatch_identity_load(file, secret.pointer(), call.out, call.error)));
        }
    }

    /**
     * Reads an identity from what {@link #exportPem} gave.
     *
     * @param pem the text, in UTF-8; yours to overwrite afterwards: our copy is wiped
     * @param passphrase the one that it was exported with; null if without
     * @return the identity
     * @throws PoslatchException {@link Status#PASSPHRASE}; {@link Status#IDENTITY_UNUSABLE}
     */
    public static Identity fromPem(byte[] pem, char[] passphrase) {
        Call call = new Call();
        try (Secret text = Secret.bytes(pem); Secret secret = Secret.text("passphrase", passphrase)) {
            return new Identity(call.abi, call.object(call.abi.poslatch_identity_from_pem(
                    text.pointer(), text.size(), secret.pointer(), call.out, call.error)));
        }
    }

    /**
     * Writes the identity to one PEM file that only this user can read. An older file is replaced only when
     * the new one is safe on disk.
     *
     * @param path file name; a symbolic link there is replaced, not followed
     * @param passphrase encrypts the private key; null: not encrypted
     * @throws PoslatchException {@link Status#FILE}; {@link Status#ARGUMENT}
     */
    public void save(String path, char[] passphrase) {
        Call call = new Call();
        byte[] file = Text.terminated("path", path);
        try (Secret secret = Secret.text("passphrase", passphrase)) {
            Pointer identity = handle.enter();
            try {
                call.check(call.abi.poslatch_identity_save(identity, file, secret.pointer(), call.error));
            } finally {
                handle.leave();
            }
        }
    }

    /**
     * Gives the identity out as the text that {@link #save} writes, for tills that keep their keys elsewhere.
     * It holds the private key.
     *
     * @param passphrase encrypts the private key; null: not encrypted
     * @return PEM text in UTF-8; overwrite it when it has served
     * @throws PoslatchException {@link Status#ARGUMENT}
     */
    public byte[] exportPem(char[] passphrase) {
        Call call = new Call();
        try (Secret secret = Secret.text("passphrase", passphrase)) {
            return with(identity -> call.bytes(
                    call.abi.poslatch_identity_export_pem(identity, secret.pointer(), call.out, call.error)));
        }
    }

    /**
     * Gives the identity out as PKCS#12, for programs that take no PEM; {@code
     * KeyStore.getInstance("PKCS12")} reads it from Java 8 on. Its alias is the posId. It holds the private
     * key.
     *
     * <p>What all of them read is encryption of the nineties (Triple DES, SHA-1): choose a passphrase that
     * nobody can guess, and remove the file once it was imported.
     *
     * @param passphrase encrypts key and certificates; not empty. Java's key stores take ASCII only
     * @return the file's content; overwrite it when it has served
     * @throws PoslatchException {@link Status#ARGUMENT}
     */
    public byte[] exportPkcs12(char[] passphrase) {
        Call call = new Call();
        try (Secret secret = Secret.text("passphrase", passphrase)) {
            return with(identity -> call.bytes(
                    call.abi.poslatch_identity_export_pkcs12(identity, secret.pointer(), call.out, call.error)));
        }
    }

    /**
     * The certificate chain: the till's own certificate first, each followed by its issuer, the root last.
     * Holds no secret.
     *
     * @return PEM text
     */
    public String certChain() {
        Call call = new Call();
        return with(identity -> call.text(call.abi.poslatch_get_cert_chain(identity, call.out, call.error)));
    }

    /**
     * The posId under which the till was paired.
     *
     * @return the posId
     */
    public String posId() {
        return text(Abi::poslatch_identity_pos_id);
    }

    /**
     * The name of the device that the till was paired with, in lower case. Only that device can be opened
     * with the identity.
     *
     * @return such as {@code 1850000123.cybs.seclib.io}; empty if the device's certificate held no name
     */
    public String deviceName() {
        return text(Abi::poslatch_identity_device_name);
    }

    /**
     * The serial number of the device that the till was paired with: the first label of its name.
     *
     * @return such as {@code 1850000123}; empty if the device is known by an address, a bare host name or not
     *     at all
     */
    public String serial() {
        return text(Abi::poslatch_identity_serial);
    }

    /**
     * Who issued the till's certificate.
     *
     * @return the issuer's common name, or its organisation where it has none
     */
    public String issuer() {
        return text(Abi::poslatch_identity_issuer);
    }

    /**
     * SHA-256 of the till's certificate.
     *
     * @return 64 lower-case hexadecimal digits
     */
    public String fingerprint() {
        return text(Abi::poslatch_identity_fingerprint);
    }

    /**
     * Start of the till certificate's life.
     *
     * @return the moment
     */
    public Instant notBefore() {
        return moment(Abi::poslatch_identity_not_before);
    }

    /**
     * End of the till certificate's life. There is no renewal but pairing again.
     *
     * @return the moment
     */
    public Instant notAfter() {
        return moment(Abi::poslatch_identity_not_after);
    }

    /**
     * When the first certificate of the till's chain ends. From then on the device refuses the till, even
     * where the till's own certificate lasts longer.
     *
     * @return the moment
     */
    public Instant earliestExpiry() {
        return moment(Abi::poslatch_identity_earliest_expiry);
    }

    /**
     * Whether it is time to pair again, by this machine's clock: two thirds of the till certificate's life
     * have gone, or the chain has expired or will within so many days. A till that asks at each start, with
     * the longest time that it may stay unattended, is never surprised.
     *
     * @param days 0 is allowed
     * @return whether it is time
     * @throws PoslatchException {@link Status#ARGUMENT} if the days are negative
     */
    public boolean needsRenewal(int days) {
        if (days < 0) {
            throw PoslatchException.argument("days", "it is negative: " + days, RequestState.NONE);
        }
        Abi abi = Loader.abi();
        return with(identity -> abi.poslatch_identity_needs_renewal(identity, days) != 0);
    }

    /**
     * Lets the identity go; connections that were opened with it live on. From any thread, as often as you
     * like; later calls throw {@link Status#CLOSED}.
     */
    @Override
    public void close() {
        cleaner.close();
    }

    Handle handle() {
        return handle;
    }

    private String text(BiFunction<Abi, Pointer, Pointer> ask) {
        Abi abi = Loader.abi();
        return with(identity -> Text.of(ask.apply(abi, identity)));
    }

    private Instant moment(BiFunction<Abi, Pointer, Long> ask) {
        Abi abi = Loader.abi();
        return Instant.ofEpochSecond(with(identity -> ask.apply(abi, identity)));
    }

    private <T> T with(Function<Pointer, T> call) {
        Pointer identity = handle.enter();
        try {
            return call.apply(identity);
        } finally {
            handle.leave();
        }
    }
}
