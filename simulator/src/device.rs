//! The device itself: what all of its connections share. Apart from [`crate::simulator`], which is the handle that tests
//! hold, so that connections never see the handle.

use crate::channels::Channels;
use crate::code::CodeScreen;
use crate::display::Panel;
use crate::journal::Journal;
use crate::pki::{Generations, Issued};
use crate::scenario::Script;
use crate::server::Presence;
use crate::terminal::Terminal;
use crate::tills::{Till, Tills};
use crate::tls::TlsMaterial;
use crate::{Error, Event, Faults, Pki, PosIdReuse, Scenario, lock};
use std::io;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

pub(crate) struct Device {
    pub(crate) serial: String,
    pub(crate) pkis: Generations,
    pub(crate) journal: Journal,
    pub(crate) code: CodeScreen,
    pub(crate) tills: Tills,
    pub(crate) terminal: Terminal,
    pub(crate) panel: Panel,
    pub(crate) script: Mutex<Script>,
    pub(crate) channels: Channels,
    pub(crate) disturbance: watch::Sender<Option<Ending>>,
    presence: Mutex<Presence>,
    settings: Mutex<Settings>,
    /// Held by whoever makes new settings from the old ones, so that none is made from what is old by then.
    turning: Mutex<()>,
}

struct Settings {
    faults: Faults,
    tls: Arc<TlsMaterial>,
}

impl Device {
    pub(crate) fn new(parts: DeviceParts) -> Self {
        let DeviceParts { serial, pki, journal, code, tills, faults, scenario } = parts;
        let pkis = Generations::new(pki);
        let tls = Arc::new(TlsMaterial::new(&pkis, &device_name(&serial), &faults));
        Self {
            serial,
            pkis,
            journal,
            code,
            tills,
            terminal: Terminal::default(),
            panel: Panel::default(),
            script: Mutex::new(Script::new(scenario)),
            channels: Channels::default(),
            disturbance: watch::Sender::new(None),
            presence: Mutex::new(Presence::Back),
            settings: Mutex::new(Settings { faults, tls }),
            turning: Mutex::new(()),
        }
    }

    pub(crate) fn name(&self) -> String {
        device_name(&self.serial)
    }

    pub(crate) fn faults(&self) -> Faults {
        lock(&self.settings).faults.clone()
    }

    pub(crate) fn faults_and_tls(&self) -> (Faults, Arc<TlsMaterial>) {
        let settings = lock(&self.settings);
        (settings.faults.clone(), Arc::clone(&settings.tls))
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        let _turning = lock(&self.turning);
        self.turn_to(faults);
    }

    /// Turns the switches to what becomes of the present ones, and returns that.
    pub(crate) fn patch_faults<E>(
        &self,
        patch: impl FnOnce(Faults) -> Result<Faults, E>,
    ) -> Result<Faults, E> {
        let _turning = lock(&self.turning);
        let faults = patch(self.faults())?;
        self.turn_to(faults.clone());
        Ok(faults)
    }

    fn turn_to(&self, faults: Faults) {
        // With the material goes the memory of TLS sessions: resumption would carry a till around a new certificate
        // fault. A change that does not concern TLS leaves them alone, since tests of resumption rely on it.
        let renewed = (concerns_tls(&self.faults()) != concerns_tls(&faults))
            .then(|| Arc::new(TlsMaterial::new(&self.pkis, &self.name(), &faults)));
        let mut settings = lock(&self.settings);
        settings.faults = faults;
        if let Some(tls) = renewed {
            settings.tls = tls;
        }
        drop(settings);
        self.journal.tell();
    }

    pub(crate) fn presence(&self) -> Presence {
        *lock(&self.presence)
    }

    pub(crate) fn set_presence(&self, presence: Presence) {
        *lock(&self.presence) = presence;
        self.journal.tell();
    }

    /// Plays another scenario from the next request on, from its beginning.
    pub(crate) fn set_scenario(&self, scenario: Scenario) {
        let _turning = lock(&self.turning);
        self.turn_to(scenario.switches().clone());
        self.code.draw_by(Script::chance_of_codes(&scenario));
        *lock(&self.script) = Script::new(scenario);
        self.journal.tell();
    }

    /// Uses this PKI from the next connection on, if it can be kept.
    pub(crate) fn rotate(&self, pki: Pki, keep: impl FnOnce(&Pki) -> Result<(), Error>) -> Result<(), Error> {
        // Two at once would leave the keys of one beside the certificates of the other.
        let _turning = lock(&self.turning);
        keep(&pki)?;
        self.pkis.push(pki);
        let faults = self.faults();
        lock(&self.settings).tls = Arc::new(TlsMaterial::new(&self.pkis, &self.name(), &faults));
        Ok(())
    }

    /// Issues a till's key and certificate and puts it on the list. Takes as long as making an RSA key does.
    pub(crate) fn pair(&self, connection: u64, pos_id: &str) -> Result<Issued, Error> {
        let issued = self.pkis.newest().issue_till(pos_id)?;
        self.put_on_list(&issued, pos_id)
            .map_err(|error| Error::Certificate { reason: format!("till cannot be recorded: {error}") })?;
        self.journal.record(Event::Paired {
            connection,
            pos_id: pos_id.to_owned(),
            not_after: issued.not_after,
        });
        Ok(issued)
    }

    fn put_on_list(&self, issued: &Issued, pos_id: &str) -> io::Result<()> {
        if self.faults().pos_id_reuse == PosIdReuse::Replace {
            self.take_off_list(|till| till.pos_id == pos_id)?;
        }
        self.tills.add(issued, pos_id)
    }

    /// Takes the tills that this is true of off the list, and returns how many they were.
    pub(crate) fn take_off_list(&self, is_meant: impl Fn(&Till) -> bool) -> io::Result<usize> {
        let removed = self.tills.remove(is_meant)?;
        if !removed.is_empty() {
            // A resumed session would bring the old till in without a look at its certificate.
            let mut settings = lock(&self.settings);
            settings.tls = Arc::new(settings.tls.forgetful(&settings.faults));
        }
        for Till { pos_id, fingerprint, .. } in &removed {
            let (pos_id, fingerprint) = (pos_id.clone(), fingerprint.clone());
            self.journal.record(Event::TillRevoked { pos_id, fingerprint });
        }
        Ok(removed.len())
    }
}

/// What a device is made of.
pub(crate) struct DeviceParts {
    pub(crate) serial: String,
    pub(crate) pki: Pki,
    pub(crate) journal: Journal,
    pub(crate) code: CodeScreen,
    pub(crate) tills: Tills,
    pub(crate) faults: Faults,
    pub(crate) scenario: Scenario,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Not at all for the time being: nothing is read or written any more, as if the cable had been cut.
    Frozen,
    /// With a TLS closure alert, then the end of the TCP stream.
    Orderly,
    /// With a TCP reset.
    Reset,
}

fn concerns_tls(faults: &Faults) -> impl PartialEq {
    (
        faults.server_certificate.clone(),
        faults.server_chain,
        faults.tls_versions,
        faults.session_tickets,
        faults.certificate_hint,
        faults.client_certificate,
        faults.accept_tills_of_old_roots,
    )
}

/// The one name in the device's certificate (section 4).
fn device_name(serial: &str) -> String {
    format!("{serial}.cybs.seclib.io")
}
