//! `shebao report`: a release to published files.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::job::inventory::files_below;
use super::job::{self, publication};
use super::progress::Progress;
use super::{Context, Ended, changes, print};
use crate::store::{Lock, Manifest, Releases, StoreError};

/// Print the tables and charts of the current release again
///
/// For work on reports/: nothing is read or computed, out/ is exchanged for what the report files now say.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Print again whenever a file below reports/ is saved, until interrupted
    #[arg(long, conflicts_with = "diff")]
    watch: bool,
    /// Print nothing; say which printed figures differ from those of this release (an id, or a day), by how much and why:
    /// other input, a correction, or another definition
    #[arg(long, value_name = "RELEASE")]
    diff: Option<String>,
}

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    match &args.diff {
        Some(earlier) => changes::run(context, earlier),
        None if args.watch => watch(context),
        None => once(context),
    }
}

/// How often the reports are looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(300);

/// Print, and again after every change. What is wrong is told, and the next save is waited for.
fn watch(context: &Context) -> anyhow::Result<Ended> {
    let mut printed = None;
    loop {
        let seen = stamps(&context.project.reports())?;
        if printed.as_ref() != Some(&seen) {
            if let Err(error) = once(context) {
                print::failure(&error, context.json);
            }
            printed = Some(seen);
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Every file below a folder with its length and the moment it was written.
fn stamps(folder: &Path) -> anyhow::Result<Vec<(PathBuf, u64, Option<SystemTime>)>> {
    let mut found = Vec::new();
    for path in files_below(folder)? {
        // A file that is being replaced is seen the next time.
        let Ok(file) = path.metadata() else { continue };
        found.push((path, file.len(), file.modified().ok()));
    }
    Ok(found)
}

fn once(context: &Context) -> anyhow::Result<Ended> {
    let project = &context.project;
    let _lock = Lock::acquire(&project.warehouse, "shebao report", job::now())?;
    let none = || StoreError::NoRelease { wanted: "yet".to_owned(), newest: None };
    let release = Releases::open(&project.warehouse).current()?.ok_or_else(none)?;
    let mut progress = Progress::new(context.json);
    let manifest = Manifest::read(&release.path)?;
    let printed = publication::print(project, &release.path, &manifest, &mut progress)?;
    printed.exchange(project, &release)?;
    print::diagnostics(&printed.diagnostics, context.json);
    let output = project.display(&project.output);
    if context.json {
        println!(
            "{}",
            serde_json::json!({ "release": release.id, "tables": printed.tables, "charts": printed.charts, "output": output })
        );
    } else {
        println!(
            "{} tables and {} charts of release {}; see {output}/index.html",
            printed.tables, printed.charts, release.id
        );
    }
    Ok(Ended::of(&printed.diagnostics))
}
