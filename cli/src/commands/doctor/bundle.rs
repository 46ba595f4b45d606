//! The bundle for support: what they need to see, in a file that can be mailed.
//!
//! What is *not* in it: keys, codes, passphrases, API secrets, the journal, the folders of the till's files (they hold people's names), and
//! the posId, which says which till of which shop this is and helps nobody to mend a connection. What is: addresses,
//! since a wrong one is the commonest cause, and the device's serial number, since it is the name in its certificate.

use super::{Findings, layout, report};
use crate::commands::inspect;
use crate::dates;
use crate::failure::Failure;
use crate::plain;
use crate::till::{self, DeviceSettings, IdentitySettings};
use poslatch::certificates;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const README: &str = "\
What `poslatch doctor --bundle` saw on this till, for support.

report.txt      the screen that the person at the till saw
report.json     the same for programs, with all facts: poslatch-probe/1
identity.json   facts of the till's certificate, without its key
root-ca.json    facts of the Root CA chain that the till uses
versions.json   of poslatch and of the system

Not in it: private keys, setup codes, passphrases, API secrets, the posId, the journal, names of folders.
";

/// Stands where the posId stood.
const LEFT_OUT: &str = "(left out)";

pub(super) fn write(
    path: &Path,
    findings: &Findings,
    settings: &DeviceSettings,
    identity: &IdentitySettings,
) -> Result<(), Failure> {
    let paths: Vec<&str> =
        [Some(settings.root_ca.as_str()), Some(&identity.path), identity.passphrase_file()]
            .into_iter()
            .flatten()
            .collect();
    // Before the text is broken into lines, which can fall into the middle of what is left out.
    let next = without_folders(&without_pos_id(&findings.next, findings), &paths);
    let mut files = files(findings, settings, &next);
    for (name, text) in &mut files {
        let left = without_folders(&without_pos_id(text, findings), &paths);
        *text = if name.ends_with(".json") { plain::json(&left) } else { plain::text(&left) }.into_owned();
    }
    zip(path, &files).map_err(|error| {
        Failure::usage(
            format!("cannot write \"{}\": {error}", path.display()),
            "Check that the path is right and that this user may write there.",
        )
    })
}

fn files(findings: &Findings, settings: &DeviceSettings, next: &str) -> Vec<(&'static str, String)> {
    let identity = findings.identity.as_ref().map(|identity| {
        json!({
            "device_name": identity.device_name(),
            "issuer": identity.issuer(),
            "not_before": dates::utc(identity.not_before()),
            "not_after": dates::utc(identity.not_after()),
            "earliest_expiry": dates::utc(identity.earliest_expiry()),
            "fingerprint": identity.fingerprint(),
            "certificates_in_chain": certificates(identity.cert_chain_pem()).map(|held| held.len()).unwrap_or_default(),
        })
    });
    let root_ca = std::fs::read(&settings.root_ca).ok().and_then(|text| certificates(text).ok());
    let root_ca: Vec<Value> = root_ca.iter().flatten().map(inspect::members).collect();
    let versions = json!({
        "poslatch": env!("CARGO_PKG_VERSION"),
        "os": std::env::consts::OS,
        "architecture": std::env::consts::ARCH,
        "time": dates::utc(dates::now()),
    });
    let pretty = |value: &Value| format!("{value:#}\n");
    vec![
        ("README.txt", README.to_owned()),
        ("report.txt", layout::screen(findings, next)),
        ("report.json", pretty(&report(&findings.report))),
        ("identity.json", pretty(&json!({ "problem": findings.identity_problem, "facts": identity }))),
        ("root-ca.json", pretty(&json!({ "problem": findings.root_ca_problem, "certificates": root_ca }))),
        ("versions.json", pretty(&versions)),
    ]
}

/// The posId stands in quotes wherever the report says it, in its JSON behind a backslash too, and bare in a command.
fn without_pos_id(text: &str, findings: &Findings) -> String {
    let Some(identity) = &findings.identity else { return text.to_owned() };
    let pos_id = identity.pos_id();
    text.replace(&format!("\"{pos_id}\""), &format!("\"{LEFT_OUT}\""))
        .replace(&format!("\\\"{pos_id}\\\""), &format!("\\\"{LEFT_OUT}\\\""))
        .replace(&format!("--pos-id {}", till::quoted(pos_id)), "--pos-id POS_ID")
}

/// The till's files by their names alone.
fn without_folders(text: &str, paths: &[&str]) -> String {
    paths.iter().fold(text.to_owned(), |text, path| {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        // In JSON, the backslashes of Windows are doubled.
        text.replace(path, name).replace(&path.replace('\\', "\\\\"), name)
    })
}

fn zip(path: &Path, files: &[(&str, String)]) -> io::Result<()> {
    let mut archive = ZipWriter::new(File::create(path)?);
    for (name, text) in files {
        archive.start_file(
            *name,
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored),
        )?;
        archive.write_all(text.as_bytes())?;
    }
    archive.finish()?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_left_out_also_where_json_doubles_their_backslashes() {
        let path = r"C:\Users\anna\till.pem";
        let text = format!("cannot read \"{path}\" {}", json!({ "problem": path }));
        let left = without_folders(&text, &[path]);
        assert_eq!(left, r#"cannot read "till.pem" {"problem":"till.pem"}"#);
    }
}
