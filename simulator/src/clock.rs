//! Dates in the forms that the device writes. Apart, because the two forms differ only in the time zone, and that
//! difference is a trap of the protocol.

use std::time::{Duration, SystemTime};
use time::OffsetDateTime;

/// Writes a time as RFC 3339 in UTC, to the second.
pub fn rfc3339(time: SystemTime) -> String {
    format!("{}Z", to_the_second(time))
}

/// The same to the millisecond.
pub(crate) fn rfc3339_milliseconds(time: SystemTime) -> String {
    format!("{}.{:03}Z", to_the_second(time), OffsetDateTime::from(time).millisecond())
}

/// Writes a time as the app does: `+0000` without the colon that RFC 3339 demands (section 0, fact 9).
pub(crate) fn submit_time(time: SystemTime) -> String {
    format!("{}+0000", to_the_second(time))
}

/// Drops the fraction, since certificates have none and dates are compared with those read from them.
pub(crate) fn whole_seconds(time: SystemTime) -> SystemTime {
    from_seconds(seconds(time))
}

/// Returns the whole seconds since 1970.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Reads what [`seconds`] wrote.
pub(crate) fn from_seconds(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn to_the_second(time: SystemTime) -> String {
    let utc = OffsetDateTime::from(time);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        utc.year(),
        u8::from(utc.month()),
        utc.day(),
        utc.hour(),
        utc.minute(),
        utc.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_zone_of_the_app_has_no_colon() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(submit_time(time), "2023-11-14T22:13:20+0000");
        assert_eq!(rfc3339(time), "2023-11-14T22:13:20Z");
    }
}
