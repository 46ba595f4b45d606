//! What proves whose a request is, made anew: tokens and signatures as section 3 describes them.

use crate::client::host;
use crate::vectors::{DATE, HOST, KEY_ID, MERCHANT, NOW, PATH, SECRET, SIGNATURES, TOKEN, TOKEN_ID};
use aws_lc_rs::hmac;
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use poslatch_simulator::Cloud;
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime};

#[test]
fn signing_code_agrees_with_another_implementation() {
    for (list, to_sign, signature) in SIGNATURES {
        let values = [("host", HOST), ("date", DATE), ("v-c-date", DATE), ("v-c-merchant-id", MERCHANT)];
        assert_eq!(string_to_sign(list, &values, "get", PATH), to_sign);
        assert_eq!(Base64::encode_string(&mac(SECRET, to_sign)), signature);
    }
    let [header, claims, _] = TOKEN;
    let text = |part| String::from_utf8(Base64UrlUnpadded::decode_vec(part).expect("base64")).expect("text");
    assert_eq!(token(SECRET, &text(header), &text(claims)), TOKEN.join("."));
    let claims: Value = serde_json::from_str(&text(claims)).expect("JSON");
    assert_eq!(claims, Value::Object(claims_at(HOST, NOW, TOKEN_ID)));
}

pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    since.as_secs().try_into().expect("before the end of time")
}

pub(crate) fn claims(cloud: &Cloud) -> Map<String, Value> {
    claims_at(&host(cloud), now(), &uuid_v4())
}

pub(crate) fn claims_at(host: &str, now: i64, id: &str) -> Map<String, Value> {
    let claims = json!({
        "iat": now,
        "exp": now + 120,
        "iss": MERCHANT,
        "jti": id,
        "request-host": host,
        "request-method": "get",
        "request-resource-path": PATH,
        "v-c-jwt-version": "2",
        "v-c-merchant-id": MERCHANT,
    });
    claims.as_object().expect("an object").clone()
}

pub(crate) fn bearer(claims: &Map<String, Value>) -> Vec<(String, String)> {
    let header = json!({ "alg": "HS256", "kid": KEY_ID, "typ": "JWT" }).to_string();
    let token = token(SECRET, &header, &Value::Object(claims.clone()).to_string());
    vec![("Authorization".to_owned(), format!("Bearer {token}"))]
}

pub(crate) fn token(secret: &str, header: &str, claims: &str) -> String {
    let part = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let to_sign = part(header) + "." + &part(claims);
    let signature = Base64UrlUnpadded::encode_string(&mac(secret, &to_sign));
    to_sign + "." + &signature
}

pub(crate) fn signed(cloud: &Cloud, list: &str) -> Vec<(String, String)> {
    signed_at(cloud, list, SECRET, now())
}

pub(crate) fn signed_at(cloud: &Cloud, list: &str, secret: &str, seconds: i64) -> Vec<(String, String)> {
    let seconds = Duration::from_secs(seconds.try_into().expect("after 1970"));
    let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + seconds);
    let host = host(cloud);
    let values =
        [("host", host.as_str()), ("date", &date), ("v-c-date", &date), ("v-c-merchant-id", MERCHANT)];
    let signature = Base64::encode_string(&mac(secret, &string_to_sign(list, &values, "get", PATH)));
    let date_header = if list.contains("v-c-date") { "v-c-date" } else { "Date" };
    let signature = format!(
        "keyid=\"{KEY_ID}\", algorithm=\"HmacSHA256\", headers=\"{list}\", signature=\"{signature}\""
    );
    [(date_header, date.as_str()), ("v-c-merchant-id", MERCHANT), ("Signature", &signature)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

pub(crate) fn string_to_sign(list: &str, values: &[(&str, &str)], method: &str, path: &str) -> String {
    let mut lines = Vec::new();
    for name in list.split(' ') {
        let value = match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => (*value).to_owned(),
            None => format!("{method} {path}"),
        };
        lines.push(format!("{name}: {value}"));
    }
    lines.join("\n")
}

pub(crate) fn mac(secret: &str, text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &Base64::decode_vec(secret).expect("base64"));
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

pub(crate) fn uuid_v4() -> String {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
