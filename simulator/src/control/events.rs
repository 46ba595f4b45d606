//! The record over HTTP: as JSON lines for scripts, and as server-sent events for the page, with the state whenever the
//! page is up to date with the record. One file, because both are the same entries with the same numbers.

use super::answer::{self, Answer};
use super::desk::Desk;
use super::refusal::Refusal;
use super::snapshot;
use crate::clock::rfc3339_milliseconds;
use crate::journal::Entry;
use futures_util::stream;
use hyper::body::Bytes;
use hyper::{HeaderMap, Uri};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Answers with the entries after `?after=`, one JSON object per line; with `?wait_ms=` it waits for one if there is none.
pub(crate) async fn lines(desk: &Desk, uri: &Uri) -> Result<Answer, Refusal> {
    let mut query = Query::read(uri, &["after", "tail", "wait_ms"])?;
    let journal = &desk.simulator.device.journal;
    let mut news = journal.watch();
    let after = query.start(journal.latest());
    let wait = Duration::from_millis(query.take("wait_ms").unwrap_or(0)).min(WAIT_MAX);
    let deadline = Instant::now() + wait;
    while journal.latest() <= after && matches!(timeout_at(deadline, news.changed()).await, Ok(Ok(()))) {}
    let entries = journal.after(after, usize::MAX);
    let lines: String = entries.iter().map(|entry| format!("{}\n", to_json(entry))).collect();
    Ok(answer::text("application/x-ndjson", lines))
}

/// Answers with server-sent events: `entry` for each entry of the record, `state` for the state after them.
pub(crate) fn stream(desk: &Arc<Desk>, uri: &Uri, headers: &HeaderMap) -> Result<Answer, Refusal> {
    let mut query = Query::read(uri, &["after", "tail"])?;
    let journal = &desk.simulator.device.journal;
    let news = journal.watch();
    let last_id = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.split_once('-'));
    let after = match last_id {
        // What another device of before has sent says nothing of this one.
        Some((instance, id)) if instance == desk.instance => id.parse().unwrap_or(0),
        Some(_) | None => query.start(journal.latest()),
    };
    let listener = Listener { desk: Arc::clone(desk), news, after, is_first: true };
    Ok(answer::stream("text/event-stream", stream::unfold(listener, Listener::next)))
}

struct Listener {
    desk: Arc<Desk>,
    news: watch::Receiver<u64>,
    after: u64,
    is_first: bool,
}

impl Listener {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        let mut text = String::new();
        if self.is_first {
            text.push_str(&format!("retry: {}\n\n", RETRY.as_millis()));
            self.is_first = false;
        } else {
            match timeout(ALIVE, self.news.changed()).await {
                // What comes thick and fast is sent together.
                Ok(Ok(())) => sleep(PACE).await,
                Ok(Err(_)) => return None,
                Err(_) => return Some((Bytes::from_static(b": still here\n\n"), self)),
            }
        }
        self.news.mark_unchanged();
        let entries = self.desk.simulator.device.journal.after(self.after, CHUNK);
        for entry in &entries {
            self.after = entry.id;
            let (instance, data) = (&self.desk.instance, to_json(entry));
            text.push_str(&format!("id: {instance}-{}\nevent: entry\ndata: {data}\n\n", entry.id));
        }
        if entries.len() == CHUNK {
            // The rest comes with the next chunk, when this one has been taken.
            self.news.mark_changed();
            return Some((text.into(), self));
        }
        text.push_str(&format!("event: state\ndata: {}\n\n", snapshot::state(&self.desk)));
        Some((text.into(), self))
    }
}

fn to_json(entry: &Entry) -> Value {
    let mut value = entry.event.to_json();
    value["id"] = entry.id.into();
    value["time"] = rfc3339_milliseconds(entry.time).into();
    value
}

/// The numbers of a URL's query.
struct Query<'a>(Vec<(&'a str, u64)>);

impl<'a> Query<'a> {
    fn read(uri: &'a Uri, known: &[&str]) -> Result<Self, Refusal> {
        let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let numbers =
            pairs.map(|pair| match pair.split_once('=').map(|(name, value)| (name, value.parse())) {
                Some((name, Ok(value))) if known.contains(&name) => Ok((name, value)),
                _ => Err(Refusal::bad_request(
                    format!("{pair:?} is no parameter of this path, or no number"),
                    format!("Use {}, each with a whole number.", known.join(", ")),
                )),
            });
        numbers.collect::<Result<_, _>>().map(Self)
    }

    fn take(&mut self, name: &str) -> Option<u64> {
        let place = self.0.iter().position(|(found, _)| *found == name)?;
        Some(self.0.swap_remove(place).1)
    }

    /// The entry after which to begin: the one that is named, or so many before the latest, or the first of all.
    fn start(&mut self, latest: u64) -> u64 {
        let tail = self.take("tail").map(|count| latest.saturating_sub(count));
        self.take("after").or(tail).unwrap_or(0)
    }
}

/// How long a page waits before it comes back; short, since a simulator starts within a second.
const RETRY: Duration = Duration::from_secs(1);

/// How often a silent stream says that it is there; shorter than most proxies' patience.
const ALIVE: Duration = Duration::from_secs(15);

/// Faster than this nobody sees anything.
const PACE: Duration = Duration::from_millis(30);

/// So many entries at once: some tens of kilobytes.
const CHUNK: usize = 256;

/// Below the patience of most HTTP clients.
const WAIT_MAX: Duration = Duration::from_secs(60);
