//! A scenario as it is played: whose turn it is, and what chance says. Apart from the file, which never changes.

use super::Scenario;
use super::rule::{Effect, Looks};
use crate::Faults;
use crate::amount::Amount;
use crate::card::Card;
use crate::chance::Chance;

pub(crate) struct Script {
    scenario: Scenario,
    /// How many requests each rule has been asked about and meant.
    meant: Vec<u32>,
    pub(crate) chance: Chance,
}

impl Script {
    pub(crate) fn new(scenario: Scenario) -> Self {
        let chance = Chance::new(scenario.written.seed);
        Self { meant: vec![0; scenario.written.payment.len()], chance, scenario }
    }

    pub(crate) fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The chance that setup codes are drawn by: one of its own, so that they do not depend on what is paid meanwhile.
    pub(crate) fn chance_of_codes(scenario: &Scenario) -> Chance {
        Chance::new(scenario.written.seed.map(|seed| !seed))
    }

    /// Decides what becomes of a request; to be asked once for each.
    pub(crate) fn course(&mut self, request: Option<&Looks<'_>>, faults: Faults) -> Course {
        let mut course = Course { faults, effect: Effect::Approve, card: Card::Visa, tip: Tip::Percent(0) };
        let Some(request) = request else { return course };
        let written = &self.scenario.written;
        course.tip = Tip::Percent(written.tip_percent);
        let picked = usize::try_from(self.chance.below(written.cards.len() as u64)).unwrap_or(0);
        course.card = written.cards.get(picked).copied().unwrap_or(Card::Visa);
        for (rule, meant) in written.payment.iter().zip(&mut self.meant) {
            if !rule.means(request) {
                continue;
            }
            *meant = meant.wrapping_add(1);
            let by_turn = meant.is_multiple_of(rule.every());
            if !by_turn || rule.percent().is_some_and(|of| self.chance.below(100) >= of.into()) {
                continue;
            }
            course.effect = rule.effect;
            course.card = rule.card.unwrap_or(course.card);
            course.tip = rule.tip.map_or(course.tip, Tip::Amount);
            rule.turn(&mut course.faults);
            break;
        }
        if course.faults.decline {
            course.effect = Effect::Decline;
        }
        course
    }
}

/// How a request will go.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    /// The switches as they stand for this request.
    pub(crate) faults: Faults,
    pub(crate) effect: Effect,
    pub(crate) card: Card,
    pub(crate) tip: Tip,
}

/// What a customer adds if asked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tip {
    Amount(Amount),
    Percent(u32),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Operation;

    fn effects(text: &str, count: usize) -> Vec<Effect> {
        let mut script = Script::new(Scenario::from_toml(text).expect("a scenario"));
        let request = Looks { operation: Operation::Sale, amount: None, reference: None };
        let course = |_| script.course(Some(&request), Faults::default()).effect;
        (0..count).map(course).collect()
    }

    #[test]
    fn first_rule_that_applies_counts() {
        let text = "[[payment]]\neffect = \"pin\"\n[[payment]]\neffect = \"decline\"";
        assert_eq!(effects(text, 1), [Effect::Pin]);
    }

    #[test]
    fn every_third_request_is_the_third_and_the_sixth() {
        let effects = effects("[[payment]]\nevery = 3\neffect = \"decline\"", 6);
        let declined: Vec<_> = (1..).zip(effects).filter(|(_, effect)| *effect == Effect::Decline).collect();
        assert_eq!(declined, [(3, Effect::Decline), (6, Effect::Decline)]);
    }

    #[test]
    fn percentage_is_a_matter_of_chance_and_the_same_each_time_with_a_seed() {
        let text = "seed = 1\n[[payment]]\npercent = 20\neffect = \"decline\"";
        let first = effects(text, 500);
        assert_eq!(first, effects(text, 500));
        let declined = first.iter().filter(|effect| **effect == Effect::Decline).count();
        assert!((60..140).contains(&declined), "{declined} of 500");
    }

    #[test]
    fn switch_that_declines_everything_is_stronger_than_any_rule() {
        let mut script = Script::new(Scenario::default());
        let request = Looks { operation: Operation::Sale, amount: None, reference: None };
        let faults = Faults { decline: true, ..Faults::default() };
        assert_eq!(script.course(Some(&request), faults).effect, Effect::Decline);
    }
}
