//! `shebao run`: the whole main job.

use std::time::{Duration, Instant};

use serde_json::json;

use super::account::{self, Asked};
use super::job::inventory::Inventory;
use super::job::{self, database, inventory, publication, reading};
use super::progress::Progress;
use super::{Context, Ended, print};
use crate::diag::{Diagnostic, Severity};
use crate::store::known::Known;
use crate::store::ledger::Run;
use crate::store::release::{Manifest, Release, Releases, Sources};

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
    /// The period whose data pipelines/calendar.toml awaits: 2026-10, 2026, or `previous` for the month before this one
    ///
    /// A period of which a file is missing is withheld or marked as partial, as the calendar says. Without it: the newest
    /// period of which a file has come.
    #[arg(long, value_name = "PERIOD")]
    period: Option<Asked>,
    #[command(flatten)]
    account: account::Account,
}

/// What a run tells.
struct Summary<'a> {
    manifest: &'a Manifest,
    release: &'a Release,
    missing: usize,
    time: Duration,
    changed: bool,
}

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    account::kept(context, &args.account, args.period, |run| work(context, args, run))
}

/// There is no project; whoever waits for the run is told.
///
/// # Errors
/// The one given.
pub fn unopened(context: &Context, args: &Args, error: anyhow::Error) -> anyhow::Result<Ended> {
    account::unbegun(context, &args.account, args.period, error)
}

fn work(context: &Context, args: &Args, run: &mut Run) -> anyhow::Result<Ended> {
    let begun = Instant::now();
    let project = &context.project;
    if args.force {
        Known::forget(&project.warehouse)?;
    }
    let mut inventory = inventory::inventory(project)?;
    let until = args.period.map(|asked| asked.period(inventory.calendar.as_ref())).transpose()?;
    run.period = until.map_or(String::new(), |until| until.to_string());
    let releases = Releases::open(&project.warehouse);
    let last = releases.current()?;
    let doubt = match args.period {
        Some(Asked::Previous) => inventory.doubt_clock(job::now(), last.as_ref())?,
        _ => None,
    };
    print::diagnostics(doubt.as_slice(), context.json);
    database::ask_all(project, &mut inventory, until)?;
    inventory.await_deliveries(project, until, last.as_ref())?;
    let sources = inventory::sources(project, &inventory)?;
    let missing = inventory.missing.len();
    run.files_missing = Some(missing as u64);
    if let Some(release) = last.as_ref().filter(|_| !args.force)
        && let Some(ended) = nothing_to_do(context, release, &sources, &mut inventory, begun, run)?
    {
        return Ok(ended);
    }
    let mut progress = Progress::new(context.json);
    let reading = reading::read_all(project, inventory, last.as_ref(), &mut progress)?;
    run.deliveries_missing = Some(reading.deliveries_missing as u64);
    publication::put_stage(project, sources, &reading)?;
    let mut built = publication::build(project, job::now(), &mut progress)?;
    let printed = built.print(project, &mut progress)?;
    let release = built.publish(project)?;
    printed.exchange(project, &release)?;
    let all = reading.diagnostics.into_iter().chain(printed.diagnostics);
    let told: Vec<Diagnostic> = all.filter(|d| d.severity > Severity::Info).collect();
    print::diagnostics(&told, context.json);
    let summary =
        Summary { manifest: &built.manifest, release: &release, missing, time: begun.elapsed(), changed: true };
    account::note(run, summary.manifest, true);
    if context.json {
        summary.tell_json(context);
    } else {
        summary.tell(context);
    }
    Ok(ended(&built.manifest))
}

/// The exit code speaks of the release: an error stays one until it is mended, also when nothing is done.
fn ended(manifest: &Manifest) -> Ended {
    if manifest.has_errors() { Ended::DataErrors } else { Ended::Good }
}

fn nothing_to_do(
    context: &Context,
    release: &Release,
    sources: &Sources,
    inventory: &mut Inventory,
    begun: Instant,
    run: &mut Run,
) -> anyhow::Result<Option<Ended>> {
    let manifest = Manifest::read(&release.path)?;
    if manifest.made_from != sources.digest() || !publication::is_printed(&context.project, release) {
        return Ok(None);
    }
    inventory.deliveries.recall(&manifest);
    run.deliveries_missing = Some(inventory.deliveries.missing() as u64);
    let missing = inventory.missing.len();
    let summary = Summary { manifest: &manifest, release, missing, time: begun.elapsed(), changed: false };
    account::note(run, &manifest, false);
    if context.json {
        summary.tell_json(context);
    } else {
        let seconds = summary.time.as_secs_f64();
        let id = &release.id;
        println!("nothing to do: release {id} of {} was made from these very files ({seconds:.1} s)", release.since);
        if manifest.has_errors() {
            summary.tell_troubles();
        }
        println!("see {}/index.html", context.project.display(&context.project.output));
    }
    Ok(Some(ended(&manifest)))
}

impl Summary<'_> {
    /// How many files of a kind were printed: of some kinds there is one for each table or chart.
    fn printed(&self, folder: &str, suffix: &str) -> usize {
        let outputs = self.manifest.outputs.iter();
        outputs.filter(|o| o.path.starts_with(folder) && o.path.ends_with(suffix)).count()
    }

    /// Records of agencies' extracts.
    fn records(&self) -> u64 {
        let parts = self.manifest.submissions.iter().flat_map(|s| &s.parts);
        parts.map(|part| part.in_force().1).sum()
    }

    fn tell_json(&self, context: &Context) {
        let manifest = self.manifest;
        let told = json!({
            "release": self.release.id, "released_at": self.release.since.to_string(), "changed": self.changed,
            "files_read": manifest.sources.inputs.len(), "files_missing": self.missing,
            "observations": self.manifest.observations(), "records": self.records(),
            "findings": { "error": manifest.count("error"), "warning": manifest.count("warning"), "info": manifest.count("info") },
            "report_faults": manifest.report_faults, "kept": manifest.kept, "tables": self.printed("tables/", ".docx"),
            "charts": self.printed("charts/", ".svg"), "output": context.project.display(&context.project.output),
            "seconds": (self.time.as_secs_f64() * 10.0).round() / 10.0,
        });
        println!("{told}");
    }

    /// What a person should look at.
    fn tell_troubles(&self) {
        println!("findings      {}    (shebao check tells each)", print::findings(self.manifest));
        for kept in &self.manifest.kept {
            println!("kept          {}/{} from release {}: {}", kept.dataset, kept.table_id, kept.release, kept.reason);
        }
        if self.manifest.report_faults > 0 {
            let faults = print::count(self.manifest.report_faults as usize, "fault");
            println!("reports       {faults}, what they name is not printed    (shebao report tells each)");
        }
    }

    fn tell(&self, context: &Context) {
        let output = context.project.display(&context.project.output);
        println!("release       {} of {}", self.release.id, self.release.since);
        let missing = if self.missing == 0 { String::new() } else { format!(", {} missing", self.missing) };
        println!("files         {} read{missing}", self.manifest.sources.inputs.len());
        println!("observations  {}", self.manifest.observations());
        if !self.manifest.submissions.is_empty() {
            println!("records       {} of {} extracts", self.records(), self.manifest.submissions.len());
        }
        self.tell_troubles();
        println!(
            "tables        {} in {output}/tables (xlsx, ods, docx, pdf, html, csv, sdmx, parquet)",
            self.printed("tables/", ".docx")
        );
        println!("charts        {} in {output}/charts (svg, png, pdf)", self.printed("charts/", ".svg"));
        println!("time          {:.1} s", self.time.as_secs_f64());
        println!("see           {output}/index.html");
    }
}
