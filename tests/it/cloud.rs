//! The Root CA chain from a cloud that checks every signature and claim, as the vendor's would.
//!
//! `root_ca` has a cloud that answers what a test says and checks nothing; this one is the simulator's,
//! with a verifier of its own making.

use crate::common::*;
use poslatch::{CloudAuth, Error, RootCaFetch, Status};
use poslatch_simulator::{Cloud, CloudEvent, CloudFaults, Verdict};
use std::time::Duration;

const MERCHANT: &str = "testmerchant";
const KEY_ID: &str = "08c94330-f618-42a3-b09d-e1e43be5efda";
const SECRET: &str = "c2hhcmVkIHNlY3JldCBvZiB0aGUgdGVzdCBtZXJjaGFudCE=";

const AUTHS: [CloudAuth; 3] = [CloudAuth::Jwt, CloudAuth::HttpSignature, CloudAuth::HttpSignatureVDate];

fn cloud(faults: CloudFaults) -> Cloud {
    Cloud::builder().merchant(MERCHANT).key(KEY_ID, SECRET).faults(faults).start().expect("a cloud starts")
}

fn fetch(cloud: &Cloud, auth: CloudAuth, secret: &str) -> Result<String, Error> {
    RootCaFetch::builder(&cloud.base_url(), MERCHANT, KEY_ID, secret)
        .auth(auth)
        .web_roots_pem(cloud.web_root_pem())
        .timeout(PATIENCE)
        .build()?
        .fetch()
}

fn requests(cloud: &Cloud) -> Vec<(String, Verdict)> {
    let request = |event| match event {
        CloudEvent::Request { path, verdict, .. } => Some((path, verdict)),
        _ => None,
    };
    cloud.events().into_iter().filter_map(request).collect()
}

#[test]
fn every_way_to_sign_is_accepted_again_and_again() {
    for auth in AUTHS {
        let cloud = cloud(CloudFaults::Normal);
        for _ in 0..2 {
            let chain = fetch(&cloud, auth, SECRET).unwrap_or_else(|error| panic!("{auth:?}: {error:?}"));
            poslatch::Device::builder("https://127.0.0.1")
                .root_ca_pem(chain)
                .build()
                .expect("a usable chain");
        }
        assert!(requests(&cloud).iter().all(|(_, verdict)| matches!(verdict, Verdict::Accepted)), "{auth:?}");
    }
}

#[test]
fn what_was_fetched_is_what_a_till_pairs_with() {
    let simulator = simulator();
    let cloud = cloud(CloudFaults::Normal);
    cloud.set_chain(simulator.root_ca_chain_pem());
    let chain = fetch(&cloud, CloudAuth::Jwt, SECRET).expect("fetched");
    let device = builder(&simulator, "https").root_ca_pem(chain).build().expect("valid");
    device.pair("1001", &setup_code(&simulator)).expect("pairs");
}

#[test]
fn each_fault_of_the_cloud_has_its_status_and_its_facts() {
    for auth in AUTHS {
        for (faults, secret, status, fact, tries) in [
            (CloudFaults::Normal, "d3Jvbmc=", Status::CloudAuthentication, "HTTP status 401", 1),
            (CloudFaults::WrongKey, SECRET, Status::CloudAuthentication, "\"Authentication Failed\"", 1),
            (
                CloudFaults::ClockSkew(3600),
                SECRET,
                Status::CloudAuthentication,
                "this machine's clock says 20",
                1,
            ),
            (
                CloudFaults::ClockSkew(-3600),
                SECRET,
                Status::CloudAuthentication,
                "this machine's clock says 20",
                1,
            ),
            (CloudFaults::Status412, SECRET, Status::HttpStatus, "412", 1),
            (CloudFaults::Redirect, SECRET, Status::HttpStatus, "302", 1),
            (
                CloudFaults::Body(b"{\"certificateChain\":\"\"}".to_vec()),
                SECRET,
                Status::RootCaUnusable,
                "no certificate",
                1,
            ),
        ] {
            let case = format!("{auth:?} {faults:?}");
            let cloud = cloud(faults);
            let error = failure(fetch(&cloud, auth, secret), &case);
            assert_eq!(error.status(), status, "{case}: {error:?}");
            assert!(error.message().contains(fact), "{case}: {error:?}");
            assert!(!format!("{error:?}").contains(SECRET), "{case}: {error:?}");
            assert_eq!(requests(&cloud).len(), tries, "{case}: {error:?}");
        }
    }
}

#[test]
fn what_may_pass_is_tried_again_with_a_fresh_signature() {
    for auth in AUTHS {
        for faults in [
            CloudFaults::ServerError { times: 1 },
            CloudFaults::TooMany { retry_after: Some(0), times: 1 },
            CloudFaults::CloseBeforeReply { times: 1 },
        ] {
            let case = format!("{auth:?} {faults:?}");
            let cloud = cloud(faults);
            fetch(&cloud, auth, SECRET).unwrap_or_else(|error| panic!("{case}: {error:?}"));
            let requests = requests(&cloud);
            assert_eq!(requests.len(), 2, "{case}");
            // A repeated token id would be refused.
            assert!(
                requests.iter().all(|(_, verdict)| matches!(verdict, Verdict::Accepted)),
                "{case}: {requests:?}"
            );
        }
    }
}

#[test]
fn a_slow_cloud_is_given_up_at_the_deadline() {
    let cloud = cloud(CloudFaults::Slow);
    let fetch = RootCaFetch::builder(&cloud.base_url(), MERCHANT, KEY_ID, SECRET)
        .web_roots_pem(cloud.web_root_pem())
        .timeout(Duration::from_millis(150))
        .build()
        .expect("valid");
    let error = failure(fetch.fetch(), "slow");
    assert_eq!(error.status(), Status::ResponseTimeout, "{error:?}");
}
