//! The table of what there is, which is also what `GET /api` answers and what the documentation is held to; and the way
//! of a request through it.

use super::actions as act;
use super::answer::{self, Answer};
use super::body::Body;
use super::desk::Desk;
use super::refusal::Refusal;
use super::{events, snapshot};
use crate::Faults;
use hyper::body::Incoming;
use hyper::{Method, Request};
use serde_json::{Value, json};
use std::sync::Arc;

/// One thing that can be asked for.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// What it does, in a sentence.
    pub(crate) about: &'static str,
    /// The members that its body takes.
    pub(crate) body: &'static str,
    pub(crate) action: Action,
}

/// How a route is answered.
pub(crate) enum Action {
    /// By doing something, which may take a while.
    Do(fn(&Desk, Body) -> Result<Value, Refusal>),
    /// By the entries of the record.
    Lines,
    /// By the page.
    Page,
    /// By the Root CA chain.
    RootCa,
    /// By a look at the device.
    Show(fn(&Desk) -> Value),
    /// By entries as they come.
    Stream,
}

const fn get(path: &'static str, about: &'static str, action: Action) -> Route {
    Route { method: Method::GET, path, about, body: "", action }
}

const fn post(
    path: &'static str,
    body: &'static str,
    about: &'static str,
    action: fn(&Desk, Body) -> Result<Value, Refusal>,
) -> Route {
    Route { method: Method::POST, path, about, body, action: Action::Do(action) }
}

pub(crate) const ROUTES: &[Route] = &[
    get("/", "the screen, for a browser", Action::Page),
    get("/api", "this list", Action::Show(|_| list())),
    get("/api/state", "all that the screen shows", Action::Show(snapshot::state)),
    get("/api/events", "the record as JSON lines; ?after=ID, ?tail=COUNT, ?wait_ms=MS", Action::Lines),
    get("/api/stream", "record and state as server-sent events; ?after=ID, ?tail=COUNT", Action::Stream),
    post("/api/events/forget", "", "empties the record; numbers go on", act::forget_events),
    get("/api/root-ca.pem", "the Root CA chain, for the till to trust", Action::RootCa),
    post("/api/root-ca/rotate", "", "gives the device another root", act::rotate_root),
    post("/api/code", "", "shows a new setup code; the old one is refused", act::renew_code),
    post("/api/code/close", "", "leaves the screen with the code, which stays valid", act::close_code),
    post("/api/activation/close", "", "closes \"POS Activation Successful\"", act::close_activation),
    get("/api/tills", "the paired tills, in the order of pairing", Action::Show(snapshot::tills)),
    post("/api/tills", "posId", "issues key and certificate to a till as if it had paired", act::issue_till),
    post("/api/tills/revoke", "fingerprint | posId", "takes tills off the list", act::revoke_tills),
    get("/api/switches", "a description of every switch", Action::Show(|_| json!(Faults::switches()))),
    get("/api/faults", "the switches as they are", Action::Show(|desk| desk.simulator.faults().to_json())),
    Route {
        method: Method::PATCH,
        path: "/api/faults",
        about: "turns the switches that it names",
        body: "any switch by its name",
        action: Action::Do(act::patch_faults),
    },
    post("/api/faults/reset", "", "makes the device healthy again", act::reset_faults),
    get(
        "/api/scenario",
        "the scenario that is played, and those that there are",
        Action::Show(snapshot::scenario),
    ),
    post("/api/scenario", "name | toml", "plays another scenario from its beginning", act::set_scenario),
    post("/api/display/cancel", "", "presses Cancel on the device", act::cancel_on_device),
    post("/api/display/dismiss", "", "goes back from an outcome to the idle screen", act::dismiss_display),
    post("/api/payments/release", "", "lets a payment go on that hold_payment stopped", act::release_payment),
    post("/api/payments/forget", "", "makes the device forget all payments", act::forget_payments),
    post("/api/replies/release", "", "sends the replies that are held back", act::release_replies),
    post("/api/messages", "text | base64", "sends text as a message, or bytes, on every channel", act::send),
    post("/api/channels/close", "code", "closes every channel with this close code", act::close_channels),
    post("/api/connections/close", "", "closes all connections in good order", act::close_connections),
    post("/api/connections/reset", "", "resets all connections", act::reset_connections),
    post(
        "/api/connections/freeze",
        "",
        "neither reads nor writes on any connection",
        act::freeze_connections,
    ),
    post("/api/device/disappear", "", "switches the device off: its port refuses", act::disappear),
    post("/api/device/hang", "", "hangs the device's application", act::hang),
    post("/api/device/come-back", "memory", "brings the device back; memory is kept or lost", act::come_back),
];

pub(crate) async fn answer(desk: &Arc<Desk>, request: Request<Incoming>) -> Answer {
    match find(desk, request).await {
        Ok(answer) => answer,
        Err(refusal) => answer::refusal(&refusal),
    }
}

async fn find(desk: &Arc<Desk>, request: Request<Incoming>) -> Result<Answer, Refusal> {
    let (head, body) = request.into_parts();
    desk.guard.check(&head.method, &head.uri, &head.headers)?;
    let path = head.uri.path();
    let there: Vec<_> = ROUTES.iter().filter(|route| route.path == path).collect();
    let Some(route) = there.iter().find(|route| route.method == head.method) else {
        let methods: Vec<_> = there.iter().map(|route| route.method.as_str()).collect();
        return Err(match methods.as_slice() {
            [] => Refusal::path(path),
            methods => Refusal::method(&head.method, path, methods),
        });
    };
    match route.action {
        Action::Do(act) => {
            let body = Body::read(&head.headers, body).await?;
            let desk = Arc::clone(desk);
            // On a thread that may block: the device's own thread may have to do its part first.
            match tokio::task::spawn_blocking(move || act(&desk, body)).await {
                Ok(outcome) => outcome.map(|value| answer::json(&value)),
                Err(error) => Err(Refusal::failed(error.to_string())),
            }
        }
        Action::Lines => events::lines(desk, &head.uri).await,
        Action::Page => Ok(desk.page.answer(desk.guard.cookie(&head.uri))),
        Action::RootCa => Ok(answer::text("application/x-pem-file", desk.simulator.root_ca_chain_pem())),
        Action::Show(show) => Ok(answer::json(&show(desk))),
        Action::Stream => events::stream(desk, &head.uri, &head.headers),
    }
}

fn list() -> Value {
    let route = |route: &Route| {
        json!({
            "method": route.method.as_str(),
            "path": route.path,
            "body": route.body,
            "about": route.about,
        })
    };
    ROUTES.iter().map(route).collect()
}
