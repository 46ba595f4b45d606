//! What all requests share: the handle to the device, and which of its own screens it shows. The device itself knows
//! nothing of that, since no till can tell.

use super::guard::Guard;
use super::page::Page;
use crate::{Event, Simulator, lock};
use std::sync::Mutex;
use std::time::SystemTime;

pub(crate) struct Desk {
    pub(crate) simulator: Simulator,
    /// Another one at each start, so that a page that has reconnected knows whether it knows this device.
    pub(crate) instance: String,
    pub(crate) guard: Guard,
    pub(crate) page: Page,
    menu: Mutex<Menu>,
}

/// The device's screen while no operation is on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Screen {
    /// "POS Activation Successful", until somebody closes it.
    Activated { pos_id: String, not_after: SystemTime },
    /// "Generate Code" with the code.
    Code,
    /// Nothing to be done.
    Idle,
}

struct Menu {
    screen: Screen,
    /// Number of the last entry of the record that it takes account of.
    seen: u64,
}

impl Desk {
    pub(crate) fn new(simulator: Simulator, instance: String, guard: Guard) -> Self {
        let menu = Mutex::new(Menu { screen: Screen::Idle, seen: 0 });
        Self { simulator, instance, guard, page: Page::new(), menu }
    }

    /// Returns what is shown now: a pairing since the last look has put its message there.
    pub(crate) fn screen(&self) -> Screen {
        let mut menu = lock(&self.menu);
        self.catch_up(&mut menu);
        menu.screen.clone()
    }

    /// Shows another screen, in place of whatever there is by now.
    pub(crate) fn show(&self, screen: Screen) {
        let mut menu = lock(&self.menu);
        self.catch_up(&mut menu);
        menu.screen = screen;
        drop(menu);
        self.simulator.device.journal.tell();
    }

    /// Goes back to the idle screen if this is true of what is shown.
    pub(crate) fn leave(&self, is_meant: impl Fn(&Screen) -> bool) -> bool {
        let mut menu = lock(&self.menu);
        self.catch_up(&mut menu);
        let leaves = is_meant(&menu.screen);
        if leaves {
            menu.screen = Screen::Idle;
        }
        drop(menu);
        self.simulator.device.journal.tell();
        leaves
    }

    fn catch_up(&self, menu: &mut Menu) {
        for entry in self.simulator.device.journal.after(menu.seen, usize::MAX) {
            menu.seen = entry.id;
            if let Event::Paired { pos_id, not_after, .. } = entry.event {
                menu.screen = Screen::Activated { pos_id, not_after };
            }
        }
    }
}
