//! `shebao build`: staged observations to a release.

use super::job::{self, publication};
use super::progress::Progress;
use super::{Context, Ended};
use crate::store::Lock;

/// Build a release from what `shebao ingest` staged, and make it current
///
/// Runs the models and audits of sql/ in the order their queries imply. The published files in out/ are left as they are;
/// `shebao report` prints them again.
#[derive(clap::Args, Debug)]
pub struct Args {}

pub fn run(context: &Context, _: &Args) -> anyhow::Result<Ended> {
    let project = &context.project;
    let _lock = Lock::acquire(&project.warehouse, "shebao build", job::now())?;
    let mut progress = Progress::new(context.json);
    let built = publication::build(project, job::now(), &mut progress)?;
    let release = built.publish(project)?;
    let manifest = &built.manifest;
    if context.json {
        println!(
            "{}",
            serde_json::json!({ "release": release.id, "rows": manifest.rows, "findings": manifest.findings })
        );
    } else {
        println!("release {} of {}", release.id, release.since);
        for (table, rows) in &manifest.rows {
            println!("  {table:<24} {rows:>8} rows");
        }
    }
    Ok(if manifest.has_errors() { Ended::DataErrors } else { Ended::Good })
}
