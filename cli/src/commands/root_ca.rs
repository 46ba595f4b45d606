//! `poslatch root-ca fetch`: the Root CA chain from the vendor's cloud, for merchants who have an API key.

use super::Context;
use crate::arguments::{Auth, FetchArguments};
use crate::dates;
use crate::done::Done;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::screen::Tone;
use crate::secret::Secret;
use crate::till::DEFAULT_ROOT_CA;
use poslatch::{CloudAuth, RootCaFetch, Status, certificates};

/// The environments by the names that the option takes.
const ENVIRONMENTS: &[(&str, &str)] = &[
    ("cybersource-test", RootCaFetch::CYBERSOURCE_TEST),
    ("cybersource", RootCaFetch::CYBERSOURCE_PRODUCTION),
    ("visa-acceptance-test", RootCaFetch::VISA_ACCEPTANCE_TEST),
    ("visa-acceptance", RootCaFetch::VISA_ACCEPTANCE_PRODUCTION),
];

pub(crate) fn run(arguments: &FetchArguments, context: &Context<'_>) -> Result<Done, Failure> {
    let settings = context.settings;
    let names: Vec<&str> = ENVIRONMENTS.iter().map(|(name, _)| *name).collect();
    let environment = settings.needed(
        "environment",
        arguments.environment.as_deref(),
        &format!("Say which cloud: {}. Test devices and real ones have different chains.", names.join(", ")),
    )?;
    let base_url = base_url(&environment, &names)?;
    let key_advice =
        "It is shown where the REST shared secret key was made (Business Center > Key Management).";
    let merchant_id = settings.needed("merchant-id", arguments.merchant_id.as_deref(), key_advice)?;
    let key_id = settings.needed("key-id", arguments.key_id.as_deref(), key_advice)?;
    let path =
        settings.value("root-ca", arguments.root_ca.as_deref()).unwrap_or_else(|| DEFAULT_ROOT_CA.to_owned());
    let web_roots = arguments.web_roots.as_ref().map(std::fs::read).transpose().map_err(|error| {
        Failure::usage(
            format!("cannot read the roots of --web-roots: {error}"),
            "Check that the path is right.",
        )
    })?;
    let file = settings.value("secret-file", arguments.secret_file.as_deref());
    let secret = Secret {
        name: "the API secret",
        prompt: "Shared secret of the API key",
        variable: "POSLATCH_API_SECRET",
        option: "--secret-file",
        file: file.as_deref(),
    }
    .obtain()?;

    let mut builder =
        RootCaFetch::builder(base_url, &merchant_id, &key_id, secret.trim()).auth(match arguments.auth {
            Auth::Jwt => CloudAuth::Jwt,
            Auth::HttpSignature => CloudAuth::HttpSignature,
            Auth::HttpSignatureVDate => CloudAuth::HttpSignatureVDate,
        });
    if let Some(pem) = web_roots {
        builder = builder.web_roots_pem(pem);
    }
    context.screen.say(&format!("Asking {base_url} for the Root CA chain ..."));
    let chain = builder.build().and_then(|fetch| fetch.fetch()).map_err(|error| match error.status() {
        Status::Argument if error.message().contains("shared_secret") => {
            Failure::of(error).saying("the API secret is not base64")
        }
        _ => Failure::of(error),
    })?;
    poslatch::save_root_ca(&chain, &path).map_err(Failure::of)?;
    let held = certificates(chain.as_bytes()).map_err(Failure::of)?;
    let mut done = Done::new(Exit::Done, Tone::Good, format!("Saved {path}, {} certificates", held.len()))
        .member("root_ca_file", path)
        .member("environment", environment)
        .member("certificates", held.len());
    for certificate in &held {
        done = done
            .fact(&certificate.subject, format!("until {}", dates::utc_and_distance(certificate.not_after)));
    }
    Ok(done.next("poslatch pair --help"))
}

fn base_url<'a>(environment: &'a str, names: &[&str]) -> Result<&'a str, Failure> {
    if environment.starts_with("https://") {
        return Ok(environment);
    }
    ENVIRONMENTS.iter().find(|(name, _)| *name == environment).map(|(_, url)| *url).ok_or_else(|| {
        Failure::usage(
            format!("there is no environment \"{environment}\""),
            format!("Use {}, or the https:// address of another one.", names.join(", ")),
        )
    })
}
