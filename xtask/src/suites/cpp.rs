//! The `cpp` suite: `include/poslatch.hpp` with every compiler and standard, what the conformance suite cannot see of
//! it, and the program of its page, run as it stands there.

use crate::Result;
use crate::artifacts::{STRICT, with_library};
use crate::log::Log;
use crate::process::Run;
use crate::scratch::Scratch;
use crate::simulator::Simulator;
use crate::test::Context;
use crate::tools;
use std::env::consts::EXE_SUFFIX;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PAGE: &str = "docs/cpp.md";
const TESTS: &str = "tests/cpp";

const OLDEST: &str = "-std=c++11";
const NEWEST: &str = "-std=c++20";
const STANDARDS: [&str; 4] = [OLDEST, "-std=c++14", "-std=c++17", NEWEST];

/// A header is compiled with its user's warnings, not with ours: so all that are usual.
const WARNINGS: [&str; 3] = ["-Wshadow", "-Wconversion", "-Wold-style-cast"];

/// Reports of a leak, or of memory that is used after it was freed, end a program as a failed test does.
///
/// Not optimised: that would take three times as long to compile as everything else of this suite.
const SANITIZERS: [&str; 3] = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// The test program takes some 10 s by itself; this ends one that hangs.
const LIMIT: Duration = Duration::from_secs(300);

pub(super) fn run(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    context.artifacts.library(log)?;
    context.artifacts.simulator(log)?;
    let scratch = Scratch::new(&context.project, "cpp")?;
    let bench = Bench { context, scratch: &scratch };
    let combinations = bench.every_standard(log)?;
    let mut lines =
        vec![format!("compiled in two units, {combinations} times: gcc and clang, C++11 to C++20")];
    lines.push(bench.tests("sanitized", tools::cxx_compiler(), OLDEST, &SANITIZERS, log)?);
    lines.push(bench.tests("plain", tools::other_cxx_compiler(), NEWEST, &[], log)?);
    lines.push(bench.other_abi(log)?);
    bench.page(log)?;
    lines.push(format!("{PAGE}: paid"));
    Ok(lines)
}

struct Bench<'a> {
    context: &'a Context,
    scratch: &'a Scratch,
}

impl Bench<'_> {
    /// Two units each, one of them without RTTI as some tills are, linked and run. Returns how many pairs there are.
    fn every_standard(&self, log: &mut Log) -> Result<usize> {
        let mut combinations = 0;
        for compiler in [tools::cxx_compiler(), tools::other_cxx_compiler()] {
            for standard in STANDARDS {
                let (other, program) = (self.scratch.join("other.o"), self.program("twice"));
                strict(&compiler, standard, &["-fno-rtti", "-c"])
                    .arg(format!("{TESTS}/twice/other.cpp"))
                    .arg("-o")
                    .arg(&other)
                    .log(log)?;
                let units = [PathBuf::from(format!("{TESTS}/twice/main.cpp")), other];
                self.compile(&compiler, standard, &[], units, &program).log(log)?;
                with_library(&self.context.project, &program).log(log)?;
                combinations += 1;
            }
        }
        Ok(combinations)
    }

    /// The test program, built so and run; returns its last line.
    fn tests(
        &self,
        name: &str,
        compiler: OsString,
        standard: &str,
        options: &[&str],
        log: &mut Log,
    ) -> Result<String> {
        let program = self.program(name);
        let other = Path::new(OTHER_ABI);
        let sources = sources(Path::new(TESTS))?.into_iter().filter(|source| source != other);
        self.compile(&compiler, standard, options, sources, &program).log(log)?;
        let run = with_library(&self.context.project, &program)
            .env("POSLATCH_SIMULATOR", self.context.project.simulator())
            .env("TMPDIR", self.scratch.join(""));
        Ok(format!("{name}: {}", passed(&run, log)?))
    }

    fn other_abi(&self, log: &mut Log) -> Result<String> {
        let program = self.program("other_abi");
        self.compile(&tools::cxx_compiler(), OLDEST, &[], [PathBuf::from(OTHER_ABI)], &program).log(log)?;
        Ok(format!("other ABI: {}", passed(&with_library(&self.context.project, &program), log)?))
    }

    /// The page's program, with a device of ours in place of the reader's, has to pay. Other snippets have to compile.
    fn page(&self, log: &mut Log) -> Result<()> {
        let page = fs::read_to_string(PAGE)?;
        let mut snippets = snippets(&page);
        let mut sale = snippets.next().ok_or_else(|| format!("{PAGE} has no program"))?.to_owned();

        let device = Simulator::start(&self.context.project, self.scratch, "page", log)?;
        for (shown, ours) in [
            ("wss://127.0.0.1:8443/", device.url("wss")),
            ("root-ca.pem", device.root_ca_file().display().to_string()),
            ("8QW1YS1D", device.setup_code()?),
            ("till.pem", self.scratch.join("till.pem").display().to_string()),
        ] {
            if sale.matches(shown).count() != 1 {
                return Err(format!("the program of {PAGE} does not name \"{shown}\" once").into());
            }
            sale = sale.replace(shown, &ours);
        }
        let paid = self.page_program("sale", &sale, log)?;
        let output = with_library(&self.context.project, &paid).within(LIMIT)?;
        log.say(&format!("{}{}({})", output.stdout, output.stderr, output.status))?;
        if !output.status.success() || !output.stdout.contains("APPROVED") {
            return Err(
                format!("the program of {PAGE} has not paid:\n{}{}", output.stdout, output.stderr).into()
            );
        }
        let request = device.wait(|event| event["event"] == "message" && event["type"] == "PaymentRequest");
        request.ok_or("the device has seen no payment")?;

        for (number, snippet) in snippets.enumerate() {
            let function = format!(
                "#include \"poslatch.hpp\"\nint main()\n{{\n    poslatch::device device(\"\");\n    \
                 poslatch::connection connection = device.open_tls();\n{snippet}}}\n"
            );
            self.page_program(&format!("snippet-{number}"), &function, log)?;
        }
        Ok(())
    }

    fn page_program(&self, name: &str, text: &str, log: &mut Log) -> Result<PathBuf> {
        let source = self.scratch.join(format!("{name}.cpp"));
        fs::write(&source, text)?;
        let program = self.program(name);
        self.compile(&tools::cxx_compiler(), OLDEST, &[], [source], &program)
            .log(log)
            .map_err(|error| format!("a program of {PAGE}: {error}"))?;
        Ok(program)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.scratch.join(format!("{name}{EXE_SUFFIX}"))
    }

    fn compile(
        &self,
        compiler: &OsString,
        standard: &str,
        options: &[&str],
        sources: impl IntoIterator<Item = PathBuf>,
        program: &Path,
    ) -> Run {
        strict(compiler, standard, options)
            .args(sources)
            .arg("-L")
            .arg(self.context.project.library_folder())
            .args(["-lposlatch", "-pthread", "-o"])
            .arg(program)
    }
}

fn strict(compiler: &OsString, standard: &str, options: &[&str]) -> Run {
    Run::new(compiler).arg(standard).args(STRICT).args(WARNINGS).args(options).arg("-Iinclude")
}

/// Plays a library of another ABI, so it is a program of its own.
const OTHER_ABI: &str = "tests/cpp/other_abi.cpp";

/// The C++ files of a folder, not of those below it.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "cpp") {
            sources.push(path);
        }
    }
    sources.sort();
    Ok(sources)
}

/// Runs a test program to its end; returns its last line, which says how many tests there were.
fn passed(run: &Run, log: &mut Log) -> Result<String> {
    log.command(run)?;
    let output = run.within(LIMIT)?;
    log.say(&format!("{}{}({})", output.stdout, output.stderr, output.status))?;
    match output.stdout.lines().last() {
        Some(last) if output.status.success() => Ok(last.to_owned()),
        _ => Err(format!("`{run}` failed ({}):\n{}{}", output.status, output.stdout, output.stderr).into()),
    }
}

/// The C++ of a page, one block after the other.
fn snippets(page: &str) -> impl Iterator<Item = &str> {
    page.split("\n```cpp\n").skip(1).filter_map(|rest| rest.split("```\n").next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippets_of_other_languages_are_left_out() {
        let page = "a\n```sh\nx\n```\n\n```cpp\none();\n```\nb\n```cpp\ntwo();\n```\n";
        assert_eq!(snippets(page).collect::<Vec<_>>(), ["one();\n", "two();\n"]);
    }
}
