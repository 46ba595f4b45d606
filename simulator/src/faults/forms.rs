//! The forms that values of switches have outside of Rust, in TOML and in JSON, read and written. Apart from the list, so
//! that the list stays one that a tester reads.

use serde::{Deserialize, Deserializer, Serializer};
use std::time::Duration;

/// A time is a number of milliseconds.
pub(crate) mod milliseconds {
    use super::*;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Ok(Duration::from_millis(u32::deserialize(from)?.into()))
    }

    pub(crate) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(in_milliseconds(*time))
    }
}

/// A time that may be none: `null` in JSON, left out in TOML.
pub(crate) mod some_milliseconds {
    use super::*;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        let milliseconds = Option::<u32>::deserialize(from)?;
        Ok(milliseconds.map(|milliseconds| Duration::from_millis(milliseconds.into())))
    }

    pub(crate) fn serialize<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => to.serialize_u64(in_milliseconds(*time)),
            None => to.serialize_none(),
        }
    }
}

/// Bytes are written as text.
pub(crate) mod bytes {
    use super::*;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        String::deserialize(from).map(String::into_bytes)
    }

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&String::from_utf8_lossy(bytes))
    }
}

/// What only a program can set has no content outside of it, least of all a key.
pub(super) fn custom<S: Serializer>(_chain: &[Vec<u8>], _key: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str("set by a program")
}

fn in_milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
