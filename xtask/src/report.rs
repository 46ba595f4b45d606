//! The table at the end of a run of suites or checks, and the line that counts them. One file, because people read the
//! table and machines read the line.

use crate::Result;
use std::time::Duration;

/// How one suite or check ended.
pub(crate) enum Outcome {
    /// With the lines that say what was done, `test result: ...` for instance.
    Passed(Vec<String>),
    /// With the reason.
    Failed(String),
    /// With the reason, the cure, and whether a machine with everything on it may let that pass.
    NotRun { reason: String, cure: String, excused: bool },
}

/// One line of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

/// Prints the table and the closing line; fails if anything failed.
///
/// With `CI=true` in the environment what did not run has failed: a machine that tests less than it seems to is worse
/// than a red one.
pub(crate) fn close(rows: &[Row]) -> Result<()> {
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    println!();
    for Row { name, outcome, took } in rows {
        let took = took.as_secs_f64();
        match outcome {
            Outcome::Passed(lines) => {
                passed += 1;
                println!("{name:width$}  passed   {took:6.1} s");
                lines.iter().for_each(|line| println!("{:width$}    {line}", ""));
            }
            Outcome::Failed(reason) => {
                failed += 1;
                println!("{name:width$}  FAILED   {took:6.1} s");
                reason.lines().for_each(|line| println!("{:width$}    {line}", ""));
            }
            Outcome::NotRun { reason, cure, excused } => {
                let counts = ci && !excused;
                if counts {
                    failed += 1
                } else {
                    skipped += 1
                }
                println!(
                    "{name:width$}  NOT RUN{}",
                    if counts { ", which fails here because CI=true" } else { "" }
                );
                println!("{:width$}    {reason}; {cure}", "");
            }
        }
    }
    println!("\n{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 { Ok(()) } else { Err(format!("{failed} failed, see above").into()) }
}
