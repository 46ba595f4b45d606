//! A tar archive, compressed, that comes out the same, byte for byte, from the same files; with links, which zip archives
//! have in no form that everybody reads.

use crate::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

/// 1980, as in our zip archives; a time of the build would make two builds of one source differ.
const TIME: u64 = 315_532_800;

/// Everything in it is a multiple of this long.
const BLOCK: usize = 512;

/// An archive that is being written.
pub(super) struct Tar {
    out: GzEncoder<BufWriter<File>>,
}

impl Tar {
    /// Begins the archive anew; its folder is there.
    pub(super) fn begin(path: &Path) -> Result<Tar> {
        let file = File::create(path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        // Its header has neither a name nor a time.
        Ok(Tar { out: GzEncoder::new(BufWriter::new(file), Compression::best()) })
    }

    /// Adds a file, a link or a folder as it lies on the disk, under `name`; not what is in the folder.
    pub(super) fn add(&mut self, name: &str, path: &Path) -> Result<()> {
        let metadata = fs::symlink_metadata(path).map_err(|error| format!("{}: {error}", path.display()))?;
        if metadata.is_symlink() {
            let to = fs::read_link(path)?;
            let to = to.to_str().ok_or("a link to a name that is no text")?;
            return Ok(self.out.write_all(&header(name, b'2', 0o777, 0, to)?)?);
        }
        if metadata.is_dir() {
            return Ok(self.out.write_all(&header(&format!("{name}/"), b'5', 0o755, 0, "")?)?);
        }
        let content = fs::read(path)?;
        let mode = if is_executable(&metadata) { 0o755 } else { 0o644 };
        self.out.write_all(&header(name, b'0', mode, content.len(), "")?)?;
        self.out.write_all(&content)?;
        Ok(self.out.write_all(&vec![0; content.len().next_multiple_of(BLOCK) - content.len()])?)
    }

    /// Writes the end; without it there is no archive.
    pub(super) fn finish(mut self) -> Result<()> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.finish()?.into_inner().map_err(|error| error.to_string())?.sync_all()?;
        Ok(())
    }
}

/// What stands before each file (POSIX.1-1988, "ustar"): numbers in octal digits, owned by root.
fn header(name: &str, kind: u8, mode: u32, size: usize, link: &str) -> Result<[u8; BLOCK]> {
    let mut header = [0; BLOCK];
    let mut put = |at: usize, width: usize, text: &str| -> Result<()> {
        let field = header.get_mut(at..at + width).and_then(|field| field.get_mut(..text.len()));
        field
            .ok_or_else(|| format!("\"{text}\" is too long for a tar archive"))?
            .copy_from_slice(text.as_bytes());
        Ok(())
    };
    put(0, 100, name)?;
    put(100, 8, &format!("{mode:07o}"))?;
    put(108, 8, "0000000")?;
    put(116, 8, "0000000")?;
    put(124, 12, &format!("{size:011o}"))?;
    put(136, 12, &format!("{TIME:011o}"))?;
    // The sum counts its own field as blanks.
    put(148, 8, "        ")?;
    put(156, 1, std::str::from_utf8(&[kind])?)?;
    put(157, 100, link)?;
    put(257, 8, "ustar\u{0}00")?;
    put(265, 32, "root")?;
    put(297, 32, "root")?;
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(header)
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sum_is_that_of_the_other_bytes() -> Result<()> {
        let header = header("a/b", b'0', 0o644, 5, "")?;
        let sum: u32 = header
            .iter()
            .enumerate()
            .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
            .sum();
        assert_eq!(&header[148..156], format!("{sum:06o}\0 ").as_bytes());
        Ok(())
    }

    #[test]
    fn name_that_does_not_fit_is_refused() {
        assert!(header(&"a".repeat(101), b'0', 0o644, 0, "").is_err());
    }
}
