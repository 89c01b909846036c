//! `manifest.json`: what a release was made from, with what, and what came out.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::derived::Derived;
use super::super::digest::{FileDigest, sha256_bytes, sha256_groups};
use super::super::error::StoreError;
use super::super::records::Submission;

pub const MANIFEST: &str = "manifest.json";

/// Version of the program and a digest of its sources: a changed program does its work again.
pub const PROGRAM: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("SHEBAO_SOURCES"));

/// The files a release is made from, by name in the project and content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    pub inputs: Vec<FileDigest>,
    pub specs: Vec<FileDigest>,
    pub sql: Vec<FileDigest>,
    pub reports: Vec<FileDigest>,
    /// The period until which deliveries were awaited, where the project has a calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl Sources {
    /// One digest of all of them and of the tool's version: equal digests, nothing to do.
    pub fn digest(&self) -> String {
        let groups: [(&str, &[FileDigest]); 4] =
            [("inputs", &self.inputs), ("specs", &self.specs), ("sql", &self.sql), ("reports", &self.reports)];
        match &self.until {
            None => sha256_groups(PROGRAM, &groups),
            Some(until) => sha256_groups(&format!("{PROGRAM} until {until}"), &groups),
        }
    }
}

/// A table taken over from an earlier release because its new edition had errors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Kept {
    pub dataset: String,
    pub table_id: String,
    /// The release it was taken from.
    pub release: String,
    pub reason: String,
    /// Of an edition of several files, the one that is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// What a table follows from and what its file holds, as digests: a table that follows from the same is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    pub from: String,
    pub content: String,
    /// Of a table that lies by month, the months among the periods of what it makes without records: their rows lie with the
    /// months.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub months: Vec<String>,
}

/// All that is known about a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub release: String,
    #[serde(with = "time")]
    pub released_at: Timestamp,
    pub tool_version: String,
    /// [`Sources::digest`].
    pub made_from: String,
    #[serde(flatten)]
    pub sources: Sources,
    pub kept: Vec<Kept>,
    /// Text encoding by input file, as declared or detected.
    #[serde(default)]
    pub encodings: BTreeMap<String, String>,
    /// Rows per table.
    pub rows: BTreeMap<String, u64>,
    /// Findings per severity.
    pub findings: BTreeMap<String, u64>,
    /// Faults of the report files: what they name was not printed.
    #[serde(default)]
    pub report_faults: u64,
    /// The files of agencies whose records the release consists of, and those that were refused.
    #[serde(default)]
    pub submissions: Vec<Submission>,
    /// Files that were read and are not in the release as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aside: Vec<Aside>,
    /// The files of tables that were computed month by month.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub derived: Vec<Derived>,
    /// Of the tables of the release's own folder that were computed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub made: BTreeMap<String, Made>,
    /// Published files by name in the output folder.
    pub outputs: Vec<FileDigest>,
    /// When each source file, by its sha256, was first part of a release.
    #[serde(with = "times")]
    pub first_released: BTreeMap<String, Timestamp>,
}

/// A file that was due and read, and that the release does not hold as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aside {
    #[serde(flatten)]
    pub file: FileDigest,
    pub why: Why,
}

/// Why a file is not in a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Nothing of it could be taken.
    Refused,
    /// Nothing of it could be taken; what was there before stays.
    Kept,
    /// It waits for others of its period.
    Held,
}

impl Manifest {
    /// A manifest without results yet. The id follows from the sources and the kept tables alone; times of first
    /// release are carried forward from the release before.
    pub fn new(mut sources: Sources, mut kept: Vec<Kept>, now: Timestamp, before: Option<&Manifest>) -> Manifest {
        kept.sort();
        for files in [&mut sources.inputs, &mut sources.specs, &mut sources.sql, &mut sources.reports] {
            files.sort();
        }
        let made_from = sources.digest();
        let mut identity = made_from.clone();
        for table in &kept {
            identity.push_str(&format!("\n{} {} {}", table.dataset, table.table_id, table.release));
        }
        let mut first_released = before.map_or_else(BTreeMap::new, |before| before.first_released.clone());
        for input in &sources.inputs {
            first_released.entry(input.sha256.clone()).or_insert(now);
        }
        Manifest {
            release: sha256_bytes(identity.as_bytes())[..ID_DIGITS].to_owned(),
            released_at: now,
            tool_version: PROGRAM.to_owned(),
            made_from,
            sources,
            kept,
            encodings: BTreeMap::new(),
            rows: BTreeMap::new(),
            findings: BTreeMap::new(),
            report_faults: 0,
            submissions: Vec::new(),
            aside: Vec::new(),
            derived: Vec::new(),
            made: BTreeMap::new(),
            outputs: Vec::new(),
            first_released,
        }
    }

    /// The same with the records of these submissions; what was sent before and kept makes it another release.
    pub fn with_records(mut self, mut submissions: Vec<Submission>) -> Manifest {
        submissions.sort_by(|a, b| (&a.table, &a.scope, &a.id).cmp(&(&b.table, &b.scope, &b.id)));
        if !submissions.is_empty() {
            let mut identity = self.release.clone();
            for submission in &submissions {
                identity.push_str(&format!("\n{} {}", submission.id, submission.refused));
            }
            self.release = sha256_bytes(identity.as_bytes())[..ID_DIGITS].to_owned();
        }
        self.submissions = submissions;
        self
    }

    /// Figures of the release.
    pub fn observations(&self) -> u64 {
        self.rows.get("core_observation").copied().unwrap_or(0)
    }

    /// Findings of a severity: `error`, `warning`, `info`.
    pub fn count(&self, severity: &str) -> u64 {
        self.findings.get(severity).copied().unwrap_or(0)
    }

    /// What makes a release one that a person should look at: errors in the data, reports that could not be printed.
    pub fn has_errors(&self) -> bool {
        self.count("error") > 0 || self.report_faults > 0
    }

    /// The manifest of a release folder.
    ///
    /// # Errors
    /// There is none, or it is not one of this program.
    pub fn read(release: &Path) -> Result<Manifest, StoreError> {
        let path = release.join(MANIFEST);
        let text = fs::read_to_string(&path).map_err(StoreError::io("read", &path))?;
        serde_json::from_str(&text).map_err(|error| StoreError::Malformed { path, message: error.to_string() })
    }

    /// As [`Manifest::read`]; `None` where there is none.
    ///
    /// # Errors
    /// It is not one of this program.
    pub fn find(release: &Path) -> Result<Option<Manifest>, StoreError> {
        release.join(MANIFEST).is_file().then(|| Manifest::read(release)).transpose()
    }

    /// Write the manifest into a release folder.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, release: &Path) -> Result<(), StoreError> {
        let path = release.join(MANIFEST);
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|error| StoreError::Malformed { path: path.clone(), message: error.to_string() })?;
        text.push('\n');
        fs::write(&path, text).map_err(StoreError::io("write", &path))
    }
}

/// Characters of a release id: enough that two releases of a warehouse do not meet, few enough to type.
const ID_DIGITS: usize = 16;

mod time {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(time)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

mod times {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(times: &BTreeMap<String, Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(times.iter().map(|(digest, time)| (digest, time.to_string())))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Timestamp>, D::Error> {
        let written = BTreeMap::<String, String>::deserialize(from)?;
        written.into_iter().map(|(digest, time)| Ok((digest, time.parse().map_err(D::Error::custom)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(sha256: &str) -> Sources {
        Sources { inputs: vec![FileDigest { path: "a.csv".into(), sha256: sha256.into() }], ..Sources::default() }
    }

    #[test]
    fn the_time_of_first_release_is_carried_forward() {
        let january: Timestamp = "2026-01-31T10:00:00Z".parse().unwrap();
        let february: Timestamp = "2026-02-28T10:00:00Z".parse().unwrap();
        let first = Manifest::new(sources("1"), Vec::new(), january, None);
        let same = Manifest::new(sources("1"), Vec::new(), february, Some(&first));
        assert_eq!((same.release == first.release, same.first_released["1"]), (true, january));
        let second = Manifest::new(sources("2"), Vec::new(), february, Some(&first));
        assert_eq!((second.first_released["1"], second.first_released["2"]), (january, february));
        let kept = Kept {
            dataset: "d".into(),
            table_id: "t".into(),
            release: first.release.clone(),
            reason: "header moved".into(),
            file: None,
        };
        let with_kept = Manifest::new(sources("2"), vec![kept], february, Some(&first));
        assert_ne!(with_kept.release, second.release);
        assert_eq!(with_kept.made_from, second.made_from);
    }

    #[test]
    fn a_manifest_reads_back_as_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut manifest = Manifest::new(sources("1"), Vec::new(), Timestamp::UNIX_EPOCH, None);
        manifest.rows.insert("core_code".into(), 7);
        manifest.write(folder.path()).unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), manifest);
    }
}
