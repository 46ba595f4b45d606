//! Fetching the Root CA chain from a cloud that answers what the test says, over real TLS with a
//! certificate for `localhost`.

#![allow(unsafe_code, reason = "the C function is called as well")]

use crate::common::*;
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use poslatch::ffi::{buffer::*, constants::*, error::*, root_ca::*};
use poslatch::{Category, CloudAuth, Error, RequestState, RootCaFetch, RootCaFetchBuilder, Status};
use poslatch_simulator::{CertificateRequest, Pki};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::ffi::{CStr, CString, c_char};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::ptr::{null, null_mut};
use std::sync::{Arc, LazyLock, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The web's authority, which knows the cloud; and the vendor's, whose chain is fetched.
static WEB: LazyLock<Pki> = LazyLock::new(|| Pki::new_in_memory().expect("a PKI"));
static VENDOR: LazyLock<Pki> = LazyLock::new(|| Pki::new_in_memory().expect("a PKI"));

const MERCHANT: &str = "testmerchant";
const KEY_ID: &str = "08c94330-f618-42a3-b09d-e1e43be5efda";
const SECRET: &str = "c2hhcmVkIHNlY3JldCBvZiB0aGUgdGVzdCBtZXJjaGFudCE=";
const SECRET_DECODED: &str = "shared secret of the test merchant!";
const PATH: &str = "/dms/v2/devices/certificates/rootca";

/// From the request to the answer; `None` closes the connection without one.
type Answer = Box<dyn FnOnce(&str) -> Option<String> + Send>;

/// Gives one answer on each connection, then stops listening.
struct Cloud {
    port: u16,
    /// The requests, one for each connection; empty where none came.
    thread: JoinHandle<Vec<String>>,
    connection_ended: mpsc::Receiver<()>,
}

impl Cloud {
    fn new(answers: Vec<Answer>) -> Cloud {
        let own = WEB.issue(&CertificateRequest::server("localhost")).expect("a certificate");
        let chain = own.chain_der.iter().map(|der| CertificateDer::from(der.clone())).collect();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.key_pkcs8_der.clone()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("key and certificate");
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (ended, connection_ended) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut requests = Vec::new();
            for answer in answers {
                let (tcp, _) = listener.accept().expect("a connection");
                let mut tls = StreamOwned::new(ServerConnection::new(config.clone()).expect("a server"), tcp);
                let request = hear(&mut tls);
                if !request.is_empty()
                    && let Some(answer) = answer(&request)
                {
                    tls.write_all(answer.as_bytes()).expect("sent");
                    // Until the client has gone: closing earlier could take the answer away from it.
                    let _ = tls.read(&mut [0]);
                }
                requests.push(request);
                let _ = ended.send(());
            }
            requests
        });
        Cloud { port, thread, connection_ended }
    }

    fn answering(answers: &[&str]) -> Cloud {
        Cloud::new(answers.iter().map(|answer| said((*answer).to_owned())).collect())
    }

    fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    fn builder(&self) -> RootCaFetchBuilder {
        RootCaFetch::builder(&self.url(), MERCHANT, KEY_ID, SECRET)
            .web_roots_pem(WEB.root_ca_chain_pem())
            .timeout(PATIENCE)
    }

    fn fetch(&self) -> Result<String, Error> {
        self.builder().build().expect("valid").fetch()
    }

    /// The requests, once every answer was given.
    fn requests(self) -> Vec<String> {
        self.thread.join().expect("the cloud went through")
    }
}

/// The head of a request; nothing of ours has a body. Empty if the client went away before.
fn hear(tls: &mut impl Read) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        match tls.read(&mut byte) {
            Ok(1) => request.push(byte[0]),
            _ => break,
        }
    }
    String::from_utf8(request).expect("text")
}

fn said(answer: String) -> Answer {
    Box::new(move |_| Some(answer))
}

fn http(head: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {head}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn good() -> String {
    http("200 OK", &serde_json::json!({ "certificateChain": VENDOR.root_ca_chain_pem() }).to_string())
}

fn header<'a>(request: &'a str, name: &str) -> &'a str {
    let line = request.lines().find(|line| {
        line.split_once(": ").is_some_and(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
    });
    line.unwrap_or_else(|| panic!("no {name} in {request}")).split_once(": ").expect("found by it").1
}

fn hmac(message: &str) -> Vec<u8> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET_DECODED.as_bytes()).expect("a key");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The claims of the token, whose signature is right.
fn claims(request: &str) -> serde_json::Value {
    let token = header(request, "authorization").strip_prefix("Bearer ").expect("a token");
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    assert_eq!(signature, Base64UrlUnpadded::encode_string(&hmac(signed)));
    let claims = Base64UrlUnpadded::decode_vec(signed.split_once('.').expect("two parts").1);
    serde_json::from_slice(&claims.expect("base64")).expect("JSON")
}

/// Whatever failed: the error says nothing of the secret, and nothing that would let another in.
fn keeps_its_secrets(error: &Error) {
    let everything = format!("{error:?} {error} {}", error.advice());
    for secret in [SECRET, SECRET_DECODED, "Bearer", "eyJ", "signature="] {
        assert!(!everything.contains(secret), "{secret} in {everything}");
    }
}

#[test]
fn a_fetched_chain_is_the_vendors_and_a_device_takes_it() {
    let cloud = Cloud::answering(&[&good()]);
    let port = cloud.port;
    let before = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let chain = cloud.fetch().expect("a chain");
    assert_eq!(chain, VENDOR.root_ca_chain_pem());
    poslatch::Device::builder("https://192.0.2.1/").root_ca_pem(&chain).build().expect("usable");

    let request = cloud.requests().remove(0);
    assert!(request.starts_with(&format!("GET {PATH} HTTP/1.1\r\n")), "{request}");
    assert_eq!(header(&request, "host"), format!("localhost:{port}"));
    for absent in ["content-length", "transfer-encoding", "digest", "cookie"] {
        assert!(!request.to_ascii_lowercase().contains(absent), "{absent} in {request}");
    }
    let claims = claims(&request);
    let issued = claims["iat"].as_u64().expect("a number");
    assert!((before..before + 60).contains(&issued), "{claims}");
    assert_eq!(claims["exp"], issued + 120);
    assert_eq!(claims["request-host"], format!("localhost:{port}"));
    assert_eq!(claims["request-resource-path"], PATH);
    assert_eq!(claims["iss"], MERCHANT);
}

#[test]
fn both_http_signatures_cover_what_is_sent() {
    for (auth, date_header) in
        [(CloudAuth::HttpSignature, "date"), (CloudAuth::HttpSignatureVDate, "v-c-date")]
    {
        let cloud = Cloud::answering(&[&good()]);
        cloud.builder().auth(auth).build().expect("valid").fetch().expect("a chain");
        let request = cloud.requests().remove(0);
        let to_sign = format!(
            "host: {}\n{date_header}: {}\nrequest-target: get {PATH}\nv-c-merchant-id: {}",
            header(&request, "host"),
            header(&request, date_header),
            header(&request, "v-c-merchant-id")
        );
        let expected = format!(
            "keyid=\"{KEY_ID}\", algorithm=\"HmacSHA256\", headers=\"host {date_header} request-target v-c-merchant-id\", signature=\"{}\"",
            Base64::encode_string(&hmac(&to_sign))
        );
        assert_eq!(header(&request, "signature"), expected);
        assert!(!request.to_ascii_lowercase().contains("authorization"), "{request}");
    }
}

#[test]
fn a_base_url_with_a_path_keeps_it() {
    let cloud = Cloud::answering(&[&good()]);
    RootCaFetch::builder(&format!("{}/gateway/", cloud.url()), MERCHANT, KEY_ID, SECRET)
        .web_roots_pem(WEB.root_ca_chain_pem())
        .build()
        .expect("valid")
        .fetch()
        .expect("a chain");
    let request = cloud.requests().remove(0);
    assert!(request.starts_with(&format!("GET /gateway{PATH} ")), "{request}");
    assert_eq!(claims(&request)["request-resource-path"], format!("/gateway{PATH}"));
}

#[test]
fn refused_credentials_name_the_clock_and_are_not_tried_again() {
    for (head, http_status) in [("401 Unauthorized", 401), ("403 Forbidden", 403)] {
        let cloud = Cloud::answering(&[&http(head, r#"{"response":{"rmsg":"Authentication Failed"}}"#)]);
        let error = failure(cloud.fetch(), head);
        assert_eq!((error.status(), error.category()), (Status::CloudAuthentication, Category::Usage));
        assert_eq!((error.http_status(), error.request_state()), (Some(http_status), RequestState::None));
        let message = error.message();
        for fact in ["\"localhost:", &http_status.to_string(), "\"Authentication Failed\"", "clock says 20"] {
            assert!(message.contains(fact), "{fact} missing in {message}");
        }
        for word in ["merchant id", "key id", "shared secret", "clock"] {
            assert!(error.advice().contains(word), "{}", error.advice());
        }
        keeps_its_secrets(&error);
        assert_eq!(cloud.requests().len(), 1);
    }
}

#[test]
fn a_refusal_that_repeats_the_credentials_does_not_get_them_into_the_error() {
    for (auth, name) in [(CloudAuth::Jwt, "authorization"), (CloudAuth::HttpSignature, "signature")] {
        let cloud = Cloud::new(vec![Box::new(move |request| {
            let body = serde_json::json!({ "message": format!("not good: {}", header(request, name)) });
            Some(http("401 Unauthorized", &body.to_string()))
        })]);
        let error = failure(cloud.builder().auth(auth).build().expect("valid").fetch(), name);
        assert_eq!(error.status(), Status::CloudAuthentication);
        keeps_its_secrets(&error);
        cloud.requests();
    }
}

#[test]
fn each_other_answer_gets_the_advice_that_fits() {
    for (head, body, http_status, words, advice) in [
        (
            "412 Precondition Failed",
            r#"{"reason":"organization.not.boarded.partner"}"#,
            412,
            "organization.not.boarded.partner",
            "portfolio",
        ),
        ("302 Found\r\nLocation: https://localhost:1/", "", 302, "302", "base URL"),
        ("404 Not Found", "<html>none</html>", 404, "404", "base URL"),
        ("429 Too Many Requests\r\nRetry-After: 3600", "{}", 429, "after 3600 s", "Wait"),
    ] {
        let cloud = Cloud::answering(&[&http(head, body)]);
        let error = failure(cloud.fetch(), head);
        assert_eq!((error.status(), error.http_status()), (Status::HttpStatus, Some(http_status)), "{head}");
        assert!(error.message().contains(words), "{error}");
        assert!(error.advice().contains(advice), "{head}: {}", error.advice());
        keeps_its_secrets(&error);
        assert_eq!(cloud.requests().len(), 1, "{head}");
    }
}

#[test]
fn what_may_pass_is_tried_again_with_a_new_token() {
    let busy = http("429 Too Many Requests\r\nRetry-After: 0", "{}");
    let broken = http("500 Internal Server Error", "{}");
    for (case, first, second) in [
        ("429", said(busy.clone()), said(busy)),
        ("500", said(broken.clone()), said(broken)),
        ("close", Box::new(|_: &str| None) as Answer, Box::new(|_: &str| None) as Answer),
    ] {
        let cloud = Cloud::new(vec![first, second, said(good())]);
        assert_eq!(cloud.fetch().expect(case), VENDOR.root_ca_chain_pem());
        let tokens: std::collections::HashSet<String> = cloud
            .requests()
            .iter()
            .map(|request| claims(request)["jti"].as_str().expect("text").to_owned())
            .collect();
        assert_eq!(tokens.len(), 3, "{case}");
    }
}

#[test]
fn three_failures_are_enough() {
    let broken = http("503 Service Unavailable\r\nRetry-After: 0", r#"{"message":"down for maintenance"}"#);
    let cloud = Cloud::answering(&[&broken, &broken, &broken]);
    let error = failure(cloud.fetch(), "503");
    assert_eq!((error.status(), error.http_status()), (Status::HttpStatus, Some(503)));
    assert!(
        error.message().contains("down for maintenance") && error.message().contains("(3 tries)"),
        "{error}"
    );
    assert_eq!(cloud.requests().len(), 3);
}

#[test]
fn a_port_where_nothing_listens_is_refused_three_times() {
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let fetch = RootCaFetch::builder(&format!("https://127.0.0.1:{port}"), MERCHANT, KEY_ID, SECRET);
    let error = failure(fetch.build().expect("valid").fetch(), "refused");
    assert_eq!(error.status(), Status::Refused);
    assert!(error.message().contains("(3 tries)") && error.advice().contains("internet"), "{error:?}");
}

#[test]
fn an_untrusted_cloud_hears_nothing() {
    let stranger = Pki::new_in_memory().expect("a PKI");
    for (case, roots) in [("another root", Some(stranger.root_ca_chain_pem())), ("the public roots", None)] {
        let cloud = Cloud::answering(&[&good()]);
        let builder = RootCaFetch::builder(&cloud.url(), MERCHANT, KEY_ID, SECRET);
        let builder = match roots {
            Some(roots) => builder.web_roots_pem(roots),
            None => builder,
        };
        let error = failure(builder.build().expect("valid").fetch(), case);
        assert_eq!(error.status(), Status::UnknownIssuer, "{case}");
        assert!(error.advice().contains("firewall"), "{}", error.advice());
        assert_eq!(cloud.requests(), [""], "{case}");
    }

    let cloud = Cloud::answering(&[&good()]);
    let error = failure(
        RootCaFetch::builder(&format!("https://127.0.0.1:{}", cloud.port), MERCHANT, KEY_ID, SECRET)
            .web_roots_pem(WEB.root_ca_chain_pem())
            .build()
            .expect("valid")
            .fetch(),
        "another host",
    );
    assert_eq!(error.status(), Status::WrongDevice);
    assert!(error.message().contains("not for \"127.0.0.1\", but for \"localhost\""), "{error}");
    assert_eq!(cloud.requests(), [""]);
}

#[test]
fn an_answer_that_is_no_chain_is_unusable_and_leaves_the_old_file() {
    let leaf = WEB.issue(&CertificateRequest::server("localhost")).expect("a certificate").leaf_pem;
    let issuing_only =
        VENDOR.root_ca_chain_pem().split_inclusive("-----END CERTIFICATE-----\n").next().map(str::to_owned);
    let folder = std::env::temp_dir().join(format!("poslatch-root-ca-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("root-ca.pem");
    std::fs::write(&path, "old").expect("written");
    for (body, problem) in [
        (String::new(), "no certificate"),
        ("{}".to_owned(), "no certificate"),
        (serde_json::json!({ "certificateChain": leaf }).to_string(), "not a CA"),
        (serde_json::json!({ "certificateChain": issuing_only }).to_string(), "no self-signed root"),
    ] {
        let cloud = Cloud::answering(&[&http("200 OK", &body)]);
        let error = failure(cloud.builder().build().expect("valid").fetch_to_file(&path), problem);
        assert_eq!(error.status(), Status::RootCaUnusable, "{body}");
        assert!(error.message().contains(problem), "{error}");
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "old");
        cloud.requests();
    }

    let cloud = Cloud::answering(&[&good()]);
    cloud.builder().build().expect("valid").fetch_to_file(&path).expect("saved");
    assert_eq!(std::fs::read_to_string(&path).expect("there"), VENDOR.root_ca_chain_pem());
    assert_eq!(std::fs::read_dir(&folder).expect("there").count(), 1, "no temporary file stays");
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().expect("there").permissions());
        assert_eq!(mode & 0o133, 0, "{mode:o}");
    }
    cloud.requests();
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn an_endless_answer_is_cut_off() {
    let cloud = Cloud::answering(&[&http("200 OK", &" ".repeat(2 * 1024 * 1024))]);
    let error = failure(cloud.fetch(), "2 MiB");
    assert_eq!(error.status(), Status::ReplyTooLarge);
}

#[test]
fn silence_ends_with_the_time_out() {
    let (silence, hold) = mpsc::channel::<()>();
    let cloud = Cloud::new(vec![Box::new(move |_| {
        let _ = hold.recv_timeout(PATIENCE);
        None
    })]);
    let fetch = cloud.builder().timeout(Duration::from_millis(400)).build().expect("valid");
    let error = failure(fetch.fetch(), "silence");
    assert_eq!(error.status(), Status::ResponseTimeout);
    assert!(error.message().contains("no reply within 400 ms"), "{error}");
    drop(silence);
    cloud.requests();
}

#[test]
fn an_interrupt_ends_the_pause_between_two_tries() {
    let cloud = Cloud::answering(&[&http("429 Too Many Requests\r\nRetry-After: 15", "{}")]);
    let fetch = cloud.builder().build().expect("valid");
    let began = Instant::now();
    let error = thread::scope(|scope| {
        let call = scope.spawn(|| fetch.fetch());
        // The client has hung up, so it has read the answer.
        cloud.connection_ended.recv_timeout(PATIENCE).expect("an end");
        fetch.interrupt();
        failure(call.join().expect("no panic"), "interrupted")
    });
    assert_eq!(error.status(), Status::Cancelled);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    cloud.requests();
}

#[test]
fn settings_that_cannot_work_are_refused_before_anything_is_dialled() {
    let build = |url: &str, merchant: &str, key: &str, secret: &str| {
        RootCaFetch::builder(url, merchant, key, secret).build().map(|_| ())
    };
    for (case, result) in [
        ("base_url", build("http://localhost/", MERCHANT, KEY_ID, SECRET)),
        ("base_url", build("wss://localhost/", MERCHANT, KEY_ID, SECRET)),
        ("merchant_id", build("https://localhost", "", KEY_ID, SECRET)),
        ("key_id", build("https://localhost", MERCHANT, "a\"b", SECRET)),
        ("shared_secret", build("https://localhost", MERCHANT, KEY_ID, SECRET_DECODED)),
        (
            "web_root_pem",
            RootCaFetch::builder("https://localhost", MERCHANT, KEY_ID, SECRET)
                .web_roots_pem("no PEM")
                .build()
                .map(|_| ()),
        ),
        (
            "timeout",
            RootCaFetch::builder("https://localhost", MERCHANT, KEY_ID, SECRET)
                .timeout(Duration::ZERO)
                .build()
                .map(|_| ()),
        ),
    ] {
        let error = failure(result, case);
        assert_eq!(error.status(), Status::Argument, "{case}");
        assert!(error.message().contains(case), "{error}");
        keeps_its_secrets(&error);
    }
    let fetch = RootCaFetch::builder(RootCaFetch::CYBERSOURCE_TEST, MERCHANT, KEY_ID, SECRET);
    let shown = format!("{:?}", fetch.build().expect("valid"));
    assert!(shown.contains("apitest.cybersource.com") && !shown.contains(SECRET), "{shown}");
}

fn c(text: &str) -> CString {
    CString::new(text).expect("no NUL inside")
}

fn text(pointer: *const c_char) -> String {
    assert!(!pointer.is_null());
    unsafe { CStr::from_ptr(pointer) }.to_str().expect("UTF-8").to_owned()
}

#[test]
fn c_fetches_the_chain_and_hears_why_not() {
    let cloud = Cloud::answering(&[&good(), &http("401 Unauthorized", "{}")]);
    let url = c(&cloud.url());
    let (merchant, key, secret, root) = (c(MERCHANT), c(KEY_ID), c(SECRET), c(&WEB.root_ca_chain_pem()));
    let (mut pem, mut error) = (null_mut(), null_mut());
    let mut fetch = |auth: i32, timeout_ms: u32| unsafe {
        let status = poslatch_fetch_root_ca(
            url.as_ptr(),
            merchant.as_ptr(),
            key.as_ptr(),
            secret.as_ptr(),
            auth,
            root.as_ptr(),
            timeout_ms,
            &mut pem,
            &mut error,
        );
        (status, pem, error)
    };
    let (status, pem, error) = fetch(POSLATCH_AUTH_JWT, 0);
    assert_eq!(status, POSLATCH_OK);
    assert!(error.is_null());
    unsafe {
        assert_eq!(text(poslatch_buffer_data(pem).cast()), VENDOR.root_ca_chain_pem());
        poslatch_buffer_free(pem);
    }
    let (status, pem, error) = fetch(POSLATCH_AUTH_HTTP_SIGNATURE_V_DATE, 20_000);
    assert_eq!(status, POSLATCH_E_CLOUD_AUTHENTICATION);
    assert!(pem.is_null());
    unsafe {
        assert_eq!(poslatch_error_http_status(error), 401);
        assert!(text(poslatch_error_advice(error)).contains("clock"));
        poslatch_error_free(error);
    }
    let (status, pem, error) = fetch(0, 0);
    assert_eq!(status, POSLATCH_E_ARGUMENT);
    assert!(pem.is_null());
    unsafe { poslatch_error_free(error) };
    assert_eq!(cloud.requests().len(), 2);
}

#[test]
fn c_is_told_of_each_null_but_those_that_mean_something() {
    let (some, secret) = (c("x"), c(SECRET));
    let url = c("https://127.0.0.1:9");
    let arguments = [url.as_ptr(), some.as_ptr(), some.as_ptr(), secret.as_ptr()];
    for missing in 0..=arguments.len() {
        let mut given = arguments;
        if let Some(argument) = given.get_mut(missing) {
            *argument = null();
        }
        let mut buffer = null_mut();
        let pem = if missing == arguments.len() { null_mut() } else { &raw mut buffer };
        let status = unsafe {
            poslatch_fetch_root_ca(
                given[0],
                given[1],
                given[2],
                given[3],
                POSLATCH_AUTH_JWT,
                null(),
                0,
                pem,
                null_mut(),
            )
        };
        assert_eq!(status, POSLATCH_E_ARGUMENT, "{missing}");
    }
}
