//! A report as a screen of text: one line for each step, and its cure under it.
//!
//! A support desk reads this over the phone, so it fits a terminal of the eighties. What did not run is
//! gathered in one line; when many things are wrong, what the JSON tells anyway is left out first.

use super::report::{Report, Step, StepName, StepResult};
use std::fmt;

const LINES_MAX: usize = 24;
const COLUMNS_MAX: usize = 100;

/// Where findings begin; words before it are result and name.
const FINDING: usize = 27;

/// Where certificates and advice begin.
const UNDER: usize = 10;

/// Certificates that are shown of a chain.
const CERTIFICATES_MAX: usize = 3;

/// Lines that the finding of the step to mend first may have when others have one, so that its cure
/// fits under it.
const FINDING_LINES_MAX: usize = 5;

/// How much is told, from all to the least.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    Everything,
    NoCertificates,
    /// Advice for the step to mend first alone, and of the other findings the first line.
    OneCure,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = screen(self, Detail::Everything);
        for detail in [Detail::NoCertificates, Detail::OneCure] {
            if lines.len() > LINES_MAX {
                lines = screen(self, detail);
            }
        }
        lines.iter().take(LINES_MAX).try_for_each(|line| writeln!(f, "{}", line.trim_end()))
    }
}

fn screen(report: &Report, detail: Detail) -> Vec<String> {
    let mut lines = Vec::new();
    let cause = report.cause().map(|step| step.name);
    let (not_run, ran): (Vec<&Step>, Vec<&Step>) =
        report.steps().iter().partition(|step| step.result == StepResult::NotRun);
    for step in ran {
        let word = match step.result {
            StepResult::Failed => "FAILED",
            StepResult::Warning => "warning",
            _ => "ok",
        };
        let head = format!("{word:<8}{}", step.name.name());
        let finding_begins = lines.len();
        wrap(&head, FINDING, &step.finding, &mut lines);
        if detail == Detail::OneCure {
            let most = if cause == Some(step.name) { FINDING_LINES_MAX } else { 1 };
            shorten(&mut lines, finding_begins + most);
        }
        if step.name == StepName::Chain && detail == Detail::Everything {
            certificates(step, &mut lines);
        }
        let is_told = detail != Detail::OneCure || cause == Some(step.name);
        if let Some(advice) = step.advice.as_ref().filter(|_| is_told) {
            wrap("      ->", UNDER, advice, &mut lines);
        }
    }
    if !not_run.is_empty() {
        let names: Vec<&str> = not_run.iter().map(|step| step.name.name()).collect();
        wrap("not run", UNDER, &names.join(", "), &mut lines);
    }
    lines
}

/// One line for each certificate: whose, of which key, from when until when.
fn certificates(step: &Step, lines: &mut Vec<String>) {
    let certificates = step.facts.get("certificates").and_then(|list| list.as_array());
    for certificate in certificates.into_iter().flatten().take(CERTIFICATES_MAX) {
        let fact = |name: &str| certificate.get(name).and_then(|fact| fact.as_str()).unwrap_or_default();
        let day = |name: &str| fact(name).get(..10).unwrap_or_default();
        let dates = [day("not_before"), " to ", day("not_after"), ", ", fact("key")].concat();
        let line = [fact("subject"), " by ", fact("issuer"), ", ", &dates].concat();
        lines.push(format!("{:UNDER$}{}", "", cut(&line, COLUMNS_MAX - UNDER)));
    }
}

/// Adds a text behind `head`, broken between words, each further line under the first.
fn wrap(head: &str, indent: usize, text: &str, lines: &mut Vec<String>) {
    let mut line = format!("{head:<indent$}");
    let mut at = indent;
    for word in text.split(' ') {
        // No name is that long, but a certificate can hold anything.
        let word = cut(word, COLUMNS_MAX - indent);
        let length = width(word);
        if at > indent && at + 1 + length > COLUMNS_MAX {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            at = indent;
        }
        if at > indent {
            line.push(' ');
            at += 1;
        }
        line.push_str(word);
        at += length;
    }
    lines.push(line);
}

/// Leaves out what is more than so many lines, and says so.
fn shorten(lines: &mut Vec<String>, most: usize) {
    const MORE: &str = "...";
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.truncate(cut(last, COLUMNS_MAX - MORE.len()).len());
            last.push_str(MORE);
        }
    }
}

/// What fits into so many columns.
fn cut(text: &str, columns: usize) -> &str {
    let mut at = 0;
    let end = text.char_indices().find(|(_, c)| {
        at += columns_of(*c);
        at > columns
    });
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

fn width(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// Terminals give the scripts of East Asia and the pictures two columns. They begin here; among them are
/// narrow ones, which only get more room than they need.
fn columns_of(c: char) -> usize {
    if c < '\u{1100}' { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::super::facts::Facts;
    use super::*;
    use crate::error::Kind;
    use serde_json::json;

    fn assert_fits(screen: &str) {
        assert!(screen.lines().count() <= LINES_MAX, "{screen}");
        assert!(screen.lines().all(|line| width(line) <= COLUMNS_MAX), "{screen}");
    }

    #[test]
    fn names_at_length_leave_room_for_the_cure_under_them() {
        // As long as names come (`words::printable`), once of words, once without any space, once wide.
        for name in ["a b c d ".repeat(25), "x".repeat(200), "\u{5b57}".repeat(200), "\u{5b57} ".repeat(100)]
        {
            let mut report = Report::new("wss://192.168.1.50:8443/".into(), 0);
            for step in StepName::ALL.iter().take_while(|step| **step != StepName::RootCa) {
                let certificate = json!({ "subject": name, "issuer": name, "not_before": "2026-11-24" });
                report.ok(*step, name.clone(), Facts::new().with("certificates", vec![certificate; 8]));
            }
            let untrusted = Kind::UnknownIssuer { subject: name.clone(), issuer: name.clone() };
            drop(report.fail(StepName::RootCa, &untrusted, Facts::new()));
            let wrong = Kind::WrongDevice { expected: name.clone(), found: vec![name.clone(); 1000] };
            drop(report.fail(StepName::DeviceName, &wrong, Facts::new()));
            report.complete();
            let screen = report.to_string();
            assert_fits(&screen);
            let words: Vec<&str> = screen.split_whitespace().collect();
            let advice = untrusted.advice(crate::RequestState::None);
            assert!(words.join(" ").contains(&advice), "{screen}");
            assert!(words.last().is_some_and(|word| *word == "ping"), "what did not run is told: {screen}");
        }
    }

    #[test]
    fn a_report_in_which_everything_is_wrong_at_length_still_fits_the_screen() {
        let mut report = Report::new("wss://192.168.1.50:8443/".into(), 0);
        let kind =
            Kind::IdentityUnusable { problem: "wide words and more of them ".repeat(7) + &"x".repeat(300) };
        for name in StepName::ALL {
            let certificate =
                json!({ "subject": "\u{1f600}".repeat(200), "issuer": "y", "not_before": "\u{e9}" });
            drop(report.fail(*name, &kind, Facts::new().with("certificates", vec![certificate])));
        }
        let screen = report.to_string();
        assert_fits(&screen);
        assert!(screen.contains(&kind.advice(crate::RequestState::None)), "{screen}");
    }

    #[test]
    fn what_did_not_run_is_one_line() {
        let mut report = Report::new("wss://192.168.1.50:8443/".into(), 0);
        report.ok(StepName::Address, "wss://192.168.1.50:8443/".into(), Facts::new());
        drop(report.fail(StepName::Name, &Kind::RootCaMissing, Facts::new()));
        report.complete();
        let screen = report.to_string();
        assert!(screen.starts_with("ok      address            wss://192.168.1.50:8443/\n"), "{screen}");
        assert!(
            screen.lines().last().is_some_and(|line| line.starts_with("          client_certificate")),
            "{screen}"
        );
    }
}
