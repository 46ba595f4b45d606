//! What the runner of Rust holds by name.

use super::answers::{released, text};
use crate::words::Line;
use poslatch::{Connection, Device, Identity};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

#[derive(Default)]
pub(super) struct Objects {
    devices: Mutex<HashMap<String, Arc<Device>>>,
    identities: Mutex<HashMap<String, Arc<Identity>>>,
    connections: Mutex<HashMap<String, Arc<Connection>>>,
    threads: Mutex<HashMap<String, JoinHandle<Line>>>,
    log: Arc<Mutex<String>>,
}

impl Objects {
    pub(super) fn device(&self, command: &Line) -> Result<Arc<Device>, Line> {
        lock(&self.devices).get(text(command, "device")?).cloned().ok_or_else(released)
    }

    pub(super) fn identity(&self, command: &Line) -> Result<Arc<Identity>, Line> {
        lock(&self.identities).get(text(command, "identity")?).cloned().ok_or_else(released)
    }

    pub(super) fn connection(&self, command: &Line) -> Result<Arc<Connection>, Line> {
        lock(&self.connections).get(text(command, "connection")?).cloned().ok_or_else(released)
    }

    pub(super) fn keep_device(&self, command: &Line, device: Device) -> Result<(), Line> {
        lock(&self.devices).insert(text(command, "as")?.to_owned(), Arc::new(device));
        Ok(())
    }

    pub(super) fn keep_identity(&self, command: &Line, identity: Identity) -> Result<(), Line> {
        lock(&self.identities).insert(text(command, "as")?.to_owned(), Arc::new(identity));
        Ok(())
    }

    pub(super) fn keep_connection(&self, command: &Line, connection: Connection) -> Result<(), Line> {
        lock(&self.connections).insert(text(command, "as")?.to_owned(), Arc::new(connection));
        Ok(())
    }

    pub(super) fn threads(&self) -> MutexGuard<'_, HashMap<String, JoinHandle<Line>>> {
        lock(&self.threads)
    }

    pub(super) fn log(&self) -> MutexGuard<'_, String> {
        lock(&self.log)
    }

    pub(super) fn log_sink(&self) -> Arc<Mutex<String>> {
        Arc::clone(&self.log)
    }

    pub(super) fn release(&self, name: &str) {
        lock(&self.connections).remove(name);
        lock(&self.identities).remove(name);
        lock(&self.devices).remove(name);
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
