//! The eight characters that the device shows, kept apart from ordinary strings.
//!
//! No `Debug`, wiped when dropped, and struck out of whatever the device says back.

use crate::error::{Error, Kind};
use zeroize::Zeroizing;

/// Length of a code (protocol.md section 2). Alphabet and case are not documented, so they are the
/// device's affair.
const CHARACTERS: usize = 8;

pub(super) struct SetupCode(Zeroizing<String>);

impl SetupCode {
    pub(super) fn parse(typed: &str) -> Result<SetupCode, Error> {
        let code = typed.trim();
        match code.chars().count() {
            CHARACTERS => Ok(SetupCode(Zeroizing::new(code.to_owned()))),
            characters => Err(Kind::CodeMalformed { characters }.into()),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The text without the code, in case the device repeats what it was sent.
    pub(super) fn struck_from(&self, text: &str) -> String {
        text.replace(self.as_str(), "********")
    }
}
