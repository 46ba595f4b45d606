//! A small stock of RSA keys, one for the whole process. A file of its own because it is the one thing that outlives a
//! simulator: making a 2048-bit key takes longer than all else in a pairing, and every till must get its own.

use crate::lock;
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use std::sync::{Condvar, LazyLock, Mutex, Once, PoisonError};
use std::thread;

/// Takes a fresh RSA-2048 key from the stock, or makes one if the stock is empty.
pub(crate) fn take() -> Result<KeyPair, rcgen::Error> {
    static STOCKING: Once = Once::new();
    // The thread sleeps as soon as the stock is full, holds nothing but memory, and ends with the process.
    STOCKING.call_once(|| {
        // Without the thread keys are made when they are needed: slower, not wrong.
        let _ = thread::Builder::new().name("simulator-keys".into()).spawn(|| STOCK.keep_full());
    });
    match STOCK.pop() {
        Some(key) => Ok(key),
        None => make(),
    }
}

fn make() -> Result<KeyPair, rcgen::Error> {
    KeyPair::generate_for(&PKCS_RSA_SHA256)
}

struct Stock {
    keys: Mutex<Vec<KeyPair>>,
    taken: Condvar,
}

impl Stock {
    fn pop(&self) -> Option<KeyPair> {
        let key = lock(&self.keys).pop();
        self.taken.notify_all();
        key
    }

    fn keep_full(&self) {
        loop {
            let Ok(key) = make() else { return };
            let mut keys = lock(&self.keys);
            keys.push(key);
            while keys.len() >= KEYS_MAX {
                keys = self.taken.wait(keys).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

static STOCK: LazyLock<Stock> = LazyLock::new(|| Stock { keys: Mutex::default(), taken: Condvar::new() });

/// Enough for the two or three pairings of one test; more would burn the processor of short tests for nothing.
const KEYS_MAX: usize = 3;
