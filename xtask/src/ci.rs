//! `cargo xtask ci`: everything that has to pass before a change is taken. `.ci/run` calls it; so can anybody.

use crate::Result;
use crate::deny::{self, Advisories};
use crate::header;
use crate::log::Log;
use crate::process::Run;
use crate::project::Project;
use crate::report::{self, Outcome, Row};
use crate::test;
use std::time::Instant;

/// Runs the checks and then the suites; a failed check does not hide what comes after it.
pub(crate) fn run() -> Result<()> {
    let project = Project::find()?;
    let mut rows = vec![
        check(&project, "format", |log| passed(Run::new("cargo").args(["fmt", "--all", "--check"]).log(log))),
        check(&project, "clippy", |log| {
            let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
            passed(Run::new("cargo").args(clippy).log(log))
        }),
        check(&project, "header-fresh", |_| passed(header::up_to_date())),
    ];
    rows.extend(dependencies(&project));
    rows.extend(test::all(project));
    report::close(&rows)
}

fn dependencies(project: &Project) -> [Row; 2] {
    let mut program = None;
    let licences = check(project, "deny", |log| {
        let found = deny::provide(project, log)?;
        deny::check(&found, log)?;
        let closing =
            log.text()?.lines().rfind(|line| line.starts_with("bans ")).unwrap_or_default().to_owned();
        program = Some(found);
        Ok(Outcome::Passed(vec![closing]))
    });
    let advisories = check(project, "advisories", |log| {
        let program = program.as_ref().ok_or("cargo deny failed before")?;
        Ok(match deny::advisories(program, log)? {
            Advisories::Checked => Outcome::Passed(Vec::new()),
            Advisories::Unreachable(reason) => {
                println!(
                    "advisories: NOT RUN, the advisory database cannot be reached from here; \
                     run `cargo deny check advisories` where it can"
                );
                Outcome::NotRun {
                    reason: format!("the advisory database cannot be reached from here ({reason})"),
                    cure: "run `cargo deny check advisories` where it can".into(),
                    excused: true,
                }
            }
        })
    });
    [licences, advisories]
}

/// Runs one check with its output in its log, which is shown if it fails.
fn check(project: &Project, name: &'static str, run: impl FnOnce(&mut Log) -> Result<Outcome>) -> Row {
    let started = Instant::now();
    let outcome = (|| {
        let mut log = Log::begin(project.target(format!("test-logs/{name}.log")), &format!("{name}: "))?;
        println!("{name}: running, log in {}", log.path().display());
        let outcome = run(&mut log);
        if let Err(error) = &outcome {
            println!("\n{name}: FAILED, its log:\n{}\n{error}\n", log.tail());
        }
        outcome
    })();
    let outcome = outcome.unwrap_or_else(|error| Outcome::Failed(error.to_string()));
    Row { name, outcome, took: started.elapsed() }
}

fn passed(done: Result<()>) -> Result<Outcome> {
    done.map(|()| Outcome::Passed(Vec::new()))
}
