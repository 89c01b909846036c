//! The project's folders: the only code that knows their names.

use std::path::{Path, PathBuf};

/// A project on disk. A run reads `pipelines/ sql/ reports/` and the input folder, and writes the warehouse and the
/// output folder only.
#[derive(Clone, Debug)]
pub struct Project {
    pub root: PathBuf,
    /// Where the files to be read lie; `fixtures/` unless told otherwise.
    pub input: PathBuf,
    /// Releases, staging area and lock; `warehouse/`.
    pub warehouse: PathBuf,
    /// Published tables and charts; `out/`.
    pub output: PathBuf,
    /// The key by which personal numbers are hashed; `warehouse/key` unless told otherwise.
    pub key: PathBuf,
}

/// The folder is not a project.
#[derive(Debug, thiserror::Error)]
#[error("{} is not a shebao project: it has no folder pipelines/; run inside a project or name one with --project DIR", .0.display())]
pub struct NotAProject(PathBuf);

impl Project {
    /// # Errors
    /// The folder has no `pipelines/`.
    pub fn open(root: &Path, input: Option<&Path>) -> Result<Project, NotAProject> {
        match root.join("pipelines").is_dir() {
            true => Ok(Project::at(root, input)),
            false => Err(NotAProject(root.to_owned())),
        }
    }

    /// The folders that a project has, whether there is one or not.
    pub fn at(root: &Path, input: Option<&Path>) -> Project {
        let mut project = Project {
            root: root.to_owned(),
            input: input.map_or_else(|| root.join("fixtures"), Path::to_owned),
            warehouse: root.join("warehouse"),
            output: root.join("out"),
            key: PathBuf::new(),
        };
        project.key = project.own_key();
        project
    }

    /// Where the key lies unless told otherwise.
    pub fn own_key(&self) -> PathBuf {
        self.warehouse.join("key")
    }

    pub fn pipelines(&self) -> PathBuf {
        self.root.join("pipelines")
    }

    pub fn codes(&self) -> PathBuf {
        self.pipelines().join("codes")
    }

    pub fn rules(&self) -> PathBuf {
        self.pipelines().join("rules")
    }

    pub fn corrections(&self) -> PathBuf {
        self.pipelines().join("corrections")
    }

    pub fn calendar(&self) -> PathBuf {
        self.pipelines().join("calendar.toml")
    }

    pub fn models(&self) -> PathBuf {
        self.root.join("sql/models")
    }

    pub fn audits(&self) -> PathBuf {
        self.root.join("sql/audits")
    }

    pub fn reports(&self) -> PathBuf {
        self.root.join("reports")
    }

    /// A path as it is shown and stored: relative to the project (or the input folder), with `/`.
    pub fn display(&self, path: &Path) -> String {
        let short = path.strip_prefix(&self.root).unwrap_or(path);
        short.to_string_lossy().replace('\\', "/")
    }
}
