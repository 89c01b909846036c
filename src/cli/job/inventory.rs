//! What there is to do: the specifications, the files they name, and the digests of all a release is made from.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::cli::Fault;
use crate::project::Project;
use crate::spec::{self, Pipelines};
use crate::store::digest::{self, FileDigest};
use crate::store::release::Sources;

/// The specifications, the files they name, and what is not there.
pub struct Inventory {
    pub pipelines: Pipelines,
    /// Files that are there, by path below the input folder.
    pub files: Vec<FileDigest>,
    /// Files that an edition names and that are not there.
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
    if loaded.has_errors() {
        return Err(Fault(loaded.diagnostics).into());
    }
    let pipelines = loaded.value;
    let mut named = BTreeSet::new();
    for edition in pipelines.sources.iter().flat_map(|s| &s.tables).flat_map(|t| &t.editions) {
        named.insert(edition.file.clone());
    }
    let (mut files, mut missing) = (Vec::new(), Vec::new());
    for file in &named {
        let path = project.input.join(file);
        match digest::sha256_file(&path) {
            Ok(sha256) => files.push(FileDigest { path: file.clone(), sha256 }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(file.clone()),
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        }
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
    Ok(Inventory { pipelines, files, missing, unread })
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
        sql: [digests(&project.models())?, digests(&project.audits())?].concat(),
        reports: digests(&project.reports())?,
    })
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
