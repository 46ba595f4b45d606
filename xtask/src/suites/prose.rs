//! The `prose` suite: what README and docs show is true. Their C compiles against the header, and what they link to or
//! name as a file of the project is there.

mod loading;

use crate::Result;
use crate::artifacts::STRICT;
use crate::log::Log;
use crate::process::Run;
use crate::scratch::Scratch;
use crate::test::Context;
use crate::tools;
use std::fs;
use std::path::{Path, PathBuf};

/// What stands around a snippet that shows only the calls. Not each uses all that a till has at hand.
const AROUND: (&str, &str) = (
    "#include <stdio.h>\n#include <string.h>\n#include \"poslatch.h\"\n\
     void snippet(poslatch_device *device, poslatch_identity *identity, poslatch_connection *connection,\n\
     const char *json, poslatch_on_status on_status, poslatch_buffer *reply, poslatch_error *error);\n\
     void snippet(poslatch_device *device, poslatch_identity *identity, poslatch_connection *connection,\n\
     const char *json, poslatch_on_status on_status, poslatch_buffer *reply, poslatch_error *error)\n{\n",
    "\n(void)device; (void)identity; (void)connection; (void)json; (void)on_status; (void)reply; (void)error;\n}\n",
);

pub(super) fn run(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    let scratch = Scratch::new(&context.project, "prose")?;
    let (mut snippets, mut links) = (0, 0);
    for page in pages()? {
        let text = fs::read_to_string(&page)?;
        for snippet in snippets_of(&text) {
            snippets += 1;
            let file = scratch.join(format!("snippet-{snippets}.c"));
            fs::write(&file, format!("{}{snippet}{}", AROUND.0, AROUND.1))?;
            Run::new(tools::c_compiler())
                .args(["-std=c99", "-Iinclude", "-fsyntax-only"])
                .args(STRICT)
                .arg(&file)
                .log(log)
                .map_err(|error| format!("a C snippet of {}: {error}", page.display()))?;
        }
        for link in links_of(&text) {
            links += 1;
            if !page.parent().unwrap_or(Path::new(".")).join(link).exists() {
                return Err(format!("{}: there is no {link}", page.display()).into());
            }
        }
    }
    if snippets == 0 || links == 0 {
        return Err("found no snippet or no link, so the suite looks in the wrong place".into());
    }
    let quoted = loading::quoted_as_said()?;
    Ok(vec![format!(
        "{snippets} C snippets, {links} links, {quoted} texts of errors as the sources say them"
    )])
}

/// Every page that a developer is led to.
fn pages() -> Result<Vec<PathBuf>> {
    let mut pages: Vec<PathBuf> = PAGES.iter().map(PathBuf::from).collect();
    for entry in fs::read_dir("docs")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    Ok(pages)
}

/// Pages beside what they are about.
const PAGES: [&str; 6] = [
    "README.md",
    "bindings/csharp/README.md",
    "bindings/java/README.md",
    "bindings/pascal/README.md",
    "bindings/python/README.md",
    "tests/conformance/README.md",
];

fn snippets_of(text: &str) -> impl Iterator<Item = &str> {
    text.split("```c\n").skip(1).filter_map(|after| after.split_once("\n```")).map(|(snippet, _)| snippet)
}

/// Targets of Markdown links within the project, without the part that names a heading.
///
/// Code in fences is left out: a lambda of C++ looks like a link.
fn links_of(text: &str) -> impl Iterator<Item = &str> {
    text.split("```")
        .step_by(2)
        .flat_map(|prose| prose.split("](").skip(1))
        .filter_map(|after| after.split_once(')'))
        .map(|(link, _)| link.split('#').next().unwrap_or(link))
        .filter(|link| !link.is_empty() && !link.contains("://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippets_and_links_are_found() {
        let text = "a [b](c.md#d) [e](https://f) [g](#h)\n```c\nx();\n[](y)\n```\n```sh\ny\n```\n";
        assert_eq!(snippets_of(text).collect::<Vec<_>>(), ["x();\n[](y)"]);
        assert_eq!(links_of(text).collect::<Vec<_>>(), ["c.md"]);
    }
}
