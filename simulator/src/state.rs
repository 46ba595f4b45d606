//! The state folder: how a device keeps its certificate authority, its key and its tills from one start to the next.
//! Apart from [`crate::pki`] because only here files are touched; keys are owner-only from their first byte.

use crate::Error;
use crate::pki::{Pki, StoredPki, to_pem};
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A folder that holds the state of one device.
#[derive(Clone)]
pub(crate) struct StateFolder {
    folder: PathBuf,
}

impl StateFolder {
    /// Opens the folder, and creates it if it is missing.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        create_folder(folder).map_err(|source| Error::State { path: folder.to_owned(), source })?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Loads the PKI, or makes one at the first start.
    pub(crate) fn pki(&self) -> Result<Pki, Error> {
        // Written last, so its presence says that everything else is there.
        if self.folder.join(CHAIN).exists() {
            return Ok(Pki::from_parts(StoredPki {
                root_key: self.read_key(ROOT_KEY)?,
                root_der: self.read_certificate(ROOT)?,
                issuing_key: self.read_key(ISSUING_KEY)?,
                issuing_der: self.read_certificate(ISSUING)?,
                device_key: self.read_key(DEVICE_KEY)?,
            }));
        }
        let pki = Pki::new_in_memory()?;
        self.write_pki(&pki)?;
        Ok(pki)
    }

    /// Keeps this PKI in place of the one that is there.
    pub(crate) fn replace_pki(&self, pki: &Pki) -> Result<(), Error> {
        let path = self.folder.join(CHAIN);
        fs::remove_file(&path).map_err(|source| Error::State { path, source })?;
        self.write_pki(pki)
    }

    fn write_pki(&self, pki: &Pki) -> Result<(), Error> {
        for (name, der) in [ROOT_KEY, ISSUING_KEY, DEVICE_KEY].into_iter().zip(pki.keys_der()) {
            self.write(name, &to_pem("PRIVATE KEY", der), Readers::Owner)?;
        }
        self.write(ROOT, &to_pem("CERTIFICATE", pki.root_der()), Readers::All)?;
        self.write(ISSUING, &to_pem("CERTIFICATE", pki.issuing_der()), Readers::All)?;
        self.write(CHAIN, &pki.root_ca_chain_pem(), Readers::All)
    }

    /// Where the list of issued till certificates is kept.
    pub(crate) fn tills_path(&self) -> PathBuf {
        self.folder.join(TILLS)
    }

    fn read_key(&self, name: &str) -> Result<KeyPair, Error> {
        let path = self.folder.join(name);
        let text = fs::read(&path).map_err(|source| Error::State { path: path.clone(), source })?;
        // The error of the PEM reader is dropped, because it may hold the line it choked on: part of the key.
        let unusable = |reason: &str| Error::StateUnusable { path: path.clone(), reason: reason.to_owned() };
        let der = PrivatePkcs8KeyDer::from_pem_slice(&text).map_err(|_| unusable("no PKCS#8 key in it"))?;
        KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_RSA_SHA256).map_err(|_| unusable("not an RSA key"))
    }

    fn read_certificate(&self, name: &str) -> Result<Vec<u8>, Error> {
        let path = self.folder.join(name);
        let text = fs::read(&path).map_err(|source| Error::State { path: path.clone(), source })?;
        match CertificateDer::from_pem_slice(&text) {
            Ok(der) => Ok(der.to_vec()),
            Err(_) => Err(Error::StateUnusable { path, reason: "no certificate in it".to_owned() }),
        }
    }

    fn write(&self, name: &str, text: &str, readers: Readers) -> Result<(), Error> {
        let path = self.folder.join(name);
        create_file(&path, readers)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|source| Error::State { path, source })
    }
}

/// Who may read a file.
#[derive(Clone, Copy)]
enum Readers {
    All,
    Owner,
}

fn create_file(path: &Path, readers: Readers) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    match readers {
        Readers::All => options.create(true).truncate(true),
        Readers::Owner => {
            // A file that exists keeps its mode, so what a start that was cut short left behind goes first.
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => owner_only(&mut options).create_new(true),
            }
        }
    };
    options.open(path)
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

/// Elsewhere the folder's own access list decides.
#[cfg(not(unix))]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

const ROOT_KEY: &str = "root-ca.key";
const ISSUING_KEY: &str = "issuing-ca.key";
const DEVICE_KEY: &str = "device.key";
const ROOT: &str = "root-ca.pem";
const ISSUING: &str = "issuing-ca.pem";
const CHAIN: &str = "root-ca-chain.pem";
const TILLS: &str = "tills.txt";
