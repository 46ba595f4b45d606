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

/// How much is told, from all to the least.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    Everything,
    NoCertificates,
    /// Advice for the step to mend first alone.
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
        wrap(&head, FINDING, &step.finding, &mut lines);
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
        let length = word.chars().count();
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

/// The first so many characters.
fn cut(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::super::facts::Facts;
    use super::*;
    use crate::error::Kind;
    use serde_json::json;

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
        assert!(screen.lines().count() <= LINES_MAX, "{screen}");
        assert!(screen.lines().all(|line| line.chars().count() <= COLUMNS_MAX), "{screen}");
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
