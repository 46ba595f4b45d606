//! A transaction as the device remembers it: what was asked for, how it ended, and what is left of its money. Apart from
//! the reply that reports it, and from the terminal that decides about it.

use super::asked::{Category, Fresh, Kind, Mode};
use crate::amount::Amount;
use crate::card::{Card, Entry, Presented, Verification};
use crate::chance::Chance;
use crate::scenario::{Course, Effect, Tip};
use std::time::SystemTime;

#[derive(Debug, Clone)]
pub(crate) struct Transaction {
    pub(crate) asked: Fresh,
    /// The first is the one that it began with; each increment brings another (section 6a).
    pub(crate) ids: Vec<String>,
    /// What is authorised, the tip included and cash back not.
    pub(crate) amount: Option<Amount>,
    pub(crate) tip: Option<Amount>,
    pub(crate) status: Status,
    /// What a status that leaves everything open will turn out to be.
    pub(crate) settles_as: Option<Status>,
    /// Why it was declined, if that is more than that it was.
    pub(crate) remark: Option<&'static str>,
    /// Nothing if no card was read.
    pub(crate) presented: Option<Presented>,
    pub(crate) instrument: Option<String>,
    /// What an EBT card has left.
    pub(crate) balance: Option<Amount>,
    pub(crate) stamp: Stamp,
    pub(crate) captured: Option<Amount>,
    pub(crate) tip_adjust: Option<TipAdjust>,
    pub(crate) refunds: Vec<Refund>,
}

/// What makes one operation different from every other.
#[derive(Debug, Clone)]
pub(crate) struct Stamp {
    pub(crate) submitted: SystemTime,
    pub(crate) request_id: String,
    /// The issuer's authorisation code.
    pub(crate) approval: String,
    /// The device's own number.
    pub(crate) number: String,
}

impl Stamp {
    pub(crate) fn new(chance: &mut Chance) -> Self {
        Self {
            submitted: SystemTime::now(),
            request_id: chance.digits(REQUEST_ID_DIGITS),
            approval: chance.digits(6),
            number: chance.digits(4),
        }
    }
}

/// A refund of a part or of the whole.
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) amount: Amount,
    pub(crate) status: Status,
    /// What it will turn out to be, if its status leaves that open.
    pub(crate) settles_as: Option<Status>,
    pub(crate) stamp: Stamp,
    /// Of everything, and the first: receipts call it a void (section 6).
    pub(crate) is_void: bool,
}

/// The `processingDetails.status` (section 6a).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Aborted,
    Accepted,
    Approved,
    Declined,
    Error,
    Inconclusive,
    Pending,
    UnheardOf,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Aborted => "ABORTED",
            Self::Accepted => "ACCEPTED",
            Self::Approved => "APPROVED",
            Self::Declined => "DECLINED",
            Self::Error => "ERROR",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Pending => "PENDING",
            Self::UnheardOf => "REVIEW_PENDING",
        }
    }

    /// How a message ends: `Payment approved`.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Aborted => "aborted",
            Self::Accepted => "accepted",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Error => "failed",
            Self::Inconclusive => "outcome is not known",
            Self::Pending => "running",
            Self::UnheardOf => "under review",
        }
    }
}

/// The `tipAdjustStatus` (section 6a).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TipAdjust {
    Adjustable,
    Adjusted,
    NotAdjustable,
}

impl TipAdjust {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Adjustable => "ADJUSTABLE",
            Self::Adjusted => "ADJUSTED",
            Self::NotAdjustable => "NOT_ADJUSTABLE",
        }
    }
}

/// What was decided about an operation when it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) status: Status,
    pub(crate) settles_as: Option<Status>,
    pub(crate) remark: Option<&'static str>,
}

impl Verdict {
    pub(crate) fn new(effect: Effect) -> Self {
        let (status, settles_as, remark) = match effect {
            Effect::Abort
            | Effect::Approve
            | Effect::Fallback
            | Effect::NoCard
            | Effect::Pin
            | Effect::Signature
            | Effect::WrongPin => (Status::Approved, None, None),
            Effect::Decline | Effect::DeclineByError => (Status::Declined, None, None),
            Effect::Error => (Status::Error, None, None),
            Effect::Inconclusive => (Status::Inconclusive, Some(Status::Approved), None),
            Effect::InconclusiveDeclined => (Status::Inconclusive, Some(Status::Declined), None),
            Effect::Referral => (Status::Declined, None, Some("Referral: call the card issuer")),
            Effect::UnheardOf => (Status::UnheardOf, None, None),
        };
        Self { status, settles_as, remark }
    }

    /// The device takes the card without asking its issuer, who has the last word later (section 6).
    pub(crate) fn offline(self) -> Self {
        match self.status {
            Status::Approved | Status::Declined => {
                Self { status: Status::Accepted, settles_as: Some(self.status), remark: None }
            }
            _ => self,
        }
    }
}

impl Transaction {
    /// One that runs.
    pub(crate) fn begin(asked: Fresh, course: &Course, chance: &mut Chance) -> Self {
        let tip = asked.amount.filter(|_| asked.tip_on_device).map(|amount| match course.tip {
            // The scenario was not written for every currency.
            Tip::Amount(tip) => tip.in_coins(&asked.currency),
            Tip::Percent(percent) => amount.percent(percent, &asked.currency),
        });
        Self {
            ids: vec![chance.hex_id()],
            amount: asked.amount,
            tip,
            status: Status::Pending,
            settles_as: None,
            remark: None,
            presented: None,
            instrument: None,
            balance: None,
            stamp: Stamp::new(chance),
            captured: None,
            tip_adjust: None,
            refunds: Vec::new(),
            asked,
        }
    }

    /// The latest id, by which replies call it.
    pub(crate) fn id(&self) -> &str {
        self.ids.last().map_or("", String::as_str)
    }

    /// Ends it. Only now is the tip part of the amount, and only an approval moves money.
    pub(crate) fn end(&mut self, verdict: Verdict, presented: Option<Presented>, tips_adjustable: bool) {
        let has_card = verdict.status != Status::Aborted;
        self.presented = presented.filter(|_| has_card);
        self.tip = self.tip.filter(|_| has_card);
        if let (Some(amount), Some(tip)) = (self.amount, self.tip) {
            self.amount = Some(amount.plus(tip));
        }
        (self.status, self.settles_as, self.remark) = (verdict.status, verdict.settles_as, verdict.remark);
        if self.asked.kind == Kind::SaleTipOnReceipt && verdict.status == Status::Approved {
            let adjustable = if tips_adjustable { TipAdjust::Adjustable } else { TipAdjust::NotAdjustable };
            self.tip_adjust = Some(adjustable);
        }
        self.move_money();
    }

    /// Lets a status that left everything open turn out as it will.
    pub(crate) fn settle(&mut self) {
        if let Some(status) = self.settles_as.take() {
            self.status = status;
            self.move_money();
        }
    }

    /// Learns what became of what was inconclusive. An offline sale stays open until the batch is sent.
    pub(crate) fn learn(&mut self) {
        if self.status == Status::Inconclusive {
            self.settle();
        }
        for refund in &mut self.refunds {
            refund.status = refund.settles_as.take().unwrap_or(refund.status);
        }
    }

    fn move_money(&mut self) {
        if self.status == Status::Approved && matches!(self.asked.kind, Kind::Sale | Kind::SaleTipOnReceipt) {
            self.captured = self.amount.map(|amount| self.asked.total(amount));
        }
    }

    /// What is left to be captured of an authorisation.
    pub(crate) fn capturable(&self) -> Option<Amount> {
        if self.status != Status::Approved || self.asked.kind != Kind::PreAuthorisation {
            return None;
        }
        self.amount?.minus(self.captured.unwrap_or(Amount::ZERO))
    }

    /// What is left to be refunded; cash is not (section 6a).
    pub(crate) fn refundable(&self) -> Option<Amount> {
        self.still_captured()?.minus(self.asked.cashback.unwrap_or(Amount::ZERO))
    }

    /// What is still captured: refunds make it less, as the vendor's sample shows.
    pub(crate) fn still_captured(&self) -> Option<Amount> {
        // What may have been refunded is not refunded again.
        let refunded = self
            .refunds
            .iter()
            .filter(|refund| [Some(refund.status), refund.settles_as].contains(&Some(Status::Approved)))
            .fold(Amount::ZERO, |sum, refund| sum.plus(refund.amount));
        self.captured?.minus(refunded)
    }

    /// The `captured` of the reply, which stand-alone operations do without (section 6a).
    pub(crate) fn is_captured(&self) -> Option<bool> {
        match self.asked.kind {
            Kind::AccountVerification | Kind::StandAloneCredit | Kind::TokenRefund => None,
            // The vendor's sample of an on-receipt tip has false beside a captured amount.
            Kind::SaleTipOnReceipt => Some(self.tip_adjust == Some(TipAdjust::Adjusted)),
            Kind::BalanceInquiry | Kind::PreAuthorisation | Kind::Sale => Some(self.captured.is_some()),
        }
    }

    /// The account that an EBT card draws on.
    pub(crate) fn ebt_category(&self) -> Option<Category> {
        match self.asked.mode {
            Mode::Ebt { category, .. } => Some(category),
            Mode::Card | Mode::Moto => None,
        }
    }
}

/// How the customer presents a card in the course of things.
pub(crate) fn presented(asked: &Fresh, course: &Course, stored: Option<Card>) -> Presented {
    let (card, entry, verification) = match (asked.mode, stored, course.effect) {
        (_, Some(card), _) => (card, Entry::Stored, Verification::None),
        (Mode::Ebt { is_voucher: true, .. }, ..) => (Card::Ebt, Entry::Manual, Verification::None),
        (Mode::Ebt { .. }, ..) => (Card::Ebt, Entry::Magstripe, Verification::Pin),
        (Mode::Moto, ..) => (course.card, Entry::Manual, Verification::None),
        (Mode::Card, _, Effect::Pin | Effect::WrongPin) => (course.card, Entry::Chip, Verification::Pin),
        (Mode::Card, _, Effect::Signature) => (course.card, Entry::Chip, Verification::Signature),
        (Mode::Card, _, Effect::Fallback) => (course.card, Entry::Magstripe, Verification::Signature),
        (Mode::Card, ..) => (course.card, Entry::Contactless, Verification::None),
    };
    Presented { card, entry, verification }
}

/// Those of the vendor's samples have as many.
const REQUEST_ID_DIGITS: usize = 22;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::message::text;
    use crate::scenario::Script;
    use crate::terminal::asked::Asked;
    use crate::{Faults, Scenario};
    use serde_json::{Value, json};

    /// A payment that ended so.
    pub(crate) fn ended(body: &Value, verdict: Verdict) -> Transaction {
        let kind = text(body, "type").unwrap_or("PaymentRequest");
        let Ok(Asked::Fresh(asked)) = Asked::read(kind, body) else { panic!("{body} is not valid") };
        let mut script = Script::new(Scenario::default());
        let course = script.course(None, Faults::default());
        let presented = presented(&asked, &course, None);
        let mut transaction = Transaction::begin(asked, &course, &mut script.chance);
        transaction.end(verdict, Some(presented), true);
        transaction
    }

    pub(crate) fn approved(body: &Value) -> Transaction {
        ended(body, Verdict::new(Effect::Approve))
    }

    pub(crate) fn sale(amount: &str) -> Value {
        json!({ "merchantReferenceCode": "r-1", "amountDetails": { "amount": amount, "currency": "USD" } })
    }

    fn amount(text: &str) -> Option<Amount> {
        Amount::parse(text)
    }

    #[test]
    fn cashback_is_captured_but_not_refundable() {
        let mut request = sale("20");
        request["amountDetails"]["cashbackAmount"] = "5.50".into();
        let transaction = approved(&request);
        assert_eq!(transaction.captured, amount("25.50"));
        assert_eq!(transaction.refundable(), amount("20"));
    }

    #[test]
    fn refunds_that_were_declined_leave_the_money_where_it_is() {
        let mut transaction = approved(&sale("10.00"));
        for (part, status) in [("3.00", Status::Approved), ("4.00", Status::Declined)] {
            transaction.refunds.push(Refund {
                id: String::new(),
                amount: Amount::parse(part).expect("an amount"),
                status,
                settles_as: None,
                stamp: transaction.stamp.clone(),
                is_void: false,
            });
        }
        assert_eq!(transaction.refundable(), amount("7.00"));
    }

    #[test]
    fn only_an_approval_moves_money() {
        for effect in [Effect::Decline, Effect::Error, Effect::Inconclusive, Effect::UnheardOf] {
            let transaction = ended(&sale("1.00"), Verdict::new(effect));
            assert_eq!((transaction.captured, transaction.refundable()), (None, None), "{effect:?}");
        }
        let mut unclear = ended(&sale("1.00"), Verdict::new(Effect::Inconclusive));
        unclear.settle();
        assert_eq!((unclear.status, unclear.captured), (Status::Approved, amount("1.00")));
    }

    #[test]
    fn offline_sale_is_accepted_and_its_issuer_decides_later() {
        let mut taken = ended(&sale("1.00"), Verdict::new(Effect::Decline).offline());
        assert_eq!((taken.status, taken.captured), (Status::Accepted, None));
        taken.settle();
        assert_eq!((taken.status, taken.captured), (Status::Declined, None));
    }

    #[test]
    fn tip_that_was_chosen_before_the_card_was_refused_is_not_paid() {
        let mut request = sale("10.00");
        request["askForTip"] = "ON_DEVICE".into();
        let paid = approved(&request);
        // The test's course adds nothing: what counts is that it is there.
        assert!(paid.tip.is_some());
        let aborted = Verdict { status: Status::Aborted, settles_as: None, remark: None };
        assert!(ended(&request, aborted).tip.is_none());
    }
}
