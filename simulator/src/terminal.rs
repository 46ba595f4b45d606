//! The payment application behind the channel (sections 5, 6 and 6c): one operation at a time, cancellable for a while,
//! remembered afterwards. It knows nothing of connections, so a payment goes on when its connection is lost.

use crate::device::Device;
use crate::display::{Display, DisplayStep};
use crate::line::{Carrier, Line};
use crate::message::{error_response, text, transaction_status};
use crate::transaction::{Outcome, Payment, Transaction};
use crate::{Event, Exchange, Faults, lock};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::sleep_until;

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
    history: Vec<Transaction>,
    /// How many lookups of an id found nothing because a switch wanted it so.
    not_found: HashMap<String, u32>,
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

/// The payment that runs.
struct Running {
    payment: Arc<Payment>,
    task: AbortHandle,
    orders: mpsc::UnboundedSender<Order>,
    abortable: bool,
    /// POSTs that asked for the cancellation and wait for its outcome.
    cancelling: Vec<Line>,
}

enum Order {
    Cancel,
    Release,
}

impl Terminal {
    /// Carries a request out; replies go down the line, now or later.
    pub(crate) fn carry_out(device: &Arc<Device>, kind: &str, body: &Value, faults: &Faults, line: Line) {
        let terminal = &device.terminal;
        if let Exchange::ErrorResponse(message) = &faults.exchange {
            return line.finish(error_response(message, "asked for by the simulator's switches"));
        }
        match kind {
            "CancelRequest" => terminal.cancel(line),
            "PaymentRequest" => terminal.pay(device, body, faults, line),
            "PrintReceiptRequest" => terminal.print_receipt(body, faults, line),
            "TransactionLookupRequest" => terminal.look_up(body, faults, line),
            "" => line.finish(error_response("Invalid request", "class discriminator 'type' is missing")),
            unknown => {
                line.finish(error_response("Invalid request", &format!("type '{unknown}' is not known")))
            }
        }
    }

    /// Lets a held payment go on.
    pub(crate) fn release(&self) {
        if let Some(running) = &lock(&self.state).running {
            let _ = running.orders.send(Order::Release);
        }
    }

    /// Cancels what runs, in the name of whoever stands before the device.
    pub(crate) fn cancel_on_device(&self) -> bool {
        match &lock(&self.state).running {
            Some(running) if running.abortable => running.orders.send(Order::Cancel).is_ok(),
            _ => false,
        }
    }

    /// Forgets every payment; the one that runs is given up without a word.
    pub(crate) fn forget(&self, device: &Device) {
        let State { running, .. } = std::mem::take(&mut *lock(&self.state));
        if let Some(running) = running {
            running.task.abort();
        }
        device.panel.change(&device.journal, |shown| *shown = Display::default());
    }

    fn pay(&self, device: &Arc<Device>, body: &Value, faults: &Faults, line: Line) {
        let payment = match Payment::parse(body) {
            Ok(payment) => Arc::new(payment),
            Err(reason) => return line.finish(error_response("Invalid request", &reason)),
        };
        let (orders, inbox) = mpsc::unbounded_channel();
        let mut state = lock(&self.state);
        if state.running.is_some() {
            return line.finish(busy());
        }
        let plan = Plan::new(faults, &payment);
        let (terminal, started, device) = (self.clone(), Arc::clone(device), Arc::clone(device));
        let paid = Arc::clone(&payment);
        let task = tokio::spawn(async move {
            let Some((reply, cancelling)) = terminal.run(&device, &paid, &plan, inbox, &line).await else {
                return;
            };
            device.journal.record(Event::PaymentEnded {
                reference: text_at(&reply, "/transactionDetails/merchantReferenceCode"),
                status: text_at(&reply, "/processingDetails/status"),
            });
            for cancelling in cancelling {
                cancelling.finish(reply.clone());
            }
            line.finish(reply);
        });
        let task = task.abort_handle();
        started.panel.change(&started.journal, |shown| {
            *shown = Display {
                operation: "Sale".to_owned(),
                amount: Some(payment.amount().to_owned()),
                currency: Some(payment.currency().to_owned()),
                reference: Some(payment.reference().to_owned()),
                can_be_aborted: true,
                ..Display::default()
            }
        });
        state.running = Some(Running { payment, task, orders, abortable: true, cancelling: Vec::new() });
    }

    /// Returns the reply, and the lines that asked for a cancellation; nothing if the payment was forgotten.
    async fn run(
        &self,
        device: &Device,
        payment: &Arc<Payment>,
        plan: &Plan,
        mut inbox: mpsc::UnboundedReceiver<Order>,
        line: &Line,
    ) -> Option<(Value, Vec<Line>)> {
        let outcome = match self.walk(device, plan, &mut inbox, line).await {
            Step::Cancelled => Outcome::Aborted,
            Step::Done => plan.outcome,
        };
        let transaction = payment.complete(outcome);
        let reply = transaction.reply("PaymentResponse");
        let mut state = lock(&self.state);
        let running = state.running.take_if(|running| Arc::ptr_eq(&running.payment, payment))?;
        state.history.push(transaction);
        device.panel.change(&device.journal, |shown| {
            shown.step = DisplayStep::Ended;
            shown.message = text_at(&reply, "/message");
            shown.can_be_aborted = false;
            shown.outcome = Some(text_at(&reply, "/processingDetails/status"));
        });
        Some((reply, running.cancelling))
    }

    /// Goes through the steps of a payment, up to the point where it cannot be aborted any more.
    async fn walk(
        &self,
        device: &Device,
        plan: &Plan,
        inbox: &mut mpsc::UnboundedReceiver<Order>,
        line: &Line,
    ) -> Step {
        for step in 0..plan.steps {
            let is_last = step > 0 && step + 1 == plan.steps;
            if is_last && self.commit(inbox) == Step::Cancelled {
                return Step::Cancelled;
            }
            let (message, can_be_aborted) = match (step, is_last) {
                (0, _) => (PRESENT_CARD, true),
                (_, false) => ("Reading card", true),
                (_, true) => ("Processing", false),
            };
            line.status(&transaction_status(message, can_be_aborted));
            device.panel.change(&device.journal, |shown| {
                shown.step = if step == 0 { DisplayStep::Card } else { DisplayStep::Processing };
                message.clone_into(&mut shown.message);
                shown.can_be_aborted = can_be_aborted;
            });
            if plan.pause(step == 0, inbox, line).await == Step::Cancelled {
                return Step::Cancelled;
            }
        }
        if plan.steps == 0 && plan.pause(true, inbox, line).await == Step::Cancelled {
            return Step::Cancelled;
        }
        self.commit(inbox)
    }

    /// Shuts the door to cancellation, unless somebody has just come through it.
    fn commit(&self, inbox: &mut mpsc::UnboundedReceiver<Order>) -> Step {
        if let Some(running) = &mut lock(&self.state).running {
            running.abortable = false;
        }
        while let Ok(order) = inbox.try_recv() {
            if matches!(order, Order::Cancel) {
                return Step::Cancelled;
            }
        }
        Step::Done
    }

    fn cancel(&self, line: Line) {
        let mut state = lock(&self.state);
        match &mut state.running {
            None => line.finish(error_response("No transaction to abort", "nothing runs")),
            Some(running) if !running.abortable => {
                line.finish(error_response("Transaction cannot be aborted", "canBeAborted was false"));
            }
            Some(running) => {
                // On the channel the aborted payment's own reply is the answer (section 6c).
                if line.carrier() == Carrier::Post {
                    running.cancelling.push(line);
                }
                let _ = running.orders.send(Order::Cancel);
            }
        }
    }

    fn look_up(&self, body: &Value, faults: &Faults, line: Line) {
        let mut state = lock(&self.state);
        let (Some(id_type), Some(id)) = (text(body, "idType"), text(body, "id")) else {
            return line.finish(error_response("Invalid request", "idType or id is missing"));
        };
        if state.hides(id, faults.lookup_not_found_first) {
            return line.finish(not_found());
        }
        let is_meant = |payment: &Payment| match id_type {
            "MERCHANT_REFERENCE_CODE" => payment.reference() == id,
            "TRANSACTION_ID" => payment.id() == id,
            _ => false,
        };
        // The latest comes first: what a reference that was used twice finds is not known (section 6a).
        let running = state.running.as_ref().filter(|running| is_meant(&running.payment));
        let ended = state.history.iter().rev().find(|transaction| is_meant(transaction.payment()));
        line.finish(match (running, ended) {
            (Some(running), _) => running.payment.complete(Outcome::Pending).reply(LOOKUP_REPLY),
            (None, Some(transaction)) => transaction.reply(LOOKUP_REPLY),
            (None, None) => not_found(),
        });
    }

    fn print_receipt(&self, body: &Value, faults: &Faults, line: Line) {
        let state = lock(&self.state);
        if state.running.is_some() {
            return line.finish(busy());
        }
        let Some(id) = text(body, "transactionId") else {
            return line.finish(error_response("Invalid request", "transactionId is missing"));
        };
        if !matches!(text(body, "receiptType"), Some("CUSTOMER" | "MERCHANT")) {
            return line
                .finish(error_response("Invalid request", "receiptType is neither CUSTOMER nor MERCHANT"));
        }
        if !state.history.iter().any(|transaction| transaction.payment().id() == id) {
            return line.finish(not_found());
        }
        let pause = faults.step_pause;
        tokio::spawn(async move {
            line.status(&json!({ "type": "OperationStatusResponse", "message": "Printing receipt" }));
            tokio::time::sleep(pause).await;
            line.finish(json!({ "type": "PrintReceiptResponse", "message": "Receipt printed" }));
        });
    }
}

/// How a payment will go, as the switches stood when it began.
struct Plan {
    steps: u32,
    step_pause: Duration,
    hold: bool,
    flood: bool,
    outcome: Outcome,
}

impl Plan {
    fn new(faults: &Faults, payment: &Payment) -> Self {
        let declined = faults.decline || payment.amount() == DECLINED_AMOUNT;
        Self {
            steps: faults.status_messages.unwrap_or(STEPS),
            step_pause: faults.step_pause,
            hold: faults.hold_payment,
            flood: faults.status_flood,
            outcome: if declined { Outcome::Declined } else { Outcome::Approved },
        }
    }

    /// Waits out one step, in which orders may come.
    async fn pause(&self, is_first: bool, inbox: &mut mpsc::UnboundedReceiver<Order>, line: &Line) -> Step {
        let hold = self.hold && is_first;
        // A POST has no place for status messages, and would take them without end.
        let mut floods = self.flood && is_first && line.carrier() == Carrier::WebSocket;
        let end = tokio::time::Instant::now() + self.step_pause;
        loop {
            let order = tokio::select! {
                biased;
                order = inbox.recv() => order,
                () = sleep_until(end), if !hold => return Step::Done,
                place = line.place(), if floods => {
                    floods = line.flood(&present_card(), place);
                    continue;
                }
            };
            match order {
                Some(Order::Cancel) => return Step::Cancelled,
                Some(Order::Release) if hold => return Step::Done,
                Some(Order::Release) => {}
                // Only a terminal that is gone has no one to give orders.
                None => return Step::Done,
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum Step {
    Cancelled,
    Done,
}

fn present_card() -> Value {
    transaction_status(PRESENT_CARD, true)
}

fn text_at(message: &Value, pointer: &str) -> String {
    message.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn busy() -> Value {
    error_response("Terminal busy", "another operation runs")
}

fn not_found() -> Value {
    error_response("Transaction not found", "no transaction has this id")
}

const PRESENT_CARD: &str = "Present card";

const LOOKUP_REPLY: &str = "TransactionLookupResponse";

/// "Present card" and "Processing".
const STEPS: u32 = 2;
