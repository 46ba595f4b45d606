//! `cargo xtask errors`: writes docs/errors.md. The texts are the library's own, and only its tests can see them all,
//! so a test writes the page, and compares it in every other run.

use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::project::Project;

pub(crate) fn run() -> Result<()> {
    let project = Project::find()?;
    Run::new("cargo")
        .args([
            "test",
            "--quiet",
            "--package",
            "poslatch",
            "--lib",
            "the_errors_page_says_what_the_library_says",
        ])
        .env("POSLATCH_WRITE_PAGES", "1")
        .log(&mut Log::begin(project.target("test-logs").join("errors.log"), "errors")?)?;
    println!("docs/errors.md written");
    Ok(())
}
