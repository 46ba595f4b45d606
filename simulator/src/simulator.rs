//! The handle that tests hold: look at a device, turn its switches, disturb what runs, drop it. Apart from
//! [`crate::device`], so that connections never see the handle, and from [`crate::builder`], which starts it.

use crate::control::Control;
use crate::device::{Device, Ending};
use crate::line::{self, Said};
use crate::server::{Order, Presence};
use crate::state::StateFolder;
use crate::{Builder, Display, Error, Event, Faults, Issued, Pki, Scenario, Till, Timeout, lock};
use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// A running device. Dropping it closes every connection, ends its thread and waits for that.
pub struct Simulator {
    pub(crate) device: Arc<Device>,
    pub(crate) address: SocketAddr,
    pub(crate) state_folder: Option<StateFolder>,
    pub(crate) orders: mpsc::UnboundedSender<Order>,
    pub(crate) control: Option<Control>,
    pub(crate) stop: Option<oneshot::Sender<()>>,
    pub(crate) thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Begins the description of a device.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Returns the address that the device listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address of the device's screen and control API, if there is one: see [`Builder::control`].
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control.as_ref().map(Control::address)
    }

    /// Returns the URL of the screen, for a browser on this machine. It ends with the token, if one is needed.
    pub fn control_url(&self) -> Option<String> {
        self.control.as_ref().map(Control::url)
    }

    /// Returns the device's serial number.
    pub fn serial(&self) -> &str {
        &self.device.serial
    }

    /// Returns the name in the device's certificate, `{serial}.cybs.seclib.io` (section 4).
    pub fn device_name(&self) -> String {
        self.device.name()
    }

    /// Returns the Root CA chain in the vendor's order, issuing CA first and root second (section 3).
    ///
    /// It is another one after [`Self::rotate_root`].
    pub fn root_ca_chain_pem(&self) -> String {
        self.device.pkis.newest().root_ca_chain_pem()
    }

    /// Returns the device's PKI, which issues certificates that the device does not know of.
    ///
    /// It is another one after [`Self::rotate_root`]; whoever holds the old one keeps it.
    pub fn pki(&self) -> &Pki {
        self.device.pkis.newest()
    }

    /// Gives the device another root, issuing CA, key and certificate, and returns the new Root CA chain.
    ///
    /// They are shown from the next connection on, and sign whatever is issued from now on; no TLS session is resumed
    /// across. Open connections stay. Tills stay on the list, and [`Faults::accept_tills_of_old_roots`] says whether
    /// that helps them. With a state folder the new PKI takes the old one's place there, so that after a restart the
    /// tills of the old root are strangers.
    ///
    /// # Panics
    /// If the keys cannot be made or kept, which means a full disk under the state folder or a broken random source.
    pub fn rotate_root(&self) -> String {
        match self.try_rotate_root() {
            Ok(chain) => chain,
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn try_rotate_root(&self) -> Result<String, Error> {
        let pki = Pki::new_in_memory()?;
        self.device.rotate(pki, |pki| match &self.state_folder {
            Some(folder) => folder.replace_pki(pki),
            None => Ok(()),
        })?;
        Ok(self.root_ca_chain_pem())
    }

    /// Returns the setup code that is on the screen.
    pub fn setup_code(&self) -> String {
        self.device.code.current(&self.device.journal).0
    }

    /// Returns how long that code is still valid.
    pub fn setup_code_remaining(&self) -> Duration {
        self.device.code.current(&self.device.journal).1
    }

    /// Shows a new setup code and returns it; the old one is refused from now on.
    pub fn renew_setup_code(&self) -> String {
        self.device.code.renew(&self.device.journal)
    }

    /// Issues a key and certificate to a till as if it had paired.
    ///
    /// # Panics
    /// If they cannot be made, which means a full disk under the state folder or a broken random source.
    pub fn issue_till(&self, pos_id: &str) -> Issued {
        match self.device.pair(0, pos_id) {
            Ok(issued) => issued,
            Err(error) => panic!("{error}"),
        }
    }

    /// Returns the tills that the device has paired with, in the order of pairing.
    pub fn tills(&self) -> Vec<Till> {
        self.device.tills.all()
    }

    /// Takes the till with this certificate off the list, by its fingerprint (see [`Till`]), and returns whether it was
    /// on it.
    ///
    /// From the next connection on it is refused with `certificate_unknown`, and no TLS session is resumed around that. A
    /// connection that is open stays; [`Self::close_connections`] ends it.
    ///
    /// # Panics
    /// If the list cannot be kept, which means a full disk under the state folder.
    pub fn revoke_till(&self, fingerprint: &str) -> bool {
        match self.revoke(|till| till.fingerprint.eq_ignore_ascii_case(fingerprint)) {
            Ok(count) => count > 0,
            Err(error) => panic!("{error}"),
        }
    }

    /// The same for all tills that this is true of; returns how many they were.
    pub(crate) fn revoke(&self, is_meant: impl Fn(&Till) -> bool) -> Result<usize, Error> {
        self.device
            .take_off_list(is_meant)
            .map_err(|error| Error::Certificate { reason: format!("list of tills cannot be kept: {error}") })
    }

    /// Returns the switches as they are.
    pub fn faults(&self) -> Faults {
        self.device.faults()
    }

    /// Turns the switches; takes effect for the next connection or request.
    ///
    /// A change that concerns TLS makes the device forget its TLS sessions, so that none is resumed around it.
    pub fn set_faults(&self, faults: Faults) {
        self.device.set_faults(faults);
    }

    /// Returns the scenario that is played.
    pub fn scenario(&self) -> Scenario {
        lock(&self.device.script).scenario().clone()
    }

    /// Plays another scenario from its beginning: its switches, its seed, its rules for what is paid from now on.
    ///
    /// What was paid before is still known.
    pub fn set_scenario(&self, scenario: Scenario) {
        self.device.set_scenario(scenario);
    }

    /// Returns what the device's screen shows.
    ///
    /// Must not be called from [`Builder::on_event`] or within [`Self::wait_for`], where [`Event::DisplayChanged`] has
    /// it.
    pub fn display(&self) -> Display {
        self.device.panel.current()
    }

    /// Presses Cancel on the device, as a customer or an operator does, and returns whether that had any effect.
    ///
    /// It is that of a `CancelRequest` that is accepted: the operation that runs ends, and its own reply tells so. There
    /// is no other reply, since nobody asked. False if nothing runs, or nothing that can be aborted.
    pub fn cancel_on_device(&self) -> bool {
        self.device.terminal.cancel_on_device()
    }

    /// Goes back from the outcome of an operation to the idle screen. No effect on an operation that runs.
    pub fn dismiss_display(&self) {
        self.device.panel.dismiss(&self.device.journal);
    }

    /// Lets an operation go on that [`Faults::hold_payment`] stopped. No effect if none is running.
    pub fn release_payment(&self) {
        self.device.terminal.release();
    }

    /// Sends the replies that [`crate::Exchange::HeldReply`] holds back, and returns how many there were.
    ///
    /// [`Event::ReplyHeld`] tells that there is one.
    pub fn release_replies(&self) -> usize {
        self.device.channels.release()
    }

    /// Sends this text as a message on every open channel, asked for or not, and returns how many channels there are.
    ///
    /// It need not be JSON.
    pub fn send_unsolicited(&self, text: &str) -> usize {
        self.device.channels.say(|| line::unsolicited(text))
    }

    /// Sends these bytes on every open channel where a frame should begin, and returns how many channels there are.
    ///
    /// They are not checked, not framed and not on record: with them go frames in fragments, with reserved bits or
    /// opcodes, masked, or of any announced length.
    pub fn send_raw(&self, bytes: &[u8]) -> usize {
        self.device.channels.say(|| Said::Raw(bytes.to_vec()))
    }

    /// Closes every open channel with this close code and no reason, and returns how many there are; payments go on.
    ///
    /// The code is not checked; 1006, which never stands in a close frame, is [`Self::close_connections`] or
    /// [`Self::reset_connections`].
    pub fn close_channels(&self, code: u16) -> usize {
        self.device.channels.say(|| Said::Close(code, String::new()))
    }

    /// Closes all connections in good order, without a close frame of the channel; payments go on.
    pub fn close_connections(&self) {
        self.disturb(Ending::Orderly);
    }

    /// Resets all connections; payments go on.
    pub fn reset_connections(&self) {
        self.disturb(Ending::Reset);
    }

    /// Neither reads nor writes on any connection from now on, as if the cable had been cut; payments go on.
    ///
    /// New connections are served as ever. The frozen ones stay so until they are closed or reset.
    pub fn freeze_connections(&self) {
        self.disturb(Ending::Frozen);
    }

    /// Switches the device off: its port refuses from now on, all connections are reset.
    ///
    /// The port stays taken, so that the device can come back to it. The payment goes on, as on a terminal that only has
    /// lost its network; [`Self::come_back`] decides whether anything is known of it later.
    ///
    /// # Panics
    /// If another process took the port in the very moment between listening and holding it, which Linux makes
    /// impossible, and did not give it back within two seconds.
    pub fn disappear(&self) {
        self.turn(Presence::Gone);
    }

    /// Hangs the device's application: the system still takes connections, and nobody accepts, reads or writes.
    ///
    /// The payment goes on; its messages reach nobody.
    pub fn hang(&self) {
        self.turn(Presence::Hung);
    }

    /// Brings the device back after [`Self::disappear`] or [`Self::hang`], at the same address.
    ///
    /// Connections of before are reset, those that wait to be accepted are served.
    ///
    /// # Panics
    /// If the system does not let the device listen again.
    pub fn come_back(&self, memory: Memory) {
        if memory == Memory::Lost {
            self.forget_payments();
        }
        self.turn(Presence::Back);
    }

    /// Makes the device forget all payments, as if it had been replaced: the one that runs is given up without a
    /// reply, those that ended are not found any more, replies that were held back or lost are gone.
    pub fn forget_payments(&self) {
        self.device.terminal.forget(&self.device);
        self.device.channels.forget_replies();
    }

    /// Returns the record so far.
    pub fn events(&self) -> Vec<Event> {
        self.device.journal.events()
    }

    /// Waits until `find` finds something in the record; it is asked now and after each new entry.
    ///
    /// # Errors
    /// [`Timeout`], which holds the record, if it found nothing in time.
    pub fn wait_for<T>(
        &self,
        find: impl FnMut(&[Event]) -> Option<T>,
        timeout: Duration,
    ) -> Result<T, Timeout> {
        self.device.journal.wait_for(find, timeout)
    }

    /// Waits until the connection from this address has ended, and returns its entries, which are then complete.
    ///
    /// Complete as to what the device received: a payment may go on, and [`Event::ReplyLost`] come later.
    ///
    /// With a [`crate::FaultProxy`] between till and device the address is [`crate::Passage::seen_by_device`]. If there
    /// were several connections from it, this is the latest.
    ///
    /// # Errors
    /// [`Timeout`], which holds the record, if there was no such connection or it did not end in time.
    pub fn wait_for_story(&self, peer: SocketAddr, timeout: Duration) -> Result<Vec<Event>, Timeout> {
        self.wait_for(|events| story_of(events, peer), timeout)
    }

    /// Empties the record. What it held is gone for whoever waits, too; connections keep their numbers.
    ///
    /// For long runs: the record grows with every message, and who waits for an entry looks through all of it.
    pub fn forget_events(&self) {
        self.device.journal.forget();
    }

    fn turn(&self, presence: Presence) {
        if let Err(error) = self.try_turn(presence) {
            panic!("{error}");
        }
    }

    pub(crate) fn try_turn(&self, presence: Presence) -> Result<(), Error> {
        let (done, outcome) = std::sync::mpsc::channel();
        // Both only fail if the device's thread has panicked, which has been printed.
        let sent = self.orders.send(Order { presence, done });
        match sent.ok().and_then(|()| outcome.recv().ok()) {
            Some(outcome) => outcome.map_err(|source| Error::Listen { address: self.address, source }),
            None => Err(Error::Thread(std::io::Error::other("it has ended"))),
        }
    }

    /// Another handle to the same device, which takes nothing down when it is dropped.
    pub(crate) fn companion(&self) -> Self {
        Self {
            device: Arc::clone(&self.device),
            address: self.address,
            state_folder: self.state_folder.clone(),
            orders: self.orders.clone(),
            control: None,
            stop: None,
            thread: None,
        }
    }

    fn disturb(&self, ending: Ending) {
        self.device.disturbance.send_replace(Some(ending));
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // First, since it holds on to the device and may be in the middle of something that its thread has to do.
        drop(self.control.take());
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic on the device's thread has been printed already, and must not become an abort here.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("address", &self.address)
            .field("serial", &self.device.serial)
            .finish_non_exhaustive()
    }
}

/// What a device still knows of its payments when it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// Everything: what ended meanwhile is found, what runs still runs.
    Kept,
    /// Nothing: see [`Simulator::forget_payments`].
    Lost,
}

/// Binds on the caller's thread, so that a taken port is the caller's error.
pub(crate) fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let bind = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    bind().map_err(|source| Error::Listen { address, source })
}

/// The entries of the latest connection from this address, if it has ended.
fn story_of(events: &[Event], peer: SocketAddr) -> Option<Vec<Event>> {
    let number = events.iter().rev().find_map(|event| match event {
        Event::Connected { connection, peer: from } if *from == peer => Some(*connection),
        _ => None,
    })?;
    let story: Vec<_> = events.iter().filter(|event| event.connection() == Some(number)).cloned().collect();
    // Not always the last: what became of a late reply comes behind it.
    story.iter().any(|event| matches!(event, Event::Disconnected { .. })).then_some(story)
}
