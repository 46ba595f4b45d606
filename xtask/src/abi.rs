//! The C ABI as text, `abi/poslatch.abi`: one line for each function, constant and type of the header. `cargo xtask abi`
//! writes it, and not before the version has been raised as far as the change asks for; the `abi` suite compares it.

use crate::Result;
use crate::header::HEADER;
use crate::project::Project;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

/// What the header promised when this file was last written.
const DUMP: &str = "abi/poslatch.abi";

/// Where a person raises the version.
const CONSTANTS: &str = "src/ffi/constants.rs";

const MAJOR: &str = "POSLATCH_ABI_MAJOR";
const MINOR: &str = "POSLATCH_ABI_MINOR";

/// What a line can be, in the order in which they are written.
const KINDS: [&str; 3] = ["constant ", "type ", "function "];

const PREAMBLE: &str = "\
# The C ABI, one line for each thing that a compiled program may rely on. `cargo xtask abi` writes it from
# include/poslatch.h; within a major version lines are only added. Names of parameters count, because two texts that
# change places would not show otherwise.
";

/// `cargo xtask abi`.
pub(crate) fn write() -> Result<()> {
    Project::find()?;
    let header = Abi::of_header()?;
    // The first one has nothing to keep.
    if let Ok(dump) = fs::read_to_string(DUMP) {
        header.may_follow(&Abi::read(&dump)?)?;
    }
    fs::write(DUMP, header.to_string()).map_err(|error| format!("cannot write {DUMP}: {error}"))?;
    println!("{DUMP} written: ABI {}.{}", header.major, header.minor);
    Ok(())
}

/// Fails if the header breaks what the checked-in text promises, or says more than it; the reason says what to do.
pub(crate) fn kept() -> Result<String> {
    let dump = fs::read_to_string(DUMP).map_err(|error| format!("{DUMP}: {error}; run `cargo xtask abi`"))?;
    let header = Abi::of_header()?;
    header.may_follow(&Abi::read(&dump)?)?;
    if dump != header.to_string() {
        return Err(format!(
            "{DUMP} does not say what {HEADER} says; run `cargo xtask abi` and check the result in"
        )
        .into());
    }
    Ok(format!("ABI {}.{}, {} lines", header.major, header.minor, header.lines.len()))
}

/// The name by which programs on Linux ask for the library.
pub(crate) fn soname() -> Result<String> {
    Ok(format!("libposlatch.so.{}", Abi::of_header()?.major))
}

/// The interface, in lines.
struct Abi {
    major: u32,
    minor: u32,
    /// By what they are about, in the order of the alphabet: a line's place says nothing.
    lines: BTreeMap<String, String>,
}

impl Abi {
    fn of_header() -> Result<Abi> {
        Abi::of(&fs::read_to_string(HEADER).map_err(|error| format!("{HEADER}: {error}"))?)
    }

    /// Reads the layout that cbindgen gives. What is not understood is an error, not left out.
    fn of(header: &str) -> Result<Abi> {
        let mut lines = Vec::new();
        let mut code = String::new();
        for line in without_comments(header).lines() {
            if let Some(definition) = line.strip_prefix("#define ") {
                if let Some((name, value)) = definition.trim().split_once(' ') {
                    lines.push(format!("constant {name} = {}", value.trim()));
                }
            } else if !line.starts_with('#') && !line.starts_with("extern \"C\"") && line.trim() != "}" {
                code.push_str(line);
                code.push(' ');
            }
        }
        for declaration in code.split(';') {
            let declaration = one_space(declaration);
            if !declaration.is_empty() {
                lines.push(match declaration.strip_prefix("typedef ") {
                    Some(definition) => format!("type {definition}"),
                    None => format!("function {declaration}"),
                });
            }
        }
        Abi::read(&lines.join("\n"))
    }

    fn read(dump: &str) -> Result<Abi> {
        let mut lines = BTreeMap::new();
        for line in dump.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let key = key(line).ok_or_else(|| format!("not a line of an ABI: {line}"))?;
            if lines.insert(key.to_owned(), line.to_owned()).is_some() {
                return Err(format!("{key} is there twice").into());
            }
        }
        Ok(Abi { major: number(&mut lines, MAJOR)?, minor: number(&mut lines, MINOR)?, lines })
    }

    /// Fails unless the version was raised as far as the differences from `before` ask for.
    fn may_follow(&self, before: &Abi) -> Result<()> {
        if self.major > before.major {
            return Ok(());
        }
        let mut broken = String::new();
        for (key, line) in &before.lines {
            match self.lines.get(key) {
                None => writeln!(broken, "  gone:    {line}")?,
                Some(now) if now != line => writeln!(broken, "  was:     {line}\n  is:      {now}")?,
                Some(_) => {}
            }
        }
        if !broken.is_empty() || self.major < before.major {
            return Err(format!(
                "programs that were built with ABI {}.{} would break:\n{broken}Put back what {DUMP} has, and add \
                 the new beside it. If it has to go: raise {MAJOR} in {CONSTANTS}, set {MINOR} to 0, run \
                 `cargo xtask header` and `cargo xtask abi`, and say in the changelog what a till has to do",
                before.major, before.minor
            )
            .into());
        }
        let added: Vec<&String> = self
            .lines
            .iter()
            .filter(|(key, _)| !before.lines.contains_key(*key))
            .map(|(_, line)| line)
            .collect();
        let raised = self.minor > before.minor;
        if self.minor < before.minor || !added.is_empty() && !raised {
            let added: String = added.iter().map(|line| format!("  new:     {line}\n")).collect();
            return Err(format!(
                "a program could not tell by the version whether the library has this:\n{added}Raise {MINOR} in \
                 {CONSTANTS} above {}, then run `cargo xtask header` and `cargo xtask abi`",
                before.minor
            )
            .into());
        }
        Ok(())
    }
}

impl std::fmt::Display for Abi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(PREAMBLE)?;
        writeln!(f, "constant {MAJOR} = {}\nconstant {MINOR} = {}", self.major, self.minor)?;
        for kind in KINDS {
            let mut lines = self.lines.values().filter(|line| line.starts_with(kind));
            lines.try_for_each(|line| writeln!(f, "{line}"))?;
        }
        Ok(())
    }
}

/// What a line is about: the name that is declared.
fn key(line: &str) -> Option<&str> {
    let (kind, rest) = line.split_once(' ')?;
    let last_word = |text: &'_ str| text.rfind(|c: char| !is_of_name(c)).map_or(0, |at| at + 1);
    let name = match kind {
        "constant" => rest.split(' ').next()?,
        // The name of a callback's type stands in parentheses, before those of its arguments.
        "type" => match rest.split_once("(*") {
            Some((_, callback)) => callback.split(')').next()?,
            None => &rest[last_word(rest)..],
        },
        "function" => {
            let head = rest.split('(').next().filter(|head| head.len() < rest.len())?;
            &head[last_word(head)..]
        }
        _ => return None,
    };
    let ours = name.starts_with("poslatch_") || name.starts_with("POSLATCH_");
    (ours && name.chars().all(is_of_name)).then_some(name)
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Takes the version out of the lines, where it would be a change of itself.
fn number(lines: &mut BTreeMap<String, String>, name: &str) -> Result<u32> {
    let line = lines.remove(name).ok_or_else(|| format!("there is no {name}"))?;
    let value = line.rsplit(' ').next().unwrap_or_default();
    Ok(value.parse().map_err(|_| format!("{name} is no number: {line}"))?)
}

fn one_space(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The header's code, with its line breaks.
pub(crate) fn without_comments(header: &str) -> String {
    let mut code = String::new();
    let mut rest = header;
    while let Some((before, comment)) = rest.split_once("/*") {
        code.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    code.push_str(rest);
    code.lines().map(|line| line.split("//").next().unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "\
/* Manual; int poslatch_old(void); */
#ifndef POSLATCH_H
#define POSLATCH_H
#define POSLATCH_OK 0
#define POSLATCH_ABI_MAJOR 1
#define POSLATCH_ABI_MINOR 4
typedef struct poslatch_device poslatch_device;
typedef void (*poslatch_on_log)(void *user, int32_t level);
#ifdef __cplusplus
extern \"C\" {
#endif // __cplusplus
int32_t poslatch_pair(const poslatch_device *device,
                      const char *pos_id,
                      const char *setup_code);
const char *poslatch_name(void);
#ifdef __cplusplus
}  // extern \"C\"
#endif
#endif /* POSLATCH_H */
";

    fn abi(header: &str) -> Abi {
        Abi::of(header).unwrap()
    }

    /// What is said of a header that has these texts in place of those.
    fn said_of(changes: &[(&str, &str)]) -> String {
        let changed = changes.iter().fold(HEADER.to_owned(), |header, (old, new)| {
            assert!(header.contains(old), "{old}");
            header.replace(old, new)
        });
        abi(&changed).may_follow(&abi(HEADER)).map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn every_declaration_is_one_line_and_is_read_back() {
        let text = abi(HEADER).to_string();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            "constant POSLATCH_ABI_MAJOR = 1",
            "constant POSLATCH_ABI_MINOR = 4",
            "constant POSLATCH_OK = 0",
            "type struct poslatch_device poslatch_device",
            "type void (*poslatch_on_log)(void *user, int32_t level)",
            "function const char *poslatch_name(void)",
            "function int32_t poslatch_pair(const poslatch_device *device, const char *pos_id, const char *setup_code)",
        ];
        assert_eq!(lines, expected);
        assert_eq!(abi(HEADER).to_string(), Abi::read(&text).unwrap().to_string());
    }

    #[test]
    fn what_goes_or_changes_asks_for_the_major_version() {
        let gone = said_of(&[("const char *poslatch_name(void);\n", "")]);
        assert!(gone.contains("gone:    function const char *poslatch_name(void)"), "{gone}");
        assert!(gone.contains("raise POSLATCH_ABI_MAJOR"), "{gone}");
        for (old, new) in [
            ("POSLATCH_OK 0", "POSLATCH_OK 1"),
            ("int32_t level", "int64_t level"),
            ("typedef struct poslatch_device poslatch_device;", "typedef uint32_t poslatch_device;"),
            ("int32_t poslatch_pair", "int64_t poslatch_pair"),
            ("const char *setup_code", "const char *setup_code, int32_t more"),
        ] {
            let said = said_of(&[(old, new)]);
            assert!(said.contains("was:     ") && said.contains("raise POSLATCH_ABI_MAJOR"), "{new}: {said}");
            // More functions do not make up for it.
            assert!(said_of(&[(old, new), ("MINOR 4", "MINOR 5")]).contains("raise POSLATCH_ABI_MAJOR"));
            assert_eq!(said_of(&[(old, new), ("MAJOR 1", "MAJOR 2"), ("MINOR 4", "MINOR 0")]), "");
        }
        assert!(said_of(&[("MAJOR 1", "MAJOR 0")]).contains("raise POSLATCH_ABI_MAJOR"));
    }

    #[test]
    fn texts_that_change_places_are_a_change() {
        let said = said_of(&[("*pos_id", "*x"), ("*setup_code", "*pos_id"), ("*x", "*setup_code")]);
        assert!(said.contains("was:     function int32_t poslatch_pair"), "{said}");
    }

    #[test]
    fn what_is_new_asks_for_the_minor_version() {
        let new = (
            "const char *poslatch_name(void);",
            "const char *poslatch_name(void);\nvoid poslatch_new(void);",
        );
        let said = said_of(&[new]);
        assert!(said.contains("new:     function void poslatch_new(void)"), "{said}");
        assert!(said.contains("Raise POSLATCH_ABI_MINOR in src/ffi/constants.rs above 4"), "{said}");
        assert_eq!(said_of(&[new, ("MINOR 4", "MINOR 5")]), "");
        assert!(said_of(&[("MINOR 4", "MINOR 3")]).contains("above 4"));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for strange in
            ["int32_t other_pair(void);", "typedef enum poslatch_kind { POSLATCH_A } poslatch_kind;\n@;"]
        {
            assert!(Abi::of(&format!("{HEADER}{strange}")).is_err(), "{strange}");
        }
        assert!(Abi::of("#define POSLATCH_ABI_MAJOR 1\n").is_err());
    }
}
