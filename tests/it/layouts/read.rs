//! What the library makes of a described workbook: observations as facts with the places their reader names, or the codes
//! by which it was refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use shebao::diag::{Diagnostic, Severity};
use shebao::domain::Observation;
use shebao::grid;
use shebao::ingest::{self, Input, Task};
use shebao::spec::{self, Pipelines};

use super::corpus::{Layout, SAID};
use super::sheet::{Book, Fact};
use super::write::Format;

/// One comparable line: the place, then everything said.
pub type Line = (String, BTreeMap<&'static str, String>);

pub type Outcome = Result<Vec<Line>, Vec<Diagnostic>>;

/// The specifications of the corpus, resolved for one format.
pub struct Specs {
    pub pipelines: Pipelines,
    pub faults: Vec<Diagnostic>,
    format: Format,
}

impl Specs {
    /// The specifications of all layouts, their files named for the format.
    pub fn load(layouts: &[Layout], codes: &Path, aliases: Option<&Path>, format: Format) -> Specs {
        let folder = tempfile::tempdir().expect("a folder");
        let source = folder.path().join("layouts");
        fs::create_dir(&source).expect("a folder");
        let head = "publisher = \"p\"\ntitle = \"t\"\ncitation = \"c\"\nlicence = \"none stated\"\n";
        fs::write(source.join("source.toml"), head).expect("a file");
        if let Some(aliases) = aliases {
            fs::copy(aliases, source.join("aliases.csv")).expect("the aliases");
        }
        for layout in layouts {
            let text = layout.spec.replace(".EXT", &format!(".{}", format.extension()));
            fs::write(source.join(format!("{}.toml", layout.name)), text).expect("a file");
        }
        let shown = |path: &Path| path.file_name().map_or(String::new(), |n| n.to_string_lossy().into_owned());
        let loaded = spec::load_folder(folder.path(), codes, &shown);
        Specs { faults: loaded.diagnostics, pipelines: loaded.value, format }
    }

    /// Whether the layout's specification is without a fault.
    pub fn has(&self, layout: &Layout) -> bool {
        self.pipelines.sources.iter().flat_map(|s| &s.tables).any(|t| t.id == layout.name)
    }

    /// Write the book's files below `input` and read every edition of the layout's table.
    pub fn read(&self, layout: &Layout, book: &Book, input: &Path) -> Outcome {
        let source = &self.pipelines.sources[0];
        let table = source.tables.iter().find(|t| t.id == layout.name).expect("the layout's table");
        let mut written: Vec<PathBuf> = Vec::new();
        for file in book {
            let path = input.join(format!("{}.{}", file.name, self.format.extension()));
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(&path, self.format.bytes(file)).expect("a file");
            written.push(path);
        }
        let names: Vec<String> = book.iter().map(|f| format!("{}.{}", f.name, self.format.extension())).collect();
        let (mut lines, mut faults) = (Vec::new(), Vec::new());
        for edition in &table.editions {
            let task = Task { source, table, edition, codebook: &self.pipelines.codebook };
            let found = edition.files_among(names.iter().map(String::as_str));
            faults.extend(
                found.missing.iter().map(|file| Diagnostic::error("missing-file", format!("{file} is not there"))),
            );
            let mut documents = Vec::new();
            for (file, captured) in found.there {
                match grid::read(&input.join(file), file, ingest::declared(edition)) {
                    Ok(document) => documents.push((file, document, captured)),
                    Err(fault) => faults.push(fault),
                }
            }
            let files: Vec<Input> = documents
                .iter()
                .map(|(file, document, captured)| Input { document, file, sha256: "", captured })
                .collect();
            let read = ingest::ingest(task, &files).split(&mut faults);
            let ids: BTreeSet<String> = read.observations.iter().map(Observation::obs_id).collect();
            assert_eq!(ids.len(), read.observations.len(), "{}: an id stands twice", layout.name);
            lines.extend(read.observations.iter().map(line));
        }
        for path in written {
            fs::remove_file(path).expect("it was written");
        }
        faults.retain(|f| f.severity == Severity::Error);
        lines.sort();
        if faults.is_empty() { Ok(lines) } else { Err(faults) }
    }
}

fn line(o: &Observation) -> Line {
    let d = o.dimensions();
    let place = format!("{}!{}!{}#{}", o.origin().source_file, o.origin().sheet, o.cell(), o.nth);
    let value = o.value.number().map(|n| n.normalize().to_string());
    let value = value.or(o.value.mark().map(|m| m.as_str().to_owned())).unwrap_or_default();
    let mut said = BTreeMap::new();
    for key in SAID {
        let text = match key {
            "indicator" => o.indicator().to_string(),
            "period" => o.period().to_string(),
            "region" => d.region.to_string(),
            "scheme" => d.scheme.to_string(),
            "ownership" => d.ownership.to_string(),
            "industry" => d.industry.to_string(),
            "population" => d.population.to_string(),
            "breakdown" => d.breakdown.to_string(),
            "value" => value.clone(),
            "unit" => o.series.printed_unit.clone(),
            "decimals" => o.decimals.map_or(String::new(), |n| n.to_string()),
            "printed" => o.printed.to_string(),
            "notes" => o.notes().join("\n"),
            "status" => o.status().as_str().to_owned(),
            "qualifier" => o.qualifier().as_str().to_owned(),
            "edition" => o.origin().edition.clone(),
            other => unreachable!("{other}"),
        };
        said.insert(key, text);
    }
    (place, said)
}

/// The lines that the facts of a book must come out as.
pub fn lines(facts: &[Fact], book: &Book, format: Format) -> Vec<Line> {
    let mut lines: Vec<Line> = facts
        .iter()
        .map(|fact| {
            let (at, file) = (&fact.place, &book[fact.place.file]);
            let sheet = format.sheet_name(file, &file.sheets[at.sheet]);
            let cell = format.address(at.row, at.col);
            let place = format!("{}.{}!{sheet}!{cell}#{}", file.name, format.extension(), at.nth);
            (place, fact.said.clone())
        })
        .collect();
    lines.sort();
    lines
}

/// What differs between what was expected and what was read, at most a few lines.
pub fn difference(expected: &[Line], found: &[Line]) -> String {
    const SHOWN: usize = 4;
    let mut told = Vec::new();
    for (place, said) in expected {
        match found.iter().find(|(p, _)| p == place) {
            None => told.push(format!("{place} is not read, expected {}", brief(said))),
            Some((_, read)) if read != said => {
                let keys = SAID.iter().filter(|k| read.get(*k) != said.get(*k));
                let apart: Vec<String> = keys.map(|k| format!("{k} {:?}, expected {:?}", read[k], said[k])).collect();
                told.push(format!("{place}: {}", apart.join("; ")));
            }
            _ => {}
        }
    }
    let strange = found.iter().filter(|(p, _)| !expected.iter().any(|(e, _)| e == p));
    told.extend(strange.map(|(place, said)| format!("{place} is read and not expected: {}", brief(said))));
    let more = told.len().saturating_sub(SHOWN);
    told.truncate(SHOWN);
    if more > 0 {
        told.push(format!("… and {more} more"));
    }
    told.join("\n    ")
}

fn brief(said: &BTreeMap<&'static str, String>) -> String {
    let keys = ["indicator", "period", "region", "scheme", "ownership", "population", "breakdown", "value", "unit"];
    keys.iter().map(|k| said[k].as_str()).collect::<Vec<_>>().join(" ")
}
