//! Files to observations: every table of every source, what is wrong with them, and what is kept from the last release.

use std::collections::BTreeMap;

use crate::cli::progress::Progress;
use crate::diag::{Diagnostic, Place, Severity};
use crate::domain::{Finding, Observation, Outcome, Relation};
use crate::grid::{self, Document};
use crate::ingest;
use crate::project::Project;
use crate::spec::{Edition, OnError, Pipelines, Source, Table};
use crate::store::release::{Kept, Release};
use crate::store::stage::{self, Stage, TableInfo};

use super::inventory::Inventory;

/// What was read of all files.
pub struct Reading {
    pub stage: Stage,
    pub diagnostics: Vec<Diagnostic>,
    /// Editions whose figures are those of the last release, since their files could not be used.
    pub kept: Vec<Kept>,
    pub files_read: usize,
    /// Text encoding by file, as declared or detected.
    pub encodings: BTreeMap<String, String>,
}

/// Read every file and cut its tables into observations; what could not be used is kept from `last`, if there is a release.
pub fn read_all(
    project: &Project,
    inventory: Inventory,
    last: Option<&Release>,
    progress: &mut Progress,
) -> anyhow::Result<Reading> {
    let Inventory { pipelines, files, missing, unread } = inventory;
    let digests: BTreeMap<&str, &str> = files.iter().map(|f| (f.path.as_str(), f.sha256.as_str())).collect();
    let mut documents = BTreeMap::new();
    let mut stage = Stage { codebook: pipelines.codebook.clone(), ..Stage::default() };
    let mut diagnostics = Vec::new();
    let mut withheld = Vec::new();
    let editions = pipelines.sources.iter().flat_map(|s| &s.tables).map(|t| t.editions.len()).sum();
    progress.stage("read", editions);
    for source in &pipelines.sources {
        let mut taken = Vec::new();
        let mut lost = Vec::new();
        for table in &source.tables {
            stage.tables.push(table_info(source, table));
            for edition in &table.editions {
                progress.step(&edition.file);
                let Some(sha256) = digests.get(edition.file.as_str()) else {
                    lost.push((table, edition));
                    continue;
                };
                let document = document(project, edition, &mut documents);
                match read_edition(source, table, edition, &pipelines, document, sha256, &mut diagnostics) {
                    Some(ingested) => taken.push(ingested),
                    None => lost.push((table, edition)),
                }
            }
        }
        let errors = diagnostics.iter().any(|d| d.severity == Severity::Error && in_source(d, source));
        if source.on_error == OnError::WithholdSource && errors {
            taken.clear();
            lost = source.tables.iter().flat_map(|t| t.editions.iter().map(move |e| (t, e))).collect();
        }
        for ingested in taken {
            stage.observations.extend(ingested.observations);
            stage.relations.extend(ingested.relations);
        }
        withheld.extend(lost);
    }
    diagnostics.extend(missing.iter().map(|file| missing_file(file)));
    let kept = keep(&withheld, last, &mut stage)?;
    stage.relations.sort();
    stage.relations.dedup();
    stage.findings = diagnostics.iter().map(|d| finding(d, &pipelines)).collect();
    // What nobody reads is no finding about the figures: a release is the same with it and without.
    diagnostics.extend(unread.iter().map(|file| unread_file(file)));
    progress.done(&format!("{} files, {} observations", files.len(), stage.observations.len()));
    let encoding = |((file, _), read): (&(String, Option<String>), &Result<Document, Diagnostic>)| {
        Some((file.clone(), read.as_ref().ok()?.encoding.clone()?))
    };
    let encodings = documents.iter().filter_map(encoding).collect();
    Ok(Reading { stage, diagnostics, kept, files_read: files.len(), encodings })
}

type Documents = BTreeMap<(String, Option<String>), Result<Document, Diagnostic>>;

/// The document of an edition's file; a file that holds several tables is opened once.
fn document<'a>(
    project: &Project,
    edition: &Edition,
    documents: &'a mut Documents,
) -> &'a Result<Document, Diagnostic> {
    let key = (edition.file.clone(), edition.encoding.clone());
    documents
        .entry(key)
        .or_insert_with(|| grid::read(&project.input.join(&edition.file), &edition.file, edition.encoding.as_deref()))
}

/// The observations of one edition, or `None` if an error withholds it; its faults go to `diagnostics`, once.
fn read_edition(
    source: &Source,
    table: &Table,
    edition: &Edition,
    pipelines: &Pipelines,
    document: &Result<Document, Diagnostic>,
    sha256: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<ingest::Ingested> {
    let document = match document {
        Ok(document) => document,
        Err(fault) => {
            note(diagnostics, fault);
            return None;
        }
    };
    document.diagnostics.iter().for_each(|fault| note(diagnostics, fault));
    let read = ingest::ingest(source, table, edition, &pipelines.codebook, document, &edition.file, sha256);
    let wrong = read.has_errors();
    let ingested = read.split(diagnostics);
    (!wrong).then_some(ingested)
}

/// Add a fault of a file that several tables may share.
fn note(diagnostics: &mut Vec<Diagnostic>, fault: &Diagnostic) {
    if !diagnostics.iter().any(|d| d.message == fault.message && d.place.to_string() == fault.place.to_string()) {
        diagnostics.push(fault.clone());
    }
}

fn in_source(diagnostic: &Diagnostic, source: &Source) -> bool {
    let files = source.tables.iter().flat_map(|t| &t.editions).map(|e| &e.file);
    diagnostic.place.file.as_ref().is_some_and(|file| files.into_iter().any(|f| f == file))
}

/// Take the figures of withheld editions from the last release: nothing already published is lost.
fn keep(withheld: &[(&Table, &Edition)], last: Option<&Release>, stage: &mut Stage) -> anyhow::Result<Vec<Kept>> {
    let (Some(last), false) = (last, withheld.is_empty()) else {
        return Ok(Vec::new());
    };
    let observations = stage::read_observations(&last.path)?;
    let relations = stage::read_relations(&last.path)?;
    let mut kept = Vec::new();
    for (table, edition) in withheld {
        let of_edition =
            |o: &&Observation| o.dataset == table.dataset && o.table_id == table.id && o.edition == edition.id;
        let found: Vec<Observation> = observations.iter().filter(of_edition).cloned().collect();
        if found.is_empty() {
            continue;
        }
        kept.push(Kept {
            dataset: table.dataset.clone(),
            table_id: table.id.clone(),
            release: last.id.clone(),
            reason: format!("edition {} could not be read from {}", edition.id, edition.file),
        });
        stage.observations.extend(found);
        let of_table = |r: &&Relation| r.dataset == table.dataset && r.table_id == table.id;
        stage.relations.extend(relations.iter().filter(of_table).cloned());
    }
    Ok(kept)
}

fn table_info(source: &Source, table: &Table) -> TableInfo {
    TableInfo {
        dataset: table.dataset.clone(),
        table_id: table.id.clone(),
        title: table.title.clone(),
        publisher: source.publisher.clone(),
        citation: source.citation.clone(),
        licence: source.licence.clone(),
        priority: table.priority,
    }
}

fn missing_file(file: &str) -> Diagnostic {
    Diagnostic::warning("missing-file", "a pipeline names this file, and it is not in the input folder")
        .at(Place::file(file))
        .hint("put the file there, or name the folder it lies in with --input; figures published before are kept")
}

fn unread_file(file: &str) -> Diagnostic {
    Diagnostic::warning("unread-file", "no pipeline reads this file")
        .at(Place::file(file))
        .hint("add an [[edition]] that names it, or move it out of the source's folder")
}

/// A fault as a row of `core_finding`.
fn finding(diagnostic: &Diagnostic, pipelines: &Pipelines) -> Finding {
    let file = diagnostic.place.file.clone().unwrap_or_default();
    let reads = |s: &&Source| s.tables.iter().flat_map(|t| &t.editions).any(|e| e.file == file);
    let dataset = pipelines.sources.iter().find(reads).map_or(String::new(), |s| s.id.clone());
    Finding {
        rule: diagnostic.code.to_owned(),
        severity: diagnostic.severity,
        outcome: Outcome::Fail,
        dataset,
        period: String::new(),
        region: String::new(),
        scheme: String::new(),
        source_file: file,
        sheet: diagnostic.place.sheet.clone().unwrap_or_default(),
        cell: diagnostic.place.cell.clone().unwrap_or_default(),
        residual: None,
        tolerance: None,
        message: diagnostic.message.clone(),
        suggestion: diagnostic.hints.join("; "),
    }
}
