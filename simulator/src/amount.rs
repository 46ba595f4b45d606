//! Money as the protocol writes it: decimal texts (section 6). A file of its own, because amounts must be exact and are
//! compared, added and subtracted in every operation that follows on another.

use std::cmp::Ordering;
use std::fmt;

/// A decimal number, exact. `1.0` and `1.00` are equal, and each is written as it was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    units: u128,
    places: u32,
}

impl Amount {
    pub(crate) const ZERO: Self = Self { units: 0, places: 0 };

    pub(crate) const fn whole(units: u32) -> Self {
        Self { units: units as u128, places: 0 }
    }

    /// Nothing, as it is written in this currency: `0.00`.
    pub(crate) fn none_of(currency: &str) -> Self {
        Self { units: 0, places: minor_places(currency) }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{fraction}");
        let well_formed = !whole.is_empty()
            && (!fraction.is_empty() || !text.contains('.'))
            && digits.len() <= DIGITS_MAX
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        match well_formed {
            true => Some(Self { units: digits.parse().ok()?, places: fraction.len() as u32 }),
            false => None,
        }
    }

    pub(crate) fn is_zero(self) -> bool {
        self.units == 0
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        let (mine, others, places) = self.aligned(other);
        Self { units: mine.saturating_add(others), places }
    }

    /// Nothing if the other one is larger: no amount of the protocol is negative.
    pub(crate) fn minus(self, other: Self) -> Option<Self> {
        let (mine, others, places) = self.aligned(other);
        Some(Self { units: mine.checked_sub(others)?, places })
    }

    /// This many hundredths of it, to the minor unit of the currency, half of one rounded up.
    pub(crate) fn percent(self, percent: u32, currency: &str) -> Self {
        let minor = u128::from(self.minor_units(currency)) * u128::from(percent);
        Self { units: (minor + 50) / 100, places: minor_places(currency) }
    }

    /// In the minor unit of the currency, what is finer being dropped.
    pub(crate) fn minor_units(self, currency: &str) -> u64 {
        let wanted = minor_places(currency);
        let units = match wanted.checked_sub(self.places) {
            Some(more) => self.units.saturating_mul(10_u128.pow(more)),
            None => self.units / 10_u128.pow((self.places - wanted).min(PLACES_MAX)),
        };
        u64::try_from(units).unwrap_or(u64::MAX)
    }

    /// Whether the currency has coins for it. Zeros behind its last digit harm nobody.
    pub(crate) fn fits(self, currency: &str) -> bool {
        self == self.in_coins(currency)
    }

    /// As much of it as the currency has coins for.
    pub(crate) fn in_coins(self, currency: &str) -> Self {
        Self { units: self.minor_units(currency).into(), places: minor_places(currency) }
    }

    fn aligned(self, other: Self) -> (u128, u128, u32) {
        let places = self.places.max(other.places);
        let scaled = |number: Self| number.units.saturating_mul(10_u128.pow(places - number.places));
        (scaled(self), scaled(other), places)
    }
}

impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Amount {}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mine, others, _) = self.aligned(*other);
        mine.cmp(&others)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:0width$}", self.units, width = self.places as usize + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.places as usize);
        match fraction.is_empty() {
            true => f.write_str(whole),
            false => write!(f, "{whole}.{fraction}"),
        }
    }
}

/// Whether a text can be an ISO 4217 code.
pub(crate) fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Decimal places of a currency (ISO 4217).
fn minor_places(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// The length of a decimal amount in ISO 8583.
const DIGITS_MAX: usize = 12;

/// No amount that was read has more decimal places, and sums have no more than their terms.
const PLACES_MAX: u32 = DIGITS_MAX as u32;

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).expect("an amount")
    }

    #[test]
    fn text_that_is_no_decimal_is_refused() {
        for text in
            ["", ".", "1.", ".5", "1,00", "-1.00", "+1", "1e3", " 1", "1234567890123", "0.0000000000001"]
        {
            assert!(Amount::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn amount_is_written_as_it_was_read() {
        for text in ["0", "0.00", "1", "1.0", "0.05", "10.50", "999999999999", "0.00000000001"] {
            assert_eq!(amount(text).to_string(), text);
        }
    }

    #[test]
    fn sums_and_differences_are_exact_and_keep_the_finer_places() {
        assert_eq!(amount("0.1").plus(amount("0.20")).to_string(), "0.30");
        assert_eq!(amount("20").plus(amount("5.50")).to_string(), "25.50");
        assert_eq!(amount("1.00").minus(amount("0.9")).map(|rest| rest.to_string()).as_deref(), Some("0.10"));
        assert_eq!(amount("1").minus(amount("1.00")).map(|rest| rest.to_string()).as_deref(), Some("0.00"));
        assert!(amount("1.00").minus(amount("1.01")).is_none());
        assert_eq!(amount("999999999999").plus(amount("0.01")).to_string(), "999999999999.01");
        assert_eq!(amount("999999999999").plus(amount("0.00000000001")).to_string().len(), 24);
    }

    #[test]
    fn amounts_are_compared_as_numbers_not_as_texts() {
        assert_eq!(amount("1"), amount("1.00"));
        assert!(amount("9.99") < amount("10.0"));
        assert!(amount("0.00").is_zero());
    }

    #[test]
    fn percentage_is_rounded_to_the_minor_unit_of_the_currency() {
        assert_eq!(amount("12.25").percent(10, "USD").to_string(), "1.23");
        assert_eq!(amount("12.24").percent(10, "USD").to_string(), "1.22");
        assert_eq!(amount("1005").percent(10, "JPY").to_string(), "101");
        assert_eq!(amount("1.000").percent(15, "KWD").to_string(), "0.150");
        assert_eq!(amount("0").percent(10, "EUR").to_string(), "0.00");
    }

    #[test]
    fn amount_finer_than_its_currency_does_not_fit() {
        assert!(amount("1.05").fits("USD") && amount("1.5").fits("USD") && amount("1.500").fits("USD"));
        assert!(!amount("1.005").fits("USD"));
        assert!(amount("100.00").fits("JPY") && !amount("100.50").fits("JPY"));
        assert!(amount("1.005").fits("KWD"));
        assert_eq!(amount("100.50").in_coins("JPY").to_string(), "100");
    }
}
