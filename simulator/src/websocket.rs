//! The channel of section 5, from the upgrade to the close: one loop that reads requests and writes what operations send.
//! Pairing works here, too (section 2). Apart from [`crate::http`], which has one reply for each request.

use crate::connection::Rights;
use crate::device::{Device, Ending};
use crate::line::{Carrier, Line, Outgoing, Payload, Queue};
use crate::message::{self, Request, error_response};
use crate::pairing::{self, Answer};
use crate::plain::LINGER_MAX;
use crate::terminal::Terminal;
use crate::{Event, Exchange, Faults, FrameKind};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::ops::ControlFlow;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

pub(crate) async fn talk<S>(device: &Arc<Device>, stream: S, rights: Rights, connection: u64) -> Ending
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limits =
        WebSocketConfig::default().max_message_size(Some(MESSAGE_MAX)).max_frame_size(Some(MESSAGE_MAX));
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(limits)).await;
    device.journal.record(Event::WebSocketOpened { connection });
    let (queue, mut outgoing) = mpsc::unbounded_channel();
    let mut pings = ping_timer(device);
    let mut channel = Channel { device, socket, rights, connection, queue };
    loop {
        let flow = tokio::select! {
            incoming = channel.socket.next() => match incoming {
                Some(Ok(message)) => channel.receive(message).await,
                // Closed, or broken: either way there is no one left to talk to.
                Some(Err(_)) | None => ControlFlow::Break(Ending::Orderly),
            },
            Some(message) = outgoing.recv() => channel.send(message).await,
            () = tick(&mut pings) => go_on(channel.socket.send(Message::Ping(PING.into())).await),
        };
        if let ControlFlow::Break(ending) = flow {
            return ending;
        }
    }
}

struct Channel<'a, S> {
    device: &'a Arc<Device>,
    socket: WebSocketStream<S>,
    rights: Rights,
    connection: u64,
    queue: Queue,
}

/// Whether the channel stays open.
type Flow = ControlFlow<Ending>;

impl<S: AsyncRead + AsyncWrite + Unpin> Channel<'_, S> {
    async fn receive(&mut self, message: Message) -> Flow {
        let connection = self.connection;
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => {
                return self.send_error("Invalid request", "binary frames are not understood").await;
            }
            Message::Pong(_) => {
                self.device.journal.record(Event::PongReceived { connection });
                return Flow::Continue(());
            }
            // Answered by the WebSocket library.
            Message::Ping(_) | Message::Close(_) | Message::Frame(_) => return Flow::Continue(()),
        };
        // Before anything goes on record: whoever sees the request there and turns a switch means the next one.
        let faults = self.device.faults();
        match message::read(text.as_bytes()) {
            Request::Pairing(request) => {
                let answer = pairing::judge(self.device, connection, &request, &faults).await;
                self.answer_pairing(answer, faults.pairing_frame).await
            }
            Request::Channel { kind, body } => {
                let detail = message::detail(&body);
                self.device.journal.record(Event::MessageReceived { connection, kind: kind.clone(), detail });
                match self.rights {
                    Rights::Everything => self.carry_out(&kind, &body, &faults),
                    Rights::Pairing => self.turn_out().await,
                }
            }
            Request::Unreadable(reason) => match self.rights {
                Rights::Everything => self.send_error("Invalid request", &reason).await,
                Rights::Pairing => self.turn_out().await,
            },
        }
    }

    fn carry_out(&self, kind: &str, body: &Value, faults: &Faults) -> Flow {
        let line = Line::new(self.queue.clone(), faults, Carrier::WebSocket);
        Terminal::carry_out(self.device, kind, body, faults, line);
        match faults.exchange {
            Exchange::CloseAfterRequest => Flow::Break(Ending::Orderly),
            Exchange::ResetAfterRequest => Flow::Break(Ending::Reset),
            _ => Flow::Continue(()),
        }
    }

    async fn answer_pairing(&mut self, answer: Answer, kind: FrameKind) -> Flow {
        match answer {
            Answer::Close => Flow::Break(Ending::Orderly),
            Answer::Never => Flow::Continue(()),
            Answer::Refused { body, .. } => go_on(self.socket.send(Message::text(body.to_string())).await),
            Answer::Reply { mut body, sent, .. } => {
                let is_whole = sent == body.len();
                body.truncate(sent);
                let frame = match (kind, String::from_utf8(body)) {
                    (FrameKind::Text, Ok(text)) => Message::text(text),
                    (FrameKind::Binary, Ok(text)) => Message::binary(text.into_bytes()),
                    (_, Err(not_text)) => Message::binary(not_text.into_bytes()),
                };
                match go_on(self.socket.send(frame).await) {
                    Flow::Continue(()) if !is_whole => Flow::Break(Ending::Orderly),
                    flow => flow,
                }
            }
        }
    }

    async fn send(&mut self, message: Outgoing) -> Flow {
        let Outgoing { kind, detail, payload, .. } = message;
        // Recorded first, so that a till which has the message finds it on record.
        self.device.journal.record(Event::MessageSent { connection: self.connection, kind, detail });
        go_on(
            self.socket
                .send(match payload {
                    Payload::Binary(bytes) => Message::binary(bytes),
                    Payload::Text(text) => Message::text(text),
                })
                .await,
        )
    }

    async fn send_error(&mut self, message: &str, description: &str) -> Flow {
        let reason = format!("{message}: {description}");
        self.device.journal.record(Event::Refused { connection: self.connection, reason });
        go_on(self.socket.send(Message::text(error_response(message, description).to_string())).await)
    }

    /// Tells a till without certificate why it must go, then closes with code 1008 (section 4, field symptoms).
    async fn turn_out(&mut self) -> Flow {
        if self.send_error(CERTIFICATE_REQUIRED, CERTIFICATE_REQUIRED_DESCRIPTION).await.is_break() {
            return Flow::Break(Ending::Orderly);
        }
        let goodbye = CloseFrame { code: CloseCode::Policy, reason: CERTIFICATE_REQUIRED.into() };
        if self.socket.close(Some(goodbye)).await.is_ok() {
            // Until the till has closed its side, as the protocol of WebSocket wants it.
            let farewell = async { while let Some(Ok(_)) = self.socket.next().await {} };
            let _ = tokio::time::timeout(LINGER_MAX, farewell).await;
        }
        Flow::Break(Ending::Orderly)
    }
}

fn go_on(sent: Result<(), tungstenite::Error>) -> Flow {
    match sent {
        Ok(()) => Flow::Continue(()),
        Err(_) => Flow::Break(Ending::Orderly),
    }
}

fn ping_timer(device: &Device) -> Option<Interval> {
    let period = device.faults().ping_interval.filter(|period| !period.is_zero())?;
    let mut timer = interval_at(tokio::time::Instant::now() + period, period);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Some(timer)
}

async fn tick(timer: &mut Option<Interval>) {
    match timer {
        Some(timer) => {
            timer.tick().await;
        }
        None => std::future::pending().await,
    }
}

pub(crate) const CERTIFICATE_REQUIRED: &str = "client certificate required";
pub(crate) const CERTIFICATE_REQUIRED_DESCRIPTION: &str =
    "pair first, then present the certificate of the pairing";

/// Images in custom screens and prints are the largest requests (section 6b); none comes near this.
pub(crate) const MESSAGE_MAX: usize = 4 << 20;

const PING: &[u8] = b"simulator";
