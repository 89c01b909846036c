//! `shebao status`: which release is current, what it was made from, what is missing or has changed since.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use serde_json::json;

use super::job::{self, inventory, publication};
use super::{Context, Ended, Fault, print};
use crate::store::digest::FileDigest;
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
    let project = &context.project;
    let list = Releases::open(&project.warehouse).list()?;
    let inventory = match inventory::inventory(project) {
        Ok(inventory) => inventory,
        Err(error) => {
            // Just when something is wrong one wants to know what stands.
            if let Some(current) = list.last().filter(|_| !context.json) {
                println!("release       {} of {}", current.id, current.since);
            }
            return Err(error);
        }
    };
    let sources = inventory::sources(project, &inventory)?;
    let Some(current) = list.last() else {
        if context.json {
            println!("{}", json!({ "release": null, "missing": inventory.missing, "unread": inventory.unread }));
        } else {
            println!("no release yet; run `shebao run`");
            tell_files("missing", &inventory.missing);
        }
        return Ok(Ended::Good);
    };
    let manifest = Manifest::read(&current.path)?;
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
            "program": manifest.tool_version,
        });
        println!("{told}");
        return Ok(Ended::Good);
    }
    let earlier = list.len() - 1;
    let plural = if earlier == 1 { "" } else { "s" };
    println!("release       {} of {}, after {earlier} earlier one{plural}", current.id, current.since);
    println!("made from     {} files by program {}", manifest.sources.inputs.len(), manifest.tool_version);
    println!("findings      {}", print::findings(&manifest));
    if manifest.report_faults > 0 {
        println!("reports       {}", print::count(manifest.report_faults as usize, "fault"));
    }
    for kept in &manifest.kept {
        println!("kept          {}/{} from release {}: {}", kept.dataset, kept.table_id, kept.release, kept.reason);
    }
    for (file, encoding) in &manifest.encodings {
        println!("text file     {file} is {encoding}");
    }
    tell_files("missing", &inventory.missing);
    tell_files("unread", &inventory.unread);
    tell_files("changed", &changed);
    let next = match (fresh, printed) {
        (true, true) if manifest.has_errors() => "mend what `shebao check` and `shebao report` tell",
        (true, true) => "nothing to do",
        (true, false) => "the published files are not of this release: `shebao report`",
        (false, _) if changed.is_empty() => "the program has changed: `shebao run`",
        (false, _) => "there is something to do: `shebao run`",
    };
    println!("next          {next}");
    Ok(Ended::Good)
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

fn tell_files(what: &str, files: &[String]) {
    for file in files {
        println!("{what:<13} {file}");
    }
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
