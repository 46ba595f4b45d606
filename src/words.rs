//! Text from outside that is about to stand in an error: made printable and short.
//!
//! One place, because every word of a device or a certificate goes through it. A log line must not
//! be forged by a line break, nor a screen flooded by a megabyte.

/// Longest piece of foreign text in a message; a line of a log or a message box holds it.
const LENGTH_MAX: usize = 200;

/// The text on one line, without control characters, shortened.
pub(crate) fn printable(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .map(|c| if c.is_control() || moves_others(c) { ' ' } else { c })
        .take(LENGTH_MAX)
        .collect();
    if text.chars().nth(LENGTH_MAX).is_some() {
        shown.push_str("...");
    }
    shown.trim().to_owned()
}

/// Characters that are not seen, but move what stands around them: line and paragraph separators, and those
/// that turn the direction of writing (Unicode, UAX #9), by which one name can look like another.
fn moves_others(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Bytes as hexadecimal digits, in lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the device says in a body that is not what was asked for, if it is fit to be repeated.
pub(crate) fn of_device(body: &[u8]) -> Option<String> {
    of_json(body).or_else(|| of_plain_text(body))
}

/// The words in a JSON object: `message` and `developerDescription` of an `ErrorResponse`
/// (protocol.md section 5), or the members that other servers use.
pub(crate) fn of_json(body: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    members(&value, &["message", "developerDescription", "error", "detail", "reason"])
}

/// What the vendor's cloud says. The form of its errors is not documented (protocol.md section 3); its
/// gateways answer with `response.rmsg`, its services with `reason` and `message`, at the top or in
/// `errorInformation`.
pub(crate) fn of_cloud(body: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    [Some(&value), value.get("response"), value.get("errorInformation")]
        .into_iter()
        .flatten()
        .find_map(|value| members(value, &["rmsg", "reason", "message", "detail"]))
}

fn members(value: &serde_json::Value, names: &[&str]) -> Option<String> {
    let words: Vec<String> =
        names.iter().filter_map(|name| value.get(name)?.as_str()).filter_map(speech).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

fn of_plain_text(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    (text.len() <= LENGTH_MAX).then(|| speech(text)).flatten()
}

/// Plain speech only: a page of HTML says nothing in a message, and a long run without spaces could
/// be a key.
fn speech(text: &str) -> Option<String> {
    const RUN_MAX: usize = 40;
    let text = text.trim();
    let is_speech = !text.is_empty()
        && !text.starts_with('<')
        && !text.contains("-----")
        && text.split_whitespace().all(|run| run.len() <= RUN_MAX);
    is_speech.then(|| printable(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_neither_breaks_the_line_nor_turns_its_direction() {
        for text in ["a\nb", "a\u{1b}b", "a\u{2028}b", "a\u{202e}b", "a\u{2066}b", "a\u{200f}b", "a\u{61c}b"]
        {
            assert_eq!(printable(text), "a b", "{text:?}");
        }
        assert_eq!(printable("Gerät \u{5d0}\u{5d1}"), "Gerät \u{5d0}\u{5d1}", "letters stay what they are");
    }
}
