package poslatch;

import com.sun.jna.Pointer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * An open connection to one device. It pings, notices a device that is gone, and connects again before the
 * next request by itself, so a till keeps one for as long as it runs. Any number of threads may use it, under
 * the rules that each method states.
 */
public final class Connection implements AutoCloseable {
    private final Handle handle;
    private final Collected cleaner;
    /** The reply of an exchange whose status callback threw. */
    private final AtomicReference<String> unclaimed = new AtomicReference<>();
    /** What was found at the opening; told after the close, too. */
    private final String serverName;
    private final String tlsVersion;

    Connection(Abi abi, Pointer pointer) {
        handle = new Handle(abi, Handle.Kind.CONNECTION, pointer);
        cleaner = Collected.watch(this, handle);
        serverName = Text.of(abi.poslatch_connection_server_name(pointer));
        tlsVersion = Text.of(abi.poslatch_connection_tls_version(pointer));
    }

    /**
     * As {@link #exchange(String, Duration, Consumer)}, with the usual time of silence and without status
     * messages.
     *
     * @param json one JSON object with a string {@code type}
     * @return the device's reply
     * @throws PoslatchException as there
     */
    public String exchange(String json) {
        return exchange(json, null, null);
    }

    /**
     * As {@link #exchange(String, Duration, Consumer)}, with the usual time of silence.
     *
     * @param json one JSON object with a string {@code type}
     * @param onStatus gets the device's status messages, on this thread
     * @return the device's reply
     * @throws PoslatchException as there
     */
    public String exchange(String json, Consumer<String> onStatus) {
        return exchange(json, null, onStatus);
    }

    /**
     * Sends one request and waits for its final reply: the message of the matching type, or an {@code
     * ErrorResponse}. What else arrives meanwhile, status messages above all, goes to the callback.
     *
     * <p>One exchange at a time on a connection. Another thread, or the callback, may meanwhile {@link #send}
     * a CancelRequest, or {@link #close} the connection. Over {@code https} there are no status messages.
     * What the device or the network has dropped since the last exchange is opened again first, within the
     * connect time-out, with the device verified afresh.
     *
     * <p>Store the request's merchantReferenceCode before you call. If the exception's request state is
     * {@link RequestState#IN_DOUBT}, the payment may have gone through: do not repeat it, but {@link
     * #recover(String)} it. Nothing is ever sent twice by itself.
     *
     * <p><b>A callback that throws</b> does not end the payment: it is not called again in this exchange, and
     * the exchange goes on to its end. Then what it threw comes out of this method, the connection stays
     * usable, and the reply can be had from {@link #takeUnclaimedReply}. If the exchange fails as well, the
     * {@link PoslatchException} comes out, with what the callback threw as its cause.
     *
     * <p>A {@code PoslatchException} of the callback's own calls, such as {@link #send}, comes out as the cause
     * of an {@link IllegalStateException}: its "not sent" speaks of that call, and not of this payment.
     *
     * @param json one JSON object with a string {@code type}, of at most {@link Limits#JSON_BYTES_MAX} bytes
     *     in UTF-8
     * @param silence how long the device may say nothing at all; each message starts it anew. Null or zero:
     *     180 s
     * @param onStatus gets each message that does not end the exchange, on this thread; null: nobody does
     * @return the device's JSON, an {@code ErrorResponse} too. Whether the payment was approved stands in
     *     {@code processingDetails.status}, never in the message texts
     * @throws PoslatchException not sent: {@link Status#REQUEST_NOT_JSON}, {@link Status#REQUEST_TOO_LARGE},
     *     {@link Status#BUSY}, {@link Status#CLOSED}, {@link Status#ARGUMENT}, those of connecting again, and
     *     others. In doubt: {@link Status#RESPONSE_TIMEOUT}, {@link Status#PEER_CLOSED}, {@link
     *     Status#PEER_SILENT}, {@link Status#CANCELLED} after a close, and others
     * @throws IllegalStateException if a call of the callback's own has failed, which is the cause. The exchange
     *     has not failed, and its reply is kept
     */
    public String exchange(String json, Duration silence, Consumer<String> onStatus) {
        Call call = new Call();
        byte[] request = Text.request("json", json);
        int silenceMs = Millis.of("silence", silence, RequestState.NOT_SENT);
        StatusListener listener = onStatus == null ? null : StatusListener.begin(onStatus);
        Pointer connection = null;
        try {
            connection = handle.enter();
            // Not before: a call that cannot begin must not cost the reply of a payment.
            unclaimed.set(null);
            String reply = call.text(call.abi.poslatch_connection_exchange(
                    connection, request, Text.size(request), silenceMs,
                    listener == null ? null : StatusListener.CALLBACK,
                    listener == null ? null : listener.key(),
                    call.out, call.error));
            if (listener != null && listener.thrown() != null) {
                unclaimed.set(reply);
                if (listener.thrown() instanceof PoslatchException) {
                    throw new IllegalStateException(
                            "the status callback has failed, not the exchange: takeUnclaimedReply() has its reply. "
                                    + "The callback's own call: " + listener.thrown().getMessage(),
                            listener.thrown());
                }
                throw StatusListener.<RuntimeException>asItIs(listener.thrown());
            }
            return reply;
        } catch (PoslatchException failure) {
            if (listener != null && listener.thrown() != null) {
                failure.initCause(listener.thrown());
            }
            throw failure;
        } finally {
            if (listener != null) {
                listener.end();
            }
            if (connection != null) {
                handle.leave();
            }
        }
    }

    /**
     * The reply of the last exchange, if its callback threw and it has not been taken yet. The next exchange
     * clears it. A till that catches what its callback threw finds here how the payment ended.
     *
     * @return the device's JSON, once; also after {@link #close}
     */
    public Optional<String> takeUnclaimedReply() {
        return Optional.ofNullable(unclaimed.getAndSet(null));
    }

    /**
     * Sends one message and does not wait for an answer: a CancelRequest while an exchange runs, or any
     * message for a till that takes the answers with {@link #receive}. Needs {@code wss}. From any thread.
     *
     * <p>A CancelRequest blocks only as long as the device does not take the bytes, at most 10 s; any other
     * message may connect again first, like an exchange.
     *
     * @param json one JSON object with a string {@code type}
     * @throws PoslatchException {@link Status#BUSY} if an exchange runs and the message is no CancelRequest;
     *     {@link Status#ARGUMENT} on an {@code https} connection; else as {@link #exchange(String)}
     */
    public void send(String json) {
        Call call = new Call();
        byte[] message = Text.request("json", json);
        Pointer connection = handle.enter();
        try {
            call.check(call.abi.poslatch_connection_send(connection, message, Text.size(message), call.error));
        } finally {
            handle.leave();
        }
    }

    /**
     * Waits for a message that belongs to no exchange. At most 64 of them are kept; then the oldest goes.
     * Needs {@code wss}. From any thread. A time-out loses nothing: call again.
     *
     * @param timeout how long to wait; null or zero: 180 s
     * @return the message
     * @throws PoslatchException {@link Status#RESPONSE_TIMEOUT} if none came; {@link Status#CLOSED} once the
     *     till has closed the connection; {@link Status#PEER_CLOSED}, {@link Status#PEER_SILENT} and others
     *     once it is lost and everything received was handed out, until an exchange has connected again;
     *     {@link Status#ARGUMENT} on an {@code https} connection
     */
    public Message receive(Duration timeout) {
        Call call = new Call();
        int timeoutMs = Millis.of("timeout", timeout, RequestState.NONE);
        int[] kind = new int[1];
        Pointer connection = handle.enter();
        try {
            String json = call.text(
                    call.abi.poslatch_connection_receive(connection, timeoutMs, kind, call.out, call.error));
            return new Message(MessageKind.of(kind[0]), json);
        } finally {
            handle.leave();
        }
    }

    /**
     * As {@link #recover(String, Duration)}, with 60 s of patience.
     *
     * @param reference the request's merchantReferenceCode
     * @return what the device knows
     * @throws PoslatchException as there
     */
    public Recovery recover(String reference) {
        return recover(reference, null);
    }

    /**
     * Finds out how a request has ended whose reply was lost, by its merchantReferenceCode: asks the device
     * again and again, connecting anew where need be, until it tells an end or the patience is over; a
     * look-up that has begun gets 2 s more. Sends nothing but look-ups.
     *
     * <p>A device that knows nothing of a request shortly after the loss may still be at work on it, so "not
     * found" is believed only when it still stands at the end. Blocks; {@link #close} ends it. It is an
     * exchange: no other can run meanwhile.
     *
     * @param reference the request's merchantReferenceCode
     * @param patience how long to ask; null or zero: 60 s
     * @return what the device knows
     * @throws PoslatchException the last failure, when no answer came. The request looked for is then still
     *     {@link RequestState#IN_DOUBT}; ask again when the device is back. {@link Status#BUSY}; {@link
     *     Status#CLOSED}
     */
    public Recovery recover(String reference, Duration patience) {
        Call call = new Call();
        byte[] asked = Text.terminated("reference", reference);
        int patienceMs = Millis.of("patience", patience, RequestState.NONE);
        int[] outcome = new int[1];
        Pointer connection = handle.enter(RequestState.IN_DOUBT);
        try {
            String reply = call.text(call.abi.poslatch_connection_recover(
                    connection, asked, patienceMs, outcome, call.out, call.error));
            return new Recovery(RecoveryOutcome.of(outcome[0]), reply);
        } finally {
            handle.leave();
        }
    }

    /**
     * What is known about the connection, without asking the device.
     *
     * @return the state; {@link ConnectionState#CLOSED} for good after {@link #close}
     */
    public ConnectionState state() {
        Abi abi = Loader.abi();
        Pointer connection = handle.enterIfOpen();
        if (connection == null) {
            return ConnectionState.CLOSED;
        }
        try {
            return ConnectionState.of(abi.poslatch_connection_state(connection));
        } finally {
            handle.leave();
        }
    }

    /**
     * The verified name of the device, in lower case.
     *
     * @return such as {@code 1850000123.cybs.seclib.io}; empty if the device's certificate holds no name
     */
    public String serverName() {
        return serverName;
    }

    /**
     * The version of TLS that is spoken.
     *
     * @return {@code TLSv1.3} or {@code TLSv1.2}; after {@link #close}, what was spoken at first
     */
    public String tlsVersion() {
        Abi abi = Loader.abi();
        Pointer connection = handle.enterIfOpen();
        if (connection == null) {
            return tlsVersion;
        }
        try {
            return Text.of(abi.poslatch_connection_tls_version(connection));
        } finally {
            handle.leave();
        }
    }

    /**
     * Closes the connection for good. Calls that wait on it throw within 50 ms, an exchange with {@link
     * Status#CANCELLED} and in doubt; later calls throw {@link Status#CLOSED}. From any thread, also from a
     * status callback, as often as you like.
     */
    @Override
    public void close() {
        cleaner.close();
    }

    Handle handle() {
        return handle;
    }
}
