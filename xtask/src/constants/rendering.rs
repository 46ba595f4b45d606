//! What the renderers of several languages need: names in the languages' manners, and the notice on top.

use super::Constant;

/// The first comment of every generated file.
pub(crate) const NOTICE: &str = "Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.";

impl Constant {
    /// `WrongDevice`, from `WRONG_DEVICE`.
    pub(crate) fn pascal_case(&self) -> String {
        self.name.split('_').map(capitalised).collect()
    }

    /// `wrong_device`.
    pub(crate) fn snake_case(&self) -> String {
        self.name.to_lowercase()
    }
}

/// The words of a text in lines of at most `width` bytes; a longer word has a line to itself.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    first + &letters.as_str().to_lowercase()
}
