//! The setup code on the screen: shown for a while, then replaced (section 2). A file of its own because time, chance
//! and the rule of single use meet here and nowhere else.

use crate::chance::Chance;
use crate::{Event, journal::Journal, lock};
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

pub(crate) struct CodeScreen {
    shown: Mutex<Shown>,
    interval: Duration,
    chance: Mutex<Chance>,
    replaced: Notify,
}

struct Shown {
    code: String,
    until: Instant,
}

impl CodeScreen {
    pub(crate) fn new(interval: Duration, chance: Chance, journal: &Journal) -> Self {
        let screen = Self {
            shown: Mutex::new(Shown { code: String::new(), until: Instant::now() }),
            interval,
            chance: Mutex::new(chance),
            replaced: Notify::new(),
        };
        screen.renew(journal);
        screen
    }

    /// Draws the codes to come by another chance.
    pub(crate) fn draw_by(&self, chance: Chance) {
        *lock(&self.chance) = chance;
    }

    /// Returns the code that is valid now, and for how long.
    pub(crate) fn current(&self, journal: &Journal) -> (String, Duration) {
        let mut shown = lock(&self.shown);
        self.renew_if_lapsed(&mut shown, journal);
        (shown.code.clone(), shown.until.saturating_duration_since(Instant::now()))
    }

    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    /// Shows a new code; the old one is refused from now on.
    pub(crate) fn renew(&self, journal: &Journal) -> String {
        let mut shown = lock(&self.shown);
        self.replace(&mut shown, journal);
        shown.code.clone()
    }

    /// Judges a code that a till offers.
    pub(crate) fn accept(&self, offered: &str, use_: CodeUse, journal: &Journal) -> bool {
        let mut shown = lock(&self.shown);
        self.renew_if_lapsed(&mut shown, journal);
        let accepted = shown.code == offered;
        if accepted && matches!(use_, CodeUse::Single) {
            self.replace(&mut shown, journal);
        }
        accepted
    }

    /// Keeps the screen up to date for as long as the device runs.
    pub(crate) async fn keep_fresh(&self, journal: &Journal) {
        loop {
            let until = lock(&self.shown).until;
            tokio::select! {
                () = tokio::time::sleep_until(until) => self.renew_if_lapsed(&mut lock(&self.shown), journal),
                () = self.replaced.notified() => {}
            }
        }
    }

    fn renew_if_lapsed(&self, shown: &mut Shown, journal: &Journal) {
        if shown.until <= Instant::now() {
            self.replace(shown, journal);
        }
    }

    fn replace(&self, shown: &mut Shown, journal: &Journal) {
        *shown = Shown { code: random_code(&mut lock(&self.chance)), until: Instant::now() + self.interval };
        journal.record(Event::CodeShown { valid_seconds: self.interval.as_secs() });
        self.replaced.notify_one();
    }
}

/// Whether a code serves once or for as long as it is shown; section 2 does not know.
#[derive(Clone, Copy)]
pub(crate) enum CodeUse {
    Repeated,
    Single,
}

/// Eight characters of A-Z and 0-9, as the vendor's samples have them (section 2).
fn random_code(chance: &mut Chance) -> String {
    let mut letter = || ALPHABET.get(chance.below(ALPHABET.len() as u64) as usize).copied().unwrap_or(b'A');
    (0..CODE_LENGTH).map(|_| char::from(letter())).collect()
}

const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Section 2: "Eight characters".
const CODE_LENGTH: usize = 8;

/// Section 2: the screen refreshes the code every 300 s.
pub(crate) const CODE_INTERVAL: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_eight_capitals_and_digits() {
        let code = random_code(&mut Chance::new(None));
        assert_eq!(code.len(), 8);
        assert!(code.bytes().all(|byte| ALPHABET.contains(&byte)), "{code}");
    }

    #[test]
    fn used_code_is_replaced_only_if_it_serves_once() {
        let journal = Journal::new(None);
        let screen = CodeScreen::new(CODE_INTERVAL, Chance::new(None), &journal);
        let (code, _) = screen.current(&journal);
        assert!(screen.accept(&code, CodeUse::Repeated, &journal));
        assert!(screen.accept(&code, CodeUse::Single, &journal));
        assert!(!screen.accept(&code, CodeUse::Single, &journal));
    }

    #[test]
    fn lapsed_code_is_refused_even_if_it_is_still_on_the_screen() {
        let journal = Journal::new(None);
        let screen = CodeScreen::new(Duration::ZERO, Chance::new(None), &journal);
        let stale = lock(&screen.shown).code.clone();
        assert!(!screen.accept(&stale, CodeUse::Single, &journal));
    }
}
