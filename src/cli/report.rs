//! `shebao report`: a release to published files.

use super::job::{self, publication};
use super::progress::Progress;
use super::{Context, Ended, print};
use crate::store::{Lock, Manifest, Releases, StoreError};

/// Print the tables and charts of the current release again
///
/// For work on reports/: nothing is read or computed, out/ is exchanged for what the report files now say.
#[derive(clap::Args, Debug)]
pub struct Args {}

pub fn run(context: &Context, _: &Args) -> anyhow::Result<Ended> {
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
