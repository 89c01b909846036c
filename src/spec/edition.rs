//! An edition as resolved: which files and sheets hold the table, told by their names.

use jiff::civil::Date;

use super::pattern::{Captured, Pattern};
use super::table::Layout;
use crate::domain::label::normalise;

/// The files and sheets that hold the table, with its layout. Each file, and each sheet of it, is a part of the edition.
#[derive(Clone, Debug)]
pub struct Edition {
    pub id: String,
    pub year: Option<i16>,
    /// When it came out, where that is stated.
    pub published: Option<Date>,
    /// The edition that it replaces as a whole.
    pub replaces: Option<String>,
    /// Paths below the input folder; what they capture holds for the numbers of the file.
    pub files: Vec<Pattern>,
    /// Names of sheets, captures likewise. Empty: the table is looked for on every sheet.
    pub sheets: Vec<Pattern>,
    /// `None`: detected.
    pub encoding: Option<String>,
    /// Between the cells of a text file; `None`: detected.
    pub delimiter: Option<char>,
    pub layout: Layout,
}

/// The files of an edition among those that are there.
#[derive(Debug, Default)]
pub struct Files<'a> {
    /// Each with what its name says.
    pub there: Vec<(&'a str, Vec<Captured>)>,
    /// What is declared and fits no file.
    pub missing: Vec<&'a str>,
}

impl Edition {
    /// The files that hold the edition, in the order in which they are declared, then in the order of `paths`.
    pub fn files_among<'a>(&'a self, paths: impl IntoIterator<Item = &'a str> + Clone) -> Files<'a> {
        let mut files = Files::default();
        for pattern in &self.files {
            let fitting = paths.clone().into_iter().filter_map(|path| Some((path, path_fits(pattern, path)?)));
            let fitting: Vec<_> = fitting.collect();
            if fitting.is_empty() {
                files.missing.push(pattern.as_str());
            }
            for (path, captured) in fitting {
                if files.there.iter().all(|(other, _)| *other != path) {
                    files.there.push((path, captured));
                }
            }
        }
        files
    }

    /// What the name of a file says that may lie anywhere: its path ends as one of the edition's does.
    pub fn file_by_end(&self, path: &str) -> Option<Vec<Captured>> {
        end_fits(&self.files, path)
    }

    /// The files as declared, for messages.
    pub fn files_shown(&self) -> String {
        self.files.iter().map(Pattern::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Whether cells of different files may have the same address.
    pub fn has_several_files(&self) -> bool {
        several(&self.files)
    }

    /// Whether cells of different sheets may have the same address.
    pub fn has_several_sheets(&self) -> bool {
        several(&self.sheets)
    }
}

fn several(names: &[Pattern]) -> bool {
    names.len() > 1 || names.iter().any(|name| !name.is_literal())
}

/// What the first of some patterns says of a path that ends as it does.
pub(super) fn end_fits(patterns: &[Pattern], path: &str) -> Option<Vec<Captured>> {
    patterns.iter().find_map(|pattern| {
        let parts = pattern.as_str().matches('/').count() + 1;
        let start = path.rmatch_indices('/').nth(parts - 1).map_or(0, |(at, _)| at + 1);
        path_fits(pattern, &path[start..])
    })
}

/// A path written out must be that path; a capture stays within one folder's or file's name.
pub(super) fn path_fits(pattern: &Pattern, path: &str) -> Option<Vec<Captured>> {
    if pattern.is_literal() {
        return (pattern.as_str() == path).then(Vec::new);
    }
    pattern.matches(path).filter(|captured| captured.iter().all(|c| !c.text.contains('/')))
}

/// What the name of a sheet says, where it fits.
pub fn sheet_fits(pattern: &Pattern, sheet: &str) -> Option<Vec<Captured>> {
    match pattern.is_literal() {
        true => (normalise(pattern.as_str()) == normalise(sheet)).then(Vec::new),
        false => pattern.matches(sheet),
    }
}
