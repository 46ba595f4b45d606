//! A TLS stream to a device that has proven who it is.
//!
//! [`open`] returns only after the server's chain, dates, usage and name were verified, so whatever
//! is written to the stream goes to the right device. The stream blocks; a WebSocket that has to
//! read and write at the same time [detaches](TlsStream::detach) it from its socket and moves the
//! bytes itself. Every failure is turned into its cause here, where the handshake's state is known.

pub(crate) mod look;

use super::deadline::Deadline;
use super::dial::dial;
use super::interrupt::Interrupt;
pub(crate) use super::socket::SharedDeadline;
use super::socket::Socket;
use super::{Target, carry};
use crate::error::{Error, Kind, OsError, Phase};
use crate::log;
use crate::provider::provider;
use crate::trust::verifier::{DeviceVerifier, refusal_in};
use crate::x509::Certificate;
use rustls::client::ResolvesClientCert;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, Error as TlsError, ProtocolVersion,
    SupportedProtocolVersion,
};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

/// What we speak.
const ALL_VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// How long a device may take, after the handshake, to send the session ticket that shows it has
/// accepted the till's certificate. A server that accepts sends it at once; one that sends none is
/// believed after this time, and a refusal then shows at the first exchange.
const ACCEPTANCE_WAIT: Duration = Duration::from_secs(1);

/// How long a failed write waits for the alert that explains it; the alert came before the reset.
const ALERT_WAIT: Duration = Duration::from_millis(500);

pub(crate) struct TlsStream {
    tls: ClientConnection,
    /// Gone once the stream was detached.
    socket: Option<Socket>,
    address: String,
    phase: Phase,
    /// Expiry of the till's certificate that was shown, if one was.
    shown_not_after: Option<u64>,
    device_name: Option<String>,
}

/// Dials, shakes hands and verifies, all before the deadline.
pub(crate) fn open(
    target: &Target,
    deadline: Deadline,
    interrupt: &Arc<Interrupt>,
) -> Result<TlsStream, Error> {
    let mut stream = TlsStream::detached(target, config(target)?)?;
    let tcp = dial(&target.address, deadline, interrupt)?;
    stream.socket = Some(Socket::new(tcp, deadline, interrupt)?);
    stream.handshake()?;

    stream.device_name = stream
        .tls
        .peer_certificates()
        .and_then(|chain| Certificate::parse(chain.first()?).ok())
        .and_then(|leaf| target.expectation.name_of(&leaf));
    log::connected(&stream.address, stream.device_name(), stream.version());
    Ok(stream)
}

/// How TLS is spoken with the target; serves any number of streams, at any address.
pub(crate) fn config(target: &Target) -> Result<Arc<ClientConfig>, Error> {
    let verifier = DeviceVerifier { roots: target.roots.clone(), expectation: target.expectation.clone() };
    // Always leaf and intermediates, whatever issuers the device hints at: the field's devices name the root
    // while an intermediate issued the certificate (protocol.md section 4).
    let resolver = target.identity.as_ref().map(|identity| identity.resolver());
    configured(ALL_VERSIONS, Arc::new(verifier), resolver)
}

fn configured(
    versions: &[&'static SupportedProtocolVersion],
    verifier: Arc<dyn ServerCertVerifier>,
    resolver: Option<Arc<dyn ResolvesClientCert>>,
) -> Result<Arc<ClientConfig>, Error> {
    let builder = ClientConfig::builder_with_provider(provider().clone())
        .with_protocol_versions(versions)
        .map_err(|error| Kind::Internal { detail: error.to_string() })?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match resolver {
        Some(resolver) => builder.with_client_cert_resolver(resolver),
        None => builder.with_no_client_auth(),
    };
    // Each connection verifies the device afresh.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(Arc::new(config))
}

impl TlsStream {
    /// A stream that begins without a socket: its handshake is [fed](TlsStream::feed) and
    /// [taken](TlsStream::take_output).
    pub(crate) fn detached(target: &Target, config: Arc<ClientConfig>) -> Result<TlsStream, Error> {
        let server_name = target.expectation.server_name(&target.address.host);
        let mut stream = TlsStream::new(config, server_name, target.address.authority())?;
        stream.shown_not_after = target.identity.as_ref().map(|identity| identity.not_after());
        Ok(stream)
    }

    /// A stream that has not begun to speak, without a socket.
    fn new(
        config: Arc<ClientConfig>,
        server_name: ServerName<'static>,
        address: String,
    ) -> Result<TlsStream, Error> {
        let mut tls = ClientConnection::new(config, server_name)
            .map_err(|error| Kind::Internal { detail: error.to_string() })?;
        // The sizes of what is written are bounded by us; a second bound would only split messages.
        tls.set_buffer_limit(None);
        let phase = Phase::Handshake;
        Ok(TlsStream { tls, socket: None, address, phase, shown_not_after: None, device_name: None })
    }

    fn handshake(&mut self) -> Result<(), Error> {
        while self.tls.is_handshaking() {
            if self.tls.wants_write() {
                self.push().map_err(|error| super::cause_of(&error, self.phase))?;
            } else {
                self.pull().map_err(|error| super::cause_of(&error, self.phase))?;
            }
        }
        // The last flight: certificate, its proof, and Finished.
        self.push().map_err(|error| super::cause_of(&error, self.phase))?;
        Ok(())
    }

    /// Waits until the device has judged the till's certificate. Under TLS 1.3 the handshake ends
    /// before that; the first session ticket, or an alert, tells.
    pub(crate) fn await_acceptance(&mut self) -> Result<(), Error> {
        if self.tls.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
            return Ok(());
        }
        self.phase = Phase::Acceptance;
        let Some(deadline) = self.socket.as_ref().map(|socket| socket.deadline().clone()) else {
            return Ok(());
        };
        let whole = deadline.get();
        let patience = whole.no_later_than(ACCEPTANCE_WAIT);
        deadline.set(patience);
        let result = loop {
            if self.tls.tls13_tickets_received() > 0 {
                break Ok(());
            }
            match self.pull() {
                Ok(0) => break Err(self.closed(None).into()),
                Ok(_) => {}
                // No ticket in time: some servers send none.
                Err(_) if patience.remaining().is_none() && whole.remaining().is_some() => break Ok(()),
                Err(error) => break Err(super::cause_of(&error, self.phase).into()),
            }
        };
        deadline.set(whole);
        result
    }

    /// Names the step that errors are to speak of from now on.
    pub(crate) fn set_phase(&mut self, phase: Phase) {
        self.phase = phase;
    }

    /// Fails once the deadline is over, so that nothing begins after it.
    pub(crate) fn check_deadline(&self) -> io::Result<()> {
        match &self.socket {
            Some(socket) if socket.deadline().get().remaining().is_none() => {
                Err(carry(io::ErrorKind::TimedOut, self.timed_out()))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn shared_deadline(&self) -> Option<SharedDeadline> {
        self.socket.as_ref().map(|socket| socket.deadline().clone())
    }

    /// The verified name of the device, in lower case; `None` if its certificate holds none.
    pub(crate) fn device_name(&self) -> Option<&str> {
        self.device_name.as_deref()
    }

    /// `TLSv1.3` or `TLSv1.2`.
    pub(crate) fn version(&self) -> &'static str {
        match self.tls.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            _ => "TLSv1.2",
        }
    }

    /// Takes the stream off its socket: reads then give what was [fed](TlsStream::feed), writes are
    /// kept until [taken](TlsStream::take_output), and nothing blocks any more.
    pub(crate) fn detach(&mut self) -> Option<Arc<TcpStream>> {
        self.socket.take().map(|socket| socket.tcp().clone())
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// Whether the device has passed: TLS remembers its certificate only after chain, dates, usage and
    /// name, and the signature by which it holds the key in this very handshake. That comes before
    /// the till has to show a certificate.
    pub(crate) fn has_proven_itself(&self) -> bool {
        self.tls.peer_certificates().is_some()
    }

    /// Adds the polite end to what has to go out, unless the stream has failed.
    pub(crate) fn say_goodbye(&mut self) {
        self.tls.send_close_notify();
    }

    /// Takes in some of the bytes that arrived on the detached socket. What they hold has to be read
    /// before more is fed.
    pub(crate) fn feed(&mut self, bytes: &mut &[u8]) -> Result<(), Kind> {
        // To TLS, reading nothing is the end of the connection.
        if bytes.is_empty() {
            return Ok(());
        }
        let size = self.tls.read_tls(bytes).map_err(|error| Kind::TlsFailed { detail: error.to_string() })?;
        self.tls.process_new_packets().map_err(|error| self.explain(&error))?;
        // After the device's goodbye nothing is taken any more; what follows is nobody's.
        if size == 0 {
            *bytes = &[];
        }
        Ok(())
    }

    /// Appends what has to go out on the detached socket.
    pub(crate) fn take_output(&mut self, output: &mut Vec<u8>) {
        while self.tls.wants_write() {
            // Writing to memory fails only without memory.
            if self.tls.write_tls(output).is_err() {
                return;
            }
        }
    }

    /// Whether the connection still stands, asked without waiting. Takes in what has arrived.
    pub(crate) fn is_open(&mut self) -> bool {
        let Some(socket) = &self.socket else { return false };
        let tcp = socket.tcp().clone();
        if socket.interrupt().is_fired() || tcp.set_nonblocking(true).is_err() {
            return false;
        }
        let open = loop {
            match self.tls.read_tls(&mut &*tcp) {
                Ok(0) => break false,
                Ok(_) => match self.tls.process_new_packets() {
                    // Something to read before anything was asked: it answers an older request.
                    Ok(state) if !state.peer_has_closed() && state.plaintext_bytes_to_read() == 0 => {}
                    _ => break false,
                },
                Err(error) => break error.kind() == io::ErrorKind::WouldBlock,
            }
        };
        tcp.set_nonblocking(false).is_ok() && open
    }

    /// Reads once from the socket and lets TLS work on it.
    fn pull(&mut self) -> io::Result<usize> {
        let Some(socket) = &mut self.socket else { return Err(io::ErrorKind::WouldBlock.into()) };
        let size = match self.tls.read_tls(socket) {
            Ok(size) => size,
            Err(error) => return Err(self.io_failure(error)),
        };
        if let Err(error) = self.tls.process_new_packets() {
            let kind = self.explain(&error);
            // Tells the device why; whether that arrives does not change the cause.
            if let Some(socket) = &mut self.socket {
                let _ = self.tls.write_tls(socket);
            }
            return Err(carry(io::ErrorKind::InvalidData, kind));
        }
        if size == 0 && self.tls.is_handshaking() {
            return Err(carry(io::ErrorKind::UnexpectedEof, self.closed(None)));
        }
        Ok(size)
    }

    /// Writes all that TLS has to say to the socket.
    fn push(&mut self) -> io::Result<()> {
        let Some(socket) = &mut self.socket else { return Ok(()) };
        while self.tls.wants_write() {
            if let Err(error) = self.tls.write_tls(socket) {
                let failure = self.io_failure(error);
                return Err(self.alert_behind().unwrap_or(failure));
            }
        }
        Ok(())
    }

    /// After a failed write: the alert that the device sent before it closed, if one is waiting.
    fn alert_behind(&mut self) -> Option<io::Error> {
        let socket = self.socket.as_mut()?;
        let deadline = socket.deadline().clone();
        deadline.set(deadline.get().no_later_than(ALERT_WAIT));
        while self.tls.read_tls(socket).ok()? > 0 {
            if let Err(error) = self.tls.process_new_packets() {
                return Some(carry(io::ErrorKind::InvalidData, self.explain(&error)));
            }
        }
        None
    }

    fn is_interrupted(&self) -> bool {
        self.socket.as_ref().is_some_and(|socket| socket.interrupt().is_fired())
    }

    fn io_failure(&self, error: io::Error) -> io::Error {
        if self.is_interrupted() {
            return carry(error.kind(), Kind::Cancelled);
        }
        let kind = match error.kind() {
            io::ErrorKind::TimedOut if error.raw_os_error().is_some() => Kind::PeerSilent { quiet: None },
            io::ErrorKind::TimedOut => self.timed_out(),
            _ => self.closed(Some((&error).into())),
        };
        carry(error.kind(), kind)
    }

    fn timed_out(&self) -> Kind {
        let limit = self.socket.as_ref().map(|socket| socket.deadline().get().limit()).unwrap_or_default();
        match self.phase {
            Phase::Exchange => Kind::ResponseTimeout { phase: self.phase, limit },
            _ => Kind::ConnectTimeout { address: self.address.clone(), limit },
        }
    }

    /// What a closed connection means here: right after the till's certificate was shown, most
    /// likely that the device did not like it.
    fn closed(&self, os: Option<OsError>) -> Kind {
        if self.is_interrupted() {
            return Kind::Cancelled;
        }
        match self.phase {
            Phase::Handshake | Phase::Acceptance | Phase::WebSocketUpgrade
                if self.shown_not_after.is_some()
                    && self.tls.peer_certificates().is_some()
                    && !self.till_was_accepted() =>
            {
                self.till_rejected(None)
            }
            phase => Kind::PeerClosed { phase, os },
        }
    }

    /// Whether the device is known to have accepted the till's certificate: under TLS 1.2 by the end
    /// of the handshake, under 1.3 by a session ticket.
    fn till_was_accepted(&self) -> bool {
        match self.tls.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => !self.tls.is_handshaking(),
            _ => self.tls.tls13_tickets_received() > 0,
        }
    }

    fn till_rejected(&self, alert: Option<AlertDescription>) -> Kind {
        let now = UnixTime::now().as_secs();
        match self.shown_not_after {
            Some(not_after) if not_after < now || alert == Some(AlertDescription::CertificateExpired) => {
                Kind::TillCertificateExpired { not_after, now }
            }
            _ => Kind::TillCertificateRejected { alert },
        }
    }

    /// The cause behind an error of rustls, by what the handshake had reached.
    fn explain(&self, error: &TlsError) -> Kind {
        if let Some(kind) = refusal_in(error) {
            return kind;
        }
        let server_was_verified = self.tls.peer_certificates().is_some();
        match error {
            TlsError::AlertReceived(AlertDescription::ProtocolVersion) => {
                Kind::TlsVersion { detail: "TLS alert ProtocolVersion".into() }
            }
            TlsError::AlertReceived(alert) if server_was_verified && is_about_our_certificate(*alert) => {
                match self.shown_not_after {
                    Some(_) => self.till_rejected(Some(*alert)),
                    None => Kind::TillCertificateRequired { alert: *alert },
                }
            }
            TlsError::AlertReceived(
                alert @ (AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity),
            ) => Kind::TlsVersion { detail: format!("TLS alert {alert:?}") },
            TlsError::AlertReceived(alert) => Kind::TlsAlert { alert: *alert },
            TlsError::PeerIncompatible(reason) => Kind::TlsVersion { detail: format!("{reason:?}") },
            TlsError::InvalidMessage(_) if self.tls.protocol_version().is_none() => {
                Kind::NotTls { address: self.address.clone() }
            }
            TlsError::NoCertificatesPresented => {
                Kind::DeviceCertificateUnusable { problem: "the device shows none".into() }
            }
            TlsError::InvalidCertificate(reason) => {
                let problem = crate::words::printable(&format!("{reason:?}"));
                Kind::DeviceCertificateUnusable { problem }
            }
            other => Kind::TlsFailed { detail: crate::words::printable(&other.to_string()) },
        }
    }
}

/// Alerts by which servers say, more or less fittingly, that the client's certificate will not do.
fn is_about_our_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError
            | AlertDescription::CertificateRequired
            // protocol.md section 4: what devices answer that miss the till's certificate.
            | AlertDescription::HandshakeFailure
    )
}

impl Read for TlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.pull()?;
                    // Key updates and the like want an answer.
                    self.push()?;
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Err(carry(error.kind(), self.closed(None)));
                }
                // Some systems report our own shutdown as a polite end of the other side.
                Ok(0) if self.is_interrupted() && !buffer.is_empty() => {
                    return Err(carry(io::ErrorKind::UnexpectedEof, Kind::Cancelled));
                }
                // A polite close in place of the upgrade says the same as a rude one.
                Ok(0) if self.phase == Phase::WebSocketUpgrade && !buffer.is_empty() => {
                    return Err(carry(io::ErrorKind::UnexpectedEof, self.closed(None)));
                }
                result => return result,
            }
        }
    }
}

impl Write for TlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let size = self.tls.writer().write(bytes)?;
        self.push()?;
        Ok(size)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.push()
    }
}

impl std::fmt::Debug for TlsStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsStream").field("address", &self.address).finish_non_exhaustive()
    }
}
