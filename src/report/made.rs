//! Where the files of tables, charts and texts lie below the output folder, and which of them are there: pages link to no others.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where the files of a table lie, without their endings.
pub fn stem_of_table(report: &str, id: &str) -> PathBuf {
    Path::new("tables").join(report).join(id)
}

/// Where the files of a chart lie, without their endings.
pub fn stem_of_chart(id: &str) -> PathBuf {
    Path::new("charts").join(id)
}

/// Where the files of a text lie, without their endings.
pub fn stem_of_text(report: &str) -> PathBuf {
    Path::new("texts").join(report).join(report)
}

/// The ending of pages that explain figures.
pub const WAY: &str = "way.html";

/// The files that are there, by their path below the output folder.
#[derive(Clone, Debug, Default)]
pub struct Made(BTreeSet<PathBuf>);

impl FromIterator<PathBuf> for Made {
    fn from_iter<I: IntoIterator<Item = PathBuf>>(files: I) -> Made {
        Made(files.into_iter().collect())
    }
}

impl Made {
    /// Those of some files of a stem that are there; each is an ending and what it is called.
    pub fn among<'a>(&self, files: &[(&'a str, &'a str)], stem: &Path) -> Vec<(&'a str, &'a str)> {
        let is_there = |(ending, _): &&(&str, &str)| self.0.contains(&stem.with_extension(ending));
        files.iter().filter(is_there).copied().collect()
    }

    /// Whether the figures of a table or text have a page that explains them.
    pub fn has_way(&self, stem: &Path) -> bool {
        self.0.contains(&stem.with_extension(WAY))
    }
}
