//! The channel of section 5, from the upgrade to the close. Reading, writing and the heartbeat go on side by side, so that
//! a till which does not read is still heard. Pairing works here, too (section 2). Apart from [`crate::http`], which has
//! one reply for each request.

use crate::connection::Rights;
use crate::device::{Device, Ending};
use crate::frames::{Frames, Injection};
use crate::line::{Carrier, Line, Outgoing, Payload, Queue, Said};
use crate::message::{self, Request, error_response};
use crate::pairing::{self, Answer};
use crate::plain::LINGER_MAX;
use crate::terminal::{Errand, Terminal};
use crate::{Event, Exchange, Faults, FrameKind, lock};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

pub(crate) async fn talk<S>(device: &Arc<Device>, stream: S, rights: Rights, connection: u64) -> Ending
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limits =
        WebSocketConfig::default().max_message_size(Some(MESSAGE_MAX)).max_frame_size(Some(MESSAGE_MAX));
    let injection = Injection::default();
    let frames = Frames::new(stream, Arc::clone(device), Arc::clone(&injection));
    let socket = WebSocketStream::from_raw_socket(frames, Role::Server, Some(limits)).await;
    let (sink, stream) = socket.split();
    let (queue, outgoing) = mpsc::unbounded_channel();
    let faults = device.faults();
    let shared = Shared { device, rights, connection, is_closing: false.into(), pong_is_due: false.into() };
    let _listed = Listed::new(&shared, queue.clone());
    device.journal.record(Event::WebSocketOpened { connection });
    let is_flooding = faults.ping_flood;
    let mut reader = Reader { shared: &shared, stream, queue: queue.clone(), pongs_on_record: !is_flooding };
    let mut writer = Writer { shared: &shared, sink, injection, is_flooding };
    tokio::select! {
        ending = reader.run() => ending,
        ending = writer.run(outgoing) => ending,
        ending = beat(&shared, &queue, &faults) => ending,
    }
}

/// What the sides of a channel have in common.
struct Shared<'a> {
    device: &'a Arc<Device>,
    rights: Rights,
    connection: u64,
    /// Whether a close frame was sent, after which nothing is taken in any more.
    is_closing: AtomicBool,
    /// Whether a ping of the device has not been answered yet.
    pong_is_due: AtomicBool,
}

/// The channel's entry among the open ones, for as long as it is open.
struct Listed<'a> {
    shared: &'a Shared<'a>,
}

impl<'a> Listed<'a> {
    fn new(shared: &'a Shared<'a>, queue: Queue) -> Self {
        shared.device.channels.open(shared.connection, queue, shared.rights);
        Self { shared }
    }
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        self.shared.device.channels.close(self.shared.connection);
    }
}

/// Whether the channel stays open.
type Flow = ControlFlow<Ending>;

struct Reader<'a, S> {
    shared: &'a Shared<'a>,
    stream: SplitStream<WebSocketStream<S>>,
    queue: Queue,
    pongs_on_record: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Reader<'_, S> {
    async fn run(&mut self) -> Ending {
        // When it is closed, or broken, there is no one left to talk to.
        while let Some(Ok(message)) = self.stream.next().await {
            if let ControlFlow::Break(ending) = self.receive(message).await {
                return ending;
            }
        }
        Ending::Orderly
    }

    async fn receive(&mut self, message: Message) -> Flow {
        let Shared { device, connection, .. } = *self.shared;
        let text = match message {
            Message::Close(frame) => {
                let code = frame.map(|frame| frame.code.into());
                device.journal.record(Event::CloseReceived { connection, code });
                return Flow::Continue(());
            }
            Message::Ping(_) => {
                // Answered by the WebSocket library, unless the switches keep that from happening.
                device.journal.record(Event::PingReceived { connection });
                return Flow::Continue(());
            }
            Message::Pong(_) => {
                self.shared.pong_is_due.store(false, Ordering::Relaxed);
                if self.pongs_on_record {
                    device.journal.record(Event::PongReceived { connection });
                }
                return Flow::Continue(());
            }
            Message::Text(_) | Message::Binary(_) if self.shared.is_closing.load(Ordering::Relaxed) => {
                return Flow::Continue(());
            }
            Message::Text(text) => text,
            Message::Binary(_) => {
                self.send_error("Invalid request", "binary frames are not understood");
                return Flow::Continue(());
            }
            Message::Frame(_) => return Flow::Continue(()),
        };
        self.take_in(&text).await
    }

    async fn take_in(&mut self, text: &Utf8Bytes) -> Flow {
        let Shared { device, connection, rights, .. } = *self.shared;
        // Before anything goes on record: whoever sees the request there and turns a switch means the next one.
        let faults = device.faults();
        match (message::read(text.as_bytes()), rights) {
            (Request::Pairing(request), _) => {
                let answer = pairing::judge(device, connection, &request, &faults).await;
                return self.answer_pairing(answer, faults.pairing_frame);
            }
            (Request::Channel { kind, body }, rights) => {
                let errand = Errand::new(device, &kind, &body, faults);
                let (kind, detail) = (message::for_record(&kind), message::detail(&body));
                device.journal.record(Event::MessageReceived { connection, kind, detail });
                match rights {
                    Rights::Everything => return self.carry_out(errand),
                    Rights::Pairing => self.turn_out(),
                }
            }
            (Request::Unreadable(reason), Rights::Everything) => self.send_error("Invalid request", &reason),
            (Request::Unreadable(_), Rights::Pairing) => self.turn_out(),
        }
        Flow::Continue(())
    }

    fn carry_out(&self, errand: Errand) -> Flow {
        let Shared { device, connection, .. } = *self.shared;
        let exchange = errand.faults().exchange.clone();
        let line = Line::new(device, connection, self.queue.clone(), errand.faults(), Carrier::WebSocket);
        Terminal::carry_out(device, errand, line);
        match exchange {
            Exchange::CloseAfterRequest => return Flow::Break(Ending::Orderly),
            Exchange::CloseWith(code) => self.say(Said::Close(code, String::new())),
            Exchange::ResetAfterRequest => return Flow::Break(Ending::Reset),
            _ => {}
        }
        Flow::Continue(())
    }

    fn answer_pairing(&mut self, answer: Answer, kind: FrameKind) -> Flow {
        match answer {
            Answer::Close => return Flow::Break(Ending::Orderly),
            Answer::Never => {}
            Answer::Refused { body, .. } => self.say(Said::Frame(Message::text(body.to_string()))),
            Answer::Reply { mut body, sent, .. } => {
                let is_whole = sent == body.len();
                body.truncate(sent);
                self.say(Said::Frame(match (kind, String::from_utf8(body)) {
                    (FrameKind::Text, Ok(text)) => Message::text(text),
                    (FrameKind::Binary, Ok(text)) => Message::binary(text.into_bytes()),
                    (_, Err(not_text)) => Message::binary(not_text.into_bytes()),
                }));
                if !is_whole {
                    self.say(Said::End(Ending::Orderly));
                }
            }
        }
        Flow::Continue(())
    }

    fn send_error(&self, message: &str, description: &str) {
        let reason = message::for_record(&format!("{message}: {description}"));
        self.shared.device.journal.record(Event::Refused { connection: self.shared.connection, reason });
        self.say(Said::Frame(Message::text(error_response(message, description).to_string())));
    }

    /// Tells a till without certificate why it must go, then closes with code 1008 (section 4, field symptoms).
    fn turn_out(&self) {
        self.send_error(CERTIFICATE_REQUIRED, CERTIFICATE_REQUIRED_DESCRIPTION);
        self.say(Said::Close(POLICY_VIOLATION, CERTIFICATE_REQUIRED.to_owned()));
    }

    fn say(&self, said: Said) {
        // The writer has the other end for as long as the channel is open.
        let _ = self.queue.send(said);
    }
}

struct Writer<'a, S> {
    shared: &'a Shared<'a>,
    sink: SplitSink<WebSocketStream<S>, Message>,
    injection: Injection,
    is_flooding: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Writer<'_, S> {
    async fn run(&mut self, mut outgoing: mpsc::UnboundedReceiver<Said>) -> Ending {
        loop {
            let said = tokio::select! {
                biased;
                Some(said) = outgoing.recv() => said,
                () = std::future::ready(()), if self.is_flooding => Said::Frame(Message::Ping(PING.into())),
            };
            if let ControlFlow::Break(ending) = self.send(said).await {
                return ending;
            }
        }
    }

    async fn send(&mut self, said: Said) -> Flow {
        let sent = match said {
            Said::Close(code, reason) => return Flow::Break(self.close(code, reason).await),
            Said::End(ending) => return Flow::Break(ending),
            Said::Frame(frame) => self.sink.send(frame).await,
            Said::Message(message) => self.send_message(message).await,
            Said::Raw(bytes) => {
                lock(&self.injection).extend_from_slice(&bytes);
                self.sink.flush().await
            }
        };
        match sent {
            Ok(()) => Flow::Continue(()),
            Err(_) => Flow::Break(Ending::Orderly),
        }
    }

    async fn send_message(&mut self, message: Outgoing) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        let Outgoing { kind, detail, payload, place, .. } = message;
        if place.is_none() {
            // Recorded first, so that a till which has the message finds it on record.
            let connection = self.shared.connection;
            self.shared.device.journal.record(Event::MessageSent { connection, kind, detail });
        }
        self.sink
            .send(match payload {
                Payload::Binary(bytes) => Message::binary(bytes),
                Payload::Text(text) => Message::text(text),
            })
            .await
    }

    /// Says goodbye, then waits for the till to close its side, as the protocol of WebSocket wants it.
    async fn close(&mut self, code: u16, reason: String) -> Ending {
        self.shared.is_closing.store(true, Ordering::Relaxed);
        let goodbye = CloseFrame { code: code.into(), reason: reason.into() };
        if self.sink.send(Message::Close(Some(goodbye))).await.is_ok() {
            // The reader ends the channel when the till has closed.
            tokio::time::sleep(LINGER_MAX).await;
        }
        Ending::Orderly
    }
}

/// Pings the till from time to time, and gives the connection up when a pong is missing, as the switches want it.
async fn beat(shared: &Shared<'_>, queue: &Queue, faults: &Faults) -> Ending {
    let Some(period) = faults.ping_interval.filter(|period| !period.is_zero()) else {
        return std::future::pending().await;
    };
    let Shared { device, connection, .. } = *shared;
    let mut next = tokio::time::Instant::now() + period;
    loop {
        tokio::time::sleep_until(next).await;
        if shared.pong_is_due.swap(true, Ordering::Relaxed) && faults.drop_after_missed_pong {
            device.journal.record(Event::PongMissed { connection });
            return Ending::Orderly;
        }
        let _ = queue.send(Said::Frame(Message::Ping(PING.into())));
        // Counted from the ping: on a slow machine the till keeps its whole time for the pong.
        next = tokio::time::Instant::now() + period.max(Duration::from_millis(1));
    }
}

pub(crate) const CERTIFICATE_REQUIRED: &str = "client certificate required";
pub(crate) const CERTIFICATE_REQUIRED_DESCRIPTION: &str =
    "pair first, then present the certificate of the pairing";

/// RFC 6455, section 7.4.1.
const POLICY_VIOLATION: u16 = 1008;

/// Images in custom screens and prints are the largest requests (section 6b); none comes near this.
pub(crate) const MESSAGE_MAX: usize = 4 << 20;

const PING: &[u8] = b"simulator";
