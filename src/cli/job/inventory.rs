//! What there is to do: the specifications, the files they name, and the digests of all a release is made from.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::cli::Fault;
use crate::project::Project;
use crate::spec::corrections::{self, Correction};
use crate::spec::pattern::Pattern;
use crate::spec::{self, Pipelines, rules};
use crate::store::digest::{self, FileDigest};
use crate::store::release::Sources;

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
    if loaded.has_errors() || corrections.has_errors() || rules.has_errors() {
        return Err(Fault([loaded.diagnostics, corrections.diagnostics, rules.diagnostics].concat()).into());
    }
    let pipelines = loaded.value;
    let there = candidates(project, &pipelines)?;
    let (mut named, mut missing) = (BTreeSet::new(), BTreeSet::new());
    for edition in pipelines.sources.iter().flat_map(|s| &s.tables).flat_map(|t| &t.editions) {
        let files = edition.files_among(there.iter().map(String::as_str));
        named.extend(files.there.into_iter().map(|(file, _)| file.to_owned()));
        missing.extend(files.missing.into_iter().map(str::to_owned));
    }
    let mut files = Vec::new();
    for file in &named {
        let path = project.input.join(file);
        let sha256 = digest::sha256_file(&path).with_context(|| format!("reading {}", path.display()))?;
        files.push(FileDigest { path: file.clone(), sha256 });
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
    Ok(Inventory { pipelines, corrections: corrections.value, files, missing: missing.into_iter().collect(), unread })
}

/// The files among which those of the editions are: all of the input folder where a name with captures may fit any of
/// them, else the ones that are written out.
fn candidates(project: &Project, pipelines: &Pipelines) -> anyhow::Result<BTreeSet<String>> {
    let editions = pipelines.sources.iter().flat_map(|s| &s.tables).flat_map(|t| &t.editions);
    let (written, fitted): (Vec<&Pattern>, Vec<&Pattern>) =
        editions.flat_map(|e| &e.files).partition(|name| name.is_literal());
    let mut there = BTreeSet::new();
    for file in written {
        let path = project.input.join(file.as_str());
        match fs::metadata(&path) {
            Ok(_) => drop(there.insert(file.as_str().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }
    if !fitted.is_empty() {
        there.extend(files_below(&project.input)?.iter().map(|path| below(&project.input, path)));
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
    let mut files = Vec::new();
    for path in files_below(folder)? {
        let sha256 = digest::sha256_file(&path).with_context(|| format!("reading {}", path.display()))?;
        files.push(FileDigest { path: below(root, &path), sha256 });
    }
    Ok(files)
}

/// All files below a folder, sorted; none where there is no folder.
pub fn files_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
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
pub fn below(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
