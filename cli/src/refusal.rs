//! Arguments that are refused before any command runs, in words that help: secrets above all, which must not even be
//! repeated in the refusal.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::screen::Screen;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;
use std::io::{self, Write};

/// Options that people expect to take a secret, and what they should do instead.
const SECRET_OPTIONS: &[(&[&str], &str, &str)] = &[
    (
        &["--code", "--setup-code", "--setupcode", "--pairing-code"],
        "the setup code",
        "Leave it out and type it at the prompt, put it in POSLATCH_SETUP_CODE, or give a file with --code-file \
         (- for standard input).",
    ),
    (
        &["--passphrase", "--password", "--pass", "--pin"],
        "a passphrase",
        "Leave it out and type it at the prompt, put it in POSLATCH_PASSPHRASE, or give a file with --passphrase-file \
         (- for standard input).",
    ),
    (
        &["--secret", "--api-secret", "--shared-secret", "--shared-secret-key", "--api-key"],
        "the API secret",
        "Leave it out and type it at the prompt, put it in POSLATCH_API_SECRET, or give a file with --secret-file \
         (- for standard input).",
    ),
];

const WHY: &str = "arguments can be read by every user of this machine and stay in the shell's history";

/// The refusal of the first argument that is meant to carry a secret.
pub(crate) fn secret_among(words: &[OsString]) -> Option<Failure> {
    words.iter().skip(1).take_while(|word| *word != "--").find_map(|word| {
        let word = word.to_string_lossy();
        let name = word.split('=').next().unwrap_or_default().to_ascii_lowercase();
        let (_, what, instead) = SECRET_OPTIONS.iter().find(|(names, ..)| names.contains(&name.as_str()))?;
        Some(Failure::usage(format!("{what} is not taken from the command line: {WHY}"), *instead))
    })
}

/// Shows help and version, or why the arguments make no sense.
pub(crate) fn of_clap(error: &clap::Error, words: &[OsString]) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Whoever reads may have gone.
            let _ = io::stdout().write_all(error.to_string().as_bytes());
            Exit::Done
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = io::stderr().write_all(error.to_string().as_bytes());
            Exit::Usage
        }
        _ => {
            let screen = Screen::before_the_arguments_are_known(words);
            screen.failed("usage", &in_our_words(error, words))
        }
    }
}

/// Eight capital letters and digits, as the device shows them (protocol.md section 2).
fn looks_like_a_code(word: &str) -> bool {
    let is = |fits: fn(&u8) -> bool| word.bytes().any(|byte| fits(&byte));
    word.len() == 8
        && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && is(u8::is_ascii_digit)
        && is(u8::is_ascii_uppercase)
}

fn in_our_words(error: &clap::Error, words: &[OsString]) -> Failure {
    let stray = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(word)) if error.kind() == ErrorKind::UnknownArgument => Some(word),
        _ => None,
    };
    // What stands where nothing is expected may be a secret, so it is not repeated.
    if stray.is_some_and(|word| !word.starts_with('-')) {
        let is = |name: &str| words.iter().any(|word| word == name);
        let (what, instead) = match () {
            () if is("pair") => ("the setup code", SECRET_OPTIONS[0].2),
            () if is("fetch") => ("the API secret", SECRET_OPTIONS[2].2),
            () => ("a passphrase", SECRET_OPTIONS[1].2),
        };
        let message =
            "there is an argument that no option belongs to; it is not shown here, in case it is a secret";
        return Failure::usage(message, format!("If it is {what}: {WHY}. {instead}"));
    }
    let text = words
        .iter()
        .filter_map(|word| word.to_str())
        .filter(|word| looks_like_a_code(word))
        .fold(error.to_string(), |text, word| text.replace(word, "(not shown, in case it is a code)"));
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let is_usage = |line: &&&str| line.starts_with("Usage:") || line.starts_with("For more information");
    let told: Vec<&str> = lines.iter().take_while(|line| !is_usage(line)).copied().collect();
    let usage = lines.iter().find(|line| line.starts_with("Usage:")).copied().unwrap_or_default();
    let usage = if usage.is_empty() {
        String::new()
    } else {
        format!(
            "{usage}
  "
        )
    };
    Failure::usage(
        told.join(
            "
",
        ),
        format!("{usage}`--help` says what there is."),
    )
}
