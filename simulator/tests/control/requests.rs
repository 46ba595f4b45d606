//! The table of routes, and requests that are not as they should be.

use crate::client::Client;
use crate::screen;
use serde_json::{Value, json};

fn routes(client: &Client) -> Vec<(String, String)> {
    let list = client.show("/api");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let routes = list.as_array().expect("a list").iter();
    routes.map(|route| (text(&route["method"]), text(&route["path"]))).collect()
}

#[test]
fn every_route_is_documented() {
    let manual = include_str!("../../../docs/simulator-control.md");
    let (_device, client) = screen();
    for (method, path) in routes(&client) {
        assert!(manual.contains(&format!("\n### `{method} {path}`\n")), "{method} {path}");
    }
}

#[test]
fn nothing_is_documented_that_is_not_there() {
    let manual = include_str!("../../../docs/simulator-control.md");
    let (_device, client) = screen();
    let routes = routes(&client);
    let headings: Vec<_> = manual.lines().filter_map(|line| line.strip_prefix("### `")).collect();
    assert_eq!(headings.len(), routes.len());
    for heading in headings {
        let (method, path) = heading.trim_end_matches('`').split_once(' ').expect("a method and a path");
        assert!(routes.contains(&(method.to_owned(), path.to_owned())), "{heading}");
    }
}

#[test]
fn every_event_is_documented() {
    let manual = include_str!("../../../docs/simulator-control.md");
    let source = include_str!("../../src/event/json.rs");
    let names: Vec<_> = source.split("\"event\": \"").skip(1).map(|rest| rest.split('"').next()).collect();
    assert!(names.len() > 15);
    for name in names.into_iter().flatten() {
        assert!(manual.contains(&format!("| `{name}` |")), "{name}");
    }
}

#[test]
fn wrong_method_is_told_the_right_ones() {
    let (_device, client) = screen();
    for (_, path) in routes(&client) {
        let reply = client.send("DELETE", &path, &["Content-Type: application/json"], "{}");
        assert!(reply.refusal(405).contains("DELETE"), "{path}");
        assert!(reply.header("allow").is_some_and(|allow| !allow.is_empty()), "{path}");
    }
    let both = client.send("DELETE", "/api/faults", &[], "");
    assert_eq!(both.header("allow"), Some("GET, PATCH"));
    let nowhere = client.get("/api/fault");
    assert!(nowhere.refusal(404).contains("/api/fault"));
}

#[test]
fn body_that_is_no_json_or_not_announced_as_json_is_refused() {
    let (_device, client) = screen();
    for (method, path) in routes(&client).into_iter().filter(|(method, _)| method != "GET") {
        for headers in [&["Content-Type: text/plain"][..], &["Content-Type: application/jsonp"], &[]] {
            let reply = client.send(&method, &path, headers, "{}");
            assert!(reply.refusal(415).contains("JSON"), "{method} {path}");
        }
        for body in ["{", "[]", "\"text\"", "\u{0}"] {
            let reply = client.send(&method, &path, &["Content-Type: application/json; charset=utf-8"], body);
            assert!(reply.refusal(400).contains("no JSON object"), "{method} {path} {body}");
        }
        let unknown = client.send(&method, &path, &["Content-Type: application/json"], "{\"unheard\":1}");
        assert!(unknown.refusal(400).contains("unheard"), "{method} {path}");
    }
}

#[test]
fn body_may_be_left_out_where_nothing_has_to_be_said() {
    let (_device, client) = screen();
    let reply = client.send("POST", "/api/faults/reset", &["Content-Type: application/json"], "");
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(client.post("/api/tills", &json!({})).refusal(400).contains("posId"));
    assert!(client.post("/api/tills", &json!({ "posId": "" })).refusal(400).contains("empty"));
    assert!(client.post("/api/channels/close", &json!({ "code": 70000 })).refusal(400).contains("70000"));
    assert!(client.post("/api/device/come-back", &json!({ "memory": "some" })).refusal(400).contains("some"));
}

#[test]
fn body_that_is_too_long_is_refused_however_it_is_announced() {
    let (_device, client) = screen();
    let long = json!({ "text": "x".repeat(1024 * 1024) });
    assert!(client.post("/api/messages", &long).refusal(413).contains("1048576"));
    let fits = json!({ "text": "x".repeat(1000 * 1024) });
    assert_eq!(client.act("/api/messages", &fits), json!({ "channels": 0 }));
}
