//! The cloud's listener and its connections: TCP, TLS, HTTP/1.1. Apart from the device's, which has a till's certificate
//! to judge, a WebSocket to open and many ways to end.

use super::CloudEvent;
use super::service::{Endpoint, Service};
use crate::server::ACCEPT_RETRY;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Serves until the runtime is dropped; connections go down with it.
pub(super) async fn run(endpoint: Arc<Endpoint>, listener: std::net::TcpListener, config: Arc<ServerConfig>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let mut connection = 0;
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => {
                connection += 1;
                tokio::spawn(serve(Arc::clone(&endpoint), tcp, Arc::clone(&config), connection));
            }
            Err(_) => tokio::time::sleep(ACCEPT_RETRY).await,
        }
    }
}

async fn serve(endpoint: Arc<Endpoint>, tcp: TcpStream, config: Arc<ServerConfig>, connection: u64) {
    endpoint.journal.record(CloudEvent::Connected { connection });
    let _ = tcp.set_nodelay(true);
    match TlsAcceptor::from(config).accept(tcp).await {
        Ok(tls) => {
            let service = Service { endpoint: Arc::clone(&endpoint), connection };
            // An error here is a client that left or a fault that was asked for.
            let _ =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(tls), service).await;
        }
        Err(error) => {
            let reason = error.to_string();
            endpoint.journal.record(CloudEvent::HandshakeFailed { connection, reason });
        }
    }
    endpoint.journal.record(CloudEvent::Disconnected { connection });
}
