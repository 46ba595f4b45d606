//! The `abi` suite: source, header, built library and `abi/exports.txt` say the same, and keep what `abi/poslatch.abi`
//! promises.
//!
//! Each of them can drift from the others without any compiler noticing, and a till would find out at start.

mod coverage;

use crate::Result;
use crate::abi::{kept, without_comments};
use crate::artifacts::{compile_c, with_library};
use crate::header::{self, FFI, HEADER};
use crate::log::Log;
use crate::process::Run;
use crate::scratch::Scratch;
use crate::test::Context;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The list of exported functions that is kept by hand: a change of it is a change of the ABI, seen in review.
pub(crate) const EXPORTS: &str = "abi/exports.txt";

const PREFIX: &str = "poslatch_";

/// The most that the stripped library may weigh: tills have small disks and slow links. Reckoned for x86_64 Linux;
/// other targets come out alike.
const SIZE_BYTES_MAX: u64 = 2_290_000;

/// The macros that keep panics from the till.
const GUARDS: [&str; 2] = ["fallible!(", "infallible!("];

/// The library's name of a status is its constant's without this.
const STATUS_PREFIX: &str = "POSLATCH_E_";

pub(super) fn run(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    header::up_to_date()?;
    let kept = kept()?;
    guarded()?;
    context.artifacts.library(log)?;

    let header = fs::read_to_string(HEADER)?;
    let declared = declared(&header);
    same(HEADER, &declared, "the built library", &exported(context)?)?;
    same(HEADER, &declared, EXPORTS, &listed()?)?;
    coverage::complete(&declared)?;
    let statuses = constants_agree(context, &header, log)?;
    let size = slim(&context.project.library())?;
    Ok(vec![
        format!("{} functions in every wrapper, {statuses} statuses, {size} bytes", declared.len()),
        kept,
    ])
}

/// The size of the library; a jump usually means a dependency that brought its whole household along.
fn slim(library: &Path) -> Result<u64> {
    let size = fs::metadata(library)?.len();
    if size > SIZE_BYTES_MAX {
        return Err(format!("{} has {size} bytes, more than {SIZE_BYTES_MAX}", library.display()).into());
    }
    Ok(size)
}

/// Names of functions that the header declares.
fn declared(header: &str) -> BTreeSet<String> {
    let code = without_comments(header);
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(PREFIX) {
        let name: String =
            code[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let begins = !code[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        // The type of a callback is `(*poslatch_on_status)(`, so the parenthesis tells a function from it.
        if begins && code[at + name.len()..].starts_with('(') {
            names.insert(name);
        }
    }
    names
}

/// Names that the shared library defines for others, whatever they are called: a stray one is a finding.
fn exported(context: &Context) -> Result<BTreeSet<String>> {
    let listing = Run::new("nm").args(["-D", "--defined-only"]).arg(context.project.library()).read()?;
    Ok(listing.lines().filter_map(|line| line.split_whitespace().nth(2)).map(str::to_owned).collect())
}

pub(crate) fn listed() -> Result<BTreeSet<String>> {
    let list = fs::read_to_string(EXPORTS).map_err(|error| format!("{EXPORTS}: {error}"))?;
    let lines = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::to_owned).collect())
}

pub(super) fn same(
    left: &str,
    left_names: &BTreeSet<String>,
    right: &str,
    right_names: &BTreeSet<String>,
) -> Result<()> {
    if left_names.is_empty() {
        return Err(format!("{left} names no function").into());
    }
    let mut problems = Vec::new();
    for (place, ours, theirs) in [(left, left_names, right_names), (right, right_names, left_names)] {
        let only_here: String = ours.difference(theirs).map(|name| format!("\n  {name}")).collect();
        if !only_here.is_empty() {
            problems.push(format!("only in {place}:{only_here}"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}

/// Every `extern "C"` function of the C ABI hands its whole body to a guard: a panic outside of it would end the till.
fn guarded() -> Result<()> {
    let mut problems = String::new();
    for file in rust_files(Path::new(FFI))? {
        let source = fs::read_to_string(&file)?;
        for (line, name) in unguarded(&source) {
            problems.push_str(&format!("\n  {}:{line} {name}", file.display()));
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!("not one fallible! or infallible! from brace to brace, so that a panic could reach the till:{problems}")
        .into())
}

/// Line and name of each exported function whose body is not exactly one macro call.
///
/// It goes by the layout that rustfmt gives: signature and body begin at column 0, end at a `}` in column 0.
fn unguarded(source: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = source.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((_, after)) =
            line.split_once("extern \"C\" fn ").filter(|(before, _)| before.starts_with("pub"))
        else {
            continue;
        };
        let name = after.split('(').next().unwrap_or(after).to_owned();
        let rest = &lines[at..];
        let end = rest.iter().position(|line| *line == "}").unwrap_or(rest.len());
        let begin = rest.iter().position(|line| line.ends_with('{')).map_or(end, |brace| brace + 1);
        let body = rest.get(begin..end).unwrap_or_default();
        let is_code = |line: &&&str| !line.trim().is_empty() && !line.trim().starts_with("//");
        let body: Vec<&str> = body.iter().filter(is_code).copied().collect();
        if !is_one_macro_call(without_static(&body)) {
            found.push((at + 1, name));
        }
    }
    found
}

/// The body behind a `static` item, which declares something and runs nothing.
fn without_static<'a>(body: &'a [&'a str]) -> &'a [&'a str] {
    let is_static = body.first().is_some_and(|line| line.trim().starts_with("static "));
    let end = body.iter().position(|line| !line.starts_with("     ") && line.ends_with(';'));
    match end {
        Some(end) if is_static => body.get(end + 1..).unwrap_or_default(),
        _ => body,
    }
}

fn is_one_macro_call(body: &[&str]) -> bool {
    let is_macro = |line: &str| GUARDS.iter().any(|guard| line.trim().starts_with(guard));
    // Inside the macro everything is indented further; so exactly the first and the last line stand at its level.
    let at_level = body.iter().filter(|line| !line.starts_with("     ")).count();
    match body {
        [only] => is_macro(only),
        [first, .., _] => is_macro(first) && at_level == 2,
        [] => false,
    }
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Asks the built library for the name of each status constant of the header: number and name agree on both sides.
fn constants_agree(context: &Context, header: &str, log: &mut Log) -> Result<usize> {
    let statuses: Vec<&str> = header
        .lines()
        .filter_map(|line| line.strip_prefix("#define ")?.split_whitespace().next())
        .filter(|name| name.starts_with(STATUS_PREFIX))
        .collect();
    if statuses.is_empty() {
        return Err(format!("{HEADER} defines no {STATUS_PREFIX} constant").into());
    }
    let scratch = Scratch::new(&context.project, "abi")?;
    let source = scratch.join("constants.c");
    let program = scratch.join("constants");
    fs::write(&source, constants_c(&statuses))?;
    compile_c(&context.project, &source, &program).log(log)?;
    with_library(&context.project, &program).log(log)?;
    Ok(statuses.len())
}

fn constants_c(statuses: &[&str]) -> String {
    let checks: String = statuses
        .iter()
        .map(|name| format!("    wrong += differs({name}, \"{}\");\n", &name[STATUS_PREFIX.len()..]))
        .collect();
    format!(
        r#"#include <stdio.h>
#include <string.h>
#include "poslatch.h"

static int differs(poslatch_status status, const char *expected)
{{
    const char *found = poslatch_status_name(status);
    if (status < 0 && found != NULL && strcmp(found, expected) == 0)
        return 0;
    printf("%s is %ld in the header; the library calls that number %s\n", expected, (long)status,
           found == NULL ? "(null)" : found);
    return 1;
}}

int main(void)
{{
    int wrong = 0;
{checks}    return wrong != 0;
}}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callback_types_comments_and_longer_names_are_no_functions() {
        let header = "/* poslatch_old(x) */\n// poslatch_older(x)\ntypedef void (*poslatch_on_status)(void *user);\n\
                      void poslatch_free(int);\nvoid my_poslatch_thing(void);\n";
        assert_eq!(declared(header).into_iter().collect::<Vec<_>>(), ["poslatch_free"]);
    }

    #[test]
    fn body_beside_the_macro_is_found() {
        let good = "#[unsafe(no_mangle)]\npub unsafe extern \"C\" fn poslatch_a(\n    x: i32,\n) -> i32 {\n    \
                    infallible!(0, {\n        x + 1\n    })\n}\n";
        let short =
            "pub extern \"C\" fn poslatch_b() -> i32 {\n    // SAFETY: none.\n    infallible!(0, 1)\n}\n";
        let declares = "pub extern \"C\" fn poslatch_e() -> i32 {\n    static A: Lazy = new(|| {\n        1\n    });\n    \
                        infallible!(0, { *A })\n}\n";
        let bare = "pub extern \"C\" fn poslatch_c() -> i32 {\n    1\n}\n";
        let beside =
            "pub extern \"C\" fn poslatch_d() {\n    infallible!({\n        one()\n    });\n    two();\n}\n";
        assert!(unguarded(good).is_empty());
        assert!(unguarded(short).is_empty());
        assert!(unguarded(declares).is_empty());
        assert_eq!(unguarded(bare), [(1, "poslatch_c".into())]);
        assert_eq!(unguarded(beside), [(1, "poslatch_d".into())]);
    }
}
