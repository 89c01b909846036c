//! Files to observations: every table of every source, what is wrong with them, and what is kept from the last release.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::cli::progress::Progress;
use crate::diag::{Diagnostic, Place};
use crate::domain::finding::Likely;
use crate::domain::{Finding, Observation, Outcome, Relation};
use crate::grid::{self, Declared};
use crate::ingest::{self, Ingested, Input, Portion, Task, correct};
use crate::project::Project;
use crate::spec::pattern::Captured;
use crate::spec::{Edition, OnError, Pipelines, Source, Table};
use crate::store::digest::FileDigest;
use crate::store::records::Submission;
use crate::store::release::{Aside, Kept, Release};
use crate::store::stage::{self, EditionInfo, Stage, TableInfo};

use super::chinese;
use super::extracts;
use super::inventory::Inventory;

/// A file of more bytes is read while no other such file is: its cells take many times as much memory.
const LARGE_BYTES: u64 = 8 << 20;

/// What was read of all files.
pub struct Reading {
    pub stage: Stage,
    pub diagnostics: Vec<Diagnostic>,
    /// Editions whose figures are those of the last release, since their files could not be used.
    pub kept: Vec<Kept>,
    pub files_read: usize,
    /// Text encoding by file, as declared or detected.
    pub encodings: BTreeMap<String, String>,
    /// The records of agencies' extracts.
    pub submissions: Vec<Submission>,
    /// What was due and read, and is not in the release as it is.
    pub aside: Vec<Aside>,
    /// Deliveries of which nothing is there.
    pub deliveries_missing: usize,
}

/// Read every file and cut its tables into observations; what could not be used is kept from `last`, if there is a release.
pub fn read_all(
    project: &Project,
    inventory: Inventory,
    last: Option<&Release>,
    progress: &mut Progress,
) -> anyhow::Result<Reading> {
    let Inventory { pipelines, corrections, files, missing, unread, moving, mut deliveries, .. } = inventory;
    let jobs: Vec<Job<'_>> = pipelines.sources.iter().flat_map(|source| jobs(source, &pipelines, &files)).collect();
    let (mut read, file_notes) = read_files(project, &jobs, &files, progress);
    let mut stage = Stage { codebook: pipelines.codebook.clone(), ..Stage::default() };
    let mut diagnostics = Vec::new();
    let mut withheld = Vec::new();
    for source in &pipelines.sources {
        stage.tables.extend(source.tables.iter().map(|table| table_info(source, table)));
        stage.editions.extend(source.tables.iter().flat_map(editions));
        let of_source = || jobs.iter().enumerate().filter(|(_, job)| job.task.source.id == source.id);
        let (mut taken, mut lost, mut wrong) = (Vec::new(), Vec::new(), false);
        for (nth, job) in of_source().filter(|(_, job)| !job.whole) {
            lost.push((nth, job));
        }
        for (nth, job) in of_source().filter(|(_, job)| job.whole) {
            match job.join(std::mem::take(&mut read[nth]), &file_notes, &mut diagnostics) {
                Some(ingested) => taken.push(ingested),
                None => {
                    wrong = true;
                    lost.push((nth, job));
                }
            }
        }
        if source.on_error == OnError::WithholdSource && wrong {
            taken.clear();
            lost = of_source().collect();
        }
        for ingested in taken {
            stage.observations.extend(ingested.observations);
            stage.relations.extend(ingested.relations);
        }
        lost.sort_by_key(|(nth, _)| *nth);
        withheld.extend(lost.into_iter().map(|(_, job)| job.task));
    }
    deliveries.refuse(&to_no_avail(&jobs, &stage.observations));
    let taken = extracts::take_all(project, &pipelines, &files, last, &mut deliveries, progress)?;
    stage.submissions = taken.submissions.clone();
    stage.observations.retain(|o| !deliveries.held.contains(&o.origin().source_file));
    let is_read = |file: &str| files.iter().any(|f| f.path == file) && !withheld_files(&withheld, file, &files);
    diagnostics.extend(correct::correct(&mut stage.observations, &corrections, &is_read));
    diagnostics.extend(taken.diagnostics);
    diagnostics.extend(missing.iter().map(|file| missing_file(file)));
    diagnostics.extend(moving.iter().map(|file| moving_file(file)));
    let kept = keep(&withheld, &deliveries.gone(), last, &mut stage)?;
    stage.relations.sort();
    stage.relations.dedup();
    stage.findings = diagnostics.iter().map(|d| finding(d, dataset_of(d, &jobs, &pipelines))).collect();
    for (told, row) in deliveries.told(&pipelines.codebook) {
        diagnostics.push(told);
        stage.findings.push(row);
    }
    stage.deliveries = deliveries.rows();
    // What nobody reads is no finding about the figures: a release is the same with it and without.
    diagnostics.extend(unread.iter().map(|file| unread_file(file)));
    progress.done(&format!("{} files, {} observations", files.len(), stage.observations.len()));
    let encoding = |((file, _), notes): (&FileKey<'_>, &FileNotes)| Some(((*file).to_owned(), notes.encoding.clone()?));
    let encodings = file_notes.iter().filter_map(encoding).collect();
    Ok(Reading {
        stage,
        diagnostics,
        kept,
        files_read: files.len(),
        encodings,
        submissions: taken.submissions,
        aside: deliveries.aside(),
        deliveries_missing: deliveries.missing(),
    })
}

/// Files of tables of which nothing was read.
fn to_no_avail<'a>(jobs: &'a [Job<'_>], observations: &[Observation]) -> BTreeSet<&'a str> {
    let read: BTreeSet<&str> = observations.iter().map(|o| o.origin().source_file.as_str()).collect();
    jobs.iter().flat_map(|job| &job.files).map(|(file, _)| *file).filter(|file| !read.contains(file)).collect()
}

/// One edition to be read, with its files.
struct Job<'a> {
    task: Task<'a>,
    /// Each with what its name says.
    files: Vec<(&'a str, Vec<Captured>)>,
    /// What is declared and fits no file.
    missing: Vec<&'a str>,
    /// All files are there.
    whole: bool,
}

fn jobs<'a>(source: &'a Source, pipelines: &'a Pipelines, files: &'a [FileDigest]) -> impl Iterator<Item = Job<'a>> {
    let editions = source.tables.iter().flat_map(|table| table.editions.iter().map(move |edition| (table, edition)));
    editions.map(|(table, edition)| {
        let found = edition.files_among(files.iter().map(|f| f.path.as_str()));
        let task = Task { source, table, edition, codebook: &pipelines.codebook };
        Job { task, files: found.there, whole: found.missing.is_empty(), missing: found.missing }
    })
}

/// A file and what is declared of it.
type FileKey<'a> = (&'a str, Declared<'a>);

/// What is known of a file besides its tables.
struct FileNotes {
    encoding: Option<String>,
    diagnostics: Vec<Diagnostic>,
}

/// A file with the jobs that it is part of: the job's number, and the file's number in it.
struct ToRead<'a> {
    key: FileKey<'a>,
    sha256: &'a str,
    uses: Vec<(usize, usize)>,
}

/// What the files of each job hold, `None` where a file cannot be read; every file is opened once, and let go once its
/// tables are cut out.
fn read_files<'a>(
    project: &Project,
    jobs: &[Job<'a>],
    files: &'a [FileDigest],
    progress: &mut Progress,
) -> (Vec<Vec<Option<Portion>>>, BTreeMap<FileKey<'a>, FileNotes>) {
    let mut uses: BTreeMap<FileKey<'a>, Vec<(usize, usize)>> = BTreeMap::new();
    for (nth, job) in jobs.iter().enumerate().filter(|(_, job)| job.whole) {
        for (place, (file, _)) in job.files.iter().enumerate() {
            uses.entry((file, ingest::declared(job.task.edition))).or_default().push((nth, place));
        }
    }
    let digests: BTreeMap<&str, &str> = files.iter().map(|f| (f.path.as_str(), f.sha256.as_str())).collect();
    let digest = |file: &str| digests.get(file).copied().unwrap_or_default();
    let to_read: Vec<ToRead<'a>> =
        uses.into_iter().map(|(key, uses)| ToRead { key, sha256: digest(key.0), uses }).collect();
    progress.stage("read", to_read.len());
    let large = Mutex::new(());
    let work = |file: &ToRead<'a>| {
        let path = project.input.join(file.key.0);
        // One large file at a time, however many cores there are.
        let is_large = std::fs::metadata(&path).is_ok_and(|m| m.len() > LARGE_BYTES);
        let _alone = is_large.then(|| large.lock().unwrap_or_else(PoisonError::into_inner));
        let read = read_file(&path, file, jobs);
        progress.step(file.key.0);
        read
    };
    let results = grid::on_all_cores(&to_read, work);
    let mut read: Vec<Vec<Option<Portion>>> = jobs.iter().map(|j| j.files.iter().map(|_| None).collect()).collect();
    let mut notes = BTreeMap::new();
    for (file, (portions, note)) in to_read.into_iter().zip(results) {
        for ((job, place), portion) in file.uses.into_iter().zip(portions) {
            read[job][place] = Some(portion);
        }
        notes.insert(file.key, note);
    }
    (read, notes)
}

/// What a file holds of each edition that it is part of; nothing where it cannot be read.
fn read_file(path: &Path, file: &ToRead<'_>, jobs: &[Job<'_>]) -> (Vec<Portion>, FileNotes) {
    let (name, declared) = file.key;
    let document = match grid::read(path, name, declared) {
        Ok(document) => document,
        Err(fault) => return (Vec::new(), FileNotes { encoding: None, diagnostics: vec![fault] }),
    };
    let portion = |(job, place): &(usize, usize)| {
        let captured = &jobs[*job].files[*place].1;
        ingest::read(jobs[*job].task, Input { document: &document, file: name, sha256: file.sha256, captured })
    };
    let portions = file.uses.iter().map(portion).collect();
    (portions, FileNotes { encoding: document.encoding, diagnostics: document.diagnostics })
}

impl Job<'_> {
    /// The observations of the edition, or `None` if an error withholds it; its faults go to `diagnostics`, once.
    fn join(
        &self,
        portions: Vec<Option<Portion>>,
        notes: &BTreeMap<FileKey<'_>, FileNotes>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Ingested> {
        for (file, _) in &self.files {
            let of_file = notes.get(&(*file, ingest::declared(self.task.edition)));
            of_file.into_iter().flat_map(|n| &n.diagnostics).for_each(|fault| note(diagnostics, fault));
        }
        if portions.iter().any(Option::is_none) {
            // What is missing may stand in the file that cannot be read; all else is told.
            diagnostics.extend(portions.into_iter().flatten().flat_map(Portion::into_faults));
            return None;
        }
        let read = ingest::join(self.task, portions.into_iter().flatten().collect());
        let wrong = read.has_errors();
        let ingested = read.split(diagnostics);
        (!wrong).then_some(ingested)
    }
}

/// Add a fault of a file that several tables may share.
fn note(diagnostics: &mut Vec<Diagnostic>, fault: &Diagnostic) {
    if !diagnostics.iter().any(|d| d.message == fault.message && d.place.to_string() == fault.place.to_string()) {
        diagnostics.push(fault.clone());
    }
}

/// Take the figures of withheld editions, and of files that are gone, from the last release: nothing already published is
/// lost.
fn keep(withheld: &[Task<'_>], gone: &[&str], last: Option<&Release>, stage: &mut Stage) -> anyhow::Result<Vec<Kept>> {
    let (Some(last), false) = (last, withheld.is_empty() && gone.is_empty()) else {
        return Ok(Vec::new());
    };
    let observations = stage::read_observations(&last.path)?;
    let relations = stage::read_relations(&last.path)?;
    let mut kept = Vec::new();
    for Task { table, edition, .. } in withheld {
        let of_edition = |o: &&Observation| is_of(o, table, edition);
        let found: Vec<Observation> = observations.iter().filter(of_edition).cloned().collect();
        if found.is_empty() {
            continue;
        }
        kept.push(Kept {
            dataset: table.dataset.clone(),
            table_id: table.id.clone(),
            release: last.id.clone(),
            reason: format!("edition {} could not be read from {}", edition.id, edition.files_shown()),
            file: None,
        });
        stage.observations.extend(found);
        let of_table = |r: &&Relation| r.dataset == table.dataset && r.table_id == table.id;
        stage.relations.extend(relations.iter().filter(of_table).cloned());
    }
    let is_kept = |o: &Observation| withheld.iter().any(|task| is_of(o, task.table, task.edition));
    for file in gone {
        let of_file = |o: &&Observation| o.origin().source_file == *file && !is_kept(o);
        let found: Vec<Observation> = observations.iter().filter(of_file).cloned().collect();
        let tables: BTreeSet<(String, String)> =
            found.iter().map(|o| (o.origin().dataset.clone(), o.origin().table_id.clone())).collect();
        kept.extend(tables.into_iter().map(|(dataset, table_id)| Kept {
            dataset,
            table_id,
            release: last.id.clone(),
            reason: format!("{file} is gone"),
            file: Some((*file).to_owned()),
        }));
        stage.observations.extend(found);
    }
    Ok(kept)
}

fn is_of(o: &Observation, table: &Table, edition: &Edition) -> bool {
    (&o.origin().dataset, &o.origin().table_id, &o.origin().edition) == (&table.dataset, &table.id, &edition.id)
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
        number: table.number.clone(),
    }
}

/// Whether a file is one of an edition that was withheld.
fn withheld_files(withheld: &[Task<'_>], file: &str, files: &[FileDigest]) -> bool {
    withheld.iter().any(|task| {
        let found = task.edition.files_among(files.iter().map(|f| f.path.as_str()));
        found.there.iter().any(|(name, _)| *name == file)
    })
}

fn editions(table: &Table) -> impl Iterator<Item = EditionInfo> {
    table.editions.iter().map(|edition| EditionInfo {
        dataset: table.dataset.clone(),
        table_id: table.id.clone(),
        edition: edition.id.clone(),
        published: edition.published,
        replaces: edition.replaces.clone(),
    })
}

fn missing_file(file: &str) -> Diagnostic {
    let message = match file.contains('{') {
        true => "a pipeline reads the files that fit this name, and there is none in the input folder",
        false => "a pipeline names this file, and it is not in the input folder",
    };
    Diagnostic::warning("missing-file", message)
        .at(Place::file(file))
        .hint("put the file there, or name the folder it lies in with --input; figures published before are kept")
}

fn unread_file(file: &str) -> Diagnostic {
    Diagnostic::warning("unread-file", "no pipeline reads this file")
        .at(Place::file(file))
        .hint("add an [[edition]] that names it, or move it out of the source's folder")
}

fn moving_file(file: &str) -> Diagnostic {
    Diagnostic::warning("moving-file", "this file changed while it was looked at; another program still writes it")
        .at(Place::file(file))
        .hint("run again when the copy has ended; settle = 60 in pipelines/calendar.toml gives young files that many seconds")
}

/// The dataset that reads a diagnostic's file: the first one.
fn dataset_of(diagnostic: &Diagnostic, jobs: &[Job<'_>], pipelines: &Pipelines) -> String {
    let file = diagnostic.place.file.as_deref().unwrap_or_default();
    let reads = |job: &&Job<'_>| job.files.iter().any(|(f, _)| *f == file) || job.missing.contains(&file);
    let takes = |s: &&Source| s.extracts.iter().any(|extract| extract.captured(file).is_some());
    let of_extract = || pipelines.sources.iter().find(takes).map(|source| source.id.clone());
    jobs.iter().find(reads).map(|job| job.task.source.id.clone()).or_else(of_extract).unwrap_or_default()
}

/// A fault as a row of `core_finding`.
pub fn finding(diagnostic: &Diagnostic, dataset: String) -> Finding {
    let file = diagnostic.place.file.clone().unwrap_or_default();
    Finding {
        rule: diagnostic.code.to_owned(),
        rule_zh: chinese::rule(diagnostic.code).to_owned(),
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
        message_zh: chinese::message(diagnostic),
        suggestion: diagnostic.hints.join("; "),
        likely: Likely::default(),
    }
}
