//! The switches read from TOML. Apart from the list, so that the list stays one that a tester reads.

use super::Faults;
use crate::Error;

impl Faults {
    /// Reads switches; those that are not named have their default.
    ///
    /// ```
    /// use poslatch_simulator::{Exchange, Faults};
    ///
    /// let faults = Faults::from_toml("hold_payment = true\nexchange = \"no_reply\"")?;
    /// assert!(faults.hold_payment);
    /// assert_eq!(faults.exchange, Exchange::NoReply);
    /// # Ok::<(), poslatch_simulator::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Switch`] names the switch or the value that does not exist, and those that do.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        toml::from_str(text)
            .map_err(|error| Error::Switch { reason: error.to_string().trim_end().to_owned() })
    }

    /// The line of TOML for a switch that was written `NAME=VALUE` on a command line, where quotes are a nuisance: a word
    /// that is no TOML value stands for itself as text.
    ///
    /// # Errors
    /// [`Error::Switch`] if there is no `=`.
    pub fn toml_line(assignment: &str) -> Result<String, Error> {
        let (name, value) = assignment.split_once('=').ok_or_else(|| Error::Switch {
            reason: format!("\"{assignment}\" is not of the form NAME=VALUE"),
        })?;
        let (name, value) = (name.trim(), value.trim());
        let plain = toml::Value::String(value.to_owned()).to_string();
        let value =
            if toml::from_str::<toml::Table>(&format!("v = {value}")).is_ok() { value } else { &plain };
        Ok(format!("{name} = {value}\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Alert, ClientCertificate, Exchange, PairingReply, ServerCertificate};
    use std::time::Duration;

    #[test]
    fn switches_of_every_shape_are_read() -> Result<(), Error> {
        let text = r#"
            client_certificate = { refuse_with = "unknown_ca" }
            exchange = { late_reply_ms = 250 }
            pairing_reply = { status = { code = 400, content_type = "text/plain", body = "no" } }
            ping_interval_ms = 100
            server_certificate = { wrong_name = "till.local" }
            status_messages = 3
            step_pause_ms = 0
        "#;
        let expected = Faults {
            client_certificate: ClientCertificate::RefuseWith(Alert::UnknownCa),
            exchange: Exchange::LateReply(Duration::from_millis(250)),
            pairing_reply: PairingReply::Status {
                code: 400,
                content_type: "text/plain".to_owned(),
                body: b"no".to_vec(),
            },
            ping_interval: Some(Duration::from_millis(100)),
            server_certificate: ServerCertificate::WrongName("till.local".to_owned()),
            status_messages: Some(3),
            step_pause: Duration::ZERO,
            ..Faults::default()
        };
        assert_eq!(Faults::from_toml(text)?, expected);
        assert_eq!(Faults::from_toml("")?, Faults::default());
        Ok(())
    }

    #[test]
    fn error_names_what_exists() {
        let refused = |text| Faults::from_toml(text).map_err(|error| error.to_string());
        let unknown = refused("hold_payments = true").unwrap_err();
        assert!(unknown.contains("hold_payments") && unknown.contains("hold_payment"), "{unknown}");
        let value = refused("tls_versions = \"only10\"").unwrap_err();
        assert!(value.contains("only10") && value.contains("only12"), "{value}");
    }

    #[test]
    fn word_of_a_command_line_needs_no_quotes() -> Result<(), Error> {
        assert_eq!(Faults::toml_line("exchange=no_reply")?, "exchange = \"no_reply\"\n");
        assert_eq!(
            Faults::toml_line("exchange={ close_with = 1001 }")?,
            "exchange = { close_with = 1001 }\n"
        );
        assert_eq!(Faults::toml_line("hold_payment=true")?, "hold_payment = true\n");
        assert!(Faults::toml_line("hold_payment").is_err());
        Ok(())
    }
}
