//! What the device remembers: its transactions, the batch of its offline sales, the tokens it gave out and what EBT cards
//! have left. A file of its own, because how a transaction is found again is a matter of several switches.

use super::asked::Category;
use super::transaction::{Status, Transaction};
use crate::amount::Amount;
use crate::card::Card;
use crate::chance::Chance;
use crate::{DuplicateLookup, Faults};

#[derive(Default)]
pub(crate) struct Ledger {
    transactions: Vec<Transaction>,
    tokens: Vec<(Card, String)>,
    food_spent: Spent,
    cash_spent: Spent,
    pub(crate) is_offline: bool,
}

/// What was drawn on an EBT account, less what was given back.
struct Spent(Amount);

impl Default for Spent {
    fn default() -> Self {
        Self(Amount::ZERO)
    }
}

impl Ledger {
    pub(crate) fn enter(&mut self, transaction: Transaction) {
        self.transactions.push(transaction);
    }

    /// Finds a transaction by one of its ids, or by that of a refund of it.
    pub(crate) fn by_id(&mut self, id: &str, faults: &Faults) -> Option<&mut Transaction> {
        // The latest first, because tills mostly mean what they have just done.
        self.transactions.iter_mut().rev().find(|transaction| {
            let known = match faults.old_id_after_incremental {
                true => transaction.ids.iter().any(|known| known == id),
                false => transaction.id() == id,
            };
            known || transaction.refunds.iter().any(|refund| refund.id == id)
        })
    }

    pub(crate) fn by_reference(&mut self, reference: &str, faults: &Faults) -> Option<&mut Transaction> {
        let mut meant =
            self.transactions.iter_mut().filter(|transaction| transaction.asked.reference == reference);
        match faults.duplicate_lookup {
            DuplicateLookup::First => meant.next(),
            DuplicateLookup::Latest => meant.next_back(),
        }
    }

    pub(crate) fn knows(&self, reference: &str) -> bool {
        self.transactions.iter().any(|transaction| transaction.asked.reference == reference)
    }

    /// Sends what was taken offline to the issuers, and returns how many there were.
    pub(crate) fn submit_batch(&mut self) -> usize {
        let batch = self.transactions.iter_mut().filter(|transaction| transaction.status == Status::Accepted);
        batch.map(Transaction::settle).count()
    }

    /// The token of a card, the same each time.
    pub(crate) fn token(&mut self, card: Card, chance: &mut Chance) -> String {
        if let Some((_, token)) = self.tokens.iter().find(|(known, _)| *known == card) {
            return token.clone();
        }
        // Ends like the card's number, as those of the vendor's samples do.
        let pan = card.masked_pan();
        let last_four = pan.get(pan.len().saturating_sub(4)..).unwrap_or_default();
        let token = format!("70{}{last_four}", chance.digits(13));
        self.tokens.push((card, token.clone()));
        token
    }

    /// The card that a token stands for.
    pub(crate) fn card(&self, token: &str) -> Option<Card> {
        self.tokens.iter().find(|(_, known)| known == token).map(|(card, _)| *card)
    }

    /// What an EBT card has left.
    pub(crate) fn balance(&self, category: Category) -> Amount {
        let (granted, spent) = match category {
            Category::Cash => (CASH_GRANTED, &self.cash_spent),
            Category::Food => (FOOD_GRANTED, &self.food_spent),
        };
        granted.minus(spent.0).unwrap_or(Amount::ZERO)
    }

    pub(crate) fn spend(&mut self, category: Category, amount: Amount) {
        let spent = self.spent(category);
        *spent = spent.plus(amount);
    }

    pub(crate) fn give_back(&mut self, category: Category, amount: Amount) {
        let spent = self.spent(category);
        // A credit to a card that has spent nothing makes nobody rich.
        *spent = spent.minus(amount).unwrap_or(Amount::ZERO);
    }

    fn spent(&mut self, category: Category) -> &mut Amount {
        match category {
            Category::Cash => &mut self.cash_spent.0,
            Category::Food => &mut self.food_spent.0,
        }
    }
}

/// What the simulated state grants, in whatever currency the till asks.
const CASH_GRANTED: Amount = Amount::whole(200);
const FOOD_GRANTED: Amount = Amount::whole(500);

#[cfg(test)]
mod tests {
    use super::super::transaction::tests::{approved, sale};
    use super::*;

    fn with_twins() -> Ledger {
        let mut ledger = Ledger::default();
        ledger.enter(approved(&sale("1.00")));
        ledger.enter(approved(&sale("2.00")));
        ledger
    }

    #[test]
    fn reference_that_was_used_twice_finds_what_the_switch_says() {
        let found = |duplicate_lookup| {
            let faults = Faults { duplicate_lookup, ..Faults::default() };
            with_twins().by_reference("r-1", &faults).and_then(|found| found.amount)
        };
        assert_eq!(found(DuplicateLookup::First), Amount::parse("1.00"));
        assert_eq!(found(DuplicateLookup::Latest), Amount::parse("2.00"));
    }

    #[test]
    fn id_of_before_an_increment_finds_it_if_the_switch_says_so() {
        let mut ledger = Ledger::default();
        let mut transaction = approved(&sale("1.00"));
        let old = transaction.id().to_owned();
        transaction.ids.push("new".to_owned());
        ledger.enter(transaction);
        let strict = Faults { old_id_after_incremental: false, ..Faults::default() };
        assert!(ledger.by_id(&old, &Faults::default()).is_some());
        assert!(ledger.by_id(&old, &strict).is_none());
        assert!(ledger.by_id("new", &strict).is_some());
    }

    #[test]
    fn card_keeps_its_token() {
        let (mut ledger, mut chance) = (Ledger::default(), Chance::new(None));
        let token = ledger.token(Card::Visa, &mut chance);
        assert_ne!(ledger.token(Card::Mastercard, &mut chance), token);
        assert_eq!(ledger.token(Card::Visa, &mut chance), token);
        assert_eq!(ledger.card(&token), Some(Card::Visa));
        assert_eq!(ledger.card("no such"), None);
    }

    #[test]
    fn ebt_card_never_has_more_than_was_granted() {
        let mut ledger = Ledger::default();
        ledger.spend(Category::Food, Amount::whole(30));
        assert_eq!(ledger.balance(Category::Food), Amount::whole(470));
        assert_eq!(ledger.balance(Category::Cash), Amount::whole(200));
        ledger.give_back(Category::Food, Amount::whole(50));
        assert_eq!(ledger.balance(Category::Food), Amount::whole(500));
    }
}
