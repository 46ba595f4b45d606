//! The numbers of the C ABI as the wrappers come to know them: read from where the header reads them, rendered for each
//! language by a file below `constants/`. By hand, six lists of forty numbers would not stay the same for long.

mod cpp;
mod csharp;
mod java;
mod pascal;
mod python;
mod rendering;

use crate::Result;
use crate::generated::Generated;
use std::fs;

/// Where the header's numbers stand.
const SOURCE: &str = "src/ffi/constants.rs";

/// Makes a language's files.
type Render = fn(&Constants) -> Result<Vec<Generated>>;

/// The languages. A new one is a file below `constants/` and a row here.
const LANGUAGES: &[Render] = &[cpp::render, csharp::render, java::render, pascal::render, python::render];

/// All numbers of the C ABI, in the order of the header.
pub(crate) struct Constants {
    pub(crate) groups: Vec<Group>,
    /// What belongs to no enumeration: defaults, and the version of the ABI.
    pub(crate) limits: Vec<Constant>,
}

/// Numbers that exclude each other: an enumeration in every language that has such a thing.
pub(crate) struct Group {
    /// In the words of the project, such as `RequestState`.
    pub(crate) name: &'static str,
    /// What it is, one sentence.
    pub(crate) about: &'static str,
    pub(crate) constants: Vec<Constant>,
}

/// One number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Constant {
    /// As the header calls it.
    pub(crate) c_name: String,
    /// Without what the group's name says already, such as `WRONG_DEVICE`.
    pub(crate) name: String,
    pub(crate) value: i64,
    /// Its documentation, one or more whole sentences in lines of the source.
    pub(crate) doc: Vec<String>,
}

/// Group, what it is, prefix of its constants, and the label with which their documentation begins in the header.
///
/// A prefix that begins another one comes after it.
const GROUPS: [(&str, &str, &str, &str); 10] = [
    ("Status", "How a call ended. The numbers are stable: later versions add to them.", "E_", ""),
    ("Category", "What to branch on after a failure.", "CATEGORY_", "Category: "),
    ("RequestState", "What is known about the request of a failed call.", "REQUEST_", "Request state: "),
    ("IdentityCheck", "How a device has to prove that it is the right one.", "CHECK_", "Identity check: "),
    ("Timeout", "Which wait is limited.", "TIMEOUT_", "Time-out: "),
    ("MessageKind", "What a message of the device is.", "MESSAGE_", "Message kind: "),
    (
        "ConnectionState",
        "What is known about a connection without asking the device.",
        "CONNECTION_",
        "Connection state: ",
    ),
    (
        "RecoveryOutcome",
        "What the device knows of a request whose reply was lost.",
        "RECOVERY_",
        "Recovery: ",
    ),
    ("LogLevel", "Which log records are wanted.", "LOG_", "Log level: "),
    ("CloudAuth", "How the vendor's cloud is told who asks.", "AUTH_", "Cloud authentication: "),
];

/// Every file that is made of the numbers.
pub(crate) fn generated() -> Result<Vec<Generated>> {
    let source = fs::read_to_string(SOURCE).map_err(|error| format!("{SOURCE}: {error}"))?;
    let constants = Constants::parse(&source)?;
    let files: Result<Vec<_>> = LANGUAGES.iter().map(|render| render(&constants)).collect();
    Ok(files?.into_iter().flatten().collect())
}

impl Constants {
    /// Reads the layout that rustfmt and the file's own manner give: a documentation block, then `pub const NAME: type =
    /// literal;`. What looks like a constant and is not understood is an error, not left out.
    fn parse(source: &str) -> Result<Constants> {
        let mut constants = Constants {
            groups: GROUPS
                .iter()
                .map(|(name, about, ..)| Group { name, about, constants: Vec::new() })
                .collect(),
            limits: Vec::new(),
        };
        let mut doc: Vec<String> = Vec::new();
        for line in source.lines() {
            let line = line.trim();
            if let Some(text) = line.strip_prefix("/**").or_else(|| line.strip_prefix("* ")) {
                if line.starts_with("/**") {
                    doc.clear();
                }
                doc.push(text.trim_end_matches("*/").trim().to_owned());
            } else if let Some(constant) = line.strip_prefix("pub const POSLATCH_") {
                constants.add(constant, std::mem::take(&mut doc))?;
            }
        }
        if let Some(empty) = constants.groups.iter().find(|group| group.constants.is_empty()) {
            return Err(format!("{SOURCE} has no constant of the group {}", empty.name).into());
        }
        Ok(constants)
    }

    fn add(&mut self, constant: &str, doc: Vec<String>) -> Result<()> {
        let unreadable = || format!("{SOURCE}: cannot read the constant POSLATCH_{constant}");
        let (name, rest) = constant.split_once(':').ok_or_else(unreadable)?;
        let (_, value) = rest.split_once('=').ok_or_else(unreadable)?;
        let value: i64 =
            value.trim().trim_end_matches(';').replace('_', "").parse().map_err(|_| unreadable())?;
        if doc.is_empty() {
            return Err(format!("{SOURCE}: POSLATCH_{name} has no documentation").into());
        }
        let c_name = format!("POSLATCH_{name}");
        let grouped = GROUPS.iter().zip(&mut self.groups).find_map(|((_, _, prefix, label), group)| {
            let rest = if name == "OK" && *prefix == "E_" { name } else { name.strip_prefix(prefix)? };
            Some((rest, *label, group))
        });
        match grouped {
            Some((name, label, group)) => {
                let doc = without_label(doc, label);
                group.constants.push(Constant { c_name, name: name.to_owned(), value, doc });
            }
            None => self.limits.push(Constant { c_name, name: name.to_owned(), value, doc }),
        }
        Ok(())
    }
}

/// "Category: the call is at fault." stands alone in a list of C; in an enumeration it is "The call is at fault."
fn without_label(mut doc: Vec<String>, label: &str) -> Vec<String> {
    if let Some(first) = doc.first_mut()
        && let Some(rest) = first.strip_prefix(label)
    {
        let mut letters = rest.chars();
        *first = letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default();
    }
    doc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_is_read_whole() -> Result<()> {
        let source = include_str!("../../src/ffi/constants.rs");
        let constants = Constants::parse(source)?;
        let read: usize = constants.groups.iter().map(|group| group.constants.len()).sum::<usize>()
            + constants.limits.len();
        assert_eq!(read, source.matches("\npub const ").count());
        let status = &constants.groups[0];
        assert_eq!(
            (status.name, status.constants[0].name.as_str(), status.constants[0].value),
            ("Status", "OK", 0)
        );
        let state = &constants.groups[2].constants[2];
        assert_eq!(
            (state.c_name.as_str(), state.name.as_str(), state.value),
            ("POSLATCH_REQUEST_IN_DOUBT", "IN_DOUBT", 2)
        );
        assert!(state.doc[0].starts_with("The request may have reached the device."), "{:?}", state.doc);
        assert!(constants.limits.iter().any(|limit| limit.name == "ABI_MAJOR"));
        Ok(())
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for source in [
            "/** A. */\npub const POSLATCH_OK: i32 = 1 << 3;",
            "pub const POSLATCH_OK: i32 = 0;",
            "/** A. */\npub const POSLATCH_OK: i32 = 0;",
        ] {
            assert!(Constants::parse(source).is_err(), "{source}");
        }
    }
}
