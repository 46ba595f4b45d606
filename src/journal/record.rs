//! The lines of a journal: how they are written, and what is read out of a file of them.
//!
//! ```text
//! {"sent":{"device":"1850000123.cybs.seclib.io","id":"9f86d081884c7d65-4711-0","reference":"A-1",
//!          "time":"2026-11-24T16:28:13Z","type":"PaymentRequest"}}        (in one line)
//! {"done":"9f86d081884c7d65-4711-0"}
//! ```
//!
//! Pure text, no file: what a kill or a power cut can leave is decided here and tested byte by byte.

use serde_json::{Value, json};
use std::collections::HashSet;

/// A request that was written down before it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// Of this record alone: the same reference may be pending twice.
    pub(super) id: String,
    pub(super) reference: String,
    pub(super) kind: String,
    pub(super) device: String,
    pub(super) time: String,
}

impl Sent {
    pub(super) fn line(&self) -> String {
        let Sent { id, reference, kind, device, time } = self;
        let sent = json!({"id": id, "reference": reference, "type": kind, "device": device, "time": time});
        format!("{}\n", json!({ "sent": sent }))
    }

    fn read(sent: &Value) -> Option<Sent> {
        let text = |name: &str| sent.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Sent {
            // Without these two, nothing can be recovered nor settled.
            id: text("id")?,
            reference: text("reference")?,
            kind: text("type").unwrap_or_default(),
            device: text("device").unwrap_or_default(),
            time: text("time").unwrap_or_default(),
        })
    }
}

pub(super) fn done_line(id: &str) -> String {
    format!("{}\n", json!({ "done": id }))
}

/// What stands in a journal's file.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// The oldest first.
    pub(super) pending: Vec<Sent>,
    /// Lines that make no sense.
    pub(super) unreadable_lines: usize,
    pub(super) size_bytes: usize,
    /// The last line is whole, or there is none: the next one can simply follow.
    pub(super) ends_with_line: bool,
    /// There is something, and nothing of it looks like a journal.
    pub(super) is_foreign: bool,
}

enum Line {
    Sent(Sent),
    Done(String),
    /// The beginning of a record. Its writer died before it was told that the record is safe, so the
    /// request was not sent, or was answered; nothing is lost with it.
    Torn,
    Unreadable,
}

impl Content {
    pub(super) fn read(bytes: &[u8]) -> Content {
        let (mut sent, mut done) = (Vec::new(), HashSet::new());
        let (mut torn, mut unreadable_lines) = (0, 0);
        for line in bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
            match Line::read(line) {
                None => {}
                Some(Line::Sent(record)) => sent.push(record),
                Some(Line::Done(id)) => drop(done.insert(id)),
                Some(Line::Torn) => torn += 1,
                Some(Line::Unreadable) => unreadable_lines += 1,
            }
        }
        Content {
            is_foreign: unreadable_lines > 0 && sent.is_empty() && done.is_empty() && torn == 0,
            pending: sent.into_iter().filter(|record| !done.contains(&record.id)).collect(),
            unreadable_lines,
            size_bytes: bytes.len(),
            ends_with_line: bytes.last().is_none_or(|byte| *byte == b'\n'),
        }
    }

    /// The pending records alone.
    pub(super) fn compacted(&self) -> String {
        self.pending.iter().map(Sent::line).collect()
    }
}

impl Line {
    /// `None` if the line is empty.
    fn read(line: &[u8]) -> Option<Line> {
        // After a power cut, some file systems show zeros where a write was to go.
        if line.iter().all(|byte| *byte == 0) {
            return (!line.is_empty()).then_some(Line::Torn);
        }
        match serde_json::from_slice::<Value>(line) {
            Ok(value) => {
                let sent = value.get("sent").and_then(Sent::read).map(Line::Sent);
                let done = || value.get("done").and_then(Value::as_str).map(|id| Line::Done(id.to_owned()));
                Some(sent.or_else(done).unwrap_or(Line::Unreadable))
            }
            Err(error) => {
                Some(if error.is_eof() && begins_like_ours(line) { Line::Torn } else { Line::Unreadable })
            }
        }
    }
}

fn begins_like_ours(line: &[u8]) -> bool {
    [&b"{\"sent\":{"[..], b"{\"done\":\""].iter().any(|ours| line.starts_with(ours) || ours.starts_with(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(id: &str, reference: &str) -> Sent {
        let (kind, device) = ("PaymentRequest".to_owned(), "1850000123.cybs.seclib.io".to_owned());
        let time = "2026-11-24T16:28:13Z".to_owned();
        Sent { id: id.to_owned(), reference: reference.to_owned(), kind, device, time }
    }

    #[test]
    fn a_record_is_one_line_and_comes_back_as_it_was() {
        for reference in ["A-1", "a \"quoted\"\nline\u{2028}", "€ 💶 \\ \u{0}", "{\"done\":\"1\"}"] {
            let record = sent("1", reference);
            let line = record.line();
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            assert!(line.ends_with('\n'), "{line}");
            assert_eq!(Content::read(line.as_bytes()).pending, [record]);
        }
    }

    #[test]
    fn only_the_entry_that_is_done_goes_when_two_have_the_same_reference() {
        let text = [sent("1", "A"), sent("2", "A"), sent("3", "B")].map(|sent| sent.line()).concat();
        let content = Content::read((text + &done_line("1")).as_bytes());
        assert_eq!(content.pending, [sent("2", "A"), sent("3", "B")]);
        assert_eq!(Content::read(content.compacted().as_bytes()).pending, content.pending);
    }

    /// At every byte of a file, the records that are whole are read, and the torn one disturbs neither
    /// them nor what follows it.
    #[test]
    fn a_line_torn_at_any_byte_costs_only_itself() {
        let lines =
            [sent("1", "A").line(), sent("2", "€\u{1}💶").line(), done_line("1"), sent("3", "C").line()];
        let text = lines.concat();
        for cut in 0..=text.len() {
            let whole = |line: usize| lines.iter().take(line + 1).map(String::len).sum::<usize>() - 1 <= cut;
            let mut expected = Vec::new();
            if whole(0) && !whole(2) {
                expected.push(sent("1", "A"));
            }
            if whole(1) {
                expected.push(sent("2", "€\u{1}💶"));
            }
            if whole(3) {
                expected.push(sent("3", "C"));
            }
            let mut torn = text.as_bytes().get(..cut).expect("within").to_vec();
            let content = Content::read(&torn);
            assert_eq!(content.pending, expected, "cut at {cut}");
            assert_eq!(content.unreadable_lines, 0, "cut at {cut}");
            assert!(!content.is_foreign, "cut at {cut}");
            if !content.ends_with_line {
                torn.push(b'\n');
            }
            torn.extend(sent("4", "D").line().bytes());
            expected.push(sent("4", "D"));
            assert_eq!(Content::read(&torn).pending, expected, "cut at {cut}, then one more");
        }
    }

    #[test]
    fn lines_that_make_no_sense_are_counted_and_cost_no_other() {
        let good = sent("1", "A").line();
        for bad in
            ["nonsense", "{\"sent\":{\"id\":\"2\"}}", "[1]", "{\"done\":7}", "\u{feff}{}", "{\"sent\":}"]
        {
            let content = Content::read(format!("{bad}\n{good}{bad}\n\r\n").as_bytes());
            assert_eq!(content.pending, [sent("1", "A")], "{bad}");
            assert_eq!(content.unreadable_lines, 2, "{bad}");
            assert!(!content.is_foreign, "{bad}");
        }
        let content = Content::read(&[b"{\"sent\":\"\xff\"}\n", good.as_bytes()].concat());
        assert_eq!((content.pending.len(), content.unreadable_lines), (1, 1), "not UTF-8");
    }

    #[test]
    fn other_files_are_foreign_and_what_a_power_cut_leaves_is_not() {
        for foreign in ["-----BEGIN PRIVATE KEY-----\nMIIE\n", "{\"till\":1}", "[\n  1,\n", "x"] {
            assert!(Content::read(foreign.as_bytes()).is_foreign, "{foreign}");
        }
        for ours in [&b""[..], b"\n", b"{\"sent\":{\"dev", b"{\"do", b"\0\0\0\0", b"\0\0\n{\"done\":\"1\"}\n"]
        {
            assert!(!Content::read(ours).is_foreign, "{ours:?}");
        }
    }
}
