//! What a run leaves for those who were not there: a line in `core_run`, a file for Prometheus, a command on failure.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;

use anyhow::{Context as _, bail};
use jiff::Timestamp;

use super::{Context, Ended, job};
use crate::domain::Period;
use crate::spec;
use crate::spec::calendar::{self, Calendar};
use crate::store::ledger::Run;
use crate::store::{Ledger, Lock, Manifest, StoreError};

/// For runs that nobody watches.
#[derive(clap::Args, Debug)]
pub struct Account {
    /// Write figures about the run to FILE, in the text format that Prometheus collects
    #[arg(long, value_name = "FILE", help_heading = "Unattended")]
    metrics: Option<PathBuf>,
    /// If the run fails or its data have errors: run COMMAND in a shell, the run's record as JSON on its standard input
    ///
    /// A webhook: --on-failure "curl -fsS -H 'Content-Type: application/json' -d @- https://…"
    #[arg(long, value_name = "COMMAND", help_heading = "Unattended")]
    on_failure: Option<String>,
}

/// The period a run is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Period(Period),
    /// The month before the one in which the run begins, by the calendar's clock.
    Previous,
}

impl FromStr for Asked {
    type Err = String;

    fn from_str(text: &str) -> Result<Asked, String> {
        match text {
            "previous" => Ok(Asked::Previous),
            _ => text.parse().map(Asked::Period).map_err(|error| format!("{error}, or previous")),
        }
    }
}

impl Asked {
    /// # Errors
    /// There is no calendar, so that nothing is awaited.
    pub fn period(self, calendar: Option<&Calendar>) -> anyhow::Result<Period> {
        let Some(calendar) = calendar else {
            bail!("--period asks for what a period should bring, and there is no pipelines/calendar.toml that says it");
        };
        match self {
            Asked::Period(period) => Ok(period),
            Asked::Previous => Ok(calendar.month_before(job::now())?),
        }
    }
}

/// Do the work of a run under the lock, and keep account of it however it ends.
///
/// # Errors
/// Those of the work; a failure to keep account is told and hurts nothing else.
pub fn kept(
    context: &Context,
    args: &Account,
    asked: Option<Asked>,
    work: impl FnOnce(&mut Run) -> anyhow::Result<Ended>,
) -> anyhow::Result<Ended> {
    let mut run = begun(context, asked);
    let ended = under_lock(context, &mut run, work);
    tell_others(context, args, &run, &ended);
    ended
}

/// A run that cannot begin has no warehouse to keep account in; whoever waits for it is told all the same.
///
/// # Errors
/// The one given.
pub fn unbegun(context: &Context, args: &Account, asked: Option<Asked>, error: anyhow::Error) -> anyhow::Result<Ended> {
    let mut run = begun(context, asked);
    let ended = close(&mut run, Err(error));
    tell_others(context, args, &run, &ended);
    ended
}

fn begun(context: &Context, asked: Option<Asked>) -> Run {
    let began = job::now();
    let project = &context.project;
    let period = asked.map_or(String::new(), |asked| {
        let calendar = calendar::load(project, &spec::load_codes(project).value).value;
        // A month that no calendar tells is none.
        asked.period(calendar.as_ref()).map_or(String::new(), |period| period.to_string())
    });
    Run { run: format!("{began}-{}", std::process::id()), period, began_at: began.to_string(), ..Run::default() }
}

fn tell_others(context: &Context, args: &Account, run: &Run, ended: &anyhow::Result<Ended>) {
    if let Some(path) = &args.metrics {
        tell(write_metrics(path, &context.project.warehouse, run, ended), "the figures for Prometheus");
    }
    if let Some(command) = args.on_failure.as_ref().filter(|_| !matches!(ended, Ok(Ended::Good))) {
        tell(call(command, run), "the command on failure");
    }
}

fn under_lock(
    context: &Context,
    run: &mut Run,
    work: impl FnOnce(&mut Run) -> anyhow::Result<Ended>,
) -> anyhow::Result<Ended> {
    let warehouse = &context.project.warehouse;
    // A run that was refused is no run of this warehouse; whoever waits for it is told all the same.
    let _lock = match Lock::acquire(warehouse, "shebao run", job::now()) {
        Ok(lock) => lock,
        Err(error) => return close(run, Err(error.into())),
    };
    let record = |run: &Run| tell(Ledger::runs(warehouse).append(&[run]).map_err(Into::into), "the record of this run");
    record(run);
    let ended = work(run);
    let ended = close(run, ended);
    record(run);
    ended
}

/// Note how the run ended.
fn close(run: &mut Run, ended: anyhow::Result<Ended>) -> anyhow::Result<Ended> {
    run.ended_at = job::now().to_string();
    run.outcome = match &ended {
        Ok(Ended::Good) => "good",
        Ok(Ended::DataErrors) => "data-errors",
        Err(_) => "failed",
    }
    .to_owned();
    run.message = ended.as_ref().err().map_or(String::new(), |error| format!("{error:#}"));
    ended
}

/// Note what the run found or made.
pub fn note(run: &mut Run, manifest: &Manifest, changed: bool) {
    run.release.clone_from(&manifest.release);
    run.changed = changed;
    run.files_read = Some(manifest.sources.inputs.len() as u64);
    run.observations = Some(manifest.observations());
    run.finding_errors = Some(manifest.count("error"));
    run.finding_warnings = Some(manifest.count("warning"));
    run.finding_infos = Some(manifest.count("info"));
}

/// A fault of the account itself is told and no more.
fn tell(done: anyhow::Result<()>, what: &str) {
    if let Err(error) = done {
        eprintln!("warning: {what} could not be kept: {error:#}");
    }
}

fn write_metrics(path: &Path, warehouse: &Path, run: &Run, ended: &anyhow::Result<Ended>) -> anyhow::Result<()> {
    let seconds = |time: &str| time.parse::<Timestamp>().map(Timestamp::as_second).unwrap_or(0);
    let runs: Vec<Run> = Ledger::runs(warehouse).read()?;
    let last_good = runs.iter().rfind(|run| run.outcome == "good").map(|run| seconds(&run.ended_at));
    let exit = match ended {
        Ok(Ended::Good) => 0,
        Ok(Ended::DataErrors) => 1,
        Err(_) => 2,
    };
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, value: i64| {
        let _ = write!(text, "# HELP shebao_{name} {help}\n# TYPE shebao_{name} gauge\nshebao_{name} {value}\n");
    };
    gauge("run_exit_code", "0 good, 1 the data have errors, 2 it could not run.", exit);
    gauge("run_began_timestamp_seconds", "When the last run began.", seconds(&run.began_at));
    gauge("run_duration_seconds", "How long it took.", seconds(&run.ended_at) - seconds(&run.began_at));
    if let Some(time) = last_good {
        gauge("run_last_good_timestamp_seconds", "When a run last ended without errors.", time);
    }
    gauge("run_changed", "Whether it made a new release.", i64::from(run.changed));
    // What the run never came to know has no figure: 0 would be one.
    let counts = [
        ("files_read", "Files that the current release is made from.", run.files_read),
        ("files_missing", "Files that a pipeline names and that are not there.", run.files_missing),
        ("deliveries_missing", "Files that the calendar awaits and that are not there.", run.deliveries_missing),
        ("observations", "Figures of the current release.", run.observations),
    ];
    for (name, help, count) in counts {
        if let Some(count) = count {
            gauge(name, help, i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
    let findings = [("error", run.finding_errors), ("warning", run.finding_warnings), ("info", run.finding_infos)];
    let _ = write!(text, "# HELP shebao_findings Findings of the current release.\n# TYPE shebao_findings gauge\n");
    for (severity, count) in findings {
        if let Some(count) = count {
            let _ = writeln!(text, "shebao_findings{{severity=\"{severity}\"}} {count}");
        }
    }
    // A collector never sees half a file.
    let beside = path.with_extension("prom.new");
    fs::write(&beside, text).map_err(StoreError::io("write", &beside))?;
    fs::rename(&beside, path).map_err(StoreError::io("replace", path))?;
    Ok(())
}

/// Run the command with the record on its standard input.
fn call(command: &str, run: &Run) -> anyhow::Result<()> {
    let mut child = Command::new("sh").args(["-c", command]).stdin(Stdio::piped()).spawn().context("starting sh")?;
    if let Some(mut input) = child.stdin.take() {
        // A command that does not listen is free not to.
        let _ = input.write_all(serde_json::to_string(run)?.as_bytes());
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{command}` ended with {status}");
    }
    Ok(())
}
