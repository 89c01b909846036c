//! The edits file of the office, `pipelines/corrections/`: which printed numbers are taken for misprints, by whom and why.
//! Nothing else ever changes a figure.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::schema;
use crate::diag::{Checked, Place, SourceText};
use crate::project::Project;

/// A file of corrections as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Corrections {
    /// The corrections, one cell each.
    #[serde(default)]
    correction: Vec<Raw>,
}

/// One cell and what it is taken to mean.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Raw {
    /// Path below the input folder.
    #[schemars(with = "String")]
    file: Spanned<String>,
    /// Blank for files without sheets.
    #[serde(default)]
    sheet: String,
    /// As findings name it: `B11`, `R6C10`, `rec2.FIELD`.
    cell: String,
    /// What is printed there; if it is not, the correction is not applied.
    #[schemars(with = "String")]
    from: Spanned<String>,
    /// What is taken in its place, in the unit of the cell.
    #[schemars(with = "String")]
    to: Spanned<String>,
    /// Why the print is taken for a slip.
    reason: String,
    /// Who decided it.
    who: String,
    /// The day of the decision, `2013-11-30`.
    when: String,
}

/// A correction with its place in the file that orders it.
#[derive(Clone, Debug)]
pub struct Correction {
    pub file: String,
    pub sheet: String,
    pub cell: String,
    pub from: String,
    pub to: String,
    pub reason: String,
    pub who: String,
    pub when: String,
    source: Arc<SourceText>,
    of_file: Range<usize>,
    of_from: Range<usize>,
    of_to: Range<usize>,
}

impl Correction {
    pub fn at_file(&self) -> Place {
        Place::span(&self.source, self.of_file.clone())
    }

    pub fn at_from(&self) -> Place {
        Place::span(&self.source, self.of_from.clone())
    }

    pub fn at_to(&self) -> Place {
        Place::span(&self.source, self.of_to.clone())
    }

    /// The note that goes with the figure wherever it is printed.
    pub fn note(&self) -> String {
        format!("更正：{} → {}（{}；{}，{}）", self.from, self.to, self.reason, self.who, self.when)
    }
}

/// Read the corrections of a project; none where there is no such folder.
pub fn load(project: &Project) -> Checked<Vec<Correction>> {
    let mut faults = Vec::new();
    let shown = |path: &Path| project.display(path);
    let folder = project.corrections();
    let files = if folder.is_dir() { super::listing(&folder, &shown, &mut faults) } else { Vec::new() };
    let mut all = Vec::new();
    for path in files.iter().filter(|path| path.extension().is_some_and(|e| e == "toml")) {
        let Some(source) = super::read(path, &shown, &mut faults) else { continue };
        let Some(file) = schema::parse::<Corrections>(&source, &mut faults) else { continue };
        all.extend(file.correction.into_iter().map(|raw| Correction {
            of_file: raw.file.span(),
            of_from: raw.from.span(),
            of_to: raw.to.span(),
            source: source.clone(),
            file: raw.file.into_inner(),
            sheet: raw.sheet,
            cell: raw.cell,
            from: raw.from.into_inner(),
            to: raw.to.into_inner(),
            reason: raw.reason,
            who: raw.who,
            when: raw.when,
        }));
    }
    Checked::new(all, faults)
}
