//! The facts of a step, collected one by one.
//!
//! In place of `json!`, which turns every member into code of its own: a till's library is small, and this is
//! the one part of it that is not needed for payments.

use serde_json::{Map, Value};

#[derive(Default)]
pub(super) struct Facts(Map<String, Value>);

impl Facts {
    pub(super) fn new() -> Facts {
        Facts::default()
    }

    pub(super) fn with(self, name: &str, fact: impl Into<Value>) -> Facts {
        self.put(name, fact.into())
    }

    #[inline(never)]
    fn put(mut self, name: &str, fact: Value) -> Facts {
        self.0.insert(name.to_owned(), fact);
        self
    }

    pub(super) fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    pub(super) fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

impl From<Map<String, Value>> for Facts {
    fn from(facts: Map<String, Value>) -> Facts {
        Facts(facts)
    }
}
