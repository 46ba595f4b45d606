//! Plays one case: sets the stage, runs the command, compares, and searches everything for secrets.

mod case;
mod command;
mod pattern;
mod stage;

use case::Case;
use command::Output;
use pattern::matches;
use stage::Stage;
use std::fmt::Write;
use std::path::Path;

/// Plays the case in this file.
pub(crate) fn run(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let case: Case = toml::from_str(&text).map_err(|error| error.to_string())?;
    let stage = Stage::set(&case);
    let output = command::run(&case, &stage);
    if std::env::var_os("POSLATCH_CASES_SHOW").is_some() {
        // For whoever writes the manual. One write, since cases run side by side.
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        println!("=== {name}\n{}=== stdout\n{}===", output.stderr, output.stdout);
    }
    let problems = judge(&case, &stage, &output);
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}\n{}\n--- it ended with {:?}, standard output:\n{}--- standard error:\n{}---",
        case.about,
        problems.join("\n"),
        output.exit,
        output.stdout,
        output.stderr
    ))
}

fn judge(case: &Case, stage: &Stage, output: &Output) -> Vec<String> {
    let mut problems = Vec::new();
    let mut expect = |holds: bool, problem: String| {
        if !holds {
            problems.push(problem);
        }
    };
    expect(
        output.exit == Some(case.exit),
        format!("expected exit code {}, found {:?}", case.exit, output.exit),
    );
    for (name, expected, found) in
        [("output", &case.stdout, &output.stdout), ("error", &case.stderr, &output.stderr)]
    {
        if let Some(expected) = expected {
            let expected = stage.fill(expected);
            expect(matches(&expected, found), format!("standard {name} was expected to be:\n{expected}"));
        }
    }
    for (name, all, found) in
        [("output", &case.stdout_has, &output.stdout), ("error", &case.stderr_has, &output.stderr)]
    {
        for part in all {
            let part = stage.fill(part);
            let lines = found.lines().any(|line| matches(&format!("{{...}}{part}{{...}}"), line));
            expect(lines || found.contains(&part), format!("standard {name} was expected to hold: {part}"));
        }
    }
    for part in &case.lacks {
        let part = stage.fill(part);
        let is_there = output.stdout.contains(&part) || output.stderr.contains(&part);
        expect(!is_there, format!("it was expected not to say: {part}"));
    }
    for (pointer, expected) in &case.json {
        let found = serde_json::from_str::<serde_json::Value>(&output.stdout).unwrap_or_default();
        let found = found.pointer(pointer).map(json_text).unwrap_or_else(|| "(missing)".into());
        let expected = stage.fill(expected);
        expect(matches(&expected, &found), format!("{pointer} was expected to be {expected}, found {found}"));
    }
    if case.one_json_object {
        let is_one = output.stdout.lines().count() == 1
            && serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&output.stdout).is_ok();
        expect(is_one, "standard output was expected to be one JSON object on one line".into());
    }
    if let Some(limit) = case.lines_max {
        let lines = output.stdout.lines().count();
        expect(lines <= limit, format!("{lines} lines instead of at most {limit}"));
    }
    if let Some(limit) = case.columns_max {
        for line in output.stdout.lines().filter(|line| line.chars().count() > limit) {
            expect(false, format!("wider than {limit} columns: {line}"));
        }
    }
    if let Some(expected) = &case.device_got {
        let found = stage.requests();
        expect(&found == expected, format!("the device was expected to get {expected:?}, it got {found:?}"));
    }
    for file in &case.makes {
        expect(stage.folder().join(file).exists(), format!("{file} was expected to be there"));
    }
    for file in &case.does_not_make {
        expect(!stage.folder().join(file).exists(), format!("{file} was expected not to be there"));
    }
    for (file, expected) in &case.file_has {
        let content = std::fs::read(stage.folder().join(file)).unwrap_or_default();
        let content = String::from_utf8_lossy(&content);
        expect(content.contains(expected), format!("{file} was expected to hold {expected}"));
    }
    for (file, refused) in &case.file_lacks {
        let content = std::fs::read(stage.folder().join(file)).unwrap_or_default();
        let content = String::from_utf8_lossy(&content);
        for refused in refused {
            expect(!content.contains(refused), format!("{file} was expected not to hold {refused}"));
        }
    }
    let told = format!("{}\n{}\n{}", output.stdout, output.stderr, stage.files_that_others_may_see());
    if let Some(secret) = found_secret(&stage.secrets(), &told) {
        expect(
            false,
            format!("A SECRET WAS TOLD, it begins with {:?}", secret.chars().take(3).collect::<String>()),
        );
    }
    problems
}

fn json_text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The first of these secrets that stands in the text.
fn found_secret<'a>(secrets: &'a [String], text: &str) -> Option<&'a String> {
    secrets.iter().find(|secret| text.contains(secret.as_str()))
}

/// Every case ends with a search for secrets; a search that finds nothing must not be one that cannot find.
pub(crate) fn prove_that_secrets_would_be_found() {
    let stage = Stage::set(&toml::from_str("about = \"\"\nargs = []\nexit = 0\n").expect("a case"));
    let secrets = stage.secrets();
    assert!(secrets.len() > 10, "code, passphrase, API secret and the lines of a key: {}", secrets.len());
    for secret in &secrets {
        let mut text = String::new();
        write!(text, "some words {secret} and more").expect("a string takes everything");
        assert!(found_secret(&secrets, &text).is_some(), "not found");
    }
    assert!(found_secret(&secrets, "nothing that is secret").is_none());
}
