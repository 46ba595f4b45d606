//! What a till asks for: each request of section 6 as a type, read once. Apart from the terminal that carries it out, so that
//! nothing behind this file looks into JSON again.

mod reading;

pub(super) use reading::{check_version, flag};

use super::form::Form;
use super::paper::Paper;
use crate::amount::Amount;
use crate::message::error_response;
use crate::scenario::{Looks, Operation};
use serde_json::{Map, Value};

/// A request that can be carried out as far as its form goes.
#[derive(Debug)]
pub(crate) enum Asked {
    Cancel,
    CustomPrint(Paper),
    CustomScreens(Vec<Form>),
    FollowOn(FollowOn),
    Fresh(Fresh),
    LookUp(LookUp),
    OfflineMode { enabled: bool },
    PrintReceipt { id: String, side: Side },
    ReadCard,
}

/// A request that begins a transaction.
#[derive(Debug, Clone)]
pub(crate) struct Fresh {
    pub(crate) kind: Kind,
    pub(crate) mode: Mode,
    pub(crate) reference: String,
    /// Absent in an account verification.
    pub(crate) amount: Option<Amount>,
    pub(crate) currency: String,
    pub(crate) cashback: Option<Amount>,
    pub(crate) tip_on_device: bool,
    /// The token of a token refund.
    pub(crate) instrument: Option<String>,
    /// Optional blocks that come back in the reply.
    pub(crate) echoed: Map<String, Value>,
}

/// What a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    AccountVerification,
    BalanceInquiry,
    PreAuthorisation,
    Sale,
    SaleTipOnReceipt,
    StandAloneCredit,
    TokenRefund,
}

/// How the customer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Card,
    Ebt { category: Category, is_voucher: bool },
    Moto,
}

/// What a US state pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Category {
    Cash,
    Food,
}

/// A request that follows on an earlier transaction.
#[derive(Debug)]
pub(crate) struct FollowOn {
    pub(crate) act: Act,
    pub(crate) id: String,
    /// Absent for the whole.
    pub(crate) amount: Option<(Amount, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Capture,
    Increment,
    Refund,
    TipAdjust,
}

#[derive(Debug)]
pub(crate) enum LookUp {
    Id(String),
    Reference(String),
}

/// Whose copy of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Customer,
    Merchant,
}

/// Why a request is not carried out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    message: &'static str,
    description: String,
}

impl Refusal {
    pub(crate) fn new(message: &'static str, description: impl Into<String>) -> Self {
        Self { message, description: description.into() }
    }

    /// What is wrong with the form of a request.
    pub(crate) fn invalid(description: impl Into<String>) -> Self {
        Self::new("Invalid request", description)
    }

    pub(crate) fn reply(&self) -> Value {
        error_response(self.message, &self.description)
    }
}

impl Asked {
    pub(crate) fn read(kind: &str, body: &Value) -> Result<Self, Refusal> {
        reading::read(kind, body)
    }

    /// What a scenario looks at, if the request is about money.
    pub(crate) fn looks(&self) -> Option<Looks<'_>> {
        match self {
            Self::FollowOn(asked) => Some(Looks {
                operation: match asked.act {
                    Act::Capture => Operation::Capture,
                    Act::Increment => Operation::IncrementalAuthorisation,
                    Act::Refund => Operation::Refund,
                    Act::TipAdjust => Operation::TipAdjust,
                },
                amount: asked.amount.as_ref().map(|(amount, currency)| (*amount, currency.as_str())),
                reference: None,
            }),
            Self::Fresh(asked) => Some(Looks {
                operation: asked.operation(),
                amount: asked.amount.map(|amount| (amount, asked.currency.as_str())),
                reference: Some(&asked.reference),
            }),
            _ => None,
        }
    }
}

impl Fresh {
    fn operation(&self) -> Operation {
        match (self.mode, self.kind) {
            (Mode::Ebt { .. }, _) => Operation::Ebt,
            (_, Kind::AccountVerification) => Operation::AccountVerification,
            (_, Kind::StandAloneCredit) => Operation::StandAloneCredit,
            (_, Kind::TokenRefund) => Operation::TokenRefund,
            (Mode::Moto, _) => Operation::Moto,
            (_, Kind::PreAuthorisation | Kind::SaleTipOnReceipt) => Operation::PreAuthorisation,
            _ if self.cashback.is_some() => Operation::Cashback,
            (_, Kind::BalanceInquiry | Kind::Sale) => Operation::Sale,
        }
    }

    /// Amount plus cashback: what leaves the customer's account.
    pub(crate) fn total(&self, amount: Amount) -> Amount {
        amount.plus(self.cashback.unwrap_or(Amount::ZERO))
    }
}

impl Kind {
    /// The type of the reply.
    pub(crate) fn reply(self) -> &'static str {
        match self {
            Self::AccountVerification => "AccountVerificationResponse",
            Self::BalanceInquiry | Self::PreAuthorisation | Self::Sale | Self::SaleTipOnReceipt => {
                "PaymentResponse"
            }
            Self::StandAloneCredit => "StandaloneRefundResponse",
            Self::TokenRefund => "TokenRefundResponse",
        }
    }

    /// What the screen and the receipt call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::AccountVerification => "Account verification",
            Self::BalanceInquiry => "Balance inquiry",
            Self::PreAuthorisation => "Pre-authorisation",
            Self::Sale | Self::SaleTipOnReceipt => "Sale",
            Self::StandAloneCredit => "Credit",
            Self::TokenRefund => "Refund",
        }
    }

    /// How its messages begin: `Payment approved`.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::AccountVerification => "Account verification",
            Self::BalanceInquiry => "Balance inquiry",
            Self::PreAuthorisation | Self::Sale | Self::SaleTipOnReceipt => "Payment",
            Self::StandAloneCredit | Self::TokenRefund => "Refund",
        }
    }
}

impl Act {
    /// The type of the reply.
    pub(crate) fn reply(self) -> &'static str {
        match self {
            Self::Capture => "CaptureResponse",
            Self::Increment => "IncrementalAuthorizationResponse",
            Self::Refund => "LinkedRefundResponse",
            Self::TipAdjust => "TipAdjustResponse",
        }
    }

    /// How its messages begin. The vendor's samples say `Payment approved` of all but refunds.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Capture | Self::Increment | Self::TipAdjust => "Payment",
            Self::Refund => "Refund",
        }
    }

    /// What screen and receipts call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Capture => "Capture",
            Self::Increment => "Incremental authorisation",
            Self::Refund => "Refund",
            Self::TipAdjust => "Tip adjustment",
        }
    }
}
