//! What was due, what came, and what follows from it: a period that is not whole is withheld or marked, as the calendar
//! says; it is never published as a smaller total.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::diag::{Diagnostic, Place};
use crate::domain::{Code, Codebook, Finding, Period, TOTAL, period_zh};
use crate::spec::calendar::{Calendar, Due, OnMissing};
use crate::store::digest::FileDigest;
use crate::store::ledger::Arrival;
use crate::store::release::Manifest;
use crate::store::stage::DeliveryInfo;

/// The files of one kind and period, one for each region.
#[derive(Clone, Debug)]
pub struct Set {
    pub name: String,
    pub period: Period,
    pub on_missing: OnMissing,
    pub due_at: Option<Timestamp>,
    pub deliveries: Vec<Delivery>,
}

/// One file that is due.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub region: Code,
    pub files: Vec<FileDigest>,
    /// The file that was published and is gone; its figures stay.
    pub gone: Option<String>,
    /// When it first came.
    pub arrived_at: Option<Timestamp>,
    /// When it came with its present content, where it was another before.
    pub resubmitted_at: Option<Timestamp>,
}

/// What a delivery has come to, in the order of what a person should look at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Due, and not there.
    Missing,
    /// Two files claim to be it.
    Twice,
    /// Published before, and gone since.
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
    pub const TROUBLES: [State; 6] =
        [State::Missing, State::Twice, State::Kept, State::Late, State::Resubmitted, State::Expected];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Missing => "missing",
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
            [] if delivery.gone.is_some() => State::Kept,
            [] if is_after(Some(now)) => State::Missing,
            [] => State::Expected,
            [_] if delivery.resubmitted_at.is_some() => State::Resubmitted,
            [_] if is_after(delivery.arrived_at) => State::Late,
            [_] => State::Arrived,
            _ => State::Twice,
        }
    }

    /// The regions whose figures are not there.
    pub fn missing(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.iter().filter(|d| d.files.len() != 1 && d.gone.is_none())
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
}

/// What [`Deliveries::of`] is decided by, besides the calendar.
pub struct Given<'a> {
    pub codes: &'a Codebook,
    pub files: &'a [FileDigest],
    pub arrivals: &'a [Arrival],
    pub last: Option<&'a Manifest>,
    /// The last period that is asked for; where none is, the newest of which a file has come.
    pub until: Option<Period>,
}

impl Deliveries {
    pub fn of(calendar: &Calendar, given: &Given<'_>) -> Deliveries {
        let paths = given.files.iter().map(|f| f.path.as_str());
        let Some(until) = given.until.or_else(|| calendar.newest(paths, given.codes)) else {
            return Deliveries::default();
        };
        let mut all = Deliveries { until: Some(until), ..Deliveries::default() };
        let published = |file: &&FileDigest| given.last.is_some_and(|last| is_published(last, &file.path));
        for due in &calendar.due {
            let claimed = claims(due, given);
            let end = due.until.filter(|own| own.end() < until.end()).unwrap_or(until);
            for period in due.rhythm.periods(due.from, end) {
                let deliveries = due.regions(period, given.codes).into_iter().map(|region| {
                    let files = claimed.get(&(period, region.clone())).cloned().unwrap_or_default();
                    delivery(due, period, region, files, given)
                });
                let due_at = due.deadline.of(period, &calendar.zone);
                let set = Set {
                    name: due.name.clone(),
                    period,
                    on_missing: due.on_missing,
                    due_at,
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

    /// The rows of `core_delivery`.
    pub fn rows(&self) -> Vec<DeliveryInfo> {
        let of = |set: &Set, delivery: &Delivery| {
            let there = delivery.files.first().map(|f| (f.path.clone(), f.sha256.clone()));
            DeliveryInfo {
                delivery: set.name.clone(),
                period: set.period,
                region: delivery.region.clone(),
                state: match delivery.files.len() {
                    0 if delivery.gone.is_some() => "kept",
                    0 => "missing",
                    _ if there.as_ref().is_some_and(|(file, _)| self.unread.contains(file)) => "withheld",
                    _ => "arrived",
                },
                due_at: set.due_at.map_or(String::new(), |due| due.to_string()),
                file: there.or_else(|| delivery.gone.clone().map(|file| (file, String::new()))),
            }
        };
        self.sets.iter().flat_map(|set| set.deliveries.iter().map(move |d| of(set, d))).collect()
    }

    pub fn missing(&self) -> usize {
        self.sets.iter().map(|set| set.missing().count()).sum()
    }

    /// The files that were published and are gone.
    pub fn gone(&self) -> Vec<&str> {
        self.sets.iter().flat_map(|set| &set.deliveries).filter_map(|d| d.gone.as_deref()).collect()
    }

    /// What a person is told, each with the row of `core_finding` that says it.
    pub fn told(&self, codes: &Codebook) -> Vec<(Diagnostic, Finding)> {
        let mut told = Vec::new();
        for set in self.sets.iter().filter(|set| !set.is_whole()) {
            told.extend(set.deliveries.iter().filter(|d| d.files.len() > 1).map(|d| twice(set, d, codes)));
            let missing: Vec<&Delivery> = set.missing().filter(|d| d.files.is_empty()).collect();
            if !missing.is_empty() {
                told.push(incomplete(set, &missing, codes));
            }
        }
        told
    }
}

/// The files of one kind by period and region.
fn claims(due: &Due, given: &Given<'_>) -> BTreeMap<(Period, Code), Vec<FileDigest>> {
    let mut claimed: BTreeMap<(Period, Code), Vec<FileDigest>> = BTreeMap::new();
    for file in given.files {
        if let Some(key) = due.delivery(&file.path, given.codes) {
            claimed.entry(key).or_default().push(file.clone());
        }
    }
    claimed
}

fn delivery(due: &Due, period: Period, region: Code, files: Vec<FileDigest>, given: &Given<'_>) -> Delivery {
    let was = |path: &str| due.delivery(path, given.codes).is_some_and(|key| key == (period, region.clone()));
    let published = given.last.into_iter().flat_map(published_files);
    let gone = published.filter(|path| files.is_empty() && was(path)).map(str::to_owned).next();
    let of_file = || {
        let file = files.first().map(|f| f.path.as_str());
        given.arrivals.iter().filter(move |a| Some(a.file.as_str()) == file)
    };
    let time = |arrival: &Arrival| arrival.seen_at.parse().ok();
    let first = of_file().next();
    let again = of_file().rfind(|a| files.first().is_some_and(|f| f.sha256 == a.sha256));
    let resubmitted_at = again.filter(|again| first.is_some_and(|first| first.sha256 != again.sha256)).and_then(time);
    Delivery { arrived_at: first.and_then(time), resubmitted_at, region, files, gone }
}

fn published_files(last: &Manifest) -> impl Iterator<Item = &str> {
    let kept = last.kept.iter().filter_map(|kept| kept.file.as_deref());
    // The records of a file stay when it is gone.
    let sent = last.submissions.iter().filter(|s| !s.refused).map(|s| s.source_file.as_str());
    last.sources.inputs.iter().map(|f| f.path.as_str()).chain(kept).chain(sent)
}

fn is_published(last: &Manifest, path: &str) -> bool {
    published_files(last).any(|file| file == path)
}

/// `玉溪市 红塔区 (530402)`, as a person finds it in the code list.
fn named(region: &Code, codes: &Codebook) -> String {
    name_of(region, codes).map_or_else(|| region.to_string(), |name| format!("{name} ({region})"))
}

/// The same with Chinese punctuation.
fn named_zh(region: &Code, codes: &Codebook) -> String {
    match name_of(region, codes) {
        Some(name) => format!("{name}（{region}）"),
        None if region.as_str() == TOTAL => "全部地区".to_owned(),
        None => region.to_string(),
    }
}

fn name_of<'c>(region: &Code, codes: &'c Codebook) -> Option<&'c str> {
    let entry = codes.lists.get("region")?.get(region.as_str())?;
    (region.as_str() != TOTAL).then_some(entry.name_zh.as_str())
}

fn incomplete(set: &Set, missing: &[&Delivery], codes: &Codebook) -> (Diagnostic, Finding) {
    let (of, due) = (set.deliveries.len(), due_shown(set));
    let (name, period) = (&set.name, set.period);
    let regions: Vec<String> = missing.iter().map(|d| named(&d.region, codes)).collect();
    let which = if of == 1 { String::new() } else { format!(": {}", regions.join(", ")) };
    let count = missing.len();
    let diagnostic = match set.on_missing {
        OnMissing::Withhold => Diagnostic::error(
            "delivery-missing",
            format!("{name} of {period} is withheld, {count} of {of} files are missing{due}{which}"),
        )
        .hint("ask for them; what was published before stays, and the run after they come publishes the period"),
        OnMissing::Partial => Diagnostic::warning(
            "delivery-missing",
            format!("{name} of {period} is partial, {count} of {of} files are missing{due}{which}"),
        )
        .hint("ask for them; until they come core_delivery says that the period is partial"),
    };
    let state = match set.on_missing {
        OnMissing::Withhold => "暂不发布",
        OnMissing::Partial => "资料不全",
    };
    let regions: Vec<String> = missing.iter().map(|d| named_zh(&d.region, codes)).collect();
    let which = if of == 1 { String::new() } else { format!("（{}）", regions.join("、")) };
    let period = period_zh(&period.to_string());
    let diagnostic = diagnostic.zh(format!("{name}，{period}：{state}，应报{of}份，缺{count}份{which}"));
    let region = if let [one] = missing { one.region.to_string() } else { String::new() };
    finding(diagnostic, set, region)
}

fn twice(set: &Set, delivery: &Delivery, codes: &Codebook) -> (Diagnostic, Finding) {
    let files: Vec<&str> = delivery.files.iter().map(|f| f.path.as_str()).collect();
    let message = format!(
        "{} of {}, {}: {} files claim to be it, {}; none of them is read",
        set.name,
        set.period,
        named(&delivery.region, codes),
        files.len(),
        files.join(" and ")
    );
    let zh = format!(
        "{}，{}，{}：有{}个文件（{}），均未采用",
        set.name,
        period_zh(&set.period.to_string()),
        named_zh(&delivery.region, codes),
        files.len(),
        files.join("、")
    );
    let diagnostic = Diagnostic::error("delivery-twice", message)
        .zh(zh)
        .at(Place::file(files[0]))
        .hint("leave the one that counts in the input folder and move the others away");
    finding(diagnostic, set, delivery.region.to_string())
}

fn due_shown(set: &Set) -> String {
    set.due_at.map_or(String::new(), |due| format!(" (due until {due})"))
}

fn finding(diagnostic: Diagnostic, set: &Set, region: String) -> (Diagnostic, Finding) {
    let finding =
        Finding { period: set.period.to_string(), region, ..super::reading::finding(&diagnostic, set.name.clone()) };
    (diagnostic, finding)
}
