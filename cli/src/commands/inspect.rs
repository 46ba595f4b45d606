//! `poslatch inspect`: what is in a file of the field, for whoever has to tell one from the other. Never shows a key.

use super::Context;
use crate::arguments::InspectArguments;
use crate::dates;
use crate::done::Done;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::screen::Tone;
use crate::till::{IdentitySettings, quoted};
use poslatch::{CertificateFacts, Device, Identity, certificates};
use serde_json::{Value, json};
use std::io::Read;
use std::time::SystemTime;
use zeroize::Zeroizing;

/// No file of the field comes near; keeps a wrong one from being read whole.
const BYTES_MAX: u64 = 1024 * 1024;

/// Days that `needs-renewal` asks for if it is not told otherwise.
const RENEWAL_DAYS: u32 = 30;

pub(crate) fn run(arguments: &InspectArguments, context: &Context<'_>) -> Result<Done, Failure> {
    let settings = IdentitySettings::resolve(&arguments.identity, context);
    let path = arguments.file.as_deref().unwrap_or(&settings.path);
    let text = read(path)?;
    if is_identity(&text) {
        let identity = settings.load_from(path)?;
        return identity_told(path, &identity, holds(&text, "ENCRYPTED PRIVATE KEY"));
    }
    let held = certificates(text.as_slice()).map_err(|_| {
        Failure::usage(
            format!("\"{path}\" holds no key and no certificate that can be read"),
            "What can be inspected is an identity file, a Root CA chain (PEM, or the JSON of the vendor's API) and \
             certificates in PEM.",
        )
    })?;
    let as_root_ca = Device::builder("https://127.0.0.1/").root_ca_pem(text.as_slice()).build();
    Ok(match as_root_ca {
        Ok(_) => listed(path, "Root CA chain", "root_ca", &held).next(format!(
            "poslatch doctor --root-ca {}  (is it of the same environment as the device?)",
            quoted(path)
        )),
        Err(error) => listed(path, "Certificates", "certificates", &held)
            .fact("as Root CA", format!("no: {}", error.message()))
            .member("root_ca_problem", error.message()),
    })
}

fn read(path: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut text = Zeroizing::new(Vec::new());
    std::fs::File::open(path)
        .and_then(|file| file.take(BYTES_MAX).read_to_end(&mut text))
        .map(|_| text)
        .map_err(|error| {
            Failure::usage(
                format!("cannot read \"{path}\": {error}"),
                "Check that the path is right and that this user may read it.",
            )
        })
}

fn is_identity(text: &[u8]) -> bool {
    holds(text, "PRIVATE KEY")
}

fn holds(text: &[u8], words: &str) -> bool {
    text.windows(words.len()).any(|window| window == words.as_bytes())
}

fn identity_told(path: &str, identity: &Identity, is_encrypted: bool) -> Result<Done, Failure> {
    let held = certificates(identity.cert_chain_pem()).map_err(Failure::of)?;
    let is_due = identity.needs_renewal(SystemTime::now(), RENEWAL_DAYS);
    let key = match (held.first(), is_encrypted) {
        (Some(leaf), true) => format!("{}, encrypted (not shown)", leaf.key),
        (Some(leaf), false) => format!("{}, not encrypted (not shown)", leaf.key),
        (None, _) => "not shown".to_owned(),
    };
    let renewal = if is_due { "due: pair again" } else { "not due" };
    let device = identity.device_name().unwrap_or("a device without a name");
    let done = Done::new(Exit::Done, Tone::Plain, format!("Identity: {path}"))
        .fact("posId", identity.pos_id())
        .fact("device", device)
        .fact("key", key)
        .fact("valid from", dates::utc(identity.not_before()))
        .fact("valid until", dates::utc_and_distance(identity.not_after()))
        .fact("renewal", renewal)
        .fact("fingerprint", identity.fingerprint())
        .member("kind", "identity")
        .member("file", path)
        .member("pos_id", identity.pos_id())
        .member("device_name", identity.device_name())
        .member("serial", identity.serial())
        .member("issuer", identity.issuer())
        .member("not_before", dates::utc(identity.not_before()))
        .member("not_after", dates::utc(identity.not_after()))
        .member("earliest_expiry", dates::utc(identity.earliest_expiry()))
        .member("needs_renewal", is_due)
        .member("fingerprint", identity.fingerprint())
        .member("key_is_encrypted", is_encrypted);
    let done = with_certificates(done, &held);
    Ok(match is_due {
        true => done.next(format!("poslatch pair --pos-id {} --replace", quoted(identity.pos_id()))),
        false => done,
    })
}

fn listed(path: &str, headline: &str, kind: &str, held: &[CertificateFacts]) -> Done {
    let done = Done::new(Exit::Done, Tone::Plain, format!("{headline}: {path}"))
        .member("kind", kind)
        .member("file", path);
    with_certificates(done, held)
}

fn with_certificates(mut done: Done, held: &[CertificateFacts]) -> Done {
    for (index, certificate) in held.iter().enumerate() {
        done = done.fact(&format!("certificate {}", index + 1), line(certificate));
    }
    done.member("certificates", held.iter().map(members).collect::<Vec<Value>>())
}

/// Whose, by whom, for what, of which key, until when.
fn line(certificate: &CertificateFacts) -> String {
    let CertificateFacts { subject, issuer, key, .. } = certificate;
    let role = match (certificate.is_ca, certificate.names_itself) {
        (true, true) => "root CA".to_owned(),
        (true, false) => format!("CA, by \"{issuer}\""),
        (false, true) => "self-signed, no CA".to_owned(),
        (false, false) => format!("by \"{issuer}\""),
    };
    format!("\"{subject}\", {role}, {key}, until {}", dates::utc_and_distance(certificate.not_after))
}

/// The facts of a certificate as every JSON of the command has them.
pub(crate) fn members(certificate: &CertificateFacts) -> Value {
    json!({
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "not_before": dates::utc(certificate.not_before),
        "not_after": dates::utc(certificate.not_after),
        "is_ca": certificate.is_ca,
        "is_self_issued": certificate.names_itself,
        "dns_names": certificate.dns_names,
        "key": certificate.key,
        "fingerprint": certificate.fingerprint,
    })
}
