//! After an identity is freed, its private exponent is nowhere in the process's writable memory.
//!
//! In a process of its own, since the device and other tests hold keys too; Linux only, since it reads
//! its own memory as a file. What it looks for is kept masked, so that the search does not find itself.

use crate::common::*;
use poslatch_simulator::{Faults, PairingReply};
use std::io::{Read, Seek, SeekFrom};
use x509_cert::der::asn1::{AnyRef, UintRef};
use x509_cert::der::{Decode, SliceReader};

const MASK: u8 = 0xaa;

/// Something to look for, masked so that the search does not find itself.
struct Needle(Vec<u8>);

impl Needle {
    /// How often it stands in the writable memory of this process.
    fn count(&self) -> usize {
        let mut memory = std::fs::File::open("/proc/self/mem").expect("own memory");
        let maps = std::fs::read_to_string("/proc/self/maps").expect("own maps");
        let mut count = 0;
        for line in
            maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw")))
        {
            let (begin, end) =
                line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
            let address = |hex| u64::from_str_radix(hex, 16).expect("an address");
            let (begin, end) = (address(begin), address(end));
            // In pieces that overlap by a needle's length.
            const PIECE: usize = 64 * 1024;
            let mut piece = vec![0; PIECE];
            let mut at = begin;
            while at < end {
                let size = PIECE.min(usize::try_from(end - at).expect("fits"));
                let part = &mut piece[..size];
                if memory.seek(SeekFrom::Start(at)).and_then(|_| memory.read_exact(part)).is_err() {
                    break;
                }
                let is_needle =
                    |window: &[u8]| window.iter().zip(&self.0).all(|(byte, masked)| byte ^ MASK == *masked);
                count += part.windows(self.0.len()).filter(|window| is_needle(window)).count();
                if size < PIECE {
                    break;
                }
                at += (PIECE - self.0.len()) as u64;
            }
            piece.fill(0);
        }
        count
    }
}

/// 32 bytes out of the middle of the private exponent.
fn exponent(pem: &str) -> Vec<u8> {
    let (_, der) = x509_cert::der::pem::decode_vec(pem.as_bytes()).expect("PEM");
    let mut reader = SliceReader::new(AnyRef::from_der(&der).expect("PKCS#1").value()).expect("bytes");
    let numbers: Vec<UintRef> = (0..4).map(|_| UintRef::decode(&mut reader).expect("a number")).collect();
    numbers[3].as_bytes()[100..132].to_vec()
}

#[test]
fn a_freed_identity_leaves_no_private_exponent_behind() {
    const VARIABLES: [&str; 4] = ["POSLATCH_URL", "POSLATCH_ROOTS", "POSLATCH_CODE", "POSLATCH_NEEDLE"];
    if let [Ok(url), Ok(roots), Ok(code), Ok(needle)] = VARIABLES.map(std::env::var) {
        return be_a_till(&url, &roots, &code, &needle);
    }
    for scheme in SCHEMES {
        for chain_is_whole in [true, false] {
            let simulator = simulator();
            let till = simulator.pki().issue_till("1001").expect("a till");
            let masked: Vec<u8> = exponent(&till.key_pem_pkcs1).iter().map(|byte| byte ^ MASK).collect();
            let chain = if chain_is_whole { &till.chain_pem } else { "-----BEGIN X" };
            let body = format!("{}{chain}", till.key_pem_pkcs1).into_bytes();
            simulator.set_faults(Faults { pairing_reply: PairingReply::Body(body), ..Faults::default() });
            let values = [
                format!("{scheme}://{}/", simulator.address()),
                simulator.root_ca_chain_pem(),
                setup_code(&simulator),
                masked.iter().map(|byte| format!("{byte:02x}")).collect(),
            ];
            let child = std::process::Command::new(std::env::current_exe().expect("this program"))
                .args([
                    "--exact",
                    "--nocapture",
                    "memory::a_freed_identity_leaves_no_private_exponent_behind",
                ])
                .envs(VARIABLES.into_iter().zip(values))
                .output()
                .expect("runs");
            let said = format!(
                "{}{}",
                String::from_utf8_lossy(&child.stdout),
                String::from_utf8_lossy(&child.stderr)
            );
            assert!(child.status.success() && said.contains("1 passed"), "{scheme} {chain_is_whole}: {said}");
            assert_eq!(said.contains("paired"), chain_is_whole, "{said}");
        }
    }
}

/// The till, alone in its process: the device's key is in another one.
fn be_a_till(url: &str, roots: &str, code: &str, needle: &str) {
    let byte = |at| u8::from_str_radix(&needle[at..at + 2], 16).expect("hex");
    let needle = Needle((0..needle.len()).step_by(2).map(byte).collect());
    let device = poslatch::Device::builder(url).root_ca_pem(roots).build().expect("valid");
    if let Ok(identity) = device.pair("1001", code) {
        println!("paired");
        assert!(needle.count() > 0, "the search finds the exponent while the identity lives");
        let path = std::env::temp_dir().join(format!("poslatch-memory-{}.pem", std::process::id()));
        identity.save(&path, None).expect("saved");
        identity.save(&path, Some("passphrase")).expect("saved");
        drop(poslatch::Identity::load(&path, Some("passphrase")).expect("loaded"));
        std::fs::remove_file(&path).expect("removable");
    }
    assert_eq!(needle.count(), 0, "copies of the private exponent");
}
