//! Why the store could not read or write: what, where, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::diag::{Diagnostic, Place};

/// A failure of the disk, or a value that has no exact place in a file.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot {action} {}: {}{}", .path.display(), reason(.source), advice(.source))]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("cannot {action} {}: {message}", .path.display())]
    Parquet { action: &'static str, path: PathBuf, message: String },
    #[error(
        "{name}: {value} does not fit Decimal(38, 6); numbers are kept exactly, so no more than 6 decimals can be stored"
    )]
    Inexact { name: String, value: String },
    #[error("obs_id {obs_id} stands for two cells, {first} and {second}; every observation needs an id of its own")]
    DuplicateId { obs_id: String, first: String, second: String },
    #[error("{}: {message}", .path.display())]
    Malformed { path: PathBuf, message: String },
    #[error(
        "the warehouse is in use: {command} (process {pid} on {host}) has been writing to it since {since}; \
         wait until it ends, or end it, then run again ({})", .path.display()
    )]
    Locked { path: PathBuf, pid: u32, host: String, since: String, command: String },
    #[error(
        "\"{0}\" is neither a time nor a release; write 2026-01-31, 2026-01-31T12:00, or at least 4 characters of a release's id"
    )]
    NotATime(String),
    #[error("no release was current on {wanted}; the first one is of {first}")]
    TooEarly { wanted: String, first: String },
    #[error("there is no release {wanted}{}", .newest.as_ref().map_or_else(
        || "; none has been published yet: run `shebao run`".to_owned(),
        |newest| format!("; the newest one is {newest}")
    ))]
    NoRelease { wanted: String, newest: Option<String> },
}

impl StoreError {
    /// For use with `map_err`: the action as it follows "cannot", the path, the cause.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.to_owned();
        move |source| StoreError::Io { action, path, source }
    }

    fn code(&self) -> &'static str {
        match self {
            StoreError::Io { .. } => "io",
            StoreError::Parquet { .. } => "parquet",
            StoreError::Inexact { .. } => "inexact",
            StoreError::DuplicateId { .. } => "duplicate-id",
            StoreError::Malformed { .. } => "malformed",
            StoreError::Locked { .. } => "locked",
            StoreError::NoRelease { .. } | StoreError::TooEarly { .. } => "no-release",
            StoreError::NotATime(_) => "not-a-time",
        }
    }
}

impl From<StoreError> for Diagnostic {
    fn from(error: StoreError) -> Diagnostic {
        let place = match &error {
            StoreError::Io { path, .. } | StoreError::Parquet { path, .. } | StoreError::Malformed { path, .. } => {
                Place::file(path.display().to_string())
            }
            _ => Place::default(),
        };
        Diagnostic::error(error.code(), error.to_string()).at(place)
    }
}

/// The cause in a word a person knows; the system's own text for the rest.
fn reason(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        _ => source.to_string(),
    }
}

fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied => "; make the folder writable for this user, or choose another one",
        io::ErrorKind::ReadOnlyFilesystem => "; mount it writable, or choose a folder on another disk",
        io::ErrorKind::StorageFull => "; free some space and run again: the previous release is untouched",
        io::ErrorKind::ResourceBusy => {
            "; a mount point cannot be exchanged for another folder: mount the folder around it"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_where_and_what_to_do() {
        let rows = [
            (
                io::ErrorKind::StorageFull,
                "cannot write out/a.csv: the disk is full; free some space and run again: the previous release is untouched",
            ),
            (
                io::ErrorKind::ReadOnlyFilesystem,
                "cannot write out/a.csv: the file system is read-only; mount it writable, or choose a folder on another disk",
            ),
            (
                io::ErrorKind::PermissionDenied,
                "cannot write out/a.csv: permission denied; make the folder writable for this user, or choose another one",
            ),
        ];
        for (kind, message) in rows {
            assert_eq!(StoreError::io("write", Path::new("out/a.csv"))(kind.into()).to_string(), message);
        }
    }
}
