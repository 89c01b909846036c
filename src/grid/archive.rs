//! The parts of zipped workbooks, unpacked within limits.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::limit;
use crate::diag::Diagnostic;

pub(super) fn damaged(what: &str) -> Diagnostic {
    Diagnostic::error("damaged-file", format!("the file is damaged: {what}"))
        .hint("fetch it again, or open it in a spreadsheet program and save it anew")
}

fn truncated() -> Diagnostic {
    let message = "the file is cut short: the list of its parts, which stands at its end, is missing";
    Diagnostic::error("truncated-file", message).hint("fetch or copy it again; its sender's copy may be whole")
}

fn open(bytes: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, Diagnostic> {
    ZipArchive::new(Cursor::new(bytes)).map_err(|_| truncated())
}

/// Names of the parts, in the order of the archive.
pub(super) fn names(bytes: &[u8]) -> Result<Vec<String>, Diagnostic> {
    let mut archive = open(bytes)?;
    let mut names = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).map_err(|e| broken("", &e))?;
        names.push(part.name().map_err(|e| broken("", &e))?.to_string());
    }
    Ok(names)
}

/// One part, unpacked.
pub(super) fn part(bytes: &[u8], name: &str) -> Result<Vec<u8>, Diagnostic> {
    let mut archive = open(bytes)?;
    let part = archive.by_name(name).map_err(|e| broken(name, &e))?;
    let mut out = Vec::new();
    let read = part.take(limit::UNPACKED_BYTES + 1).read_to_end(&mut out);
    read.map_err(|e| damaged(&format!("its part {name} does not unpack: {e}")))?;
    if out.len() as u64 > limit::UNPACKED_BYTES {
        return Err(limit::exceeded("bytes when unpacked", limit::UNPACKED_BYTES));
    }
    Ok(out)
}

/// Unpacks every part once, without keeping it: the sizes an archive states about itself may lie, and the readers that
/// follow have no limit of their own. A broken part is found here as well.
pub(super) fn check(bytes: &[u8]) -> Result<(), Diagnostic> {
    let mut archive = open(bytes)?;
    let mut left = limit::UNPACKED_BYTES;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|e| broken(&format!("number {}", index + 1), &e))?;
        let name = part.name().map(|n| n.to_string()).unwrap_or_default();
        let unpacked = std::io::copy(&mut part.take(left + 1), &mut std::io::sink());
        let size = unpacked.map_err(|e| damaged(&format!("its part {name} does not unpack: {e}")))?;
        left = left.checked_sub(size).ok_or_else(|| limit::exceeded("bytes when unpacked", limit::UNPACKED_BYTES))?;
    }
    Ok(())
}

fn broken(name: &str, error: &ZipError) -> Diagnostic {
    match error {
        ZipError::UnsupportedArchive(what) if what.contains("assword") => super::format::password_protected(),
        _ => damaged(&format!("its part {name} cannot be read: {error}")),
    }
}
