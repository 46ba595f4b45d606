//! Moments as people and programs read them. Apart, because the library counts seconds and knows no calendar in public.

use std::time::{SystemTime, UNIX_EPOCH};

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// `2026-11-24T16:28:13Z`.
pub(crate) fn utc(unix_seconds: u64) -> String {
    let (year, month, day) = date(unix_seconds / DAY_SECONDS);
    let rest = unix_seconds % DAY_SECONDS;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

/// The same, and how far away that is: `2028-11-22T17:24:32Z (in 722 days)`.
pub(crate) fn utc_and_distance(unix_seconds: u64) -> String {
    let now = now();
    let days = unix_seconds.abs_diff(now) / DAY_SECONDS;
    let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    let distance = if unix_seconds < now { format!("{days} ago") } else { format!("in {days}") };
    format!("{} ({distance})", utc(unix_seconds))
}

/// Seconds since 1970; a clock before that was never set.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|time| time.as_secs()).unwrap_or_default()
}

/// The civil date of a day since 1970, by Howard Hinnant's `civil_from_days`.
fn date(days_since_1970: u64) -> (u64, u64, u64) {
    // Counted from 1 March of the year 0, so that the leap day is the last of its year.
    let days = days_since_1970 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_the_calendar_has_them() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_537_693, "2026-11-24T16:28:13Z"),
            (4_102_444_800, "2100-01-01T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(seconds), text);
        }
    }
}
