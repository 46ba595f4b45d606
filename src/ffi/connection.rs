//! The connection and its exchanges, as C sees them.

use super::arguments::{c_string, clear_optional, give, object, release, sized_text, text};
use super::buffer::poslatch_buffer;
use super::constants::{
    POSLATCH_CONNECTION_CLOSED, POSLATCH_RECOVERY_FINAL, POSLATCH_RECOVERY_RUNNING,
    POSLATCH_RECOVERY_UNKNOWN, poslatch_status,
};
use super::device::poslatch_device;
use super::error::poslatch_error;
use super::identity::poslatch_identity;
use crate::{Connection, DEFAULT_PATIENCE, DEFAULT_SILENCE, Error, Recovery};
use std::ffi::{CString, c_char, c_void};
use std::time::Duration;

/** An open connection to one device. Any number of threads may use it at the same time, under the
 * rules that each function states. */
pub struct poslatch_connection {
    connection: Connection,
    server_name: CString,
}

/** Called for each message that arrives during an exchange and does not end it, on the thread that
 * called poslatch_connection_exchange. `json` is the device's message in UTF-8, terminated, and valid
 * during the call only. It may call poslatch_connection_send and poslatch_connection_close on the
 * connection; it must not free it, throw, or leave by longjmp. */
pub type poslatch_on_status =
    Option<unsafe extern "C" fn(user: *mut c_void, json: *const c_char, size: usize)>;

impl poslatch_connection {
    fn new(connection: Connection) -> poslatch_connection {
        poslatch_connection {
            server_name: c_string(connection.server_name().unwrap_or_default()),
            connection,
        }
    }
}

/// Opens a mutual-TLS connection: the device proves that it is the one that the identity was paired
/// with, whatever its address now, and the till shows its certificate. Success means that the device
/// has accepted it.
///
/// Blocks for at most the connect time-out; poslatch_device_interrupt ends it earlier.
///
/// @param[out] connection Owned by the caller; freed with poslatch_connection_free.
/// @param[out] error May be NULL. On failure an error, freed with poslatch_error_free.
/// @return POSLATCH_E_REFUSED and others of the category NETWORK: try again later;
///   POSLATCH_E_WRONG_DEVICE, POSLATCH_E_TILL_CERTIFICATE_REJECTED and others of the category TRUST: do
///   not try again by yourself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_open_mtls(
    device: *const poslatch_device,
    identity: *const poslatch_identity,
    connection: *mut *mut poslatch_connection,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    // SAFETY: pointers are as the header demands; so in each function of this file.
    fallible!(error, [connection], {
        let device = unsafe { object("device", device)? };
        let identity = unsafe { object("identity", identity)? };
        let opened = device.device.open_mtls(&identity.identity)?;
        unsafe { give(connection, poslatch_connection::new(opened)) };
        Ok(())
    })
}

/// Opens a connection without a till certificate, for a device whose Security setting is TLS. The
/// device is verified exactly as otherwise. A device set to mTLS lets such a connection do nothing but
/// pair.
///
/// As poslatch_open_mtls in all other respects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_open_tls(
    device: *const poslatch_device,
    connection: *mut *mut poslatch_connection,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [connection], {
        let device = unsafe { object("device", device)? };
        let opened = device.device.open_tls()?;
        unsafe { give(connection, poslatch_connection::new(opened)) };
        Ok(())
    })
}

/// Sends one request and waits for its final reply: the message of the matching type, or an
/// ErrorResponse. What else arrives meanwhile, status messages above all, goes to `on_status`.
///
/// One exchange at a time on a connection. Another thread may meanwhile send a CancelRequest with
/// poslatch_connection_send, or close the connection. Over https there are no status messages.
///
/// Store the request's merchantReferenceCode before you call. If the error's request state is
/// POSLATCH_REQUEST_IN_DOUBT, the payment may have gone through: do not repeat it, but ask with
/// poslatch_connection_recover. Nothing is ever sent twice by itself.
///
/// What the device or the network has dropped since the last exchange is opened again first, within the
/// connect time-out, with the device verified afresh.
///
/// @param json One JSON object with a string "type", in UTF-8; need not be terminated.
/// @param size Its size in bytes, at most 1 MiB.
/// @param silence_ms How long the device may say nothing at all; each message starts it anew. 0 means
///   POSLATCH_SILENCE_DEFAULT_MS.
/// @param on_status May be NULL.
/// @param user Passed to on_status as it is.
/// @param[out] reply The device's JSON; owned by the caller, freed with poslatch_buffer_free. Whether
///   the payment was approved stands in processingDetails.status, never in the message texts.
/// @return POSLATCH_OK also for an ErrorResponse: it is a reply. Failures before sending:
///   POSLATCH_E_REQUEST_NOT_JSON, POSLATCH_E_BUSY, POSLATCH_E_CLOSED, those of connecting again and
///   others, not sent. Failures after: POSLATCH_E_RESPONSE_TIMEOUT, POSLATCH_E_PEER_CLOSED,
///   POSLATCH_E_PEER_SILENT and others, in doubt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_connection_exchange(
    connection: *const poslatch_connection,
    json: *const c_char,
    size: usize,
    silence_ms: u32,
    on_status: poslatch_on_status,
    user: *mut c_void,
    reply: *mut *mut poslatch_buffer,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(request, error, [reply], {
        let connection = unsafe { object("connection", connection)? };
        let json = unsafe { sized_text("json", json, size)? };
        let mut pass_on = |status: &str| {
            if let Some(on_status) = on_status {
                let terminated = c_string(status);
                // SAFETY: a function of the caller's, called as its type says, with text that lives
                // until it returns.
                unsafe { on_status(user, terminated.as_ptr(), terminated.as_bytes().len()) };
            }
        };
        let answer = connection.connection.exchange(json, silence(silence_ms), &mut pass_on)?;
        unsafe { give(reply, poslatch_buffer::new(answer.as_bytes())) };
        Ok(())
    })
}

/// Sends one message and does not wait for an answer: a CancelRequest while an exchange runs, or any
/// message for a till that takes the answers with poslatch_connection_receive. Needs wss.
///
/// From any thread. A CancelRequest blocks only as long as the device does not take the bytes, at most
/// 10 s; any other message may connect again first, like an exchange. An ErrorResponse names nobody: while
/// a message that was sent so is unanswered, an exchange does not take one for its own end.
///
/// @param json One JSON object with a string "type", in UTF-8; need not be terminated.
/// @param size Its size in bytes, at most 1 MiB.
/// @return POSLATCH_E_BUSY if an exchange runs and the message is no CancelRequest;
///   POSLATCH_E_ARGUMENT on an https connection; else as poslatch_connection_exchange.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_connection_send(
    connection: *const poslatch_connection,
    json: *const c_char,
    size: usize,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(request, error, [], {
        let connection = unsafe { object("connection", connection)? };
        let json = unsafe { sized_text("json", json, size)? };
        connection.connection.send(json)
    })
}

/// Waits for a message that belongs to no exchange. At most 64 of them are kept; then the oldest goes.
/// Needs wss.
///
/// From any thread. A time-out loses nothing: call again.
///
/// @param timeout_ms How long to wait; 0 means POSLATCH_SILENCE_DEFAULT_MS.
/// @param[out] kind One of the POSLATCH_MESSAGE_ constants. May be NULL.
/// @param[out] message The device's JSON; owned by the caller, freed with poslatch_buffer_free.
/// @return POSLATCH_E_RESPONSE_TIMEOUT if none came. Once everything received was handed out:
///   POSLATCH_E_CLOSED if the till has closed the connection; POSLATCH_E_PEER_CLOSED,
///   POSLATCH_E_PEER_SILENT and others if it is lost, until an exchange has connected again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_connection_receive(
    connection: *const poslatch_connection,
    timeout_ms: u32,
    kind: *mut i32,
    message: *mut *mut poslatch_buffer,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [message], {
        unsafe { clear_optional(kind) };
        let connection = unsafe { object("connection", connection)? };
        let received = connection.connection.receive(silence(timeout_ms))?;
        if !kind.is_null() {
            // SAFETY: not NULL, so by the header it may be written.
            unsafe { kind.write(received.kind as i32) };
        }
        unsafe { give(message, poslatch_buffer::new(received.json.as_bytes())) };
        Ok(())
    })
}

/// Finds out how a request has ended whose reply was lost, by its merchantReferenceCode: asks the device
/// again and again (TransactionLookupRequest), connecting anew where need be, until it tells an end or
/// patience_ms are over; a look-up that has begun gets 2 s more. Sends nothing but look-ups. What arrives
/// meanwhile and is no answer is kept for poslatch_connection_receive.
///
/// A device that knows nothing of a request shortly after the loss may still be at work on it, so
/// "not found" is believed only when it still stands after patience_ms.
///
/// Blocks; poslatch_connection_close ends it. It is an exchange: no other can run meanwhile.
///
/// @param reference The request's merchantReferenceCode, in UTF-8.
/// @param patience_ms How long to ask; 0 means POSLATCH_PATIENCE_DEFAULT_MS.
/// @param[out] outcome One of the POSLATCH_RECOVERY_ constants; 0 on failure.
/// @param[out] reply The device's last answer, as JSON; owned by the caller, freed with
///   poslatch_buffer_free. May be NULL.
/// @return POSLATCH_OK if the device has answered, whatever it knows. Else the last failure; the request
///   looked for is then still POSLATCH_REQUEST_IN_DOUBT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_connection_recover(
    connection: *const poslatch_connection,
    reference: *const c_char,
    patience_ms: u32,
    outcome: *mut i32,
    reply: *mut *mut poslatch_buffer,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [], {
        unsafe { clear_optional(outcome) };
        unsafe { clear_optional(reply) };
        let connection = unsafe { object("connection", connection)? };
        let reference = unsafe { text("reference", reference)? };
        if outcome.is_null() {
            return Err(Error::argument("outcome", "it is NULL"));
        }
        let patience = match patience_ms {
            0 => DEFAULT_PATIENCE,
            ms => Duration::from_millis(u64::from(ms)),
        };
        let (found, json) = match connection.connection.recover(reference, patience)? {
            Recovery::Final(json) => (POSLATCH_RECOVERY_FINAL, json),
            Recovery::Running(json) => (POSLATCH_RECOVERY_RUNNING, json),
            Recovery::Unknown(json) => (POSLATCH_RECOVERY_UNKNOWN, json),
        };
        // SAFETY: not NULL, so by the header it may be written.
        unsafe { outcome.write(found) };
        if !reply.is_null() {
            unsafe { give(reply, poslatch_buffer::new(json.as_bytes())) };
        }
        Ok(())
    })
}

/// What is known about the connection, without asking the device: one of the POSLATCH_CONNECTION_
/// constants. A change of it is also a log record ("connection to ADDRESS: open", "lost: REASON",
/// "connecting again", "closed by the till").
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_connection_state(connection: *const poslatch_connection) -> i32 {
    infallible!(POSLATCH_CONNECTION_CLOSED, {
        match unsafe { connection.as_ref() } {
            Some(connection) => connection.connection.state() as i32,
            None => POSLATCH_CONNECTION_CLOSED,
        }
    })
}

/// The verified name of the device, in lower case.
///
/// @return Valid until the connection is freed; "" if the device's certificate holds no name, or
///   `connection` is NULL. Never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_connection_server_name(
    connection: *const poslatch_connection,
) -> *const c_char {
    infallible!(c"".as_ptr(), {
        unsafe { connection.as_ref() }.map_or(c"".as_ptr(), |connection| connection.server_name.as_ptr())
    })
}

/// "TLSv1.3" or "TLSv1.2".
///
/// @return A constant; "" if `connection` is NULL. Never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_connection_tls_version(
    connection: *const poslatch_connection,
) -> *const c_char {
    infallible!(c"".as_ptr(), {
        let version = match unsafe { connection.as_ref() } {
            None => c"",
            Some(connection) if connection.connection.tls_version() == "TLSv1.2" => c"TLSv1.2",
            Some(_) => c"TLSv1.3",
        };
        version.as_ptr()
    })
}

/// Closes the connection: calls that wait on it return within 50 ms, an exchange with
/// POSLATCH_E_CANCELLED and in doubt; later calls return POSLATCH_E_CLOSED. From any thread, as often
/// as you like. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_connection_close(connection: *const poslatch_connection) {
    infallible!((), {
        if let Ok(connection) = unsafe { object("connection", connection) } {
            connection.connection.close();
        }
    })
}

/// Closes and frees a connection. No other call may be using it: close it first, and let them return.
/// NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_connection_free(connection: *mut poslatch_connection) {
    infallible!((), { unsafe { release(connection) } })
}

fn silence(ms: u32) -> Duration {
    if ms == 0 { DEFAULT_SILENCE } else { Duration::from_millis(u64::from(ms)) }
}
