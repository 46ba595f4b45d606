//! The table of pairing replies: tolerant in reading, strict in judging, each with its exact words.

use crate::common::*;
use poslatch::{Identity, RequestState, Status};
use poslatch_simulator::{
    CertificateRequest, Faults, Issued, KeyChoice, PairingReply, Pki, SignedBy, Simulator, Usage,
};
use std::time::{Duration, SystemTime};
use x509_cert::der::asn1::{Any, AnyRef};
use x509_cert::der::{Decode, Encode, SliceReader, Tag, TagNumber, Tagged};

/// What a device may answer, and what a till has to make of it.
struct Case {
    name: &'static str,
    body: Vec<u8>,
    /// `None`: an identity.
    problem: Option<String>,
}

#[test]
fn each_reply_gives_an_identity_or_says_what_is_wrong_with_it() {
    let simulator = simulator();
    let mut cases = good(simulator.pki());
    cases.extend(bad(simulator.pki()));
    assert!(cases.len() >= 25);

    for case in cases {
        let result = pair_with_reply(&simulator, "https", case.body);
        match case.problem {
            None => {
                let identity = result.unwrap_or_else(|error| panic!("{}: {error:?}", case.name));
                assert_eq!(identity.cert_chain_pem().matches("BEGIN").count(), 3, "{}", case.name);
                // The simulator has not issued it, so all it can say is that.
                let error = failure(device(&simulator, "https").open_mtls(&identity), case.name);
                assert_eq!(error.status(), Status::TillCertificateRejected, "{}", case.name);
            }
            Some(problem) => {
                let error = failure(result, case.name);
                assert_eq!(error.status(), Status::PairingReplyUnusable, "{}: {error:?}", case.name);
                let message = format!("the device's pairing reply cannot be used: {problem}");
                // What follows a blank at the end is a date and this machine's clock.
                match message.ends_with(' ') {
                    true => assert!(error.message().starts_with(&message), "{}: {error}", case.name),
                    false => assert_eq!(error.message(), message, "{}", case.name),
                }
                assert_eq!(error.request_state(), RequestState::None, "{}", case.name);
                assert!(error.advice().starts_with("The code is spent"), "{}", case.name);
            }
        }
    }
}

#[test]
fn what_the_cas_above_the_till_are_meant_for_is_the_devices_affair() {
    let simulator = simulator();
    for usage in [Usage::Any, Usage::Client, Usage::Code] {
        let request =
            CertificateRequest { signed_by: SignedBy::CaFor(usage), ..CertificateRequest::till("1001") };
        let issued = issue(simulator.pki(), request);
        let body = issued.key_pem_pkcs1 + &issued.chain_pem;
        let identity = pair_with_reply(&simulator, "https", body.into_bytes())
            .unwrap_or_else(|error| panic!("{usage:?}: {error:?}"));
        assert_eq!(identity.cert_chain_pem(), issued.chain_pem, "{usage:?}");
    }
}

#[test]
fn refusals_in_a_reply_are_told_in_the_devices_words() {
    let simulator = simulator();
    for scheme in SCHEMES {
        let body = br#"{"type":"ErrorResponse","message":"Nope","developerDescription":"why"}"#;
        let error = failure(pair_with_reply(&simulator, scheme, body.to_vec()), scheme);
        assert_eq!(error.status(), Status::PairingRejected, "{scheme}: {error:?}");
        assert_eq!(error.message(), "the device refused to pair: \"Nope; why\"");
    }
}

#[test]
fn http_statuses_are_refusals_with_what_can_be_repeated_of_the_body() {
    let simulator = simulator();
    let html = "<html><body>Gateway</body></html>";
    for (code, content_type, body, message) in [
        (500, "text/html", html, "the device refused to pair with HTTP status 500"),
        (
            401,
            "text/plain",
            "no code shown",
            "the device refused to pair with HTTP status 401: \"no code shown\"",
        ),
        (404, "text/plain", "", "the device refused to pair with HTTP status 404"),
        (302, "text/plain", "", "the device refused to pair with HTTP status 302"),
    ] {
        let reply =
            PairingReply::Status { code, content_type: content_type.into(), body: body.as_bytes().to_vec() };
        simulator.set_faults(Faults { pairing_reply: reply, ..Faults::default() });
        let error =
            failure(device(&simulator, "https").pair("1001", &renewed_setup_code(&simulator)), message);
        assert_eq!(error.status(), Status::PairingRejected, "{error:?}");
        assert_eq!(error.message(), message);
        assert_eq!(error.http_status(), Some(code));
    }
}

#[test]
fn a_flood_in_place_of_a_reply_is_cut_off() {
    let simulator = simulator();
    for scheme in SCHEMES {
        let error = failure(pair_with_reply(&simulator, scheme, vec![b'x'; 5_000_000]), scheme);
        assert_eq!(error.status(), Status::PairingReplyUnusable, "{scheme}: {error:?}");
        assert!(error.message().ends_with("it is larger than 1048576 bytes"), "{scheme}: {error:?}");
    }
}

#[test]
fn noise_within_the_limit_changes_nothing() {
    let simulator = simulator();
    let issued = simulator.issue_till("1001");
    let noise = "noise without meaning\n".repeat(20_000);
    let body = format!("{noise}{}{noise}{}", issued.key_pem_pkcs1, issued.chain_pem);
    pair_with_reply(&simulator, "wss", body.into_bytes()).expect("pairs");
}

fn pair_with_reply(simulator: &Simulator, scheme: &str, body: Vec<u8>) -> Result<Identity, poslatch::Error> {
    let reply = PairingReply::Body(body);
    simulator.set_faults(Faults { pairing_reply: reply, ..Faults::default() });
    device(simulator, scheme).pair("1001", &renewed_setup_code(simulator))
}

fn good(pki: &Pki) -> Vec<Case> {
    let till = pki.issue_till("1001").expect("a till");
    let (key, pkcs8, chain) = (&till.key_pem_pkcs1, &till.key_pem_pkcs8, &till.chain_pem);
    let [leaf, issuing, root] = blocks(chain);
    let plain = format!("{key}{chain}");
    let ec = issue(pki, CertificateRequest { key: KeyChoice::EcP256, ..CertificateRequest::till("1001") });
    let server_usage =
        issue(pki, CertificateRequest { usage: Usage::Server, ..CertificateRequest::till("1001") });

    let cases: Vec<(&str, String)> = vec![
        ("as documented", plain.clone()),
        ("PKCS#8 key", format!("{pkcs8}{chain}")),
        ("elliptic-curve key, PKCS#8", format!("{}{}", ec.key_pem_pkcs8, ec.chain_pem)),
        ("key last", format!("{chain}{key}")),
        ("root first", format!("{root}{issuing}{leaf}{key}")),
        ("key in the middle", format!("{issuing}{key}{root}{leaf}")),
        ("CRLF", plain.replace('\n', "\r\n")),
        ("one line, escaped breaks", plain.replace('\n', "\\n")),
        ("one line, no breaks at all", plain.replace('\n', "")),
        ("indented", plain.replace('\n', "\n\t  ")),
        ("JSON string", serde_json::json!(plain).to_string()),
        ("JSON object", serde_json::json!({ "result": { "pem": plain } }).to_string()),
        ("JSON array of blocks", serde_json::json!([key, leaf, issuing, root]).to_string()),
        ("byte order mark", format!("\u{feff}{plain}")),
        ("text between the blocks", format!("subject=/CN=1001\n{key}\n\nissuer=x\n{chain}\nthe end")),
        ("no line break at the end", plain.trim_end().to_owned()),
        ("the same certificate twice", format!("{plain}{issuing}")),
        // Unknown usage is the device's affair: it judges its own certificates.
        ("certificate for servers", format!("{}{}", server_usage.key_pem_pkcs1, server_usage.chain_pem)),
        // The Root CA chain of the device completes what was left out.
        ("root left out", format!("{key}{leaf}{issuing}")),
        ("leaf alone", format!("{key}{leaf}")),
    ];
    cases.into_iter().map(|(name, body)| Case { name, body: body.into_bytes(), problem: None }).collect()
}

fn bad(pki: &Pki) -> Vec<Case> {
    let till = pki.issue_till("1001").expect("a till");
    let other = pki.issue_till("1002").expect("a till");
    let (key, chain) = (&till.key_pem_pkcs1, &till.chain_pem);
    let [leaf, issuing, root] = blocks(chain);
    let plain = format!("{key}{chain}");

    let foreign = Pki::new_in_memory().expect("another PKI");
    let foreign_till = foreign.issue_till("1001").expect("a till");
    let [foreign_leaf, _, foreign_root] = blocks(&foreign_till.chain_pem);

    let now = SystemTime::now();
    let day = Duration::from_secs(24 * 60 * 60);
    let expired = issue(
        pki,
        CertificateRequest {
            not_before: now - 3 * day,
            not_after: now - day,
            ..CertificateRequest::till("1001")
        },
    );
    let early = issue(
        pki,
        CertificateRequest {
            not_before: now + day,
            not_after: now + 3 * day,
            ..CertificateRequest::till("1001")
        },
    );
    let self_signed =
        issue(pki, CertificateRequest { signed_by: SignedBy::Itself, ..CertificateRequest::till("1001") });
    let [self_signed_leaf] = blocks(&self_signed.leaf_pem);

    let mut forged = till.leaf_der.clone();
    *forged.last_mut().expect("bytes") ^= 1;

    let mut cases: Vec<(&'static str, String, String)> = vec![
        ("empty", String::new(), "it is empty".into()),
        ("blank", " \r\n".into(), "it is empty".into()),
        ("plain words", "OK".into(), "it holds no PEM block".into()),
        ("HTML page", "<!DOCTYPE html><title>Login</title>".into(), "it is an HTML page instead of PEM".into()),
        ("JSON of something else", r#"{"ok":true}"#.into(), "it is JSON that holds neither PEM nor an error message".into()),
        ("no key", chain.clone(), "it holds no private key".into()),
        ("no certificate", key.clone(), "it holds no certificate".into()),
        ("two keys", format!("{plain}{}", other.key_pem_pkcs8), "it holds two private keys (blocks 1 and 5)".into()),
        ("key of another leaf", format!("{}{chain}", other.key_pem_pkcs1), "none of its certificates belongs to its private key".into()),
        ("leaf missing", format!("{key}{issuing}{root}"), "none of its certificates belongs to its private key".into()),
        ("issuer missing", format!("{}{foreign_leaf}{foreign_root}", foreign_till.key_pem_pkcs1), "block 2 (\"1001\") was issued by \"Simulated Issuing CA\", whose certificate is missing".into()),
        ("signature that does not hold", format!("{key}{}{issuing}{root}", pem("CERTIFICATE", &forged)), "block 2 (\"1001\") is not signed by block 3 (\"Simulated Issuing CA\"), whose name it gives as its issuer".into()),
        ("stray certificate", format!("{plain}{}", other.leaf_pem), "block 5 (\"1002\") does not belong to the chain of the till's certificate".into()),
        ("self-signed till", format!("{}{self_signed_leaf}", self_signed.key_pem_pkcs1), "block 2 (\"1001\"), the till's certificate, is self-signed".into()),
        ("v1 leaf", format!("{key}{}{issuing}{root}", as_v1(&till.leaf_der)), "block 2 (\"1001\") is an X.509 v1 certificate; only version 3 can be used".into()),
        ("truncated in the last block", plain[..plain.len() - 40].to_owned(), "block 4 (CERTIFICATE) is cut off".into()),
        ("truncated in the key", plain[..300].to_owned(), "block 1 (RSA PRIVATE KEY) is cut off".into()),
        ("damaged base64", plain.replacen("MII", "M$I", 1), "block 1 (RSA PRIVATE KEY) is not valid base64".into()),
        ("damaged certificate", format!("{key}{}", pem("CERTIFICATE", &till.leaf_der[..100])), "block 2 is not a certificate".into()),
        ("certificate labelled as key", format!("{}{chain}", pem("PRIVATE KEY", &till.leaf_der)), "block 1 is a private key of a kind or size that TLS does not use".into()),
        ("block of another kind", format!("{plain}{}", pem("PUBLIC KEY", &[1, 2, 3])), "block 5 is neither a private key nor a certificate".into()),
        ("encrypted key", format!("{}{chain}", pem("ENCRYPTED PRIVATE KEY", &[1, 2, 3])), "block 1 is an encrypted private key".into()),
        ("key encrypted the old way", plain.replacen("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n\n", 1), "block 1 (RSA PRIVATE KEY) is encrypted in the outdated OpenSSL form".into()),
        ("label changes", plain.replacen("END RSA", "END DSA", 1), "block 1 begins as RSA PRIVATE KEY and ends as DSA PRIVATE KEY".into()),
        ("seventeen certificates", format!("{key}{}", (0..17).map(|n| pki.issue(&CertificateRequest { key: KeyChoice::EcP256, ..CertificateRequest::till(&n.to_string()) }).expect("issued").leaf_pem).collect::<String>()), "it holds 17 certificates, more than 16".into()),
        ("the key's text without its frame", format!("{}{leaf}", key.replace("-----", "")), "it holds no private key".into()),
    ];
    for (name, till, words) in
        [("expired leaf", &expired, "expired on "), ("leaf of tomorrow", &early, "is valid only from ")]
    {
        cases.push((
            name,
            format!("{}{}", till.key_pem_pkcs1, till.chain_pem),
            format!("block 2 (\"1001\") {words}"),
        ));
    }
    cases
        .into_iter()
        .map(|(name, body, problem)| Case { name, body: body.into_bytes(), problem: Some(problem) })
        .collect()
}

fn issue(pki: &Pki, request: CertificateRequest) -> Issued {
    pki.issue(&request).expect("a certificate")
}

fn blocks<const N: usize>(pem: &str) -> [String; N] {
    let blocks: Vec<String> = pem.split_inclusive("-----END CERTIFICATE-----\n").map(str::to_owned).collect();
    blocks.try_into().expect("as many blocks as asked for")
}

fn pem(label: &str, der: &[u8]) -> String {
    x509_cert::der::pem::encode_string(label, x509_cert::der::pem::LineEnding::LF, der).expect("PEM")
}

/// The same certificate as X.509 v1: without version and extensions. Its signature is void, which
/// nobody gets to look at.
pub(crate) fn as_v1(der: &[u8]) -> String {
    let outer = AnyRef::from_der(der).expect("a certificate");
    let parts = parts(outer.value());
    let tbs: Vec<u8> = self::parts(AnyRef::from_der(&parts[0]).expect("its content").value())
        .into_iter()
        .filter(|part| {
            let tag = AnyRef::from_der(part).expect("a field").tag();
            let numbered = |number| Tag::ContextSpecific { constructed: true, number: TagNumber(number) };
            tag != numbered(0) && tag != numbered(3)
        })
        .flatten()
        .collect();
    let tbs = Any::new(Tag::Sequence, tbs).and_then(|any| any.to_der()).expect("encodes");
    let content = [tbs, parts[1].clone(), parts[2].clone()].concat();
    pem("CERTIFICATE", &Any::new(Tag::Sequence, content).and_then(|any| any.to_der()).expect("encodes"))
}

fn parts(content: &[u8]) -> Vec<Vec<u8>> {
    use x509_cert::der::Reader;
    let mut reader = SliceReader::new(content).expect("bytes");
    let mut parts = Vec::new();
    while !reader.is_finished() {
        parts.push(reader.tlv_bytes().expect("a field").to_vec());
    }
    parts
}
