//! `shebao ingest`: files to observations, of the whole project, or of one file by one specification.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use serde_json::json;

use super::choose;
use super::job::{self, database, inventory, preview, publication, reading};
use super::progress::Progress;
use super::{Context, Ended, Fault, print};
use crate::diag::{Checked, Diagnostic, Severity};
use crate::domain::Observation;
use crate::store::digest::sha256_file;
use crate::store::{Cell, Lock, Releases, schema, stage};
use crate::{grid, ingest, spec};

/// Read files into observations, and publish nothing
///
/// Without arguments: every file that the pipelines name, staged for `shebao build`. With --spec and FILE: that one file by
/// that one specification, its observations printed with their cells, or the records of an extract with their lines,
/// personal numbers masked; nothing is written.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The specification to read FILE by: pipelines/SOURCE/TABLE.toml, or - for standard input
    #[arg(long, value_name = "SPEC", requires = "file")]
    spec: Option<PathBuf>,
    /// The edition of the specification [default: the one whose file FILE may be, else the last]
    #[arg(long, requires = "spec")]
    edition: Option<String>,
    /// The file to read
    #[arg(requires = "spec")]
    file: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Json,
}

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    match (&args.spec, &args.file) {
        (Some(spec), Some(file)) => one(context, args, spec, file),
        _ => all(context),
    }
}

fn all(context: &Context) -> anyhow::Result<Ended> {
    let project = &context.project;
    let _lock = Lock::acquire(&project.warehouse, "shebao ingest", job::now())?;
    let mut inventory = inventory::inventory(project)?;
    let last = Releases::open(&project.warehouse).current()?;
    database::ask_all(project, &mut inventory, None)?;
    inventory.await_deliveries(project, None, last.as_ref())?;
    let sources = inventory::sources(project, &inventory)?;
    let mut progress = Progress::new(context.json);
    let reading = reading::read_all(project, inventory, last.as_ref(), &mut progress)?;
    publication::put_stage(project, sources, &reading)?;
    let told: Vec<Diagnostic> = reading.diagnostics.into_iter().filter(|d| d.severity > Severity::Info).collect();
    print::diagnostics(&told, context.json);
    let observations = reading.stage.observations.len();
    if context.json {
        println!("{}", json!({ "files_read": reading.files_read, "observations": observations, "kept": reading.kept }));
    } else {
        println!(
            "{observations} observations of {} files staged; `shebao build` makes a release of them",
            reading.files_read
        );
    }
    Ok(Ended::of(&told))
}

fn one(context: &Context, args: &Args, spec_path: &Path, file: &Path) -> anyhow::Result<Ended> {
    let shown = context.project.display(file);
    let sha256 = sha256_file(file).with_context(|| format!("reading {}", file.display()))?;
    let (mut observations, mut told) = (Vec::new(), Vec::new());
    for loaded in load(context, spec_path)? {
        if loaded.has_errors() {
            return Err(Fault(loaded.diagnostics).into());
        }
        let pipelines = loaded.value;
        if let Some(extract) = pipelines.sources.iter().find_map(|source| source.extracts.first()) {
            let form =
                if context.json || args.format == Format::Json { preview::Form::Json } else { preview::Form::Csv };
            let mut out = io::BufWriter::new(io::stdout().lock());
            let told = preview::print((extract, &pipelines.codebook), (file, &shown), form, &mut out)?;
            out.flush()?;
            print::diagnostics(&told, context.json);
            return Ok(Ended::of(&told));
        }
        let Some((source, table)) = pipelines.sources.iter().find_map(|s| Some((s, s.tables.first()?))) else {
            bail!("{} describes no table", spec_path.display());
        };
        let edition = choose::edition(table, args.edition.as_deref(), &shown)?;
        let captured = choose::captured(edition, &shown)?;
        let document = match grid::read(file, &shown, ingest::declared(edition)) {
            Ok(document) => document,
            Err(fault) => {
                print::diagnostics(&[fault], context.json);
                return Ok(Ended::DataErrors);
            }
        };
        if told.is_empty() {
            print::diagnostics(&document.diagnostics, context.json);
        }
        let task = ingest::Task { source, table, edition, codebook: &pipelines.codebook };
        let input = ingest::Input { document: &document, file: &shown, sha256: &sha256, captured: &captured };
        observations.extend(ingest::ingest(task, &[input]).split(&mut told).observations);
    }
    print::diagnostics(&told, context.json);
    let mut out = io::BufWriter::new(io::stdout().lock());
    if context.json || args.format == Format::Json {
        write_json(&observations, &mut out)?;
    } else {
        write_csv(&observations, &mut out)?;
    }
    out.flush()?;
    Ok(Ended::of(&told))
}

/// The specification in a file, or those on standard input.
fn load(context: &Context, path: &Path) -> anyhow::Result<Vec<Checked<spec::Pipelines>>> {
    if path != Path::new("-") {
        return Ok(vec![spec::load_table(&context.project, path)]);
    }
    let text = io::read_to_string(io::stdin()).context("reading the specification from standard input")?;
    let one = |text: String| spec::load_text(&context.project, "standard input", text);
    Ok(spec::parts_of(&text).into_iter().map(one).collect())
}

/// The columns of `core_observation`, but for the time of release: nothing is released here.
fn columns() -> impl Iterator<Item = &'static str> {
    schema::OBSERVATION.columns.iter().map(|(name, _)| *name)
}

fn write_csv(observations: &[Observation], out: &mut dyn Write) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(columns())?;
    for observation in observations {
        writer.write_record(stage::observation_row(observation).iter().map(Cell::to_string))?;
    }
    writer.flush()?;
    Ok(())
}

fn write_json(observations: &[Observation], out: &mut dyn Write) -> anyhow::Result<()> {
    let rows: Vec<serde_json::Value> = observations
        .iter()
        .map(|o| {
            let fields = stage::observation_row(o).into_iter().map(|cell| match cell {
                Cell::Null => serde_json::Value::Null,
                cell => json!(cell.to_string()),
            });
            columns().map(str::to_owned).zip(fields).collect::<serde_json::Map<_, _>>().into()
        })
        .collect();
    writeln!(out, "{}", serde_json::to_string_pretty(&rows)?)?;
    Ok(())
}
