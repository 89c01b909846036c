//! What there is to do: the specifications, the files they name, and the digests of all a release is made from.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use jiff::{Span, Timestamp};

use super::delivery::{self, Deliveries, Given};
use crate::cli::{Fault, job};
use crate::diag::{Diagnostic, Place};
use crate::domain::Period;
use crate::grid::{self, on_all_cores};
use crate::project::Project;
use crate::spec::calendar::{self, Calendar};
use crate::spec::corrections::{self, Correction};
use crate::spec::pattern::Pattern;
use crate::spec::{self, Pipelines, rules};
use crate::store::digest::{self, FileDigest};
use crate::store::known::Known;
use crate::store::ledger::{Arrival, Ledger};
use crate::store::release::{Manifest, Release, Sources};

/// Where nothing has come for longer, it is rather the clock that is wrong than the agencies.
const SILENT_YEARS: i64 = 2;

/// The specifications, the files they name, and what is not there.
pub struct Inventory {
    pub pipelines: Pipelines,
    pub corrections: Vec<Correction>,
    /// Files that are there and that an edition reads, by path below the input folder.
    pub files: Vec<FileDigest>,
    /// Files that an edition names and that are not there; a name with captures where no file fits it.
    pub missing: Vec<String>,
    /// Files in a source's folder that no edition names.
    pub unread: Vec<String>,
    /// Files that another program still writes; they are left for the next run.
    pub moving: Vec<String>,
    pub calendar: Option<Calendar>,
    /// What the calendar makes of the files; empty before [`Inventory::await_deliveries`].
    pub deliveries: Deliveries,
    /// The digests of the files, as they are noted for the next time.
    known: Known,
}

impl Inventory {
    /// Note what has arrived and its digests, and let the calendar decide what of it is read: what is not whole is held back until it is, and
    /// what is of a later period than `until` waits for its turn. The caller holds the lock.
    ///
    /// # Errors
    /// The warehouse folder cannot be read or written.
    pub fn await_deliveries(
        &mut self,
        project: &Project,
        until: Option<Period>,
        last: Option<&Release>,
    ) -> anyhow::Result<()> {
        self.known.write()?;
        if self.calendar.is_none() {
            return Ok(());
        }
        let (arrivals, known) = self.arrivals(project, job::now())?;
        Ledger::arrivals(&project.warehouse).append(&arrivals[known..])?;
        self.hold_back(self.deliveries(&arrivals, until, last)?);
        Ok(())
    }

    /// Leave out what is not read for the sake of what is not there.
    pub fn hold_back(&mut self, deliveries: Deliveries) {
        self.files.retain(|file| !deliveries.unread.contains(&file.path));
        self.deliveries = deliveries;
    }

    /// What the calendar makes of the files that are there.
    ///
    /// # Errors
    /// The last release cannot be read.
    pub fn deliveries(
        &self,
        arrivals: &[Arrival],
        until: Option<Period>,
        last: Option<&Release>,
    ) -> anyhow::Result<Deliveries> {
        let Some(calendar) = &self.calendar else { return Ok(Deliveries::default()) };
        let last = last.map(|release| Manifest::read(&release.path)).transpose()?;
        let given = Given { pipelines: &self.pipelines, files: &self.files, arrivals, last: last.as_ref(), until };
        Ok(Deliveries::of(calendar, &given))
    }

    /// A clock that stands where it cannot: `previous` would be a period of which nothing can be there. What stands before the
    /// newest data is told, and what is published stays as it is.
    ///
    /// # Errors
    /// The clock stands years after all that has come, so that everything since would be missing.
    pub fn doubt_clock(&self, now: Timestamp, last: Option<&Release>) -> anyhow::Result<Option<Diagnostic>> {
        let Some(calendar) = &self.calendar else { return Ok(None) };
        let last = last.map(|release| Manifest::read(&release.path)).transpose()?;
        let codes = &self.pipelines.codebook;
        let there = calendar.newest(self.files.iter().map(|file| file.path.as_str()), codes);
        let published = last.and_then(|last| delivery::newest_published(calendar, &last, codes));
        let Some(newest) = there.into_iter().chain(published).max_by_key(|period| period.end()) else {
            return Ok(None);
        };
        let today = now.to_zoned(calendar.zone.clone()).date();
        let hint = "set the machine's clock, or name the period: --period 2026-10";
        if newest.start() > today {
            let message = format!("the clock says {today}, which is before {newest}, of which files have come");
            return Ok(Some(Diagnostic::warning("clock", message).hint(hint)));
        }
        if newest.end().saturating_add(Span::new().years(SILENT_YEARS)) < calendar.month_before(now)?.end() {
            let message = format!("the clock says {today}, and nothing has come of any period after {newest}");
            return Err(Fault(vec![Diagnostic::error("clock", message).hint(hint)]).into());
        }
        Ok(None)
    }

    /// All that has arrived by now, and how much of it the last run knew.
    ///
    /// # Errors
    /// The warehouse folder cannot be read.
    pub fn arrivals(&self, project: &Project, now: Timestamp) -> anyhow::Result<(Vec<Arrival>, usize)> {
        let mut arrivals: Vec<Arrival> = Ledger::arrivals(&project.warehouse).read()?;
        let known = arrivals.len();
        arrivals.extend(self.new_arrivals(&arrivals, now));
        Ok((arrivals, known))
    }

    /// The files that were not there before, or not with this content; one that cannot be read has none yet.
    fn new_arrivals(&self, known: &[Arrival], now: Timestamp) -> Vec<Arrival> {
        let is_known =
            |file: &&FileDigest| known.iter().rfind(|a| a.file == file.path).is_some_and(|a| a.sha256 == file.sha256);
        let new = self.files.iter().filter(|file| file.is_readable() && !is_known(file));
        new.map(|f| Arrival { file: f.path.clone(), sha256: f.sha256.clone(), seen_at: now.to_string() }).collect()
    }
}

/// Load the specifications and look which files are there.
///
/// # Errors
/// A specification or code list has a fault, or the input folder cannot be read: nothing can be read reliably then.
pub fn inventory(project: &Project) -> anyhow::Result<Inventory> {
    if !project.input.is_dir() {
        let input = project.input.display();
        bail!("the input folder {input} does not exist; name the folder of your files with --input DIR");
    }
    let loaded = spec::load(project);
    let corrections = corrections::load(project);
    let rules = rules::load(project, &loaded.value.codebook);
    let calendar = calendar::load(project, &loaded.value.codebook);
    if loaded.has_errors() || corrections.has_errors() || rules.has_errors() || calendar.has_errors() {
        let faults = [loaded.diagnostics, corrections.diagnostics, rules.diagnostics, calendar.diagnostics];
        return Err(Fault(faults.concat()).into());
    }
    let pipelines = loaded.value;
    let there = candidates(project, &pipelines)?;
    let (mut named, mut missing) = (BTreeSet::new(), BTreeSet::new());
    for source in &pipelines.sources {
        // What agencies have not sent is no fault of the layout: what is due of them stands in the calendar.
        let sends = !source.extracts.is_empty();
        for edition in source.tables.iter().flat_map(|t| &t.editions) {
            let files = edition.files_among(there.iter().map(String::as_str));
            named.extend(files.there.into_iter().map(|(file, _)| file.to_owned()));
            let lacking = files.missing.into_iter().filter(|file| !(sends && file.contains('{')));
            missing.extend(lacking.map(str::to_owned));
        }
    }
    for extract in pipelines.sources.iter().flat_map(|s| &s.extracts) {
        named.extend(there.iter().filter(|file| extract.captured(file).is_some()).cloned());
    }
    let settle = calendar.value.as_ref().map_or(Duration::ZERO, |calendar| calendar.settle);
    let known = Known::open(&project.warehouse);
    let (files, moving) = settled(project, &named, settle, &known);
    let mut unread = Vec::new();
    for source in &pipelines.sources {
        for path in files_below(&project.input.join(&source.id))? {
            let shown = below(&project.input, &path);
            if !named.contains(&shown) {
                unread.push(shown);
            }
        }
    }
    let missing = missing.into_iter().collect();
    let (corrections, calendar) = (corrections.value, calendar.value);
    let deliveries = Deliveries::default();
    Ok(Inventory { pipelines, corrections, files, missing, unread, moving, calendar, deliveries, known })
}

/// The files with their digests, and those that change while they are looked at: a copy that is under way looks like a
/// short file. A file younger than `settle` is given that time. One that cannot be read is left to who reads it: that is told
/// there, like a damaged one.
fn settled(
    project: &Project,
    named: &BTreeSet<String>,
    settle: Duration,
    known: &Known,
) -> (Vec<FileDigest>, Vec<String>) {
    let form = |path: &PathBuf| fs::metadata(path).and_then(|about| Ok((about.len(), about.modified()?)));
    let paths: Vec<PathBuf> = named.iter().map(|file| project.input.join(file)).collect();
    let before: Vec<io::Result<(u64, SystemTime)>> = paths.iter().map(form).collect();
    // A time that lies ahead, of a clock that jumped, says nothing of the age.
    let age = |time: &SystemTime| time.elapsed().unwrap_or(Duration::ZERO);
    let times = before.iter().flatten().map(|(_, time)| settle.saturating_sub(age(time)));
    std::thread::sleep(times.max().unwrap_or(Duration::ZERO));
    let (mut files, mut moving) = (Vec::new(), Vec::new());
    let asked: Vec<(&String, &PathBuf)> = named.iter().zip(&paths).collect();
    let digests = grid::on_all_cores(&asked, |(file, path)| known.sha256(file, path));
    for (((file, path), before), sha256) in named.iter().zip(&paths).zip(before).zip(digests) {
        match (before, sha256, form(path)) {
            (Ok(before), Ok(_), Ok(now)) if before != now => moving.push(file.clone()),
            (Ok(_), Ok(sha256), Ok(_)) => files.push(FileDigest { path: file.clone(), sha256 }),
            _ => files.push(FileDigest::unreadable(file.clone())),
        }
    }
    (files, moving)
}

/// The files among which those of the editions are: all of the input folder where a name with captures may fit any of
/// them, else the ones that are written out.
fn candidates(project: &Project, pipelines: &Pipelines) -> anyhow::Result<BTreeSet<String>> {
    let editions = pipelines.sources.iter().flat_map(|s| &s.tables).flat_map(|t| &t.editions);
    let extracts = pipelines.sources.iter().flat_map(|s| &s.extracts);
    let names = editions.flat_map(|e| &e.files).chain(extracts.flat_map(|e| &e.files));
    let (written, fitted): (Vec<&Pattern>, Vec<&Pattern>) = names.partition(|name| name.is_literal());
    let mut there = BTreeSet::new();
    for file in written {
        // A link that leads nowhere is there; what cannot be looked at may be.
        let about = fs::symlink_metadata(project.input.join(file.as_str()));
        if !about.is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            there.insert(file.as_str().to_owned());
        }
    }
    if !fitted.is_empty() {
        let (files, folders) = walk(&project.input)?;
        // A folder of such a name stands where a file is expected.
        let named = folders.into_iter().filter(|folder| folder.extension().is_some());
        there.extend(files.into_iter().chain(named).map(|path| below(&project.input, &path)));
    }
    Ok(there)
}

/// The digests of everything a release is made from.
///
/// # Errors
/// A file cannot be read.
pub fn sources(project: &Project, inventory: &Inventory) -> anyhow::Result<Sources> {
    let digests = |folder: &Path| digests(folder, &project.root);
    Ok(Sources {
        inputs: inventory.files.clone(),
        specs: digests(&project.pipelines())?,
        sql: sql(project)?,
        reports: digests(&project.reports())?,
        until: inventory.deliveries.until.map(|until| until.to_string()),
    })
}

/// The digests of what a release is built from once its files are read: SQL, rules and reports as they are now; the files
/// and what was said of them as when they were read.
///
/// # Errors
/// A file cannot be read.
pub fn as_built(project: &Project, read: Sources) -> anyhow::Result<Sources> {
    let digests = |folder: &Path| digests(folder, &project.root);
    let folder = format!("{}/", below(&project.root, &project.rules()));
    let mut specs: Vec<FileDigest> = read.specs.into_iter().filter(|file| !file.path.starts_with(&folder)).collect();
    specs.extend(digests(&project.rules())?);
    specs.sort_by(|a, b| Path::new(&a.path).cmp(Path::new(&b.path)));
    Ok(Sources {
        inputs: read.inputs,
        specs,
        sql: [digests(&project.models())?, digests(&project.audits())?].concat(),
        reports: digests(&project.reports())?,
        until: read.until,
    })
}

/// The digests of the models and audits, sorted.
///
/// # Errors
/// A file cannot be read.
pub fn sql(project: &Project) -> anyhow::Result<Vec<FileDigest>> {
    let mut files = [digests(&project.models(), &project.root)?, digests(&project.audits(), &project.root)?].concat();
    files.sort();
    Ok(files)
}

/// The files below a folder with their digests, named as seen from `root`.
///
/// # Errors
/// A file cannot be read.
pub fn digests(folder: &Path, root: &Path) -> anyhow::Result<Vec<FileDigest>> {
    let digested = on_all_cores(&files_below(folder)?, |path| {
        let sha256 = digest::sha256_file(path).with_context(|| format!("reading {}", path.display()))?;
        Ok(FileDigest { path: below(root, path), sha256 })
    });
    digested.into_iter().collect()
}

/// All files below a folder, sorted; none where there is no folder.
///
/// # Errors
/// A folder cannot be listed.
pub fn files_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    Ok(walk(folder)?.0)
}

/// The files below a folder, and the folders, sorted.
fn walk(folder: &Path) -> anyhow::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(unlisted(&folder, &error).into()),
        };
        for entry in entries {
            let path = entry.map_err(|error| unlisted(&folder, &error))?.path();
            let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
            match (hidden, path.is_dir()) {
                (true, _) => {}
                (false, true) => {
                    folders.push(path.clone());
                    open.push(path);
                }
                (false, false) => files.push(path),
            }
        }
    }
    files.sort();
    folders.sort();
    Ok((files, folders))
}

/// Nobody can say what is missing of a folder that cannot be listed.
fn unlisted(folder: &Path, error: &io::Error) -> Fault {
    let fault = Diagnostic::error("unreadable-folder", format!("the folder cannot be listed: {error}"))
        .at(Place::file(folder.display().to_string()))
        .hint("make it readable for the user that runs shebao (chmod u+rx, or chown); until then nobody knows what is missing in it");
    Fault(vec![fault])
}

/// A path below a folder as it is shown and stored, with `/`.
pub fn below(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
