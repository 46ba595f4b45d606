//! The `rust` suite: `cargo test` of the whole workspace.

use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::test::Context;

pub(super) fn run(_: &Context, log: &mut Log) -> Result<Vec<String>> {
    Run::new("cargo").args(["test", "--workspace", "--no-fail-fast"]).log(log)?;
    let lines = closing_lines(&log.text()?);
    // A suite that tested nothing must not look like one that passed.
    if lines.is_empty() { Err("cargo test ran no test".into()) } else { Ok(lines) }
}

/// Cargo's closing line of each test program that holds tests, with the program's name.
fn closing_lines(log: &str) -> Vec<String> {
    let mut program = String::new();
    let mut lines = Vec::new();
    for line in log.lines().map(str::trim) {
        if let Some(running) = line.strip_prefix("Running ") {
            program = program_name(running);
        } else if let Some(documented) = line.strip_prefix("Doc-tests ") {
            program = format!("{documented}, documentation");
        } else if line.starts_with("test result:") && !line.contains(" 0 passed; 0 failed; 0 ignored;") {
            lines.push(format!("{line} ({program})"));
        }
    }
    lines
}

/// "unittests src/lib.rs (target/debug/deps/poslatch-0123)" is "poslatch, unittests src/lib.rs".
fn program_name(running: &str) -> String {
    let (source, path) = running.trim_end_matches(')').split_once(" (").unwrap_or((running, ""));
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    match file.rsplit_once('-') {
        Some((name, _hash)) => format!("{name}, {source}"),
        None => source.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_line_carries_the_name_of_its_program() {
        let log = "     Running unittests src/lib.rs (target/debug/deps/poslatch-1)\n\nrunning 2 tests\n\
                   test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
                   Running tests/empty.rs (target/debug/deps/empty-1)\n\
                   test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        let expected = "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; \
                        finished in 0.01s (poslatch, unittests src/lib.rs)";
        assert_eq!(closing_lines(log), [expected]);
    }
}
