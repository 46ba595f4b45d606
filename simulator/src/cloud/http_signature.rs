//! The HTTP Signature of section 3a, with each of the three header lists that the vendor has had. The string to sign is
//! built anew from the request, never taken from the client.

use super::auth::{AuthCheck, Failed, Judge};
use base64ct::{Base64, Encoding};
use std::time::{Duration, SystemTime};

pub(super) const SIGNATURE: &str = "signature";

pub(super) fn check(judge: &Judge<'_>) -> Result<(), Failed> {
    let parameters = Parameters::read(judge.header(SIGNATURE, AuthCheck::Form)?)?;
    if parameters.algorithm != ALGORITHM {
        return Err(Failed::other(AuthCheck::Algorithm, "algorithm", parameters.algorithm, ALGORITHM));
    }
    let key_id = &judge.credentials.key_id;
    if parameters.key_id != key_id {
        return Err(Failed::other(AuthCheck::KeyId, "keyid", parameters.key_id, key_id));
    }
    if !HEADER_LISTS.contains(&parameters.headers) {
        return Err(Failed::other(AuthCheck::HeaderList, "headers", parameters.headers, HEADER_LISTS));
    }
    if judge.request.headers.contains_key("digest") {
        return Err(Failed::new(AuthCheck::Digest, "header digest without a body"));
    }
    let merchant = judge.header(MERCHANT, AuthCheck::MerchantId)?;
    if *merchant != judge.credentials.merchant {
        return Err(Failed::other(AuthCheck::MerchantId, MERCHANT, merchant, &judge.credentials.merchant));
    }
    let mut date = None;
    let lines = parameters.headers.split(' ').map(|name| {
        let value = match name {
            "host" => judge.host()?.to_owned(),
            "(request-target)" | "request-target" => format!("{} {}", judge.method(), judge.path()),
            MERCHANT => merchant.to_owned(),
            _ => {
                let value = judge.header(name, AuthCheck::Date)?;
                date = Some(seconds(value)?);
                value.to_owned()
            }
        };
        Ok(format!("{name}: {value}"))
    });
    let to_sign = lines.collect::<Result<Vec<_>, Failed>>()?.join("\n");
    let signature = Base64::decode_vec(parameters.signature)
        .map_err(|_| Failed::new(AuthCheck::Form, "signature is not base64"))?;
    judge.check_signature(&to_sign, &signature)?;
    // After the signature: a date that nobody signed says nothing about a clock.
    let off = date.unwrap_or_default().abs_diff(judge.now);
    if off > judge.credentials.date_window.as_secs() {
        return Err(Failed::new(AuthCheck::Date, format!("the date is {off} s off")));
    }
    Ok(())
}

/// The four parameters of the `Signature` header, each of them once.
struct Parameters<'a> {
    key_id: &'a str,
    algorithm: &'a str,
    headers: &'a str,
    signature: &'a str,
}

impl<'a> Parameters<'a> {
    fn read(header: &'a str) -> Result<Self, Failed> {
        let mut found = [None; 4];
        for parameter in header.split(',') {
            let parameter = parameter.trim();
            let read = parameter.split_once('=').and_then(|(name, value)| {
                let index =
                    ["keyid", "algorithm", "headers", "signature"].iter().position(|known| *known == name)?;
                Some((index, value.strip_prefix('"')?.strip_suffix('"')?))
            });
            match read {
                Some((index, value)) if found[index].is_none() => found[index] = Some(value),
                _ => {
                    return Err(Failed::new(
                        AuthCheck::Form,
                        "a parameter that is unknown, unquoted or there twice",
                    ));
                }
            }
        }
        match found {
            [Some(key_id), Some(algorithm), Some(headers), Some(signature)] => {
                Ok(Self { key_id, algorithm, headers, signature })
            }
            _ => Err(Failed::new(AuthCheck::Form, "one of keyid, algorithm, headers, signature is missing")),
        }
    }
}

/// Reads a date in the form of RFC 1123 and no other, as seconds since 1970.
fn seconds(date: &str) -> Result<i64, Failed> {
    let other = || Failed::new(AuthCheck::Date, format!("{date:?} is not a date as RFC 1123 has it"));
    let time = httpdate::parse_http_date(date).map_err(|_| other())?;
    // The library takes older forms, too.
    if httpdate::fmt_http_date(time) != date {
        return Err(other());
    }
    let since: Duration = time.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| other())?;
    i64::try_from(since.as_secs()).map_err(|_| other())
}

const ALGORITHM: &str = "HmacSHA256";
const MERCHANT: &str = "v-c-merchant-id";

/// By age, the oldest first (section 3a).
const HEADER_LISTS: [&str; 3] = [
    "host date (request-target) v-c-merchant-id",
    "host date request-target v-c-merchant-id",
    "host v-c-date request-target v-c-merchant-id",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::auth::Credentials;
    use crate::cloud::vectors::{DATE, HOST, KEY_ID, MERCHANT as ID, NOW, SIGNATURES};

    fn judge(headers: &str, signature: &str, host: &str, now: i64) -> Result<(), AuthCheck> {
        let value = format!(
            "keyid=\"{KEY_ID}\", algorithm=\"HmacSHA256\", headers=\"{headers}\", signature=\"{signature}\""
        );
        let date = if headers.contains("v-c-date") { "v-c-date" } else { "date" };
        let headers = [("host", host), (date, DATE), (MERCHANT, ID), (SIGNATURE, &value)];
        Credentials::of_vectors().judge_vector(&headers, now).map_err(|(check, _)| check)
    }

    #[test]
    fn signature_of_another_implementation_is_accepted_within_the_window() {
        for (headers, _, signature) in SIGNATURES {
            assert_eq!(judge(headers, signature, HOST, NOW), Ok(()), "{headers}");
            assert_eq!(judge(headers, signature, HOST, NOW + 300), Ok(()));
            assert_eq!(judge(headers, signature, HOST, NOW + 301), Err(AuthCheck::Date));
            assert_eq!(judge(headers, signature, HOST, NOW - 301), Err(AuthCheck::Date));
            assert_eq!(judge(headers, signature, "localhost:4712", NOW), Err(AuthCheck::Signature));
        }
    }

    #[test]
    fn list_that_leaves_a_header_out_is_refused() {
        let (_, _, signature) = SIGNATURES[1];
        for headers in ["host date request-target", "date host request-target v-c-merchant-id", ""] {
            assert_eq!(judge(headers, signature, HOST, NOW), Err(AuthCheck::HeaderList), "{headers}");
        }
    }

    #[test]
    fn date_in_another_form_is_refused() {
        for date in
            ["Tuesday, 14-Nov-23 22:13:20 GMT", "Tue Nov 14 22:13:20 2023", "2023-11-14T22:13:20Z", ""]
        {
            assert!(seconds(date).is_err(), "{date}");
        }
        assert_eq!(seconds(DATE).ok(), Some(NOW));
    }

    #[test]
    fn header_that_is_no_list_of_four_parameters_is_refused() {
        for header in ["", "keyid", "keyid=\"a\"", "keyid=a, algorithm=b, headers=c, signature=d", "a=\"b\""]
        {
            assert!(Parameters::read(header).is_err(), "{header}");
        }
    }
}
