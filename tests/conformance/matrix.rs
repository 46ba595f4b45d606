//! Language x cases, for people.

use crate::play::Verdict;

/// A column for each runner, a row for each case.
pub(crate) struct Matrix {
    pub(crate) languages: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// One case.
pub(crate) struct Row {
    pub(crate) topic: String,
    pub(crate) case: String,
    /// In the order of the languages.
    pub(crate) verdicts: Vec<Verdict>,
}

impl Matrix {
    pub(crate) fn failures(&self) -> usize {
        self.verdicts().filter(|verdict| matches!(verdict, Verdict::Failed(_))).count()
    }

    /// Why there are dashes, each reason once.
    fn reasons(&self) -> Vec<&String> {
        let mut reasons: Vec<_> = self
            .verdicts()
            .filter_map(|verdict| match verdict {
                Verdict::NotInLanguage(why) => Some(why),
                _ => None,
            })
            .collect();
        reasons.sort();
        reasons.dedup();
        reasons
    }

    fn verdicts(&self) -> impl Iterator<Item = &Verdict> {
        self.rows.iter().flat_map(|row| &row.verdicts)
    }

    /// The whole of it: a dot for passed, a dash for what a language does not have, FAIL.
    pub(crate) fn lines(&self) -> Vec<String> {
        let width = |name: &String| name.len().max(4);
        let mut lines = Vec::new();
        let heads: String =
            self.languages.iter().map(|name| format!("  {name:^w$}", w = width(name))).collect();
        let mut topic = "";
        for row in &self.rows {
            if row.topic != topic {
                topic = &row.topic;
                lines.push(format!("{topic:<CASE_WIDTH$}{heads}"));
            }
            let marks: String = self
                .languages
                .iter()
                .zip(&row.verdicts)
                .map(|(name, verdict)| {
                    let mark = match verdict {
                        Verdict::Passed => "ok",
                        Verdict::NotInLanguage(_) => "-",
                        Verdict::Failed(_) => "FAIL",
                    };
                    format!("  {mark:^w$}", w = width(name))
                })
                .collect();
            lines.push(format!("  {:<w$}{marks}", shortened(&row.case), w = CASE_WIDTH - 2));
        }
        lines.extend(self.reasons().iter().map(|reason| format!("- : {reason}")));
        let count = |wanted: fn(&Verdict) -> bool| self.verdicts().filter(|verdict| wanted(verdict)).count();
        lines.push(format!(
            "{} cases x {} runners: {} passed, {} not in the language, {} failed",
            self.rows.len(),
            self.languages.len(),
            count(|verdict| matches!(verdict, Verdict::Passed)),
            count(|verdict| matches!(verdict, Verdict::NotInLanguage(_))),
            count(|verdict| matches!(verdict, Verdict::Failed(_))),
        ));
        lines
    }
}

fn shortened(text: &str) -> String {
    let fits = CASE_WIDTH - 4;
    if text.chars().count() <= fits {
        text.to_owned()
    } else {
        text.chars().take(fits - 3).chain("...".chars()).collect()
    }
}

const CASE_WIDTH: usize = 80;
