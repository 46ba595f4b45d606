//! Encryption of the private key under a passphrase: PBES2 with PBKDF2-SHA256 and AES-256-CBC.
//!
//! The one form that is written is also the only one that is read. `pkcs5` would read a dozen, and
//! linking ciphers and hashes for files that no till has costs a small machine 50 kB; so its structures
//! are used, and the primitives are called from here.

use super::key::NotAKey;
use crate::provider::provider;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode, Encode};
use pkcs8::pkcs5::EncryptionScheme as Scheme;
use pkcs8::pkcs5::pbes2::{EncryptionScheme, Kdf, Parameters, Pbkdf2Params, Pbkdf2Prf};
use sha2::Sha256;
use zeroize::Zeroizing;

/// OWASP's figure for PBKDF2 with SHA-256, 2023. About a second on an old Atom.
const ROUNDS: u32 = 600_000;

/// A file may ask for more, but not keep a till from opening the shop.
const ROUNDS_MAX: u32 = 10_000_000;

const BLOCK_BYTES: usize = 16;

/// `EncryptedPrivateKeyInfo` (RFC 5208) around a PKCS#8 key.
pub(super) fn encrypt(pkcs8: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, NotAKey> {
    let (mut salt, mut iv) = ([0; 16], [0; BLOCK_BYTES]);
    provider().secure_random.fill(&mut salt).map_err(|_| NotAKey)?;
    provider().secure_random.fill(&mut iv).map_err(|_| NotAKey)?;
    let key = derive(passphrase, &salt, ROUNDS);

    let mut buffer = Zeroizing::new(vec![0; pkcs8.len() + BLOCK_BYTES]);
    buffer.get_mut(..pkcs8.len()).ok_or(NotAKey)?.copy_from_slice(pkcs8);
    let encrypted = cbc::Encryptor::<aes::Aes256>::new((&*key).into(), &iv.into())
        .encrypt_padded::<Pkcs7>(&mut buffer, pkcs8.len())
        .map_err(|_| NotAKey)?;

    let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, iv).map_err(|_| NotAKey)?;
    let encrypted_data = OctetStringRef::new(encrypted).map_err(|_| NotAKey)?;
    EncryptedPrivateKeyInfoRef { encryption_algorithm: Scheme::Pbes2(parameters), encrypted_data }
        .to_der()
        .map(Zeroizing::new)
        .map_err(|_| NotAKey)
}

/// # Errors
/// Also when the passphrase is wrong, or the encryption is of another form.
pub(super) fn decrypt(encrypted: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, NotAKey> {
    let encrypted = EncryptedPrivateKeyInfoRef::from_der(encrypted).map_err(|_| NotAKey)?;
    let Scheme::Pbes2(Parameters { kdf: Kdf::Pbkdf2(kdf), encryption: EncryptionScheme::Aes256Cbc { iv } }) =
        &encrypted.encryption_algorithm
    else {
        return Err(NotAKey);
    };
    let Pbkdf2Params { salt, iteration_count: 1..=ROUNDS_MAX, prf: Pbkdf2Prf::HmacWithSha256, .. } = kdf
    else {
        return Err(NotAKey);
    };
    let key = derive(passphrase, salt.as_bytes(), kdf.iteration_count);
    let mut buffer = Zeroizing::new(encrypted.encrypted_data.as_bytes().to_vec());
    let length = cbc::Decryptor::<aes::Aes256>::new((&*key).into(), iv.into())
        .decrypt_padded::<Pkcs7>(&mut buffer)
        .map_err(|_| NotAKey)?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}

fn derive(passphrase: &str, salt: &[u8], rounds: u32) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::pbkdf2_hmac::<Sha256>(passphrase.as_bytes(), salt, rounds, &mut *key);
    key
}
