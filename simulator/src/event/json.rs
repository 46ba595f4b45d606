//! The entries of the record as JSON: one form for the program's log, the control API and its stream. Apart from the
//! vocabulary, so that this stays a list of what there is.

use super::Event;
use crate::rfc3339;
use serde_json::{Value, json};

impl Event {
    /// Writes the entry as one JSON object. Its `event` says what kind it is; names are stable, new fields may come.
    ///
    /// Like the entry itself it holds no secret.
    pub fn to_json(&self) -> Value {
        match self {
            Self::ApplicationBytes { connection, total } => {
                json!({ "event": "bytes", "connection": connection, "total": total })
            }
            Self::CloseReceived { connection, code } => {
                json!({ "event": "closeReceived", "connection": connection, "code": code })
            }
            Self::CodeShown { valid_seconds } => json!({ "event": "code", "validSeconds": valid_seconds }),
            Self::Connected { connection, peer } => {
                json!({ "event": "connected", "connection": connection, "peer": peer.to_string() })
            }
            Self::Disconnected { connection } => {
                json!({ "event": "disconnected", "connection": connection })
            }
            Self::DisplayChanged(display) => json!({ "event": "display", "display": display }),
            Self::Handshake {
                connection,
                sni,
                tls_version,
                client_certificate,
                client_chain_len,
                resumed,
            } => json!({
                "event": "handshake",
                "connection": connection,
                "sni": sni,
                "tlsVersion": tls_version,
                "posId": client_certificate,
                "chainLength": client_chain_len,
                "resumed": resumed,
            }),
            Self::HandshakeFailed { connection, reason } => {
                json!({ "event": "refused", "stage": "handshake", "connection": connection, "reason": reason })
            }
            Self::MessageReceived { connection, kind, detail } => message("in", *connection, kind, detail),
            Self::MessageSent { connection, kind, detail } => message("out", *connection, kind, detail),
            Self::Paired { connection, pos_id, not_after } => json!({
                "event": "paired",
                "connection": connection,
                "posId": pos_id,
                "notAfter": rfc3339(*not_after),
            }),
            Self::PairingRequested { connection, pos_id, accepted } => json!({
                "event": "pairingRequested",
                "connection": connection,
                "posId": pos_id,
                "accepted": accepted,
            }),
            Self::PaymentEnded { reference, status } => {
                json!({ "event": "paymentEnded", "reference": reference, "status": status })
            }
            Self::PingReceived { connection } => {
                json!({ "event": "pingReceived", "connection": connection })
            }
            Self::PongMissed { connection } => json!({ "event": "pongMissed", "connection": connection }),
            Self::PongReceived { connection } => {
                json!({ "event": "pongReceived", "connection": connection })
            }
            Self::ReplyHeld { connection, kind } => {
                json!({ "event": "replyHeld", "connection": connection, "type": kind })
            }
            Self::ReplyLost { connection, kind } => {
                json!({ "event": "replyLost", "connection": connection, "type": kind })
            }
            Self::Refused { connection, reason } => {
                json!({ "event": "refused", "stage": "request", "connection": connection, "reason": reason })
            }
            Self::TillRevoked { pos_id, fingerprint } => {
                json!({ "event": "tillRevoked", "posId": pos_id, "fingerprint": fingerprint })
            }
            Self::WebSocketOpened { connection } => {
                json!({ "event": "webSocketOpened", "connection": connection })
            }
        }
    }
}

fn message(direction: &str, connection: u64, kind: &str, detail: &Option<String>) -> Value {
    json!({ "event": "message", "direction": direction, "connection": connection, "type": kind, "detail": detail })
}
