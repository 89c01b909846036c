//! The main job, step by step. `run` walks all steps; `ingest`, `build`, `report` and `check` are shorter walks over the
//! same ones. No step computes: each calls the module that does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;

use super::Fault;
use super::progress::Progress;
use crate::diag::{Diagnostic, Place, Severity};
use crate::domain::{Finding, Observation, Outcome, Relation};
use crate::grid::{self, Document};
use crate::ingest;
use crate::project::Project;
use crate::report;
use crate::spec::{self, Edition, OnError, Pipelines, Source, Table};
use crate::store::digest::{self, FileDigest};
use crate::store::release::{Kept, Manifest, Releases};
use crate::store::stage::{self, Stage, TableInfo};
use crate::warehouse::{self, Warehouse};

/// Program version and a digest of its sources: a changed program does its work again.
pub const PROGRAM: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("SHEBAO_SOURCES"));

/// The specifications, the files they name, and what is not there.
pub struct Inventory {
    pub pipelines: Pipelines,
    /// Files that are there, by path below the input folder.
    pub files: Vec<FileDigest>,
    /// Files that an edition names and that are not there.
    pub missing: Vec<String>,
    /// Files in a source's folder that no edition names.
    pub unread: Vec<String>,
}

/// What was read of all files.
pub struct Reading {
    pub stage: Stage,
    pub diagnostics: Vec<Diagnostic>,
    /// Editions whose figures are those of the last release, since their files could not be used.
    pub kept: Vec<Kept>,
    pub files_read: usize,
}

/// Load the specifications and look which files are there.
///
/// # Errors
/// A specification or code list has a fault, or the input folder cannot be read: nothing can be read reliably then.
pub fn inventory(project: &Project) -> anyhow::Result<Inventory> {
    let loaded = spec::load(project);
    if loaded.has_errors() {
        return Err(Fault(loaded.diagnostics).into());
    }
    let pipelines = loaded.value;
    let mut named = BTreeSet::new();
    for edition in pipelines.sources.iter().flat_map(|s| &s.tables).flat_map(|t| &t.editions) {
        named.insert(edition.file.clone());
    }
    let (mut files, mut missing) = (Vec::new(), Vec::new());
    for file in &named {
        let path = project.input.join(file);
        match digest::sha256_file(&path) {
            Ok(sha256) => files.push(FileDigest { path: file.clone(), sha256 }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(file.clone()),
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }
    let mut unread = Vec::new();
    for source in &pipelines.sources {
        for path in files_below(&project.input.join(&source.id))? {
            let shown = below(&project.input, &path);
            if !named.contains(&shown) {
                unread.push(shown);
            }
        }
    }
    Ok(Inventory { pipelines, files, missing, unread })
}

/// The digests of everything a release is made from, by group.
pub fn digests(project: &Project, inventory: &Inventory) -> anyhow::Result<BTreeMap<&'static str, Vec<FileDigest>>> {
    let mut groups = BTreeMap::from([("inputs", inventory.files.clone())]);
    for (group, folder) in [("specs", project.pipelines()), ("sql", project.root.join("sql")), ("reports", project.reports())] {
        let mut files = Vec::new();
        for path in files_below(&folder)? {
            let sha256 = digest::sha256_file(&path).with_context(|| format!("reading {}", path.display()))?;
            files.push(FileDigest { path: below(&project.root, &path), sha256 });
        }
        groups.insert(group, files);
    }
    Ok(groups)
}

/// Read every file and cut its tables into observations; what could not be used is kept from `last`, if there is a release.
pub fn read_all(
    project: &Project,
    inventory: Inventory,
    last: Option<&Path>,
    progress: &mut Progress,
) -> anyhow::Result<Reading> {
    let Inventory { pipelines, files, missing, unread } = inventory;
    let digests: BTreeMap<&str, &str> = files.iter().map(|f| (f.path.as_str(), f.sha256.as_str())).collect();
    let mut documents = BTreeMap::new();
    let mut stage = Stage::new(pipelines.codebook.clone());
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
    diagnostics.extend(unread.iter().map(|file| unread_file(file)));
    let kept = keep(&withheld, last, &mut stage)?;
    stage.relations.sort();
    stage.relations.dedup();
    stage.findings = diagnostics.iter().map(|d| finding(d, &pipelines)).collect();
    progress.done(&format!("{} files, {} observations", files.len(), stage.observations.len()));
    Ok(Reading { stage, diagnostics, kept, files_read: files.len() })
}

type Documents = BTreeMap<(String, Option<String>), Result<Document, Diagnostic>>;

/// The document of an edition's file; a file that holds several tables is opened once.
fn document<'a>(project: &Project, edition: &Edition, documents: &'a mut Documents) -> &'a Result<Document, Diagnostic> {
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
fn keep(withheld: &[(&Table, &Edition)], last: Option<&Path>, stage: &mut Stage) -> anyhow::Result<Vec<Kept>> {
    let (Some(last), false) = (last, withheld.is_empty()) else {
        return Ok(Vec::new());
    };
    let observations = stage::read_observations(last)?;
    let relations = stage::read_relations(last)?;
    let mut kept = Vec::new();
    for (table, edition) in withheld {
        let of_edition = |o: &&Observation| o.dataset == table.dataset && o.table_id == table.id && o.edition == edition.id;
        let found: Vec<Observation> = observations.iter().filter(of_edition).cloned().collect();
        if found.is_empty() {
            continue;
        }
        kept.push(Kept {
            dataset: table.dataset.clone(),
            table_id: table.id.clone(),
            edition: edition.id.clone(),
            observations: found.len(),
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
    Diagnostic::info("unread-file", "no pipeline reads this file")
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

/// All files below a folder, sorted; none where there is no folder.
fn files_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("reading {}", folder.display())),
        };
        for entry in entries {
            let path = entry.with_context(|| format!("reading {}", folder.display()))?.path();
            let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
            match (hidden, path.is_dir()) {
                (true, _) => {}
                (false, true) => open.push(path),
                (false, false) => found.push(path),
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A path below a folder as it is shown and stored, with `/`.
fn below(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
