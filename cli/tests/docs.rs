//! Holds `docs/cli.md` to the truth: its help is the command's, and its transcripts are what the cases expect.

#[path = "runner/pattern.rs"]
mod pattern;

use pattern::matches;
use std::path::Path;
use std::process::Command;
use toml::{Table, Value};

#[test]
fn help_in_the_manual_is_what_the_command_prints() {
    let output = Command::new(env!("CARGO_BIN_EXE_poslatch")).arg("--help").output().expect("it runs");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    let shown = block_after("<!-- help -->");
    assert_eq!(shown.trim_end(), help.trim_end(), "put this into docs/cli.md:\n{help}");
}

#[test]
fn transcripts_in_the_manual_are_what_the_cases_expect() {
    let manual = manual();
    let marks: Vec<&str> =
        manual.lines().filter_map(|line| line.strip_prefix("<!-- case: ")?.strip_suffix(" -->")).collect();
    assert!(marks.len() > 8, "only {} transcripts", marks.len());
    for name in marks {
        compare(name, &block_after(&format!("<!-- case: {name} -->")));
    }
}

fn compare(name: &str, shown: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cases/{name}.toml"));
    let case: Table = std::fs::read_to_string(path).expect(name).parse().expect(name);
    let mut lines = shown.lines();
    let command = lines.next().unwrap_or_default();
    let arguments: Vec<&str> = texts(case.get("args"));
    assert!(matches(&fill(&format!("$ poslatch {}", arguments.join(" "))), command), "{name}: {command}");
    let lines: Vec<&str> = lines.collect();
    for stream in ["stdout", "stderr"] {
        let exact = case.get(stream).and_then(Value::as_str).unwrap_or_default();
        let parts = texts(case.get(&format!("{stream}_has")));
        let parts = parts.iter().map(|part| format!("{{...}}{part}{{...}}"));
        for expected in exact.lines().map(str::to_owned).chain(parts) {
            let expected = fill(&expected);
            assert!(
                lines.iter().any(|line| matches(&expected, line)),
                "{name}: the manual lacks \"{expected}\" in\n{shown}"
            );
        }
        // With the whole stream known, nothing else may be in the manual.
        if let (Some(stdout), Some(stderr)) = (case.get("stdout"), case.get("stderr")) {
            let all =
                format!("{}{}", stdout.as_str().unwrap_or_default(), stderr.as_str().unwrap_or_default());
            for line in &lines {
                assert!(
                    all.lines().any(|expected| matches(&fill(expected), line)),
                    "{name}: \"{line}\" is not said"
                );
            }
        }
    }
}

/// What a case's stage would fill in is anything here.
fn fill(text: &str) -> String {
    ["{url}", "{https}", "{port}", "{cloud}", "{folder}"]
        .iter()
        .fold(text.to_owned(), |text, name| text.replace(name, "{...}"))
}

fn texts(list: Option<&Value>) -> Vec<&str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn manual() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    std::fs::read_to_string(path).expect("docs/cli.md").replace("\r\n", "\n")
}

/// The fenced block under a mark.
fn block_after(mark: &str) -> String {
    let manual = manual();
    let (_, after) = manual.split_once(&format!("{mark}\n```text\n")).expect("a block under the mark");
    after.split_once("```").expect("an end").0.to_owned()
}
