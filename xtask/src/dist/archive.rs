//! A zip archive that comes out the same, byte for byte, from the same files: what NuGet, pip and Java call a package.

use crate::Result;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use zip::read::ZipFile;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// An archive that is being written.
pub(super) struct Archive {
    zip: ZipWriter<File>,
}

/// Whether a file can be run, for systems that ask the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Plain,
    /// Shared libraries, as every linker makes them.
    Executable,
}

impl Archive {
    /// Begins the archive anew; its folder is made.
    pub(super) fn begin(path: &Path) -> Result<Archive> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::create(path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(Archive { zip: ZipWriter::new(file) })
    }

    /// Adds a file under `name`, whose folders are separated by `/`.
    pub(super) fn add(&mut self, name: &str, mode: Mode, content: &[u8]) -> Result<()> {
        let permissions = match mode {
            Mode::Plain => 0o644,
            Mode::Executable => 0o755,
        };
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            // The time of the build would make two builds of one source differ.
            .last_modified_time(DateTime::default())
            .unix_permissions(permissions);
        self.zip.start_file(name, options)?;
        Ok(self.zip.write_all(content)?)
    }

    /// Adds a file from the disk.
    pub(super) fn add_file(&mut self, name: &str, mode: Mode, source: &Path) -> Result<()> {
        let content =
            fs::read(source).map_err(|error| format!("cannot read {}: {error}", source.display()))?;
        self.add(name, mode, &content)
    }

    /// Adds a file of another archive, as it is.
    pub(super) fn copy(&mut self, file: ZipFile<'_, File>) -> Result<()> {
        Ok(self.zip.raw_copy_file(file)?)
    }

    /// Writes the archive's table of contents; without it there is no archive.
    pub(super) fn finish(self) -> Result<()> {
        self.zip.finish()?.sync_all()?;
        Ok(())
    }
}

/// Unpacks an archive, as the tools of its ecosystem do, into a folder that is made.
pub(crate) fn unpack(archive: &Path, folder: &Path) -> Result<()> {
    let mut zip = zip::ZipArchive::new(File::open(archive)?)?;
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index)?;
        let inside = entry.enclosed_name();
        let path = folder.join(inside.ok_or_else(|| format!("{} has a file outside", archive.display()))?);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        fs::write(path, content)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_files_make_the_same_archive_and_come_out_again() {
        let folder = std::env::temp_dir().join(format!("poslatch-archive-{}", std::process::id()));
        let paths = ["one.zip", "two.zip"].map(|name| folder.join(name));
        for path in &paths {
            let mut archive = Archive::begin(path).expect("archive");
            archive.add("lib/a.txt", Mode::Plain, b"first").expect("plain");
            archive.add("lib/b.so", Mode::Executable, &[7; 10_000]).expect("executable");
            archive.finish().expect("finish");
        }
        let [one, two] = paths.map(|path| fs::read(path).expect("read"));
        fs::remove_dir_all(&folder).expect("remove");
        assert_eq!(one, two);

        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(one)).expect("read");
        let mut content = Vec::new();
        archive.by_name("lib/b.so").expect("entry").read_to_end(&mut content).expect("content");
        assert_eq!(content, [7; 10_000]);
        assert_eq!(
            archive.by_name("lib/b.so").expect("entry").unix_mode().map(|mode| mode & 0o777),
            Some(0o755)
        );
    }
}
