//! `shebao query`: ask SQL of a release.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::ValueEnum;

use super::{Context, Ended, Fault, job, print};

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
    /// Write to a file instead of standard output; parquet needs it
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
    if args.format == Format::Parquet {
        let Some(path) = &args.output else {
            bail!("--format parquet writes a file; name it with --output FILE");
        };
        warehouse.query_to_parquet(&args.sql, path).map_err(|d| Fault(vec![d]))?;
        return Ok(Ended::Good);
    }
    let rows = warehouse.query(&args.sql).map_err(|d| Fault(vec![d]))?;
    let mut out: Box<dyn Write> = match &args.output {
        Some(path) => {
            let file = std::fs::File::create(path).with_context(|| format!("creating {}", path.display()))?;
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
