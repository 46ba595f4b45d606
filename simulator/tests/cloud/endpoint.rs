//! The endpoint: what it gives, what it keeps on record, and each switch that makes it answer otherwise.

use crate::client::{Client, ask, get, host, request};
use crate::credentials::refused;
use crate::signing::{bearer, claims, signed};
use crate::vectors::{KEY_ID, MERCHANT, PATH, SECRET, SIGNATURES};
use crate::{CHAIN, PATIENCE, builder, cloud, is_request, requests, with};
use poslatch_simulator::{AuthCheck, AuthKind, Cloud, CloudEvent, CloudFaults, Pki, Verdict};
use rustls::version::{TLS12, TLS13};
use serde_json::json;
use std::io::Read;
use std::time::{Duration, Instant};

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
fn dropped_cloud_frees_its_port() {
    let cloud = cloud();
    let address = cloud.address();
    let mut stream = Client::new(&cloud).connect().expect("trust");
    drop(cloud);
    assert!(stream.read(&mut [0; 1]).is_err(), "no orderly end when the power goes");
    std::net::TcpListener::bind(address).expect("a free port");
}
