//! The one form of date that an HTTP `Date` header has today (RFC 9110 section 5.6.7); others are not read.

use x509_cert::der::DateTime;

const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// `Tue, 24 Nov 2026 16:28:13 GMT` in seconds since 1970. Every part has its place.
pub(super) fn parse(text: &str) -> Option<u64> {
    if text.len() != 29 || !text.ends_with(" GMT") {
        return None;
    }
    let two = |at: usize| text.get(at..at + 2)?.parse::<u8>().ok();
    let month = MONTHS.find(text.get(8..11)?).filter(|at| at % 3 == 0)? / 3 + 1;
    let (century, year) = (two(12)?, two(14)?);
    let year = u16::from(century) * 100 + u16::from(year);
    let date = DateTime::new(year, u8::try_from(month).ok()?, two(5)?, two(17)?, two(20)?, two(23)?).ok()?;
    Some(date.unix_duration().as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_todays_http_is_read_and_nothing_else() {
        assert_eq!(parse("Tue, 24 Nov 2026 16:28:13 GMT"), Some(1_795_537_693));
        for other in [
            "",
            "Tuesday, 24-Nov-26 16:28:13 GMT",
            "Tue Nov 24 16:28:13 2026",
            "Tue, 31 Feb 2026 16:28:13 GMT",
            "Tue, 24 anF 2026 16:28:13 GMT",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
