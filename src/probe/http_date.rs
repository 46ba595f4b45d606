//! The one form of date that an HTTP `Date` header has today (RFC 9110 section 5.6.7); others are not read.

use x509_cert::der::DateTime;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `Tue, 24 Nov 2026 16:28:13 GMT` in seconds since 1970.
pub(super) fn parse(text: &str) -> Option<u64> {
    let mut words = text.split_once(", ")?.1.split(' ');
    let day = words.next()?.parse().ok()?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let year = words.next()?.parse().ok()?;
    let mut time = words.next()?.split(':').map(|part| part.parse::<u8>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    if words.next() != Some("GMT") {
        return None;
    }
    let date = DateTime::new(year, u8::try_from(month).ok()?, day, hour, minute, second).ok()?;
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
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
