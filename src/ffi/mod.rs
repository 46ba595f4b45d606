//! The C ABI: what a till written in any language calls.
//!
//! This folder is the only place with `unsafe`, and it holds no logic: each function checks its
//! arguments, calls the crate's Rust API and converts the result, inside a macro of `boundary` that
//! lets no panic out. The documentation comments become `include/poslatch.h`, so they are written
//! for a C programmer; `cargo xtask header` regenerates it.
//!
//! `owner_only` and `pinned` look the other way: what the library itself asks of Windows, which is as
//! unsafe.

#![allow(unsafe_code, reason = "raw pointers are what a C ABI is made of; each block says why it holds")]
#![allow(rustdoc::broken_intra_doc_links, reason = "`@param[out]` is Doxygen's, for readers of the header")]
#![allow(non_camel_case_types, reason = "the names of C")]
#![allow(
    clippy::missing_safety_doc,
    reason = "the header's introduction says once, for all functions, what pointers have to be"
)]

#[macro_use]
mod boundary;
mod arguments;

pub mod buffer;
pub mod connection;
pub mod constants;
pub mod device;
pub mod error;
pub mod find;
pub mod identity;
pub mod journal;
pub mod log;
#[cfg(windows)]
pub(crate) mod owner_only;
pub mod pairing;
#[cfg(windows)]
pub(crate) mod pending;
#[cfg(windows)]
mod pinned;
pub mod probe;
pub mod root_ca;
pub mod version;
