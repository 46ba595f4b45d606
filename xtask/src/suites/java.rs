//! The `java` suite: the wrapper's own tests, its documentation, and the jar as it is handed out.

use crate::Result;
use crate::dist::{jar, papers};
use crate::java::{Java, Phase, SOURCES};
use crate::log::Log;
use crate::process::Run;
use crate::test::Context;
use std::fs;

pub(super) fn run(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    let java = Java::new(&context.project)?;
    context.artifacts.simulator(log)?;
    if java.reports().exists() {
        fs::remove_dir_all(java.reports())?;
    }
    java.maven(&context.project, &context.artifacts, Phase::Verify, log)?;
    let tests = count(&java)?;
    // Compiling has checked the comments; whether pages can be made of them, only the tool itself can tell.
    Run::new("javadoc")
        .args(["-quiet", "-Xdoclint:all", "-Werror", "-encoding", "UTF-8", "-notimestamp"])
        .arg("-d")
        .arg(java.javadoc())
        .arg("-classpath")
        .arg(java.jna()?)
        .args(["-sourcepath", SOURCES, "poslatch"])
        .log(log)?;
    let jar = jar::put(context, &java, &[])?;
    papers::check(&jar, jar::LICENCES, jar::BILLS)?;
    Ok(vec![format!("{tests} tests, Javadoc, the README's sale from {}", jar.display())])
}

/// How many tests have run. None may have been left out.
fn count(java: &Java) -> Result<u32> {
    let mut tests = 0;
    for entry in fs::read_dir(java.reports())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            let report = fs::read_to_string(&path)?;
            tests += attribute(&report, "tests").ok_or_else(|| format!("no tests in {}", path.display()))?;
            if attribute(&report, "skipped") != Some(0) {
                return Err(format!("{} tells of tests that were skipped", path.display()).into());
            }
        }
    }
    // Maven is content with a pattern that no class fits; then nobody has tried the jar.
    if !java.reports().join("TEST-poslatch.ReadmeTest.xml").exists() {
        return Err("the test of the jar has not run".into());
    }
    if tests == 0 { Err("no test has run".into()) } else { Ok(tests) }
}

/// A number of the report's outermost element.
fn attribute(report: &str, name: &str) -> Option<u32> {
    let (_, suite) = report.split_once("<testsuite ")?;
    let (suite, _) = suite.split_once('>')?;
    let (_, value) = suite.split_once(&format!(" {name}=\""))?;
    value.split_once('"')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_report_are_read() {
        let report = "<?xml version=\"1.0\"?>\n<testsuite xmlns:xsi=\"x\" name=\"a\" tests=\"13\" skipped=\"1\">\n\
            <testcase name=\"b\" tests=\"7\"/>";
        assert_eq!((attribute(report, "tests"), attribute(report, "skipped")), (Some(13), Some(1)));
        assert_eq!(attribute(report, "errors"), None);
    }
}
