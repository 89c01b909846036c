//! The main job, step by step; each step from files to files. `run` walks all of them; `ingest`, `build` and `report` are
//! walks over one. No step computes: each calls the module that does.
//!
//! ```text
//! inventory ─▶ reading ─▶ warehouse/stage/ ─▶ publication ─▶ warehouse/releases/<id>/ ─▶ out/
//! ```

mod chinese;
pub mod delivery;
pub mod reminder;
pub mod inventory;
pub mod database;
pub mod extracts;
pub mod records;
pub mod preview;
pub mod reading;
pub mod publication;

use anyhow::bail;
use jiff::Timestamp;

use super::Fault;
use crate::project::Project;
use crate::spec::{self, rules, rules::Rulebook};
use crate::store::ledger::Run;
use crate::store::release::Release;
use crate::store::{Ledger, Manifest, Releases, StoreError};
use crate::warehouse::Warehouse;
use crate::warehouse::provenance::Provenance;

/// The time of this run: the clock's, or `SOURCE_DATE_EPOCH` where a build must be repeatable to the byte.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn now() -> Timestamp {
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|s| s.parse().ok());
    let now = fixed.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or_else(Timestamp::now);
    // Whole seconds are what a person reads and a manifest needs.
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// The editing rules of a project.
///
/// # Errors
/// A file of rules has a fault.
pub fn rules(project: &Project) -> anyhow::Result<Rulebook> {
    let loaded = rules::load(project, &spec::load_codes(project).value);
    if loaded.has_errors() {
        return Err(Fault(loaded.diagnostics).into());
    }
    Ok(loaded.value)
}

/// The current release, or the one asked for.
///
/// # Errors
/// Nothing has been published, or not at that time.
pub fn release(project: &Project, as_of: Option<&str>) -> anyhow::Result<Release> {
    let releases = Releases::open(&project.warehouse);
    Ok(match as_of {
        Some(wanted) => releases.as_of(wanted)?,
        None => releases.current()?.ok_or(StoreError::NoRelease { wanted: "yet".to_owned(), newest: None })?,
    })
}

/// The current release, or the one asked for, open for questions.
///
/// # Errors
/// Nothing has been published, or not at that time.
pub fn open_release(project: &Project, as_of: Option<&str>) -> anyhow::Result<Warehouse> {
    let release = release(project, as_of)?;
    let mut warehouse = Warehouse::open(&release.path).map_err(|fault| Fault(vec![fault]))?;
    let runs = Ledger::runs(&project.warehouse).read()?;
    warehouse.add_runs(&ended(runs)).map_err(|fault| Fault(vec![fault]))?;
    Ok(warehouse)
}

/// One event of each run: how it ended, where it did.
fn ended(events: Vec<Run>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for event in events {
        match runs.iter_mut().rfind(|run| run.run == event.run) {
            Some(run) => *run = event,
            None => runs.push(event),
        }
    }
    runs
}

/// The same, open for the way back from a figure to its sources.
///
/// # Errors
/// Nothing has been published, or the SQL is not that of the release.
pub fn open_provenance(project: &Project, as_of: Option<&str>) -> anyhow::Result<Provenance> {
    let release = release(project, as_of)?;
    let made_by = Manifest::read(&release.path)?.sources.sql;
    if inventory::sql(project)? != made_by {
        bail!(
            "the files below sql/ are not those that release {} was made by; run `shebao run`, and ask again",
            release.id
        );
    }
    Ok(Provenance::open(&release.path, &project.models(), &project.audits()).map_err(Fault)?)
}
