//! Test vectors that another implementation computed: Python's standard library. This is the whole program:
//!
//! ```python
//! import base64, hashlib, hmac, json
//! secret = base64.b64decode("c2VjcmV0IG9mIHRoZSB0ZXN0")
//! key_id, merchant = "08c94330-f618-42a3-b09d-e1e43be5efda", "my_merchant"
//! host, path = "localhost:4711", "/dms/v2/devices/certificates/rootca"
//! date = "Tue, 14 Nov 2023 22:13:20 GMT"   # 1700000000
//! mac = lambda text: hmac.new(secret, text.encode(), hashlib.sha256).digest()
//! for names in ["host date (request-target) v-c-merchant-id",
//!               "host date request-target v-c-merchant-id",
//!               "host v-c-date request-target v-c-merchant-id"]:
//!     values = {"host": host, "date": date, "v-c-date": date, "v-c-merchant-id": merchant,
//!               "request-target": "get " + path, "(request-target)": "get " + path}
//!     to_sign = "\n".join(f"{name}: {values[name]}" for name in names.split())
//!     print(repr(to_sign), base64.b64encode(mac(to_sign)).decode())
//! part = lambda value: base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()
//! to_sign = part({"alg": "HS256", "kid": key_id, "typ": "JWT"}) + "." + part({
//!     "iat": 1700000000, "exp": 1700000120, "iss": merchant, "jti": "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
//!     "request-host": host, "request-method": "get", "request-resource-path": path,
//!     "v-c-jwt-version": "2", "v-c-merchant-id": merchant})
//! print(to_sign + "." + base64.urlsafe_b64encode(mac(to_sign)).rstrip(b"=").decode())
//! ```

#![allow(dead_code, reason = "the tests of both sides use it, each a part of it")]

pub(crate) const SECRET: &str = "c2VjcmV0IG9mIHRoZSB0ZXN0";
pub(crate) const KEY_ID: &str = "08c94330-f618-42a3-b09d-e1e43be5efda";
pub(crate) const MERCHANT: &str = "my_merchant";
pub(crate) const HOST: &str = "localhost:4711";
pub(crate) const PATH: &str = "/dms/v2/devices/certificates/rootca";
pub(crate) const DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";
pub(crate) const NOW: i64 = 1_700_000_000;
pub(crate) const TOKEN_ID: &str = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";

/// Header list, string to sign, signature.
pub(crate) const SIGNATURES: [(&str, &str, &str); 3] = [
    (
        "host date (request-target) v-c-merchant-id",
        "host: localhost:4711\n\
         date: Tue, 14 Nov 2023 22:13:20 GMT\n\
         (request-target): get /dms/v2/devices/certificates/rootca\n\
         v-c-merchant-id: my_merchant",
        "vdndLsGMId1FZMnWvqRS2VntyoOcu4WY/yXU1LWtgmw=",
    ),
    (
        "host date request-target v-c-merchant-id",
        "host: localhost:4711\n\
         date: Tue, 14 Nov 2023 22:13:20 GMT\n\
         request-target: get /dms/v2/devices/certificates/rootca\n\
         v-c-merchant-id: my_merchant",
        "yDwBZQ6wqO1siunbOiPdn6+oCYjU9aZFxQZcubVXBqY=",
    ),
    (
        "host v-c-date request-target v-c-merchant-id",
        "host: localhost:4711\n\
         v-c-date: Tue, 14 Nov 2023 22:13:20 GMT\n\
         request-target: get /dms/v2/devices/certificates/rootca\n\
         v-c-merchant-id: my_merchant",
        "Ht0JZOl5SUk5iiEEYy3Fk60jDD6qoG0Wh4lIE57uBH8=",
    ),
];

/// Header, claims, signature, as they are joined by dots.
pub(crate) const TOKEN: [&str; 3] = [
    "eyJhbGciOiJIUzI1NiIsImtpZCI6IjA4Yzk0MzMwLWY2MTgtNDJhMy1iMDlkLWUxZTQzYmU1ZWZkYSIsInR5cCI6IkpXVCJ9",
    "\
    eyJpYXQiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDEyMCwiaXNzIjoibXlfbWVyY2hhbnQiLCJqdGkiOiIxYjRlMjhiYS0y\
    ZmExLTQxZDItODgzZi0wMDE2ZDNjY2E0MjciLCJyZXF1ZXN0LWhvc3QiOiJsb2NhbGhvc3Q6NDcxMSIsInJlcXVlc3QtbWV0\
    aG9kIjoiZ2V0IiwicmVxdWVzdC1yZXNvdXJjZS1wYXRoIjoiL2Rtcy92Mi9kZXZpY2VzL2NlcnRpZmljYXRlcy9yb290Y2Ei\
    LCJ2LWMtand0LXZlcnNpb24iOiIyIiwidi1jLW1lcmNoYW50LWlkIjoibXlfbWVyY2hhbnQifQ",
    "a56EaJMDhJRpJhLlhM8L8sm2sT0hsvJouyDp3ZFyanw",
];
