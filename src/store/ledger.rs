//! Files of the warehouse that only grow, an event per line as JSON: what arrived when, and which runs there were. They are
//! no part of a release, since a release made again from the same files is the same whenever they came.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::StoreError;

/// A file of events of one kind.
#[derive(Clone, Debug)]
pub struct Ledger {
    path: PathBuf,
}

/// A file as it was found in the input folder for the first time, or for the first time with this content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// Path below the input folder.
    pub file: String,
    pub sha256: String,
    /// The time of the run that found it, ISO.
    pub seen_at: String,
}

/// A run that began and, where it has an end, how it ended. The later of two lines of a run counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Run {
    /// Time and process, which no two runs share.
    pub run: String,
    /// The period asked for, the month itself where it was `previous`; blank where none was, or no calendar could be read.
    pub period: String,
    pub began_at: String,
    /// Blank where the run was killed, or still runs.
    pub ended_at: String,
    /// `good`, `data-errors`, `failed`; blank as above.
    pub outcome: String,
    /// The release that was current at its end.
    pub release: String,
    /// Whether the run made it.
    pub changed: bool,
    /// This and the counts that follow: unknown where the run failed before it knew.
    pub files_read: Option<u64>,
    pub files_missing: Option<u64>,
    pub deliveries_missing: Option<u64>,
    pub observations: Option<u64>,
    pub finding_errors: Option<u64>,
    pub finding_warnings: Option<u64>,
    pub finding_infos: Option<u64>,
    /// Why it failed.
    pub message: String,
}

impl Ledger {
    /// What arrived in the input folder.
    pub fn arrivals(warehouse: &Path) -> Ledger {
        Ledger { path: warehouse.join("arrivals.jsonl") }
    }

    /// The runs of the main job.
    pub fn runs(warehouse: &Path) -> Ledger {
        Ledger { path: warehouse.join("runs.jsonl") }
    }

    /// All events, oldest first; none where there is no file yet. A last line that a killed writer left unfinished is none.
    ///
    /// # Errors
    /// The file cannot be read, or a whole line in it is not one of these events.
    pub fn read<T: DeserializeOwned>(&self) -> Result<Vec<T>, StoreError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StoreError::io("read", &self.path)(error)),
        };
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let parse = |(nth, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|error| StoreError::Malformed {
                path: self.path.clone(),
                message: format!("line {}: {error}; remove the line, or the file to start anew", nth + 1),
            })
        };
        whole.lines().enumerate().map(parse).collect()
    }

    /// Add events, on disk when this returns. The caller holds the lock of the warehouse.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append<T: Serialize>(&self, events: &[T]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        for event in events {
            let line = serde_json::to_string(event)
                .map_err(|error| StoreError::Malformed { path: self.path.clone(), message: error.to_string() })?;
            text.push_str(&line);
            text.push('\n');
        }
        self.write(text.as_bytes()).map_err(StoreError::io("write", &self.path))
    }

    fn write(&self, lines: &[u8]) -> std::io::Result<()> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&self.path)?;
        let end = end_of_lines(&mut file)?;
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
        file.write_all(lines)?;
        file.sync_data()
    }
}

/// Where the last whole line ends.
fn end_of_lines(file: &mut File) -> std::io::Result<u64> {
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(text.iter().rposition(|byte| *byte == b'\n').map_or(0, |nth| nth as u64 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_off_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::arrivals(folder.path());
        let arrival =
            |file: &str| Arrival { file: file.into(), sha256: "1".into(), seen_at: "2026-11-12T03:00:00Z".into() };
        assert_eq!(ledger.read::<Arrival>().unwrap(), []);
        ledger.append(&[arrival("a.csv"), arrival("b.csv")]).unwrap();
        // A writer that was killed in the middle of a line.
        let whole = fs::read(&ledger.path).unwrap();
        fs::write(&ledger.path, &whole[..whole.len() - 5]).unwrap();
        assert_eq!(ledger.read::<Arrival>().unwrap(), [arrival("a.csv")]);
        ledger.append(&[arrival("c.csv")]).unwrap();
        assert_eq!(ledger.read::<Arrival>().unwrap(), [arrival("a.csv"), arrival("c.csv")]);
        fs::write(&ledger.path, "{}\nnothing\n").unwrap();
        let fault = ledger.read::<Arrival>().unwrap_err().to_string();
        assert!(fault.contains("line 1: missing field `file`"), "{fault}");
    }
}
