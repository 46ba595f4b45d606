//! The manual of the scenarios, held to what the simulator reads and plays.

use poslatch_simulator::{DECLINED_AMOUNT, Scenario};

#[test]
fn documented_test_amounts_are_those_of_the_default_scenario() {
    let page = include_str!("../../../docs/simulator.md");
    let documented: Vec<_> = page
        .lines()
        .filter_map(|line| {
            let (amount, note) = line.strip_prefix("| `")?.split_once("` | ")?;
            let is_amount = amount.starts_with(|first: char| first.is_ascii_digit());
            is_amount.then(|| (amount.to_owned(), note.trim_end_matches(" |").to_owned()))
        })
        .collect();
    assert_eq!(documented, Scenario::default().test_amounts());
}

#[test]
fn declined_amount_is_one_of_them() {
    let amounts = Scenario::default().test_amounts();
    assert!(amounts.contains(&(DECLINED_AMOUNT.to_owned(), "declined".to_owned())), "{amounts:?}");
}

#[test]
fn documented_scenarios_are_those_that_are_shipped() {
    let page = include_str!("../../../docs/simulator.md");
    for name in Scenario::shipped_names() {
        assert!(page.contains(&format!("| `{name}` |")), "{name} is not in docs/simulator.md");
    }
}

#[test]
fn documented_words_of_a_rule_are_those_that_exist() {
    let page = include_str!("../../../docs/simulator.md");
    for (key, wrong) in [("effect", "\"?\""), ("operation", "\"?\""), ("card", "\"?\"")] {
        let text = format!("[[payment]]\n{key} = {wrong}");
        let error = Scenario::from_toml(&text).expect_err("no such word").to_string();
        let (_, known) = error.rsplit_once("expected one of ").expect("a list");
        for word in known.split('`').skip(1).step_by(2) {
            assert!(page.contains(&format!("`{word}`")), "{key} `{word}` is not in docs/simulator.md");
        }
    }
}

#[test]
fn documented_keys_are_those_that_exist() {
    let page = include_str!("../../../docs/simulator.md");
    for (text, of) in [("nothing = 1", "a scenario"), ("[[payment]]\nnothing = 1", "a rule")] {
        let error = Scenario::from_toml(text).expect_err("no such key").to_string();
        let (_, known) = error.rsplit_once("expected one of ").expect("a list");
        for key in known.split('`').skip(1).step_by(2) {
            let is_documented =
                [format!("| `{key}` |"), format!("| `[{key}]` |"), format!("| `[[{key}]]` |")]
                    .iter()
                    .any(|row| page.contains(row));
            assert!(is_documented, "`{key}` of {of} is not in docs/simulator.md");
        }
    }
}

#[test]
fn documented_example_is_a_scenario() {
    let page = include_str!("../../../docs/simulator.md");
    let (_, example) = page.split_once("```toml\n").expect("an example");
    let (example, _) = example.split_once("```").expect("its end");
    assert_eq!(
        Scenario::from_toml(example).expect("a scenario").title(),
        "Every fifth customer has no money"
    );
}
