//! What was due, what came, and what follows from it: a period that is not whole is withheld or marked, as the calendar
//! says; it is never published as a smaller total. A file counts as there once something of it is taken: what was read to no
//! avail is told by [`Deliveries::refuse`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::diag::Diagnostic;
use crate::domain::{Code, Codebook, Dimension, Finding, Period};
use crate::spec::Pipelines;
use crate::spec::calendar::{Calendar, Due, OnMissing};
use crate::spec::pattern::{Capture, Pattern};
use crate::store::digest::FileDigest;
use crate::store::ledger::Arrival;
use crate::store::release::{Aside, Manifest, Why};
use crate::store::stage::DeliveryInfo;

use super::reminder;

/// The files of one kind and period, one for each region.
#[derive(Clone, Debug)]
pub struct Set {
    pub name: String,
    pub period: Period,
    pub on_missing: OnMissing,
    pub due_at: Option<Timestamp>,
    /// The record table that the files fill; `None` where they are tables.
    pub record_table: Option<&'static str>,
    pub deliveries: Vec<Delivery>,
}

/// One file that is due.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub region: Code,
    pub files: Vec<FileDigest>,
    /// The file that the last release has its figures of.
    pub published: Option<String>,
    /// Nothing of its file could be taken.
    pub refused: bool,
    /// When it first came.
    pub arrived_at: Option<Timestamp>,
    /// When it came with its present content, where it was another before.
    pub resubmitted_at: Option<Timestamp>,
}

impl Delivery {
    /// The figures published before stay: the file is gone, or nothing of what came in its place could be taken.
    pub fn is_kept(&self) -> bool {
        self.published.is_some() && (self.files.is_empty() || self.refused)
    }

    /// Its figures are not there.
    pub fn is_lacking(&self) -> bool {
        !self.is_kept() && (self.files.len() != 1 || self.refused)
    }
}

/// What a delivery has come to, in the order of what a person should look at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Due, and not there.
    Missing,
    /// There, and nothing of it could be taken.
    Refused,
    /// Two files claim to be it.
    Twice,
    /// Published before; gone since, or nothing of what came in its place could be taken.
    Kept,
    /// Came after it was due.
    Late,
    /// Came again with another content.
    Resubmitted,
    /// Not there, and not due yet.
    Expected,
    Arrived,
}

impl State {
    /// Of which a person is told.
    pub const TROUBLES: [State; 7] =
        [State::Missing, State::Refused, State::Twice, State::Kept, State::Late, State::Resubmitted, State::Expected];

    /// Something is lacking until somebody does something about it.
    pub fn is_open(self) -> bool {
        matches!(self, State::Missing | State::Refused | State::Twice)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            State::Missing => "missing",
            State::Refused => "refused",
            State::Twice => "twice",
            State::Kept => "kept",
            State::Late => "late",
            State::Resubmitted => "resubmitted",
            State::Expected => "expected",
            State::Arrived => "arrived",
        }
    }
}

impl Set {
    pub fn state(&self, delivery: &Delivery, now: Timestamp) -> State {
        let is_after = |time: Option<Timestamp>| time.zip(self.due_at).is_some_and(|(time, due)| time >= due);
        match delivery.files.as_slice() {
            _ if delivery.is_kept() => State::Kept,
            [] if is_after(Some(now)) => State::Missing,
            [] => State::Expected,
            [_] if delivery.refused => State::Refused,
            [_] if delivery.resubmitted_at.is_some() => State::Resubmitted,
            [_] if is_after(delivery.arrived_at) => State::Late,
            [_] => State::Arrived,
            _ => State::Twice,
        }
    }

    /// The regions whose figures are not there.
    pub fn missing(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.iter().filter(|d| d.is_lacking())
    }

    pub fn is_whole(&self) -> bool {
        self.missing().next().is_none()
    }

    pub fn is_withheld(&self) -> bool {
        !self.is_whole() && self.on_missing == OnMissing::Withhold
    }
}

/// What the calendar makes of the files that are there.
#[derive(Clone, Debug, Default)]
pub struct Deliveries {
    /// The last period that is looked at.
    pub until: Option<Period>,
    /// Until the period that is asked for; by name, then by period.
    pub sets: Vec<Set>,
    /// Files that are not read: of periods that are withheld, of later ones than asked for, and those that claim to be one
    /// and the same.
    pub unread: Vec<String>,
    /// Files that were read and are not taken into the release: they wait for one that was refused.
    pub held: BTreeSet<String>,
}

/// What [`Deliveries::of`] is decided by, besides the calendar.
pub struct Given<'a> {
    pub pipelines: &'a Pipelines,
    pub files: &'a [FileDigest],
    pub arrivals: &'a [Arrival],
    pub last: Option<&'a Manifest>,
    /// The last period that is asked for; where none is, the newest of which a file has come. What is published of later ones
    /// stays published, and is looked at too.
    pub until: Option<Period>,
}

impl Given<'_> {
    fn codes(&self) -> &Codebook {
        &self.pipelines.codebook
    }

    /// The last period to look at.
    fn until(&self, calendar: &Calendar) -> Option<Period> {
        let paths = self.files.iter().map(|f| f.path.as_str());
        let asked = self.until.or_else(|| calendar.newest(paths, self.codes()));
        let published = self.last.and_then(|last| newest_published(calendar, last, self.codes()));
        asked.into_iter().chain(published).max_by_key(|period| period.end())
    }
}

/// The newest period of which something is published.
pub fn newest_published(calendar: &Calendar, last: &Manifest, codes: &Codebook) -> Option<Period> {
    let published: Vec<&str> = published_files(last).collect();
    calendar.newest(published.iter().copied(), codes)
}

impl Deliveries {
    pub fn of(calendar: &Calendar, given: &Given<'_>) -> Deliveries {
        let Some(until) = given.until(calendar) else {
            return Deliveries::default();
        };
        let mut all = Deliveries { until: Some(until), ..Deliveries::default() };
        let before: BTreeSet<&str> = given.last.into_iter().flat_map(published_files).collect();
        let published = |file: &&FileDigest| before.contains(file.path.as_str());
        for due in &calendar.due {
            let record_table = record_table(due, given);
            let claimed = claims(due, given.files, |file| &file.path, given);
            let claimed_before = claims(due, &before, |path| path, given);
            let end = due.until.filter(|own| own.end() < until.end()).unwrap_or(until);
            for period in due.rhythm.periods(due.from, end) {
                let deliveries = due.regions(period, given.codes()).into_iter().map(|region| {
                    let key = (period, region);
                    let files = claimed.get(&key).into_iter().flatten().map(|file| (*file).clone()).collect();
                    let published = claimed_before.get(&key).and_then(|paths| paths.first());
                    delivery(key.1, files, published.map(|path| (**path).to_owned()), given)
                });
                let due_at = due.deadline.of(period, &calendar.zone);
                let set = Set {
                    name: due.name.clone(),
                    period,
                    on_missing: due.on_missing,
                    due_at,
                    record_table,
                    deliveries: deliveries.collect(),
                };
                let withheld = set.is_withheld();
                let held_back = set.deliveries.iter().filter(|d| withheld || d.files.len() > 1).flat_map(|d| &d.files);
                all.unread.extend(held_back.filter(|f| !published(f)).map(|f| f.path.clone()));
                all.sets.push(set);
            }
            let later = claimed.iter().filter(|((period, _), _)| period.end() > end.end()).flat_map(|(_, files)| files);
            all.unread.extend(later.filter(|f| !published(f)).map(|f| f.path.clone()));
        }
        all.unread.sort();
        all.unread.dedup();
        all
    }

    /// Nothing of these files could be taken: what is to be of the others of their sets is decided anew.
    pub fn refuse(&mut self, refused: &BTreeSet<&str>) {
        self.mark(|file| refused.contains(file.path.as_str()));
    }

    /// What a release could not take, as far as the files are the same.
    pub fn recall(&mut self, last: &Manifest) {
        self.mark(|file| last.aside.iter().any(|aside| aside.why != Why::Held && aside.file == *file));
    }

    fn mark(&mut self, is_refused: impl Fn(&FileDigest) -> bool) {
        for set in &mut self.sets {
            for delivery in &mut set.deliveries {
                delivery.refused |= matches!(delivery.files.as_slice(), [file] if is_refused(file));
            }
            let waits = |d: &&Delivery| d.published.is_none() && !d.refused;
            if set.is_withheld() {
                let waiting = set.deliveries.iter().filter(waits).flat_map(|d| &d.files);
                self.held.extend(waiting.map(|file| file.path.clone()));
            }
        }
    }

    /// What was read and is not in the release as it is.
    pub fn aside(&self) -> Vec<Aside> {
        let of = |d: &Delivery| {
            let why = match (d.refused, d.is_kept()) {
                (true, true) => Why::Kept,
                (true, false) => Why::Refused,
                (false, _) => Why::Held,
            };
            let aside = |file: &FileDigest| d.refused || self.held.contains(&file.path);
            let files = d.files.iter().filter(|file| aside(file)).cloned();
            files.map(|file| Aside { file, why }).collect::<Vec<_>>()
        };
        self.sets.iter().flat_map(|set| &set.deliveries).flat_map(of).collect()
    }

    /// The rows of `core_delivery`.
    pub fn rows(&self) -> Vec<DeliveryInfo> {
        let waits = |file: &FileDigest| self.held.contains(&file.path) || self.unread.contains(&file.path);
        let of = |set: &Set, delivery: &Delivery| {
            let there = delivery.files.first();
            let published = delivery.published.clone().filter(|_| delivery.is_kept());
            DeliveryInfo {
                delivery: set.name.clone(),
                period: set.period,
                region: delivery.region.clone(),
                record_table: set.record_table,
                state: match there {
                    _ if delivery.is_kept() => "kept",
                    None => "missing",
                    Some(_) if delivery.refused => "refused",
                    Some(file) if waits(file) => "withheld",
                    Some(_) => "arrived",
                },
                due_at: set.due_at.map_or(String::new(), |due| due.to_string()),
                // What was published may have had another digest.
                file: published
                    .map(|file| (file, String::new()))
                    .or_else(|| there.map(|f| (f.path.clone(), f.sha256.clone()))),
            }
        };
        self.sets.iter().flat_map(|set| set.deliveries.iter().map(move |d| of(set, d))).collect()
    }

    /// The deliveries of which nothing is there.
    pub fn missing(&self) -> usize {
        self.sets.iter().map(|set| set.missing().count()).sum()
    }

    /// The files that were published and are gone.
    pub fn gone(&self) -> Vec<&str> {
        let gone = self.sets.iter().flat_map(|set| &set.deliveries).filter(|d| d.files.is_empty());
        gone.filter_map(|d| d.published.as_deref()).collect()
    }

    /// What a person is told, each with the row of `core_finding` that says it.
    pub fn told(&self, codes: &Codebook) -> Vec<(Diagnostic, Finding)> {
        self.sets.iter().filter(|set| !set.is_whole()).flat_map(|set| reminder::of(set, codes)).collect()
    }
}

/// The files of one kind by period and region.
fn claims<'f, F>(
    due: &Due,
    files: impl IntoIterator<Item = &'f F>,
    path: impl Fn(&'f F) -> &'f str,
    given: &Given<'_>,
) -> BTreeMap<(Period, Code), Vec<&'f F>> {
    let mut claimed: BTreeMap<(Period, Code), Vec<&F>> = BTreeMap::new();
    for file in files {
        if let Some(key) = due.delivery(path(file), given.codes()) {
            claimed.entry(key).or_default().push(file);
        }
    }
    claimed
}

/// The record table that the files of a kind fill, by what the specifications call them: none may ever have come.
fn record_table(due: &Due, given: &Given<'_>) -> Option<&'static str> {
    let region = due.regions(due.from, given.codes()).into_iter().next().unwrap_or_else(Code::total);
    let day = due.from.start();
    let fill = |capture: &Capture| match capture {
        Capture::Dimension(Dimension::Region) => region.to_string(),
        Capture::Year => day.strftime("%Y").to_string(),
        Capture::Month => day.strftime("%Y-%m").to_string(),
        Capture::Period => due.from.to_string(),
        _ => "1".to_owned(),
    };
    let example = due.file.example(fill);
    let is_due = |pattern: &Pattern| due.delivery(&pattern.example(fill), given.codes()).is_some();
    let mut extracts = given.pipelines.sources.iter().flat_map(|source| &source.extracts);
    let found = extracts.find(|e| e.captured(&example).is_some() || e.files.iter().any(is_due));
    found.map(|extract| extract.table.name)
}

fn delivery(region: Code, files: Vec<FileDigest>, published: Option<String>, given: &Given<'_>) -> Delivery {
    let of_file = || {
        let file = files.first().map(|f| f.path.as_str());
        given.arrivals.iter().filter(move |a| Some(a.file.as_str()) == file)
    };
    let time = |arrival: &Arrival| arrival.seen_at.parse().ok();
    let first = of_file().next();
    let again = of_file().rfind(|a| files.first().is_some_and(|f| f.sha256 == a.sha256));
    let resubmitted_at = again.filter(|again| first.is_some_and(|first| first.sha256 != again.sha256)).and_then(time);
    Delivery { arrived_at: first.and_then(time), resubmitted_at, region, files, published, refused: false }
}

fn published_files(last: &Manifest) -> impl Iterator<Item = &str> {
    let kept = last.kept.iter().filter_map(|kept| kept.file.as_deref());
    // The records of a file stay when it is gone.
    let sent = last.submissions.iter().filter(|s| !s.refused).map(|s| s.source_file.as_str());
    let is_aside = |path: &str| last.aside.iter().any(|aside| aside.why != Why::Kept && aside.file.path == path);
    let read = last.sources.inputs.iter().map(|f| f.path.as_str()).filter(move |path| !is_aside(path));
    read.chain(kept).chain(sent)
}
