//! Tests of the library against the device simulator, over real TLS with real certificates.
//!
//! One program, because linking is what costs time; one file for each subject.

mod bookkeeping;
mod c_abi;
mod canary;
mod cloud;
mod common;
mod connection;
mod find;
mod flood;
#[cfg(target_os = "linux")]
mod footprint;
mod interop;
mod journal;
mod journal_kills;
mod journal_sink;
mod killed_tills;
mod life;
#[cfg(target_os = "linux")]
mod memory;
mod misbehaviour;
mod network;
mod pairing;
mod pairing_replies;
mod probe;
mod probe_switches;
mod recovery;
mod root_ca;
mod saves;
mod scripted;
mod secrets;
#[cfg(target_os = "linux")]
mod soak;
mod till_certificate;
mod trust;
