//! The page as it is served. What it does is for a browser to say: `cargo xtask test screen`.

use crate::screen;
use aws_lc_rs::digest::{SHA256, digest};
use base64ct::{Base64, Encoding};

#[test]
fn policy_lets_run_what_is_in_the_page_and_nothing_else() {
    let (device, client) = screen();
    let page = client.get("/");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").expect("a policy");
    for (directive, tag) in [("script-src", "script"), ("style-src", "style")] {
        let inner = page.body.split_once(&format!("<{tag}>")).expect("a tag").1;
        let inner = inner.split_once(&format!("</{tag}>")).expect("its end").0;
        let hash = Base64::encode_string(digest(&SHA256, inner.as_bytes()).as_ref());
        assert!(policy.contains(&format!("{directive} 'sha256-{hash}';")), "{policy}");
    }
    assert!(policy.contains("connect-src 'self';"), "{policy}");
    assert!(!page.body.contains(&device.setup_code()), "the page itself knows nothing");
}

#[test]
fn device_without_a_screen_has_no_address_for_one() {
    let device = poslatch_simulator::Simulator::builder().start().expect("a device");
    assert_eq!((device.control_address(), device.control_url()), (None, None));
}

#[test]
fn screen_on_a_port_that_is_taken_is_an_error_that_names_it() {
    let (_device, client) = screen();
    let taken = poslatch_simulator::Simulator::builder().control(client.address).start();
    let error = taken.expect_err("the port is taken").to_string();
    assert!(error.contains(&client.address.to_string()), "{error}");
}
