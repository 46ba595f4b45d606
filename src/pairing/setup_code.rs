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

    /// The text without the code, in whatever case, should the device repeat what it was sent.
    pub(super) fn struck_from(&self, text: &str) -> String {
        let (code, searched) = (self.0.to_ascii_lowercase(), text.to_ascii_lowercase());
        let mut struck = String::with_capacity(text.len());
        let mut kept_to = 0;
        // ASCII case alone changes no length, so places in the one are places in the other.
        for (at, found) in searched.match_indices(&code) {
            struck.push_str(text.get(kept_to..at).unwrap_or_default());
            struck.push_str("********");
            kept_to = at + found.len();
        }
        struck.push_str(text.get(kept_to..).unwrap_or_default());
        struck
    }
}
