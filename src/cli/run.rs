//! `shebao run`: the whole main job.

use std::time::{Duration, Instant};

use serde_json::json;

use super::job::{self, inventory, publication, reading};
use super::progress::Progress;
use super::{Context, Ended, print};
use crate::diag::{Diagnostic, Severity};
use crate::store::release::{Manifest, Release, Releases};
use crate::store::{Lock, release::Sources};

/// Read, check, compute and publish everything that changed
///
/// Reads the files that the pipelines name, builds the warehouse, runs the audits, and prints tables and charts to out/.
/// With the inputs, specifications, SQL, reports and program of the last release there is nothing to do, and it says so.
/// A file with errors is told and withheld, its figures of the last release are kept, and the rest of the batch goes on.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Do everything again, even if nothing changed
    #[arg(long)]
    force: bool,
}

/// What the summary tells.
struct Summary<'a> {
    manifest: &'a Manifest,
    files: usize,
    missing: usize,
    observations: u64,
    tables: usize,
    charts: usize,
    time: Duration,
}

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    let begun = Instant::now();
    let project = &context.project;
    let _lock = Lock::acquire(&project.warehouse, "shebao run", job::now())?;
    let inventory = inventory::inventory(project)?;
    let sources = inventory::sources(project, &inventory)?;
    let releases = Releases::open(&project.warehouse);
    let last = releases.current()?;
    if let Some(release) = last.as_ref().filter(|_| !args.force)
        && let Some(ended) = nothing_to_do(context, release, &sources, begun)?
    {
        return Ok(ended);
    }
    let mut progress = Progress::new(context.json);
    let (files, missing) = (inventory.files.len(), inventory.missing.len());
    let reading = reading::read_all(project, inventory, last.as_ref(), &mut progress)?;
    publication::put_stage(project, sources, &reading)?;
    let mut built = publication::build(project, job::now(), &mut progress)?;
    let printed = built.print(project, &mut progress)?;
    let release = built.publish(project)?;
    printed.exchange(project, &release)?;
    let manifest = built.manifest;
    let all: Vec<Diagnostic> = reading.diagnostics.into_iter().chain(printed.diagnostics).collect();
    let told: Vec<Diagnostic> = all.iter().filter(|d| d.severity > Severity::Info).cloned().collect();
    print::diagnostics(&told, context.json);
    let summary = Summary {
        manifest: &manifest,
        files,
        missing,
        observations: manifest.rows.get("core_observation").copied().unwrap_or(0),
        tables: printed.tables,
        charts: printed.charts,
        time: begun.elapsed(),
    };
    tell(context, &summary);
    Ok(ended(&manifest, &all))
}

/// The exit code speaks of the data as published: an error stays one until the file is mended, also when nothing is done.
fn ended(manifest: &Manifest, diagnostics: &[Diagnostic]) -> Ended {
    let errors = manifest.findings.get("error").copied().unwrap_or(0) > 0;
    if errors { Ended::DataErrors } else { Ended::of(diagnostics) }
}

fn nothing_to_do(
    context: &Context,
    release: &Release,
    sources: &Sources,
    begun: Instant,
) -> anyhow::Result<Option<Ended>> {
    let manifest = Manifest::read(&release.path)?;
    if manifest.made_from != sources.digest() || !publication::is_printed(&context.project, release) {
        return Ok(None);
    }
    let output = context.project.display(&context.project.output);
    if context.json {
        println!(
            "{}",
            json!({ "release": release.id, "changed": false, "released_at": manifest.released_at.to_string() })
        );
    } else {
        println!(
            "nothing to do: release {} of {} was made from these very files ({:.1} s)\nsee {output}/index.html",
            release.id,
            manifest.released_at,
            begun.elapsed().as_secs_f64()
        );
    }
    Ok(Some(ended(&manifest, &[])))
}

fn tell(context: &Context, summary: &Summary<'_>) {
    let output = context.project.display(&context.project.output);
    let count = |severity: &str| summary.manifest.findings.get(severity).copied().unwrap_or(0);
    let (errors, warnings, infos) = (count("error"), count("warning"), count("info"));
    let seconds = summary.time.as_secs_f64();
    if context.json {
        let told = json!({
            "release": summary.manifest.release, "changed": true, "files_read": summary.files, "files_missing": summary.missing,
            "observations": summary.observations, "findings": { "error": errors, "warning": warnings, "info": infos },
            "kept": summary.manifest.kept, "tables": summary.tables, "charts": summary.charts, "output": output,
            "seconds": (seconds * 10.0).round() / 10.0,
        });
        println!("{told}");
        return;
    }
    println!("release       {} of {}", summary.manifest.release, summary.manifest.released_at);
    let missing = if summary.missing == 0 { String::new() } else { format!(", {} missing", summary.missing) };
    println!("files         {} read{missing}", summary.files);
    println!("observations  {}", summary.observations);
    println!("findings      {errors} errors, {warnings} warnings, {infos} infos    (shebao check tells each)");
    for kept in &summary.manifest.kept {
        println!("kept          {}/{} from release {}: {}", kept.dataset, kept.table_id, kept.release, kept.reason);
    }
    println!("tables        {} in {output}/tables (xlsx, html, csv)", summary.tables);
    println!("charts        {} in {output}/charts (svg, png)", summary.charts);
    println!("time          {seconds:.1} s");
    println!("see           {output}/index.html");
}
