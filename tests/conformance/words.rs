//! The lines that director and runners exchange: words with percent-encoded values. The README has the grammar.

use std::collections::BTreeMap;
use std::fmt::Write;

/// One line: its first word, and what follows by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) verb: String,
    pub(crate) values: BTreeMap<String, String>,
}

impl Line {
    pub(crate) fn new(verb: &str) -> Line {
        Line { verb: verb.to_owned(), values: BTreeMap::new() }
    }

    pub(crate) fn with(mut self, key: &str, value: impl ToString) -> Line {
        self.values.insert(key.to_owned(), value.to_string());
        self
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    pub(crate) fn parse(text: &str) -> Result<Line, String> {
        let mut words = text.trim_end_matches(['\r', '\n']).split(' ');
        let mut line = Line::new(words.next().unwrap_or_default());
        for word in words {
            let (key, value) = word.split_once('=').ok_or_else(|| format!("\"{word}\" has no value"))?;
            line.values.insert(key.to_owned(), decode(value)?);
        }
        Ok(line)
    }

    pub(crate) fn render(&self) -> String {
        let mut text = self.verb.clone();
        for (key, value) in &self.values {
            let _ = write!(text, " {key}=");
            encode(value, &mut text);
        }
        text
    }
}

fn encode(value: &str, text: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(byte.into());
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

fn decode(value: &str) -> Result<String, String> {
    let unreadable = || format!("\"{value:.60}\" is not percent-encoded UTF-8");
    let mut parts = value.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).ok_or_else(unreadable)?;
        bytes.push(u8::from_str_radix(code, 16).map_err(|_| unreadable())?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| unreadable())
}
