//! `poslatch man`: the man pages, one for each command, from the same texts as `--help`.

use crate::arguments::{Arguments, ManArguments};
use crate::done::Done;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::screen::Tone;
use clap::CommandFactory;
use std::fs;

pub(crate) fn run(arguments: &ManArguments) -> Result<Done, Failure> {
    let folder = &arguments.folder;
    let failed = |error: std::io::Error| {
        Failure::usage(
            format!("cannot write man pages to \"{}\": {error}", folder.display()),
            "Check that the path is right and that this user may write there.",
        )
    };
    fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Arguments::command().disable_help_subcommand(true), folder).map_err(failed)?;
    let mut pages: Vec<String> = fs::read_dir(folder)
        .map_err(failed)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("poslatch") && name.ends_with(".1"))
        .collect();
    pages.sort();
    let shown = folder.display().to_string();
    Ok(Done::new(Exit::Done, Tone::Good, format!("Wrote {} man pages to {shown}", pages.len()))
        .member("folder", shown)
        .member("pages", pages)
        .next(format!("man {}/poslatch.1", folder.display())))
}
