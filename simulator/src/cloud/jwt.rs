//! The bearer token of section 3b: a JWS whose claims tie it to one request. Nothing in it is taken for granted, since
//! this is what the library under test has to get right.

use super::auth::{AuthCheck, Failed, Judge};
use base64ct::{Base64UrlUnpadded, Encoding};
use hyper::header::AUTHORIZATION;
use serde_json::{Map, Value};

pub(super) const BEARER: &str = "Bearer ";

pub(super) fn check(judge: &Judge<'_>) -> Result<(), Failed> {
    let token = judge.header(AUTHORIZATION.as_str(), AuthCheck::Form)?;
    let token = token.strip_prefix(BEARER).ok_or_else(|| Failed::new(AuthCheck::Form, "no bearer token"))?;
    let parts: Vec<_> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        return Err(Failed::new(AuthCheck::Form, format!("{} parts, expected 3", parts.len())));
    };
    let signed = format!("{header}.{claims}");
    let header = object(header, "header")?;
    expect(&header, "alg", "HS256", AuthCheck::Algorithm)?;
    expect(&header, "kid", &judge.credentials.key_id, AuthCheck::KeyId)?;
    expect(&header, "typ", "JWT", AuthCheck::TokenType)?;
    judge.check_signature(&signed, &decode(signature, "signature")?)?;
    check_claims(judge, &object(claims, "claims")?)
}

fn check_claims(judge: &Judge<'_>, claims: &Map<String, Value>) -> Result<(), Failed> {
    let merchant = &judge.credentials.merchant;
    check_dates(judge, claims)?;
    expect(claims, "iss", merchant, AuthCheck::Issuer)?;
    let id = claims.get("jti").and_then(Value::as_str).unwrap_or_default();
    if !is_uuid_v4(id) {
        return Err(Failed::new(AuthCheck::TokenId, "jti is not a UUID of version 4"));
    }
    expect(claims, "request-host", judge.host()?, AuthCheck::RequestHost)?;
    expect(claims, "request-method", &judge.method(), AuthCheck::RequestMethod)?;
    expect(claims, "request-resource-path", judge.path(), AuthCheck::RequestPath)?;
    expect(claims, "v-c-jwt-version", "2", AuthCheck::TokenVersion)?;
    expect(claims, "v-c-merchant-id", merchant, AuthCheck::MerchantId)?;
    if let Some(claim) = ["digest", "digestAlgorithm"].iter().find(|claim| claims.contains_key(**claim)) {
        return Err(Failed::new(AuthCheck::Digest, format!("claim {claim} without a body")));
    }
    // Last, so that a token which was refused for another reason may be mended and sent again.
    match judge.credentials.note_token(id) {
        true => Ok(()),
        false => Err(Failed::new(AuthCheck::TokenReplayed, "jti was seen before")),
    }
}

fn check_dates(judge: &Judge<'_>, claims: &Map<String, Value>) -> Result<(), Failed> {
    let seconds = |claim: &str, check| {
        let value = claims.get(claim).and_then(Value::as_i64);
        value.ok_or_else(|| Failed::new(check, format!("{claim} is missing or not a number of seconds")))
    };
    let issued = seconds("iat", AuthCheck::IssuedAt)?;
    let ahead = issued.saturating_sub(judge.now);
    if ahead > i64::try_from(judge.credentials.date_window.as_secs()).unwrap_or(i64::MAX) {
        return Err(Failed::new(AuthCheck::IssuedAt, format!("iat is {ahead} s ahead")));
    }
    let expiry = seconds("exp", AuthCheck::Expiry)?;
    let life = expiry.saturating_sub(issued);
    if !(1..=LIFE_MAX).contains(&life) {
        return Err(Failed::new(AuthCheck::Expiry, format!("exp is {life} s after iat, expected 1 to 120")));
    }
    if expiry < judge.now {
        let past = judge.now.saturating_sub(expiry);
        return Err(Failed::new(AuthCheck::Expiry, format!("exp has passed, {past} s ago")));
    }
    Ok(())
}

fn expect(from: &Map<String, Value>, name: &str, expected: &str, check: AuthCheck) -> Result<(), Failed> {
    match from.get(name) {
        Some(Value::String(found)) if found == expected => Ok(()),
        Some(found) => Err(Failed::other(check, name, found, expected)),
        None => Err(Failed::new(check, format!("no {name}"))),
    }
}

fn object(part: &str, what: &str) -> Result<Map<String, Value>, Failed> {
    match serde_json::from_slice(&decode(part, what)?) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Failed::new(AuthCheck::Form, format!("{what} is not a JSON object"))),
    }
}

fn decode(part: &str, what: &str) -> Result<Vec<u8>, Failed> {
    Base64UrlUnpadded::decode_vec(part)
        .map_err(|_| Failed::new(AuthCheck::Form, format!("{what} is not base64url without padding")))
}

/// RFC 9562, section 5.4.
fn is_uuid_v4(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => byte == b'4',
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b' | b'A' | b'B'),
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Section 3b.
const LIFE_MAX: i64 = 120;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::auth::Credentials;
    use crate::cloud::vectors::{HOST, NOW, TOKEN};

    fn judge(credentials: &Credentials, token: &str, host: &str, now: i64) -> Result<(), AuthCheck> {
        let authorization = format!("Bearer {token}");
        let headers = [("host", host), ("authorization", &authorization)];
        credentials.judge_vector(&headers, now).map_err(|(check, _)| check)
    }

    #[test]
    fn token_of_another_implementation_is_accepted_once() {
        let token = TOKEN.join(".");
        let credentials = Credentials::of_vectors();
        assert_eq!(judge(&credentials, &token, HOST, NOW), Ok(()));
        assert_eq!(judge(&credentials, &token, HOST, NOW), Err(AuthCheck::TokenReplayed));
        for (now, expected) in [
            (NOW + 120, Ok(())),
            (NOW + 121, Err(AuthCheck::Expiry)),
            (NOW - 300, Ok(())),
            (NOW - 301, Err(AuthCheck::IssuedAt)),
        ] {
            assert_eq!(judge(&Credentials::of_vectors(), &token, HOST, now), expected, "{now}");
        }
        assert_eq!(judge(&credentials, &token, "localhost:4712", NOW), Err(AuthCheck::RequestHost));
    }

    #[test]
    fn token_with_one_bit_changed_is_refused() {
        let [header, claims, signature] = TOKEN;
        let changed = signature.replacen('a', "b", 1);
        assert_ne!(changed, signature);
        for (token, expected) in [
            (format!("{header}.{claims}.{changed}"), AuthCheck::Signature),
            (format!("{header}.{claims}."), AuthCheck::Signature),
            (format!("{header}.{claims}"), AuthCheck::Form),
            (format!("{header}.{claims}.{signature}="), AuthCheck::Form),
            (format!("{claims}.{claims}.{signature}"), AuthCheck::Algorithm),
        ] {
            assert_eq!(judge(&Credentials::of_vectors(), &token, HOST, NOW), Err(expected), "{token}");
        }
    }

    #[test]
    fn uuid_of_another_version_or_variant_is_none() {
        assert!(is_uuid_v4("08c94330-f618-42a3-b09d-e1e43be5efda"));
        for other in [
            "08c94330-f618-12a3-b09d-e1e43be5efda",
            "08c94330-f618-42a3-c09d-e1e43be5efda",
            "08c94330f61842a3b09de1e43be5efda",
            "08c94330-f618-42a3-b09d-e1e43be5efdg",
            "",
        ] {
            assert!(!is_uuid_v4(other), "{other}");
        }
    }
}
