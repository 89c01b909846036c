//! Agencies' extracts to records: which files count, which of them are new, and what is kept of those sent before.
//!
//! Of several files of one scope the last one counts. A file that was taken in before, by the same layout, codes, key and
//! program, is not read again. What was sent and lies in the input folder no more stays.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::progress::Progress;
use crate::cli::{Fault, print};
use crate::diag::{Diagnostic, Place};
use crate::domain::{Codebook, LabelScope, RecordKind};
use crate::grid;
use crate::ingest::extract::CUT_OFF;
use crate::project::Project;
use crate::spec::extract::capture_name;
use crate::spec::pattern::{Capture, Captured};
use crate::spec::{Extract, Pipelines};
use crate::store::digest::{FileDigest, sha256_bytes};
use crate::store::key::Key;
use crate::store::records::Submission;
use crate::store::release::{Manifest, PROGRAM, Release};

use super::chinese;
use super::delivery::Deliveries;
use super::records;

/// Reasons that a message names.
const REASONS_SHOWN: usize = 5;

/// The records that a release is to consist of.
#[derive(Default)]
pub struct Taken {
    pub submissions: Vec<Submission>,
    pub diagnostics: Vec<Diagnostic>,
}

/// A file of an extract.
pub struct Sent<'a> {
    pub extract: &'a Extract,
    pub file: &'a FileDigest,
    pub captured: Vec<Captured>,
    /// What it will be called; see [`Submission`].
    pub id: String,
    pub scope: BTreeMap<String, String>,
    pub count: Vec<u64>,
}

/// What tells the files of one scope from all others.
type Scope = (String, String, BTreeMap<String, String>);

/// Take in what is new of the extracts, but what waits for a delivery that turns out to be refused. The caller holds the lock.
///
/// # Errors
/// The key cannot be used, or the warehouse cannot be written.
pub fn take_all(
    project: &Project,
    pipelines: &Pipelines,
    files: &[FileDigest],
    last: Option<&Release>,
    deliveries: &mut Deliveries,
    progress: &mut Progress,
) -> anyhow::Result<Taken> {
    let extracts: Vec<&Extract> = pipelines.sources.iter().flat_map(|source| &source.extracts).collect();
    let manifest = last.map(|release| Manifest::read(&release.path)).transpose()?;
    let before: Vec<Submission> = manifest.map_or(Vec::new(), |m| m.submissions);
    let declared = |s: &&Submission| extracts.iter().any(|e| (&e.dataset, &e.id) == (&s.dataset, &s.extract));
    let before: Vec<Submission> = before.iter().filter(declared).cloned().collect();
    let there = || extracts.iter().flat_map(|e| files.iter().filter_map(|f| Some((*e, f, e.captured(&f.path)?))));
    if there().next().is_none() {
        return Ok(Taken { submissions: before, diagnostics: Vec::new() });
    }
    let key = key(project, &before, progress.is_json())?;
    let codes: BTreeMap<&str, String> =
        extracts.iter().map(|e| (e.spec.as_str(), codes_digest(e, &pipelines.codebook))).collect();
    let mut in_force: BTreeMap<Scope, Submission> = BTreeMap::new();
    for submission in before.iter().filter(|s| !s.refused) {
        in_force.insert(scope_of(submission), submission.clone());
    }
    let mut newest: BTreeMap<Scope, Sent<'_>> = BTreeMap::new();
    for (extract, file, captured) in there() {
        let sent = sent(extract, file, captured, &pipelines.codebook, &codes[extract.spec.as_str()], &key);
        let scope = (extract.dataset.clone(), extract.id.clone(), sent.scope.clone());
        let later = |other: &Sent<'_>| (&sent.count, &sent.file.path) > (&other.count, &other.file.path);
        if newest.get(&scope).is_none_or(later) {
            newest.insert(scope, sent);
        }
    }
    // A later one that was sent before and is here no more still counts.
    newest.retain(|scope, sent| {
        in_force.get(scope).is_none_or(|old| (&sent.count, &sent.file.path) >= (&old.count, &old.source_file))
    });
    let known = |id: &str| before.iter().find(|s| s.id == id && s.is_whole(&project.warehouse)).cloned();
    let sent: Vec<(Scope, Sent<'_>)> = newest.into_iter().collect();
    let new = sent.iter().filter(|(_, sent)| known(&sent.id).is_none()).count();
    progress.stage("take in", new);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).div_ceil(new.max(1));
    let kept = records::Kept::default();
    let results = grid::on_all_cores(&sent, |(_, sent)| {
        known(&sent.id).map_or_else(
            || {
                progress.step(&sent.file.path);
                records::read(project, sent, &pipelines.codebook, &key, threads, &kept)
            },
            |known| Ok(Ok(known)),
        )
    });
    drop(kept);
    let results: Vec<records::Outcome> = results.into_iter().collect::<Result<_, _>>()?;
    deliveries.refuse(&refused(&sent, &results));
    let mut taken = Taken::default();
    for ((scope, _), outcome) in sent.into_iter().zip(results) {
        match outcome {
            Ok(submission) => {
                taken.diagnostics.extend(told(&submission));
                match submission.refused {
                    true => taken.submissions.push(submission),
                    false if deliveries.held.contains(&submission.source_file) => {}
                    false => drop(in_force.insert(scope, submission)),
                }
            }
            Err(faults) => taken.diagnostics.extend(faults),
        }
    }
    let mut in_force: Vec<Submission> = in_force.into_values().collect();
    crate::store::records::supersede(&project.warehouse, &mut in_force, &|sent| key_columns(&extracts, sent))?;
    taken.submissions.extend(in_force);
    crate::store::records::settle(&project.warehouse, &taken.submissions, &before)?;
    let rows: u64 = taken.submissions.iter().flat_map(|s| &s.parts).map(|part| part.in_force().1).sum();
    progress.done(&format!("{new} files taken in, {rows} records in all"));
    Ok(taken)
}

/// The columns that say which record a later one takes the place of.
fn key_columns(extracts: &[&Extract], submission: &Submission) -> Vec<&'static str> {
    let extract = extracts.iter().find(|e| (&e.dataset, &e.id) == (&submission.dataset, &submission.extract));
    extract.into_iter().flat_map(|e| e.key.iter().map(|nth| e.table.columns[*nth].name)).collect()
}

/// Files of which nothing is taken.
fn refused<'s>(sent: &'s [(Scope, Sent<'_>)], results: &[records::Outcome]) -> BTreeSet<&'s str> {
    let is_refused = |outcome: &records::Outcome| outcome.as_ref().map_or(true, |submission| submission.refused);
    let refused = sent.iter().zip(results).filter(|(_, outcome)| is_refused(outcome));
    refused.map(|((_, sent), _)| sent.file.path.as_str()).collect()
}

fn scope_of(submission: &Submission) -> Scope {
    (submission.dataset.clone(), submission.extract.clone(), submission.scope.clone())
}

/// The key of the warehouse; made where there is none yet. That is safe as long as no record was made with another, and it
/// spares the first run a step that can be forgotten.
fn key(project: &Project, before: &[Submission], as_json: bool) -> anyhow::Result<Key> {
    let shown = project.display(&project.key);
    let fault = |code, message: String, hint: String| Fault(vec![Diagnostic::error(code, message).hint(hint)]);
    let made_by = before.first();
    let read = Key::read(&project.key).map_err(|error| fault("key", error.to_string(), error.hint()))?;
    if let Some(key) = read {
        if made_by.is_some_and(|s| s.key != key.id()) {
            let message = format!("{shown} is not the key that the records of the last release were made with");
            let hint = "a person would have two hashes: name the right key with --key FILE; to begin anew with this one, \
                        move the warehouse folder away";
            return Err(fault("key-changed", message, hint.to_owned()).into());
        }
        return Ok(key);
    }
    if made_by.is_some() {
        let message = format!("the key {shown}, which the records of the last release were made with, is missing");
        let hint = "restore it from its backup, or name it with --key FILE; to begin anew with another one, move the \
                    warehouse folder away";
        return Err(fault("key-missing", message, hint.to_owned()).into());
    }
    let key = Key::create(&project.key).map_err(|error| fault("key", error.to_string(), error.hint()))?;
    let note = Diagnostic::info("key-made", format!("a key for personal numbers was made: {shown}")).hint(
        "keep a copy where only you can read it: without it, the records of later months cannot be joined to these",
    );
    print::diagnostics(&[note], as_json);
    Ok(key)
}

fn sent<'a>(
    extract: &'a Extract,
    file: &'a FileDigest,
    captured: Vec<Captured>,
    codebook: &Codebook,
    codes: &str,
    key: &Key,
) -> Sent<'a> {
    let mut scope = BTreeMap::new();
    let mut count = Vec::new();
    for one in &captured {
        let Some(name) = capture_name(&one.capture) else { continue };
        if matches!(one.capture, Capture::Integer(_)) && !extract.replaces.iter().any(|r| r == name) {
            count.extend(one.text.parse::<u64>());
            continue;
        }
        if extract.replaces.iter().any(|r| r == name) {
            scope.insert(name.to_owned(), canonical(extract, one, codebook));
        }
    }
    let made_of = [
        PROGRAM.to_owned(),
        format!("{extract:?}"),
        codes.to_owned(),
        key.id().to_owned(),
        file.sha256.clone(),
        format!("{:?}", captured.iter().map(|c| canonical(extract, c, codebook)).collect::<Vec<_>>()),
    ];
    let id = sha256_bytes(made_of.join("\n").as_bytes())[..32].to_owned();
    Sent { extract, file, captured, id, scope, count }
}

/// A region by its code and a month in one form, however they are written.
fn canonical(extract: &Extract, captured: &Captured, codebook: &Codebook) -> String {
    if let Some(period) = captured.period() {
        return period.to_string();
    }
    let list = match &captured.capture {
        Capture::Dimension(dimension) => dimension.as_str(),
        Capture::Breakdown(name) => name,
        _ => return captured.text.to_string(),
    };
    let scope = LabelScope { dataset: &extract.dataset, table: &extract.id, versions: &extract.versions };
    codebook.lookup(list, scope, &captured.text).map_or_else(|_| captured.text.to_string(), |code| code.to_string())
}

/// The lists that an extract's codes are looked up in, and nothing else of the code lists.
fn codes_digest(extract: &Extract, codebook: &Codebook) -> String {
    let mut text = String::new();
    for column in extract.table.columns {
        let RecordKind::Code(list) = column.kind else { continue };
        let entries = codebook.lists.get(list).map_or(&[][..], |list| list.entries.as_slice());
        for entry in entries {
            text.push_str(&format!("{list} {} {} {}\n", entry.code, entry.name_zh, entry.version));
        }
        for alias in codebook.aliases.iter().filter(|alias| alias.list == list) {
            text.push_str(&format!("{list} {} {} {}\n", alias.scope, alias.label, alias.code));
        }
    }
    sha256_bytes(text.as_bytes())
}

/// What a person should know of a file that was read, now or before.
fn told(submission: &Submission) -> Option<Diagnostic> {
    if submission.records == 0 && submission.refused {
        let message = "nothing of the file is taken: it has a header, and no record below it";
        let hint = "ask for it again; what was sent before for the same scope stays. Where a file may well have none, as of \
                    deaths in a small place, its layout says may_be_empty = true";
        return Some(Diagnostic::warning("file-empty", message).at(Place::file(&submission.source_file)).hint(hint));
    }
    if submission.rejected == 0 {
        return None;
    }
    let mut reasons: Vec<(&String, &u64)> = submission.reasons.iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let shown: Vec<String> = reasons.iter().take(REASONS_SHOWN).map(|(reason, n)| format!("{n} {reason}")).collect();
    let more = if reasons.len() > shown.len() { ", …" } else { "" };
    let counted = format!(
        "{} of {} records could not be used: {}{more}",
        submission.rejected,
        submission.records,
        shown.join(", ")
    );
    let hint = format!(
        "SELECT * FROM core_reject WHERE submission = '{}' tells line, column and reason of each",
        submission.id
    );
    let reason = |(reason, n): &(&String, &u64)| match chinese::rule(reason) {
        "" => format!("{reason}{n}条"),
        zh => format!("{zh}{n}条"),
    };
    let shown: Vec<String> = reasons.iter().take(REASONS_SHOWN).map(reason).collect();
    let counted_zh = format!(
        "{}条记录中有{}条不能采用：{}{}",
        submission.records,
        submission.rejected,
        shown.join("，"),
        if more.is_empty() { "" } else { "等" }
    );
    let (cut, cut_zh, hints) = match submission.reasons.contains_key(CUT_OFF) {
        true => (
            "the file seems to be cut off, its last line has no end and too few cells: ",
            "文件可能不完整，末行残缺；",
            vec!["have it sent again: nobody knows how many records are missing".to_owned(), hint],
        ),
        false => ("", "", vec![hint]),
    };
    let told = match submission.refused {
        true => Diagnostic::error("file-refused", format!("nothing of the file is taken: {cut}{counted}"))
            .zh(format!("文件未予采用：{cut_zh}{counted_zh}"))
            .hint("that is a larger share than rejects_max allows; what was sent before for the same scope stays"),
        false => {
            Diagnostic::warning("records-set-aside", format!("{cut}{counted}")).zh(format!("{cut_zh}{counted_zh}"))
        }
    };
    Some(hints.into_iter().fold(told.at(Place::file(&submission.source_file)), Diagnostic::hint))
}
