//! `shebao doctor`: what the machine and the project lack, and how to get it.

use std::fs;
use std::path::Path;

use super::{Context, Ended, print};
use crate::report::chart::font;
use crate::spec::calendar;
use crate::{report, spec};

/// Say what is missing on this machine or in this project, and how to get it
#[derive(clap::Args, Debug)]
pub struct Args {}

/// One thing looked at.
struct Check {
    what: &'static str,
    /// What was found, or what is wrong and what to do.
    result: Result<String, String>,
}

pub fn run(context: Option<Context>, json: bool, _: &Args) -> anyhow::Result<Ended> {
    let mut checks = vec![cjk_font()];
    match &context {
        Some(context) => checks.extend(project_checks(context)),
        None => checks.push(Check {
            what: "project",
            result: Err("this folder has no pipelines/; run inside a project or name one with --project DIR".into()),
        }),
    }
    for check in &checks {
        if json {
            let (ok, text) = check.result.as_ref().map_or_else(|e| (false, e), |t| (true, t));
            println!("{}", serde_json::json!({ "check": check.what, "ok": ok, "message": text }));
        } else {
            let (sign, text) = check.result.as_ref().map_or_else(|e| ("missing", e), |t| ("ok", t));
            println!("{sign:<8} {:<16} {text}", check.what);
        }
    }
    let good = checks.iter().all(|c| c.result.is_ok());
    Ok(if good { Ended::Good } else { Ended::DataErrors })
}

fn cjk_font() -> Check {
    let result = match font::Face::find(["社会保险参保人数变动统计表"]) {
        Ok(found) => Ok(found.family),
        Err(diagnostic) => Err(diagnostic.hints.first().cloned().unwrap_or(diagnostic.message)),
    };
    Check { what: "Chinese font", result }
}

fn project_checks(context: &Context) -> Vec<Check> {
    let project = &context.project;
    let pipelines = spec::load(project);
    print::diagnostics(&pipelines.diagnostics, context.json);
    let specs = match pipelines.diagnostics.len() {
        0 => Ok(format!("{} sources", pipelines.value.sources.len())),
        n => Err(format!("{} in pipelines/, told above", print::count(n, "fault"))),
    };
    let calendar = calendar::load(project, &pipelines.value.codebook);
    print::diagnostics(&calendar.diagnostics, context.json);
    let awaited = match (&calendar.value, calendar.diagnostics.len()) {
        (Some(calendar), 0) => Ok(print::count(calendar.due.len(), "kind") + " of files due"),
        (None, 0) => Ok("none: what comes is read, and nothing is awaited".to_owned()),
        (_, n) => Err(format!("{} in pipelines/calendar.toml, told above", print::count(n, "fault"))),
    };
    let reports = report::load(&project.reports());
    print::diagnostics(&reports.diagnostics, context.json);
    let printed = match reports.diagnostics.len() {
        0 => Ok(format!("{} reports", reports.value.len())),
        n => Err(format!("{} in reports/, told above", print::count(n, "fault"))),
    };
    let input = match fs::read_dir(&project.input) {
        Ok(_) => Ok(project.display(&project.input)),
        Err(error) => {
            Err(format!("{}: {error}; name the folder of your files with --input DIR", project.input.display()))
        }
    };
    vec![
        Check { what: "input folder", result: input },
        Check { what: "pipelines", result: specs },
        Check { what: "calendar", result: awaited },
        Check { what: "reports", result: printed },
        Check { what: "warehouse", result: writable(&project.warehouse) },
        Check { what: "output folder", result: writable(&project.output) },
    ]
}

/// Whether files can be made in a folder, or the folder itself where it is not there yet.
fn writable(folder: &Path) -> Result<String, String> {
    let there = folder.ancestors().find(|p| p.is_dir()).unwrap_or(folder);
    let probe = there.join(format!(".shebao-probe-{}", std::process::id()));
    match fs::write(&probe, b"") {
        Ok(()) => {
            // The probe has told what it was made for; that it cannot be removed again would be told by the next run.
            let _ = fs::remove_file(&probe);
            Ok(format!("{} is writable", folder.display()))
        }
        Err(error) => {
            Err(format!("cannot write to {}: {error}; give yourself the right or free some space", there.display()))
        }
    }
}
