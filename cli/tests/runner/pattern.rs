//! Expected texts with holes: `{date}` and the like stand for what differs from run to run.

/// Whether the text is as expected.
pub(crate) fn matches(expected: &str, found: &str) -> bool {
    let Some((before, rest)) = expected.split_once('{') else { return expected == found };
    let Some(found) = found.strip_prefix(before) else { return false };
    let hole = rest.split_once('}').and_then(|(name, after)| Some((Hole::named(name)?, after)));
    match hole {
        // A brace that is none of ours, as in JSON.
        None => found.strip_prefix('{').is_some_and(|found| matches(rest, found)),
        Some((hole, after)) => {
            let longest = found.chars().take_while(|c| hole.takes(*c)).map(char::len_utf8).sum::<usize>();
            (hole.least()..=longest)
                .filter(|length| found.is_char_boundary(*length))
                .any(|length| matches(after, &found[length..]))
        }
    }
}

#[derive(Clone, Copy)]
enum Hole {
    /// `2026-11-24T16:28:13Z`.
    Date,
    Number,
    Hex,
    /// Letters, digits, `-`, `_` and `.`.
    Word,
    /// Whatever stands on one line.
    Any,
}

impl Hole {
    fn named(name: &str) -> Option<Hole> {
        Some(match name {
            "date" => Hole::Date,
            "number" => Hole::Number,
            "hex" => Hole::Hex,
            "word" => Hole::Word,
            "..." => Hole::Any,
            _ => return None,
        })
    }

    fn takes(self, c: char) -> bool {
        match self {
            Hole::Date => c.is_ascii_digit() || "-:TZ".contains(c),
            Hole::Number => c.is_ascii_digit(),
            Hole::Hex => c.is_ascii_hexdigit(),
            Hole::Word => c.is_ascii_alphanumeric() || "-_.".contains(c),
            Hole::Any => c != '\n',
        }
    }

    fn least(self) -> usize {
        match self {
            Hole::Date => 20,
            Hole::Any => 0,
            _ => 1,
        }
    }
}
