//! Digests of files that were looked at before. A file is known again by what the system says of it: device, number, size, the
//! time of its last write, and the time of its last change of any kind, which no program can set. So that files of years
//! need not be read through every month.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
#[cfg(unix)]
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::digest::sha256_file;
use super::error::StoreError;
use super::release::write_whole;

/// Below the warehouse.
const FILE: &str = "digests.json";
/// A file that changed less than this before it was read may change once more and show the same times.
#[cfg(unix)]
const YOUNG: Duration = Duration::from_secs(2);

/// What is known of files, and what was learnt of them since.
#[derive(Debug, Default)]
pub struct Known {
    path: PathBuf,
    before: BTreeMap<String, Entry>,
    now: Mutex<BTreeMap<String, Entry>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    mark: String,
    sha256: String,
}

impl Known {
    /// What was noted in a warehouse; nothing where that cannot be read: then the files are.
    pub fn open(warehouse: &Path) -> Known {
        let path = warehouse.join(FILE);
        let text = fs::read(&path).unwrap_or_default();
        Known { path, before: serde_json::from_slice(&text).unwrap_or_default(), now: Mutex::default() }
    }

    /// Note nothing of what was known, so that every file is read. The caller holds the lock.
    ///
    /// # Errors
    /// The note cannot be removed.
    pub fn forget(warehouse: &Path) -> Result<(), StoreError> {
        let path = warehouse.join(FILE);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::io("remove", &path)(error)),
            _ => Ok(()),
        }
    }

    /// The sha256 of a file, which is noted by its name.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn sha256(&self, name: &str, path: &Path) -> io::Result<String> {
        let found = mark(&fs::metadata(path)?);
        let known = self.before.get(name).filter(|known| found.as_ref() == Some(&known.mark)).cloned();
        let Some(mark) = found else { return sha256_file(path) };
        let entry = match known {
            Some(known) => known,
            None => Entry { sha256: sha256_file(path)?, mark },
        };
        let sha256 = entry.sha256.clone();
        self.now.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), entry);
        Ok(sha256)
    }

    /// Note what was learnt, and no more what was not asked for. The caller holds the lock.
    ///
    /// # Errors
    /// The warehouse folder cannot be written.
    pub fn write(&self) -> Result<(), StoreError> {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if *now == self.before {
            return Ok(());
        }
        let text = serde_json::to_vec_pretty(&*now)
            .map_err(|error| StoreError::Malformed { path: self.path.clone(), message: error.to_string() })?;
        write_whole(&self.path, &text)
    }
}

/// What tells a file from another and from itself before a change; `None` where it is too young to tell.
#[cfg(unix)]
fn mark(about: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(about.ctime()).ok()?);
    // A time that lies ahead, of a clock that jumped, tells nothing.
    changed.elapsed().ok().filter(|age| *age > YOUNG + Duration::from_secs(1))?;
    let written = format!("{}.{:09}", about.mtime(), about.mtime_nsec());
    let changed = format!("{}.{:09}", about.ctime(), about.ctime_nsec());
    Some(format!("{} {} {} {written} {changed}", about.dev(), about.ino(), about.len()))
}

/// Elsewhere nothing is known of the last change.
#[cfg(not(unix))]
fn mark(_: &Metadata) -> Option<String> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_again_when_anything_of_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "1").unwrap();
        let ask = || {
            let known = Known::open(folder.path());
            let sha256 = known.sha256("a.csv", &path).unwrap();
            known.write().unwrap();
            sha256
        };
        let first = ask();
        // Too young to be noted, so that a change within the tick of a clock is seen.
        assert!(!fs::read_to_string(folder.path().join(FILE)).is_ok_and(|text| text.contains("a.csv")));
        std::thread::sleep(YOUNG + Duration::from_secs(2));
        assert_eq!(ask(), first);
        // What is noted is believed …
        let note = folder.path().join(FILE);
        let text = fs::read_to_string(&note).unwrap();
        fs::write(&note, text.replace(&first, "believed")).unwrap();
        assert_eq!(ask(), "believed");
        // … until the file is written, even where its size and the time of its last write are what they were.
        let written = fs::metadata(&path).unwrap().modified().unwrap();
        fs::write(&path, "2").unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
        let second = ask();
        assert!(second != first && second != "believed", "{second}");
        Known::forget(folder.path()).unwrap();
        assert_eq!(ask(), second);
    }
}
