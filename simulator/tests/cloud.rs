//! The cloud's Root CA endpoint (section 3): what a right request of either kind brings, which check a wrong one fails,
//! and each switch. The client is our own: rustls, HTTP by hand, and signing code that shares nothing with the cloud's.

#[path = "../src/cloud/vectors.rs"]
mod vectors;

use aws_lc_rs::hmac;
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use poslatch_simulator::{
    AuthCheck, AuthKind, Cloud, CloudBuilder, CloudEvent, CloudFaults, Error, Pki, Verdict,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use serde_json::{Map, Value, json};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use vectors::{DATE, HOST, KEY_ID, MERCHANT, NOW, PATH, SECRET, SIGNATURES, TOKEN, TOKEN_ID};

const PATIENCE: Duration = Duration::from_secs(20);
const CHAIN: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

fn builder() -> CloudBuilder {
    Cloud::builder().merchant(MERCHANT).key(KEY_ID, SECRET).chain(CHAIN)
}

fn cloud() -> Cloud {
    builder().start().expect("a cloud")
}

fn with(faults: CloudFaults) -> Cloud {
    builder().faults(faults).start().expect("a cloud")
}

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

#[test]
fn right_request_of_either_kind_is_given_the_chain() {
    let cloud = cloud();
    let expected = json!({ "certificateChain": CHAIN });
    for version in [&TLS12, &TLS13] {
        let mut stream = Client::new(&cloud).speaking(version).connect().expect("trust");
        for headers in [
            bearer(&claims(&cloud)),
            signed(&cloud, SIGNATURES[0].0),
            signed(&cloud, SIGNATURES[1].0),
            signed(&cloud, SIGNATURES[2].0),
        ] {
            let reply = get(&mut stream, &cloud, &headers).expect("kept alive");
            assert_eq!((reply.status, reply.json()), (200, expected.clone()));
            assert!(reply.head.contains("content-type: application/json\r\n"), "{}", reply.head);
        }
    }
    let kinds: Vec<_> = requests(&cloud).into_iter().map(|request| (request.auth, request.verdict)).collect();
    assert_eq!(kinds.len(), 8);
    assert_eq!(kinds[0], (AuthKind::Jwt, Verdict::Accepted));
    assert_eq!(kinds[1], (AuthKind::HttpSignature, Verdict::Accepted));
    cloud.set_chain("another");
    assert_eq!(ask(&cloud, &bearer(&claims(&cloud))).json()["certificateChain"], "another");
}

#[test]
fn chain_is_that_of_the_simulators_unless_given() {
    let cloud = Cloud::builder().merchant(MERCHANT).key(KEY_ID, SECRET).start().expect("a cloud");
    let device = poslatch_simulator::Simulator::builder().start().expect("a device");
    let chain = ask(&cloud, &bearer(&claims(&cloud))).json();
    assert_eq!(chain["certificateChain"], device.root_ca_chain_pem());
}

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
fn replies_to_an_accepted_request_are_as_switched() {
    let cloud = with(CloudFaults::Status412);
    let reply = ask(&cloud, &bearer(&claims(&cloud)));
    assert_eq!((reply.status, &reply.json()["reason"]), (412, &json!("organization.not.boarded.partner")));
    refused(&cloud, &[], AuthKind::None, AuthCheck::Presence);

    cloud.set_faults(CloudFaults::Body(b"{".to_vec()));
    let reply = ask(&cloud, &bearer(&claims(&cloud)));
    assert_eq!((reply.status, reply.body.as_str()), (200, "{"));

    cloud.set_faults(CloudFaults::Redirect);
    let reply = ask(&cloud, &bearer(&claims(&cloud)));
    let location = format!("location: {}/moved{PATH}\r\n", cloud.base_url());
    assert!(reply.status == 302 && reply.head.contains(&location), "{}", reply.head);
}

#[test]
fn trouble_in_front_of_the_endpoint_is_over_after_its_number_of_requests() {
    let cloud = with(CloudFaults::TooMany { retry_after: Some(7), times: 2 });
    for _ in 0..2 {
        let reply = ask(&cloud, &bearer(&claims(&cloud)));
        assert!(reply.status == 429 && reply.head.contains("retry-after: 7\r\n"), "{}", reply.head);
    }
    assert_eq!(ask(&cloud, &bearer(&claims(&cloud))).status, 200);

    cloud.set_faults(CloudFaults::TooMany { retry_after: None, times: 1 });
    let reply = ask(&cloud, &[]);
    assert!(reply.status == 429 && !reply.head.contains("retry-after"), "{}", reply.head);

    cloud.set_faults(CloudFaults::ServerError { times: 1 });
    assert_eq!(ask(&cloud, &bearer(&claims(&cloud))).status, 500);
    assert_eq!(ask(&cloud, &bearer(&claims(&cloud))).status, 200);

    cloud.set_faults(CloudFaults::CloseBeforeReply { times: 1 });
    let mut stream = Client::new(&cloud).connect().expect("trust");
    assert!(get(&mut stream, &cloud, &bearer(&claims(&cloud))).is_err());
    assert_eq!(ask(&cloud, &bearer(&claims(&cloud))).status, 200);

    let statuses: Vec<_> = requests(&cloud).into_iter().map(|request| request.status).collect();
    let expected = [429, 429, 200, 429, 500, 200, 0, 200].map(|status| (status > 0).then_some(status));
    assert_eq!(statuses, expected);
}

#[test]
fn slow_reply_comes_after_its_pause_and_is_on_record_before() {
    let pause = Duration::from_millis(300);
    let cloud = builder().faults(CloudFaults::Slow).slow_pause(pause).start().expect("a cloud");
    let started = Instant::now();
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| ask(&cloud, &bearer(&claims(&cloud))).status);
        cloud
            .wait_for(|events| events.iter().find(|event| is_request(event)).map(drop), PATIENCE)
            .expect("on record");
        assert_eq!(asked.join().expect("no panic"), 200);
    });
    assert!(started.elapsed() >= pause);
}

#[test]
fn other_path_or_method_is_turned_away() {
    let cloud = cloud();
    let mut claims_of = claims(&cloud);
    claims_of.insert("request-resource-path".to_owned(), json!("/other?x=1"));
    let mut stream = Client::new(&cloud).connect().expect("trust");
    let reply = request(&mut stream, "GET", "/other?x=1", &cloud, &bearer(&claims_of)).expect("a reply");
    assert_eq!(reply.status, 404);
    let mut claims_of = claims(&cloud);
    claims_of.insert("request-method".to_owned(), json!("delete"));
    let reply = request(&mut stream, "DELETE", PATH, &cloud, &bearer(&claims_of)).expect("a reply");
    assert_eq!(reply.status, 405);
}

#[test]
fn request_is_on_record_without_its_secrets() {
    let cloud = cloud();
    let (token, signature) = (bearer(&claims(&cloud)), signed(&cloud, SIGNATURES[2].0));
    ask(&cloud, &token);
    ask(&cloud, &signature);
    let [first, second] = &requests(&cloud)[..] else { panic!("two requests") };
    assert_eq!((first.method.as_str(), first.path.as_str()), ("GET", PATH));
    assert_eq!(first.host.as_deref(), Some(host(&cloud).as_str()));
    assert_eq!(first.header_names, ["host", "authorization"]);
    assert_eq!(second.header_names, ["host", "v-c-date", "v-c-merchant-id", "signature"]);
    assert!(first.at <= second.at);
    let printed = format!("{:?}{cloud:?}{:?}", cloud.events(), builder());
    let secrets = [SECRET, &token[0].1["Bearer ".len()..], signature[2].1.rsplit('"').nth(1).expect("it")];
    for secret in secrets {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn certificate_is_for_three_names_under_a_root_of_its_own() {
    let cloud = cloud();
    for name in ["localhost", "127.0.0.1", "apitest.cybersource.com"] {
        Client::new(&cloud).calling_it(name).connect().expect("trust");
    }
    let error = Client::new(&cloud).calling_it("api.cybersource.com").connect_error();
    assert!(error.contains("not valid for name"), "{error}");
    let other = Pki::new_in_memory().expect("a PKI").root_ca_chain_pem();
    let error = Client::new(&cloud).trusting(&other).connect_error();
    assert!(error.contains("UnknownIssuer"), "{error}");
    let failed = |events: &[CloudEvent]| {
        events.iter().find(|event| matches!(event, CloudEvent::HandshakeFailed { .. })).map(drop)
    };
    cloud.wait_for(failed, PATIENCE).expect("on record");
    let device = poslatch_simulator::Simulator::builder().start().expect("a device");
    assert!(!device.root_ca_chain_pem().contains(cloud.web_root_pem()));
}

#[test]
fn secret_that_is_not_base64_is_refused() {
    let error = Cloud::builder().key(KEY_ID, "not base64!").start().expect_err("no such secret");
    assert!(matches!(error, Error::Secret), "{error}");
}

#[test]
fn dropped_cloud_frees_its_port() {
    let cloud = cloud();
    let address = cloud.address();
    let mut stream = Client::new(&cloud).connect().expect("trust");
    drop(cloud);
    assert!(stream.read(&mut [0; 1]).is_err(), "no orderly end when the power goes");
    std::net::TcpListener::bind(address).expect("a free port");
}

/// Expects HTTP 401, and on record the check that did not pass.
fn refused(cloud: &Cloud, headers: &[(String, String)], kind: AuthKind, expected: AuthCheck) {
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

/// What is on record of a request.
struct Seen {
    at: Instant,
    method: String,
    path: String,
    host: Option<String>,
    auth: AuthKind,
    verdict: Verdict,
    header_names: Vec<String>,
    status: Option<u16>,
}

fn requests(cloud: &Cloud) -> Vec<Seen> {
    let seen = |event| match event {
        CloudEvent::Request { at, method, path, host, auth, verdict, header_names, status, .. } => {
            Some(Seen { at, method, path, host, auth, verdict, header_names, status })
        }
        _ => None,
    };
    cloud.events().into_iter().filter_map(seen).collect()
}

fn is_request(event: &CloudEvent) -> bool {
    matches!(event, CloudEvent::Request { .. })
}

/// How a client connects.
struct Client<'a> {
    cloud: &'a Cloud,
    name: &'static str,
    root: String,
    versions: Vec<&'static SupportedProtocolVersion>,
}

type Stream = StreamOwned<ClientConnection, TcpStream>;

impl<'a> Client<'a> {
    fn new(cloud: &'a Cloud) -> Self {
        let root = cloud.web_root_pem().to_owned();
        Self { cloud, name: "localhost", root, versions: rustls::ALL_VERSIONS.to_vec() }
    }

    fn speaking(mut self, version: &'static SupportedProtocolVersion) -> Self {
        self.versions = vec![version];
        self
    }

    fn calling_it(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    fn trusting(mut self, chain: &str) -> Self {
        chain.clone_into(&mut self.root);
        self
    }

    fn connect(&self) -> io::Result<Stream> {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(self.root.as_bytes()) {
            roots.add(root.expect("PEM")).expect("a root");
        }
        let config =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_protocol_versions(&self.versions)
                .expect("versions that the provider knows")
                .with_root_certificates(roots)
                .with_no_client_auth();
        let tcp = TcpStream::connect(self.cloud.address())?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from(self.name).expect("a name");
        let mut stream =
            StreamOwned::new(ClientConnection::new(Arc::new(config), name).expect("a config"), tcp);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(stream)
    }

    fn connect_error(&self) -> String {
        self.connect().err().map_or_else(|| "no error".to_owned(), |error| error.to_string())
    }
}

struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// Asks for the Root CA on a connection of its own.
fn ask(cloud: &Cloud, headers: &[(String, String)]) -> Reply {
    let mut stream = Client::new(cloud).connect().expect("trust");
    get(&mut stream, cloud, headers).expect("a reply")
}

fn get(stream: &mut Stream, cloud: &Cloud, headers: &[(String, String)]) -> io::Result<Reply> {
    request(stream, "GET", PATH, cloud, headers)
}

fn request(
    stream: &mut Stream,
    method: &str,
    path: &str,
    cloud: &Cloud,
    headers: &[(String, String)],
) -> io::Result<Reply> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", host(cloud))?;
    stream.flush()?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).map_err(io::Error::other)?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(Reply {
        status: head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0),
        body: String::from_utf8(body).map_err(io::Error::other)?,
        head,
    })
}

fn host(cloud: &Cloud) -> String {
    cloud.base_url().trim_start_matches("https://").to_owned()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    since.as_secs().try_into().expect("before the end of time")
}

fn claims(cloud: &Cloud) -> Map<String, Value> {
    claims_at(&host(cloud), now(), &uuid_v4())
}

fn claims_at(host: &str, now: i64, id: &str) -> Map<String, Value> {
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

fn bearer(claims: &Map<String, Value>) -> Vec<(String, String)> {
    let header = json!({ "alg": "HS256", "kid": KEY_ID, "typ": "JWT" }).to_string();
    let token = token(SECRET, &header, &Value::Object(claims.clone()).to_string());
    vec![("Authorization".to_owned(), format!("Bearer {token}"))]
}

fn token(secret: &str, header: &str, claims: &str) -> String {
    let part = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let to_sign = part(header) + "." + &part(claims);
    let signature = Base64UrlUnpadded::encode_string(&mac(secret, &to_sign));
    to_sign + "." + &signature
}

fn signed(cloud: &Cloud, list: &str) -> Vec<(String, String)> {
    signed_at(cloud, list, SECRET, now())
}

fn signed_at(cloud: &Cloud, list: &str, secret: &str, seconds: i64) -> Vec<(String, String)> {
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

fn string_to_sign(list: &str, values: &[(&str, &str)], method: &str, path: &str) -> String {
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

fn mac(secret: &str, text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &Base64::decode_vec(secret).expect("base64"));
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn uuid_v4() -> String {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
