//! The headers that prove whose a request is: a JSON Web Token or an HTTP Signature.
//!
//! Pure functions: clock and random bytes come in, so that each result can be compared with what
//! another implementation computes. The rules are those of protocol.md sections 3a and 3b for a
//! request without body, and so without digest.

use super::CloudAuth;
use super::key::ApiKey;
use crate::error::{Error, Kind};
use crate::transport::https::Header;
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde_json::json;
use std::time::Duration;
use x509_cert::der::DateTime;
use zeroize::Zeroizing;

/// The longest life of a token that the vendor accepts.
const JWT_LIFE_S: u64 = 120;

/// What is asked for with GET.
pub(super) struct Question<'a> {
    /// As in the `Host` header.
    pub(super) host: &'a str,
    pub(super) path: &'a str,
}

/// All headers of the request that are ours to choose. `now` is in seconds since 1970.
pub(super) fn headers(
    auth: CloudAuth,
    key: &ApiKey,
    question: &Question<'_>,
    now: u64,
    random: [u8; 16],
) -> Result<Vec<Header>, Error> {
    let plain = |text: &str| Zeroizing::new(text.to_owned());
    // A type for no content: the vendor's own examples send it, and nothing else is known to work.
    let mut headers = vec![("Host", plain(question.host)), ("Content-Type", plain("application/json"))];
    let date_header = match auth {
        CloudAuth::Jwt => {
            let token = jwt(key, question, now, random)?;
            headers.push(("Authorization", Zeroizing::new(format!("Bearer {}", *token))));
            return Ok(headers);
        }
        CloudAuth::HttpSignature => "date",
        CloudAuth::HttpSignatureVDate => "v-c-date",
    };
    let date = http_date(now)?;
    let signature = http_signature(key, question, date_header, &date)?;
    headers.push(("v-c-merchant-id", plain(&key.merchant_id)));
    headers.push((date_header, Zeroizing::new(date)));
    headers.push(("Signature", signature));
    Ok(headers)
}

/// The token of protocol.md section 3b, HS256.
fn jwt(
    key: &ApiKey,
    question: &Question<'_>,
    now: u64,
    random: [u8; 16],
) -> Result<Zeroizing<String>, Error> {
    let header = json!({"alg": "HS256", "kid": key.key_id, "typ": "JWT"});
    let claims = json!({
        "exp": now.saturating_add(JWT_LIFE_S),
        "iat": now,
        "iss": key.merchant_id,
        "jti": uuid_v4(random),
        "request-host": question.host,
        "request-method": "get",
        "request-resource-path": question.path,
        "v-c-jwt-version": "2",
        "v-c-merchant-id": key.merchant_id,
    });
    let part = |value: &serde_json::Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let signed = Zeroizing::new(format!("{}.{}", part(&header), part(&claims)));
    let signature = key.sign(signed.as_bytes())?;
    Ok(Zeroizing::new(format!("{}.{}", *signed, Base64UrlUnpadded::encode_string(&signature))))
}

/// The `Signature` header of protocol.md section 3a.
fn http_signature(
    key: &ApiKey,
    question: &Question<'_>,
    date_header: &str,
    date: &str,
) -> Result<Zeroizing<String>, Error> {
    let signature = key.sign(string_to_sign(key, question, date_header, date).as_bytes())?;
    Ok(Zeroizing::new(format!(
        "keyid=\"{}\", algorithm=\"HmacSHA256\", headers=\"host {date_header} request-target v-c-merchant-id\", signature=\"{}\"",
        key.key_id,
        Base64::encode_string(&signature)
    )))
}

fn string_to_sign(key: &ApiKey, question: &Question<'_>, date_header: &str, date: &str) -> String {
    format!(
        "host: {}\n{date_header}: {date}\nrequest-target: get {}\nv-c-merchant-id: {}",
        question.host, question.path, key.merchant_id
    )
}

/// A moment as HTTP writes it, `Tue, 24 Nov 2026 17:56:08 GMT`: in English, whatever the locale.
fn http_date(unix_seconds: u64) -> Result<String, Error> {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let out_of_range = || Kind::Internal { detail: "this machine's clock is past the year 9999".into() };

    let time = DateTime::from_unix_duration(Duration::from_secs(unix_seconds)).map_err(|_| out_of_range())?;
    // 1 January 1970 was a Thursday.
    let day = DAYS.iter().cycle().nth(usize::try_from(unix_seconds / 86_400 % 7).unwrap_or_default());
    let month = MONTHS.get(usize::from(time.month()).saturating_sub(1));
    let (Some(day), Some(month)) = (day, month) else { return Err(out_of_range().into()) };
    Ok(format!(
        "{day}, {:02} {month} {:04} {:02}:{:02}:{:02} GMT",
        time.day(),
        time.year(),
        time.hour(),
        time.minutes(),
        time.seconds()
    ))
}

/// RFC 9562 section 5.4: random, but for version and variant.
fn uuid_v4(random: [u8; 16]) -> String {
    let free = u128::from_be_bytes(random) & !(0xf << 76) & !(0x3 << 62);
    let uuid = free | 0x4 << 76 | 0x2 << 62;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        uuid >> 96,
        uuid >> 80 & 0xffff,
        uuid >> 64 & 0xffff,
        uuid >> 48 & 0xffff,
        uuid & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    // Everything expected here was printed by this program of Python's standard library:
    //
    // import base64, hashlib, hmac, json
    // key = base64.b64decode("c2hhcmVkIHNlY3JldCBvZiB0aGUgdGVzdCBtZXJjaGFudCE=")
    // host, path = "apitest.cybersource.com", "/dms/v2/devices/certificates/rootca"
    // url = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
    // part = lambda value: url(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())
    // signed = part({"alg": "HS256", "kid": "08c94330-f618", "typ": "JWT"}) + b"." + part({
    //     "iat": 1795543200, "exp": 1795543200 + 120, "iss": "testmerchant",
    //     "jti": "00010203-0405-4607-8809-0a0b0c0d0e0f", "request-host": host, "request-method": "get",
    //     "request-resource-path": path, "v-c-jwt-version": "2", "v-c-merchant-id": "testmerchant"})
    // print((signed + b"." + url(hmac.digest(key, signed, hashlib.sha256))).decode())
    // from email.utils import formatdate
    // date = formatdate(1795543200, usegmt=True)
    // for name in "date", "v-c-date":
    //     text = f"host: {host}\n{name}: {date}\nrequest-target: get {path}\nv-c-merchant-id: testmerchant"
    //     print(text, base64.b64encode(hmac.digest(key, text.encode(), hashlib.sha256)).decode())
    // for moment in 0, 951782400, 1709164799, 1795543200, 253402300799:
    //     print(formatdate(moment, usegmt=True))
    const NOW: u64 = 1_795_543_200;
    const RANDOM: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    const QUESTION: Question<'_> =
        Question { host: "apitest.cybersource.com", path: "/dms/v2/devices/certificates/rootca" };

    fn key() -> ApiKey {
        ApiKey::new("testmerchant", "08c94330-f618", "c2hhcmVkIHNlY3JldCBvZiB0aGUgdGVzdCBtZXJjaGFudCE=")
            .expect("a key")
    }

    fn headers_of(auth: CloudAuth) -> Vec<(&'static str, String)> {
        let headers = headers(auth, &key(), &QUESTION, NOW, RANDOM).expect("headers");
        headers.into_iter().map(|(name, value)| (name, value.to_string())).collect()
    }

    #[test]
    fn the_token_is_the_one_that_python_computes() {
        let token = concat!(
            "eyJhbGciOiJIUzI1NiIsImtpZCI6IjA4Yzk0MzMwLWY2MTgiLCJ0eXAiOiJKV1QifQ.",
            "eyJleHAiOjE3OTU1NDMzMjAsImlhdCI6MTc5NTU0MzIwMCwiaXNzIjoidGVzdG1lcmNoYW50IiwianRpIjoiMDAwMTAyMDMtMDQw",
            "NS00NjA3LTg4MDktMGEwYjBjMGQwZTBmIiwicmVxdWVzdC1ob3N0IjoiYXBpdGVzdC5jeWJlcnNvdXJjZS5jb20iLCJyZXF1ZXN0",
            "LW1ldGhvZCI6ImdldCIsInJlcXVlc3QtcmVzb3VyY2UtcGF0aCI6Ii9kbXMvdjIvZGV2aWNlcy9jZXJ0aWZpY2F0ZXMvcm9vdGNh",
            "Iiwidi1jLWp3dC12ZXJzaW9uIjoiMiIsInYtYy1tZXJjaGFudC1pZCI6InRlc3RtZXJjaGFudCJ9.",
            "ataXa5o53N_ZeulQNTN2x18apSD2ylacJ7RDQodsmgk",
        );
        let expected = [
            ("Host", "apitest.cybersource.com".to_owned()),
            ("Content-Type", "application/json".to_owned()),
            ("Authorization", format!("Bearer {token}")),
        ];
        assert_eq!(headers_of(CloudAuth::Jwt), expected);
    }

    #[test]
    fn string_to_sign_and_signature_are_those_that_python_computes() {
        for (auth, date_header, signature) in [
            (CloudAuth::HttpSignature, "date", "HdQyjgg5npFO1PpIq/0deeo1wYmNrQDghLFWjY8pB80="),
            (CloudAuth::HttpSignatureVDate, "v-c-date", "Rhikyd0yos/6BgqlZyIu0qv+0tGKelUuZdNIVcvzRIk="),
        ] {
            let date = "Tue, 24 Nov 2026 18:00:00 GMT";
            let to_sign = string_to_sign(&key(), &QUESTION, date_header, date);
            let lines: Vec<_> = to_sign.split('\n').collect();
            let date_line = format!("{date_header}: {date}");
            assert_eq!(
                lines,
                [
                    "host: apitest.cybersource.com",
                    date_line.as_str(),
                    "request-target: get /dms/v2/devices/certificates/rootca",
                    "v-c-merchant-id: testmerchant",
                ]
            );
            let expected = [
                ("Host", "apitest.cybersource.com".to_owned()),
                ("Content-Type", "application/json".to_owned()),
                ("v-c-merchant-id", "testmerchant".to_owned()),
                (date_header, date.to_owned()),
                (
                    "Signature",
                    format!(
                        "keyid=\"08c94330-f618\", algorithm=\"HmacSHA256\", \
                         headers=\"host {date_header} request-target v-c-merchant-id\", signature=\"{signature}\""
                    ),
                ),
            ];
            assert_eq!(headers_of(auth), expected);
        }
    }

    #[test]
    fn dates_are_those_of_python_from_the_first_to_the_last() {
        for (moment, date) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_709_164_799, "Wed, 28 Feb 2024 23:59:59 GMT"),
            (NOW, "Tue, 24 Nov 2026 18:00:00 GMT"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(http_date(moment).expect("in range"), date);
        }
        assert!(http_date(u64::MAX).is_err());
    }
}
