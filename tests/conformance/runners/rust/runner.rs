//! The runner of Rust: the crate's own API, told what to do by the director. The README of the suite has the verbs.

mod answers;
mod connections;
mod devices;
mod identities;
mod objects;

use crate::words::Line;
use answers::{Answer, refused};
use objects::Objects;
use std::io::{BufRead, Write, stdin, stdout};
use std::sync::Arc;
use std::thread;

/// Takes commands until there are no more.
pub(crate) fn run() {
    let objects = Arc::new(Objects::default());
    for command in stdin().lock().lines() {
        let Ok(command) = command else { return };
        let answer = obey(&objects, &command);
        let mut out = stdout().lock();
        if writeln!(out, "{}", answer.render()).and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

fn obey(objects: &Arc<Objects>, command: &str) -> Line {
    if let Some(rest) = command.strip_prefix("start thread=") {
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let (objects_of_it, rest) = (Arc::clone(objects), rest.to_owned());
        objects.threads().insert(name.to_owned(), thread::spawn(move || obey(&objects_of_it, &rest)));
        return Line::new("ok");
    }
    let command = match Line::parse(command) {
        Ok(command) => command,
        Err(problem) => return refused(&problem),
    };
    carry_out(objects, &command).unwrap_or_else(|answer| answer)
}

fn carry_out(objects: &Objects, command: &Line) -> Answer {
    match command.verb.as_str() {
        "hello" => Ok(Line::new("ok").with("language", "rust").with("library", library())),
        "status_name" => {
            let status = answers::number(command, "status")?.and_then(|code: i32| {
                if code == 0 {
                    Some("OK")
                } else {
                    poslatch::Status::from_code(code).map(poslatch::Status::name)
                }
            });
            Ok(Line::new("ok").with("name", status.unwrap_or("UNKNOWN")))
        }
        "log" => devices::log(objects, command),
        "log_take" => Ok(Line::new("ok").with("text", std::mem::take(&mut *objects.log()))),
        "device" => devices::make(objects, command),
        "interrupt" => devices::interrupt(objects, command),
        "journal_pending" => devices::journal_pending(objects, command),
        "journal_forget" => devices::journal_forget(objects, command),
        "probe" => devices::probe(objects, command),
        "pair" => identities::pair(objects, command),
        "identity" => identities::facts(objects, command),
        "needs_renewal" => identities::needs_renewal(objects, command),
        "cert_chain" => identities::cert_chain(objects, command),
        "save" => identities::save(objects, command),
        "load" => identities::load(objects, command),
        "export_pem" => identities::export_pem(objects, command),
        "from_pem" => identities::from_pem(objects, command),
        "export_pkcs12" => identities::export_pkcs12(objects, command),
        "save_root_ca" => devices::save_root_ca(command),
        "fetch_root_ca" => devices::fetch_root_ca(command),
        "open_mtls" | "open_tls" => connections::open(objects, command),
        "exchange" => connections::exchange(objects, command),
        "send" => connections::send(objects, command),
        "receive" => connections::receive(objects, command),
        "recover" => connections::recover(objects, command),
        "connection" => connections::facts(objects, command),
        "close" => connections::close(objects, command),
        "release" => {
            objects.release(answers::text(command, "object")?);
            Ok(Line::new("ok"))
        }
        "join" => match objects.threads().remove(answers::text(command, "thread")?) {
            Some(thread) => Ok(thread.join().unwrap_or_else(|_| refused("the thread has panicked"))),
            None => Err(refused("no such thread")),
        },
        "abandon" | "collect" | "unclaimed_reply" => Ok(Line::new("unsupported")),
        unknown => Err(refused(&format!("unknown verb {unknown}"))),
    }
}

/// The crate has no version string of its own; it is compiled with the program that uses it.
fn library() -> String {
    format!("poslatch {}", env!("CARGO_PKG_VERSION"))
}
