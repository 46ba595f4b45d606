//! `poslatch find`: where the device is now, when its address has changed. Whoever cannot prove its name is named as
//! somebody else, and never as a find.

use super::Context;
use crate::arguments::FindArguments;
use crate::done::Done;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupts::Interrupts;
use crate::screen::{Screen, Tone};
use crate::till::{DeviceSettings, IdentitySettings};
use poslatch::{
    Category, Device, Error, Found, Identity, Search, SearchProgress, Sighting, Status, find_device,
};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

pub(crate) fn run(arguments: &FindArguments, context: &Context<'_>) -> Result<Done, Failure> {
    let settings = DeviceSettings::resolve(&arguments.device, context)?;
    let identity_settings = IdentitySettings::resolve(&arguments.identity, context);
    // With a serial number, no identity is needed: the till may not have paired yet.
    let identity = match settings.serial.is_some() && !Path::new(&identity_settings.path).exists() {
        true => None,
        false => Some(identity_settings.load()?),
    };
    let device = settings.device(None)?;
    let search = match context.settings.value("subnet", arguments.subnet.as_deref()) {
        Some(list) => Search::subnets(&list).map_err(Failure::of)?,
        None => Search::own_subnet(),
    };
    let looking = Looking { device, identity, search, screen: context.screen };
    match arguments.watch {
        false => looking.once().map(|found| told(&found)).or_else(|error| not_found(error, &settings)),
        true => looking.watch(Duration::from_secs(arguments.interval.max(1).into())),
    }
}

/// What is looked for, and where.
struct Looking<'a> {
    device: Device,
    identity: Option<Identity>,
    search: Search,
    screen: &'a Screen,
}

impl Looking<'_> {
    fn once(&self) -> Result<Found, Error> {
        let mut is_first = true;
        let mut progress = |SearchProgress { total, .. }: SearchProgress| {
            if std::mem::take(&mut is_first) {
                self.screen.say(&format!("Asking {total} addresses for the device ..."));
            }
            ControlFlow::Continue(())
        };
        find_device(&self.device, self.identity.as_ref(), &self.search, &mut progress)
    }

    /// Looks again and again, and tells each change, until Ctrl-C or until nobody reads any more.
    fn watch(&self, interval: Duration) -> Result<Done, Failure> {
        let interrupts = Interrupts::catch()?;
        let (stop, stopped) = mpsc::channel();
        let on_ctrl_c = move || {
            let _ = stop.send(());
            self.device.interrupt();
        };
        interrupts.during(on_ctrl_c, || {
            let seconds = interval.as_secs();
            self.screen.say(&format!("Watching, every {seconds} s; Ctrl-C ends it."));
            let mut last = None;
            let mut last_trouble = String::new();
            loop {
                let url = match find_device(&self.device, self.identity.as_ref(), &self.search, &mut |_| {
                    ControlFlow::Continue(())
                }) {
                    Ok(found) => Some(found.url),
                    Err(error) if error.status() == Status::DeviceNotFound => None,
                    Err(error) if error.status() == Status::Cancelled => break,
                    // A network that is down for the night is no reason to be down in the morning. What is wrong with
                    // the arguments shows at the first look.
                    Err(error) if last.is_some() || error.category() == Category::Network => {
                        let trouble = error.message();
                        if trouble != last_trouble {
                            self.screen.say(&format!("Cannot look: {trouble}. Trying again."));
                        }
                        last_trouble = trouble;
                        None
                    }
                    Err(error) => return Err(Failure::of(error)),
                };
                if last.as_ref() != Some(&url) && !self.tell(url.as_deref()) {
                    break;
                }
                last = Some(url);
                if !matches!(stopped.recv_timeout(interval), Err(RecvTimeoutError::Timeout)) {
                    break;
                }
            }
            Ok(Done::text("").member("watching", false))
        })
    }

    /// One line for each change; says whether somebody reads it.
    fn tell(&self, url: Option<&str>) -> bool {
        let line = match (self.screen.is_json(), url) {
            (true, url) => json!({ "schema": "poslatch-find-watch/1", "url": url }).to_string(),
            (false, Some(url)) => format!("found {url}"),
            (false, None) => "not found".to_owned(),
        };
        self.screen.result_line(&line)
    }
}

fn told(found: &Found) -> Done {
    let moved = if found.moved { "it has moved" } else { "where the settings say" };
    let mut done = Done::new(Exit::Done, Tone::Good, format!("Found {}", found.device_name))
        .fact("url", format!("{} ({moved})", found.url))
        .member("device_name", found.device_name.clone())
        .member("url", found.url.clone())
        .member("address", found.address.to_string())
        .member("moved", found.moved);
    done = with_others(done, &found.sightings);
    match found.moved {
        true => done.next(format!("export POSLATCH_URL={}  (or change url in the settings file)", found.url)),
        false => done,
    }
}

fn not_found(error: Error, settings: &DeviceSettings) -> Result<Done, Failure> {
    if error.status() != Status::DeviceNotFound {
        return Err(Failure::of(error));
    }
    let failure = Failure::of(error.clone());
    let done = Done::new(Exit::Connection, Tone::Bad, format!("NOT FOUND: {}", error.message()))
        .member("url", Value::Null)
        .member("error", failure.to_json())
        .next(failure.advice)
        .next(format!("poslatch find --subnet 192.168.1.0/24{}", settings.typed()));
    Ok(with_others(done, error.sightings()))
}

/// Others who answered: a genuine device with another number, or somebody who proves nothing.
fn with_others(mut done: Done, sightings: &[Sighting]) -> Done {
    const SHOWN_MAX: usize = 8;
    for sighting in sightings.iter().take(SHOWN_MAX) {
        done = done.fact(&sighting.address.to_string(), sighting.message.clone());
    }
    if sightings.len() > SHOWN_MAX {
        done = done.fact("and", format!("{} others", sightings.len() - SHOWN_MAX));
    }
    let members = sightings.iter().map(|sighting| {
        json!({
            "address": sighting.address.to_string(),
            "status_name": sighting.status.name(),
            "device_name": sighting.device_name,
            "message": sighting.message,
        })
    });
    done.member("others", members.collect::<Vec<_>>())
}
