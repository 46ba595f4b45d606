//! What a case finds: a folder, a device, the till's files, and on request an impostor and the vendor's cloud.

use super::case::{Action, Case, Root, Till};
use poslatch::Identity;
use poslatch_simulator::{CertificateRequest, Cloud, Event, Faults, Pki, Simulator};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const SERIAL: &str = "1850000123";
const POS_ID: &str = "1001";
const PASSPHRASE: &str = "correct-horse-battery";
const API_SECRET: &str = "bm90IGZvciBvdGhlcnMgdG8gc2Vl";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Far longer than anything takes; reached only when a case fails.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Stage {
    folder: TempDir,
    device: Simulator,
    _impostor: Option<Simulator>,
    cloud: Option<Cloud>,
    code: String,
    key: String,
    transaction: Mutex<String>,
}

impl Stage {
    pub(crate) fn set(case: &Case) -> Stage {
        let folder = tempfile::tempdir().expect("a folder");
        let device = Simulator::builder()
            .serial(SERIAL)
            .listen(format!("{}:0", case.device_at).parse().expect("an address"))
            .faults(Faults::from_toml(&case.faults).expect("switches"))
            .start()
            .expect("a device");
        let impostor = case.impostor_at.as_ref().map(|address| {
            Simulator::builder()
                .serial(SERIAL)
                .listen(format!("{address}:{}", device.address().port()).parse().expect("an address"))
                .pki(Pki::new_in_memory().expect("a PKI"))
                .start()
                .expect("an impostor")
        });
        let texts = format!("{:?} {:?}", case.args, case.env);
        let cloud = texts.contains("{cloud}").then(|| {
            Cloud::builder()
                .merchant("shop")
                .key("key-1", API_SECRET)
                .chain(device.root_ca_chain_pem())
                .start()
                .expect("a cloud")
        });
        let code = device.setup_code();
        let key = write_till(case, &device, folder.path());
        let transaction = Mutex::default();
        let stage = Stage { folder, device, _impostor: impostor, cloud, code, key, transaction };
        stage.write_root_ca(case);
        for (name, content) in &case.files {
            stage.write(name, &stage.fill(content));
        }
        stage
    }

    fn write_root_ca(&self, case: &Case) {
        match case.root {
            Root::Right => self.write("root-ca.pem", &self.device.root_ca_chain_pem()),
            Root::Foreign => {
                let pki = Pki::new_in_memory().expect("a PKI");
                self.write("root-ca.pem", &pki.root_ca_chain_pem());
            }
            Root::None => {}
        }
        if let Some(cloud) = &self.cloud {
            self.write("web-roots.pem", cloud.web_root_pem());
        }
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.folder.path().join(name), content).expect("written");
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn url(&self) -> String {
        format!("wss://127.0.0.1:{}/", self.device.address().port())
    }

    /// The number of the transaction that a command has printed.
    pub(crate) fn remember(&self, printed: &str) {
        let number = printed.lines().find_map(|line| line.trim().strip_prefix("transaction "));
        if let Some(number) = number {
            *self.transaction.lock().expect("no panic") = number.trim().to_owned();
        }
    }

    /// The text with the names of this stage in place of their placeholders.
    pub(crate) fn fill(&self, text: &str) -> String {
        let port = self.device.address().port().to_string();
        // As the command sees it, behind symbolic links.
        let folder = self.folder.path().canonicalize().expect("a folder");
        text.replace("{url}", &self.url())
            .replace("{https}", &format!("https://127.0.0.1:{port}/"))
            .replace("{port}", &port)
            .replace("{code}", &self.code)
            .replace("{transaction}", &self.transaction.lock().expect("no panic"))
            .replace("{passphrase}", PASSPHRASE)
            .replace("{api_secret}", API_SECRET)
            .replace("{cloud}", &self.cloud.as_ref().map(Cloud::base_url).unwrap_or_default())
            .replace("{folder}", &folder.display().to_string())
    }

    /// What nobody may ever read in what the command says.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let is_of_the_key = |line: &&str| line.len() == 64 && !line.starts_with('-');
        let key = self.key.lines().filter(is_of_the_key).map(str::to_owned);
        [self.code.clone(), PASSPHRASE.into(), API_SECRET.into()].into_iter().chain(key).collect()
    }

    /// Everything that the command wrote, except where secrets belong or the case has put them.
    pub(crate) fn files_that_others_may_see(&self) -> String {
        let entries = std::fs::read_dir(self.folder()).expect("a folder");
        let paths = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
        let has_secrets = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.ends_with(".secret") || (name.contains("till") && name.ends_with(".pem"))
        };
        paths
            .filter(|path| !has_secrets(path))
            .map(|path| String::from_utf8_lossy(&std::fs::read(path).expect("readable")).into_owned())
            .collect()
    }

    /// The types of the requests that the device got, in their order.
    pub(crate) fn requests(&self) -> Vec<String> {
        let events = self.device.events().into_iter();
        events
            .filter_map(|event| match event {
                Event::MessageReceived { kind, .. } => Some(kind),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn act(&self, action: Action, process: u32) {
        match action {
            Action::CtrlC => {
                let killed = std::process::Command::new("kill").args(["-INT", &process.to_string()]).status();
                assert!(killed.is_ok_and(|status| status.success()), "no signal was sent");
            }
            Action::DeviceDisappears => {
                let got = |events: &[Event]| {
                    events.iter().find(|event| matches!(event, Event::MessageReceived { .. })).map(|_| ())
                };
                self.device.wait_for(got, PATIENCE).expect("a request");
                self.device.disappear();
            }
            Action::ConnectionBreaks => {
                self.device.close_connections();
                self.device.release_payment();
            }
        }
    }
}

/// Writes `till.pem`, and gives the key in it.
fn write_till(case: &Case, device: &Simulator, folder: &Path) -> String {
    let issued = match case.till {
        Till::AlmostOver => {
            let request = CertificateRequest {
                not_before: SystemTime::now() - 360 * DAY,
                not_after: SystemTime::now() + 5 * DAY,
                ..CertificateRequest::till(POS_ID)
            };
            device.pki().issue(&request).expect("a certificate")
        }
        _ => device.issue_till(POS_ID),
    };
    let name = match case.till {
        Till::OfAnotherDevice => "1850000999.cybs.seclib.io".into(),
        _ => device.device_name(),
    };
    let text = format!(
        "poslatch identity 1\nposId: {POS_ID}\nDevice: {name}\n{}{}",
        issued.key_pem_pkcs8, issued.chain_pem
    );
    let passphrase = (case.till == Till::Encrypted).then_some(PASSPHRASE);
    if case.till != Till::None {
        let identity = Identity::from_pem(text.as_bytes(), None).expect("an identity");
        identity.save(folder.join("till.pem"), passphrase).expect("saved");
    }
    issued.key_pem_pkcs8
}
