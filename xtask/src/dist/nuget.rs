//! The NuGet package, put together without NuGet: nothing of the network is needed, and nothing of Windows.

use crate::Result;
use crate::csharp::CSharp;
use crate::dist::archive::{Archive, Mode};
use crate::dist::papers::Papers;
use crate::dist::target::Native;
use crate::dist::{VERSION, place};
use crate::log::Log;
use crate::test::Context;
use std::env::consts::{ARCH, DLL_PREFIX, DLL_SUFFIX, OS};
use std::fmt::Write;
use std::path::PathBuf;

/// Both are the same assembly. The package needs the second one, or NuGet would take the first for .NET Framework and
/// leave out what `build/net48` does.
const FRAMEWORKS: [&str; 2] = ["netstandard2.0", "net48"];

/// Where NuGet looks for a project's additions: of the package itself, and of one that comes along with another.
const ADDITIONS: [&str; 2] = ["build", "buildTransitive"];

/// Where the licences of others and the bills of materials are: beside our own licences.
pub(crate) const LICENCES: &str = "";
pub(crate) const BILLS: &str = "sbom/";

/// Writes `target/dist/Poslatch.<version>.nupkg`.
pub(crate) fn make(context: &Context, natives: &[Native], log: &mut Log) -> Result<Vec<PathBuf>> {
    let csharp = CSharp::new(&context.project);
    csharp.compile(VERSION, log)?;

    let path = place(&context.project, &format!("Poslatch.{VERSION}.nupkg"));
    let mut package = Package { archive: Archive::begin(&path)?, names: Vec::new() };
    package.add_text("Poslatch.nuspec", &nuspec())?;
    for framework in FRAMEWORKS {
        package.add(&format!("lib/{framework}/Poslatch.dll"), Mode::Plain, csharp.assembly())?;
        package.add(&format!("lib/{framework}/Poslatch.xml"), Mode::Plain, csharp.documentation())?;
    }
    // Stripped, all of them, as the release profile leaves them.
    if natives.is_empty() {
        context.artifacts.library(log)?;
        let name = format!("runtimes/{}/native/{DLL_PREFIX}poslatch{DLL_SUFFIX}", runtime_identifier()?);
        package.add(&name, Mode::Executable, context.project.library())?;
    }
    for Native { target, library } in natives {
        let name = format!("runtimes/{}/native/{}", target.nuget(), target.library());
        package.add(&name, Mode::Executable, library.clone())?;
    }
    for addition in ADDITIONS {
        let targets = format!("{addition}/net48/Poslatch.targets");
        package.add(&targets, Mode::Plain, "bindings/csharp/build/Poslatch.targets".into())?;
    }
    package.add("README.md", Mode::Plain, "bindings/csharp/README.md".into())?;
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        package.add(licence, Mode::Plain, licence.into())?;
    }
    for (name, text) in Papers::of_package(natives)?.files(LICENCES, BILLS)? {
        package.add_text(&name, &text)?;
    }
    package.finish()?;
    Ok(vec![path])
}

/// NuGet's word for the machine that the library was built for.
pub(crate) fn runtime_identifier() -> Result<String> {
    let system = match OS {
        "linux" if cfg!(target_env = "musl") => "linux-musl",
        "linux" => "linux",
        "macos" => "osx",
        "windows" => "win",
        other => return Err(format!("NuGet has no word for {other} that this task knows").into()),
    };
    let processor = match ARCH {
        "x86" => "x86",
        "x86_64" => "x64",
        "arm" => "arm",
        "aarch64" => "arm64",
        other => return Err(format!("NuGet has no word for {other} that this task knows").into()),
    };
    Ok(format!("{system}-{processor}"))
}

/// The archive, and what it has to say about itself.
struct Package {
    archive: Archive,
    names: Vec<String>,
}

impl Package {
    fn add(&mut self, name: &str, mode: Mode, source: PathBuf) -> Result<()> {
        self.names.push(name.to_owned());
        self.archive.add_file(name, mode, &source)
    }

    fn add_text(&mut self, name: &str, text: &str) -> Result<()> {
        self.names.push(name.to_owned());
        self.archive.add(name, Mode::Plain, text.as_bytes())
    }

    /// The two files by which the Open Packaging Conventions (ECMA-376, part 2) tell a package from any other zip.
    fn finish(mut self) -> Result<()> {
        self.archive.add("_rels/.rels", Mode::Plain, RELATIONSHIPS.as_bytes())?;
        let types = content_types(&self.names);
        self.archive.add("[Content_Types].xml", Mode::Plain, types.as_bytes())?;
        self.archive.finish()
    }
}

fn nuspec() -> String {
    let groups = ".NETFramework4.8\" />\n      <group targetFramework=\".NETStandard2.0";
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <package xmlns=\"http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd\">\n  \
           <metadata>\n    \
             <id>Poslatch</id>\n    \
             <version>{VERSION}</version>\n    \
             <authors>the poslatch project</authors>\n    \
             <license type=\"expression\">MIT OR Apache-2.0</license>\n    \
             <readme>README.md</readme>\n    \
             <description>{}</description>\n    \
             <tags>pos payment mtls native</tags>\n    \
             <dependencies>\n      <group targetFramework=\"{groups}\" />\n    </dependencies>\n  \
           </metadata>\n\
         </package>\n",
        "Secure local connection between a till and a Visa Acceptance / Cybersource payment device.",
    )
}

const RELATIONSHIPS: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
    <Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\n  \
    <Relationship Type=\"http://schemas.microsoft.com/packaging/2010/07/manifest\" Target=\"/Poslatch.nuspec\" Id=\"R1\" />\n\
    </Relationships>\n";

/// A type for each ending, and one by name for each file without.
fn content_types(names: &[String]) -> String {
    let file = |name: &'_ str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let mut endings: Vec<String> = names
        .iter()
        .filter_map(|name| file(name).rsplit_once('.').map(|(_, ending)| ending.to_owned()))
        .collect();
    endings.sort();
    endings.dedup();
    let mut text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
        <Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\n  \
        <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\" />\n"
        .to_owned();
    for ending in endings {
        let _ = writeln!(text, "  <Default Extension=\"{ending}\" ContentType=\"application/octet\" />");
    }
    for name in names.iter().filter(|name| !file(name).contains('.')) {
        let _ = writeln!(text, "  <Override PartName=\"/{name}\" ContentType=\"application/octet\" />");
    }
    text + "</Types>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_package_has_a_type() {
        let names = ["lib/net48/Poslatch.dll", "LICENSE-MIT"].map(str::to_owned);
        let types = content_types(&names);
        assert!(types.contains("<Default Extension=\"dll\""), "{types}");
        assert!(types.contains("<Override PartName=\"/LICENSE-MIT\""), "{types}");
    }
}
