//! The screens that a till has the device show (section 6b), and the answers of an obliging customer. A file of its own,
//! because nothing else knows of toggles and text inputs.

use super::asked::{Refusal, flag};
use crate::message::text;
use serde_json::{Value, json};

/// A screen that somebody fills in.
#[derive(Debug)]
pub(crate) struct Form {
    kind: Kind,
    title: String,
    lines: Vec<String>,
    inputs: Vec<(String, String)>,
    toggles: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    SignatureCapture,
    TextDisplay,
    TextInput,
}

impl Form {
    pub(crate) fn read_all(body: &Value) -> Result<Vec<Self>, Refusal> {
        let screens = body.get("screens").and_then(Value::as_array);
        let screens = screens.ok_or_else(|| Refusal::invalid("screens is not a list"))?;
        if screens.is_empty() {
            return Err(Refusal::invalid("screens is empty"));
        }
        let read = |(number, screen)| {
            Self::read(screen)
                .map_err(|complaint| Refusal::invalid(format!("screens[{number}]: {complaint}")))
        };
        screens.iter().enumerate().map(read).collect()
    }

    fn read(screen: &Value) -> Result<Self, String> {
        let kind = match text(screen, "screenType") {
            Some("signatureCapture") => Kind::SignatureCapture,
            Some("textDisplay") => Kind::TextDisplay,
            Some("textInput") => Kind::TextInput,
            _ => return Err("screenType is not one of textDisplay, textInput, signatureCapture".to_owned()),
        };
        let title = short(screen, "title", TITLE_MAX)?;
        flag(screen, "isSkippable").map_err(|_| "isSkippable is neither true nor false")?;
        let mut lines: Vec<_> = text(screen, "description").map(str::to_owned).into_iter().collect();
        let toggles = list(screen, "toggles")?
            .iter()
            .map(|toggle| short(toggle, "label", TOGGLE_LABEL_MAX))
            .collect::<Result<Vec<_>, _>>()?;
        let inputs = list(screen, "textInputs")?.iter().map(input).collect::<Result<Vec<_>, _>>()?;
        if kind == Kind::TextInput && inputs.is_empty() {
            return Err("textInputs is missing".to_owned());
        }
        lines.extend(toggles.iter().map(|label| format!("[x] {label}")));
        lines.extend(inputs.iter().map(|(label, _)| format!("{label}: ____")));
        Ok(Self { kind, title, lines, inputs, toggles })
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    pub(crate) fn is_signature(&self) -> bool {
        self.kind == Kind::SignatureCapture
    }

    /// The screen as an obliging customer leaves it: everything filled in, every box ticked.
    pub(crate) fn answer(&self) -> Value {
        let kind = match self.kind {
            Kind::SignatureCapture => "signatureCapture",
            Kind::TextDisplay => "textDisplay",
            Kind::TextInput => "textInput",
        };
        let mut answer = json!({ "screenType": kind, "title": self.title, "skipped": false });
        if self.kind == Kind::SignatureCapture {
            answer["signatureData"] = SIGNATURE_PNG.into();
        }
        if !self.inputs.is_empty() {
            let inputs = self.inputs.iter().map(|(label, value)| json!({ "label": label, "value": value }));
            answer["inputs"] = inputs.collect();
        }
        if !self.toggles.is_empty() {
            let toggles = self.toggles.iter().map(|label| json!({ "label": label, "value": true }));
            answer["toggles"] = toggles.collect();
        }
        answer
    }
}

/// A label and what is typed in under it. A pattern of the till's own is not looked at.
fn input(input: &Value) -> Result<(String, String), String> {
    let label = short(input, "textInputLabel", INPUT_LABEL_MAX)?;
    let config = input.get("textInputConfig").unwrap_or(&Value::Null);
    let bound = |name| match config.pointer(&format!("/length/{name}")) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64().and_then(|length| usize::try_from(length).ok()) {
            Some(length) if length <= INPUT_MAX => Ok(Some(length)),
            _ => Err(format!("length.{name} is not a whole number up to {INPUT_MAX}")),
        },
    };
    let (min, max) = (bound("min")?.unwrap_or(0), bound("max")?.unwrap_or(INPUT_MAX));
    if min > max {
        return Err("length.min is above length.max".to_owned());
    }
    let sample = match text(config, "textInputType") {
        None | Some("ALPHANUMERIC") => "Alex 42",
        Some("EMAIL") => "alex@example.com",
        Some("NUMERIC") => "1234567890",
        Some("PHONE") => "5550100123",
        Some(other) => {
            return Err(format!("textInputType '{other}' is not one of NUMERIC, ALPHANUMERIC, EMAIL, PHONE"));
        }
    };
    let typed = sample.chars().chain(std::iter::repeat_n('1', min)).take(max.min(sample.len().max(min)));
    Ok((label, typed.collect()))
}

fn list<'a>(screen: &'a Value, name: &str) -> Result<&'a [Value], String> {
    match screen.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(list) => list.as_array().map(Vec::as_slice).ok_or(format!("{name} is not a list")),
    }
}

/// A text that is needed and must not be longer than this.
fn short(object: &Value, name: &str, length_max: usize) -> Result<String, String> {
    match text(object, name) {
        None | Some("") => Err(format!("{name} is missing")),
        Some(text) if text.chars().count() > length_max => {
            Err(format!("{name} is longer than {length_max} characters"))
        }
        Some(text) => Ok(text.to_owned()),
    }
}

/// Section 6b.
const TITLE_MAX: usize = 20;

/// Section 6b.
const TOGGLE_LABEL_MAX: usize = 40;

/// Section 6b.
const INPUT_LABEL_MAX: usize = 25;

/// Ours: section 6b gives no bound for the length of an input.
const INPUT_MAX: usize = 1000;

/// One transparent pixel: a signature as modest as can be, and a valid PNG.
const SIGNATURE_PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(screen: Value) -> Result<Form, Refusal> {
        Form::read_all(&json!({ "screens": [screen] })).map(|mut forms| forms.remove(0))
    }

    #[test]
    fn customer_fills_in_what_fits() -> Result<(), Refusal> {
        let typed = |config: Value| {
            let form = read(json!({
                "screenType": "textInput", "title": "Loyalty",
                "textInputs": [{ "textInputLabel": "Number", "textInputConfig": config }],
            }))?;
            Ok::<_, Refusal>(form.answer()["inputs"][0]["value"].as_str().unwrap_or_default().to_owned())
        };
        assert_eq!(typed(json!({ "textInputType": "EMAIL" }))?, "alex@example.com");
        assert_eq!(typed(json!({ "textInputType": "NUMERIC", "length": { "min": 2, "max": 4 } }))?, "1234");
        assert_eq!(typed(json!({ "textInputType": "NUMERIC", "length": { "min": 12 } }))?, "123456789011");
        Ok(())
    }

    #[test]
    fn screen_that_breaks_a_limit_is_refused_by_name() {
        for (screen, named) in [
            (json!({ "screenType": "TextDisplay", "title": "t" }), "screenType"),
            (json!({ "screenType": "textDisplay" }), "title"),
            (json!({ "screenType": "textDisplay", "title": "x".repeat(21) }), "title"),
            (json!({ "screenType": "textInput", "title": "t" }), "textInputs"),
            (
                json!({ "screenType": "textDisplay", "title": "t", "toggles": [{ "label": "x".repeat(41) }] }),
                "label",
            ),
        ] {
            let refusal = read(screen).expect_err("a bad screen").reply().to_string();
            assert!(refusal.contains("screens[0]") && refusal.contains(named), "{refusal}");
        }
    }

    #[test]
    fn signature_is_a_png() -> Result<(), Refusal> {
        use base64ct::{Base64, Encoding};
        let answer = read(json!({ "screenType": "signatureCapture", "title": "Sign" }))?.answer();
        let png = Base64::decode_vec(answer["signatureData"].as_str().unwrap_or_default()).expect("base64");
        assert!(png.starts_with(b"\x89PNG"));
        Ok(())
    }
}
