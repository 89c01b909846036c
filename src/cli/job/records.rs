//! One file of an extract, from its bytes to sorted Parquet files: one thread reads, others take apart and sort, and the
//! sorted rows are merged and written. Memory is that of the pieces on their way and of one run of rows a thread.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::diag::Diagnostic;
use crate::domain::Codebook;
use crate::grid::rows::{self, Header, Piece, Sink};
use crate::ingest::extract::{self, CodeSet, Counts, Doubles, Plan, Reader, Task};
use crate::project::Project;
use crate::store::StoreError;
use crate::store::digest::FileDigest;
use crate::store::key::Key;
use crate::store::records::{self, ByteArray, Files, Reject, RowForm, Runs, Submission};

use super::database;
use super::extracts::Sent;

/// Cells set aside that are told one by one; a file of more is refused without being read to its end.
const REJECTS: u64 = 1_000_000;
/// Pieces on their way to each thread.
const WAITING: usize = 3;

/// A submission, or why the file is none.
pub type Outcome = Result<Submission, Vec<Diagnostic>>;

/// Read a file and put its records away.
///
/// # Errors
/// The warehouse cannot be written.
pub fn read(
    project: &Project,
    sent: &Sent<'_>,
    codebook: &Codebook,
    key: &Key,
    threads: usize,
) -> Result<Outcome, StoreError> {
    let extract = sent.extract;
    let form = RowForm::new(extract.table, &extract.key);
    let sets = CodeSet::of(extract, codebook);
    let task = Task { extract, codebook, file: &sent.file.path, captured: &sent.captured, key };
    let aside = project.warehouse.join("staging").join(format!("rows-{}", sent.id));
    let gathered = gather(project, (task, sent.file), &form, &sets, &aside, threads);
    let outcome = gathered.and_then(|gathered| match gathered {
        Ok(gathered) => put_away(project, sent, key, (&form, &sets), gathered).map(Ok),
        Err(faults) => Ok(Err(faults)),
    });
    if aside.exists() {
        std::fs::remove_dir_all(&aside).map_err(StoreError::io("remove", &aside))?;
    }
    outcome
}

/// Merge the rows of all threads into files, unless too much had to be set aside.
fn put_away(
    project: &Project,
    sent: &Sent<'_>,
    key: &Key,
    (form, sets): (&RowForm, &[CodeSet]),
    mut gathered: Gathered<'_>,
) -> Result<Submission, StoreError> {
    let extract = sent.extract;
    let mut submission = Submission {
        id: sent.id.clone(),
        dataset: extract.dataset.clone(),
        extract: extract.id.clone(),
        table: extract.table.name.to_owned(),
        source_file: sent.file.path.clone(),
        source_sha256: sent.file.sha256.clone(),
        scope: sent.scope.clone(),
        count: sent.count.clone(),
        key: key.id().to_owned(),
        records: gathered.counts.records,
        rejected: gathered.counts.rejected,
        reasons: BTreeMap::new(),
        refused: false,
        parts: Vec::new(),
        rejects: None,
    };
    let too_many = |s: &Submission| s.rejected as f64 > extract.rejects_max * s.records as f64;
    submission.refused = gathered.stopped || too_many(&submission);
    if !submission.refused {
        let codes: Vec<Vec<ByteArray>> = sets.iter().map(CodeSet::texts).collect();
        let mut files = Files::new(form, &codes, &project.warehouse, &sent.id);
        let mut doubles = Doubles::new();
        let mut twice = Vec::new();
        records::merge(form, std::mem::take(&mut gathered.runs), |row| match doubles.see(form, row) {
            Some(reject) => {
                twice.push(reject);
                Ok(())
            }
            None => files.push(row),
        })?;
        submission.parts = files.finish()?;
        submission.rejected += twice.len() as u64;
        gathered.rejects.extend(twice);
        submission.refused = too_many(&submission);
    }
    if submission.refused {
        for part in std::mem::take(&mut submission.parts) {
            let path = project.warehouse.join(part.file);
            std::fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
        }
    }
    gathered.rejects.sort();
    for reject in &gathered.rejects {
        *submission.reasons.entry(reject.reason.to_owned()).or_default() += 1;
    }
    if !gathered.rejects.is_empty() {
        submission.rejects = Some(records::write_rejects(&project.warehouse, &submission, &gathered.rejects)?);
    }
    Ok(submission)
}

/// What the threads made of a file.
struct Gathered<'a> {
    runs: Vec<Runs<'a>>,
    rejects: Vec<Reject>,
    counts: Counts,
    /// Reading was given up because of too many wrong cells.
    stopped: bool,
}

/// What one thread made of its pieces.
type Share<'a> = Result<(Runs<'a>, Vec<Reject>, Counts), StoreError>;

fn gather<'a>(
    project: &Project,
    (task, file): (Task<'a>, &FileDigest),
    form: &'a RowForm,
    sets: &'a [CodeSet],
    aside: &'a Path,
    threads: usize,
) -> Result<Result<Gathered<'a>, Vec<Diagnostic>>, StoreError> {
    let plan = OnceLock::new();
    let (stop, wrong) = (AtomicBool::new(false), AtomicU64::new(0));
    let (sender, receiver) = sync_channel(WAITING * threads);
    let receiver = Mutex::new(receiver);
    let path = project.input.join(task.file);
    let (read, faults, shares) = std::thread::scope(|scope| {
        let work = |nth: usize| {
            let runs = Runs::new(form, aside, nth.to_string());
            let (plan, receiver, stop, wrong) = (&plan, &receiver, &stop, &wrong);
            scope.spawn(move || share(plan, receiver, runs, stop, wrong))
        };
        let threads: Vec<_> = (0..threads).map(work).collect();
        let mut feed = Feed { task, form, sets, plan: &plan, sender, stop: &stop, faults: Vec::new() };
        let extract = task.extract;
        let read = database::read(project, extract, file, &mut feed)
            .unwrap_or_else(|| rows::read(&path, task.file, extract.encoding.as_deref(), extract.delimiter, &mut feed));
        let Feed { faults, sender, .. } = feed;
        drop(sender);
        let join = |thread: std::thread::ScopedJoinHandle<'_, Share<'a>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        (read, faults, threads.into_iter().map(join).collect::<Vec<_>>())
    });
    let mut gathered = Gathered { runs: Vec::new(), rejects: Vec::new(), counts: Counts::default(), stopped: false };
    for share in shares {
        let (runs, rejects, counts) = share?;
        gathered.runs.push(runs);
        gathered.rejects.extend(rejects);
        gathered.counts.records += counts.records;
        gathered.counts.rejected += counts.rejected;
    }
    if let Err(fault) = read {
        return Ok(Err(vec![fault]));
    }
    if !faults.is_empty() {
        return Ok(Err(faults));
    }
    gathered.stopped = wrong.load(Ordering::Relaxed) > REJECTS;
    Ok(Ok(gathered))
}

/// One thread: pieces to sorted rows.
fn share<'a>(
    plan: &OnceLock<Plan<'_>>,
    receiver: &Mutex<Receiver<Piece>>,
    mut runs: Runs<'a>,
    stop: &AtomicBool,
    wrong: &AtomicU64,
) -> Share<'a> {
    let mut rejects = Vec::new();
    let mut counts = Counts::default();
    let mut reader: Option<Reader<'_>> = None;
    let mut failed = None;
    loop {
        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let (Ok(piece), Some(plan)) = (next, plan.get()) else {
            return failed.map_or(Ok((runs, rejects, counts)), Err);
        };
        // Who feeds must not wait for a thread that is gone: what comes after a failure is taken and dropped.
        if stop.load(Ordering::Relaxed) {
            continue;
        }
        let reader = reader.get_or_insert_with(|| Reader::new(plan));
        let before = rejects.len();
        match reader.piece(&piece, &mut rejects, |row| runs.push(row)) {
            Ok(more) => {
                counts.records += more.records;
                counts.rejected += more.rejected;
            }
            Err(error) => {
                failed = Some(error);
                stop.store(true, Ordering::Relaxed);
            }
        }
        let all = wrong.fetch_add((rejects.len() - before) as u64, Ordering::Relaxed) + (rejects.len() - before) as u64;
        if all > REJECTS {
            stop.store(true, Ordering::Relaxed);
        }
    }
}

/// Hands the pieces of a file to the threads.
struct Feed<'f, 'a> {
    task: Task<'a>,
    form: &'a RowForm,
    sets: &'a [CodeSet],
    plan: &'f OnceLock<Plan<'a>>,
    sender: SyncSender<Piece>,
    stop: &'f AtomicBool,
    faults: Vec<Diagnostic>,
}

impl Sink for Feed<'_, '_> {
    fn header(&mut self, header: Header) -> ControlFlow<()> {
        match extract::plan(self.task, &header, self.form, self.sets) {
            Ok(plan) => {
                // Set once: a file has one header.
                let _ = self.plan.set(plan);
                ControlFlow::Continue(())
            }
            Err(faults) => {
                self.faults = faults;
                ControlFlow::Break(())
            }
        }
    }

    fn piece(&mut self, piece: Piece) -> ControlFlow<()> {
        match self.stop.load(Ordering::Relaxed) || self.sender.send(piece).is_err() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}
