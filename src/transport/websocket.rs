//! A WebSocket over a verified stream: framing by tungstenite, everything below it by us.
//!
//! Its client is run on our own stream, so dialling, verification, deadlines and interrupts are the
//! same as for HTTPS. Message and frame sizes are bounded; no extension is offered.

use super::tls::TlsStream;
use super::{REPLY_BYTES_MAX, cause_of};
use crate::address::Address;
use crate::error::{Error, Kind, Phase};
use tungstenite::error::{CapacityError, ProtocolError};
use tungstenite::handshake::HandshakeError;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};
use zeroize::Zeroizing;

/// Bytes that tungstenite reads at a time.
const READ_BYTES: usize = 16 * 1024;

/// Opens the WebSocket. The device's answer also shows that it accepted the till's certificate.
pub(crate) fn upgrade(address: &Address, stream: TlsStream) -> Result<WebSocket<TlsStream>, Error> {
    upgrade_noting(address, stream, &mut None)
}

/// The same; keeps what the device's answer says of its time (`Date`), whatever the answer.
pub(crate) fn upgrade_noting(
    address: &Address,
    mut stream: TlsStream,
    date: &mut Option<String>,
) -> Result<WebSocket<TlsStream>, Error> {
    stream.set_phase(Phase::WebSocketUpgrade);
    let url = format!("wss://{}{}", address.authority(), address.path);
    let config = WebSocketConfig::default()
        .max_message_size(Some(REPLY_BYTES_MAX))
        .max_frame_size(Some(REPLY_BYTES_MAX))
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0);
    match tungstenite::client::client_with_config(url, stream, Some(config)) {
        Ok((mut socket, response)) => {
            *date = date_of(response.headers());
            socket.get_mut().set_phase(Phase::Exchange);
            Ok(socket)
        }
        Err(HandshakeError::Failure(error)) => {
            if let tungstenite::Error::Http(response) = &error {
                *date = date_of(response.headers());
            }
            Err(explain(error, Phase::WebSocketUpgrade).into())
        }
        Err(HandshakeError::Interrupted(_)) => {
            Err(Kind::Internal { detail: "a blocking stream did not block".into() }.into())
        }
    }
}

fn date_of(headers: &tungstenite::http::HeaderMap) -> Option<String> {
    Some(headers.get("Date")?.to_str().ok()?.to_owned())
}

/// Sends a ping and waits for its pong. Tells how many messages of content came before it: they are lost.
///
/// # Errors
/// The cause only; `ResponseTimeout` when the stream's deadline was over first.
pub(crate) fn ping(socket: &mut WebSocket<TlsStream>) -> Result<u32, Kind> {
    const PAYLOAD: &[u8] = b"poslatch probe";
    let mut messages = 0;
    socket.send(Message::Ping(PAYLOAD.into())).map_err(|error| explain(error, Phase::Exchange))?;
    loop {
        match socket.read().map_err(|error| explain(error, Phase::Exchange))? {
            Message::Pong(payload) if payload == PAYLOAD => return Ok(messages),
            Message::Close(frame) => return Err(closed(frame)),
            Message::Text(_) | Message::Binary(_) => messages += 1,
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
}

/// Sends one text message and waits for the first message of content.
///
/// # Errors
/// The cause only: once this is called, the text may have left.
pub(crate) fn ask(socket: &mut WebSocket<TlsStream>, text: &str) -> Result<Zeroizing<Vec<u8>>, Kind> {
    socket.send(Message::text(text)).map_err(|error| explain(error, Phase::Exchange))?;
    loop {
        match socket.read().map_err(|error| explain(error, Phase::Exchange))? {
            // Which kind the device uses for PEM is not known (protocol.md section 2).
            Message::Text(text) => return Ok(Zeroizing::new(text.as_bytes().to_vec())),
            Message::Binary(bytes) => return Ok(Zeroizing::new(bytes.to_vec())),
            Message::Close(frame) => return Err(closed(frame)),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
}

/// The cause of a close by the device.
pub(crate) fn closed(frame: Option<tungstenite::protocol::CloseFrame>) -> Kind {
    match frame {
        Some(frame) => {
            Kind::WebSocketClosed { code: frame.code.into(), reason: crate::words::printable(&frame.reason) }
        }
        // RFC 6455 section 7.1.5: a close frame without a code counts as 1005.
        None => Kind::WebSocketClosed { code: 1005, reason: String::new() },
    }
}

pub(crate) fn explain(error: tungstenite::Error, phase: Phase) -> Kind {
    use tungstenite::Error as Ws;
    match error {
        Ws::Io(error) => cause_of(&error, phase),
        Ws::Http(response) => Kind::WebSocketRefused { http_status: response.status().as_u16() },
        Ws::ConnectionClosed
        | Ws::AlreadyClosed
        | Ws::Protocol(
            ProtocolError::ResetWithoutClosingHandshake
            | ProtocolError::HandshakeIncomplete
            | ProtocolError::SendAfterClosing,
        ) => Kind::PeerClosed { phase, os: None },
        Ws::Capacity(CapacityError::MessageTooLong { .. }) => {
            Kind::ReplyTooLarge { limit_bytes: REPLY_BYTES_MAX }
        }
        other => Kind::ProtocolViolation { detail: crate::words::printable(&other.to_string()) },
    }
}
