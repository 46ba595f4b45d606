package poslatch;

import com.sun.jna.Pointer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/**
 * A payment device as the till's settings describe it: where it is, who it has to be, whom to trust. Cannot
 * be changed, holds no connection, and may be closed while a connection that was opened with it lives on.
 */
public final class Device implements AutoCloseable {
    private final Handle handle;
    private final Collected cleaner;

    private Device(Abi abi, Pointer pointer) {
        handle = new Handle(abi, Handle.Kind.DEVICE, pointer);
        cleaner = Collected.watch(this, handle);
    }

    /**
     * Begins the description of a device.
     *
     * @param url {@code https://} or {@code wss://}, then an IPv4 address, an IPv6 address in brackets or a
     *     name, and the port that the device shows under Generate Code &gt; Details (8443 if left out). With
     *     {@code wss} a payment's status messages arrive while it runs, and it can be cancelled; {@code
     *     https} has neither
     * @return the builder; it judges nothing before {@link Builder#build}
     */
    public static Builder builder(String url) {
        return new Builder(url);
    }

    /**
     * Pairs the till with the device: sends posId and setup code, and gets an identity. Done once; keep the
     * identity with {@link Identity#save}.
     *
     * <p>The code is sent only after the device has proven who it is. The device shows a new code every 300
     * s, so have everything else ready before it is asked for. Blocks for at most the connect and the pairing
     * time-out together; {@link #interrupt} ends it earlier.
     *
     * @param posId your name for this till, unique in the shop; digits are safest
     * @param setupCode the eight characters on the device's screen; spaces around them are ignored
     * @return the till's private key with its certificates
     * @throws PoslatchException {@link Status#CODE_MALFORMED} before anything is dialled; {@link
     *     Status#WRONG_DEVICE}, {@link Status#UNKNOWN_ISSUER} and others of {@link Category#TRUST}, with
     *     nothing sent; {@link Status#PAIRING_REJECTED} with the device's words: ask for a new code; {@link
     *     Status#PAIRING_REPLY_LOST}: take the code as spent; {@link Status#CANCELLED}; {@link Status#CLOSED}
     */
    public Identity pair(String posId, String setupCode) {
        Call call = new Call();
        byte[] name = Text.terminated("posId", posId);
        byte[] code = Text.terminated("setupCode", setupCode);
        Pointer device = handle.enter();
        try {
            return new Identity(call.abi,
                    call.object(call.abi.poslatch_pair(device, name, code, call.out, call.error)));
        } finally {
            handle.leave();
        }
    }

    /** Told how far a search has come. */
    @FunctionalInterface
    public interface Progress {
        /**
         * Called on the thread that searches, first with nothing tried. What it throws ends the search.
         *
         * @param tried addresses that have been asked, answered or not
         * @param total addresses there are to ask
         */
        void tried(int tried, int total);
    }

    /**
     * Finds the device again whose address has changed: asks every address that it could have for its
     * certificate, and gives the URL of the one that proves to be the device. Nothing but the TLS handshake
     * is sent to anybody.
     *
     * <p>Blocks for 4.4 s where nobody of 254 addresses answers; {@link #interrupt} ends it earlier.
     *
     * @param identity that was paired with the device; null: the {@link Builder#serial} says who is looked
     *     for
     * @param subnets subnets and single addresses, such as {@code "192.168.1.0/24,192.168.2.17"}, at most
     *     4096 addresses; null: this machine's own /24, if it is a private one
     * @param progress told on this thread how far it is; what it throws ends the search and comes out of this
     *     method; null: nobody is
     * @return its URL, such as {@code wss://192.168.1.57:8443/}, ready for {@link #builder}
     * @throws PoslatchException {@link Status#DEVICE_NOT_FOUND}, whose advice names other devices that
     *     answered; {@link Status#ARGUMENT} if neither identity nor serial says who is looked for, or the
     *     subnets will not do; {@link Status#CANCELLED}; {@link Status#CLOSED} if device or identity is closed
     */
    public String find(Identity identity, String subnets, Progress progress) {
        Call call = new Call();
        byte[] list = Text.terminated("subnets", subnets);
        return with(identity, (device, known) -> {
            SearchListener listener = progress == null ? null : SearchListener.begin(progress);
            try {
                return call.text(call.abi.poslatch_find_device(device, known, list,
                        listener == null ? null : SearchListener.CALLBACK, null, call.out, call.error));
            } catch (PoslatchException failure) {
                if (listener != null && listener.thrown() != null) {
                    throw StatusListener.<RuntimeException>asItIs(listener.thrown());
                }
                throw failure;
            } finally {
                if (listener != null) {
                    listener.end();
                }
            }
        });
    }

    /**
     * Opens a mutual-TLS connection: the device proves that it is the one that the identity was paired with,
     * whatever its address now, and the till shows its certificate. Success means that the device has
     * accepted it.
     *
     * <p>Blocks for at most the connect time-out; {@link #interrupt} ends it earlier.
     *
     * @param identity what {@link #pair} gave
     * @return the connection; close it when the till ends
     * @throws PoslatchException {@link Status#REFUSED} and others of {@link Category#NETWORK}: try again
     *     later; {@link Status#WRONG_DEVICE}, {@link Status#TILL_CERTIFICATE_REJECTED} and others of {@link
     *     Category#TRUST}: do not try again by yourself; {@link Status#CANCELLED}; {@link Status#CLOSED} if
     *     device or identity is closed
     */
    public Connection openMtls(Identity identity) {
        Call call = new Call();
        return with(identity, (device, shown) -> new Connection(call.abi,
                call.object(call.abi.poslatch_open_mtls(device, shown, call.out, call.error))));
    }

    /**
     * Opens a connection without a till certificate, for a device whose Security setting is TLS. The device
     * is verified exactly as otherwise. A device set to mTLS lets such a connection do nothing but pair.
     *
     * @return the connection; close it when the till ends
     * @throws PoslatchException as {@link #openMtls}
     */
    public Connection openTls() {
        Call call = new Call();
        Pointer device = handle.enter();
        try {
            return new Connection(call.abi,
                    call.object(call.abi.poslatch_open_tls(device, call.out, call.error)));
        } finally {
            handle.leave();
        }
    }

    /**
     * Looks at everything between this till and the device: the network, TLS, certificates (also untrusted
     * ones), the device's name, the clocks, whether it accepts the till. For a support desk. Sends no payment,
     * no pairing request and no code, and nothing to a server that has not passed.
     *
     * <p>Blocks for at most three connect time-outs and 4 s; {@link #interrupt} ends it earlier. Not while a
     * payment is on its way.
     *
     * @param identity as which till; null as one that wants to pair
     * @return a JSON object with {@code verdict} ({@code ok}, {@code warning} or {@code failed}), {@code cause},
     *     {@code screen} (for people) and {@code steps}; docs/probe.md lists all. What device and network do is
     *     told there, not thrown
     * @throws PoslatchException {@link Status#CANCELLED}; {@link Status#CLOSED} if device or identity is closed
     */
    public String probe(Identity identity) {
        Call call = new Call();
        return with(identity, (device, shown) ->
                call.text(call.abi.poslatch_probe(device, shown, call.out, call.error)));
    }

    /** Makes a call with this device and an identity, or null; neither is freed before it has returned. */
    private <T> T with(Identity identity, BiFunction<Pointer, Pointer, T> call) {
        Pointer device = handle.enter();
        try {
            Handle other = identity == null ? null : identity.handle();
            Pointer known = other == null ? null : other.enter();
            try {
                return call.apply(device, known);
            } finally {
                if (other != null) {
                    other.leave();
                }
            }
        } finally {
            handle.leave();
        }
    }

    /**
     * Makes the calls of {@link #pair}, {@link #openMtls}, {@link #openTls}, {@link #probe} and {@link #find}
     * that run on this device now throw {@link Status#CANCELLED}, within 200 ms. Later calls and open
     * connections are not touched. From any thread, as often as you like.
     *
     * @throws PoslatchException {@link Status#CLOSED}
     */
    public void interrupt() {
        Abi abi = Loader.abi();
        Pointer device = handle.enter();
        try {
            abi.poslatch_device_interrupt(device);
        } finally {
            handle.leave();
        }
    }

    /**
     * What stands in the device's journal: the requests whose end the till does not know, the oldest first.
     * While exchanges run, theirs are among them.
     *
     * @return a JSON array of objects with the strings {@code reference}, {@code type}, {@code device} and
     *     {@code time}
     * @throws PoslatchException {@link Status#ARGUMENT} if no journal was set; {@link Status#FILE} if it
     *     cannot be read; {@link Status#CLOSED}
     */
    public String journalPending() {
        Call call = new Call();
        Pointer device = handle.enter();
        try {
            return call.text(call.abi.poslatch_device_journal_pending(device, call.out, call.error));
        } finally {
            handle.leave();
        }
    }

    /**
     * Strikes every request with this reference out of the device's journal: the till knows how it ended. One
     * that {@link Connection#recover(String)} finds final is struck out already.
     *
     * @param reference a merchantReferenceCode; one that does not stand there is no error
     * @throws PoslatchException {@link Status#ARGUMENT} if no journal was set; {@link Status#FILE} if it
     *     cannot be written; {@link Status#CLOSED}
     */
    public void journalForget(String reference) {
        Call call = new Call();
        byte[] struck = Text.terminated("reference", reference);
        Pointer device = handle.enter();
        try {
            call.check(call.abi.poslatch_device_journal_forget(device, struck, call.error));
        } finally {
            handle.leave();
        }
    }

    /**
     * Lets the description go. Calls that wait on it are interrupted; connections that were opened with it
     * live on. From any thread, as often as you like; later calls throw {@link Status#CLOSED}.
     */
    @Override
    public void close() {
        cleaner.close();
    }

    Handle handle() {
        return handle;
    }

    /** The settings of a device. Takes everything as it comes; {@link #build} judges it. */
    public static final class Builder {
        /** A setter of C, with its arguments. */
        private interface Setting {
            int set(Abi abi, Pointer device, long[] error);
        }

        private final String url;
        /** In the order in which they were given: where two are about the same, the later one counts. */
        private final List<Setting> settings = new ArrayList<>();

        private Builder(String url) {
            this.url = url;
        }

        /**
         * Loads the Root CA chain that the merchant downloaded: PEM, or the JSON object with {@code
         * certificateChain}. Needed before anything can be opened.
         *
         * @param path file name; a {@code String}, since Java cannot name every file by a {@code Path} under
         *     a C locale
         * @return this
         */
        public Builder rootCaFile(String path) {
            return add((abi, device, error) -> abi.poslatch_device_set_root_ca_file(
                    device, Text.terminated("rootCaFile", path), error));
        }

        /**
         * Takes the Root CA chain from memory, in the forms of {@link #rootCaFile}.
         *
         * @param pem what {@link RootCa#fetch(String, String, String, char[])} gave, or what was downloaded
         * @return this
         */
        public Builder rootCaPem(String pem) {
            return add((abi, device, error) -> {
                byte[] bytes = Text.sized("rootCaPem", pem);
                return abi.poslatch_device_set_root_ca_pem(device, bytes, Text.size(bytes), error);
            });
        }

        /**
         * Expects exactly the device with this serial number; the same as {@link IdentityCheck#NAME}. After
         * pairing it is not needed: the identity remembers its device.
         *
         * @param serial as the device's About screen shows it, or a whole DNS name; case does not matter
         * @return this
         */
        public Builder serial(String serial) {
            return add((abi, device, error) -> abi.poslatch_device_set_serial(
                    device, Text.terminated("serial", serial), error));
        }

        /**
         * Sets how the device has to prove that it is the right one when no identity remembers it: at the
         * first pairing, and in {@link Device#openTls}. There is no check that accepts anything. Default:
         * {@link IdentityCheck#DOMAIN}.
         *
         * @param check the check
         * @return this
         */
        public Builder identityCheck(IdentityCheck check) {
            return identityCheck(check, null);
        }

        /**
         * As {@link #identityCheck(IdentityCheck)}, for the checks that take a name.
         *
         * @param check the check
         * @param name for {@link IdentityCheck#NAME} the serial number or DNS name; for {@link
         *     IdentityCheck#DOMAIN} the domain under which devices are named, or null to keep it; null for
         *     the others
         * @return this
         */
        public Builder identityCheck(IdentityCheck check, String name) {
            return add((abi, device, error) -> abi.poslatch_device_set_identity_check(
                    device, check == null ? 0 : check.number(), Text.terminated("name", name), error));
        }

        /**
         * Limits resolving, connecting, TLS and WebSocket together. Default: 10 s.
         *
         * @param limit at most a day; null or zero: the default
         * @return this
         */
        public Builder connectTimeout(Duration limit) {
            return timeout(Timeout.CONNECT, "connectTimeout", limit);
        }

        /**
         * Limits the wait for the device's reply to a pairing request. Default: 30 s.
         *
         * @param limit at most a day; null or zero: the default
         * @return this
         */
        public Builder pairingTimeout(Duration limit) {
            return timeout(Timeout.PAIRING, "pairingTimeout", limit);
        }

        /**
         * Limits a whole exchange, however much the device says meanwhile. Default: none.
         *
         * @param limit at most a day; null or zero: the default
         * @return this
         */
        public Builder exchangeTimeout(Duration limit) {
            return timeout(Timeout.EXCHANGE, "exchangeTimeout", limit);
        }

        /**
         * Sets how a quiet {@code wss} connection is watched: a ping after each span of silence, and the
         * device is taken to be gone after so many pings without an answer and one more span. Default: 10 s
         * and 2, so that a device that is gone is noticed after 30 s.
         *
         * @param ping at most a day; null or zero sends no pings
         * @param missedMax at least 1
         * @return this
         */
        public Builder keepAlive(Duration ping, int missedMax) {
            return add((abi, device, error) -> {
                if (missedMax < 0) {
                    throw PoslatchException.argument("missedMax", "it is negative: " + missedMax, RequestState.NONE);
                }
                return abi.poslatch_device_set_keep_alive(
                        device, Millis.of("ping", ping, RequestState.NONE), missedMax, error);
            });
        }

        /**
         * Writes each request with a merchantReferenceCode down in a file before it is sent, and strikes it
         * out at its final reply. A till that died in between finds what it does not know with {@link
         * Device#journalPending}. Default: no journal.
         *
         * @param path the file, which is made if it is not there; its folder must exist. Any number of
         *     devices, threads and processes of one user may share a file; null ends the writing
         * @return this
         */
        public Builder journal(String path) {
            return add((abi, device, error) -> abi.poslatch_device_set_journal(
                    device, Text.terminated("journal", path), error));
        }

        /**
         * Makes the device. Does not block, but for reading the files that are named.
         *
         * @return the device; close it when it is not needed any more
         * @throws PoslatchException {@link Status#ARGUMENT} if a setting has a form that will not do; {@link
         *     Status#FILE} if a file cannot be read; {@link Status#ROOT_CA_UNUSABLE} with what is wrong in
         *     which block
         * @throws UnsatisfiedLinkError if there is no native library that fits
         */
        public Device build() {
            Call call = new Call();
            Pointer pointer = call.object(
                    call.abi.poslatch_device_new(Text.terminated("url", url), call.out, call.error));
            Device device = new Device(call.abi, pointer);
            try {
                for (Setting setting : settings) {
                    call.check(setting.set(call.abi, pointer, call.error));
                }
            } catch (Throwable unusable) {
                device.close();
                throw unusable;
            }
            return device;
        }

        private Builder timeout(Timeout which, String name, Duration limit) {
            return add((abi, device, error) -> abi.poslatch_device_set_timeout_ms(
                    device, which.number(), Millis.of(name, limit, RequestState.NONE), error));
        }

        private Builder add(Setting setting) {
            settings.add(setting);
            return this;
        }
    }
}
