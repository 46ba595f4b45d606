//! The numbers for Python: one enumeration per group, the limits as plain names of the module.

use super::rendering::NOTICE;
use super::{Constant, Constants};
use crate::Result;
use crate::generated::Generated;
use std::fmt::Write;

const FILE: &str = "bindings/python/src/poslatch/constants.py";

/// As wide as `line-length` in `bindings/python/pyproject.toml`.
const LINE_MAX: usize = 120;

/// What the header says in C's words, and how a developer of Python knows it.
const WORDS: [(&str, &str); 4] = [
    ("poslatch_connection_exchange allows when it is given 0", "Connection.exchange allows by default"),
    ("poslatch_connection_recover asks when it is given 0", "Connection.recover asks by default"),
    ("when poslatch_device_set_keep_alive was not called", "by default"),
    ("this header", "this package"),
];

pub(super) fn render(constants: &Constants) -> Result<Vec<Generated>> {
    let mut text = format!(
        "\"\"\"The numbers of the C interface, as enumerations.\n\n{NOTICE}\n\"\"\"\n\n\
         from typing import Final\n\nfrom poslatch._enums import OpenEnum\n"
    );
    for group in &constants.groups {
        write!(text, "\n\nclass {}(OpenEnum):\n    \"\"\"{}\"\"\"\n", group.name, group.about)?;
        for constant in &group.constants {
            write!(text, "\n    {} = {}\n{}", constant.name, constant.value, doc(constant, "    "))?;
        }
    }
    text.push('\n');
    for limit in &constants.limits {
        write!(text, "\n{}: Final = {}\n{}", limit.name, limit.value, doc(limit, ""))?;
    }
    Ok(vec![Generated::new(FILE, text)])
}

/// The text after an assignment that editors and documentation tools show for it.
fn doc(constant: &Constant, indent: &str) -> String {
    let doc = WORDS.iter().fold(constant.doc.join(" "), |doc, (c, python)| doc.replace(c, python));
    let mut lines = vec![format!("{indent}\"\"\"")];
    for word in doc.split_whitespace() {
        // The marks at the end have to fit too.
        match lines.last_mut() {
            Some(line) if line.len() + word.len() + 4 <= LINE_MAX => {
                if !line.ends_with("\"\"\"") {
                    line.push(' ');
                }
                line.push_str(word);
            }
            _ => lines.push(format!("{indent}{word}")),
        }
    }
    let end = if lines.len() == 1 { "\"\"\"\n".to_owned() } else { format!("\n{indent}\"\"\"\n") };
    lines.join("\n") + &end
}
