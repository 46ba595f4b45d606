package poslatch;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Pointer;

/**
 * The C functions, as {@code include/poslatch.h} declares them and in its order; what they do stands there.
 *
 * <p>Text goes in as {@code byte[]} that ends with NUL ({@link Text}) or, where it is secret, as memory that
 * is wiped ({@link Secret}); it comes out as a pointer. A {@code size_t} is a {@link Pointer} here ({@link
 * Size}).
 */
interface Abi extends Library {
    /** {@code poslatch_on_log}. */
    interface OnLog extends Callback {
        void invoke(Pointer user, int level, Pointer message);
    }

    /** {@code poslatch_on_status}. */
    interface OnStatus extends Callback {
        void invoke(Pointer user, Pointer json, Pointer size);
    }

    /** {@code poslatch_on_progress}. */
    interface OnProgress extends Callback {
        int invoke(Pointer user, int tried, int total);
    }

    Pointer poslatch_version_string();

    int poslatch_abi_version();

    int poslatch_abi_check(int major, int minor);

    int poslatch_log_set(int level, OnLog onLog, Pointer user, long[] error);

    int poslatch_fetch_root_ca(byte[] baseUrl, byte[] merchantId, byte[] keyId, Pointer sharedSecret, int auth,
            byte[] webRootPem, int timeoutMs, long[] pem, long[] error);

    int poslatch_save_root_ca(byte[] pem, Pointer size, byte[] path, long[] error);

    int poslatch_device_new(byte[] url, long[] device, long[] error);

    int poslatch_device_set_root_ca_file(Pointer device, byte[] path, long[] error);

    int poslatch_device_set_root_ca_pem(Pointer device, byte[] pem, Pointer size, long[] error);

    int poslatch_device_set_serial(Pointer device, byte[] serial, long[] error);

    int poslatch_device_set_identity_check(Pointer device, int check, byte[] name, long[] error);

    int poslatch_device_set_timeout_ms(Pointer device, int which, int ms, long[] error);

    int poslatch_device_set_keep_alive(Pointer device, int pingMs, int missedMax, long[] error);

    void poslatch_device_interrupt(Pointer device);

    void poslatch_device_free(Pointer device);

    int poslatch_pair(Pointer device, byte[] posId, byte[] setupCode, long[] identity,
            long[] error);

    int poslatch_get_cert_chain(Pointer identity, long[] pem, long[] error);

    int poslatch_identity_save(Pointer identity, byte[] path, Pointer passphrase, long[] error);

    int poslatch_identity_load(byte[] path, Pointer passphrase, long[] identity,
            long[] error);

    int poslatch_identity_export_pem(Pointer identity, Pointer passphrase, long[] pem,
            long[] error);

    int poslatch_identity_export_pkcs12(Pointer identity, Pointer passphrase, long[] pkcs12,
            long[] error);

    int poslatch_identity_from_pem(Pointer pem, Pointer size, Pointer passphrase, long[] identity,
            long[] error);

    Pointer poslatch_identity_pos_id(Pointer identity);

    Pointer poslatch_identity_device_name(Pointer identity);

    Pointer poslatch_identity_serial(Pointer identity);

    Pointer poslatch_identity_issuer(Pointer identity);

    long poslatch_identity_not_before(Pointer identity);

    long poslatch_identity_not_after(Pointer identity);

    long poslatch_identity_earliest_expiry(Pointer identity);

    int poslatch_identity_needs_renewal(Pointer identity, int days);

    Pointer poslatch_identity_fingerprint(Pointer identity);

    void poslatch_identity_free(Pointer identity);

    int poslatch_find_device(Pointer device, Pointer identity, byte[] subnets, OnProgress onProgress, Pointer user,
            long[] url, long[] error);

    int poslatch_open_mtls(Pointer device, Pointer identity, long[] connection,
            long[] error);

    int poslatch_open_tls(Pointer device, long[] connection, long[] error);

    int poslatch_probe(Pointer device, Pointer identity, long[] report, long[] error);

    int poslatch_connection_exchange(Pointer connection, byte[] json, Pointer size, int silenceMs,
            OnStatus onStatus, Pointer user, long[] reply, long[] error);

    int poslatch_connection_send(Pointer connection, byte[] json, Pointer size, long[] error);

    int poslatch_connection_receive(Pointer connection, int timeoutMs, int[] kind,
            long[] message, long[] error);

    int poslatch_connection_recover(Pointer connection, byte[] reference, int patienceMs, int[] outcome,
            long[] reply, long[] error);

    int poslatch_connection_state(Pointer connection);

    Pointer poslatch_connection_server_name(Pointer connection);

    Pointer poslatch_connection_tls_version(Pointer connection);

    void poslatch_connection_close(Pointer connection);

    void poslatch_connection_free(Pointer connection);

    int poslatch_device_set_journal(Pointer device, byte[] path, long[] error);

    int poslatch_device_journal_pending(Pointer device, long[] json, long[] error);

    int poslatch_device_journal_forget(Pointer device, byte[] reference, long[] error);

    Pointer poslatch_buffer_data(Pointer buffer);

    Pointer poslatch_buffer_size(Pointer buffer);

    void poslatch_buffer_free(Pointer buffer);

    int poslatch_error_status(Pointer error);

    int poslatch_error_category(Pointer error);

    Pointer poslatch_error_message(Pointer error);

    Pointer poslatch_error_advice(Pointer error);

    int poslatch_error_request_state(Pointer error);

    int poslatch_error_http_status(Pointer error);

    int poslatch_error_os_code(Pointer error);

    void poslatch_error_free(Pointer error);

    Pointer poslatch_status_name(int status);
}
