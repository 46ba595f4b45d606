//! What came of a command, before anybody decides whether it is shown to a person or to a program. One type for all
//! commands, so that both hear the same.

use crate::exit::Exit;
use crate::screen::Tone;
use serde_json::{Map, Value};

/// The result of a command that ran to its end, whatever that end was.
pub(crate) struct Done {
    pub(crate) exit: Exit,
    /// The first line for people, in one of three tones. Empty for commands whose output is `text` alone.
    pub(crate) headline: String,
    pub(crate) tone: Tone,
    /// Facts under the headline.
    pub(crate) facts: Vec<(String, String)>,
    /// Text as it is, below the facts.
    pub(crate) text: String,
    /// What to do next, for people; each a whole sentence, the command last.
    pub(crate) next: Vec<String>,
    /// The members of the JSON object.
    pub(crate) json: Map<String, Value>,
}

impl Done {
    pub(crate) fn new(exit: Exit, tone: Tone, headline: impl Into<String>) -> Done {
        Done {
            exit,
            tone,
            headline: headline.into(),
            facts: Vec::new(),
            text: String::new(),
            next: Vec::new(),
            json: Map::new(),
        }
    }

    /// Output that is only text.
    pub(crate) fn text(text: impl Into<String>) -> Done {
        Done { text: text.into(), ..Done::new(Exit::Done, Tone::Plain, "") }
    }

    /// A fact for people.
    pub(crate) fn fact(mut self, label: &str, value: impl Into<String>) -> Done {
        self.facts.push((label.to_owned(), value.into()));
        self
    }

    /// A member for programs.
    pub(crate) fn member(mut self, name: &str, value: impl Into<Value>) -> Done {
        self.json.insert(name.to_owned(), value.into());
        self
    }

    /// A fact for both, if there is one.
    pub(crate) fn both(self, label: &str, name: &str, value: Option<&str>) -> Done {
        let done = self.member(name, value);
        match value {
            Some(value) => done.fact(label, value),
            None => done,
        }
    }

    pub(crate) fn next(mut self, sentence: impl Into<String>) -> Done {
        self.next.push(sentence.into());
        self
    }
}
