//! A day in the life of a device, as a file: its switches, and what becomes of which payment. Apart from the switches,
//! which are the same for every request, while a scenario looks at each one.

mod rule;
mod script;

pub(crate) use rule::{Effect, Looks, Operation};
pub(crate) use script::{Course, Script, Tip};

use crate::card::Card;
use crate::{Error, Faults};
use rule::Rule;
use serde::Deserialize;
use std::sync::LazyLock;

/// What a device does with the payments of its tills. The default is the one that `simulator/scenarios/default.toml`
/// describes: an honest shop, with an amount for each thing that can happen.
///
/// `docs/simulator.md` explains the file format.
#[derive(Debug, Clone)]
pub struct Scenario {
    written: Written,
    /// The file again, so that switches can be laid over its own.
    table: toml::Table,
}

/// The file.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    title: String,
    seed: Option<u64>,
    cards: Vec<Card>,
    tip_percent: u32,
    switches: Faults,
    payment: Vec<Rule>,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            title: String::new(),
            seed: None,
            cards: vec![Card::Visa],
            tip_percent: 10,
            switches: Faults::default(),
            payment: Vec::new(),
        }
    }
}

impl Scenario {
    /// Reads a scenario file.
    ///
    /// ```
    /// use poslatch_simulator::Scenario;
    ///
    /// let scenario = Scenario::from_toml(
    ///     r#"
    ///     seed = 7
    ///     [switches]
    ///     step_pause_ms = 0
    ///     [[payment]]
    ///     amount = "13.13"
    ///     effect = "decline"
    ///     "#,
    /// )?;
    /// assert!(scenario.switches().step_pause.is_zero());
    /// # Ok::<(), poslatch_simulator::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Scenario`] names what is not known, and what there is.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        Self::from_table(toml::from_str(text).map_err(refused)?, text)
    }

    /// Lays switches over those of the scenario, written as for [`Faults::from_toml`].
    ///
    /// # Errors
    /// [`Error::Switch`] if one does not exist.
    pub fn with_switches(mut self, text: &str) -> Result<Self, Error> {
        // Read alone first, so that the error speaks of these lines.
        Faults::from_toml(text)?;
        let wrong = |error: toml::de::Error| Error::Switch { reason: error.to_string() };
        let more = toml::from_str::<toml::Table>(text).map_err(wrong)?;
        let switches = self.table.entry("switches").or_insert_with(|| toml::Table::new().into());
        if let Some(switches) = switches.as_table_mut() {
            switches.extend(more);
        }
        let whole = self.table.to_string();
        Self::from_table(self.table, &whole)
    }

    /// Returns one of the scenarios that come with the simulator, if there is one of this name.
    pub fn shipped(name: &str) -> Option<Self> {
        let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
        Self::from_toml(text).ok()
    }

    /// Returns the names of the scenarios that come with the simulator.
    pub fn shipped_names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// Returns what the scenario calls itself; empty if it does not say.
    pub fn title(&self) -> &str {
        &self.written.title
    }

    /// Returns the switches as they stand when the scenario begins.
    pub fn switches(&self) -> &Faults {
        &self.written.switches
    }

    /// Returns the amounts that mean something, each with what its note says of it.
    pub fn test_amounts(&self) -> Vec<(String, String)> {
        self.written.payment.iter().filter_map(Rule::test_amount).collect()
    }

    fn from_table(table: toml::Table, text: &str) -> Result<Self, Error> {
        let written: Written = toml::from_str(text).map_err(refused)?;
        for rule in &written.payment {
            rule.check().map_err(|reason| Error::Scenario { reason })?;
        }
        if written.cards.is_empty() {
            return Err(Error::Scenario { reason: "cards is empty: somebody has to pay".to_owned() });
        }
        Ok(Self { written, table })
    }
}

impl Default for Scenario {
    fn default() -> Self {
        DEFAULT.clone()
    }
}

fn refused(error: toml::de::Error) -> Error {
    Error::Scenario { reason: error.to_string().trim_end().to_owned() }
}

/// Read once: tests start many devices.
static DEFAULT: LazyLock<Scenario> =
    LazyLock::new(|| Scenario::from_toml(SHIPPED[0].1).expect("a test reads every scenario that is shipped"));

const SHIPPED: &[(&str, &str)] = &[
    ("default", include_str!("../scenarios/default.toml")),
    ("bad-network-day", include_str!("../scenarios/bad-network-day.toml")),
    ("busy-saturday", include_str!("../scenarios/busy-saturday.toml")),
    ("market-stall", include_str!("../scenarios/market-stall.toml")),
    ("unhelpful-device", include_str!("../scenarios/unhelpful-device.toml")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_that_is_shipped_can_be_read_and_has_a_title() {
        for (name, text) in SHIPPED {
            let scenario = Scenario::from_toml(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(!scenario.title().is_empty(), "{name}");
            assert!(Scenario::shipped(name).is_some());
        }
        assert!(Scenario::shipped("no such").is_none());
    }

    #[test]
    fn default_scenario_is_a_healthy_device() {
        assert_eq!(*Scenario::default().switches(), Faults::default());
    }

    #[test]
    fn error_names_what_exists() {
        let refused = |text| Scenario::from_toml(text).map_err(|error| error.to_string()).unwrap_err();
        let key = refused("sead = 1");
        assert!(key.contains("sead") && key.contains("`seed`"), "{key}");
        let effect = refused("[[payment]]\neffect = \"declined\"");
        assert!(effect.contains("declined") && effect.contains("`decline`"), "{effect}");
        let operation = refused("[[payment]]\noperation = \"purchase\"");
        assert!(operation.contains("purchase") && operation.contains("`sale`"), "{operation}");
        let switch = refused("[switches]\nhold_payments = true");
        assert!(switch.contains("hold_payments") && switch.contains("`hold_payment`"), "{switch}");
        let card = refused("cards = [\"maestro\"]");
        assert!(card.contains("maestro") && card.contains("`mastercard`"), "{card}");
        let exchange = refused("[[payment]]\nexchange = \"lost\"");
        assert!(exchange.contains("lost") && exchange.contains("`no_reply`"), "{exchange}");
    }

    #[test]
    fn switches_of_the_command_line_are_laid_over_those_of_the_file() -> Result<(), Error> {
        let scenario = Scenario::from_toml("[switches]\nhold_payment = true\nstatus_messages = 5")?;
        let scenario = scenario.with_switches("status_messages = 1\n")?;
        assert!(scenario.switches().hold_payment);
        assert_eq!(scenario.switches().status_messages, Some(1));
        assert!(Scenario::default().with_switches("no_such = 1").is_err());
        Ok(())
    }
}
