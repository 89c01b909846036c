//! The command line: one file per command, arguments beside the code; glue only. This is the one place that reads the
//! clock, prints, and chooses the exit code.

mod account;
mod build;
mod changes;
mod check;
mod choose;
mod dictionary;
mod synth;
mod doctor;
mod draft;
mod drift;
mod explain;
mod impact;
pub mod ingest;
mod inspect;
pub mod job;
mod lineage;
mod print;
pub mod progress;
mod query;
mod report;
mod rule;
mod run;
mod schedule;
mod schema;
mod series;
mod status;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::diag::{Diagnostic, Severity};
use crate::project::Project;

const ABOUT: &str = "A statistical warehouse for social insurance";

const LONG_ABOUT: &str = "\
A statistical warehouse for social insurance (社保).

Yearbook spreadsheets and agency extracts go in; Parquet files, SQL indicators, published
tables and charts come out; and every published number can be followed back to the cell it
was read from.

A project is a folder:
  pipelines/   what each table looks like, and the code lists        you write these
  sql/         models and audits, one query per file                 you write these
  reports/     what is printed, and how it is laid out               you write these
  fixtures/    the files to be read, a folder per source; --input names another place
  warehouse/   releases: Parquet files and a manifest each           a run writes this
  out/         published tables and charts: open out/index.html      a run replaces it whole

A file that cannot be used is told, its table's last figures are kept, and the rest goes on; a
missing file likewise, with a warning. A fault in a specification stops the run before it reads.";

const AFTER_HELP: &str = "\
Examples:
  shebao run                      read, check, compute and publish everything that changed
  shebao run --period previous    the monthly job: what was due last month, what is missing
  shebao schedule --day 12 --at 03:00 --write DIR
                                  a systemd service and timer, and a cron line, that run it
  shebao check                    what does not add up, and in which cells
  shebao check --explain fund-balance
                                  what a rule says, and where it applied
  shebao check FILE.xlsx --against pipelines/yuxi-2013/injury_by_county.toml
                                  what moved in next year's file, and the edition that takes it
  shebao status                   which release is current, what is missing, what has changed
  shebao query \"SELECT * FROM ind_coverage\"
  shebao query \"SELECT * FROM core_finding\" --format csv --output findings.csv
  shebao explain coverage --period 2013-09 --region 530400 --scheme pension-resident
                                  where a figure comes from, down to the printed cells
  shebao impact yuxi-2013/injury_by_county.xlsx B7
                                  every figure that depends on a cell
  shebao series insured_person --region 530400 --scheme pension-resident --in-version scheme=2014
                                  one series through the merger of its schemes
  shebao status --revisions       what a later edition states otherwise
  shebao inspect FILE.xlsx        what is in a file that nobody declared
  shebao draft FILE.xlsx | shebao ingest --spec - FILE.xlsx
                                  a specification for it, and what that reads
  shebao ingest --spec pipelines/yuxi-2013/injury_by_county.toml FILE.xlsx
                                  read one file by one specification, publish nothing

Exit codes:
  0  good
  1  the data has errors; what was good is published or withheld, as the source declares
  2  it could not run; the last release is as it was";

/// What was typed.
#[derive(Parser, Debug)]
#[command(name = "shebao", version, about = ABOUT, long_about = LONG_ABOUT, after_long_help = AFTER_HELP, max_term_width = 110)]
struct Cli {
    /// The project's folder
    #[arg(long, global = true, value_name = "DIR", default_value = ".", env = "SHEBAO_PROJECT")]
    project: PathBuf,
    /// The folder of the files to be read, one folder per source in it [default: DIR/fixtures]
    #[arg(long, global = true, value_name = "DIR", env = "SHEBAO_INPUT")]
    input: Option<PathBuf>,
    /// The file of the key by which personal numbers are hashed [default: DIR/warehouse/key]
    #[arg(long, global = true, value_name = "FILE", env = "SHEBAO_KEY")]
    key: Option<PathBuf>,
    /// Machine-readable output, and log lines as JSON on standard error
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Run(run::Args),
    Inspect(inspect::Args),
    Draft(draft::Args),
    Ingest(ingest::Args),
    Check(check::Args),
    Build(build::Args),
    Report(report::Args),
    Query(query::Args),
    Explain(explain::Args),
    Impact(impact::Args),
    Lineage(lineage::Args),
    Series(series::Args),
    Status(status::Args),
    Schedule(schedule::Args),
    Doctor(doctor::Args),
    Schema(schema::Args),
    Dictionary(dictionary::Args),
    Synth(synth::Args),
}

/// What every command gets: the project, and how to speak.
pub struct Context {
    pub project: Project,
    pub json: bool,
}

/// How a command ended. Failing to run is an `Err`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Good,
    DataErrors,
}

impl Ended {
    fn of(diagnostics: &[Diagnostic]) -> Ended {
        let wrong = diagnostics.iter().any(|d| d.severity == Severity::Error);
        if wrong { Ended::DataErrors } else { Ended::Good }
    }
}

/// A command that could not run for a reason that has a place and a hint; printed as such.
#[derive(Debug, thiserror::Error)]
#[error("{}", render(.0))]
pub struct Fault(pub Vec<Diagnostic>);

fn render(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(Diagnostic::render).collect::<Vec<_>>().join("\n")
}

/// Parse the arguments, run the command, print what went wrong, choose the exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.json;
    match dispatch(cli) {
        Ok(Ended::Good) => ExitCode::SUCCESS,
        Ok(Ended::DataErrors) => ExitCode::from(1),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            print::failure(&error, json);
            ExitCode::from(2)
        }
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<Ended> {
    let input = cli.input.as_deref();
    let with_key = |project: Project| Project { key: cli.key.clone().unwrap_or_else(|| project.own_key()), ..project };
    let open = || Project::open(&cli.project, input).map(with_key).context("opening the project");
    let context = |project| Context { project, json: cli.json };
    match cli.command {
        Command::Run(args) => match open() {
            Ok(project) => run::run(&context(project), &args),
            Err(error) => run::unopened(&context(with_key(Project::at(&cli.project, input))), &args, error),
        },
        Command::Inspect(args) => inspect::run(&context(open()?), &args),
        Command::Draft(args) => draft::run(&context(open()?), &args),
        Command::Ingest(args) => ingest::run(&context(open()?), &args),
        Command::Check(args) => check::run(&context(open()?), &args),
        Command::Build(args) => build::run(&context(open()?), &args),
        Command::Report(args) => report::run(&context(open()?), &args),
        Command::Query(args) => query::run(&context(open()?), &args),
        Command::Explain(args) => explain::run(&context(open()?), &args),
        Command::Impact(args) => impact::run(&context(open()?), &args),
        Command::Lineage(args) => lineage::run(&context(open()?), &args),
        Command::Series(args) => series::run(&context(open()?), &args),
        Command::Status(args) => status::run(&context(open()?), &args),
        Command::Schedule(args) => schedule::run(&context(open()?), &args),
        Command::Doctor(args) => doctor::run(open().ok().map(context), cli.json, &args),
        Command::Schema(args) => schema::run(&args),
        Command::Dictionary(args) => dictionary::run(&context(open()?), &args),
        Command::Synth(args) => synth::run(&context(open()?), &args),
    }
}

/// The reader of our output went away (`shebao query … | head`): nobody is left to be told.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| match cause.downcast_ref::<csv::Error>().map(csv::Error::kind) {
        Some(csv::ErrorKind::Io(error)) => broken(error),
        _ => cause.downcast_ref().is_some_and(broken),
    })
}
