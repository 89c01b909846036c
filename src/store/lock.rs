//! One writer at a time: a lock that the system releases when its holder ends, however it ends, and a note saying who
//! holds it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::error::StoreError;

const LOCK: &str = "lock";

/// Held while a command writes to a warehouse folder; given back when dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Take the lock of a warehouse folder, which is made if need be. Does not wait.
    ///
    /// # Errors
    /// Another process holds it (the error says which, and since when), or the folder cannot be written.
    pub fn acquire(warehouse: &Path, command: &str, now: Timestamp) -> Result<Lock, StoreError> {
        fs::create_dir_all(warehouse).map_err(StoreError::io("make the folder", warehouse))?;
        let path = warehouse.join(LOCK);
        // Not truncated: what another holder wrote about itself must stay readable.
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(StoreError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(&mut file, path)),
            Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", &path)(error)),
        }
        write_note(&mut file, command, now).map_err(StoreError::io("write", &path))?;
        Ok(Lock { file, path })
    }

    /// The file that says who holds the lock.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A note that outlives its writer would only puzzle; the lock itself goes with the file.
        let _ = self.file.set_len(0);
    }
}

/// `pid`, `host`, `since` and `command`, a line each.
fn write_note(file: &mut File, command: &str, now: Timestamp) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "pid {}\nhost {}\nsince {now}\ncommand {command}\n", std::process::id(), host())?;
    file.sync_data()
}

fn held(file: &mut File, path: PathBuf) -> StoreError {
    let mut note = String::new();
    // Unreadable or not yet written: the message says what it can.
    let _ = file.read_to_string(&mut note);
    let of = |key: &str| {
        let line = note.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
        line.unwrap_or("unknown").to_owned()
    };
    StoreError::Locked {
        path,
        pid: of("pid").parse().unwrap_or(0),
        host: of("host"),
        since: of("since"),
        command: of("command"),
    }
}

/// The machine's name, for folders shared between machines.
fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = name.or_else(|| std::env::var("HOSTNAME").ok()).or_else(|| std::env::var("COMPUTERNAME").ok());
    name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).unwrap_or_else(|| "this machine".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_writer_learns_who_the_first_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-01-31T10:00:00Z".parse().unwrap();
        let lock = Lock::acquire(folder.path(), "shebao run", now).unwrap();
        let refused = Lock::acquire(folder.path(), "shebao build", now).unwrap_err().to_string();
        let expected = format!(
            "the warehouse is in use: shebao run (process {} on {}) has been writing to it since 2026-01-31T10:00:00Z; \
             wait until it ends, or end it, then run again ({})",
            std::process::id(),
            host(),
            lock.path().display()
        );
        assert_eq!(refused, expected);
        drop(lock);
        assert!(Lock::acquire(folder.path(), "shebao build", now).is_ok());
    }
}
