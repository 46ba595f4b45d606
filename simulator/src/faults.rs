//! The switches of the simulator: each way in which a device may differ from a healthy one. One file, because this is
//! the list that a tester reads.
//!
//! They can be written as TOML, by the names that they have here: `hold_payment = true`, `exchange = "no_reply"`,
//! `server_certificate = { wrong_name = "192.168.1.20" }`. What differs is said at the switch.

pub(crate) mod forms;
mod patch;
mod switches;
mod toml;
mod vocabulary;

pub use vocabulary::{
    DuplicateLookup, DuplicateReference, FailureReply, IncrementalAmount, Printer, RefundStatus,
    SecondRequest,
};

pub use switches::{Choice, Shape, Switch};

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a device behaves. The default is a healthy device of today.
///
/// A change takes effect for the next connection (TLS) or the next request (everything else).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// The certificate that the device shows. Default: `Normal`.
    pub server_certificate: ServerCertificate,
    /// Which certificates the device sends with its own, and in which order. Default: `Full`.
    pub server_chain: ServerChain,
    /// The protocol versions that the device offers (section 4). Default: `Both`.
    pub tls_versions: TlsVersions,
    /// Whether the device accepts a TCP connection and then never says a word of TLS. Default: false.
    pub stall_handshake: bool,
    /// Whether sessions can be resumed: two tickets under TLS 1.3, session ids under TLS 1.2. Default: true.
    pub session_tickets: bool,
    /// The issuers that the CertificateRequest names (section 4). Default: `RootOnly`, the trap of the field.
    pub certificate_hint: CertificateHint,
    /// What the device does about the till's certificate. Default: `Normal`.
    pub client_certificate: ClientCertificate,
    /// Whether tills that paired before [`crate::Simulator::rotate_root`] are still accepted; section 9 does not know.
    ///
    /// Default: true. If not, they are refused with `unknown_ca`, since the new root did not issue them.
    pub accept_tills_of_old_roots: bool,
    /// What becomes of the till that has a posId when another pairs under it; section 2 does not know.
    ///
    /// Default: `BothValid`.
    pub pos_id_reuse: PosIdReuse,
    /// What an accepted pairing request is answered with. Default: `Normal`.
    pub pairing_reply: PairingReply,
    /// The kind of frame that carries the pairing reply over WSS; section 2 does not know. Default: `Text`.
    pub pairing_frame: FrameKind,
    /// Whether a code is replaced as soon as it has been used; section 2 does not know. Default: true.
    pub single_use_code: bool,
    /// Whether a posId that is not all digits gets HTTP 500, as one build of 2024 did (section 2). Default: false.
    pub numeric_pos_id_only: bool,
    /// HTTP status that answers a WebSocket upgrade instead of 101. Default: none.
    pub websocket_refused: Option<u16>,
    /// What goes wrong with a request of the channel. Default: `Normal`.
    pub exchange: Exchange,
    /// Number of status messages before the reply of an operation on money. Default: none, which is as many as it takes: two
    /// for most payments, "Present card" and "Processing".
    pub status_messages: Option<u32>,
    /// Whether a payment sends status messages as fast as the channel takes them, for as long as its first step lasts:
    /// with [`Self::hold_payment`] until it is cancelled or released, else for [`Self::step_pause`]. Default: false.
    ///
    /// For a flood of a known size there is `status_messages` with no `step_pause`.
    pub status_flood: bool,
    /// Pause after each step of an operation; in TOML `step_pause_ms`. Default: 20 ms.
    #[serde(rename = "step_pause_ms", with = "forms::milliseconds")]
    pub step_pause: Duration,
    /// Whether an operation stays at its first step until it is cancelled or released. Default: false.
    ///
    /// Not what cannot be aborted even there: captures, refunds by id, tip adjustments, prints, offline mode.
    pub hold_payment: bool,
    /// Whether every operation on money is declined. Default: false, then the [`crate::Scenario`] decides.
    pub decline: bool,
    /// The version of the app, 1.x.0, as far as operations go: what came later is not known to it (section 7). Default: 23.
    pub app_minor: u32,
    /// How a till hears that an operation was declined; section 6a does not know. Default: `Response`.
    pub decline_reply: FailureReply,
    /// How a till hears that an operation was aborted (section 6c has both). Default: `Response`.
    ///
    /// A card read has no reply that could say it: it ends with an `ErrorResponse` in any case.
    pub abort_reply: FailureReply,
    /// What a second request gets while an operation runs; section 5 does not know. Default: `Busy`.
    pub second_request: SecondRequest,
    /// What a `merchantReferenceCode` gets that was used before; section 8 has reports of an error. Default: `Accept`.
    pub duplicate_reference: DuplicateReference,
    /// Which transaction a reference finds that was used twice; section 6a does not know. Default: `Latest`.
    pub duplicate_lookup: DuplicateLookup,
    /// What the amount of an incremental authorisation means; section 6a does not know. Default: `Increment`.
    pub incremental_amount: IncrementalAmount,
    /// Whether the id that an authorisation had before it was incremented still finds it; section 6a knows only that there
    /// is a new one. Default: true.
    pub old_id_after_incremental: bool,
    /// Whether what is left of an authorisation can be captured after a part was; no section knows. Default: false.
    pub repeated_capture: bool,
    /// Whether a tip that was adjusted can be adjusted again; no section knows. Default: false.
    pub repeated_tip_adjust: bool,
    /// Whose status a `LinkedRefundResponse` has; section 6a does not know. Default: `OfPayment`.
    pub refund_status: RefundStatus,
    /// Whether tips can be added after the payment. Default: true. Not if the merchant's tipping type is on the device:
    /// then they are `NOT_ADJUSTABLE` (section 8).
    pub adjustable_tips: bool,
    /// Whether the merchant may refund without a payment (section 8). Default: true.
    pub stand_alone_credits: bool,
    /// Whether replies carry the `instrumentId` of a token service (section 6). Default: true.
    pub token_service: bool,
    /// Whether the device reaches its backend. Default: true. If not, only offline mode takes payments (section 6b).
    pub internet: bool,
    /// The state of the printer. Default: `Ready`.
    pub printer: Printer,
    /// Whether `canBeAborted` is missing from status messages, as it was before app 1.9.0 (section 5). Default: false; an
    /// `app_minor` below 9 has the same effect.
    pub status_without_can_be_aborted: bool,
    /// Whether each `ErrorResponse` to a request that is JSON has nothing but its `type` (section 5). Default: false.
    pub bare_error_responses: bool,
    /// Whether transaction replies have null where a field is absent; section 9 does not know. Default: false.
    pub null_for_absent: bool,
    /// Whether replies have fields that no document knows, as those of a later app will. Default: false.
    pub unknown_fields: bool,
    /// Whether a `merchantReferenceCode` in the shape of a US telephone or social security number is refused, which section
    /// 6 forbids. Default: false.
    pub strict_references: bool,
    /// Whether a final reply whose channel is gone is sent on another one: the latest that is open, or else the next that
    /// opens. Section 5 does not know. Default: false, it is lost.
    pub redirect_lost_replies: bool,
    /// How many lookups of the same id find nothing, whatever there is to be found (section 8, 7). Default: none.
    ///
    /// A payment that runs is found otherwise, with status `PENDING`. Payments that are forgotten are counted anew.
    pub lookup_not_found_first: u32,
    /// How often the device pings an open WebSocket; in TOML `ping_interval_ms`. Default: never, as far as section 5
    /// knows.
    ///
    /// This, `drop_after_missed_pong` and `ping_flood` are looked at when the WebSocket is opened.
    #[serde(rename = "ping_interval_ms", with = "forms::some_milliseconds")]
    pub ping_interval: Option<Duration>,
    /// Whether the device ends the connection, without a close frame, if a ping was not answered when the next one is
    /// due. Default: false.
    pub drop_after_missed_pong: bool,
    /// Whether the device pings as fast as the WebSocket takes it. Default: false.
    pub ping_flood: bool,
    /// Whether the device answers the pings of the till. Default: true.
    pub answer_pings: bool,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            server_certificate: ServerCertificate::Normal,
            server_chain: ServerChain::Full,
            tls_versions: TlsVersions::Both,
            stall_handshake: false,
            session_tickets: true,
            certificate_hint: CertificateHint::RootOnly,
            client_certificate: ClientCertificate::Normal,
            accept_tills_of_old_roots: true,
            pos_id_reuse: PosIdReuse::BothValid,
            pairing_reply: PairingReply::Normal,
            pairing_frame: FrameKind::Text,
            single_use_code: true,
            numeric_pos_id_only: false,
            websocket_refused: None,
            exchange: Exchange::Normal,
            status_messages: None,
            status_flood: false,
            step_pause: Duration::from_millis(20),
            hold_payment: false,
            decline: false,
            app_minor: 23,
            decline_reply: FailureReply::Response,
            abort_reply: FailureReply::Response,
            second_request: SecondRequest::Busy,
            duplicate_reference: DuplicateReference::Accept,
            duplicate_lookup: DuplicateLookup::Latest,
            incremental_amount: IncrementalAmount::Increment,
            old_id_after_incremental: true,
            repeated_capture: false,
            repeated_tip_adjust: false,
            refund_status: RefundStatus::OfPayment,
            adjustable_tips: true,
            stand_alone_credits: true,
            token_service: true,
            internet: true,
            printer: Printer::Ready,
            status_without_can_be_aborted: false,
            bare_error_responses: false,
            null_for_absent: false,
            unknown_fields: false,
            strict_references: false,
            redirect_lost_replies: false,
            lookup_not_found_first: 0,
            ping_interval: None,
            drop_after_missed_pong: false,
            ping_flood: false,
            answer_pings: true,
        }
    }
}

/// The certificate that the device shows (section 4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ServerCertificate {
    /// Fit for TLS clients only.
    ClientAuthOnly,
    /// Exactly these, with no check that they belong together. Not in TOML.
    #[serde(skip_deserializing, serialize_with = "forms::custom")]
    Custom {
        /// Certificates in the order in which they are sent; `server_chain` does not apply.
        chain_der: Vec<Vec<u8>>,
        /// Private key as PKCS#8, PKCS#1 or SEC1.
        key_der: Vec<u8>,
    },
    /// Lapsed yesterday.
    Expired,
    /// Right name, but issued under a root that nobody was given.
    ForeignRoot,
    /// No subject alternative name; the device's name stands in the common name only.
    NoSan,
    /// As section 4 describes it.
    Normal,
    /// Valid from tomorrow.
    NotYetValid,
    /// An RSA key of 1024 bits, rightly certified and rightly used: with PSS if the till knows it, else with PKCS#1.
    Rsa1024,
    /// Signed by the issuing CA with `sha1WithRSAEncryption`; the signature is right.
    Sha1,
    /// X.509 version 1: neither a version nor extensions, so no names either. Rightly signed by the issuing CA.
    V1,
    /// Another name or IP address in place of the device's.
    WrongName(String),
}

/// Which certificates the device sends with its own, and in which order. The leaf is always first, as TLS wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ServerChain {
    /// Leaf, issuing CA, root, and then a CA that has nothing to do with any of them.
    ExtraCertificates,
    /// Leaf, issuing CA, root: the "full chain" of app 1.6.0 and later (section 4).
    Full,
    /// The leaf alone, as older apps do.
    LeafOnly,
    /// Leaf, root, issuing CA: the issuers the wrong way round.
    Reversed,
    /// Leaf and issuing CA, as most servers of the web do.
    WithoutRoot,
}

/// The protocol versions that the device offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TlsVersions {
    /// TLS 1.2 and 1.3.
    Both,
    /// TLS 1.1 only, and aware of how newer tills ask: every ClientHello gets the alert `protocol_version`.
    ///
    /// The TLS library that the simulator is made with does not speak TLS 1.1, so this is that alert and no more: a
    /// till that does offer TLS 1.1 gets it, too.
    Only11,
    /// TLS 1.1 only, and too old to know the extension with which newer tills ask: a ServerHello of version 1.1 and
    /// no more, after which a till of today says `protocol_version` itself.
    Only11Hello,
    /// TLS 1.2 only, as apps before 1.3.0.
    Only12,
    /// TLS 1.3 only.
    Only13,
}

/// The issuers that the CertificateRequest names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CertificateHint {
    /// None: any certificate may be sent.
    Empty,
    /// The issuer of till certificates, too.
    IssuingAndRoot,
    /// The root only, although another CA issued the till's certificate (section 4).
    RootOnly,
}

/// What the device does about the till's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientCertificate {
    /// Closes the connection when it sees a certificate, without a word.
    CloseWithoutAlert,
    /// Asks for one, does without for pairing, accepts those that it issued.
    Normal,
    /// Does not ask: the device is set to "TLS only" (section 1), and serves every caller.
    NotRequested,
    /// Refuses every certificate with this alert.
    RefuseWith(Alert),
    /// Insists on one even for pairing, as section 2 reports from one source.
    RequiredAlways,
    /// Resets the connection when it sees a certificate, without a word.
    ResetWithoutAlert,
}

/// A TLS alert that refuses a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Alert {
    /// `access_denied`.
    AccessDenied,
    /// `bad_certificate`.
    BadCertificate,
    /// `certificate_expired`.
    CertificateExpired,
    /// `certificate_revoked`.
    CertificateRevoked,
    /// `certificate_unknown`.
    CertificateUnknown,
    /// `unknown_ca`.
    UnknownCa,
}

/// What becomes of the till that has a posId when another pairs under it (section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PosIdReuse {
    /// Nothing: both are accepted.
    BothValid,
    /// Nothing: the other one gets HTTP 409, over WSS an `ErrorResponse`, and the setup code is not used up.
    ///
    /// [`crate::Simulator::issue_till`] is not bound by it.
    Reject,
    /// It comes off the list and is refused with `certificate_unknown` from the next connection on.
    Replace,
}

/// What an accepted pairing request is answered with. A wrong code or a malformed request is refused as ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PairingReply {
    /// HTTP 200 with this body; over WSS a frame with it. No certificate is issued, the code counts as used.
    Body(#[serde(with = "forms::bytes")] Vec<u8>),
    /// The till is paired, then the connection is closed in good order before the reply.
    CloseBeforeReply,
    /// The till is paired, and never told.
    Never,
    /// Key and certificates as section 2 describes them.
    Normal,
    /// This HTTP reply; over WSS a frame with the body. No certificate is issued, the code counts as used.
    Status {
        /// HTTP status.
        code: u16,
        /// `Content-Type` header.
        content_type: String,
        /// The body.
        #[serde(with = "forms::bytes")]
        body: Vec<u8>,
    },
    /// The till is paired, but the connection is closed after this many bytes of the body (of the frame's content
    /// over WSS, as a frame of that length).
    Truncated(usize),
}

/// The kind of a WebSocket frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameKind {
    /// A binary frame.
    Binary,
    /// A text frame. Content that is not UTF-8 goes out in a binary frame all the same.
    Text,
}

/// What goes wrong with a request of the channel (sections 5 and 6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Exchange {
    /// The final reply comes in a binary frame. No effect over HTTPS.
    BinaryFrame,
    /// The request is carried out, the connection closed at once in good order, without a close frame of the channel.
    CloseAfterRequest,
    /// The request is carried out, the channel closed at once with this close code. No effect over HTTPS.
    ///
    /// What the code 1006 stands for, an end without a close frame, is `CloseAfterRequest` or `ResetAfterRequest`.
    CloseWith(u16),
    /// The request is not carried out but answered by an `ErrorResponse` with this message.
    ErrorResponse(String),
    /// The final reply comes twice. No effect over HTTPS.
    FinalTwice,
    /// The final reply is not JSON.
    GarbageFrame,
    /// The request is carried out, its final reply held back until [`crate::Simulator::release_replies`].
    HeldReply,
    /// The request is not carried out but answered by this HTTP status. No effect over WSS.
    HttpStatus(u16),
    /// The request is carried out, its final reply sent this much later; in TOML `late_reply_ms`.
    #[serde(rename = "late_reply_ms")]
    LateReply(#[serde(with = "forms::milliseconds")] Duration),
    /// The request is carried out, its final reply never sent; with `status_messages: Some(0)` nothing is.
    NoReply,
    /// As section 5 describes it.
    Normal,
    /// The final reply is at least this many bytes long.
    OversizedReply(usize),
    /// The request is carried out, the connection reset at once.
    ResetAfterRequest,
    /// A message of a type that nobody knows comes first. No effect over HTTPS.
    UnknownTypeFirst,
}
