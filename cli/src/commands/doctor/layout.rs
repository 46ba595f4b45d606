//! The report on a screen: 24 lines of 100 columns, since a support desk reads it over the phone from any terminal.
//!
//! What is not well gets the room for its finding and its cure. If the room runs short, what is well gets one line, then
//! certificates are left out, then everything that is well.

use super::Findings;
use poslatch::{Step, StepName, StepResult};
use serde_json::Value;

pub(super) const LINES: usize = 24;
pub(super) const COLUMNS: usize = 100;

/// Where findings begin; before them stand result and step.
const INDENT: usize = 20;

/// Certificates of the chain that are shown.
const CERTIFICATES_MAX: usize = 3;

/// The whole screen, with the one thing to do next at its end.
pub(super) fn screen(findings: &Findings, next: &str) -> String {
    let next = wrapped("Next: ", next, 6);
    for room in [Room::Whole, Room::OneLineEach, Room::NoCertificates, Room::OnlyWhatIsWrong] {
        let mut lines = files(findings);
        lines.extend(findings.report.steps().iter().flat_map(|step| lines_of(step, room)));
        lines.extend(not_run(findings));
        if lines.len() + next.len() <= LINES || room == Room::OnlyWhatIsWrong {
            lines.truncate(LINES.saturating_sub(next.len()));
            lines.extend(next);
            return lines.join("\n") + "\n";
        }
    }
    String::new()
}

/// What is wrong with the files of the settings.
fn files(findings: &Findings) -> Vec<String> {
    let problems =
        [("root CA file", &findings.root_ca_problem), ("identity file", &findings.identity_problem)];
    problems
        .iter()
        .filter_map(|(name, problem)| Some(wrapped(&label("FAILED", name), problem.as_ref()?, INDENT)))
        .flatten()
        .collect()
}

/// How much of what is well is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Whole,
    OneLineEach,
    NoCertificates,
    OnlyWhatIsWrong,
}

fn lines_of(step: &Step, room: Room) -> Vec<String> {
    let name = name(step.name);
    match step.result {
        // Without an identity a till is looked at as one that wants to pair, which should be seen.
        StepResult::NotRun if step.name == StepName::Identity && !is_for_later(step) => {
            wrapped(&label("-", name), &step.finding, INDENT)
        }
        StepResult::NotRun => Vec::new(),
        StepResult::Ok if room == Room::OnlyWhatIsWrong => Vec::new(),
        StepResult::Ok => {
            let mut lines = match room {
                Room::Whole => wrapped(&label("ok", name), &step.finding, INDENT),
                _ => vec![cut(&format!("{}{}", label("ok", name), step.finding))],
            };
            if room != Room::NoCertificates && step.name == StepName::Chain {
                lines.extend(chain(step));
            }
            lines
        }
        result => {
            let word = if result == StepResult::Failed { "FAILED" } else { "look" };
            let mut lines = wrapped(&label(word, name), &step.finding, INDENT);
            if let Some(advice) = &step.advice {
                lines.extend(wrapped(&format!("{:INDENT$}", "  cure:"), advice, INDENT));
            }
            lines
        }
    }
}

fn not_run(findings: &Findings) -> Vec<String> {
    let names: Vec<&str> = findings
        .report
        .steps()
        .iter()
        .filter(|step| step.result == StepResult::NotRun && is_for_later(step))
        .map(|step| name(step.name))
        .collect();
    match names.is_empty() {
        true => Vec::new(),
        false => wrapped(&label("-", "not tried"), &names.join(", "), INDENT),
    }
}

/// Whether a step would have run if an earlier one had not failed; others have no occasion, as a name to resolve where
/// there is an address.
fn is_for_later(step: &Step) -> bool {
    step.finding.starts_with("not tried")
}

/// One line for each certificate of the chain.
fn chain(step: &Step) -> Vec<String> {
    let certificates = step.facts.get("certificates").and_then(Value::as_array);
    certificates
        .into_iter()
        .flatten()
        .take(CERTIFICATES_MAX)
        .map(|certificate| {
            let fact = |name: &str| certificate.get(name).and_then(Value::as_str).unwrap_or_default();
            let day = |name: &str| fact(name).chars().take(10).collect::<String>();
            cut(&format!(
                "{:INDENT$}\"{}\" by \"{}\", {} to {}",
                "",
                fact("subject"),
                fact("issuer"),
                day("not_before"),
                day("not_after")
            ))
        })
        .collect()
}

/// The words of a support desk for the library's names.
fn name(name: StepName) -> &'static str {
    match name {
        StepName::Machine => "machine",
        StepName::Name => "name",
        StepName::Handshake => "TLS version",
        StepName::Tcp => "TCP",
        StepName::Tls => "TLS",
        StepName::Chain => "certificates",
        StepName::RootCa => "Root CA",
        StepName::DeviceName => "device",
        StepName::ClientCertificate => "till's cert.",
        StepName::WebSocket => "WebSocket",
        other => other.name(),
    }
}

fn label(word: &str, name: &str) -> String {
    format!("{word:<7}{name:<13}")
}

fn cut(line: &str) -> String {
    match line.chars().count() > COLUMNS {
        true => line.chars().take(COLUMNS - 3).chain("...".chars()).collect(),
        false => line.to_owned(),
    }
}

/// Breaks a text between words; further lines stand under its beginning.
fn wrapped(label: &str, text: &str, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = label.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        let needed = line.chars().count() + usize::from(!is_empty) + word.chars().count();
        if needed > COLUMNS && !is_empty {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    // A word longer than a line: nothing that is known has one, but a certificate can hold anything.
    lines.iter().map(|line| cut(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_broken_between_words_and_never_wider_than_the_screen() {
        let text = "word ".repeat(60) + &"x".repeat(200);
        let lines = wrapped("Next: ", &text, 6);
        assert!(lines.len() > 3 && lines.iter().all(|line| line.chars().count() <= COLUMNS), "{lines:#?}");
        assert!(lines[1].starts_with("      word"), "{lines:#?}");
    }
}
