//! Credentials that are wrong in one thing: which check they fail, and that they do.

use crate::client::ask;
use crate::signing::{bearer, claims, now, signed, signed_at, token};
use crate::vectors::{DATE, HOST, KEY_ID, MERCHANT, PATH, SECRET, SIGNATURES};
use crate::{builder, cloud, requests, with};
use base64ct::{Base64, Encoding};
use poslatch_simulator::{AuthCheck, AuthKind, Cloud, CloudFaults, Error, Verdict};
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn each_wrong_claim_is_named() {
    let cloud = cloud();
    let now = now();
    let wrong = [
        ("iat", json!(now.to_string()), AuthCheck::IssuedAt),
        ("iat", json!(now + 400), AuthCheck::IssuedAt),
        ("iat", Value::Null, AuthCheck::IssuedAt),
        ("exp", json!(now + 121), AuthCheck::Expiry),
        ("exp", json!(now), AuthCheck::Expiry),
        ("exp", Value::Null, AuthCheck::Expiry),
        ("iss", json!("another"), AuthCheck::Issuer),
        ("jti", json!("1b4e28ba-2fa1-11d2-883f-0016d3cca427"), AuthCheck::TokenId),
        ("jti", json!(7), AuthCheck::TokenId),
        ("request-host", json!("localhost"), AuthCheck::RequestHost),
        ("request-host", Value::Null, AuthCheck::RequestHost),
        ("request-method", json!("GET"), AuthCheck::RequestMethod),
        ("request-resource-path", json!(format!("https://{HOST}{PATH}")), AuthCheck::RequestPath),
        ("v-c-jwt-version", json!(2), AuthCheck::TokenVersion),
        ("v-c-merchant-id", json!("another"), AuthCheck::MerchantId),
        ("digest", json!("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), AuthCheck::Digest),
        ("digestAlgorithm", json!("SHA-256"), AuthCheck::Digest),
    ];
    for (claim, value, expected) in wrong {
        let mut claims = claims(&cloud);
        // A token that is wrong in one thing must be right in all others.
        match value {
            Value::Null => drop(claims.remove(claim)),
            value => drop(claims.insert(claim.to_owned(), value)),
        }
        refused(&cloud, &bearer(&claims), AuthKind::Jwt, expected);
    }
    let mut passed = claims(&cloud);
    passed.insert("iat".to_owned(), json!(now - 130));
    passed.insert("exp".to_owned(), json!(now - 10));
    refused(&cloud, &bearer(&passed), AuthKind::Jwt, AuthCheck::Expiry);
}

#[test]
fn each_wrong_token_is_named() {
    let cloud = cloud();
    let claims = Value::Object(claims(&cloud)).to_string();
    let header = |header: Value| token(SECRET, &header.to_string(), &claims);
    let right = json!({ "alg": "HS256", "kid": KEY_ID, "typ": "JWT" });
    let unsigned = header(json!({ "alg": "none", "kid": KEY_ID, "typ": "JWT" }));
    for (token, expected) in [
        (unsigned.clone(), AuthCheck::Algorithm),
        (unsigned.rsplit_once('.').expect("a dot").0.to_owned() + ".", AuthCheck::Algorithm),
        (header(json!({ "alg": "HS512", "kid": KEY_ID, "typ": "JWT" })), AuthCheck::Algorithm),
        (header(json!({ "alg": "HS256", "kid": "another", "typ": "JWT" })), AuthCheck::KeyId),
        (header(json!({ "alg": "HS256", "typ": "JWT" })), AuthCheck::KeyId),
        (header(json!({ "alg": "HS256", "kid": KEY_ID })), AuthCheck::TokenType),
        (token("YW5vdGhlcg==", &right.to_string(), &claims), AuthCheck::Signature),
        (Base64::encode_string(SECRET.as_bytes()), AuthCheck::Form),
        (header(right) + "=", AuthCheck::Form),
        (String::new(), AuthCheck::Form),
    ] {
        let headers = vec![("Authorization".to_owned(), format!("Bearer {token}"))];
        // The space behind the word is not part of a value that ends there.
        let kind = if token.is_empty() { AuthKind::Unknown } else { AuthKind::Jwt };
        let expected = if token.is_empty() { AuthCheck::Presence } else { expected };
        refused(&cloud, &headers, kind, expected);
    }
}

#[test]
fn secret_is_used_decoded() {
    let cloud = cloud();
    let header = json!({ "alg": "HS256", "kid": KEY_ID, "typ": "JWT" }).to_string();
    let as_text = Base64::encode_string(SECRET.as_bytes());
    let token = token(&as_text, &header, &Value::Object(claims(&cloud)).to_string());
    let headers = vec![("Authorization".to_owned(), format!("Bearer {token}"))];
    refused(&cloud, &headers, AuthKind::Jwt, AuthCheck::Signature);
}

#[test]
fn token_serves_once() {
    let cloud = cloud();
    let headers = bearer(&claims(&cloud));
    assert_eq!(ask(&cloud, &headers).status, 200);
    refused(&cloud, &headers, AuthKind::Jwt, AuthCheck::TokenReplayed);
}

#[test]
fn each_wrong_signature_is_named() {
    let cloud = cloud();
    let list = SIGNATURES[2].0;
    let changed = |name: &str, from: &str, to: &str| {
        let mut headers = signed(&cloud, list);
        let value = headers.iter_mut().find(|(header, _)| header == name).expect("the header");
        assert!(value.1.contains(from), "{value:?}");
        value.1 = value.1.replacen(from, to, 1);
        headers
    };
    let without = |name: &str| {
        let mut headers = signed(&cloud, list);
        headers.retain(|(header, _)| header != name);
        headers
    };
    let with_another = |name: &str, value: &str| {
        let mut headers = signed(&cloud, list);
        headers.push((name.to_owned(), value.to_owned()));
        headers
    };
    for (headers, expected) in [
        (changed("Signature", "HmacSHA256", "hmac-sha256"), AuthCheck::Algorithm),
        (changed("Signature", KEY_ID, "another"), AuthCheck::KeyId),
        (changed("Signature", "host v-c-date", "host"), AuthCheck::HeaderList),
        (changed("Signature", "v-c-date", "date"), AuthCheck::Date),
        (changed("Signature", "algorithm=", "algorithms="), AuthCheck::Form),
        (changed("Signature", "signature=\"", "signature=\"?"), AuthCheck::Form),
        (changed("v-c-merchant-id", MERCHANT, "another"), AuthCheck::MerchantId),
        (changed("v-c-date", " GMT", " UTC"), AuthCheck::Date),
        (without("v-c-date"), AuthCheck::Date),
        (without("v-c-merchant-id"), AuthCheck::MerchantId),
        (with_another("Digest", "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), AuthCheck::Digest),
        (with_another("v-c-date", DATE), AuthCheck::Date),
        (signed_at(&cloud, list, "YW5vdGhlcg==", now()), AuthCheck::Signature),
        (signed_at(&cloud, list, SECRET, now() - 310), AuthCheck::Date),
        (signed_at(&cloud, list, SECRET, now() + 310), AuthCheck::Date),
    ] {
        refused(&cloud, &headers, AuthKind::HttpSignature, expected);
    }
    assert_eq!(ask(&cloud, &signed_at(&cloud, list, SECRET, now() - 290)).status, 200);
}

#[test]
fn request_without_credentials_or_with_too_many_is_refused() {
    let cloud = cloud();
    let basic = vec![("Authorization".to_owned(), "Basic bWU6bWU=".to_owned())];
    refused(&cloud, &[], AuthKind::None, AuthCheck::Presence);
    refused(&cloud, &basic, AuthKind::Unknown, AuthCheck::Presence);
    let both = [bearer(&claims(&cloud)), signed(&cloud, SIGNATURES[1].0)].concat();
    refused(&cloud, &both, AuthKind::Both, AuthCheck::Presence);
    assert_eq!(requests(&cloud).len(), 3);
}

#[test]
fn window_of_the_date_can_be_set() {
    let cloud = builder().date_window(Duration::from_secs(10)).start().expect("a cloud");
    let at = |seconds| signed_at(&cloud, SIGNATURES[1].0, SECRET, seconds);
    refused(&cloud, &at(now() - 20), AuthKind::HttpSignature, AuthCheck::Date);
    assert_eq!(ask(&cloud, &at(now())).status, 200);
}

#[test]
fn wrong_key_refuses_every_signature() {
    let cloud = with(CloudFaults::WrongKey);
    refused(&cloud, &bearer(&claims(&cloud)), AuthKind::Jwt, AuthCheck::Signature);
    refused(&cloud, &signed(&cloud, SIGNATURES[1].0), AuthKind::HttpSignature, AuthCheck::Signature);
}

#[test]
fn clock_that_is_off_refuses_either_kind() {
    for (seconds, token) in [(600, AuthCheck::Expiry), (-600, AuthCheck::IssuedAt)] {
        let cloud = with(CloudFaults::ClockSkew(seconds));
        refused(&cloud, &bearer(&claims(&cloud)), AuthKind::Jwt, token);
        refused(&cloud, &signed(&cloud, SIGNATURES[2].0), AuthKind::HttpSignature, AuthCheck::Date);
    }
}

#[test]
fn secret_that_is_not_base64_is_refused() {
    let error = Cloud::builder().key(KEY_ID, "not base64!").start().expect_err("no such secret");
    assert!(matches!(error, Error::Secret), "{error}");
}

/// Expects HTTP 401, and on record the check that did not pass.
pub(crate) fn refused(cloud: &Cloud, headers: &[(String, String)], kind: AuthKind, expected: AuthCheck) {
    let reply = ask(cloud, headers);
    assert_eq!(
        (reply.status, reply.json()),
        (401, json!({ "response": { "rmsg": "Authentication Failed" } })),
        "{expected:?}"
    );
    let request = requests(cloud).pop().expect("a request");
    assert_eq!(request.auth, kind, "{expected:?}");
    match request.verdict {
        Verdict::Refused { check, reason } => assert_eq!(check, expected, "{reason}"),
        Verdict::Accepted => panic!("accepted in spite of {expected:?}"),
    }
}
