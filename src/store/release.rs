//! Releases: one immutable folder each, told apart by what they were made from, and one pointer to the current one.
//!
//! ```text
//! warehouse/current                  lines "time release"; the last one is current. Replaced by one rename
//! warehouse/releases/<id>/           manifest.json and the Parquet files; never changed once it has this name
//! warehouse/staging/                 a release being made; whatever a killed run leaves here is swept by the next
//! ```

mod manifest;
mod unnamed;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

pub use manifest::{Aside, Kept, MANIFEST, Made, Manifest, PROGRAM, Sources, Why};

use super::error::StoreError;

const CURRENT: &str = "current";

/// The releases of a warehouse folder.
#[derive(Clone, Debug)]
pub struct Releases {
    folder: PathBuf,
}

/// A release that was current from some time on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    pub id: String,
    pub since: Timestamp,
    pub path: PathBuf,
}

impl Releases {
    /// The releases of a folder, which need not exist yet.
    pub fn open(warehouse: &Path) -> Releases {
        Releases { folder: warehouse.to_owned() }
    }

    /// Every time a release became current, oldest first.
    ///
    /// # Errors
    /// The pointer cannot be read or does not hold what [`Releases::publish`] writes.
    pub fn list(&self) -> Result<Vec<Release>, StoreError> {
        let path = self.folder.join(CURRENT);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StoreError::io("read", &path)(error)),
        };
        let mut releases = Vec::new();
        for (nth, line) in text.lines().enumerate() {
            let parsed = line.split_once(' ').and_then(|(time, id)| Some((time.parse().ok()?, id)));
            let Some((since, id)) = parsed else {
                let message =
                    format!("line {} is not \"time release\"; remove the line, or the file to start anew", nth + 1);
                return Err(StoreError::Malformed { path, message });
            };
            releases.push(Release { id: id.to_owned(), since, path: self.path(id) });
        }
        Ok(releases)
    }

    /// The release that readers see.
    ///
    /// # Errors
    /// As [`Releases::list`].
    pub fn current(&self) -> Result<Option<Release>, StoreError> {
        Ok(self.list()?.pop())
    }

    /// The release with this id (or the beginning of one), or the one that was current at a time or at the end of a day:
    /// `2026-01-31`, `2026-01-31T12:00` (UTC), `2026-01-31T12:00:00+08:00`.
    ///
    /// # Errors
    /// There was none.
    pub fn as_of(&self, wanted: &str) -> Result<Release, StoreError> {
        let mut releases = self.list()?;
        let found = match moment(wanted)? {
            Some(end) => releases.iter().rposition(|release| release.since < end),
            None => releases.iter().rposition(|release| release.id.starts_with(wanted)),
        };
        if let Some(nth) = found {
            return Ok(releases.swap_remove(nth));
        }
        let newest = releases.last().map(|release| format!("{} of {}", release.id, release.since));
        match releases.first().filter(|_| moment(wanted).is_ok_and(|end| end.is_some())) {
            Some(first) => Err(StoreError::TooEarly { wanted: wanted.to_owned(), first: first.since.to_string() }),
            None => Err(StoreError::NoRelease { wanted: wanted.to_owned(), newest }),
        }
    }

    /// Where a release lies, or would.
    pub fn path(&self, id: &str) -> PathBuf {
        self.folder.join("releases").join(id)
    }

    /// A fresh, empty folder to make a release in; what killed runs left is removed. The caller holds the lock.
    ///
    /// # Errors
    /// The warehouse folder cannot be written.
    pub fn stage(&self) -> Result<PathBuf, StoreError> {
        self.sweep()?;
        let folder = self.folder.join("staging").join("next");
        fs::create_dir_all(&folder).map_err(StoreError::io("make the folder", &folder))?;
        Ok(folder)
    }

    /// Remove what killed runs left. The caller holds the lock.
    ///
    /// # Errors
    /// The warehouse folder cannot be written.
    pub fn sweep(&self) -> Result<(), StoreError> {
        let staging = self.folder.join("staging");
        match fs::remove_dir_all(&staging) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(StoreError::io("remove", &staging)(error)),
        }
    }

    /// Make a staged folder the current release: the manifest is written into it, everything is brought to disk, the
    /// folder gets its name, and the pointer is replaced. Killed at any moment, readers see the release before or this one.
    /// Files of records that no release names are removed last; all that a run makes is named by then.
    ///
    /// # Errors
    /// The warehouse folder cannot be written; then the release before stays.
    pub fn publish(&self, staged: &Path, manifest: &Manifest) -> Result<Release, StoreError> {
        manifest.write(staged)?;
        let path = self.path(&manifest.release);
        // The same id means the same content: an earlier release comes back, its files stay as they are.
        if path.join(MANIFEST).is_file() {
            fs::remove_dir_all(staged).map_err(StoreError::io("remove", staged))?;
        } else {
            sync_files(staged)?;
            let parent = self.folder.join("releases");
            fs::create_dir_all(&parent).map_err(StoreError::io("make the folder", &parent))?;
            fs::rename(staged, &path).map_err(StoreError::io("put in place", &path))?;
            sync_folder(&parent)?;
        }
        let release = Release { id: manifest.release.clone(), since: manifest.released_at, path };
        self.point_to(&release)?;
        unnamed::remove(&self.folder)?;
        Ok(release)
    }

    fn point_to(&self, release: &Release) -> Result<(), StoreError> {
        let mut releases = self.list()?;
        if releases.last().is_some_and(|last| last.id == release.id) {
            return Ok(());
        }
        releases.push(release.clone());
        let text: String = releases.iter().map(|release| format!("{} {}\n", release.since, release.id)).collect();
        write_whole(&self.folder.join(CURRENT), text.as_bytes())
    }
}

/// Fewer characters of an id are too easily a slip.
const SHORTEST_ID: usize = 4;

/// The first moment after the time or the day that a text names; `None` for what may be the id of a release.
fn moment(text: &str) -> Result<Option<Timestamp>, StoreError> {
    use jiff::civil::{Date, DateTime};
    use jiff::{SignedDuration, tz::TimeZone};
    // jiff reads a date out of a date and time as well; here the time counts.
    let is_day = text.len() == "2026-01-31".len();
    let day = text.parse::<Date>().ok().filter(|_| is_day).and_then(|day| day.tomorrow().ok());
    let end_of_day = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok()).map(|day| day.timestamp());
    let zoned = text.parse::<Timestamp>().ok();
    let utc = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp());
    let just_after = |time: Timestamp| time.checked_add(SignedDuration::from_nanos(1)).ok();
    let found = end_of_day.or_else(|| zoned.or_else(utc).and_then(just_after));
    let is_id = text.len() >= SHORTEST_ID && text.bytes().all(|b| b.is_ascii_hexdigit());
    if found.is_none() && !is_id { Err(StoreError::NotATime(text.to_owned())) } else { Ok(found) }
}

/// Replace a file by one rename, its content on disk before it has its name.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let beside = path.with_extension("new");
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    written.map_err(StoreError::io("write", &beside))?;
    fs::rename(&beside, path).map_err(StoreError::io("replace", path))?;
    path.parent().map_or(Ok(()), sync_folder)
}

fn sync_files(folder: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(folder).map_err(StoreError::io("read the folder", folder))? {
        let path = entry.map_err(StoreError::io("read the folder", folder))?.path();
        File::open(&path).and_then(|file| file.sync_all()).map_err(StoreError::io("write", &path))?;
    }
    sync_folder(folder)
}

pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    // Only Unix can open a folder to bring its entries to disk.
    if cfg!(unix) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::io("write", folder))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(input: &str, time: &str) -> Manifest {
        let sources = Sources {
            inputs: vec![super::super::digest::FileDigest { path: "a.csv".into(), sha256: input.into() }],
            ..Sources::default()
        };
        Manifest::new(sources, Vec::new(), time.parse().unwrap(), None)
    }

    #[test]
    fn a_release_is_seen_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let releases = Releases::open(folder.path());
        assert_eq!(releases.current().unwrap(), None);
        let publish = |input, time| {
            let staged = releases.stage().unwrap();
            assert_eq!(fs::read_dir(&staged).unwrap().count(), 0, "staging starts empty");
            fs::write(staged.join("core_code.parquet"), input).unwrap();
            releases.publish(&staged, &manifest(input, time)).unwrap()
        };
        let first = publish("1", "2026-01-31T10:00:00Z");
        // A run killed while it wrote: its files are still in staging.
        let left = releases.stage().unwrap();
        fs::write(left.join("half"), "…").unwrap();
        assert_eq!(releases.current().unwrap(), Some(first.clone()));
        let second = publish("2", "2026-02-28T10:00:00Z");
        assert_eq!(releases.current().unwrap(), Some(second.clone()));
        let again = publish("1", "2026-03-31T10:00:00Z");
        assert_eq!(again.id, first.id);
        let rows = [
            ("2026-01-31", Some(&first.id)),
            ("2026-01-31T09:59:59Z", None),
            ("2026-02-28T10:00:00Z", Some(&second.id)),
            ("2026-04-01", Some(&first.id)),
            (second.id.as_str(), Some(&second.id)),
            (&second.id[..6], Some(&second.id)),
            ("2026-01-30", None),
            ("2026-02-28T09:59", Some(&first.id)),
            ("2026-02-28 10:00:00", Some(&second.id)),
            ("2026-02-28T18:00:00+08:00", Some(&second.id)),
            ("2026-13-45", None),
            ("ffff", None),
        ];
        for (wanted, found) in rows {
            assert_eq!(releases.as_of(wanted).ok().as_ref().map(|r| &r.id), found, "{wanted}");
        }
    }
}
