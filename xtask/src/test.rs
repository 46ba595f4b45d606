//! `cargo xtask test`: runs the suites of the table in `suites.rs` and tells how each ended.

use crate::Result;
use crate::artifacts::Artifacts;
use crate::log::Log;
use crate::project::Project;
use crate::report::{self, Outcome, Row};
use crate::suites::{Extent, Lane, SUITES, Suite};
use crate::tools::{self, Missing};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

/// What a suite finds around it.
pub(crate) struct Context {
    pub(crate) project: Project,
    pub(crate) artifacts: Artifacts,
}

/// `cargo xtask test --list`.
pub(crate) fn list() {
    for Suite { name, about, extent, .. } in SUITES {
        let when = if *extent == Extent::AllPlatforms { " (with --all-platforms)" } else { "" };
        println!("{name:12} {about}{when}");
    }
}

/// `cargo xtask test [--all-platforms] [SUITE...]`. A suite that is named runs, whatever its extent.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let (flags, names): (Vec<&str>, Vec<&str>) =
        arguments.iter().partition(|word| **word == "--all-platforms");
    let known = |name: &&&str| SUITES.iter().any(|suite| suite.name == **name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        return Err(format!("there is no suite \"{unknown}\"; `cargo xtask test --list` names them").into());
    }
    let by_default = |suite: &Suite| suite.extent == Extent::Always || !flags.is_empty();
    let is_chosen = |suite: &&Suite| names.contains(&suite.name) || names.is_empty() && by_default(suite);
    let chosen = SUITES.iter().filter(is_chosen).collect();
    report::close(&rows(chosen, Project::find()?))
}

/// Runs every suite that needs no asking for. Those of the other platforms join when their time on a new machine is known.
pub(crate) fn all(project: Project) -> Vec<Row> {
    rows(SUITES.iter().filter(|suite| suite.extent == Extent::Always).collect(), project)
}

/// Runs the suites, one thread to each lane, and returns them in the order of the table.
fn rows(suites: Vec<&'static Suite>, project: Project) -> Vec<Row> {
    let context = Context { project, artifacts: Artifacts::default() };
    let rows = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for lane in Lane::ALL {
            let suites = suites.iter().filter(move |suite| suite.lane == lane);
            let (context, rows) = (&context, &rows);
            scope.spawn(move || {
                for suite in suites {
                    let row = finish(suite, context);
                    rows.lock().unwrap_or_else(|poison| poison.into_inner()).push(row);
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap_or_else(|poison| poison.into_inner());
    rows.sort_by_key(|row: &Row| suites.iter().position(|suite| suite.name == row.name));
    rows
}

/// Runs one suite with its output in its log, which is shown if the suite fails.
fn finish(suite: &Suite, context: &Context) -> Row {
    let started = Instant::now();
    let path = context.project.target(format!("test-logs/{}.log", suite.name));
    let outcome = match Log::begin(path, &format!("{}: ", suite.name)) {
        Ok(mut log) => {
            println!("{}: running, log in {}", suite.name, log.path().display());
            let outcome = judge(suite, context, &mut log);
            if let Outcome::Failed(reason) = &outcome {
                // One call, so that the lanes do not write into each other's lines.
                println!("\n{}: FAILED, its log:\n{}\n{reason}\n", suite.name, log.tail());
            }
            outcome
        }
        Err(error) => Outcome::Failed(error.to_string()),
    };
    Row { name: suite.name, outcome, took: started.elapsed() }
}

fn judge(suite: &Suite, context: &Context, log: &mut Log) -> Outcome {
    if let Err(Missing { what, cure }) = tools::provide(suite.needs, log) {
        // The packages of a foreign platform are large, and somebody else's. Whoever lacks the others tests less than it seems.
        let excused = suite.extent == Extent::AllPlatforms;
        return Outcome::NotRun { reason: what, cure, excused };
    }
    match (suite.run)(context, log) {
        Ok(lines) => Outcome::Passed(lines),
        Err(error) => match error.downcast::<Missing>() {
            // What a suite has to fetch while it runs comes from others, whose bad day is no fault of ours.
            Ok(missing) => Outcome::NotRun { reason: missing.what, cure: missing.cure, excused: true },
            Err(error) => Outcome::Failed(error.to_string()),
        },
    }
}
