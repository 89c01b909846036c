//! `shebao query`: ask SQL of a release.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueEnum;

use super::{Context, Ended, Fault, job, print};
use crate::warehouse::Warehouse;

/// Ask SQL of the warehouse
///
/// Tables: core_observation (every number with its cell), core_finding (what does not add up), core_code, core_indicator,
/// ind_coverage, ind_enrolment_change, ind_arrears, ind_fund_balance; SHOW TABLES lists all, DESCRIBE t its columns.
/// A total has the code _T in a dimension: say `region = '_T'` or exclude it, and no SUM doubles.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// One SELECT
    sql: String,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Ask the release that was current at a time (2026-11-22 or 2026-11-22T08:00:00Z), or one by its id
    #[arg(long, value_name = "TIME|RELEASE")]
    as_of: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
    Parquet,
}

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    let warehouse = job::open_release(&context.project, args.as_of.as_deref())?;
    if args.format == Format::Parquet && !context.json {
        write_parquet(&warehouse, &args.sql, args.output.as_deref())?;
        return Ok(Ended::Good);
    }
    let rows = warehouse.query(&args.sql).map_err(|d| Fault(vec![d]))?;
    let as_json = context.json || args.format == Format::Json;
    if let Some(twice) =
        rows.columns.iter().enumerate().find(|(n, c)| rows.column(&c.name) != Some(*n)).filter(|_| as_json)
    {
        bail!(
            "two columns are named \"{}\", and a JSON object holds one; give each a name of its own with AS",
            twice.1.name
        );
    }
    let mut out: Box<dyn Write> = match &args.output {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
            Box::new(io::BufWriter::new(file))
        }
        None => Box::new(io::BufWriter::new(io::stdout().lock())),
    };
    match args.format {
        _ if context.json => print::json(&rows, &mut out)?,
        Format::Table => print::table(&rows, &mut out)?,
        Format::Csv => print::csv(&rows, &mut out)?,
        Format::Json | Format::Parquet => print::json(&rows, &mut out)?,
    }
    out.flush()?;
    Ok(Ended::Good)
}

/// Parquet is written at its end first, so it passes through a file on its way to a pipe.
fn write_parquet(warehouse: &Warehouse, sql: &str, path: Option<&Path>) -> anyhow::Result<()> {
    let write = |path: &Path| warehouse.query_to_parquet(sql, path).map_err(|d| Fault(vec![d]));
    if let Some(path) = path {
        write(path)?;
        return Ok(());
    }
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        bail!("parquet is not for a terminal; name a file with --output FILE, or pipe it");
    }
    let passing = std::env::temp_dir().join(format!("shebao-answer-{}.parquet", std::process::id()));
    let written = write(&passing).map_err(anyhow::Error::from).and_then(|_| {
        let mut file = File::open(&passing)?;
        io::copy(&mut file, &mut out)?;
        Ok(())
    });
    // Whatever happened, nobody else knows the file's name.
    let _ = std::fs::remove_file(&passing);
    written
}
