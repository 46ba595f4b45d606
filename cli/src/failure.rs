//! Why a command did not run to its end: the facts, the cure, the next command.
//!
//! Most failures are the library's, and so are their words. Where the library's advice speaks to a programmer, this file
//! has the sentence for somebody at a prompt.

use crate::exit::Exit;
use poslatch::{Category, Error, RequestState, Status};
use serde_json::{Value, json};

/// A command's failure.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// What happened, with the facts.
    pub(crate) message: String,
    /// What to do, in whole sentences.
    pub(crate) advice: String,
    /// The command to run next, if there is one.
    pub(crate) next: Option<String>,
    error: Option<Error>,
}

impl Failure {
    /// A mistake in the arguments, a file or a setting.
    pub(crate) fn usage(message: impl Into<String>, advice: impl Into<String>) -> Failure {
        Failure { exit: Exit::Usage, message: message.into(), advice: advice.into(), next: None, error: None }
    }

    /// What the library says about a call that carried no payment.
    pub(crate) fn of(error: Error) -> Failure {
        Failure {
            exit: Exit::of(&error),
            message: message(&error),
            advice: advice(&error),
            next: None,
            error: Some(error),
        }
    }

    /// The same with another exit code, where the command knows better what is at stake.
    pub(crate) fn ending(self, exit: Exit) -> Failure {
        Failure { exit, ..self }
    }

    /// The same in other words, where the command knows better what they mean to a person.
    pub(crate) fn saying(self, message: impl Into<String>) -> Failure {
        Failure { message: message.into(), ..self }
    }

    /// The same with another cure.
    pub(crate) fn advising(self, advice: impl Into<String>) -> Failure {
        Failure { advice: advice.into(), ..self }
    }

    pub(crate) fn next(mut self, command: impl Into<String>) -> Failure {
        self.next = Some(command.into());
        self
    }

    /// The same for programs.
    pub(crate) fn to_json(&self) -> Value {
        let error = self.error.as_ref();
        json!({
            "message": self.message,
            "advice": self.advice,
            "next": self.next,
            "status": error.map(|error| error.status().code()),
            "status_name": error.map(|error| error.status().name()),
            "category": error.map(|error| category_name(error.category())),
            "request_state": error.map(|error| state_name(error.request_state())),
        })
    }
}

/// The library's words, with the names that options have at a prompt.
pub(crate) fn message(error: &Error) -> String {
    let message = error.message();
    match error.status() {
        Status::Argument => {}
        // Nothing else interrupts a call here.
        Status::Cancelled => return "stopped by Ctrl-C".to_owned(),
        _ => return message,
    }
    match message.strip_prefix("argument \"").and_then(|rest| rest.split_once('"')) {
        // The library takes a list where the option is called after one of them.
        Some(("subnets", rest)) => format!("--subnet{rest}"),
        Some((name, rest)) => format!("--{}{rest}", name.replace('_', "-")),
        None => message,
    }
}

fn advice(error: &Error) -> String {
    match error.status() {
        Status::Argument => "Correct it; `--help` says what each option takes.".into(),
        Status::Passphrase => {
            "Give the passphrase that the identity was saved with: at the prompt, in POSLATCH_PASSPHRASE, or by \
             --passphrase-file. Without it, pair again."
                .into()
        }
        Status::RequestNotJson => {
            "Send one JSON object with a string member \"type\", for example \"PaymentRequest\".".into()
        }
        Status::Cancelled if error.request_state() != RequestState::InDoubt => "Nothing was sent. Run the command again when you are ready.".into(),
        _ => error.advice(),
    }
}

pub(crate) fn category_name(category: Category) -> &'static str {
    match category {
        Category::Usage => "usage",
        Category::Network => "network",
        Category::Trust => "trust",
        Category::Device => "device",
        Category::Cancelled => "cancelled",
        Category::Internal => "internal",
        _ => "other",
    }
}

pub(crate) fn state_name(state: RequestState) -> &'static str {
    match state {
        RequestState::NotSent => "not_sent",
        RequestState::InDoubt => "in_doubt",
        _ => "none",
    }
}
