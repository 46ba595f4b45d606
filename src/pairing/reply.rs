//! What came back for the setup code, and what it means.
//!
//! The documents show only the good case (protocol.md section 2): bare PEM. Everything else has to
//! be survived, told apart, and told to a person: a refusal in the device's words, a reply that
//! cannot be used, or no reply at all.

use super::SetupCode;
use crate::error::{Error, Kind};
use crate::identity::judge::{Dates, Judged, judge};
use crate::pem;
use crate::status::RequestState;
use crate::words;
use crate::x509::Certificate;
use rustls::pki_types::UnixTime;
use zeroize::Zeroizing;

pub(super) struct Reply {
    /// `None` over WebSocket.
    pub(super) http_status: Option<u16>,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// What was sent, as far as it matters to reading the answer.
pub(super) struct Asked<'a> {
    pub(super) pos_id: &'a str,
    pub(super) code: &'a SetupCode,
}

impl Asked<'_> {
    /// The body without the code. Before it is shortened, lest half a code remain.
    fn struck(&self, body: &[u8]) -> Vec<u8> {
        self.code.struck_from(&String::from_utf8_lossy(body)).into_bytes()
    }

    fn refusal(&self, http_status: Option<u16>, words: Option<String>) -> Kind {
        Kind::PairingRejected {
            http_status,
            words: words.map(|words| self.code.struck_from(&words)),
            pos_id_is_numeric: self.pos_id.bytes().all(|byte| byte.is_ascii_digit()),
        }
    }
}

impl Reply {
    /// Key and chain, if the reply holds them and they hold together.
    pub(super) fn judge(&self, known: &[Certificate], asked: &Asked<'_>) -> Result<Judged, Error> {
        let unusable = |problem: String| Kind::PairingReplyUnusable { problem };

        // The documents show no status at all; whichever means success will do.
        if let Some(status) = self.http_status.filter(|status| !(200..300).contains(status)) {
            return Err(asked.refusal(Some(status), words::of_device(&asked.struck(&self.body))).into());
        }
        let blocks = pem::read(&self.body).map_err(unusable)?;
        if blocks.is_empty() {
            return Err(match words::of_json(&asked.struck(&self.body)) {
                Some(words) => asked.refusal(None, Some(words)),
                None => unusable(self.without_pem()),
            }
            .into());
        }
        Ok(judge(&blocks, known, Dates::Valid(UnixTime::now())).map_err(unusable)?)
    }

    fn without_pem(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            "it is empty".into()
        } else if text.starts_with('<') {
            "it is an HTML page instead of PEM".into()
        } else if serde_json::from_str::<serde_json::Value>(text).is_ok() {
            "it is JSON that holds neither PEM nor an error message".into()
        } else {
            "it holds no PEM block".into()
        }
    }
}

/// The error for a request that may have left and whose reply did not come back whole.
pub(super) fn lost(cause: Kind, asked: &Asked<'_>) -> Error {
    match cause {
        // The handshake failed on the device's side, so its app has not seen the request.
        Kind::TillCertificateRequired { .. } => cause.into(),
        Kind::ReplyTooLarge { limit_bytes } => {
            Kind::PairingReplyUnusable { problem: format!("it is larger than {limit_bytes} bytes") }.into()
        }
        // A close with words is an answer.
        Kind::WebSocketClosed { reason, .. } if !reason.is_empty() => {
            asked.refusal(None, Some(reason)).into()
        }
        cause => Error::from(Kind::PairingReplyLost { cause: Box::new(cause) })
            .with_request_state(RequestState::InDoubt),
    }
}
