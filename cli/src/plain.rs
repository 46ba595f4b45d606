//! What a device, a certificate or a file says, made fit for a terminal: nothing of it moves the cursor, sets a title or
//! turns the order of letters around, so that nobody can write "APPROVED" over what was said.
//!
//! Apart from the screen, which calls it for everything that it writes, and before it adds its own colours.

use std::borrow::Cow;

/// Whether a terminal would do something else than show it. Line ends and tabs are not among these, since texts of more
/// than one line are shown too.
fn steers(c: char) -> bool {
    let is_of_layout = matches!(c, '\n' | '\t');
    let turns_letters_around = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && !is_of_layout) || turns_letters_around || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The text with spaces in place of what would steer a terminal.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    match text.contains(steers) {
        true => text.replace(steers, " ").into(),
        false => text.into(),
    }
}

/// The same on one line: a line end must not make a line of its own out of a name.
pub(crate) fn line(words: &str) -> String {
    text(words).replace(['\n', '\t'], " ")
}

/// The same JSON, with escapes in place of what would steer a terminal. Of these, a text in JSON can hold only those
/// from U+007F on as they are; a carriage return between its tokens means nothing.
pub(crate) fn json(json: &str) -> Cow<'_, str> {
    if !json.contains(steers) {
        return json.into();
    }
    let mut fit = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match c {
            c if !steers(c) => fit.push(c),
            '\r' => fit.push(' '),
            c => fit += &format!("\\u{:04x}", u32::from(c)),
        }
    }
    fit.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn nothing_that_steers_a_terminal_is_left_and_words_stay_as_they_are() {
        let hostile = "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\r\u{8}\u{7f}\u{202e}\u{2066}\u{2028}\u{0}";
        assert!(!text(hostile).contains(steers));
        for words in ["Zahlung für 12,50 €", "支払い", "שולם", "two\nlines\tand a tab"] {
            assert_eq!(text(words), words);
        }
        assert_eq!(line("r-7\nAPPROVED:\tit"), "r-7 APPROVED: it");
    }

    #[test]
    fn json_means_the_same_afterwards() {
        let told = "{\r\n \"message\" : \"\\u001b[2J\u{9b}31m\u{7f}\u{202e}\u{2029} 😀\"\r\n}";
        let fit = json(told);
        assert!(!fit.contains(steers), "{fit:?}");
        let read = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        assert_eq!(read(&fit), read(told));
    }
}
