//! The switches as JSON, and changes to some of them: what the control API reads and writes. Apart from the TOML of
//! command lines, which always describes a whole device.

use super::{Faults, ServerCertificate};
use crate::Error;
use serde_json::{Map, Value, json};

impl Faults {
    /// Writes all switches as one JSON object, by the names and in the forms that they have in TOML; none is `null`.
    pub fn to_json(&self) -> Value {
        json!(self)
    }

    /// Returns these switches with those in `changes` turned.
    ///
    /// # Errors
    /// [`Error::Switch`] names the switch or the value that does not exist, and those that do; nothing has changed then.
    pub fn patched(&self, changes: &Map<String, Value>) -> Result<Self, Error> {
        let mut values = self.to_json();
        let custom = matches!(self.server_certificate, ServerCertificate::Custom { .. });
        let stays_custom = custom && !changes.contains_key(SERVER_CERTIFICATE);
        if stays_custom {
            // It cannot be read back, so it is put back below.
            values[SERVER_CERTIFICATE] = json!(ServerCertificate::Normal);
        }
        for (name, value) in changes {
            values[name] = value.clone();
        }
        let mut patched: Self = serde_json::from_value(values)
            .map_err(|error| Error::Switch { reason: explain(&error, changes) })?;
        if stays_custom {
            patched.server_certificate = self.server_certificate.clone();
        }
        Ok(patched)
    }

    /// Returns the switches that are not as those of a healthy device, as JSON by name.
    pub fn turned(&self) -> Map<String, Value> {
        let healthy = Self::default().to_json();
        match self.to_json() {
            Value::Object(values) => {
                values.into_iter().filter(|(name, value)| healthy[name] != *value).collect()
            }
            _ => Map::new(),
        }
    }
}

/// The reader of JSON says what is wrong with a value, but not with whose.
fn explain(error: &serde_json::Error, changes: &Map<String, Value>) -> String {
    let alone = |(name, value): (&String, &Value)| {
        let one = Map::from_iter([(name.clone(), value.clone())]);
        let error = serde_json::from_value::<Faults>(Value::Object(one)).err()?;
        Some(format!("{name}: {error}"))
    };
    changes.iter().find_map(alone).unwrap_or_else(|| error.to_string())
}

const SERVER_CERTIFICATE: &str = "server_certificate";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Exchange, PairingReply};
    use std::time::Duration;

    fn changes(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).expect("an object")
    }

    #[test]
    fn switches_come_back_from_their_json() {
        let faults = Faults {
            exchange: Exchange::LateReply(Duration::from_millis(7)),
            pairing_reply: PairingReply::Status {
                code: 400,
                content_type: "text/plain".to_owned(),
                body: b"no".to_vec(),
            },
            ping_interval: Some(Duration::from_millis(5)),
            websocket_refused: Some(503),
            ..Faults::default()
        };
        let read: Faults = serde_json::from_value(faults.to_json()).expect("switches");
        assert_eq!(read, faults);
        assert_eq!(faults.turned().len(), 4, "{:?}", faults.turned());
        assert!(Faults::default().turned().is_empty());
    }

    #[test]
    fn patch_turns_what_it_names_and_nothing_else() -> Result<(), Error> {
        let before = Faults { decline: true, ping_interval: Some(Duration::ZERO), ..Faults::default() };
        let patch = changes(json!({ "hold_payment": true, "ping_interval_ms": null }));
        let expected = Faults { hold_payment: true, decline: true, ..Faults::default() };
        assert_eq!(before.patched(&patch)?, expected);
        Ok(())
    }

    #[test]
    fn certificate_of_a_program_outlives_a_patch_of_something_else() -> Result<(), Error> {
        let custom = ServerCertificate::Custom { chain_der: vec![vec![1]], key_der: vec![2] };
        let before = Faults { server_certificate: custom.clone(), ..Faults::default() };
        assert_eq!(before.patched(&changes(json!({ "decline": true })))?.server_certificate, custom);
        let normal = before.patched(&changes(json!({ "server_certificate": "normal" })))?;
        assert_eq!(normal, Faults::default());
        Ok(())
    }

    #[test]
    fn refused_patch_names_the_switch_and_what_there_is() {
        let refused = |patch| Faults::default().patched(&changes(patch)).expect_err("refused").to_string();
        let unknown = refused(json!({ "decline": true, "hold_payments": true }));
        assert!(unknown.contains("hold_payments") && unknown.contains("`hold_payment`"), "{unknown}");
        let value = refused(json!({ "decline": true, "tls_versions": "only10" }));
        assert!(value.contains("tls_versions") && value.contains("only12"), "{value}");
    }
}
