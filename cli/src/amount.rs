//! Money on the command line: a decimal text and a currency, checked before anything is dialled. Never a number, since
//! binary fractions are no money.

use crate::failure::Failure;
use std::fmt;

/// The length of a decimal amount in ISO 8583.
const DIGITS_MAX: usize = 12;

/// An amount as the device takes it.
#[derive(Debug)]
pub(crate) struct Amount {
    pub(crate) value: String,
    pub(crate) currency: String,
}

impl Amount {
    pub(crate) fn parse(value: &str, currency: &str) -> Result<Amount, Failure> {
        let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_more_than_nothing = value.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
        if !digits(whole)
            || !digits(fraction)
            || whole.len() + fraction.len() > DIGITS_MAX
            || !is_more_than_nothing
        {
            return Err(Failure::usage(
                format!("\"{value}\" is not an amount"),
                "Write it with a point and without signs or spaces, as in 12.50.",
            ));
        }
        let upper = currency.to_ascii_uppercase();
        if upper.len() != 3 || !upper.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Failure::usage(
                format!("\"{currency}\" is not a currency"),
                "Use its three letters, as in EUR, USD or GBP.",
            ));
        }
        let decimals = if value.contains('.') { fraction.len() } else { 0 };
        if decimals > decimals_max(&upper) {
            return Err(Failure::usage(
                format!("\"{value}\" has {decimals} decimals, and {upper} has {}", decimals_max(&upper)),
                "Round it first: what a device makes of the rest is not known.",
            ));
        }
        Ok(Amount { value: value.to_owned(), currency: upper })
    }
}

/// The decimals of a currency (ISO 4217). Those that have none take two here, since `100.00` can mean nothing else.
fn decimals_max(currency: &str) -> usize {
    match currency {
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_decimals_of_more_than_nothing_are_amounts() {
        for (amount, fits) in [
            ("12.50", true),
            ("1", true),
            ("0.01", true),
            ("0.00", false),
            ("0", false),
            ("", false),
            (".5", false),
            ("5.", false),
            ("12,50", false),
            ("-1.00", false),
            ("1e3", false),
            ("1.2.3", false),
            ("12345678901.23", false),
        ] {
            assert_eq!(Amount::parse(amount, "EUR").is_ok(), fits, "{amount:?}");
        }
    }

    #[test]
    fn no_amount_has_more_decimals_than_its_currency() {
        assert!(Amount::parse("12.505", "EUR").is_err());
        assert!(Amount::parse("12.505", "eur").is_err());
        assert!(Amount::parse("12.505", "KWD").is_ok());
        assert!(Amount::parse("12.5055", "KWD").is_err());
        assert!(Amount::parse("100.00", "JPY").is_ok());
    }

    #[test]
    fn currencies_have_three_letters() {
        assert_eq!(Amount::parse("1.00", "eur").expect("valid").to_string(), "1.00 EUR");
        assert!(Amount::parse("1.00", "EURO").is_err());
        assert!(Amount::parse("1.00", "978").is_err());
    }
}
