//! The version that Windows shows of the DLL, in its properties and to installers that compare versions.

use super::{Build, DLL};
use crate::Result;
use crate::dist::VERSION;
use crate::log::Log;
use crate::process::Run;
use std::fs;
use std::path::PathBuf;

/// What the DLL is, in the words of its properties.
pub(crate) const DESCRIPTION: &str = "Secure local connection between a till and a payment device";

/// Compiles the resource and returns the object to be linked.
pub(super) fn compile(build: &Build, log: &mut Log) -> Result<PathBuf> {
    let source = build.folder.join("version.rc");
    let object = build.folder.join("version.o");
    fs::write(&source, script()?)?;
    Run::new(build.target.mingw("windres")).arg(&source).arg(&object).log(log)?;
    Ok(object)
}

/// The resource script; numbers stand for the names of `winver.h`, which not every resource compiler finds.
fn script() -> Result<String> {
    // Four numbers, always; what a pre-release adds after a `-` cannot be told in them.
    let numbers: Vec<u16> = VERSION
        .split(['.', '-', '+'])
        .take(3)
        .map(str::parse)
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| format!("{VERSION} is no version: {error}"))?;
    let [major, minor, patch] = numbers[..] else {
        return Err(format!("{VERSION} is no version").into());
    };
    Ok(format!(
        r#"1 VERSIONINFO
FILEVERSION {major},{minor},{patch},0
PRODUCTVERSION {major},{minor},{patch},0
FILEFLAGSMASK 0x3f
FILEFLAGS 0
FILEOS 0x40004 /* Windows NT and later */
FILETYPE 2 /* a DLL */
FILESUBTYPE 0
BEGIN
  BLOCK "StringFileInfo"
  BEGIN
    BLOCK "040904b0"
    BEGIN
      VALUE "FileDescription", "{DESCRIPTION}"
      VALUE "FileVersion", "{VERSION}"
      VALUE "InternalName", "poslatch"
      VALUE "LegalCopyright", "MIT OR Apache-2.0"
      VALUE "OriginalFilename", "{DLL}"
      VALUE "ProductName", "poslatch"
      VALUE "ProductVersion", "{VERSION}"
    END
  END
  BLOCK "VarFileInfo"
  BEGIN
    VALUE "Translation", 0x409, 1200
  END
END
"#
    ))
}
