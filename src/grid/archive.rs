//! The parts of zipped workbooks, unpacked within limits.

use std::collections::BTreeMap;
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

/// A zipped file, its parts found by name without regard to case or the kind of stroke.
#[derive(Clone)]
pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    places: BTreeMap<String, usize>,
}

impl<'a> Archive<'a> {
    /// # Errors
    /// The list of parts is missing or broken, or longer than that of any workbook.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Archive<'a>, Diagnostic> {
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| truncated())?;
        if zip.len() > limit::PARTS {
            return Err(limit::exceeded("parts", limit::PARTS as u64));
        }
        let mut places = BTreeMap::new();
        for index in 0..zip.len() {
            let part = zip.by_index_raw(index).map_err(|e| broken("", &e))?;
            let name = part.name().map_err(|e| broken("", &e))?.to_string();
            places.entry(folded(&name)).or_insert(index);
        }
        Ok(Archive { zip, places })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.places.contains_key(&folded(name))
    }

    /// Whether a part lies in any folder under this name.
    pub(super) fn has_file(&self, name: &str) -> bool {
        self.places.keys().any(|n| n.rsplit('/').next() == Some(name))
    }

    /// One part, unpacked.
    ///
    /// # Errors
    /// There is no such part, it is broken, or larger than any part of a workbook. The size an archive states about
    /// itself may lie, so it is the bytes that are counted.
    pub(super) fn part(&mut self, name: &str) -> Result<Vec<u8>, Diagnostic> {
        let missing = || damaged(&format!("its part {name} is missing"));
        let index = *self.places.get(&folded(name)).ok_or_else(missing)?;
        let mut part = self.zip.by_index(index).map_err(|e| broken(name, &e))?;
        let (packed, stated) = (part.compressed_size(), part.size().min(limit::UNPACKED_BYTES));
        let too_large = || limit::exceeded("bytes when unpacked", limit::UNPACKED_BYTES);
        if part.size() > limit::UNPACKED_BYTES {
            return Err(too_large());
        }
        let most = (packed.saturating_mul(limit::UNPACKED_TIMES)).max(limit::UNPACKED_FREE);
        let mut out = Vec::with_capacity(stated.min(most) as usize);
        let read = part.by_ref().take(most.min(limit::UNPACKED_BYTES) + 1).read_to_end(&mut out);
        read.map_err(|e| damaged(&format!("its part {name} does not unpack: {e}")))?;
        match out.len() as u64 {
            size if size > limit::UNPACKED_BYTES => Err(too_large()),
            size if size > most => Err(limit::exceeded("times its packed size in a part", limit::UNPACKED_TIMES)),
            _ => Ok(out),
        }
    }

    /// One part as text.
    pub(super) fn text(&mut self, name: &str) -> Result<String, Diagnostic> {
        let bytes = self.part(name)?;
        let text = match bytes.as_slice() {
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => encoding_rs::UTF_8.decode(&bytes).0.into_owned(),
            _ => String::from_utf8(bytes).map_err(|_| damaged(&format!("its part {name} is not UTF-8")))?,
        };
        Ok(text)
    }

    /// One part as text, or `None` where there is no such part.
    pub(super) fn optional(&mut self, name: &str) -> Result<Option<String>, Diagnostic> {
        if self.has(name) { self.text(name).map(Some) } else { Ok(None) }
    }
}

fn folded(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_lowercase()
}

/// The part that `target` names, seen from the part in `folder` that names it.
pub(super) fn resolved(folder: &str, target: &str) -> String {
    if let Some(whole) = target.strip_prefix('/') {
        return whole.to_owned();
    }
    let mut path: Vec<&str> = folder.split('/').filter(|f| !f.is_empty()).collect();
    for step in target.split('/') {
        match step {
            ".." => drop(path.pop()),
            "." | "" => {}
            name => path.push(name),
        }
    }
    path.join("/")
}

fn broken(name: &str, error: &ZipError) -> Diagnostic {
    match error {
        ZipError::UnsupportedArchive(what) if what.contains("assword") => super::format::password_protected(),
        _ => damaged(&format!("its part {name} cannot be read: {error}")),
    }
}
