//! Pairing, as the device sees it (section 2): judge the request, issue key and certificate, write the PEM reply. Apart
//! from HTTP and WebSocket, which carry the same request and differ only in the envelope of the answer.

use crate::code::CodeUse;
use crate::device::Device;
use crate::message::{error_response, for_record, text};
use crate::{Event, Faults, PairingReply, PosIdReuse};
use serde_json::Value;
use std::sync::Arc;

/// What the till is told.
pub(crate) enum Answer {
    /// Nothing: the connection is closed.
    Close,
    /// Nothing at all.
    Never,
    /// The request is turned down.
    Refused { status: u16, body: Value },
    /// A reply of which only `sent` bytes of the body go out.
    Reply { status: u16, content_type: String, body: Vec<u8>, sent: usize },
}

pub(crate) async fn judge(device: &Arc<Device>, connection: u64, request: &Value, faults: &Faults) -> Answer {
    let verdict = check(device, request, faults);
    device.journal.record(Event::PairingRequested {
        connection,
        pos_id: for_record(text(request, "posId").unwrap_or_default()),
        accepted: verdict.is_ok(),
    });
    match verdict {
        Ok(pos_id) => answer(device, connection, pos_id, &faults.pairing_reply).await,
        Err(refusal) => refuse(device, connection, refusal),
    }
}

/// A pairing request that could not even be read.
pub(crate) fn unreadable(device: &Device, connection: u64, reason: &str) -> Answer {
    device.journal.record(Event::PairingRequested { connection, pos_id: String::new(), accepted: false });
    refuse(
        device,
        connection,
        Refusal { status: 400, message: "Invalid request", description: reason.to_owned() },
    )
}

/// Why a request is turned down. Section 2 knows neither status nor text; these are ours.
struct Refusal {
    status: u16,
    message: &'static str,
    description: String,
}

fn check(device: &Device, request: &Value, faults: &Faults) -> Result<String, Refusal> {
    let field = |name| match text(request, name) {
        Some(value) if !value.is_empty() => Ok(value),
        _ => Err(Refusal {
            status: 400,
            message: "Invalid request",
            description: format!("field '{name}' is missing or not a text"),
        }),
    };
    let (pos_id, code) = (field("posId")?, field("setupCode")?);
    if faults.numeric_pos_id_only && !pos_id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal {
            status: 500,
            message: "Internal server error",
            description: "posId is not a number".to_owned(),
        });
    }
    let taken = faults.pos_id_reuse == PosIdReuse::Reject && device.tills.has(pos_id);
    let code_use = if faults.single_use_code && !taken { CodeUse::Single } else { CodeUse::Repeated };
    match device.code.accept(code, code_use, &device.journal) {
        true if taken => Err(Refusal {
            status: 409,
            message: "posId already in use",
            description: "another till has paired under this posId".to_owned(),
        }),
        true => Ok(pos_id.to_owned()),
        false => Err(Refusal {
            status: 403,
            message: "Invalid setup code",
            description: "the code is wrong, expired or already used".to_owned(),
        }),
    }
}

async fn answer(device: &Arc<Device>, connection: u64, pos_id: String, reply: &PairingReply) -> Answer {
    match reply {
        PairingReply::Body(body) => whole(200, PEM_CONTENT_TYPE, body.clone()),
        PairingReply::Status { code, content_type, body } => whole(*code, content_type, body.clone()),
        issuing => match issue(device, connection, pos_id).await {
            Err(description) => refuse(
                device,
                connection,
                Refusal { status: 500, message: "Internal server error", description },
            ),
            Ok(pem) => match issuing {
                PairingReply::CloseBeforeReply => Answer::Close,
                PairingReply::Never => Answer::Never,
                PairingReply::Truncated(sent) => Answer::Reply {
                    status: 200,
                    content_type: PEM_CONTENT_TYPE.to_owned(),
                    sent: (*sent).min(pem.len()),
                    body: pem,
                },
                _ => whole(200, PEM_CONTENT_TYPE, pem),
            },
        },
    }
}

/// Key, leaf, issuing CA, root: bare PEM in the order of section 2.
async fn issue(device: &Arc<Device>, connection: u64, pos_id: String) -> Result<Vec<u8>, String> {
    let issuer = Arc::clone(device);
    // On a thread that may block: making a key can take a while.
    match tokio::task::spawn_blocking(move || issuer.pair(connection, &pos_id)).await {
        Ok(Ok(issued)) => Ok((issued.key_pem_pkcs1 + &issued.chain_pem).into_bytes()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn whole(status: u16, content_type: &str, body: Vec<u8>) -> Answer {
    Answer::Reply { status, content_type: content_type.to_owned(), sent: body.len(), body }
}

fn refuse(device: &Device, connection: u64, refusal: Refusal) -> Answer {
    let Refusal { status, message, description } = refusal;
    device.journal.record(Event::Refused { connection, reason: format!("{message}: {description}") });
    Answer::Refused { status, body: error_response(message, &description) }
}

/// Section 2: a text body that a JSON-aware client did not decode.
const PEM_CONTENT_TYPE: &str = "text/plain";
