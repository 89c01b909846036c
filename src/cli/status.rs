//! `shebao status`: which release is current, what it was made from, what is missing or has changed since.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::job::database::{self, Held};
use super::job::delivery::{Deliveries, Delivery, Set, State};
use super::job::inventory::Inventory;
use super::job::{self, inventory, publication};
use super::{Context, Ended, Fault, print};
use crate::domain::{Period, TOTAL};
use crate::project::Project;
use crate::store::digest::FileDigest;
use crate::store::release::Release;
use crate::store::{Manifest, Releases};

/// Tell which release is current, what it was made from, what is missing, and what has changed since
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Tell what later editions of tables state otherwise than earlier ones, and what that adds up to
    #[arg(long)]
    revisions: bool,
}

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    if args.revisions {
        return revisions(context);
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    let ended = tell(context, &mut out)?;
    out.flush()?;
    Ok(ended)
}

fn tell(context: &Context, out: &mut dyn Write) -> anyhow::Result<Ended> {
    let project = &context.project;
    let list = Releases::open(&project.warehouse).list()?;
    let mut inventory = match inventory::inventory(project) {
        Ok(inventory) => inventory,
        Err(error) => {
            // Just when something is wrong one wants to know what stands.
            if let Some(current) = list.last().filter(|_| !context.json) {
                writeln!(out, "release       {} of {}", current.id, current.since)?;
            }
            return Err(error);
        }
    };
    let manifest = list.last().map(|current| Manifest::read(&current.path)).transpose()?;
    // What a run would read that asks for the same period again.
    let until = manifest.as_ref().and_then(|m| m.sources.until.as_ref()).and_then(|until| until.parse().ok());
    let databases = look(project, &mut inventory, until, manifest.as_ref());
    let mut deliveries = awaited(project, &inventory, None, list.last())?;
    manifest.iter().for_each(|last| deliveries.recall(last));
    let (Some(current), Some(manifest)) = (list.last(), manifest) else {
        nothing_yet(context, &inventory, (&deliveries, &databases), out)?;
        return Ok(Ended::Good);
    };
    inventory.hold_back(awaited(project, &inventory, until, list.last())?);
    let sources = inventory::sources(project, &inventory)?;
    let was = [&manifest.sources.inputs, &manifest.sources.specs, &manifest.sources.sql, &manifest.sources.reports];
    let is = [&sources.inputs, &sources.specs, &sources.sql, &sources.reports];
    let changed: Vec<String> = was.into_iter().zip(is).flat_map(|(was, is)| differences(was, is)).collect();
    let fresh = manifest.made_from == sources.digest();
    let printed = publication::is_printed(project, current);
    if context.json {
        let told = json!({
            "release": current.id, "released_at": current.since.to_string(), "releases": list.len(), "fresh": fresh,
            "printed": printed, "inputs": manifest.sources.inputs.len(), "rows": manifest.rows, "findings": manifest.findings, "report_faults": manifest.report_faults,
            "kept": manifest.kept, "encodings": manifest.encodings, "changed": changed, "missing": inventory.missing, "unread": inventory.unread,
            "deliveries": deliveries_json(&deliveries), "databases": databases_json(&databases), "program": manifest.tool_version,
        });
        writeln!(out, "{told}")?;
        return Ok(Ended::Good);
    }
    let earlier = list.len() - 1;
    let plural = if earlier == 1 { "" } else { "s" };
    writeln!(out, "release       {} of {}, after {earlier} earlier one{plural}", current.id, current.since)?;
    writeln!(out, "made from     {} files by program {}", manifest.sources.inputs.len(), manifest.tool_version)?;
    writeln!(out, "findings      {}", print::findings(&manifest))?;
    if manifest.report_faults > 0 {
        writeln!(out, "reports       {}", print::count(manifest.report_faults as usize, "fault"))?;
    }
    for kept in &manifest.kept {
        writeln!(
            out,
            "kept          {}/{} from release {}: {}",
            kept.dataset, kept.table_id, kept.release, kept.reason
        )?;
    }
    for (file, encoding) in &manifest.encodings {
        writeln!(out, "text file     {file} is {encoding}")?;
    }
    tell_files(out, "missing", &inventory.missing)?;
    tell_files(out, "unread", &inventory.unread)?;
    tell_files(out, "changed", &changed)?;
    tell_databases(&databases, out)?;
    tell_deliveries(&deliveries, out)?;
    let next = match (fresh, printed) {
        (true, true) if manifest.has_errors() => "mend what `shebao check` and `shebao report` tell",
        (true, true) => "nothing to do",
        (true, false) => "the published files are not of this release: `shebao report`",
        (false, _) if changed.is_empty() => "the program has changed: `shebao run`",
        (false, _) => "there is something to do: `shebao run`",
    };
    writeln!(out, "next          {next}")?;
    Ok(Ended::Good)
}

fn nothing_yet(
    context: &Context,
    inventory: &Inventory,
    (deliveries, databases): (&Deliveries, &[Database]),
    out: &mut dyn Write,
) -> io::Result<()> {
    if context.json {
        let (missing, unread) = (&inventory.missing, &inventory.unread);
        let deliveries = deliveries_json(deliveries);
        let databases = databases_json(databases);
        writeln!(
            out,
            "{}",
            json!({ "release": null, "missing": missing, "unread": unread, "deliveries": deliveries, "databases": databases })
        )?;
    } else {
        writeln!(out, "no release yet; run `shebao run`")?;
        tell_files(out, "missing", &inventory.missing)?;
        tell_databases(databases, out)?;
        tell_deliveries(deliveries, out)?;
    }
    Ok(())
}

/// What a database holds for the period that is asked for.
struct Database {
    name: String,
    rows: Option<u64>,
    state: String,
}

/// Ask the databases, and add what they hold to the files: where one does not answer, what the release had of it.
fn look(project: &Project, inventory: &mut Inventory, until: Option<Period>, last: Option<&Manifest>) -> Vec<Database> {
    let held = match database::look_all(project, inventory, until) {
        Ok(held) => held,
        Err(fault) => return vec![Database { name: String::new(), rows: None, state: format!("{fault:#}") }],
    };
    let mut told = Vec::new();
    for Held { name, found } in held {
        let before = last.and_then(|last| last.sources.inputs.iter().find(|input| input.path == name));
        let (rows, state) = match &found {
            Ok((sha256, rows)) => {
                let state = match before {
                    Some(before) if before.sha256 == *sha256 => "as in the release",
                    Some(_) => "other than in the release",
                    None => "not in a release yet",
                };
                (Some(*rows), state.to_owned())
            }
            Err(fault) => (None, format!("no answer: {}", fault.message)),
        };
        let sha256 = found.ok().map(|(sha256, _)| sha256).or_else(|| before.map(|before| before.sha256.clone()));
        inventory.files.extend(sha256.map(|sha256| FileDigest { path: name.clone(), sha256 }));
        told.push(Database { name, rows, state });
    }
    inventory.files.sort();
    told
}

fn tell_databases(databases: &[Database], out: &mut dyn Write) -> io::Result<()> {
    for Database { name, rows, state } in databases {
        let rows = rows.map_or(String::new(), |rows| format!("{}, ", print::count(rows as usize, "row")));
        let name = if name.is_empty() { String::new() } else { format!("{name}: ") };
        writeln!(out, "database      {name}{rows}{state}")?;
    }
    Ok(())
}

fn databases_json(databases: &[Database]) -> Json {
    databases.iter().map(|d| json!({ "name": d.name, "rows": d.rows, "state": d.state })).collect()
}

/// What is due by the calendar until a period, or until the last one that has ended.
fn awaited(
    project: &Project,
    inventory: &Inventory,
    until: Option<Period>,
    last: Option<&Release>,
) -> anyhow::Result<Deliveries> {
    let Some(calendar) = &inventory.calendar else { return Ok(Deliveries::default()) };
    let now = job::now();
    let (arrivals, _) = inventory.arrivals(project, now)?;
    let ended = calendar.month_before(now)?;
    inventory.deliveries(&arrivals, until.or(Some(ended)), last)
}

/// The newest period of each kind whole, and of those before it what a person can still do something about; how many were late
/// or came again is a count. JSON has them all.
fn tell_deliveries(deliveries: &Deliveries, out: &mut dyn Write) -> io::Result<()> {
    let now = job::now();
    for of_kind in deliveries.sets.chunk_by(|a, b| a.name == b.name) {
        let Some((newest, older)) = of_kind.split_last() else { continue };
        for set in older.iter().filter(|set| set.deliveries.iter().any(|d| set.state(d, now).is_open())) {
            tell_set(set, &mut State::TROUBLES.into_iter().filter(|state| state.is_open()), out)?;
        }
        tell_set(newest, &mut State::TROUBLES.into_iter(), out)?;
        let count = |state| {
            let of = |set: &Set| set.deliveries.iter().filter(|d| set.state(d, now) == state).count();
            older.iter().map(of).sum::<usize>()
        };
        let past = [State::Late, State::Resubmitted].map(|state| (count(state), state.as_str()));
        let past: Vec<String> = past.iter().filter(|(n, _)| *n > 0).map(|(n, state)| format!("{n} {state}")).collect();
        if !past.is_empty() {
            writeln!(out, "  before      {}", past.join(", "))?;
        }
    }
    Ok(())
}

fn tell_set(set: &Set, states: &mut dyn Iterator<Item = State>, out: &mut dyn Write) -> io::Result<()> {
    let now = job::now();
    let there = set.deliveries.len() - set.missing().count();
    let due = set.due_at.map_or(String::new(), |due| format!(", due {due}"));
    let withheld = if set.is_withheld() { ", withheld" } else { "" };
    writeln!(
        out,
        "due           {} {}: {there} of {} there{due}{withheld}",
        set.name,
        set.period,
        set.deliveries.len()
    )?;
    for state in states {
        let of_state: Vec<&str> =
            set.deliveries.iter().filter(|d| set.state(d, now) == state).map(|d| d.region.as_str()).collect();
        let regions: Vec<&str> = of_state.iter().copied().filter(|region| *region != TOTAL).collect();
        match (of_state.is_empty(), regions.is_empty()) {
            (true, _) => {}
            (false, true) => writeln!(out, "  {:<11} all of it", state.as_str())?,
            (false, false) => writeln!(out, "  {:<11} {}", state.as_str(), regions.join(" "))?,
        }
    }
    Ok(())
}

fn deliveries_json(deliveries: &Deliveries) -> Json {
    let now = job::now();
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let of = |set: &Set, d: &Delivery| {
        json!({
            "delivery": set.name, "period": set.period.to_string(), "region": d.region.as_str(),
            "state": set.state(d, now).as_str(), "due_at": time(set.due_at), "arrived_at": time(d.arrived_at),
            "resubmitted_at": time(d.resubmitted_at), "files": d.files.iter().map(|f| &f.path).collect::<Vec<_>>(),
            "period_is_whole": set.is_whole(), "withheld": set.is_withheld(),
        })
    };
    deliveries.sets.iter().flat_map(|set| set.deliveries.iter().map(move |d| of(set, d))).collect()
}

/// The revision report of the current release.
fn revisions(context: &Context) -> anyhow::Result<Ended> {
    let warehouse = job::open_release(&context.project, None)?;
    let table = |name: &str| warehouse.table(name, &[]).map_err(|fault| Fault(vec![fault]));
    let (items, totals) = (table("out_revision")?, table("core_revision_total")?);
    let mut out = io::BufWriter::new(io::stdout().lock());
    if context.json {
        write!(out, "{{\"revisions\": ")?;
        print::json(&items, &mut out)?;
        write!(out, ", \"totals\": ")?;
        print::json(&totals, &mut out)?;
        writeln!(out, "}}")?;
    } else if items.rows.is_empty() {
        writeln!(out, "no edition states a quantity otherwise than an earlier one")?;
    } else {
        print::table(&print::choose(items, &REVISION_COLUMNS), &mut out)?;
        print::table(&print::choose(totals, &TOTAL_COLUMNS), &mut out)?;
    }
    out.flush()?;
    Ok(Ended::Good)
}

/// What a person reads of a revision; the tables hold the rest.
const REVISION_COLUMNS: [&str; 11] = [
    "table_id",
    "edition_before",
    "edition_after",
    "kind",
    "quantity",
    "before_value",
    "after_value",
    "difference",
    "before_mark",
    "after_mark",
    "recoded_from",
];
const TOTAL_COLUMNS: [&str; 14] = [
    "table_id",
    "edition_before",
    "edition_after",
    "indicator",
    "period",
    "unit",
    "before_value",
    "after_value",
    "difference",
    "added_value",
    "changed_value",
    "deleted_value",
    "mark_changed_value",
    "recoded_value",
];

fn tell_files(out: &mut dyn Write, what: &str, files: &[String]) -> io::Result<()> {
    for file in files {
        writeln!(out, "{what:<13} {file}")?;
    }
    Ok(())
}

/// Files that are new, gone or other than they were.
fn differences(was: &[FileDigest], is: &[FileDigest]) -> Vec<String> {
    let map = |files: &[FileDigest]| -> BTreeMap<String, String> {
        files.iter().map(|f| (f.path.clone(), f.sha256.clone())).collect()
    };
    let (was, is) = (map(was), map(is));
    let mut found: Vec<String> = is.iter().filter(|(p, d)| was.get(*p) != Some(*d)).map(|(p, _)| p.clone()).collect();
    found.extend(was.keys().filter(|p| !is.contains_key(*p)).map(|p| format!("{p} (gone)")));
    found.sort();
    found
}
