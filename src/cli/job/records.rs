//! One file of an extract, from its bytes to sorted Parquet files. Where there are fewer files than cores, one thread reads and
//! others take apart what it read. Memory is that of the pieces on their way and of one run of records a thread.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::diag::Diagnostic;
use crate::domain::Codebook;
use crate::grid::rows::{self, Header, Piece, Sink};
use crate::ingest::extract::{self, CodeSet, Counts, Doubles, Known, Plan, Task};
use crate::project::Project;
use crate::store::StoreError;
use crate::store::digest::FileDigest;
use crate::store::key::Key;
use crate::store::records::{self, Batch, Files, Reject, RowForm, Runs, Submission, Words};

use super::database;
use super::extracts::Sent;

/// Cells set aside that are told one by one; a file of more is refused without being read to its end.
const REJECTS: u64 = 1_000_000;
/// Pieces on their way to each thread.
const WAITING: usize = 3;

/// A submission, or why the file is none.
pub type Outcome = Result<Submission, Vec<Diagnostic>>;

/// What threads keep from file to file, so that memory is asked for once.
#[derive(Default)]
pub struct Kept(Mutex<Vec<(Batch, Known)>>);

impl Kept {
    fn all(&self) -> MutexGuard<'_, Vec<(Batch, Known)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
    kept: &Kept,
) -> Result<Outcome, StoreError> {
    let extract = sent.extract;
    let form = RowForm::new(extract.table, &extract.key);
    let sets = CodeSet::of(extract, codebook);
    let task = Task { extract, codebook, file: &sent.file.path, captured: &sent.captured, key: Some(key) };
    let aside = project.warehouse.join("staging").join(format!("rows-{}", sent.id));
    let words: Vec<Words> = sets.iter().map(CodeSet::words).collect();
    let hand = |nth: usize| {
        let (batch, known) = kept.all().pop().unwrap_or_default();
        Hand::new(Runs::new(batch, &form, &words, &aside, nth.to_string()), known)
    };
    let hands = (0..threads).map(hand).collect();
    let gathered = gather(project, (task, sent.file), (&form, &sets), hands);
    let outcome = gathered.and_then(|gathered| match gathered {
        Ok(mut gathered) => {
            let submission = put_away(project, sent, key, &form, &mut gathered)?;
            if let (Some(known), Some(runs)) = (gathered.known, gathered.runs.pop()) {
                kept.all().push((runs.batch, known));
            }
            Ok(Ok(submission))
        }
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
    form: &RowForm,
    gathered: &mut Gathered<'_>,
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
    let is_empty = submission.records == 0 && !extract.may_be_empty;
    submission.refused = gathered.stopped || is_empty || too_many(&submission);
    if !submission.refused {
        let mut files = Files::new(form.table, &project.warehouse, &sent.id)?;
        let mut doubles = Doubles::new();
        let mut twice = Vec::new();
        let is_double = |row: &[u8]| {
            let found = doubles.see(form, row);
            let is_double = found.is_some();
            twice.extend(found);
            is_double
        };
        records::in_order(&mut gathered.runs, is_double, |batch, rows| files.take(batch, rows))?;
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
    /// What the one thread knows whose records need not be merged. Merging takes all memory for itself.
    known: Option<Known>,
    rejects: Vec<Reject>,
    counts: Counts,
    /// Reading was given up because of too many wrong cells.
    stopped: bool,
}

fn gather<'a>(
    project: &Project,
    (task, file): (Task<'a>, &FileDigest),
    (form, sets): (&'a RowForm, &'a [CodeSet]),
    mut hands: Vec<Hand<'a>>,
) -> Result<Result<Gathered<'a>, Vec<Diagnostic>>, StoreError> {
    let (plan, stop, wrong) = (OnceLock::new(), AtomicBool::new(false), AtomicU64::new(0));
    let shared = Shared { plan: &plan, stop: &stop, wrong: &wrong };
    let extract = task.extract;
    let path = project.input.join(task.file);
    let read = |take: &mut dyn FnMut(Piece)| {
        let mut feed = Feed { task, form, sets, shared, take, faults: Vec::new() };
        let read = database::read(project, extract, file, &mut feed)
            .unwrap_or_else(|| rows::read(&path, task.file, extract.encoding.as_deref(), extract.delimiter, &mut feed));
        (read, feed.faults)
    };
    let (read, faults) = match hands.as_mut_slice() {
        [one] => read(&mut |piece| one.take(shared, &piece)),
        several => {
            let (sender, receiver) = sync_channel(WAITING * several.len());
            let receiver = Mutex::new(receiver);
            std::thread::scope(|scope| {
                let receiver = &receiver;
                let spawn = |hand| scope.spawn(move || Hand::take_all(hand, shared, receiver));
                let threads: Vec<_> = several.iter_mut().map(spawn).collect();
                // Threads are there as long as somebody sends.
                let read = read(&mut |piece| drop(sender.send(piece)));
                drop(sender);
                for thread in threads {
                    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                }
                read
            })
        }
    };
    let rejects = Vec::new();
    let mut gathered = Gathered { runs: Vec::new(), known: None, rejects, counts: Counts::default(), stopped: false };
    let is_alone = hands.len() == 1;
    for hand in hands {
        if let Some(error) = hand.failed {
            return Err(error);
        }
        gathered.known = Some(hand.known).filter(|_| is_alone && hand.runs.is_in_memory());
        gathered.runs.push(hand.runs);
        gathered.rejects.extend(hand.rejects);
        gathered.counts.records += hand.counts.records;
        gathered.counts.rejected += hand.counts.rejected;
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

/// What all who read a file know of it.
#[derive(Clone, Copy)]
struct Shared<'f, 'a> {
    plan: &'f OnceLock<Plan<'a>>,
    /// Nothing more is read.
    stop: &'f AtomicBool,
    wrong: &'f AtomicU64,
}

/// What one thread makes of its pieces.
struct Hand<'a> {
    runs: Runs<'a>,
    known: Known,
    /// Nothing is known yet of the batch that is being filled.
    is_new: bool,
    rejects: Vec<Reject>,
    counts: Counts,
    failed: Option<StoreError>,
}

impl<'a> Hand<'a> {
    fn new(runs: Runs<'a>, known: Known) -> Hand<'a> {
        Hand { runs, known, is_new: true, rejects: Vec::new(), counts: Counts::default(), failed: None }
    }

    fn take_all(&mut self, shared: Shared<'_, '_>, receiver: &Mutex<Receiver<Piece>>) {
        loop {
            let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(piece) = next else { return };
            self.take(shared, &piece);
        }
    }

    /// Who feeds must not wait for a thread that is gone: what comes after a failure is taken and dropped.
    fn take(&mut self, shared: Shared<'_, '_>, piece: &Piece) {
        let Some(plan) = shared.plan.get().filter(|_| !shared.stop.load(Ordering::Relaxed)) else { return };
        let before = self.rejects.len();
        if std::mem::take(&mut self.is_new) {
            plan.begin(&mut self.known);
        }
        let counts = plan.piece(piece, &mut self.known, &mut self.runs.batch, &mut self.rejects);
        self.counts.records += counts.records;
        self.counts.rejected += counts.rejected;
        match self.runs.settle() {
            Ok(is_new) => self.is_new = is_new,
            Err(error) => {
                self.failed = Some(error);
                shared.stop.store(true, Ordering::Relaxed);
            }
        }
        let wrong = (self.rejects.len() - before) as u64;
        if shared.wrong.fetch_add(wrong, Ordering::Relaxed) + wrong > REJECTS {
            shared.stop.store(true, Ordering::Relaxed);
        }
    }
}

/// Hands on the pieces of a file.
struct Feed<'f, 'a> {
    task: Task<'a>,
    form: &'a RowForm,
    sets: &'a [CodeSet],
    shared: Shared<'f, 'a>,
    take: &'f mut dyn FnMut(Piece),
    faults: Vec<Diagnostic>,
}

impl Sink for Feed<'_, '_> {
    fn header(&mut self, header: Header) -> ControlFlow<()> {
        match extract::plan(self.task, &header, self.form, self.sets) {
            Ok(plan) => {
                // Set once: a file has one header.
                let _ = self.shared.plan.set(plan);
                ControlFlow::Continue(())
            }
            Err(faults) => {
                self.faults = faults;
                ControlFlow::Break(())
            }
        }
    }

    fn piece(&mut self, piece: Piece) -> ControlFlow<()> {
        if self.shared.stop.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        (self.take)(piece);
        ControlFlow::Continue(())
    }
}
