//! `shebao schedule`: the files by which systemd or cron runs the main job every month.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, bail};
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::{Context, Ended};
use crate::spec::extract::Address;
use crate::spec::{self, calendar};
use crate::store::StoreError;
use crate::store::ledger::Run;

/// A longer command is refused by Debian's cron, or cut.
const CRON_COMMAND: usize = 990;
/// Minutes between the times at which cron looks whether it is the time: no two zones differ by less.
const CRON_STEP: i8 = 15;

/// Write what makes a timer run the main job: a systemd service and timer, and a line for cron
///
/// Without --write they are printed. The run asks for the month before the one in which it runs.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Day of the month, 1 to 28, or `last`
    #[arg(long, default_value = "12")]
    day: Day,
    /// Months in which it runs, 1 to 12 [default: all]
    #[arg(long, value_name = "MONTHS", value_delimiter = ',', value_parser = clap::value_parser!(u8).range(1..=12))]
    month: Vec<u8>,
    /// Time of the day
    #[arg(long, default_value = "03:00", value_name = "HH:MM")]
    at: Time,
    /// By whose clock [default: that of pipelines/calendar.toml]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// What the files and the service are called
    #[arg(long, default_value = "shebao")]
    name: String,
    /// Write NAME.service, NAME.timer and NAME.cron into DIR, with --on-failure NAME-failed.service too
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// Passed on to the run: where its figures for Prometheus go
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Passed on to the run: the command that is told of a failure
    #[arg(long, value_name = "COMMAND")]
    on_failure: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum Day {
    Of(u8),
    Last,
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Day, String> {
        match text.parse::<u8>() {
            _ if text == "last" => Ok(Day::Last),
            Ok(day) if (1..=28).contains(&day) => Ok(Day::Of(day)),
            Ok(29..=31) => Err("not every month has this day; write last for the last one".to_owned()),
            _ => Err("write a day from 1 to 28, or last".to_owned()),
        }
    }
}

/// What is run; all paths are whole, since a timer has no folder of its own.
struct Job {
    project: PathBuf,
    input: PathBuf,
    key: PathBuf,
    log: PathBuf,
    command: Vec<String>,
    /// Environment variables in which the addresses of databases are expected.
    variables: BTreeSet<String>,
}

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    let zone = zone(context, args)?;
    if args.name.is_empty() || !args.name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        bail!("\"{}\" cannot be the name of a service; use letters, digits, - and _", args.name);
    }
    let job = Job {
        project: std::path::absolute(&context.project.root)?,
        input: std::path::absolute(&context.project.input)?,
        key: std::path::absolute(&context.project.key)?,
        log: std::path::absolute(context.project.warehouse.join("cron.log"))?,
        command: command(context, args)?,
        variables: variables(context)?,
    };
    let mut files = vec![
        (format!("{}.service", args.name), service(args, &job)),
        (format!("{}.timer", args.name), timer(args, &zone)),
        (format!("{}.cron", args.name), cron(args, &zone, &job)),
    ];
    if let Some(on_failure) = &args.on_failure {
        files.push((format!("{}-failed.service", args.name), failed(args, &job, on_failure)?));
    }
    match &args.write {
        Some(folder) => {
            fs::create_dir_all(folder).map_err(StoreError::io("make the folder", folder))?;
            for (name, text) in &files {
                let path = folder.join(name);
                fs::write(&path, text).map_err(StoreError::io("write", &path))?;
                println!("{}", path.display());
            }
        }
        None => {
            for (name, text) in &files {
                println!("# --- {name}\n{text}");
            }
        }
    }
    Ok(Ended::Good)
}

fn zone(context: &Context, args: &Args) -> anyhow::Result<String> {
    if let Some(name) = &args.time_zone {
        TimeZone::get(name).with_context(|| format!("\"{name}\" is no time zone that this machine knows"))?;
        return Ok(name.clone());
    }
    let codes = spec::load_codes(&context.project);
    let calendar = calendar::load(&context.project, &codes.value);
    if calendar.has_errors() {
        return Err(super::Fault(calendar.diagnostics).into());
    }
    let named = calendar.value.and_then(|calendar| calendar.zone.iana_name().map(str::to_owned));
    named.context("no time zone: name one with --time-zone Asia/Shanghai, or in pipelines/calendar.toml")
}

fn variables(context: &Context) -> anyhow::Result<BTreeSet<String>> {
    let loaded = spec::load(&context.project);
    if loaded.has_errors() {
        return Err(super::Fault(loaded.diagnostics).into());
    }
    let extracts = loaded.value.sources.into_iter().flat_map(|source| source.extracts);
    let addresses = extracts.filter_map(|extract| Some(extract.database?.address));
    let named = addresses.filter_map(|address| match address {
        Address::Variable(name) => Some(name),
        Address::File(_) => None,
    });
    Ok(named.collect())
}

/// The program and its arguments.
fn command(context: &Context, args: &Args) -> anyhow::Result<Vec<String>> {
    let whole = |path: &Path| anyhow::Ok(std::path::absolute(path)?.display().to_string());
    let project = &context.project;
    let program = std::env::current_exe().context("finding the path of this program")?;
    let mut command = vec![whole(&program)?, "--project".into(), whole(&project.root)?];
    command.extend(["--input".into(), whole(&project.input)?]);
    if project.key != project.own_key() {
        command.extend(["--key".into(), whole(&project.key)?]);
    }
    command.extend(["--json".into(), "run".into()]);
    if project.calendar().is_file() {
        command.extend(["--period".into(), "previous".into()]);
    }
    if let Some(metrics) = &args.metrics {
        command.extend(["--metrics".into(), whole(metrics)?]);
    }
    if let Some(on_failure) = &args.on_failure {
        command.extend(["--on-failure".into(), on_failure.clone()]);
    }
    Ok(command)
}

/// A word as systemd reads it: `%` and `$` stand for other things there.
fn systemd_word(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    format!("\"{escaped}\"")
}

/// A path in a setting that takes paths, not words; `%` stands for other things, and white space parts two of them.
fn systemd_path(path: &str) -> String {
    path.replace('\\', "\\\\").replace('%', "%%").replace(' ', "\\x20")
}

fn service(args: &Args, job: &Job) -> String {
    let words: Vec<String> = job.command.iter().map(|word| systemd_word(word)).collect();
    let shown = job.project.display().to_string();
    let folder = |file: &Path| file.parent().map(|folder| folder.display().to_string());
    let metrics = job.command.iter().skip_while(|word| *word != "--metrics").nth(1);
    // A key that is not there yet is made by the first run.
    let key = (!job.key.exists() && !job.key.starts_with(&job.project)).then(|| folder(&job.key)).flatten();
    let writable = [Some(shown.clone()), metrics.and_then(|file| folder(Path::new(file))), key];
    let writable: Vec<String> = writable.into_iter().flatten().map(|path| systemd_path(&path)).collect();
    let outer = [&job.input, &job.key].into_iter().filter(|path| !path.starts_with(&job.project));
    let mounts: Vec<String> =
        [&job.project].into_iter().chain(outer).map(|path| systemd_path(&path.display().to_string())).collect();
    let failed =
        args.on_failure.as_ref().map_or(String::new(), |_| format!("OnFailure={}-failed.service\n", args.name));
    let variables: Vec<&str> = job.variables.iter().map(String::as_str).collect();
    let environment = match variables.is_empty() {
        true => String::new(),
        false => format!(
            "# The addresses of databases: lines NAME=postgresql://… in this file, which root alone may read (chmod 600).\n\
             # Expected: {}\nEnvironmentFile=-/etc/default/{}\n",
            variables.join(" "),
            args.name
        ),
    };
    format!(
        "\
# Made by `shebao schedule`. Exit code 1 (the data have errors) counts as a failure, so that somebody looks.
[Unit]
Description=shebao, the main job of {description}
RequiresMountsFor={mounts}
{failed}
[Service]
Type=oneshot
WorkingDirectory={folder}
{environment}ExecStart={exec}
Nice=10
UMask=0027
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths={writable}
TimeoutStartSec=12h
",
        description = shown.replace('%', "%%"),
        mounts = mounts.join(" "),
        folder = systemd_path(&shown).replace("\\x20", " "),
        exec = words.join(" "),
        writable = writable.join(" "),
    )
}

/// A run that ends by itself tells of its failure; one that was killed, ran out of time or never began cannot.
fn failed(args: &Args, job: &Job, on_failure: &str) -> anyhow::Result<String> {
    let project = job.project.display().to_string();
    let message = format!(
        "the main job of {project} was killed, ran out of time or could not be started; journalctl -u {} tells",
        args.name
    );
    let record = serde_json::to_string(&Run { outcome: "killed".to_owned(), message, ..Run::default() })?;
    let told = "case $MONITOR_SERVICE_RESULT/$MONITOR_EXIT_STATUS in exit-code/1|exit-code/2) exit 1;; esac";
    Ok(format!(
        "\
# Made by `shebao schedule`. Tells of a run that was killed, ran out of time or could not be started. Of exit codes 1 and 2 the run
# has told itself; a systemd before 251 does not say which it was, and then they are told twice.
[Unit]
Description=shebao, tells that the main job of {description} was cut off

[Service]
Type=oneshot
StandardInput=data
StandardInputText={record}
ExecCondition=/bin/sh -c {told}
ExecStart=/bin/sh -c {command}
",
        description = project.replace('%', "%%"),
        record = record.replace('\\', "\\\\").replace('%', "%%"),
        told = systemd_word(told),
        command = systemd_word(on_failure),
    ))
}

fn months(args: &Args) -> Option<String> {
    let mut months = args.month.clone();
    months.sort_unstable();
    months.dedup();
    let shown: Vec<String> = months.iter().map(|month| format!("{month:02}")).collect();
    (!shown.is_empty()).then(|| shown.join(","))
}

fn timer(args: &Args, zone: &str) -> String {
    let months = months(args).unwrap_or_else(|| "*".to_owned());
    let day = match args.day {
        Day::Of(day) => format!("-{day:02}"),
        Day::Last => "~01".to_owned(),
    };
    let (hour, minute) = (args.at.hour(), args.at.minute());
    format!(
        "\
# Made by `shebao schedule`. Persistent: a machine that was off at the time runs it when it is on again.
[Unit]
Description=shebao, when the main job runs

[Timer]
OnCalendar=*-{months}{day} {hour:02}:{minute:02}:00 {zone}
AccuracySec=1min
Persistent=true
Unit={name}.service

[Install]
WantedBy=timers.target
",
        name = args.name
    )
}

/// A word as the shell reads it; `%` ends a command of cron.
fn cron_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.,:=+@".contains(c);
    let quoted = match word.chars().all(plain) && !word.is_empty() {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    };
    quoted.replace('%', "\\%")
}

/// Cron goes by the machine's own clock, which may stand anywhere and change with the season: it looks four times an hour
/// whether it is the time by the clock that was asked for.
fn cron(args: &Args, zone: &str, job: &Job) -> String {
    let (hour, minute) = (args.at.hour(), args.at.minute());
    let looks: Vec<String> =
        (0..60 / CRON_STEP).map(|nth| (minute % CRON_STEP + nth * CRON_STEP).to_string()).collect();
    // A 1 before them all, since the shell takes a number that begins with 0 for an octal one.
    let (form, begins) = match args.day {
        Day::Of(day) => ("1\\%d\\%H\\%M", format!("1{day:02}{hour:02}{minute:02}")),
        Day::Last => ("1\\%H\\%M", format!("1{hour:02}{minute:02}")),
    };
    let ends = begins.parse::<u32>().map_or(0, |begins| begins + CRON_STEP.unsigned_abs() as u32);
    let mut guard = format!("t=$(TZ={zone} date +{form}); [ $t -ge {begins} ] && [ $t -lt {ends} ] && ");
    if matches!(args.day, Day::Last) {
        guard.push_str(&format!("[ $(TZ={zone} date -d tomorrow +\\%d) = 01 ] && "));
    }
    if let Some(months) = months(args) {
        let months = months.replace(',', "|");
        guard.push_str(&format!("case $(TZ={zone} date +\\%m) in {months}) :;; *) false;; esac && "));
    }
    let word = |path: &Path| cron_word(&path.display().to_string());
    let words: Vec<String> = job.command.iter().map(|word| cron_word(word)).collect();
    let folder = job.log.parent().map_or(String::new(), word);
    // What cannot be logged is run all the same, and tells of its failure.
    let command =
        format!("{guard}{{ mkdir -p {folder}; {} 2>&1 | tee -a {} >/dev/null; }}", words.join(" "), word(&job.log));
    let made = "# Made by `shebao schedule`";
    if command.len() > CRON_COMMAND {
        let long = command.len();
        return format!(
            "{made}: no line for cron, which takes {CRON_COMMAND} bytes, and the command has {long}. Put what --on-failure does into a\n\
             # file and name that, or use the timer of systemd.\n"
        );
    }
    let variables = job.variables.iter().map(|name| format!("# {name}=postgresql://…\n")).collect::<String>();
    let variables = match variables.is_empty() {
        true => variables,
        false => format!(
            "# The addresses of databases stand above the line, in the crontab of a user of whom no one else reads it:\n{variables}"
        ),
    };
    format!(
        "{made}, for `crontab -e`. It looks every {CRON_STEP} minutes whether it is {hour:02}:{minute:02} in {zone} (by tzdata), whatever\n\
         # the clock of the machine says.\n\
         {variables}{} * * * * {command}\n",
        looks.join(",")
    )
}
