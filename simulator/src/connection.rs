//! The story of one connection, from the first packet to the last: TLS, then HTTP requests, then perhaps a WebSocket.
//! Read it top to bottom; the steps themselves are elsewhere.

use crate::device::{Device, Ending};
use crate::http::{Service, UpgradeSlot};
use crate::plain::{LINGER_MAX, Plain};
use crate::tls::TlsMaterial;
use crate::wire::Wire;
use crate::{ClientCertificate, Event, Faults, TlsVersions, lock, tls11, websocket};
use hyper_util::rt::TokioIo;
use rustls::{CertificateError, HandshakeKind, OtherError, ProtocolVersion, ServerConnection};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Whoever accepts a connection subscribes to disturbances for it: one that comes before this task has begun counts, too.
pub(crate) async fn serve(
    device: Arc<Device>,
    tcp: TcpStream,
    peer: SocketAddr,
    connection: u64,
    mut disturbed: Disturbed,
) {
    // Before anything goes on record: whoever sees the connection there and turns a switch means the next one.
    let (faults, material) = device.faults_and_tls();
    device.journal.record(Event::Connected { connection, peer });
    // Small messages must not wait for one another's acknowledgement.
    let _ = tcp.set_nodelay(true);

    let total = if faults.stall_handshake {
        stall(&device, tcp, connection, &mut disturbed).await;
        0
    } else {
        let (muted, resets) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        // Made here, not by the handshake: a reset that comes before the handshake has begun must be one, too.
        let wire = Wire::new(tcp, Arc::clone(&muted), Arc::clone(&resets));
        let mut handshake = Box::pin(handshake(&device, wire, muted, connection, &faults, &material));
        let shaken = tokio::select! {
            // The disturbance first: what is sent after it must not be answered.
            biased;
            ending = disturbance(&mut disturbed) => Err(ending),
            shaken = &mut handshake => Ok(shaken),
        };
        match shaken {
            Ok(None) => 0,
            Ok(Some((plain, rights))) => {
                let ending = tokio::select! {
                    biased;
                    ending = disturbance(&mut disturbed) => ending,
                    ending = talk(&device, plain.clone(), rights, connection) => ending,
                };
                let received = plain.clone();
                plain.end(thaw(ending, &mut disturbed).await).await;
                received.received()
            }
            Err(ending) => {
                // The handshake holds the socket, and drops it below.
                let ending = thaw(ending, &mut disturbed).await;
                resets.store(ending == Ending::Reset, Ordering::Relaxed);
                let reason = "disturbed, as the simulator was asked to".to_owned();
                device.journal.record(Event::HandshakeFailed { connection, reason });
                0
            }
        }
    };
    device.journal.record(Event::ApplicationBytes { connection, total });
    device.journal.record(Event::Disconnected { connection });
}

/// Tells a connection what is done to all of them.
pub(crate) type Disturbed = watch::Receiver<Option<Ending>>;

async fn disturbance(disturbed: &mut Disturbed) -> Ending {
    match disturbed.changed().await {
        Ok(()) => disturbed.borrow_and_update().unwrap_or(Ending::Orderly),
        // The device is going down, and this task with it.
        Err(_) => std::future::pending().await,
    }
}

/// Waits until a frozen connection is ended after all.
async fn thaw(mut ending: Ending, disturbed: &mut Disturbed) -> Ending {
    while ending == Ending::Frozen {
        ending = disturbance(disturbed).await;
    }
    ending
}

/// What the till at the other end may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rights {
    /// It showed a certificate of this device, or the device does not ask for any.
    Everything,
    /// It showed none.
    Pairing,
}

/// Takes in what the till says until it gives up, or something happens to the connection.
async fn stall(device: &Device, mut tcp: TcpStream, connection: u64, disturbed: &mut Disturbed) {
    let mut scratch = [0; 4096];
    let given_up = async { while tcp.read(&mut scratch).await.is_ok_and(|length| length > 0) {} };
    let ending = tokio::select! {
        biased;
        ending = disturbance(disturbed) => ending,
        () = given_up => Ending::Orderly,
    };
    if thaw(ending, disturbed).await == Ending::Reset {
        let _ = tcp.set_zero_linger();
    }
    let reason = "never answered, as the simulator's switches ask".to_owned();
    device.journal.record(Event::HandshakeFailed { connection, reason });
}

async fn handshake(
    device: &Arc<Device>,
    mut wire: Wire,
    muted: Arc<AtomicBool>,
    connection: u64,
    faults: &Faults,
    material: &TlsMaterial,
) -> Option<(Plain, Rights)> {
    let failed = |reason: String| device.journal.record(Event::HandshakeFailed { connection, reason });
    if let TlsVersions::Only11 | TlsVersions::Only11Hello = faults.tls_versions {
        failed("answered as a device that speaks TLS 1.1 only".to_owned());
        let answered = async {
            tls11::answer(&mut wire, faults.tls_versions).await?;
            wire.close_after_failed_handshake().await
        };
        let _ = tokio::time::timeout(LINGER_MAX, answered).await;
        return None;
    }
    let config = match material.server_config(device, faults, muted) {
        Ok(config) => config,
        Err(reason) => {
            failed(reason);
            return None;
        }
    };
    match TlsAcceptor::from(Arc::new(config)).accept(wire).into_fallible().await {
        Ok(tls) => {
            let till = record_handshake(device, &tls, connection);
            let open_to_all = faults.client_certificate == ClientCertificate::NotRequested;
            let rights = if open_to_all || till.is_some() { Rights::Everything } else { Rights::Pairing };
            Some((Plain::new(tls, Arc::clone(device), connection), rights))
        }
        Err((error, wire)) => {
            failed(explain(&error));
            if faults.client_certificate == ClientCertificate::ResetWithoutAlert && wire.is_muted() {
                wire.reset_on_drop();
                return None;
            }
            let _ = tokio::time::timeout(LINGER_MAX, wire.close_after_failed_handshake()).await;
            None
        }
    }
}

/// What the TLS library says; of a certificate that our own rules refuse it only knows the type of the reason.
fn explain(error: &io::Error) -> String {
    match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(reason)))) => {
            format!("invalid peer certificate: {reason}")
        }
        _ => error.to_string(),
    }
}

fn record_handshake(device: &Device, tls: &TlsStream<Wire>, connection: u64) -> Option<String> {
    let session: &ServerConnection = tls.get_ref().1;
    let chain = session.peer_certificates().unwrap_or_default();
    let client_certificate = chain.first().and_then(|leaf| device.tills.pos_id(leaf));
    device.journal.record(Event::Handshake {
        connection,
        sni: session.server_name().map(str::to_owned),
        tls_version: match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2".to_owned(),
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3".to_owned(),
            other => format!("{other:?}"),
        },
        client_certificate: client_certificate.clone(),
        client_chain_len: chain.len(),
        resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
    });
    client_certificate
}

/// Answers requests until one of them opens a WebSocket or the connection is over.
async fn talk(device: &Arc<Device>, plain: Plain, rights: Rights, connection: u64) -> Ending {
    let upgrade = UpgradeSlot::default();
    let ending = Arc::new(Mutex::new(Ending::Orderly));
    let service =
        Service::new(Arc::clone(device), connection, rights, Arc::clone(&upgrade), Arc::clone(&ending));
    // An error here is a peer that left or a fault that was asked for; how to end was decided where it happened.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(plain), service)
        .with_upgrades()
        .await;
    let upgrade = lock(&upgrade).take();
    match upgrade {
        None => *lock(&ending),
        Some(upgrade) => match upgrade.await {
            Ok(stream) => websocket::talk(device, TokioIo::new(stream), rights, connection).await,
            Err(_) => Ending::Orderly,
        },
    }
}
