//! The payment application behind the channel (sections 5, 6 and 6c): one operation at a time, cancellable for a while,
//! remembered afterwards. It knows nothing of connections, so a payment goes on when its connection is lost.
//!
//! The story of an operation: [`asked`] reads the request, [`fresh`], [`follow_on`] or [`device_work`] makes [`work`] of it,
//! this file walks through its steps, and its last act changes the [`ledger`] and writes the reply.

pub(crate) mod asked;
mod device_work;
mod follow_on;
mod form;
mod fresh;
mod ledger;
mod paper;
mod receipt;
mod telling;
mod transaction;
mod work;

use crate::device::Device;
use crate::display::DisplayStep;
use crate::line::{Carrier, Line};
use crate::message::error_response;
use crate::scenario::Course;
use crate::{Display, Event, Exchange, Faults, SecondRequest, lock};
use asked::{Asked, LookUp, Refusal};
use ledger::Ledger;
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::sleep_until;
use transaction::Transaction;
use work::{Done, End, Finish, Pace, Step, Voice, Work};

/// The amount that is declined whatever the currency.
pub const DECLINED_AMOUNT: &str = "66.66";

/// Clones are the same terminal.
#[derive(Clone, Default)]
pub(crate) struct Terminal {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    running: Option<Running>,
    ledger: Ledger,
    /// Requests that came while an operation ran, if they may wait.
    waiting: VecDeque<Waiting>,
    /// How many lookups of an id found nothing because a switch wanted it so.
    not_found: HashMap<String, u32>,
    /// How many operations have begun.
    begun: u64,
}

impl State {
    /// Whether this lookup is one of the first ones, which find nothing.
    fn hides(&mut self, id: &str, first: u32) -> bool {
        if first == 0 {
            return false;
        }
        let count = self.not_found.entry(id.to_owned()).or_default();
        let hides = *count < first;
        *count += u32::from(hides);
        hides
    }
}

/// The operation that runs.
struct Running {
    number: u64,
    pending: Option<Transaction>,
    task: AbortHandle,
    orders: mpsc::UnboundedSender<Order>,
    is_abortable: bool,
    /// POSTs that asked for the cancellation and wait for its outcome.
    cancelling: Vec<Line>,
}

/// A request that waits for its turn.
struct Waiting {
    asked: Asked,
    course: Course,
    line: Line,
}

enum Order {
    Cancel,
    Release,
}

/// A request as it was read, and how it will go.
pub(crate) struct Errand {
    asked: Result<Asked, Refusal>,
    course: Course,
}

impl Errand {
    /// To be made once for each request, since a scenario counts them.
    pub(crate) fn new(device: &Device, kind: &str, body: &Value, faults: Faults) -> Self {
        let asked = asked::check_version(kind, body, faults.app_minor).and_then(|()| Asked::read(kind, body));
        let looks = asked.as_ref().ok().and_then(Asked::looks);
        let course = lock(&device.script).course(looks.as_ref(), faults);
        Self { asked, course }
    }

    /// The switches as they stand for this request.
    pub(crate) fn faults(&self) -> &Faults {
        &self.course.faults
    }
}

impl Terminal {
    /// Carries a request out; replies go down the line, now or later.
    pub(crate) fn carry_out(device: &Arc<Device>, errand: Errand, line: Line) {
        let Errand { asked, course } = errand;
        if let Exchange::ErrorResponse(message) = &course.faults.exchange {
            return line.finish(error_response(message, "asked for by the simulator's switches"));
        }
        let terminal = &device.terminal;
        match asked {
            Err(refusal) => line.finish(refusal.reply()),
            Ok(Asked::Cancel) => terminal.cancel(line),
            Ok(Asked::LookUp(look_up)) => terminal.look_up(&look_up, &course.faults, line),
            Ok(asked) => {
                terminal.begin(device, Waiting { asked, course, line });
            }
        }
    }

    /// Lets a held operation go on.
    pub(crate) fn release(&self) {
        if let Some(running) = &lock(&self.state).running {
            let _ = running.orders.send(Order::Release);
        }
    }

    /// Cancels what runs, in the name of whoever stands before the device.
    pub(crate) fn cancel_on_device(&self) -> bool {
        match &lock(&self.state).running {
            Some(running) if running.is_abortable => running.orders.send(Order::Cancel).is_ok(),
            _ => false,
        }
    }

    /// Forgets everything; what runs or waits is given up without a word.
    pub(crate) fn forget(&self, device: &Device) {
        let mut state = lock(&self.state);
        if let Some(running) = &state.running {
            // Under the lock: what runs must not find another operation in its place.
            running.task.abort();
        }
        let forgotten = std::mem::take(&mut *state);
        drop(state);
        // Without it, since lines and messages may have a long way to go.
        drop(forgotten);
        device.panel.change(&device.journal, |shown| *shown = Display::default());
    }

    /// Begins an operation, or does with the request what is to be done while another runs.
    fn begin(&self, device: &Arc<Device>, request: Waiting) -> Turn {
        let mut state = lock(&self.state);
        if let Some(running) = &state.running {
            let replaces = match request.course.faults.second_request {
                SecondRequest::Replace if running.is_abortable => true,
                SecondRequest::Queue => false,
                SecondRequest::Busy | SecondRequest::Replace => return busy(request.line),
            };
            if state.waiting.len() >= WAITING_MAX {
                return busy(request.line);
            }
            if replaces {
                let _ = running.orders.send(Order::Cancel);
            }
            state.waiting.push_back(request);
            return Turn::Taken;
        }
        let Waiting { asked, course, line } = request;
        let work = match prepare(device, asked, course, &mut state.ledger) {
            Ok(work) => work,
            Err(refusal) => {
                line.finish(refusal.reply());
                return Turn::Free;
            }
        };
        let Work { screen, voice, steps, is_abortable, gives_up, pace, pending, finish } = work;
        let (orders, inbox) = mpsc::unbounded_channel();
        device.panel.change(&device.journal, |shown| *shown = screen);
        let number = state.begun;
        state.begun += 1;
        let walk = Walk { number, voice, steps, is_abortable, gives_up, pace, inbox };
        let (terminal, worker) = (self.clone(), Arc::clone(device));
        let task =
            tokio::spawn(async move { terminal.run(&worker, walk, finish, line).await }).abort_handle();
        state.running = Some(Running { number, pending, task, orders, is_abortable, cancelling: Vec::new() });
        Turn::Taken
    }

    /// Gives the next of those that wait its turn, and the one after it if that comes to nothing.
    fn begin_next(&self, device: &Arc<Device>) {
        loop {
            let next = lock(&self.state).waiting.pop_front();
            let Some(request) = next else { return };
            if self.begin(device, request) == Turn::Taken {
                return;
            }
        }
    }

    async fn run(&self, device: &Arc<Device>, mut walk: Walk, finish: Finish, line: Line) {
        let end = self.walk(device, &mut walk, &line).await;
        let Some((done, cancelling)) = self.end(device, walk.number, end, finish) else { return };
        if let Some(reference) = done.reference {
            device.journal.record(Event::PaymentEnded { reference, status: done.outcome.to_owned() });
        }
        for cancelling in cancelling {
            cancelling.finish(done.reply.clone());
        }
        line.finish(done.reply);
        self.begin_next(device);
    }

    /// Returns what is left of it, and the lines that asked for a cancellation; nothing if it was forgotten.
    fn end(&self, device: &Device, number: u64, end: End, finish: Finish) -> Option<(Done, Vec<Line>)> {
        let mut state = lock(&self.state);
        let running = state.running.take_if(|running| running.number == number)?;
        let done = finish(&mut state.ledger, end);
        let is_offline = state.ledger.is_offline;
        device.panel.change(&device.journal, |shown| {
            shown.step = DisplayStep::Ended;
            shown.message.clone_from(&done.message);
            shown.can_be_aborted = false;
            shown.outcome = Some(done.outcome.to_owned());
            shown.lines.clone_from(&done.lines);
            shown.offline = is_offline;
        });
        Some((done, running.cancelling))
    }

    /// Goes through the steps of an operation, up to the point where it cannot be aborted any more.
    async fn walk(&self, device: &Device, walk: &mut Walk, line: &Line) -> End {
        for number in 0..walk.steps.len() {
            let Some(step) = walk.steps.get(number).cloned() else { break };
            if !step.is_abortable && self.commit(&mut walk.inbox) == End::Cancelled {
                return End::Cancelled;
            }
            let status = walk.voice.status(&step);
            line.status(&status);
            device.panel.change(&device.journal, |shown| {
                shown.step = step.shows;
                shown.message = step.message;
                shown.can_be_aborted = step.is_abortable;
                shown.lines = step.lines;
            });
            if walk.pause(number == 0, &status, line).await == End::Cancelled {
                return End::Cancelled;
            }
        }
        if walk.steps.is_empty() && walk.pause(true, &Value::Null, line).await == End::Cancelled {
            return End::Cancelled;
        }
        if walk.gives_up { End::Cancelled } else { self.commit(&mut walk.inbox) }
    }

    /// Shuts the door to cancellation, unless somebody has just come through it.
    fn commit(&self, inbox: &mut mpsc::UnboundedReceiver<Order>) -> End {
        if let Some(running) = &mut lock(&self.state).running {
            running.is_abortable = false;
        }
        while let Ok(order) = inbox.try_recv() {
            if matches!(order, Order::Cancel) {
                return End::Cancelled;
            }
        }
        End::Done
    }

    fn cancel(&self, line: Line) {
        let mut state = lock(&self.state);
        match &mut state.running {
            None => line.finish(error_response("No transaction to abort", "nothing runs")),
            Some(running) if !running.is_abortable => {
                line.finish(error_response("Transaction cannot be aborted", "canBeAborted was false"));
            }
            Some(running) => {
                // On the channel the aborted operation's own reply is the answer (section 6c).
                if line.carrier() == Carrier::Post {
                    running.cancelling.push(line);
                }
                let _ = running.orders.send(Order::Cancel);
            }
        }
    }

    fn look_up(&self, look_up: &LookUp, faults: &Faults, line: Line) {
        let mut state = lock(&self.state);
        let (LookUp::Id(id) | LookUp::Reference(id)) = look_up;
        if state.hides(id, faults.lookup_not_found_first) {
            return line.finish(follow_on::not_found().reply());
        }
        let State { running, ledger, .. } = &mut *state;
        let pending = running.as_ref().and_then(|running| running.pending.as_ref());
        let pending = pending.filter(|pending| match look_up {
            LookUp::Id(id) => pending.id() == id,
            LookUp::Reference(reference) => pending.asked.reference == *reference,
        });
        // What runs comes first: it is the latest that the till can mean.
        if let Some(pending) = pending {
            return line.finish(fresh::found(pending, None));
        }
        let (found, id) = match look_up {
            LookUp::Id(id) => (ledger.by_id(id, faults), Some(id.as_str())),
            LookUp::Reference(reference) => (ledger.by_reference(reference, faults), None),
        };
        line.finish(match found {
            None => follow_on::not_found().reply(),
            Some(transaction) => {
                transaction.learn();
                fresh::found(transaction, id)
            }
        });
    }
}

/// Whether an operation runs now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Free,
    Taken,
}

fn busy(line: Line) -> Turn {
    line.finish(error_response("Terminal busy", "another operation runs"));
    Turn::Taken
}

/// Ours: a till that sends more than this without waiting for anything is broken.
const WAITING_MAX: usize = 100;

fn prepare(device: &Device, asked: Asked, course: Course, ledger: &mut Ledger) -> Result<Work, Refusal> {
    let faults = &course.faults;
    match asked {
        Asked::CustomPrint(paper) => device_work::custom_print(paper, ledger, faults),
        Asked::CustomScreens(forms) => Ok(device_work::custom_screens(forms, ledger, faults)),
        Asked::FollowOn(asked) => follow_on::prepare(asked, course, ledger, &mut lock(&device.script).chance),
        Asked::Fresh(asked) => fresh::prepare(asked, course, ledger, &mut lock(&device.script).chance),
        Asked::OfflineMode { enabled } => device_work::offline_mode(enabled, ledger, faults),
        Asked::PrintReceipt { id, side } => device_work::print_receipt(&id, side, ledger, faults),
        Asked::ReadCard => Ok(device_work::read_card(ledger, faults)),
        Asked::Cancel | Asked::LookUp(_) => Err(Refusal::invalid("it is no operation")),
    }
}

/// An operation on its way.
struct Walk {
    number: u64,
    voice: Voice,
    steps: Vec<Step>,
    is_abortable: bool,
    gives_up: bool,
    pace: Pace,
    inbox: mpsc::UnboundedReceiver<Order>,
}

impl Walk {
    /// Waits out one step, in which orders may come.
    async fn pause(&mut self, is_first: bool, status: &Value, line: &Line) -> End {
        let holds = self.pace.holds && is_first && self.is_abortable;
        // A POST has no place for status messages, and would take them without end.
        let mut floods = self.pace.floods && is_first && line.carrier() == Carrier::WebSocket;
        let end = tokio::time::Instant::now() + self.pace.pause;
        loop {
            let order = tokio::select! {
                biased;
                order = self.inbox.recv() => order,
                () = sleep_until(end), if !holds => return End::Done,
                place = line.place(), if floods => {
                    floods = line.flood(status, place);
                    continue;
                }
            };
            match order {
                Some(Order::Cancel) if self.is_abortable => return End::Cancelled,
                Some(Order::Release) if holds => return End::Done,
                Some(Order::Cancel | Order::Release) => {}
                // Only a terminal that is gone has no one to give orders.
                None => return End::Done,
            }
        }
    }
}
