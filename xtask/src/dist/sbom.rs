//! The bill of materials of an archive, in CycloneDX 1.5: which crates, in which versions, are in the library. Programs
//! that watch for vulnerabilities read it, so that nobody has to take the library apart for that.
//!
//! Our own, because it says no more than cargo does, and a tool for it would say it for the whole workspace.

use super::crates::Crate;
use crate::Result;
use serde_json::{Value, json};

/// The text of the file. `rust` is the version of Rust whose standard library is linked.
pub(super) fn cyclonedx(crates: &[Crate], target: &str, rust: &str) -> Result<String> {
    let (library, others) = crates.split_first().ok_or("no crate is linked")?;
    let standard = standard_library(rust);
    let mut dependencies: Vec<Value> = crates
        .iter()
        .map(|one| {
            let needs: Vec<_> = one.needs.iter().map(|(name, version)| purl(name, version)).collect();
            json!({ "ref": purl(&one.name, &one.version), "dependsOn": needs })
        })
        .collect();
    if let Some(needs) = dependencies.first_mut().and_then(|first| first["dependsOn"].as_array_mut()) {
        needs.push(standard["bom-ref"].clone());
    }
    let mut components: Vec<Value> = others.iter().map(component).collect();
    components.push(standard);

    let mut subject = component(library);
    subject["properties"] = json!([{ "name": "poslatch:target", "value": target }]);
    // Neither a time nor a serial number: the same sources give the same file.
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": subject },
        "components": components,
        "dependencies": dependencies,
    });
    Ok(serde_json::to_string_pretty(&bill)? + "\n")
}

fn component(one: &Crate) -> Value {
    let purl = purl(&one.name, &one.version);
    let mut component = json!({
        "type": "library",
        "bom-ref": purl,
        "name": one.name,
        "version": one.version,
        "scope": "required",
        "licenses": [{ "expression": one.licence }],
        "purl": purl,
    });
    if let Some(checksum) = &one.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let Some(repository) = &one.repository {
        component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    component
}

/// Linked into everything that Rust compiles; it is no crate of crates.io, so cargo does not list it.
fn standard_library(rust: &str) -> Value {
    json!({
        "type": "library",
        "bom-ref": format!("rust-std@{rust}"),
        "name": "rust-std",
        "version": rust,
        "scope": "required",
        "licenses": [{ "expression": "MIT OR Apache-2.0" }],
    })
}

fn purl(name: &str, version: &str) -> String {
    format!("pkg:cargo/{name}@{version}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(name: &str, needs: &[&str]) -> Crate {
        Crate {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT".to_owned(),
            repository: None,
            folder: "/nowhere".into(),
            checksum: Some("12ab".to_owned()),
            needs: needs.iter().map(|name| ((*name).to_owned(), "1.0.0".to_owned())).collect(),
        }
    }

    #[test]
    fn whatever_is_referred_to_is_listed() -> Result<()> {
        let crates = [example("poslatch", &["a"]), example("a", &["b"]), example("b", &[])];
        let bill: Value = serde_json::from_str(&cyclonedx(&crates, "linux-x86_64", "1.95.0")?)?;
        let listed: Vec<&Value> =
            bill["components"].as_array().into_iter().flatten().map(|one| &one["bom-ref"]).collect();
        assert_eq!(listed.len(), 3);
        for dependency in bill["dependencies"].as_array().into_iter().flatten() {
            for needed in dependency["dependsOn"].as_array().into_iter().flatten() {
                assert!(listed.contains(&needed), "{needed}");
            }
        }
        Ok(())
    }
}
