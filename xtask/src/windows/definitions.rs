//! The import libraries, from the list of exports that is kept by hand: what a program can link against is what the ABI
//! promises, and not whatever the linker found.

use super::{Build, DLL, MINGW_IMPORT_LIBRARY, MSVC_IMPORT_LIBRARY, Target};
use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::suites::abi;
use std::fs;
use std::path::{Path, PathBuf};

/// Writes the module definition and both import libraries beside the DLL.
pub(super) fn import_libraries(build: &Build, log: &mut Log) -> Result<()> {
    let definition = build.folder.join("poslatch.def");
    fs::write(&definition, module_definition()?)?;
    let machine = build.target.machine();
    // The prefix of its temporary names ends up in the library; by default it is the process's number.
    Run::new(build.target.mingw("dlltool"))
        .args(["--temp-prefix", "poslatch", "--machine", machine, "--input-def"])
        .arg(&definition)
        .arg("--output-lib")
        .arg(build.folder.join(MINGW_IMPORT_LIBRARY))
        .log(log)?;
    Run::new("llvm-dlltool")
        .args(["-m", machine, "-d"])
        .arg(&definition)
        .arg("-l")
        .arg(build.folder.join(MSVC_IMPORT_LIBRARY))
        .log(log)
}

/// What a program without a runtime needs of `kernel32.dll`, written into a folder. Not under that name, which mingw looks
/// for too.
pub(crate) fn kernel32(target: Target, folder: &Path, log: &mut Log) -> Result<PathBuf> {
    let definition = folder.join("exit_process.def");
    let library = folder.join("exit_process.lib");
    // Under stdcall the linker's name has the size of the arguments, the DLL's has not.
    let exit_process = if target == Target::I686 { "ExitProcess@4" } else { "ExitProcess" };
    fs::write(&definition, format!("LIBRARY kernel32.dll\nEXPORTS\n    {exit_process}\n"))?;
    Run::new("llvm-dlltool")
        .args(["-k", "-m", target.machine(), "-d"])
        .arg(&definition)
        .arg("-l")
        .arg(&library)
        .log(log)?;
    Ok(library)
}

/// Plain names: cdecl functions are exported without any decoration, in 32 bits too.
fn module_definition() -> Result<String> {
    let exports: String = abi::listed()?.iter().map(|name| format!("    {name}\n")).collect();
    Ok(format!("LIBRARY {DLL}\nEXPORTS\n{exports}"))
}
