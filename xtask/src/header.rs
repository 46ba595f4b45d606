//! The C header, written from `src/ffi` by cbindgen; checked in, so that a C developer needs no Rust to read it.

use crate::Result;
use crate::constants;
use crate::generated::Generated;
use crate::project::Project;
use std::fs;
use std::path::Path;

/// The header's place, and the C ABI's.
pub(crate) const HEADER: &str = "include/poslatch.h";
pub(crate) const FFI: &str = "src/ffi";

const CONFIG: &str = "cbindgen.toml";

/// The files of the C ABI in the order in which a till comes to need them, which is the order of the header. Modules
/// would come in the order of the alphabet.
const FILES: [&str; 13] = [
    "constants",
    "version",
    "log",
    "root_ca",
    "device",
    "pairing",
    "identity",
    "find",
    "connection",
    "journal",
    "probe",
    "buffer",
    "error",
];

/// `cargo xtask header`.
pub(crate) fn write() -> Result<()> {
    Project::find()?;
    generated()?.iter().try_for_each(Generated::write)
}

/// `cargo xtask header --check`.
pub(crate) fn check() -> Result<()> {
    Project::find()?;
    up_to_date()?;
    println!("{HEADER} and the wrappers' constants are up to date");
    Ok(())
}

/// Fails, with the first line that differs and the cure, if a generated file is not what the source says.
pub(crate) fn up_to_date() -> Result<()> {
    generated()?.iter().try_for_each(Generated::up_to_date)
}

/// The header, and the same numbers in each wrapper's language.
fn generated() -> Result<Vec<Generated>> {
    let mut files = vec![Generated::new(HEADER, generate()?)];
    files.extend(constants::generated()?);
    Ok(files)
}

/// Only `src/ffi` is read, not the crate: the core's public constants are no business of C.
fn generate() -> Result<String> {
    let config = cbindgen::Config::from_file(CONFIG).map_err(|error| format!("{CONFIG}: {error}"))?;
    nothing_left_out()?;
    let bindings = FILES
        .iter()
        .fold(cbindgen::Builder::new().with_config(config), |builder, name| {
            builder.with_src(Path::new(FFI).join(format!("{name}.rs")))
        })
        .generate()
        .map_err(|error| format!("cbindgen cannot read {FFI}: {error}"))?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    // The manual begins the file; cbindgen puts an empty line before it.
    Ok(format!("{}\n", tidy(String::from_utf8(text)?.trim())))
}

/// Fails if a file that exports something is not in the list above.
fn nothing_left_out() -> Result<()> {
    for entry in fs::read_dir(FFI)? {
        let path = entry?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file()
            && !FILES.contains(&stem.as_str())
            && fs::read_to_string(&path)?.contains("no_mangle")
        {
            return Err(format!(
                "{} exports functions: add it to FILES in xtask/src/header.rs",
                path.display()
            )
            .into());
        }
    }
    Ok(())
}

/// The text as one would write it by hand. `/**`, one line, ` */` becomes one line: a list of constants has to fit on a
/// screen. Where Rust's comment was a block with stars, its own star goes.
fn tidy(header: &str) -> String {
    let one_star = |line: &'_ str| match line.strip_prefix(" * * ") {
        Some(text) => format!(" * {}", text.trim_end()),
        None => line.trim_end().to_owned(),
    };
    let lines: Vec<String> = header.lines().map(one_star).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let mut shorter = Vec::new();
    let mut rest = lines.as_slice();
    loop {
        rest = match rest {
            ["/**", line, " */", after @ ..] if line.len() < LINE_MAX => {
                shorter.push(format!("/** {} */", line.trim_start_matches(" * ")));
                after
            }
            [line, after @ ..] => {
                shorter.push((*line).to_owned());
                after
            }
            [] => return shorter.join("\n"),
        };
    }
}

/// As wide as `line_length` in `cbindgen.toml`, less what the comment's marks take.
const LINE_MAX: usize = 105;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comment_of_one_line_takes_one_line_and_others_stay() {
        let header = "/**\n * Success. \n */\n#define A 0\n\n/**\n * One.\n *\n * Two.\n */\nvoid f(void);";
        let expected = "/** Success. */\n#define A 0\n\n/**\n * One.\n *\n * Two.\n */\nvoid f(void);";
        assert_eq!(tidy(header), expected);
    }

    #[test]
    fn star_of_a_block_comment_in_rust_goes() {
        assert_eq!(tidy("/**\n * One,\n * * two. \n */"), "/**\n * One,\n * two.\n */");
    }
}
