//! The cards that customers of the simulator carry, and how one was presented. A file of its own, because replies and
//! receipts tell of them in different words. None is a real account: the masked digits belong to test cards.

use serde::Deserialize;
use serde_json::{Value, json};

/// A card that a customer may present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Card {
    /// American Express, with its 15 digits.
    AmericanExpress,
    /// The card of a US state for food or cash benefits.
    Ebt,
    /// Mastercard.
    Mastercard,
    /// A card whose scheme the device does not know.
    Unknown,
    /// Visa.
    Visa,
}

impl Card {
    /// The `type` of the reply (section 6a).
    fn kind(self) -> &'static str {
        match self {
            Self::AmericanExpress => "AMERICAN_EXPRESS",
            Self::Ebt => "EBT",
            Self::Mastercard => "MASTERCARD",
            Self::Unknown => "UNKNOWN",
            Self::Visa => "VISA",
        }
    }

    /// What the receipt calls it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::AmericanExpress => "AMERICAN EXPRESS",
            Self::Ebt => "EBT",
            Self::Mastercard => "MASTERCARD",
            Self::Unknown => "CARD",
            Self::Visa => "VISA",
        }
    }

    /// Masked with X or with asterisks: real devices do both (section 6a).
    pub(crate) fn masked_pan(self) -> &'static str {
        match self {
            Self::AmericanExpress => "***********1009",
            Self::Ebt => "XXXXXXXXXXXX0041",
            Self::Mastercard => "************0028",
            Self::Unknown => "XXXXXXXXXXXXXXX0093",
            Self::Visa => "XXXXXXXXXXXX0119",
        }
    }

    /// The application that the chip names.
    fn application_id(self) -> &'static str {
        match self {
            Self::AmericanExpress => "A000000025010801",
            Self::Ebt | Self::Unknown => "",
            Self::Mastercard => "A0000000041010",
            Self::Visa => "A0000000031010",
        }
    }

    fn expiry(self) -> (&'static str, &'static str) {
        match self {
            Self::AmericanExpress => ("03", "2029"),
            Self::Ebt => ("12", "2049"),
            Self::Mastercard => ("07", "2030"),
            Self::Unknown => ("01", "2028"),
            Self::Visa => ("12", "2031"),
        }
    }

    fn country(self) -> &'static str {
        match self {
            Self::AmericanExpress | Self::Ebt | Self::Unknown | Self::Visa => "840",
            Self::Mastercard => "826",
        }
    }
}

/// A card as it was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Presented {
    pub(crate) card: Card,
    pub(crate) entry: Entry,
    pub(crate) verification: Verification,
}

impl Presented {
    /// The fields of `processingDetails` beside the status.
    pub(crate) fn processing(self) -> (&'static str, &'static str, Value) {
        let is_known_by_number = matches!(self.entry, Entry::Carried | Entry::Stored);
        let (month, year) = if is_known_by_number { ("00", "00") } else { self.card.expiry() };
        let mut card = json!({
            "type": self.card.kind(),
            "maskedPan": self.card.masked_pan(),
            "expirationMonth": month,
            "expirationYear": year,
        });
        // Section 6a: absent for keyed cards and EBT.
        if !is_known_by_number && self.entry != Entry::Manual && self.card != Card::Ebt {
            card["countryCode"] = self.card.country().into();
        }
        (self.verification.name(), self.entry.name(), card)
    }

    pub(crate) fn application_id(self) -> &'static str {
        match self.entry {
            Entry::Contactless | Entry::Chip => self.card.application_id(),
            Entry::Carried | Entry::Magstripe | Entry::Manual | Entry::Stored => "",
        }
    }

    /// As an operation knows it that follows on the one for which it was presented.
    pub(crate) fn carried(self) -> Self {
        Self { entry: Entry::Carried, verification: Verification::None, ..self }
    }

    pub(crate) fn needs_signature(self) -> bool {
        self.verification == Verification::Signature
    }
}

/// The fields of `processingDetails` if no card was read, as the vendor's sample of a cancelled payment has them.
pub(crate) fn no_card() -> (&'static str, &'static str, Value) {
    let card = json!({ "type": "UNKNOWN", "maskedPan": "", "expirationMonth": "00", "expirationYear": "00" });
    ("UNKNOWN", Entry::Contactless.name(), card)
}

/// How the card's number came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// With an earlier operation.
    Carried,
    Chip,
    Contactless,
    Magstripe,
    Manual,
    /// From a token: there was no card.
    Stored,
}

impl Entry {
    fn name(self) -> &'static str {
        match self {
            Self::Carried | Self::Manual | Self::Stored => "MANUAL",
            Self::Chip => "ICC",
            Self::Contactless => "NFC_ICC",
            Self::Magstripe => "MAGNETIC_STRIPE",
        }
    }

    /// What the receipt calls it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Carried | Self::Manual | Self::Stored => "Keyed",
            Self::Chip => "Chip",
            Self::Contactless => "Contactless",
            Self::Magstripe => "Swiped",
        }
    }
}

/// How the customer proved to be the card's holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verification {
    None,
    Pin,
    Signature,
}

impl Verification {
    fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Pin => "PIN",
            Self::Signature => "SIGNATURE",
        }
    }

    /// What the receipt calls it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Pin => "PIN",
            Self::Signature => "Signature",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn country_is_absent_for_keyed_cards_and_ebt() {
        let of = |card, entry| {
            let presented = Presented { card, entry, verification: Verification::None };
            presented.processing().2.get("countryCode").cloned()
        };
        assert_eq!(of(Card::Visa, Entry::Contactless), Some(json!("840")));
        assert_eq!(of(Card::Visa, Entry::Manual), None);
        assert_eq!(of(Card::Ebt, Entry::Magstripe), None);
    }
}
