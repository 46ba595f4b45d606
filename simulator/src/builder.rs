//! The description of a device, and its start: settings are followed or refused here, and the thread is made. Apart from
//! [`crate::simulator`], which is the handle of a device that runs.

use crate::code::{CODE_INTERVAL, CodeScreen};
use crate::control::Control;
use crate::device::{Device, DeviceParts};
use crate::journal::{Journal, Observer};
use crate::port::{self, Keeper};
use crate::scenario::Script;
use crate::server::Order;
use crate::simulator::listen;
use crate::state::StateFolder;
use crate::tills::Tills;
use crate::{Error, Event, Faults, Pki, Scenario, Simulator, server};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::runtime::{self, Runtime};
use tokio::sync::{mpsc, oneshot};

/// The description of a device that is to be started.
pub struct Builder {
    serial: String,
    listen: SocketAddr,
    faults: Option<Faults>,
    scenario: Scenario,
    code_interval: Duration,
    pki: Option<Pki>,
    state_dir: Option<PathBuf>,
    observer: Option<Observer>,
    control: Option<SocketAddr>,
    events_max: usize,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            serial: DEFAULT_SERIAL.to_owned(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            faults: None,
            scenario: Scenario::default(),
            code_interval: CODE_INTERVAL,
            pki: None,
            state_dir: None,
            observer: None,
            control: None,
            events_max: usize::MAX,
        }
    }

    /// Sets how long a setup code is shown. Default: 300 s (section 2).
    pub fn code_interval(mut self, interval: Duration) -> Self {
        self.code_interval = interval;
        self
    }

    /// Serves the device's screen and the control API on this address, over HTTP. Default: not at all.
    ///
    /// Whoever reaches it can do everything that [`Simulator`] can, so on any other address than one of the loopback a
    /// token is asked for, which [`Simulator::control_url`] holds.
    pub fn control(mut self, address: SocketAddr) -> Self {
        self.control = Some(address);
        self
    }

    /// Sets the switches. Default: as the scenario has them, which is a healthy device if it is the default one.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = Some(faults);
        self
    }

    /// Sets how many entries the record keeps; older ones are forgotten, half of them at a time. Default: all.
    ///
    /// For devices that run for weeks. A test that looks for an entry wants all of them.
    pub fn events_max(mut self, count: usize) -> Self {
        self.events_max = count;
        self
    }

    /// Sets the address to listen on. Default: `127.0.0.1:0`, a free port of the loopback.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Sets a function that sees each entry of the record as it is written. Default: none.
    ///
    /// It is called on the thread that writes the entry, with the record locked: it must neither wait nor call the
    /// simulator.
    pub fn on_event(mut self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Sets the PKI. Default: one that the simulators of the process share; no effect with a state folder.
    pub fn pki(mut self, pki: Pki) -> Self {
        self.pki = Some(pki);
        self
    }

    /// Sets the scenario. Default: [`Scenario::default`].
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.scenario = scenario;
        self
    }

    /// Sets the serial number. Default: `1850000123`.
    pub fn serial(mut self, serial: impl Into<String>) -> Self {
        self.serial = serial.into();
        self
    }

    /// Keeps the PKI and the list of tills in this folder. Default: in memory.
    pub fn state_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(folder.into());
        self
    }

    /// Starts the device; it listens when this returns.
    ///
    /// # Errors
    /// [`Error::Serial`], [`Error::Listen`], [`Error::State`] and [`Error::StateUnusable`] for settings that cannot be
    /// followed, [`Error::Certificate`] and [`Error::Thread`] for a system that cannot do it.
    pub fn start(self) -> Result<Simulator, Error> {
        if !is_dns_label(&self.serial) {
            return Err(Error::Serial { serial: self.serial });
        }
        let state_folder = self.state_dir.as_deref().map(StateFolder::open).transpose()?;
        let (pki, tills) = match &state_folder {
            Some(folder) => (folder.pki()?, Tills::load(folder.tills_path())?),
            None => match self.pki {
                Some(pki) => (pki, Tills::in_memory()),
                None => (Pki::of_the_process()?, Tills::in_memory()),
            },
        };
        let (listener, keeper) = port::take(self.listen)?;
        let address = keeper.address();
        let control = self.control.map(listen).transpose()?;
        let journal = Journal::bounded(self.observer, self.events_max);
        let code = CodeScreen::new(self.code_interval, Script::chance_of_codes(&self.scenario), &journal);
        let device = Arc::new(Device::new(DeviceParts {
            serial: self.serial,
            pki,
            journal,
            code,
            tills,
            faults: self.faults.unwrap_or_else(|| self.scenario.switches().clone()),
            scenario: self.scenario,
        }));
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Thread)?;
        let (stop, stopped) = oneshot::channel();
        let (orders, ordered) = mpsc::unbounded_channel();
        let served = Arc::clone(&device);
        let thread = thread::Builder::new()
            .name(format!("device-{}", device.serial))
            .spawn(move || serve(runtime, Served { device: served, listener, keeper, ordered }, stopped))
            .map_err(Error::Thread)?;
        let mut simulator = Simulator {
            device,
            address,
            state_folder,
            orders,
            control: None,
            stop: Some(stop),
            thread: Some(thread),
        };
        if let Some((listener, bound)) = control {
            simulator.control = Some(Control::start(simulator.companion(), listener, bound)?);
        }
        Ok(simulator)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("serial", &self.serial)
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

/// What the device's thread works with.
struct Served {
    device: Arc<Device>,
    listener: TcpListener,
    keeper: Keeper,
    ordered: mpsc::UnboundedReceiver<Order>,
}

/// The device's thread. Dropping the runtime at the end takes down every connection and payment.
fn serve(runtime: Runtime, served: Served, stopped: oneshot::Receiver<()>) {
    let Served { device, listener, keeper, ordered } = served;
    runtime.block_on(async move {
        let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
        tokio::select! {
            () = server::run(device, listener, keeper, ordered) => {}
            _ = stopped => {}
        }
    });
}

fn is_dns_label(serial: &str) -> bool {
    (1..=63).contains(&serial.len())
        && serial.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

const DEFAULT_SERIAL: &str = "1850000123";
