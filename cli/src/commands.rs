//! The commands, one file each. What all of them find around them stands here.

pub(crate) mod completions;
#[cfg(feature = "demo")]
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod find;
pub(crate) mod inspect;
pub(crate) mod lookup;
pub(crate) mod man;
pub(crate) mod needs_renewal;
pub(crate) mod pair;
pub(crate) mod pay;
pub(crate) mod refund;
pub(crate) mod root_ca;
pub(crate) mod send;

use crate::screen::Screen;
use crate::settings::Settings;

/// Where a command speaks and what it is set to.
pub(crate) struct Context<'a> {
    pub(crate) screen: &'a Screen,
    pub(crate) settings: &'a Settings,
}
