//! What the runner of Rust answers, and how it reads what it is told.

use crate::words::Line;
use poslatch::{Category, Error, RequestState, Status};
use std::str::FromStr;

/// Both are answers; the second is one that ends a call early.
pub(super) type Answer = Result<Line, Line>;

pub(super) fn ok() -> Answer {
    Ok(Line::new("ok"))
}

pub(super) fn failed(error: &Error) -> Line {
    error_line(error.status(), error.category(), error.request_state())
        .with("http", error.http_status().unwrap_or_default())
        .with("os", error.os_code().unwrap_or_default())
        .with("message", error.message())
        .with("advice", error.advice())
}

/// What the compiler does not let a Rust program do: using what it has given up.
pub(super) fn released() -> Line {
    error_line(Status::Closed, Category::Usage, RequestState::NotSent)
}

/// The command itself is wrong. Without advice, so that no case takes it for an error of the library.
pub(super) fn refused(problem: &str) -> Line {
    error_line(Status::Argument, Category::Usage, RequestState::None)
        .with("message", problem)
        .with("advice", "")
}

fn error_line(status: Status, category: Category, request: RequestState) -> Line {
    Line::new("error")
        .with("status", status.code())
        .with("category", category as i32)
        .with("request", request as i32)
}

pub(super) fn text<'a>(command: &'a Line, key: &str) -> Result<&'a str, Line> {
    command.get(key).ok_or_else(|| refused(&format!("{key} is missing")))
}

pub(super) fn number<T: FromStr>(command: &Line, key: &str) -> Result<Option<T>, Line> {
    let parse = |text: &str| text.parse().map_err(|_| refused(&format!("{key} is not a number")));
    command.get(key).map(parse).transpose()
}
