//! Staged observations to a release, and a release to published files; the last release stays whole whatever happens.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cli::progress::Progress;
use crate::cli::{Fault, job};
use crate::diag::{Diagnostic, Severity};
use crate::explain::Explainer;
use crate::project::Project;
use crate::report;
use crate::store::digest::{FileDigest, sha256_file};
use crate::store::records::Submission;
use crate::store::release::{Aside, Kept, Manifest, Release, Releases, Sources};
use crate::store::stage;
use crate::store::{StoreError, publish as output};
use crate::warehouse::provenance::Provenance;
use crate::warehouse::{self, Warehouse};

use super::inventory::{as_built, digests, files_below};
use super::reading::Reading;

const STAGED: &str = "reading.json";

/// What `warehouse/stage/` says beside its tables.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Staged {
    pub sources: Sources,
    pub kept: Vec<Kept>,
    /// Text encoding by file, as declared or detected.
    pub encodings: BTreeMap<String, String>,
    /// The records of agencies' extracts.
    #[serde(default)]
    pub submissions: Vec<Submission>,
    /// What was due and read, and is not in the release as it is.
    #[serde(default)]
    pub aside: Vec<Aside>,
}

/// A release that is built and not yet current.
pub struct Built {
    pub manifest: Manifest,
    folder: PathBuf,
}

/// Printed files that are not yet in the output folder, and what went wrong with some of them.
pub struct Printed {
    pub tables: usize,
    pub charts: usize,
    pub diagnostics: Vec<Diagnostic>,
    /// The files with their digests.
    outputs: Vec<FileDigest>,
    folder: PathBuf,
}

fn stage_folder(project: &Project) -> PathBuf {
    project.warehouse.join("stage")
}

/// Put what was read where `build` finds it. The caller holds the lock.
///
/// # Errors
/// The warehouse folder cannot be written, or two cells claim one observation.
pub fn put_stage(project: &Project, sources: Sources, reading: &Reading) -> anyhow::Result<()> {
    let folder = stage_folder(project);
    let next = folder.with_extension("next");
    for old in [&next, &folder] {
        match fs::remove_dir_all(old) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::io("remove", old)(error).into());
            }
            _ => {}
        }
    }
    fs::create_dir_all(&next).map_err(StoreError::io("make the folder", &next))?;
    stage::write(&next, &reading.stage)?;
    let staged = Staged {
        sources,
        kept: reading.kept.clone(),
        encodings: reading.encodings.clone(),
        submissions: reading.submissions.clone(),
        aside: reading.aside.clone(),
    };
    let path = next.join(STAGED);
    fs::write(&path, serde_json::to_vec_pretty(&staged)?).map_err(StoreError::io("write", &path))?;
    fs::rename(&next, &folder).map_err(StoreError::io("put in place", &folder))?;
    Ok(())
}

/// Build a release from the staged tables, for [`Built::publish`]. The caller holds the lock.
///
/// # Errors
/// Nothing is staged, the SQL has a fault, or the warehouse folder cannot be written.
pub fn build(project: &Project, now: Timestamp, progress: &mut Progress) -> anyhow::Result<Built> {
    let stage = stage_folder(project);
    let text = fs::read_to_string(stage.join(STAGED)).context("nothing is staged; run `shebao ingest` first")?;
    let staged: Staged = serde_json::from_str(&text).with_context(|| format!("reading {STAGED}"))?;
    let releases = Releases::open(&project.warehouse);
    let before = releases.current()?.map(|release| Manifest::read(&release.path)).transpose()?;
    let sources = as_built(project, staged.sources)?;
    let mut manifest = Manifest::new(sources, staged.kept, now, before.as_ref());
    manifest = manifest.with_records(staged.submissions);
    manifest.encodings = staged.encodings;
    manifest.aside = staged.aside;
    let folder = releases.stage()?;
    // The warehouse learns from it where the records lie; it is written again when all is known.
    manifest.write(&folder)?;
    progress.stage("build", files_below(&project.models())?.len() + 1);
    let mut step = |name: &str| progress.step(name);
    let rules = job::rules(project)?;
    let built =
        warehouse::build(&stage, &project.models(), &project.audits(), &rules, &folder, &mut step).map_err(Fault)?;
    for path in files_below(&stage)?.iter().filter(|p| p.extension().is_some_and(|e| e == "parquet")) {
        let to = folder.join(path.file_name().unwrap_or_default());
        fs::copy(path, &to).map_err(StoreError::io("write", &to))?;
    }
    manifest.rows = built.tables.iter().map(|t| (t.name.clone(), t.rows)).collect();
    for submission in &manifest.submissions {
        let rows: u64 = submission.parts.iter().map(|part| part.in_force().1).sum();
        *manifest.rows.entry(submission.table.clone()).or_default() += rows;
    }
    manifest.findings = built.findings;
    manifest.derived = built.derived;
    manifest.made = built.made;
    manifest.write(&folder)?;
    let findings: u64 = manifest.findings.values().sum();
    let months = match manifest.derived.len() {
        0 => String::new(),
        all => format!(" ({} of {all} months computed)", built.months_computed),
    };
    progress.done(&format!("{} tables{months}, {findings} findings", built.tables.len()));
    Ok(Built { manifest, folder })
}

impl Built {
    /// Print the tables and charts before anything is published, so that what cannot be printed is not published either.
    ///
    /// # Errors
    /// The output folder cannot be written.
    pub fn print(&mut self, project: &Project, progress: &mut Progress) -> anyhow::Result<Printed> {
        let printed = print(project, &self.folder, &self.manifest, progress)?;
        self.manifest.outputs = printed.outputs.clone();
        let errors = printed.diagnostics.iter().filter(|d| d.severity == Severity::Error);
        self.manifest.report_faults = errors.count() as u64;
        Ok(printed)
    }

    /// Make it the current release. The caller holds the lock.
    ///
    /// # Errors
    /// The warehouse folder cannot be written; the last release stays.
    pub fn publish(&self, project: &Project) -> anyhow::Result<Release> {
        Ok(Releases::open(&project.warehouse).publish(&self.folder, &self.manifest)?)
    }
}

/// Print the tables and charts of a release, for [`Printed::exchange`]. The caller holds the lock.
///
/// # Errors
/// The output folder cannot be written; the files published before stay.
pub fn print(
    project: &Project,
    tables: &Path,
    manifest: &Manifest,
    progress: &mut Progress,
) -> anyhow::Result<Printed> {
    let warehouse = Warehouse::open_with(tables, &manifest.first_released).map_err(|fault| Fault(vec![fault]))?;
    let mut diagnostics = Vec::new();
    let specs = report::load(&project.reports()).split(&mut diagnostics);
    progress.stage("report", specs.iter().map(|s| s.tables.len() + s.charts.len()).sum());
    let folder = output::prepare(&project.output)?;
    let mut step = |name: &str| progress.step(name);
    let provenance = Provenance::open(tables, &project.models(), &project.audits()).map_err(Fault)?;
    let mut explainer = Explainer::new(provenance);
    let published = report::publish(&specs, &warehouse, manifest, &folder, Some(&mut explainer), &mut step)
        .map_err(Fault)?
        .split(&mut diagnostics);
    progress.done(&format!("{} tables, {} charts", published.tables, published.charts));
    let outputs = digests(&folder, &folder)?;
    Ok(Printed { tables: published.tables, charts: published.charts, diagnostics, outputs, folder })
}

impl Printed {
    /// Put the printed files in the place of those published before, with the manifest of the release they print.
    ///
    /// # Errors
    /// The output folder cannot be written; the files published before stay.
    pub fn exchange(&self, project: &Project, release: &Release) -> anyhow::Result<()> {
        let manifest = Manifest::read(&release.path)?;
        Manifest { outputs: self.outputs.clone(), ..manifest }.write(&self.folder)?;
        Ok(output::exchange(&self.folder, &project.output)?)
    }
}

/// Whether the output folder holds the files of a release, each as it was printed.
pub fn is_printed(project: &Project, release: &Release) -> bool {
    let whole = |manifest: Manifest| {
        let as_printed =
            |file: &FileDigest| sha256_file(&project.output.join(&file.path)).is_ok_and(|sha256| sha256 == file.sha256);
        manifest.release == release.id && manifest.outputs.iter().all(as_printed)
    };
    Manifest::read(&project.output).is_ok_and(whole) && project.output.join("index.html").is_file()
}
