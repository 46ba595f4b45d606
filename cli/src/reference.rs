//! The merchantReferenceCode: what a payment is asked for by when its reply is lost (protocol.md section 6). Made here
//! where the till gives none, so that there always is one.

use crate::dates;
use crate::failure::Failure;
use std::hash::{BuildHasher, Hasher, RandomState};

const CHARACTERS_MAX: usize = 50;

/// The reference that was given, or a new one: the moment, and enough chance that no two tills meet.
pub(crate) fn given_or_new(given: Option<&str>, purpose: &str) -> Result<String, Failure> {
    match given {
        None => Ok(new(purpose)),
        Some(reference) if is_valid(reference) => Ok(reference.to_owned()),
        Some(reference) => Err(Failure::usage(
            format!("\"{reference}\" cannot be a reference"),
            "Use 1 to 50 letters, digits, _ and -, with no - at the beginning, and never the same twice.",
        )),
    }
}

fn new(purpose: &str) -> String {
    // The standard library seeds its hash tables by the system's random numbers.
    let random = RandomState::new().build_hasher().finish();
    let moment: String =
        dates::utc(dates::now()).chars().filter(|c| c.is_ascii_digit() || *c == 'T').collect();
    format!("{purpose}-{moment}-{random:016x}")
}

fn is_valid(reference: &str) -> bool {
    // A look-up by one that begins with - would be taken for an option.
    (1..=CHARACTERS_MAX).contains(&reference.len())
        && !reference.starts_with('-')
        && reference.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_references_are_valid_and_differ() {
        let (one, other) = (new("pay"), new("pay"));
        assert!(is_valid(&one) && one != other, "{one} {other}");
    }

    #[test]
    fn what_the_device_would_refuse_is_refused_here() {
        for reference in ["", "with space", "a/b", &"x".repeat(51), "ä", "-x"] {
            assert!(given_or_new(Some(reference), "pay").is_err(), "{reference:?}");
        }
    }
}
