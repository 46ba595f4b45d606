//! A tolerant reader of PEM text, for what devices, downloads and copy-and-paste make of it.
//!
//! Everything around the base64 is forgiven: order, CRLF, indentation, missing line breaks, literal
//! `\n`, a JSON string or object around it, prose in between (protocol.md sections 2 and 3 tell of
//! several). Nothing inside is: a block that is cut off or not base64 is an error that names the
//! block. Ready-made readers fail on half of these forms, and one prints the line that it choked
//! on, which can be the whole key; so no error here ever quotes the text.

use base64ct::{Base64Unpadded, Encoding};
use zeroize::{Zeroize, Zeroizing};

/// What a block holds, by its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    Certificate,
    /// PKCS#1, `RSA PRIVATE KEY`.
    RsaPrivateKey,
    /// PKCS#8, `PRIVATE KEY`.
    PrivateKey,
    /// SEC1, `EC PRIVATE KEY`.
    EcPrivateKey,
    /// PKCS#8 with PBES2, `ENCRYPTED PRIVATE KEY`.
    EncryptedPrivateKey,
    /// Something that neither side of a pairing needs.
    Other,
}

/// One decoded block. Wiped when dropped, since it may be a key.
pub(crate) struct Block {
    pub(crate) label: Label,
    pub(crate) der: Zeroizing<Vec<u8>>,
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// All blocks of a text, in their order.
///
/// # Errors
/// A fragment for a message, such as `block 2 (CERTIFICATE) is cut off`.
pub(crate) fn read(input: &[u8]) -> Result<Vec<Block>, String> {
    let text = normalise(input);
    let mut blocks = Vec::new();
    let mut rest = text.as_str();
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let number = blocks.len() + 1;
        let Some((label, body)) = after.split_once(DASHES) else {
            return Err(format!("block {number} is cut off"));
        };
        let cut_off = || format!("block {number} ({}) is cut off", printable(label));
        let (body, after) = body.split_once(END).ok_or_else(cut_off)?;
        if body.contains(BEGIN) {
            return Err(cut_off());
        }
        let (end_label, after) = after.split_once(DASHES).ok_or_else(cut_off)?;
        if end_label != label {
            return Err(format!(
                "block {number} begins as {} and ends as {}",
                printable(label),
                printable(end_label)
            ));
        }
        if body.contains("ENCRYPTED") && body.contains(':') {
            return Err(format!(
                "block {number} ({}) is encrypted in the outdated OpenSSL form",
                printable(label)
            ));
        }
        blocks.push(Block {
            label: Label::of(label),
            der: decode(body)
                .ok_or_else(|| format!("block {number} ({}) is not valid base64", printable(label)))?,
        });
        rest = after;
    }
    Ok(blocks)
}

/// PEM text of one block, 64 characters a line. Wiped when dropped.
pub(crate) fn write(label: Label, der: &[u8]) -> Zeroizing<String> {
    let mut base64 = Zeroizing::new(vec![0_u8; Base64Unpadded::encoded_len(der).next_multiple_of(4)]);
    let length = Base64Unpadded::encode(der, &mut base64).map_or(0, str::len);
    base64.iter_mut().skip(length).for_each(|padding| *padding = b'=');

    // Reserved at once: a string that grows leaves copies of a key behind.
    let mut text = Zeroizing::new(String::with_capacity(base64.len() + base64.len() / 64 + 80));
    text.push_str(BEGIN);
    text.push_str(label.text());
    text.push_str("-----\n");
    for line in base64.chunks(64) {
        text.extend(line.iter().map(|byte| char::from(*byte)));
        text.push('\n');
    }
    text.push_str(END);
    text.push_str(label.text());
    text.push_str("-----\n");
    text
}

impl Label {
    fn of(text: &str) -> Label {
        [
            Label::Certificate,
            Label::RsaPrivateKey,
            Label::PrivateKey,
            Label::EcPrivateKey,
            Label::EncryptedPrivateKey,
        ]
        .into_iter()
        .find(|label| label.text() == text)
        .unwrap_or(Label::Other)
    }

    fn text(self) -> &'static str {
        match self {
            Label::Certificate => "CERTIFICATE",
            Label::RsaPrivateKey => "RSA PRIVATE KEY",
            Label::PrivateKey => "PRIVATE KEY",
            Label::EcPrivateKey => "EC PRIVATE KEY",
            Label::EncryptedPrivateKey => "ENCRYPTED PRIVATE KEY",
            Label::Other => "",
        }
    }
}

/// Text with the wrappings of JSON and of escaped line breaks taken off.
fn normalise(input: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(String::from_utf8_lossy(input).into_owned());
    let text = from_json(&text).unwrap_or(text);
    if !text.contains('\\') {
        return text;
    }
    // Base64 has no backslash, so none of these can be part of a block's content.
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('n' | 'r' | 't') => plain.push('\n'),
                Some(other) => plain.push(other),
                None => {}
            },
            c => plain.push(c),
        }
    }
    plain
}

/// The PEM-bearing strings of a JSON text, wherever in it they are; `None` if it is not JSON.
fn from_json(text: &str) -> Option<Zeroizing<String>> {
    if !text.trim_start_matches('\u{feff}').trim_start().starts_with(['"', '{', '[']) {
        return None;
    }
    let mut value: serde_json::Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    let mut found = Zeroizing::new(String::with_capacity(text.len() + 64));
    collect(&mut value, &mut found);
    Some(found)
}

fn collect(value: &mut serde_json::Value, found: &mut String) {
    match value {
        serde_json::Value::String(string) => {
            if string.contains(BEGIN) {
                found.push_str(string);
                found.push('\n');
            }
            string.zeroize();
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(|value| collect(value, found)),
        serde_json::Value::Object(map) => map.values_mut().for_each(|value| collect(value, found)),
        _ => {}
    }
}

fn decode(body: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut base64 = Zeroizing::new(String::with_capacity(body.len()));
    base64.extend(body.chars().filter(|c| !c.is_whitespace()));
    // At most two, so that "=" in the middle of a mangled block is still an error.
    let unpadded = base64.strip_suffix("==").or(base64.strip_suffix('=')).unwrap_or(&base64);
    Base64Unpadded::decode_vec(unpadded).ok().filter(|der| !der.is_empty()).map(Zeroizing::new)
}

/// A label as it may stand in a message; what follows a damaged BEGIN line could be key material.
fn printable(label: &str) -> &str {
    if label.len() <= 30 && label.bytes().all(|b| b.is_ascii_uppercase() || b == b' ' || b.is_ascii_digit()) {
        label
    } else {
        "unreadable label"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "-----BEGIN CERTIFICATE-----\nAQIDBAU=\n-----END CERTIFICATE-----\n";

    #[test]
    fn every_wrapping_gives_the_same_block() {
        let wrappings = [
            PLAIN.to_owned(),
            PLAIN.replace('\n', "\r\n"),
            PLAIN.replace('\n', "\\n"),
            PLAIN.replace('\n', "\n    "),
            PLAIN.replace('\n', ""),
            PLAIN.replace("AQIDBAU=", "AQID\nBAU"),
            format!("\u{feff}{PLAIN}"),
            format!("here it is:\n{PLAIN}and that was it"),
            serde_json::json!(PLAIN).to_string(),
            serde_json::json!({ "certificateChain": PLAIN }).to_string(),
            serde_json::json!({ "data": [{ "x": 1, "pem": PLAIN.replace('\n', "\\n") }] }).to_string(),
            format!("{{not json {PLAIN}"),
        ];
        for text in wrappings {
            let blocks = read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(blocks.len(), 1, "{text}");
            assert_eq!(blocks[0].label, Label::Certificate, "{text}");
            assert_eq!(*blocks[0].der, [1, 2, 3, 4, 5], "{text}");
        }
    }

    #[test]
    fn damaged_blocks_are_named_and_never_quoted() {
        for (text, problem) in [
            ("-----BEGIN CERTIFICATE-----\nAQID", "block 1 (CERTIFICATE) is cut off"),
            ("-----BEGIN RSA PRIVATE KEYMIIsecret", "block 1 is cut off"),
            (
                "-----BEGIN MIIsecret+/-----x-----END A-----",
                "block 1 begins as unreadable label and ends as A",
            ),
            (
                "-----BEGIN CERTIFICATE-----\nAQ$D\n-----END CERTIFICATE-----",
                "block 1 (CERTIFICATE) is not valid base64",
            ),
            (
                "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
                "block 1 (CERTIFICATE) is not valid base64",
            ),
            (
                "-----BEGIN CERTIFICATE-----\nAQID\n-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----",
                "block 1 (CERTIFICATE) is cut off",
            ),
        ] {
            let found = read(text.as_bytes()).err().expect(text);
            assert_eq!(found, problem);
            assert!(!found.contains("secret"));
        }
    }

    #[test]
    fn written_blocks_are_read_back_at_every_length() {
        for length in 1..200_usize {
            let der: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let text = write(Label::PrivateKey, &der);
            let blocks = read(text.as_bytes()).expect("own output");
            assert_eq!((blocks[0].label, &**blocks[0].der), (Label::PrivateKey, &*der));
            assert_eq!(text.lines().nth(1).map(|line| line.len() % 4), Some(0), "padded");
        }
    }
}
