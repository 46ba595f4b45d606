//! The exit codes: what a script branches on. A file of its own, because they are as stable as the names in the JSON.

use poslatch::{Category, Error, RequestState, Status};
use std::process::ExitCode;

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; of questions, "no".
    Done = 0,
    /// The device or the card said no; of the question `needs-renewal`, "yes".
    SaidNo = 1,
    /// The arguments, a file or a setting.
    Usage = 2,
    /// No connection, or none that can be trusted; nothing is in doubt.
    Connection = 3,
    /// Money may have moved and nobody knows. Never repeat it, look it up.
    InDoubt = 4,
}

impl Exit {
    /// The number that the system gets.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// The code of what the library says.
    pub(crate) fn of(error: &Error) -> Exit {
        match (error.request_state(), error.status()) {
            // A pairing whose reply was lost moves no money: the code is spent, and that is all.
            (RequestState::InDoubt, status) if status != Status::PairingReplyLost => Exit::InDoubt,
            (_, status) => Exit::of_status(status),
        }
    }

    /// The same of a status alone, where no request was under way.
    pub(crate) fn of_status(status: Status) -> Exit {
        match status {
            Status::PairingRejected | Status::HttpStatus => Exit::SaidNo,
            status if status.category() == Category::Usage => Exit::Usage,
            _ => Exit::Connection,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
