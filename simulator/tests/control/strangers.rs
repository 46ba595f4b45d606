//! Who may not ask. The rules have their own tests beside them; these prove that every route goes by them.

use crate::client::Client;
use crate::common::PATIENCE;
use crate::screen;
use poslatch_simulator::Simulator;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

fn for_every_route(client: &Client, check: impl Fn(&str, &str)) {
    let list = client.show("/api");
    for route in list.as_array().expect("a list") {
        check(route["method"].as_str().expect("text"), route["path"].as_str().expect("text"));
    }
}

#[test]
fn rebound_name_is_refused_on_every_route() {
    let (_device, client) = screen();
    for_every_route(&client, |method, path| {
        let headers = ["Content-Type: application/json", "Host: evil.example"];
        let reply = client.send_exactly(method, path, &headers, "{}");
        assert!(reply.refusal(403).contains("Host"), "{method} {path}");
    });
    let without = client.send_exactly("GET", "/api/state", &[], "");
    assert!(without.refusal(403).contains("Host"));
}

#[test]
fn page_of_another_site_is_refused_on_every_route_but_that_of_the_page() {
    let (device, client) = screen();
    let before = (device.setup_code(), device.faults());
    for_every_route(&client, |method, path| {
        for header in ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site"] {
            let reply = client.send(method, path, &["Content-Type: application/json", header], "{}");
            match path {
                "/" => assert_eq!(reply.status, 200),
                _ => assert!(reply.refusal(403).contains("another site"), "{method} {path}"),
            }
            assert!(!reply.head.to_lowercase().contains("access-control"), "{}", reply.head);
        }
    });
    assert_eq!((device.setup_code(), device.faults()), before);
}

#[test]
fn preflight_of_another_site_gets_no_permission() {
    let (_device, client) = screen();
    let headers = ["Origin: http://evil.example", "Access-Control-Request-Method: POST"];
    let reply = client.send("OPTIONS", "/api/code", &headers, "");
    assert_eq!(reply.status, 403);
    assert!(!reply.head.to_lowercase().contains("access-control"), "{}", reply.head);
}

#[test]
fn own_page_is_let_in() {
    let (_device, client) = screen();
    let origin = format!("Origin: http://{}", client.address);
    let headers = ["Content-Type: application/json", &origin, "Sec-Fetch-Site: same-origin"];
    assert_eq!(client.send("POST", "/api/code", &headers, "{}").status, 200);
}

#[test]
fn every_reply_is_kept_from_caches_frames_and_guesses() {
    let (_device, client) = screen();
    let replies = [
        client.get("/"),
        client.get("/api/state"),
        client.get("/api/nothing"),
        client.get("/api/root-ca.pem"),
    ];
    for reply in replies {
        let header = |name| reply.header(name).unwrap_or_default();
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        let policy = header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

/// Over the loopback, though it is bound to everything: there the token is asked for.
#[test]
fn screen_that_others_can_reach_wants_its_token() {
    let device =
        Simulator::builder().control(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))).start().expect("a device");
    let port = device.control_address().expect("a screen").port();
    let client = Client::new(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let url = device.control_url().expect("a URL");
    let (start, token) = url.split_once("?token=").expect("a token");
    assert_eq!(start, format!("http://127.0.0.1:{port}/"));
    assert_eq!(token.len(), 32);

    for path in ["/", "/api", "/api/state", "/api/stream", "/api/nothing"] {
        assert!(client.get(path).refusal(401).contains("token"), "{path}");
    }
    assert!(client.post("/api/code", &json!({})).refusal(401).contains("token"));

    let page = client.get(&format!("/?token={token}"));
    assert_eq!(page.status, 200);
    let cookie = page.header("set-cookie").expect("a cookie");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
    let cookie = format!("Cookie: {}", cookie.split(';').next().expect("a value"));
    let state = client.send("GET", "/api/state", &[&cookie], "").expect(200);
    assert_eq!(state["serial"], device.serial());
    let header = format!("Authorization: Bearer {token}");
    assert_eq!(client.send("GET", "/", &[&header], "").status, 200);
    let other = Simulator::builder().control(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))).start();
    assert_ne!(other.expect("a device").control_url().expect("a URL").split("?token=").nth(1), Some(token));
}

#[test]
fn loopback_needs_no_token_and_gives_no_cookie() {
    let (device, client) = screen();
    assert_eq!(device.control_url(), Some(format!("http://{}/", client.address)));
    assert_eq!(client.get("/?token=x").header("set-cookie"), None);
}

#[test]
fn head_that_is_too_long_is_refused() {
    let (_device, client) = screen();
    let mut tcp = TcpStream::connect(client.address).expect("a connection");
    tcp.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let head =
        format!("GET /api/state HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "x".repeat(64 * 1024));
    // It may hang up before all of it has been sent.
    let _ = tcp.write_all(head.as_bytes());
    let mut reply = Vec::new();
    let _ = tcp.read_to_end(&mut reply);
    let reply = String::from_utf8_lossy(&reply);
    assert!(!reply.contains("200 OK"), "{reply}");
    assert_eq!(client.show("/api/state")["presence"], Value::from("present"), "others are served");
}
