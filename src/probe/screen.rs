//! A report as a screen of text: one line for each step, and its cure under it.
//!
//! A support desk reads this over the phone, so it fits a terminal of the eighties: 24 lines of 100
//! columns. What did not run is gathered in one line.

use super::report::{Report, Step, StepName, StepResult};
use std::fmt;

const COLUMNS: usize = 100;

/// Where findings begin; words before it are result and name.
const INDENT: usize = 28;

/// Certificates that are shown of a chain.
const CHAIN_MAX: usize = 3;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in self.steps().iter().filter(|step| step.result != StepResult::NotRun) {
            let word = match step.result {
                StepResult::Failed => "FAILED",
                StepResult::Warning => "warning",
                _ => "ok",
            };
            write!(f, "{word:<8}{:<width$}", step.name.name(), width = INDENT - 8)?;
            wrapped(f, &step.finding)?;
            if step.name == StepName::Chain {
                chain(f, step)?;
            }
            if let Some(advice) = &step.advice {
                write!(f, "{:<INDENT$}", "")?;
                wrapped(f, advice)?;
            }
        }
        let not_run: Vec<&str> = self
            .steps()
            .iter()
            .filter(|step| step.result == StepResult::NotRun)
            .map(|step| step.name.name())
            .collect();
        if !not_run.is_empty() {
            write!(f, "{:<INDENT$}", "not run")?;
            wrapped(f, &not_run.join(", "))?;
        }
        Ok(())
    }
}

/// One line for each certificate: whose, of which key, until when.
fn chain(f: &mut fmt::Formatter<'_>, step: &Step) -> fmt::Result {
    let certificates = step.facts.get("certificates").and_then(|list| list.as_array());
    for certificate in certificates.into_iter().flatten().take(CHAIN_MAX) {
        let fact = |name: &str| certificate.get(name).and_then(|fact| fact.as_str()).unwrap_or_default();
        let day = |name: &str| fact(name).chars().take(10).collect::<String>();
        let rest = [
            " by \"",
            fact("issuer"),
            "\", ",
            fact("key"),
            ", ",
            &day("not_before"),
            " to ",
            &day("not_after"),
        ];
        let line = ["\"", fact("subject"), "\"", &rest.concat()].concat();
        writeln!(f, "{:<INDENT$}{}", "", line.chars().take(COLUMNS - INDENT).collect::<String>())?;
    }
    Ok(())
}

/// Breaks a text between words, each further line under the first.
fn wrapped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut at = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if at > 0 && INDENT + at + 1 + length > COLUMNS {
            write!(f, "\n{:<INDENT$}", "")?;
            at = 0;
        } else if at > 0 {
            f.write_str(" ")?;
            at += 1;
        }
        // No name is that long, but a certificate can hold anything.
        let shown: String = word.chars().take(COLUMNS - INDENT).collect();
        f.write_str(&shown)?;
        at += length;
    }
    f.write_str("\n")
}
