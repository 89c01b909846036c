//! Personal numbers as keyed hashes: the same number gives the same hash under the same key, and nobody without the key can
//! try numbers out. The key lies in a file that its owner alone can read, and never enters a release.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::digest::{hex, sha256_bytes};

/// Bytes of a hash that are kept: 128 bits, so that two of a billion persons do not meet.
pub const PERSON_BYTES: usize = 16;
const KEY_BYTES: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("cannot {action} {}: {source}", .path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("{} can be read by others than its owner (mode {mode:03o})", .path.display())]
    Open { path: PathBuf, mode: u32 },
    #[error("{} belongs to another user", .path.display())]
    Foreign { path: PathBuf },
    #[error("{} holds no key: a key is {} hexadecimal digits", .path.display(), 2 * KEY_BYTES)]
    Malformed { path: PathBuf },
}

impl KeyError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            KeyError::Io { .. } => "name the file that holds it with --key FILE".to_owned(),
            KeyError::Open { path, .. } => {
                format!(
                    "close it to others: chmod 600 {}; whoever may have read it can tell whose a record is",
                    path.display()
                )
            }
            KeyError::Foreign { path } => format!("run as its owner, or: chown $(whoami) {}", path.display()),
            KeyError::Malformed { .. } => {
                "restore it from its backup; a new key gives every person another hash".to_owned()
            }
        }
    }
}

/// The key of a warehouse.
#[derive(Clone)]
pub struct Key {
    keyed: Hmac<Sha256>,
    id: String,
}

/// Nobody prints a key by accident.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl Key {
    /// The key in a file; `None` where there is no file.
    ///
    /// # Errors
    /// The file cannot be read, holds no key, or others than its owner can read it.
    pub fn read(path: &Path) -> Result<Option<Key>, KeyError> {
        let mut file = match fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(KeyError::Io { action: "read", path: path.to_owned(), source }),
        };
        let fault = |source| KeyError::Io { action: "read", path: path.to_owned(), source };
        check_owner(path, &file.metadata().map_err(fault)?)?;
        let mut text = String::new();
        (&mut file).take(4 * KEY_BYTES as u64).read_to_string(&mut text).map_err(fault)?;
        let bytes = from_hex(text.trim()).ok_or_else(|| KeyError::Malformed { path: path.to_owned() })?;
        Ok(Some(Key::new(&bytes)))
    }

    /// Make a key of the system's random numbers and write it where nobody else can read it.
    ///
    /// # Errors
    /// The file is there already or cannot be written.
    pub fn create(path: &Path) -> Result<Key, KeyError> {
        let fault = |action| move |source| KeyError::Io { action, path: path.to_owned(), source };
        let mut bytes = [0; KEY_BYTES];
        fs::File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut bytes)).map_err(fault("make"))?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(fault("write"))?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(fault("write"))?;
        file.write_all(format!("{}\n", hex(&bytes)).as_bytes()).map_err(fault("write"))?;
        file.sync_all().map_err(fault("write"))?;
        Ok(Key::new(&bytes))
    }

    fn new(bytes: &[u8; KEY_BYTES]) -> Key {
        let keyed = Hmac::new_from_slice(bytes).expect("a key of any length is one");
        // Told from other keys by a hash of its own, which says nothing of the key.
        let id = sha256_bytes(&[b"shebao key ", bytes.as_slice()].concat())[..16].to_owned();
        Key { keyed, id }
    }

    /// By which key records were made, without saying the key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What stands for a personal number, in hexadecimal.
    pub fn person(&self, number: &[u8]) -> [u8; 2 * PERSON_BYTES] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut mac = self.keyed.clone();
        mac.update(number);
        let whole = mac.finalize().into_bytes();
        let mut kept = [0; 2 * PERSON_BYTES];
        for (pair, byte) in kept.chunks_exact_mut(2).zip(&whole) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        kept
    }
}

/// The text of a file that only its owner can read, such as one that holds a password.
///
/// # Errors
/// The file cannot be read, is longer than `bytes_max`, or others than its owner can read it.
pub fn secret(path: &Path, bytes_max: u64) -> Result<String, KeyError> {
    let fault = |source| KeyError::Io { action: "read", path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(fault)?;
    check_owner(path, &file.metadata().map_err(fault)?)?;
    let mut text = String::new();
    file.take(bytes_max).read_to_string(&mut text).map_err(fault)?;
    Ok(text)
}

#[cfg(unix)]
fn check_owner(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyError> {
    use std::os::unix::fs::MetadataExt as _;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Open { path: path.to_owned(), mode });
    }
    let own = fs::metadata("/proc/self").map(|own| own.uid());
    match own.is_ok_and(|own| own != metadata.uid()) {
        true => Err(KeyError::Foreign { path: path.to_owned() }),
        false => Ok(()),
    }
}

#[cfg(not(unix))]
fn check_owner(_: &Path, _: &fs::Metadata) -> Result<(), KeyError> {
    Ok(())
}

fn from_hex(text: &str) -> Option<[u8; KEY_BYTES]> {
    let mut bytes = [0; KEY_BYTES];
    if text.len() != 2 * KEY_BYTES || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standard() {
        // RFC 4231, test case 1: key of 20 bytes 0b, "Hi There"; the first half of its HMAC-SHA-256.
        let key = Key { keyed: Hmac::new_from_slice(&[0x0b; 20]).unwrap(), id: String::new() };
        assert_eq!(&key.person(b"Hi There"), b"b0344c61d8db38535ca8afceaf0bf12b");
    }

    #[test]
    #[cfg(unix)]
    fn a_key_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("warehouse/key");
        assert!(Key::read(&path).unwrap().is_none());
        let made = Key::create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let read = Key::read(&path).unwrap().unwrap();
        assert_eq!((read.id(), read.person(b"1")), (made.id(), made.person(b"1")));
        assert!(Key::create(&path).is_err(), "a key is never overwritten");
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let fault = Key::read(&path).unwrap_err();
            assert!(matches!(fault, KeyError::Open { .. }), "{fault}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "not a key").unwrap();
        assert!(matches!(Key::read(&path), Err(KeyError::Malformed { .. })));
    }
}
