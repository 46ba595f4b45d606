//! `poslatch needs-renewal`: a question for cron, answered by the exit code.

use super::Context;
use crate::arguments::NeedsRenewalArguments;
use crate::dates;
use crate::done::Done;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::screen::Tone;
use crate::till::{IdentitySettings, quoted};
use std::time::SystemTime;

pub(crate) fn run(arguments: &NeedsRenewalArguments, context: &Context<'_>) -> Result<Done, Failure> {
    let settings = IdentitySettings::resolve(&arguments.identity, context);
    let identity = settings.load()?;
    let is_due = identity.needs_renewal(SystemTime::now(), arguments.days);
    let until = dates::utc_and_distance(identity.earliest_expiry());
    let (exit, tone, told) = match is_due {
        true => (Exit::SaidNo, Tone::Bad, format!("Due: pair {} again; it ends {until}", settings.path)),
        false => (Exit::Done, Tone::Good, format!("Not due: {} ends {until}", settings.path)),
    };
    let done = Done::new(exit, tone, told)
        .member("needs_renewal", is_due)
        .member("identity_file", settings.path.clone())
        .member("not_after", dates::utc(identity.not_after()))
        .member("earliest_expiry", dates::utc(identity.earliest_expiry()));
    match is_due {
        true => Ok(done.next(format!(
            "poslatch pair --pos-id {} --replace{}",
            quoted(identity.pos_id()),
            settings.typed()
        ))),
        false => Ok(done),
    }
}
