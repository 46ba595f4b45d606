//! The numbers that every language sees: status, category and request state of an error.
//!
//! They are a file of their own because they are the stable part: append-only, never reused, and
//! the C header, the wrappers and the documentation are checked against this list.

/// Declares [`Status`] once, so that number, name and category cannot drift apart.
macro_rules! statuses {
    ($( $(#[$doc:meta])* $variant:ident = $number:literal, $name:literal, $category:ident; )+) => {
        /// What kind of failure an [`Error`](crate::Error) is. The numbers are part of the ABI.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(i32)]
        pub enum Status {
            $( $(#[$doc])* $variant = $number, )+
        }

        impl Status {
            /// Every status there is, in the order of the numbers' declaration.
            pub const ALL: &'static [Status] = &[ $( Status::$variant, )+ ];

            /// The number that the C ABI returns: negative, never reused.
            pub fn code(self) -> i32 {
                self as i32
            }

            /// The constant's name in the C header, without its `POSLATCH_E_` prefix.
            pub fn name(self) -> &'static str {
                match self { $( Status::$variant => $name, )+ }
            }

            /// What a till should branch on.
            pub fn category(self) -> Category {
                match self { $( Status::$variant => Category::$category, )+ }
            }

            /// The status that has this number, if there is one.
            pub fn from_code(code: i32) -> Option<Status> {
                Status::ALL.iter().copied().find(|status| status.code() == code)
            }
        }
    };
}

statuses! {
    /// An argument is missing or has the wrong form.
    Argument = -1, "ARGUMENT", Usage;
    /// The setup code does not have eight characters.
    CodeMalformed = -2, "CODE_MALFORMED", Usage;
    /// The object was closed before.
    Closed = -3, "CLOSED", Usage;
    /// Another call is using the connection.
    Busy = -4, "BUSY", Usage;
    /// The request is not a JSON object with a string `type`; nothing was sent.
    RequestNotJson = -5, "REQUEST_NOT_JSON", Usage;
    /// The request is larger than the library sends; nothing was sent.
    RequestTooLarge = -6, "REQUEST_TOO_LARGE", Usage;
    /// A file could not be read or written.
    File = -7, "FILE", Usage;
    /// The passphrase of an identity file is missing or wrong.
    Passphrase = -8, "PASSPHRASE", Usage;
    /// The Root CA chain is missing or cannot serve as one.
    RootCaUnusable = -9, "ROOT_CA_UNUSABLE", Usage;
    /// The identity file or text does not hold a usable identity.
    IdentityUnusable = -10, "IDENTITY_UNUSABLE", Usage;

    /// The host name of the address could not be resolved.
    NameNotResolved = -100, "NAME_NOT_RESOLVED", Network;
    /// The host answered, but nothing listens on the port.
    Refused = -101, "REFUSED", Network;
    /// There is no way through the network to the host.
    Unreachable = -102, "UNREACHABLE", Network;
    /// The connection was not up within the connect time-out.
    ConnectTimeout = -103, "CONNECT_TIMEOUT", Network;
    /// The device closed or reset the connection.
    PeerClosed = -104, "PEER_CLOSED", Network;
    /// The device stayed silent for longer than allowed.
    ResponseTimeout = -105, "RESPONSE_TIMEOUT", Network;
    /// The device does not answer any more: switched off, out of reach, or hung.
    PeerSilent = -106, "PEER_SILENT", Network;
    /// Nobody at the addresses that were searched has proven to be the device.
    DeviceNotFound = -107, "DEVICE_NOT_FOUND", Network;

    /// The other side does not speak TLS.
    NotTls = -200, "NOT_TLS", Trust;
    /// The two sides have no TLS version or cipher in common.
    TlsVersion = -201, "TLS_VERSION", Trust;
    /// The device's certificate was not issued under the Root CA chain.
    UnknownIssuer = -202, "UNKNOWN_ISSUER", Trust;
    /// The device's certificate has expired, by this machine's clock.
    DeviceCertificateExpired = -203, "DEVICE_CERTIFICATE_EXPIRED", Trust;
    /// The device's certificate is not valid yet, by this machine's clock.
    DeviceCertificateNotYetValid = -204, "DEVICE_CERTIFICATE_NOT_YET_VALID", Trust;
    /// The device's certificate cannot be used for a server.
    DeviceCertificateUnusable = -205, "DEVICE_CERTIFICATE_UNUSABLE", Trust;
    /// A genuine certificate, but of another device than the expected one.
    WrongDevice = -206, "WRONG_DEVICE", Trust;
    /// The device does not accept the till's certificate.
    TillCertificateRejected = -207, "TILL_CERTIFICATE_REJECTED", Trust;
    /// The device does not accept the till's certificate, which has expired.
    TillCertificateExpired = -208, "TILL_CERTIFICATE_EXPIRED", Trust;
    /// The device wants a till certificate where none can be shown.
    TillCertificateRequired = -209, "TILL_CERTIFICATE_REQUIRED", Trust;
    /// The TLS handshake failed for a reason that has no status of its own.
    TlsFailed = -210, "TLS_FAILED", Trust;

    /// The device refused to pair.
    PairingRejected = -300, "PAIRING_REJECTED", Device;
    /// The device's pairing reply does not hold a usable key and certificate chain.
    PairingReplyUnusable = -301, "PAIRING_REPLY_UNUSABLE", Device;
    /// The pairing request may have reached the device, but no whole reply came back.
    PairingReplyLost = -302, "PAIRING_REPLY_LOST", Network;
    /// The vendor's cloud does not accept the merchant's API credentials.
    CloudAuthentication = -303, "CLOUD_AUTHENTICATION", Usage;

    /// The device answered with an HTTP status that is not the expected one.
    HttpStatus = -400, "HTTP_STATUS", Device;
    /// The device sent more than the library accepts.
    ReplyTooLarge = -401, "REPLY_TOO_LARGE", Device;
    /// The device sent a message that is not a JSON object with a string `type`.
    ReplyNotJson = -402, "REPLY_NOT_JSON", Device;
    /// The device broke the rules of HTTP or WebSocket.
    ProtocolViolation = -403, "PROTOCOL_VIOLATION", Device;

    /// The call was interrupted, or the connection closed, from another thread.
    Cancelled = -900, "CANCELLED", Cancelled;
    /// A fault of the library itself.
    Internal = -999, "INTERNAL", Internal;
}

/// What a till does about an error: few and stable, made for branching.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Category {
    /// The call or its input is at fault: mend the program or the setting.
    Usage = 1,
    /// The network or the device's power is at fault: may pass by itself.
    Network = 2,
    /// Who is who is in question: do not go on, do not retry, fetch a person.
    Trust = 3,
    /// The device said no, or said something that cannot be used.
    Device = 4,
    /// Another thread asked for it.
    Cancelled = 5,
    /// Report it to the makers of the library.
    Internal = 6,
}

/// What is known about the request that a call was carrying when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum RequestState {
    /// The call carries no request, or its fate does not matter.
    None = 0,
    /// Not one byte of the request left this machine: it can be made again safely.
    NotSent = 1,
    /// The request may have reached the device: it must not be repeated, but looked up.
    InDoubt = 2,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn numbers_and_names_are_unique_and_negative() {
        let numbers: HashSet<_> = Status::ALL.iter().map(|status| status.code()).collect();
        let names: HashSet<_> = Status::ALL.iter().map(|status| status.name()).collect();
        assert_eq!(numbers.len(), Status::ALL.len());
        assert_eq!(names.len(), Status::ALL.len());
        assert!(numbers.iter().all(|number| *number < 0));
    }
}
