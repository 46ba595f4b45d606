//! Pairing: from the code on the device's screen to an identity, told top to bottom.
//!
//! The setup code and the key that comes back for it are worth everything, so the order matters:
//! the device is verified before the code leaves, and the reply is judged before it becomes an
//! identity. Once the code may have left, a failure says that it has to be taken as spent
//! (protocol.md section 2).

mod reply;
mod setup_code;

use crate::address::Scheme;
use crate::device::Device;
use crate::error::{Error, utc};
use crate::identity::{Identity, check_pos_id};
use crate::log;
use crate::status::RequestState;
use crate::transport::deadline::Deadline;
use crate::transport::https::HttpsClient;
use crate::transport::tls::{self, TlsStream};
use crate::transport::{Target, websocket};
use reply::{Asked, Reply};
use setup_code::SetupCode;
use zeroize::Zeroizing;

impl Device {
    /// Pairs the till with the device: sends posId and setup code, and gets an identity.
    ///
    /// Everything else should be ready before the code is asked for: the device renews it every
    /// 300 s. Blocks for at most the connect and the pairing time-out together. The code is sent
    /// only after the device has proven who it is.
    ///
    /// # Errors
    /// `CodeMalformed` and other usage errors before anything is dialled; network and trust errors
    /// with the request state *not sent*; `PairingRejected` with the device's words;
    /// `PairingReplyUnusable`; `PairingReplyLost` when the code has to be taken as spent;
    /// `Cancelled` after [`interrupt`](Device::interrupt).
    pub fn pair(&self, pos_id: &str, setup_code: &str) -> Result<Identity, Error> {
        let result = self.try_to_pair(pos_id, setup_code);
        match &result {
            Ok(identity) => {
                log::paired(pos_id, identity.device_name(), &utc(identity.not_after()));
            }
            Err(error) => log::failed("pairing", error),
        }
        result
    }

    fn try_to_pair(&self, pos_id: &str, setup_code: &str) -> Result<Identity, Error> {
        let not_sent = |error: Error| error.with_request_state(RequestState::NotSent);

        check_pos_id(pos_id).map_err(not_sent)?;
        let code = SetupCode::parse(setup_code).map_err(not_sent)?;
        let request = request(pos_id, &code);
        let target = self.target(None).map_err(not_sent)?;

        let interrupt = self.calls().begin();
        let deadline = Deadline::after(self.connect_timeout());
        let stream = tls::open(&target, deadline, &interrupt).map_err(not_sent)?;
        let device_name = stream.device_name().map(str::to_owned);

        let asked = Asked { pos_id, code: &code };
        let reply = match target.address.scheme {
            Scheme::Https => ask_over_https(self, &target, stream, &request, &asked),
            Scheme::Wss => ask_over_websocket(self, &target, stream, &request, &asked),
        }?;
        let judged = reply.judge(target.roots.certificates(), &asked)?;
        Ok(Identity::new(pos_id.to_owned(), device_name, judged))
    }
}

/// The request of protocol.md section 2: two strings, no `type`.
fn request(pos_id: &str, code: &SetupCode) -> Zeroizing<String> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    // Reserved at once: a string that grows leaves copies of the code behind.
    let mut json = Zeroizing::new(String::with_capacity(6 * (pos_id.len() + code.as_str().len()) + 32));
    json.push_str("{\"posId\":");
    json.push_str(&quoted(pos_id));
    json.push_str(",\"setupCode\":");
    json.push_str(&Zeroizing::new(quoted(code.as_str())));
    json.push('}');
    json
}

fn ask_over_https(
    device: &Device,
    target: &Target,
    stream: TlsStream,
    request: &str,
    asked: &Asked<'_>,
) -> Result<Reply, Error> {
    let deadline = Deadline::after(device.pairing_timeout());
    let client = HttpsClient::new(&target.address, stream, deadline, None);
    let answer = client.post(request.as_bytes()).map_err(|error| match error.request_state() {
        RequestState::InDoubt => reply::lost(error.into_kind(), asked),
        _ => error,
    })?;
    Ok(Reply { http_status: Some(answer.status), body: answer.body })
}

fn ask_over_websocket(
    device: &Device,
    target: &Target,
    stream: TlsStream,
    request: &str,
    asked: &Asked<'_>,
) -> Result<Reply, Error> {
    let mut socket = websocket::upgrade(&target.address, stream)
        .map_err(|error| error.with_request_state(RequestState::NotSent))?;
    if let Some(deadline) = socket.get_ref().shared_deadline() {
        deadline.set(Deadline::after(device.pairing_timeout()));
    }
    let body = websocket::ask(&mut socket, request).map_err(|kind| reply::lost(kind, asked))?;
    // The reply is here; how the device takes the goodbye changes nothing.
    let _ = socket.close(None).and_then(|()| socket.flush());
    Ok(Reply { http_status: None, body })
}
