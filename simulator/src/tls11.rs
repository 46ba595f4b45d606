//! TLS 1.1, as far as a till of today gets to see it: one message in answer to its ClientHello. A file of its own because
//! the TLS library knows no version that old, so that message is put together by hand.

use crate::TlsVersions;
use crate::pki::random_bytes;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Reads the ClientHello and answers it; nothing that speaks no TLS gets an answer.
pub(crate) async fn answer(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    versions: TlsVersions,
) -> io::Result<()> {
    let mut header = [0; 5];
    stream.read_exact(&mut header).await?;
    let [kind, _, _, length @ ..] = header;
    if kind != HANDSHAKE {
        return Ok(());
    }
    let mut hello = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut hello).await?;
    match versions {
        TlsVersions::Only11Hello => stream.write_all(&server_hello()).await?,
        _ => stream.write_all(&PROTOCOL_VERSION_ALERT).await?,
    }
    stream.flush().await
}

/// A ServerHello of TLS 1.1 with the cipher suite that RFC 4346 demands of all.
fn server_hello() -> Vec<u8> {
    let mut hello = vec![HANDSHAKE, 3, 2, 0, 42];
    // ServerHello of 38 bytes, TLS 1.1.
    hello.extend_from_slice(&[2, 0, 0, 38, 3, 2]);
    hello.extend_from_slice(&random_bytes::<32>());
    // No session id, TLS_RSA_WITH_3DES_EDE_CBC_SHA, no compression.
    hello.extend_from_slice(&[0, 0, 0x0A, 0]);
    hello
}

const HANDSHAKE: u8 = 22;

/// An alert in a record of TLS 1.1: fatal, `protocol_version`.
const PROTOCOL_VERSION_ALERT: [u8; 7] = [21, 3, 2, 0, 2, 2, 70];
