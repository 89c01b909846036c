//! `shebao schedule`: the files by which systemd or cron runs the main job every month.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, bail};
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::{Context, Ended};
use crate::spec::{self, calendar};
use crate::store::StoreError;

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
    /// Write NAME.service, NAME.timer and NAME.cron into DIR
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

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    let zone = zone(context, args)?;
    if args.name.is_empty() || !args.name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        bail!("\"{}\" cannot be the name of a service; use letters, digits, - and _", args.name);
    }
    let command = command(context, args)?;
    let project = std::path::absolute(&context.project.root)?;
    let files = [
        (format!("{}.service", args.name), service(&project, context, &command)),
        (format!("{}.timer", args.name), timer(args, &zone)),
        (format!("{}.cron", args.name), cron(args, &zone, &project, &command)),
    ];
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

/// The program and its arguments, with whole paths: a timer has no folder of its own.
fn command(context: &Context, args: &Args) -> anyhow::Result<Vec<String>> {
    let whole = |path: &Path| anyhow::Ok(std::path::absolute(path)?.display().to_string());
    let project = &context.project;
    let program = std::env::current_exe().context("finding the path of this program")?;
    let mut command = vec![whole(&program)?, "--project".into(), whole(&project.root)?];
    command.extend(["--input".into(), whole(&project.input)?, "--json".into(), "run".into()]);
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

fn service(project: &Path, context: &Context, command: &[String]) -> String {
    let words: Vec<String> = command.iter().map(|word| systemd_word(word)).collect();
    let shown = project.display().to_string();
    let metrics = command.iter().skip_while(|word| *word != "--metrics").nth(1);
    let beside = metrics.and_then(|file| Path::new(file).parent()).map(|folder| folder.display().to_string());
    let writable: Vec<String> =
        [Some(shown.clone()), beside].into_iter().flatten().map(|path| systemd_path(&path)).collect();
    let input = std::path::absolute(&context.project.input).unwrap_or_else(|_| context.project.input.clone());
    let mounts = [project.display().to_string(), input.display().to_string()].map(|path| systemd_path(&path));
    format!(
        "\
# Made by `shebao schedule`. Exit code 1 (the data have errors) counts as a failure, so that somebody looks.
[Unit]
Description=shebao, the main job of {description}
RequiresMountsFor={mounts}

[Service]
Type=oneshot
WorkingDirectory={folder}
ExecStart={exec}
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

fn cron(args: &Args, zone: &str, project: &Path, command: &[String]) -> String {
    let months = months(args).unwrap_or_else(|| "*".to_owned());
    let (hour, minute) = (args.at.hour(), args.at.minute());
    let words: Vec<String> = command.iter().map(|word| cron_word(word)).collect();
    let log = cron_word(&project.join("warehouse/cron.log").display().to_string());
    let (day, guard) = match args.day {
        Day::Of(day) => (day.to_string(), ""),
        Day::Last => ("28-31".to_owned(), "[ \"$(TZ=ZONE date -d tomorrow +\\%d)\" = 01 ] && "),
    };
    let guard = guard.replace("ZONE", zone);
    format!(
        "# Made by `shebao schedule`, for `crontab -e`. CRON_TZ is read by cronie; Debian's cron goes by the machine's own clock.\n\
         CRON_TZ={zone}\n\
         {minute} {hour} {day} {months} * {guard}{} >>{log} 2>&1\n",
        words.join(" ")
    )
}
