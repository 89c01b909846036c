//! `shebao check FILE --against SPEC`: what moved between a declared layout and a file, and the edition that takes it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::{Context, Ended, Fault, choose, print};
use crate::diag::{Diagnostic, Severity};
use crate::domain::Period;
use crate::grid::{self, Document};
use crate::ingest::drift::{self, Drift};
use crate::ingest::{self, Ingested, Input, Task};
use crate::spec::block::{self, Block, Named};
use crate::spec::{self, Edition, Pipelines, Source, Table};
use crate::store::digest::sha256_file;

/// The file, as it lies and as it is called.
struct Held {
    /// Path below the input folder, where it lies in it.
    name: String,
    shown: String,
    sha256: String,
    document: Document,
}

/// What there is to say.
struct Report<'a> {
    table: &'a Table,
    edition: &'a Edition,
    file: &'a str,
    drift: Drift,
    /// `None` where the file is as declared and a file of the edition.
    block: Option<(Named, Block)>,
    /// What is wrong with the file once the block is pasted.
    rest: Vec<Diagnostic>,
    observations: usize,
}

pub fn run(context: &Context, spec_path: &Path, file: &Path, wanted: Option<&str>) -> anyhow::Result<Ended> {
    let loaded = spec::load_table(&context.project, spec_path);
    if loaded.has_errors() {
        return Err(Fault(loaded.diagnostics).into());
    }
    let pipelines = loaded.value;
    let (source, table) = only_table(&pipelines, spec_path)?;
    let held = match hold(context, source, table, wanted, file)? {
        Ok(held) => held,
        Err(fault) => {
            print::diagnostics(&[fault], context.json);
            return Ok(Ended::DataErrors);
        }
    };
    let edition = choose::edition(table, wanted, &held.shown)?;
    let captured = edition.file_by_end(&held.shown).unwrap_or_default();
    let task = Task { source, table, edition, codebook: &pipelines.codebook };
    let input = Input { document: &held.document, file: &held.shown, sha256: &held.sha256, captured: &captured };
    let drift = drift::compare(task, input);
    let own = edition.file_by_end(&held.shown).is_some();
    let mut report =
        Report { table, edition, file: &held.shown, drift, block: None, rest: Vec::new(), observations: 0 };
    if own && report.drift.changes.is_empty() {
        let read = ingest::ingest(task, &[input]);
        report.keep(read.value, read.diagnostics);
    } else {
        let text = fs::read_to_string(spec_path).with_context(|| format!("reading {}", spec_path.display()))?;
        let period = drift::stated_period(edition).filter(|_| block::states_period(&text, &edition.id));
        let named = named(report.table, edition, &mut report.drift, &held, period.filter(|_| !own));
        let Some(block) = block::write(&text, &edition.id, &named, &report.drift.absorbed_by) else {
            bail!("{} has no edition \"{}\" that could be written anew", spec_path.display(), edition.id);
        };
        let revised = spec::load_table_as(&context.project, spec_path, block.applied.clone());
        report.rest.extend(revised.diagnostics.iter().cloned());
        if !revised.has_errors() {
            let read = read(&revised.value, &named, &held)?;
            report.keep(read.0, read.1);
        }
        report.block = Some((named, block));
    }
    report.tell(context.json);
    Ok(if report.is_clean() { Ended::Good } else { Ended::DataErrors })
}

fn only_table<'a>(pipelines: &'a Pipelines, spec: &Path) -> anyhow::Result<(&'a Source, &'a Table)> {
    let found = pipelines.sources.iter().find_map(|s| Some((s, s.tables.first()?)));
    found.with_context(|| format!("{} describes no table", spec.display()))
}

/// Open the file: as it is named, or below the input folder.
fn hold(
    context: &Context,
    source: &Source,
    table: &Table,
    wanted: Option<&str>,
    file: &Path,
) -> anyhow::Result<Result<Held, Diagnostic>> {
    let below = context.project.input.join(file);
    let path: PathBuf = if !file.exists() && below.exists() { below } else { file.to_owned() };
    let absolute = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let inside = absolute(&path).strip_prefix(absolute(&context.project.input)).ok().map(Path::to_owned);
    let last = path.file_name().map_or(String::new(), |n| n.to_string_lossy().into_owned());
    let name = inside.map_or(format!("{}/{last}", source.id), |p| p.to_string_lossy().replace('\\', "/"));
    let shown = context.project.display(&path);
    let sha256 = sha256_file(&path).with_context(|| format!("reading {}", path.display()))?;
    let declared = ingest::declared(choose::edition(table, wanted, &shown)?);
    Ok(grid::read(&path, &shown, declared).map(|document| Held { name, shown, sha256, document }))
}

/// The file read by the edition that the block declares.
fn read(pipelines: &Pipelines, named: &Named, held: &Held) -> anyhow::Result<(Ingested, Vec<Diagnostic>)> {
    let (source, table) = only_table(pipelines, Path::new("the specification"))?;
    let edition = choose::edition(table, Some(&named.id), &held.shown)?;
    let captured = edition.files_among([held.name.as_str()]).there.pop().map(|(_, captured)| captured);
    let captured = captured.or_else(|| edition.file_by_end(&held.shown)).unwrap_or_default();
    let task = Task { source, table, edition, codebook: &pipelines.codebook };
    let input = Input { document: &held.document, file: &held.shown, sha256: &held.sha256, captured: &captured };
    let read = ingest::ingest(task, &[input]);
    Ok((read.value, read.diagnostics))
}

/// What the new edition is called: as the old one where the file is one of its files, else by the year of the file's name,
/// of its labels or title. `stated` is the period that the specification states for all numbers.
fn named(table: &Table, edition: &Edition, drift: &mut Drift, held: &Held, stated: Option<Period>) -> Named {
    if edition.file_by_end(&held.shown).is_some() {
        let (id, year) = (edition.id.clone(), edition.year);
        return Named { id, year, file: None, period: None, replaces: true };
    }
    let path = Path::new(&held.name);
    let stem = path.file_stem().map_or(String::new(), |s| s.to_string_lossy().into_owned());
    let year = drift::year_of(&stem).or(drift.year);
    let id = year.map_or(stem.clone(), |year| year.to_string());
    let taken = table.editions.iter().any(|e| e.id == id);
    let id = if taken { format!("{id}-{stem}") } else { id };
    let period = year.filter(|_| stated.is_some()).map(|year| year.to_string());
    if let Some(stated) = stated {
        let now = period.as_deref().unwrap_or("the same");
        drift.notes.push(format!(
            "the specification states the period {stated} for all numbers; the block says {now}: correct it if that is wrong"
        ));
    }
    Named { id, year, file: Some(held.name.clone()), period, replaces: false }
}

impl Report<'_> {
    fn keep(&mut self, read: Ingested, faults: Vec<Diagnostic>) {
        self.observations = read.observations.len();
        self.rest.extend(faults);
    }

    fn is_clean(&self) -> bool {
        self.drift.changes.is_empty() && self.rest.iter().all(|d| d.severity != Severity::Error)
    }

    fn tell(&self, as_json: bool) {
        match as_json {
            true => println!("{}", self.json()),
            false => self.text(),
        }
        print::diagnostics(&self.rest, as_json);
    }

    fn text(&self) {
        let against = format!("{} against {}, edition {}", self.file, self.table.spec, self.edition.id);
        let changes = &self.drift.changes;
        match changes.len() {
            0 => println!("{against}: the layout is as declared"),
            n => println!("{against}: {}", print::count(n, "change")),
        }
        for change in changes {
            let place = [change.place.sheet.as_deref(), change.place.cell.as_deref()];
            let place: Vec<&str> = place.into_iter().flatten().filter(|p| !p.is_empty()).collect();
            println!("  {:<14} {:<10} {}", change.kind.as_str(), place.join("!"), change.message);
        }
        for note in &self.drift.notes {
            println!("  note: {note}");
        }
        let Some((named, block)) = &self.block else { return };
        match named.replaces {
            true => println!("\nIn the place of the edition {} of {}:\n", self.edition.id, self.table.spec),
            false => println!("\nAt the end of {}:\n", self.table.spec),
        }
        println!("{}", block.text);
        let errors = self.rest.iter().filter(|d| d.severity == Severity::Error).count();
        match errors {
            0 => println!("With it the file yields {}.", print::count(self.observations, "observation")),
            n => println!("With it {} would be left, told below.", print::count(n, "error")),
        }
    }

    fn json(&self) -> serde_json::Value {
        let changes = self.drift.changes.iter().map(|change| {
            json!({
                "kind": change.kind.as_str(), "message": change.message, "declared": change.declared,
                "printed": change.printed, "sheet": change.place.sheet, "cell": change.place.cell,
            })
        });
        let block = self.block.as_ref();
        json!({
            "file": self.file, "specification": self.table.spec, "edition": self.edition.id,
            "changes": changes.collect::<Vec<_>>(), "notes": self.drift.notes,
            "block": block.map(|(_, block)| &block.text),
            "replaces": block.filter(|(named, _)| named.replaces).map(|(named, _)| &named.id),
            "observations": self.observations,
            "errors_left": self.rest.iter().filter(|d| d.severity == Severity::Error).count(),
        })
    }
}
