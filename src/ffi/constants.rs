//! The numbers of the header. Literals, because the header's generator reads only those; a test
//! compares them with the Rust enumerations that they stand for.

/** Result of a function that can fail: POSLATCH_OK, or one of the negative POSLATCH_E_ constants.
 * The numbers are stable: later versions add to them, and never change or reuse one. */
pub type poslatch_status = i32;

/** The call did what it was asked for. */
pub const POSLATCH_OK: i32 = 0;

/** An argument is missing or has the wrong form. */
pub const POSLATCH_E_ARGUMENT: i32 = -1;
/** The setup code does not have eight characters. */
pub const POSLATCH_E_CODE_MALFORMED: i32 = -2;
/** The object was closed before. */
pub const POSLATCH_E_CLOSED: i32 = -3;
/** Another call is using the connection. */
pub const POSLATCH_E_BUSY: i32 = -4;
/** The request is not a JSON object with a string "type"; nothing was sent. */
pub const POSLATCH_E_REQUEST_NOT_JSON: i32 = -5;
/** The request is larger than the library sends; nothing was sent. */
pub const POSLATCH_E_REQUEST_TOO_LARGE: i32 = -6;
/** A file could not be read or written. */
pub const POSLATCH_E_FILE: i32 = -7;
/** The passphrase of an identity is missing or wrong. */
pub const POSLATCH_E_PASSPHRASE: i32 = -8;
/** The Root CA chain is missing or cannot serve as one. */
pub const POSLATCH_E_ROOT_CA_UNUSABLE: i32 = -9;
/** The identity file or text does not hold a usable identity. */
pub const POSLATCH_E_IDENTITY_UNUSABLE: i32 = -10;

/** The host name of the address could not be resolved. */
pub const POSLATCH_E_NAME_NOT_RESOLVED: i32 = -100;
/** The host answered, but nothing listens on the port. */
pub const POSLATCH_E_REFUSED: i32 = -101;
/** There is no way through the network to the host. */
pub const POSLATCH_E_UNREACHABLE: i32 = -102;
/** The connection was not up within the connect time-out. */
pub const POSLATCH_E_CONNECT_TIMEOUT: i32 = -103;
/** The device closed or reset the connection. */
pub const POSLATCH_E_PEER_CLOSED: i32 = -104;
/** The device stayed silent for longer than allowed. */
pub const POSLATCH_E_RESPONSE_TIMEOUT: i32 = -105;
/** The device does not answer any more: switched off, out of reach, or hung. */
pub const POSLATCH_E_PEER_SILENT: i32 = -106;
/** Nobody at the addresses that were searched has proven to be the device. */
pub const POSLATCH_E_DEVICE_NOT_FOUND: i32 = -107;

/** The other side does not speak TLS. */
pub const POSLATCH_E_NOT_TLS: i32 = -200;
/** The two sides have no TLS version or cipher in common. */
pub const POSLATCH_E_TLS_VERSION: i32 = -201;
/** The device's certificate was not issued under the Root CA chain. */
pub const POSLATCH_E_UNKNOWN_ISSUER: i32 = -202;
/** The device's certificate has expired, by this machine's clock. */
pub const POSLATCH_E_DEVICE_CERTIFICATE_EXPIRED: i32 = -203;
/** The device's certificate is not valid yet, by this machine's clock. */
pub const POSLATCH_E_DEVICE_CERTIFICATE_NOT_YET_VALID: i32 = -204;
/** The device's certificate cannot be used for a server. */
pub const POSLATCH_E_DEVICE_CERTIFICATE_UNUSABLE: i32 = -205;
/** A genuine certificate, but of another device than the expected one. */
pub const POSLATCH_E_WRONG_DEVICE: i32 = -206;
/** The device does not accept the till's certificate. */
pub const POSLATCH_E_TILL_CERTIFICATE_REJECTED: i32 = -207;
/** The device does not accept the till's certificate, which has expired. */
pub const POSLATCH_E_TILL_CERTIFICATE_EXPIRED: i32 = -208;
/** The device wants a till certificate where none can be shown. */
pub const POSLATCH_E_TILL_CERTIFICATE_REQUIRED: i32 = -209;
/** The TLS handshake failed for a reason that has no status of its own. */
pub const POSLATCH_E_TLS_FAILED: i32 = -210;

/** The device refused to pair. */
pub const POSLATCH_E_PAIRING_REJECTED: i32 = -300;
/** The device's pairing reply does not hold a usable key and certificate chain. */
pub const POSLATCH_E_PAIRING_REPLY_UNUSABLE: i32 = -301;
/** The pairing request may have reached the device, but no whole reply came back: take the setup
 * code as spent. */
pub const POSLATCH_E_PAIRING_REPLY_LOST: i32 = -302;
/** The vendor's cloud does not accept the merchant's API credentials. */
pub const POSLATCH_E_CLOUD_AUTHENTICATION: i32 = -303;

/** The device answered with an HTTP status that is not the expected one. */
pub const POSLATCH_E_HTTP_STATUS: i32 = -400;
/** The device sent more than the library accepts. */
pub const POSLATCH_E_REPLY_TOO_LARGE: i32 = -401;
/** The device sent a message that is not a JSON object with a string "type". */
pub const POSLATCH_E_REPLY_NOT_JSON: i32 = -402;
/** The device broke the rules of HTTP or WebSocket. */
pub const POSLATCH_E_PROTOCOL_VIOLATION: i32 = -403;

/** The call was interrupted, or the connection closed, from another thread. */
pub const POSLATCH_E_CANCELLED: i32 = -900;
/** A fault of the library itself. */
pub const POSLATCH_E_INTERNAL: i32 = -999;

/** Category: the call or its input is at fault. Mend the program or the setting. */
pub const POSLATCH_CATEGORY_USAGE: i32 = 1;
/** Category: the network or the device's power is at fault. May pass by itself. */
pub const POSLATCH_CATEGORY_NETWORK: i32 = 2;
/** Category: who is who is in question. Do not retry; fetch a person. */
pub const POSLATCH_CATEGORY_TRUST: i32 = 3;
/** Category: the device said no, or said something that cannot be used. */
pub const POSLATCH_CATEGORY_DEVICE: i32 = 4;
/** Category: another thread asked for it. */
pub const POSLATCH_CATEGORY_CANCELLED: i32 = 5;
/** Category: report it to the makers of the library. */
pub const POSLATCH_CATEGORY_INTERNAL: i32 = 6;

/** Request state: the call carries no request, or its fate is known. */
pub const POSLATCH_REQUEST_NONE: i32 = 0;
/** Request state: not one byte of the request left this machine. It can be made again. */
pub const POSLATCH_REQUEST_NOT_SENT: i32 = 1;
/** Request state: the request may have reached the device. Never repeat it; look it up by its
 * merchantReferenceCode (TransactionLookupRequest). */
pub const POSLATCH_REQUEST_IN_DOUBT: i32 = 2;

/** Identity check: exactly this serial number, or this whole DNS name. */
pub const POSLATCH_CHECK_NAME: i32 = 1;
/** Identity check: any single-label name under the device domain (the default). */
pub const POSLATCH_CHECK_DOMAIN: i32 = 2;
/** Identity check: the certificate has to cover the host of the URL. */
pub const POSLATCH_CHECK_ADDRESS: i32 = 3;
/** Identity check: any certificate under the Root CA chain. Weak: the chain belongs to a large
 * company that also issues certificates to others than payment devices. */
pub const POSLATCH_CHECK_CHAIN_ONLY: i32 = 4;

/** Time-out: resolving, connecting, TLS and WebSocket together. Default: 10000 ms. */
pub const POSLATCH_TIMEOUT_CONNECT: i32 = 1;
/** Time-out: the device's reply to a pairing request. Default: 30000 ms. */
pub const POSLATCH_TIMEOUT_PAIRING: i32 = 2;
/** Time-out: a whole exchange, however much the device says meanwhile. Default: none. */
pub const POSLATCH_TIMEOUT_EXCHANGE: i32 = 3;

/** Quiet time before a ping, and between pings, when poslatch_device_set_keep_alive was not called:
 * 10000 ms. */
pub const POSLATCH_PING_DEFAULT_MS: u32 = 10_000;
/** Pings that may stay unanswered when poslatch_device_set_keep_alive was not called: 2. */
pub const POSLATCH_PINGS_MISSED_DEFAULT: u32 = 2;

/** Silence that poslatch_connection_exchange allows when it is given 0: 180000 ms. */
pub const POSLATCH_SILENCE_DEFAULT_MS: u32 = 180_000;

/** Message kind: progress (TransactionStatusResponse, OperationStatusResponse). */
pub const POSLATCH_MESSAGE_STATUS: i32 = 1;
/** Message kind: another "...Response", ErrorResponse included. */
pub const POSLATCH_MESSAGE_REPLY: i32 = 2;
/** Message kind: a type that the vendor does not document. */
pub const POSLATCH_MESSAGE_OTHER: i32 = 3;

/** Connection state: closed by the till, for good. */
pub const POSLATCH_CONNECTION_CLOSED: i32 = 0;
/** Connection state: open, as far as is known without asking the device. */
pub const POSLATCH_CONNECTION_OPEN: i32 = 1;
/** Connection state: dropped by the device or the network, or given up after an exchange in doubt. The
 * next exchange connects again. */
pub const POSLATCH_CONNECTION_LOST: i32 = 2;
/** Connection state: an exchange is connecting again. */
pub const POSLATCH_CONNECTION_CONNECTING: i32 = 3;

/** Recovery: the request has ended; how, stands in processingDetails.status of the reply. */
pub const POSLATCH_RECOVERY_FINAL: i32 = 1;
/** Recovery: the device is still at work on the request. */
pub const POSLATCH_RECOVERY_RUNNING: i32 = 2;
/** Recovery: for the whole time, the device knew of no such request, or could not say how it ended. */
pub const POSLATCH_RECOVERY_UNKNOWN: i32 = 3;

/** Time that poslatch_connection_recover asks when it is given 0: 60000 ms. */
pub const POSLATCH_PATIENCE_DEFAULT_MS: u32 = 60_000;

/** Size of the largest request that the library sends, in bytes: 1 MiB. */
pub const POSLATCH_JSON_BYTES_MAX: u32 = 1_048_576;

/** Log level: nothing. */
pub const POSLATCH_LOG_OFF: i32 = 0;
/** Log level: faults of the library itself. */
pub const POSLATCH_LOG_ERROR: i32 = 1;
/** Log level: failed calls, and what calls for action. */
pub const POSLATCH_LOG_WARN: i32 = 2;
/** Log level: connections and pairings. */
pub const POSLATCH_LOG_INFO: i32 = 3;
/** Log level: types, sizes and times of messages. */
pub const POSLATCH_LOG_DEBUG: i32 = 4;
/** Log level: everything there is. */
pub const POSLATCH_LOG_TRACE: i32 = 5;
/** Cloud authentication: a JSON Web Token, signed with the shared secret (the default). */
pub const POSLATCH_AUTH_JWT: i32 = 1;
/** Cloud authentication: HTTP Signature over the Date header. The vendor ends it in September 2026. */
pub const POSLATCH_AUTH_HTTP_SIGNATURE: i32 = 2;
/** Cloud authentication: HTTP Signature over the v-c-date header, for machines behind a proxy that
 * changes Date. The vendor ends it in September 2026. */
pub const POSLATCH_AUTH_HTTP_SIGNATURE_V_DATE: i32 = 3;

/** Major version of the ABI: a library with another one does not fit this header. */
pub const POSLATCH_ABI_MAJOR: u32 = 0;
/** Minor version of the ABI: a library with a higher one fits this header too. */
pub const POSLATCH_ABI_MINOR: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::REQUEST_BYTES_MAX;
    use crate::device::KeepAlive;
    use crate::{
        Category, CloudAuth, ConnectionState, DEFAULT_PATIENCE, DEFAULT_SILENCE, LogLevel, MessageKind,
        RequestState, Status,
    };

    /// The constants as they stand in this file, by their names.
    fn constants() -> Vec<(&'static str, i64)> {
        include_str!("constants.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("pub const POSLATCH_"))
            .filter_map(|line| {
                let (name, rest) = line.split_once(": ")?;
                let number = rest.split_once("= ")?.1.trim_end_matches(';').replace('_', "");
                Some((name, number.parse().ok()?))
            })
            .collect()
    }

    #[test]
    fn every_status_has_its_constant_and_every_constant_its_status() {
        let declared: Vec<_> = constants()
            .into_iter()
            .filter_map(|(name, number)| Some((name.strip_prefix("E_")?, number)))
            .collect();
        let statuses: Vec<_> =
            Status::ALL.iter().map(|status| (status.name(), i64::from(status.code()))).collect();
        assert_eq!(declared, statuses);
    }

    #[test]
    fn the_other_numbers_are_those_of_the_enumerations() {
        for (constant, number) in [
            (POSLATCH_CATEGORY_USAGE, Category::Usage as i32),
            (POSLATCH_CATEGORY_NETWORK, Category::Network as i32),
            (POSLATCH_CATEGORY_TRUST, Category::Trust as i32),
            (POSLATCH_CATEGORY_DEVICE, Category::Device as i32),
            (POSLATCH_CATEGORY_CANCELLED, Category::Cancelled as i32),
            (POSLATCH_CATEGORY_INTERNAL, Category::Internal as i32),
            (POSLATCH_REQUEST_NONE, RequestState::None as i32),
            (POSLATCH_REQUEST_NOT_SENT, RequestState::NotSent as i32),
            (POSLATCH_REQUEST_IN_DOUBT, RequestState::InDoubt as i32),
            (POSLATCH_LOG_ERROR, LogLevel::Error as i32),
            (POSLATCH_LOG_WARN, LogLevel::Warn as i32),
            (POSLATCH_LOG_INFO, LogLevel::Info as i32),
            (POSLATCH_LOG_DEBUG, LogLevel::Debug as i32),
            (POSLATCH_LOG_TRACE, LogLevel::Trace as i32),
            (POSLATCH_CONNECTION_CLOSED, ConnectionState::Closed as i32),
            (POSLATCH_CONNECTION_OPEN, ConnectionState::Open as i32),
            (POSLATCH_CONNECTION_LOST, ConnectionState::Lost as i32),
            (POSLATCH_CONNECTION_CONNECTING, ConnectionState::Connecting as i32),
            (POSLATCH_MESSAGE_STATUS, MessageKind::Status as i32),
            (POSLATCH_MESSAGE_REPLY, MessageKind::Reply as i32),
            (POSLATCH_MESSAGE_OTHER, MessageKind::Other as i32),
            (POSLATCH_AUTH_JWT, CloudAuth::Jwt as i32),
            (POSLATCH_AUTH_HTTP_SIGNATURE, CloudAuth::HttpSignature as i32),
            (POSLATCH_AUTH_HTTP_SIGNATURE_V_DATE, CloudAuth::HttpSignatureVDate as i32),
        ] {
            assert_eq!(constant, number);
        }
        assert_eq!(u128::from(POSLATCH_SILENCE_DEFAULT_MS), DEFAULT_SILENCE.as_millis());
        assert_eq!(u128::from(POSLATCH_PATIENCE_DEFAULT_MS), DEFAULT_PATIENCE.as_millis());
        assert_eq!(u128::from(POSLATCH_PING_DEFAULT_MS), KeepAlive::DEFAULT.interval.as_millis());
        assert_eq!(POSLATCH_JSON_BYTES_MAX as usize, REQUEST_BYTES_MAX);
        assert_eq!(POSLATCH_PINGS_MISSED_DEFAULT, KeepAlive::DEFAULT.missed_max);
    }
}
