//! The command's behaviour, one case file each: the listing of `cases/` is the specification.
//!
//! A case is a test of its own, so their count is that of the files. They run in parallel, each in a folder and with a
//! device of its own. `runner/case.rs` says what can stand in a file.

mod runner;

use libtest_mimic::{Arguments, Trial};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    runner::prove_that_secrets_would_be_found();
    let trials: Vec<_> = paths.into_iter().map(trial).collect();
    assert!(trials.len() >= 40, "only {} cases in {}", trials.len(), folder.display());
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(path: std::path::PathBuf) -> Trial {
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    Trial::test(name, move || runner::run(&path).map_err(Into::into))
}
