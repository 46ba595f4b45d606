//! The `header` suite: the header alone, in every language that may include it.

use crate::Result;
use crate::artifacts::STRICT;
use crate::header::HEADER;
use crate::log::Log;
use crate::process::Run;
use crate::test::Context;
use crate::tools;

pub(super) fn run(_: &Context, log: &mut Log) -> Result<Vec<String>> {
    let languages = [
        (tools::c_compiler(), "c", "-std=c99"),
        (tools::c_compiler(), "c", "-std=c11"),
        (tools::cxx_compiler(), "c++", "-std=c++11"),
        (tools::cxx_compiler(), "c++", "-std=c++17"),
    ];
    for (compiler, language, standard) in languages {
        // -Wstrict-prototypes: `f()` in C says nothing about arguments, which a generator writes easily.
        let prototypes = if language == "c" { &["-Wstrict-prototypes"][..] } else { &[] };
        Run::new(compiler)
            .args(["-x", language, standard])
            .args(STRICT)
            .args(prototypes)
            .args(["-fsyntax-only", HEADER])
            .log(log)?;
    }
    Ok(vec!["compiled as C99, C11, C++11, C++17".into()])
}
