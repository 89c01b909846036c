//! Extracts out of databases: what is asked takes the place of a file, and a digest of its rows that of the file's.

use std::io::{self, Read};

use anyhow::Context as _;

use crate::cli::Fault;
use crate::cli::account::Asked;
use crate::diag::{Diagnostic, Place};
use crate::domain::Period;
use crate::grid::rows::{self, Sink};
use crate::ingest::extract::month_of;
use crate::project::Project;
use crate::spec::extract::{Address, DATABASE_SUFFIX, Database, MONTH_PLACE};
use crate::spec::{Extract, Pipelines};
use crate::store::digest::{FileDigest, LineDigest};
use crate::store::key;
use crate::store::records::month_text;

use super::inventory::Inventory;

/// Bytes that are taken from a server at a time.
const BLOCK_BYTES: usize = 256 << 10;
/// An address is no longer.
const ADDRESS_BYTES: u64 = 4 << 10;

/// What a database holds for the month asked.
pub struct Held {
    /// What it is called among the files.
    pub name: String,
    /// A digest of the rows, and how many they are; or why it does not say.
    pub found: Result<(String, u64), Diagnostic>,
}

/// Ask every database of the specifications what it has, and add that to the files. Queries for a month ask for `until`, or for
/// the month before this one.
///
/// # Errors
/// A database does not answer: nothing can be said of what it has.
pub fn ask_all(project: &Project, inventory: &mut Inventory, until: Option<Period>) -> anyhow::Result<()> {
    for held in look_all(project, inventory, until)? {
        let (sha256, _) = held.found.map_err(|fault| Fault(vec![fault]))?;
        inventory.files.push(FileDigest { path: held.name, sha256 });
    }
    inventory.files.sort();
    Ok(())
}

/// The same for those who only look.
///
/// # Errors
/// Nobody says for which month to ask.
pub fn look_all(project: &Project, inventory: &Inventory, until: Option<Period>) -> anyhow::Result<Vec<Held>> {
    let mut all = Vec::new();
    for extract in extracts(&inventory.pipelines) {
        let Some((name, database)) = extract.asked() else { continue };
        let name = match name.contains(MONTH_PLACE) {
            true => {
                let calendar = inventory.calendar.as_ref();
                let month = until.map_or_else(|| Asked::Previous.period(calendar), Ok).with_context(|| {
                    format!(
                        "{}: which month the database is asked for follows from --period or the calendar",
                        extract.spec
                    )
                })?;
                name.replace(MONTH_PLACE, &month.to_string())
            }
            false => name.to_owned(),
        };
        let found = digest(project, extract, database, &name);
        all.push(Held { name, found });
    }
    Ok(all)
}

fn extracts(pipelines: &Pipelines) -> impl Iterator<Item = &Extract> {
    pipelines.sources.iter().flat_map(|source| &source.extracts)
}

fn digest(project: &Project, extract: &Extract, database: &Database, name: &str) -> Result<(String, u64), Diagnostic> {
    ask(project, extract, database, name, |rows| {
        let mut block = vec![0; BLOCK_BYTES];
        let mut digest = LineDigest::default();
        let (mut lines, mut quoted) = (0_u64, false);
        loop {
            let length = rows.read(&mut block).map_err(|error| broken(&error))?;
            if length == 0 {
                // The first line is the header.
                return Ok((digest.finish(), lines.saturating_sub(1)));
            }
            for byte in &block[..length] {
                quoted ^= *byte == b'"';
                lines += u64::from(*byte == b'\n' && !quoted);
            }
            digest.update(&block[..length]);
        }
    })
}

/// Read what a database has under a name; `None` for the name of a file.
pub fn read(
    project: &Project,
    extract: &Extract,
    file: &FileDigest,
    sink: &mut dyn Sink,
) -> Option<Result<(), Diagnostic>> {
    let database = extract.database.as_ref().filter(|_| file.path.ends_with(DATABASE_SUFFIX))?;
    Some(ask(project, extract, database, &file.path, |rows| {
        let mut watched = Watched { rows, digest: LineDigest::default() };
        rows::read_text(&mut watched, &file.path, sink)?;
        match watched.digest.finish() == file.sha256 {
            true => Ok(()),
            false => {
                Err(Diagnostic::error("database-changed", "the rows changed between being looked at and being read")
                    .hint("run again when nobody writes; until then what was taken before stays"))
            }
        }
    }))
}

fn ask<T>(
    project: &Project,
    extract: &Extract,
    database: &Database,
    name: &str,
    take: impl FnOnce(&mut dyn Read) -> Result<T, Diagnostic>,
) -> Result<T, Diagnostic> {
    let address = address(project, &database.address).map_err(|fault| fault.at(Place::file(&extract.spec)))?;
    let captured = extract.captured(name).unwrap_or_default();
    let month = month_of(&captured).map(month_text).unwrap_or_default();
    rows::postgres::ask(&address, &database.query.replace(MONTH_PLACE, &month), name, take)
}

fn address(project: &Project, from: &Address) -> Result<String, Diagnostic> {
    match from {
        Address::Variable(name) => std::env::var(name).map_err(|_| {
            let message =
                format!("the environment variable {name}, which holds the address of the database, is not set");
            Diagnostic::error("database-address", message)
                .hint(format!("set it where the job is started: {name}=postgresql://user:password@host/database"))
        }),
        Address::File(path) => {
            let path = project.root.join(path);
            let text = key::secret(&path, ADDRESS_BYTES).map_err(|error| {
                Diagnostic::error("database-address", error.to_string()).hint(format!(
                    "write postgresql://user:password@host/database into {} and close it to others: chmod 600",
                    path.display()
                ))
            })?;
            Ok(text.trim().to_owned())
        }
    }
}

fn broken(error: &io::Error) -> Diagnostic {
    Diagnostic::error("database", format!("the connection to the database broke ({})", error.kind()))
        .hint("run again; nothing of the rows was taken")
}

/// Rows on their way to the reader, looked at as they pass.
struct Watched<'a> {
    rows: &'a mut dyn Read,
    digest: LineDigest,
}

impl Read for Watched<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.rows.read(into)?;
        self.digest.update(&into[..length]);
        Ok(length)
    }
}
