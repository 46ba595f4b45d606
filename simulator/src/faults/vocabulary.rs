//! The values of the switches that concern operations: each names what a device may do where the vendor's documents are
//! silent (section 9). Apart from the list, because they make sense only to whoever knows the operations.

use serde::{Deserialize, Serialize};

/// How a till hears that an operation came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureReply {
    /// By an `ErrorResponse`.
    ErrorResponse,
    /// By the operation's own reply, whose status says it.
    Response,
}

/// What a reference that was used before gets (section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DuplicateReference {
    /// Nothing: the operation is carried out.
    Accept,
    /// An `ErrorResponse`.
    Refuse,
}

/// Which of several transactions a reference finds (section 6a).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DuplicateLookup {
    /// The one that came first.
    First,
    /// The one that came last.
    Latest,
}

/// What the amount of an `IncrementalAuthorizationRequest` means (section 6a).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IncrementalAmount {
    /// What is added to the amount that is authorised already.
    Increment,
    /// What is authorised altogether from now on. Less than before is refused.
    NewTotal,
}

/// The state of the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Printer {
    /// Out of paper.
    NoPaper,
    /// There is none, as on phones and small terminals.
    None,
    /// It prints.
    Ready,
}

/// Whose status stands in the `processingDetails` of a `LinkedRefundResponse`, which is shaped like the original payment
/// (section 6a).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefundStatus {
    /// That of the payment: `APPROVED` although the refund may have been declined.
    OfPayment,
    /// That of the refund.
    OfRefund,
}

/// What a second request gets while an operation runs (section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SecondRequest {
    /// An `ErrorResponse` at once.
    Busy,
    /// Its turn, when the operation has ended; `Busy` if a hundred others wait already.
    Queue,
    /// Its turn, after the operation has been aborted for it; `Busy` if that cannot be aborted.
    Replace,
}
