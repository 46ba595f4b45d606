//! What has to come of a call, and whether it did. Only here is decided what is right.

use crate::words::Line;
use poslatch::Status;
use toml::{Table, Value};

/// Compares an answer with the `expect` of its step, in which every variable has been replaced.
pub(crate) fn judge(answer: &Line, expect: &Value) -> Result<(), String> {
    match expect {
        Value::String(word) if word == "ok" => ended(answer, "ok"),
        Value::String(status) => {
            judge_error(answer, &Table::from_iter([("status".to_owned(), status.clone().into())]))
        }
        Value::Table(table) => match (table.get("ok"), table.get("thrown")) {
            (Some(Value::Table(values)), None) if table.len() == 1 => {
                ended(answer, "ok")?;
                values.iter().try_for_each(|(key, matcher)| judge_value(answer, key, matcher))
            }
            (None, Some(text)) => {
                ended(answer, "thrown")?;
                judge_value(answer, "text", text)?;
                others(answer, table, &["thrown"])
            }
            _ => judge_error(answer, table),
        },
        other => Err(not_understood(other)),
    }
}

fn ended(answer: &Line, how: &str) -> Result<(), String> {
    if answer.verb == how { Ok(()) } else { Err(format!("expected {how}, found {}", shown(answer))) }
}

/// An error is judged by name, and always carries its two lines.
fn judge_error(answer: &Line, expect: &Table) -> Result<(), String> {
    ended(answer, "error")?;
    let number = |key: &str| {
        let text = answer.get(key).ok_or_else(|| format!("the error has no {key}: {}", shown(answer)))?;
        text.parse::<i32>().map_err(|_| format!("{key} is no number: {}", shown(answer)))
    };
    let code = number("status")?;
    let status = Status::from_code(code).ok_or_else(|| format!("nobody knows the status {code}"))?;
    let category = number("category")?;
    if category != status.category() as i32 {
        return Err(format!("the status {} has another category than {category}", status.name()));
    }
    let request = number("request")?;
    for key in ["message", "advice"] {
        // A language's own exception for what was released has no advice of ours, and may have no message.
        if status != Status::Closed && answer.get(key).is_none_or(str::is_empty) {
            return Err(format!("the error has no {key}: {}", shown(answer)));
        }
    }
    let request =
        *REQUEST_STATES.get(usize::try_from(request).unwrap_or(9)).ok_or("request state unknown")?;
    for (key, found) in [("status", status.name()), ("request", request)] {
        if let Some(expected) = expect.get(key)
            && expected.as_str() != Some(found)
        {
            return Err(format!("expected {key} {expected}, found \"{found}\" in {}", shown(answer)));
        }
    }
    others(answer, expect, &["status", "request"])
}

const REQUEST_STATES: [&str; 3] = ["NONE", "NOT_SENT", "IN_DOUBT"];

fn others(answer: &Line, expect: &Table, judged: &[&str]) -> Result<(), String> {
    let rest = expect.iter().filter(|(key, _)| !judged.contains(&key.as_str()));
    rest.into_iter().try_for_each(|(key, matcher)| judge_value(answer, key, matcher))
}

/// Compares one value of an answer. A matcher is the value itself, or a table of `contains`, `lacks`, `lines`, `absent`,
/// or of dotted paths into a JSON object. `contains` takes several words as well, which have to come in their order.
fn judge_value(answer: &Line, key: &str, matcher: &Value) -> Result<(), String> {
    let found = answer.get(key);
    let problem = |what: String| Err(format!("{key}: expected {what}, found {:.300?}", found));
    let text = found.unwrap_or_default();
    match matcher {
        Value::Table(parts) => parts.iter().try_for_each(|(how, part)| {
            let holds = match (how.as_str(), part) {
                ("contains", Value::String(word)) if !word.is_empty() => text.contains(word),
                ("contains", Value::Array(words)) if !words.is_empty() => in_order(text, words)?,
                ("lacks", Value::String(word)) if !word.is_empty() => found.is_some() && !text.contains(word),
                ("lines", Value::Integer(count)) => Ok(*count) == i64::try_from(text.lines().count()),
                ("absent", Value::Boolean(true)) => found.is_none(),
                ("contains" | "lacks" | "lines" | "absent", _) => return Err(not_understood(part)),
                (path, _) => {
                    return judge_member(text, path, part).map_err(|what| format!("{key}: {what}"));
                }
            };
            if holds { Ok(()) } else { problem(format!("{how} {part}")) }
        }),
        Value::String(expected) if found != Some(expected) => problem(format!("{expected:?}")),
        Value::Integer(expected) if found != Some(&expected.to_string()) => problem(expected.to_string()),
        Value::String(_) | Value::Integer(_) => Ok(()),
        other => Err(not_understood(other)),
    }
}

fn in_order(text: &str, words: &[Value]) -> Result<bool, String> {
    let mut rest = text;
    for word in words {
        let word = word.as_str().filter(|word| !word.is_empty()).ok_or_else(|| not_understood(word))?;
        match rest.split_once(word) {
            Some((_, behind)) => rest = behind,
            None => return Ok(false),
        }
    }
    Ok(true)
}

/// A value of an answer as text. `KEY.PATH` is a member of one that is JSON, and has to be text there.
pub(crate) fn value(answer: &Line, name: &str) -> Result<String, String> {
    let (key, path) = name.split_once('.').map_or((name, None), |(key, path)| (key, Some(path)));
    let text = answer.get(key).ok_or_else(|| format!("no {key} in {}", shown(answer)))?;
    match path {
        None => Ok(text.to_owned()),
        Some(path) => {
            let found = member(text, path)?;
            let found = found.as_ref().and_then(serde_json::Value::as_str);
            found.map(str::to_owned).ok_or_else(|| format!("no text {name} in {}", shown(answer)))
        }
    }
}

/// An expectation that nobody understands must not hold by that.
fn not_understood(expect: &Value) -> String {
    format!("the case expects something that nobody understands: {expect}")
}

fn judge_member(text: &str, path: &str, expected: &Value) -> Result<(), String> {
    let found = member(text, path)?;
    let same = match (&found, expected) {
        (Some(serde_json::Value::String(found)), Value::String(expected)) => found == expected,
        (Some(serde_json::Value::Bool(found)), Value::Boolean(expected)) => found == expected,
        _ => false,
    };
    if same { Ok(()) } else { Err(format!("expected {path} = {expected}, found {found:?} in {text:.300}")) }
}

fn member(text: &str, path: &str) -> Result<Option<serde_json::Value>, String> {
    let json: serde_json::Value =
        serde_json::from_str(text).map_err(|error| format!("not JSON ({error}): {text:.200}"))?;
    Ok(json.pointer(&format!("/{}", path.replace('.', "/"))).cloned())
}

/// An answer as a person reads it, cut to a length.
pub(crate) fn shown(answer: &Line) -> String {
    let values = answer.values.iter().map(|(key, value)| format!(" {key}={value:.200?}"));
    format!("{}{}", answer.verb, values.collect::<String>())
}
