//! Secrets come in by a file, the environment or a prompt that does not echo, and by nothing else. One place, because
//! the order and the words are the same for all of them.

use crate::failure::Failure;
use std::io::{self, IsTerminal, Read};
use zeroize::Zeroizing;

/// Far more than any secret has; keeps a wrong file from being read whole.
const BYTES_MAX: u64 = 4096;

/// What is asked for, and where it may come from.
pub(crate) struct Secret<'a> {
    /// As it is called in sentences.
    pub(crate) name: &'a str,
    /// As the prompt says it.
    pub(crate) prompt: &'a str,
    pub(crate) variable: &'a str,
    /// The option that names a file.
    pub(crate) option: &'a str,
    pub(crate) file: Option<&'a str>,
}

impl Secret<'_> {
    /// The secret, if it was given by file or environment.
    pub(crate) fn given(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        if let Some(file) = self.file {
            return self.read(file).map(Some);
        }
        match std::env::var(self.variable) {
            Ok(value) if !value.is_empty() => Ok(Some(Zeroizing::new(value))),
            _ => Ok(None),
        }
    }

    /// The secret, asked for if it was not given.
    pub(crate) fn obtain(&self) -> Result<Zeroizing<String>, Failure> {
        match self.given()? {
            Some(secret) => Ok(secret),
            None => self.ask(self.prompt),
        }
    }

    /// Asks on the terminal, without echo.
    pub(crate) fn ask(&self, prompt: &str) -> Result<Zeroizing<String>, Failure> {
        let missing = |message: String| {
            Failure::usage(
                message,
                format!(
                    "Put it in {}, or give a file with {} (- for standard input).",
                    self.variable, self.option
                ),
            )
        };
        if !io::stdin().is_terminal() {
            return Err(missing(format!(
                "{} was not given, and there is no terminal to ask for it",
                self.name
            )));
        }
        rpassword::prompt_password(format!("{prompt}: "))
            .map(Zeroizing::new)
            .map_err(|error| missing(format!("{} could not be asked for: {error}", self.name)))
    }

    fn read(&self, file: &str) -> Result<Zeroizing<String>, Failure> {
        let mut text = Zeroizing::new(String::with_capacity(BYTES_MAX as usize));
        let result = match file {
            "-" => io::stdin().take(BYTES_MAX).read_to_string(&mut text),
            path => std::fs::File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text)),
        };
        result.map_err(|error| {
            // Some people give the secret itself where its file belongs.
            let shown = match error.kind() {
                io::ErrorKind::NotFound => {
                    format!("from the file of {} (not shown, in case it is the secret itself)", self.option)
                }
                _ => format!("from \"{file}\""),
            };
            Failure::usage(
                format!("cannot read {} {shown}: {error}", self.name),
                "Check that the path is right and that this user may read it.",
            )
        })?;
        // What Windows writes before a text, and nobody sees.
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        // The line end that every editor adds.
        let length = text.trim_end_matches(['\r', '\n']).len();
        text.truncate(length);
        Ok(text)
    }
}
