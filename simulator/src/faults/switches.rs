//! What there is to be switched, for whoever draws or documents it: names, kinds, choices and what each does. It is read
//! from the very source of the list, so that a switch is described once, where a tester reads it.

use super::Faults;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A switch of [`Faults`], or one of several values that belong to a choice.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Switch {
    /// Its name in TOML and JSON.
    pub name: String,
    /// What it does, in sentences.
    pub doc: String,
    /// What can be set.
    #[serde(flatten)]
    pub shape: Shape,
    /// Whether it may be none, `null` in JSON.
    pub optional: bool,
    /// The value that a healthy device has; `null` for a value that belongs to a choice.
    pub default: Value,
}

/// What a value looks like. In JSON its `kind` is `flag`, `number`, `text`, `choice` or `fields`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Shape {
    /// One of these; a choice without a value of its own is its name, one with a value is `{ "name": value }`.
    Choice {
        /// What there is to choose from.
        choices: Vec<Choice>,
    },
    /// An object with these members.
    Fields {
        /// All of which are needed.
        fields: Vec<Switch>,
    },
    /// `true` or `false`.
    Flag,
    /// A whole number from 0.
    Number {
        /// The largest one.
        max: u64,
    },
    /// Text.
    Text,
}

/// One of several choices.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Choice {
    /// Its name in TOML and JSON.
    pub name: String,
    /// What it does, in sentences.
    pub doc: String,
    /// The value that goes with it, if one does.
    pub value: Option<Shape>,
}

impl Faults {
    /// Returns a description of every switch, in the order of the list.
    pub fn switches() -> &'static [Switch] {
        static SWITCHES: LazyLock<Vec<Switch>> = LazyLock::new(|| {
            let mut source = Source::default();
            source.read(include_str!("../faults.rs"));
            source.read(include_str!("vocabulary.rs"));
            let defaults = Faults::default().to_json();
            let fields = source.items.remove("Faults").unwrap_or_default();
            fields
                .iter()
                .map(|field| Switch { default: defaults[field.outer_name()].clone(), ..source.switch(field) })
                .collect()
        });
        &SWITCHES
    }
}

/// The structures and enumerations of the source, by name, with their members.
#[derive(Default)]
struct Source<'a> {
    items: BTreeMap<&'a str, Vec<Member<'a>>>,
}

/// A field or a variant.
#[derive(Default)]
struct Member<'a> {
    name: &'a str,
    doc: Vec<&'a str>,
    rename: Option<&'a str>,
    /// Whether only a program can set it.
    skipped: bool,
    /// The type of a field or of a variant's content, empty if it has none.
    content: &'a str,
    fields: Vec<Member<'a>>,
}

impl<'a> Source<'a> {
    /// Reads line by line: rustfmt sees to it that there is one member on each.
    fn read(&mut self, text: &'a str) {
        let items = &mut self.items;
        let (mut item, mut within_variant) = ("", false);
        let (mut doc, mut rename, mut skipped) = (Vec::new(), None, false);
        for line in text.lines() {
            let code = line.trim();
            if let Some(sentence) = code.strip_prefix("///") {
                doc.push(sentence.trim());
                continue;
            }
            if code.starts_with("#[") && code.ends_with(']') {
                rename = rename.or_else(|| quoted_after(code, "rename = "));
                skipped |= code.contains("skip_deserializing");
                continue;
            }
            if let Some(name) = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum ")) {
                item = name.trim_end_matches(" {");
                items.insert(item, Vec::new());
            } else if line == "}" {
                item = "";
            } else if code == "}," {
                within_variant = false;
            } else if let Some(members) = items.get_mut(item).filter(|_| !code.is_empty()) {
                let members = match members.last_mut().filter(|_| within_variant) {
                    Some(variant) => &mut variant.fields,
                    None => members,
                };
                let member = Member { doc: std::mem::take(&mut doc), rename, skipped, ..Member::read(code) };
                within_variant |= code.ends_with('{');
                members.push(member);
            }
            (doc, rename, skipped) = (Vec::new(), None, false);
        }
    }

    fn switch(&self, member: &Member<'_>) -> Switch {
        let inner = member.content.strip_prefix("Option<").and_then(|inner| inner.strip_suffix('>'));
        Switch {
            name: member.outer_name().to_owned(),
            doc: self.sentences(&member.doc),
            shape: self.shape(inner.unwrap_or(member.content)),
            optional: inner.is_some(),
            default: Value::Null,
        }
    }

    fn shape(&self, kind: &str) -> Shape {
        match kind {
            "bool" => Shape::Flag,
            "u16" => Shape::Number { max: u16::MAX.into() },
            // A time is read as a `u32` of milliseconds; a size that the page cannot write is of no use.
            "u32" | "usize" | "Duration" => Shape::Number { max: u32::MAX.into() },
            "String" | "Vec<u8>" => Shape::Text,
            name => {
                let variants = self.items.get(name).map(Vec::as_slice).unwrap_or_default();
                let variants = variants.iter().filter(|variant| !variant.skipped);
                Shape::Choice { choices: variants.map(|variant| self.choice(variant)).collect() }
            }
        }
    }

    /// Joins the lines, takes out what only rustdoc understands, and calls choices by the names that they have outside.
    fn sentences(&self, lines: &[&str]) -> String {
        let paragraphs: Vec<_> = lines.split(|line| line.is_empty()).map(|lines| lines.join(" ")).collect();
        let text = without_default(&paragraphs.join("\n"));
        let text = ["crate::", "Self::", "[`", "`]"]
            .into_iter()
            .fold(text, |text, mark| text.replace(mark, if mark.contains('`') { "`" } else { "" }));
        // Every second piece stood between backticks.
        let pieces = text.split('`').enumerate().map(|(index, piece)| match index % 2 {
            1 if self.is_choice(piece) => snake_case(piece),
            _ => piece.to_owned(),
        });
        pieces.collect()
    }

    fn is_choice(&self, name: &str) -> bool {
        let choices =
            self.items.iter().filter(|(item, _)| **item != "Faults").flat_map(|(_, choices)| choices);
        choices.into_iter().any(|choice| choice.name == name)
    }

    fn choice(&self, variant: &Member<'_>) -> Choice {
        let value = match (variant.content, variant.fields.as_slice()) {
            ("", []) => None,
            ("", fields) => {
                Some(Shape::Fields { fields: fields.iter().map(|field| self.switch(field)).collect() })
            }
            (content, _) => Some(self.shape(content)),
        };
        let name = variant.rename.map_or_else(|| snake_case(variant.name), str::to_owned);
        Choice { name, doc: self.sentences(&variant.doc), value }
    }
}

impl<'a> Member<'a> {
    /// `pub name: Type,`, `Name,`, `Name(Type),` or `Name {`; an attribute before the type may give another name.
    fn read(code: &'a str) -> Self {
        let code = code.strip_prefix("pub ").unwrap_or(code).trim_end_matches([',', '{', ' ']);
        if let Some((name, content)) = code.split_once(": ") {
            return Member { name, content, ..Member::default() };
        }
        let Some((name, content)) = code.split_once('(') else {
            return Member { name: code, ..Member::default() };
        };
        let content = content.strip_suffix(')').unwrap_or(content);
        let content = content.rsplit_once(")] ").map_or(content, |(_, content)| content);
        Member { name, content, ..Member::default() }
    }

    fn outer_name(&self) -> &'a str {
        self.rename.unwrap_or(self.name)
    }
}

fn quoted_after<'a>(code: &'a str, before: &str) -> Option<&'a str> {
    code.split_once(before)?.1.split('"').nth(1)
}

/// As serde does it.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in name.char_indices() {
        if index > 0 && letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Leaves out a default that is a mere value, since that has a place of its own; one with an explanation stays.
fn without_default(text: &str) -> String {
    let told = text.split_once("Default: ").and_then(|(before, rest)| Some((before, rest.split_once('.')?)));
    match told {
        Some((before, (value, after))) if value.split(' ').count() <= 2 && !value.contains(',') => {
            format!("{}{after}", before.trim_end()).trim().to_owned()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, json};

    /// A value that fits, to try whether the reader of switches takes it.
    fn sample(shape: &Shape) -> Value {
        match shape {
            Shape::Flag => json!(true),
            Shape::Number { max } => json!(max),
            Shape::Text => json!("text"),
            Shape::Fields { fields } => {
                fields.iter().map(|field| (field.name.clone(), sample(&field.shape))).collect()
            }
            Shape::Choice { choices } => choices.first().map_or(Value::Null, value_of),
        }
    }

    fn value_of(choice: &Choice) -> Value {
        match &choice.value {
            None => json!(choice.name),
            Some(shape) => json!({ choice.name.clone(): sample(shape) }),
        }
    }

    fn accepts(name: &str, value: Value) {
        let patch = Map::from_iter([(name.to_owned(), value.clone())]);
        let patched = Faults::default().patched(&patch);
        assert!(patched.as_ref().is_ok_and(|faults| faults.to_json()[name] == value), "{value}: {patched:?}");
    }

    #[test]
    fn every_switch_is_described_and_nothing_else_is() {
        let described: Vec<_> = Faults::switches().iter().map(|switch| switch.name.as_str()).collect();
        let faults = Faults::default().to_json();
        let mut there: Vec<_> = faults.as_object().expect("an object").keys().map(String::as_str).collect();
        assert!(described.len() > 20);
        let mut sorted = described.clone();
        sorted.sort_unstable();
        there.sort_unstable();
        assert_eq!(sorted, there);
    }

    #[test]
    fn everything_that_is_described_can_be_set() {
        for switch in Faults::switches() {
            if switch.optional {
                accepts(&switch.name, Value::Null);
            }
            match &switch.shape {
                Shape::Choice { choices } => {
                    assert!(choices.len() > 1, "{switch:?}");
                    choices.iter().for_each(|choice| accepts(&switch.name, value_of(choice)));
                }
                shape => accepts(&switch.name, sample(shape)),
            }
        }
    }

    /// What serde says that there is, when it is offered what is not.
    #[test]
    fn every_choice_is_described() {
        for switch in Faults::switches() {
            let Shape::Choice { choices } = &switch.shape else { continue };
            let patch = Map::from_iter([(switch.name.clone(), json!("no such choice"))]);
            let refusal = Faults::default().patched(&patch).expect_err("refused").to_string();
            let there = refusal.split_once("expected ").expect("a list").1.matches('`').count() / 2;
            assert_eq!(choices.len(), there, "{}: {refusal}", switch.name);
        }
    }

    #[test]
    fn nothing_is_left_without_a_word() {
        fn explained(shape: &Shape) -> bool {
            match shape {
                Shape::Choice { choices } => choices
                    .iter()
                    .all(|choice| !choice.doc.is_empty() && choice.value.as_ref().is_none_or(explained)),
                Shape::Fields { fields } => {
                    fields.iter().all(|field| !field.doc.is_empty() && explained(&field.shape))
                }
                _ => true,
            }
        }
        for switch in Faults::switches() {
            assert!(!switch.doc.is_empty() && explained(&switch.shape), "{switch:?}");
            assert!(!switch.doc.contains('`') && !switch.doc.contains("Self::"), "{}", switch.doc);
            assert!(!format!("{switch:?}").contains("AfterRequest"), "{switch:?}");
        }
    }
}
