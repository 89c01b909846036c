//! `shebao impact`: which figures depend on a file or a cell.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::bail;
use serde_json::json;

use super::{Context, Ended, Fault, job, print};
use crate::explain::formula::number;
use crate::explain::impact::{Impact, impact, observations};
use crate::explain::{Explainer, OBSERVATIONS, json, text};

/// Tell every published figure that depends on a file, or on one cell of it
///
/// Figures that are computed from it come first; then how many rows it only helped to choose.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The file, as it is named below the input folder: yuxi-2013/injury_by_county.xlsx
    file: String,
    /// The cell, with its sheet where the file has several: B7, Sheet1!B7
    #[arg(value_name = "[SHEET!]CELL")]
    cell: Option<String>,
}

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    let mut explainer = Explainer::new(job::open_provenance(&context.project, None)?);
    let (sheet, address) = match &args.cell {
        Some(cell) => match cell.rsplit_once('!') {
            Some((sheet, address)) => (Some(sheet), Some(address)),
            None => (None, Some(cell.as_str())),
        },
        None => (None, None),
    };
    let file = Path::new(&args.file);
    let file = file.strip_prefix(&context.project.input).unwrap_or(file).to_string_lossy().replace('\\', "/");
    let found = observations(&mut explainer, &file, sheet, address).map_err(|fault| Fault(vec![fault]))?;
    if found.is_empty() {
        let whole = observations(&mut explainer, &file, None, None).map_err(|fault| Fault(vec![fault]))?;
        match args.cell.as_deref().filter(|_| !whole.is_empty()) {
            Some(cell) => bail!("no figure was read from {cell} of {file}; {} were from other cells", whole.len()),
            None => bail!("nothing in this release was read from {file}; name it as seen from the input folder"),
        }
    }
    let impact = impact(&mut explainer, found).map_err(Fault)?;
    if context.json {
        let figures: Vec<_> = impact
            .figures
            .iter()
            .map(|a| {
                json!({ "table": a.cell.table, "column": a.cell.column, "key": json::key(&a.key), "value": json::value(&a.value) })
            })
            .collect();
        let observations: Vec<String> = impact
            .observations
            .iter()
            .map(|row| explainer.provenance.value(OBSERVATIONS, *row, "obs_id").map(|id| id.to_string()))
            .collect::<Result<_, _>>()
            .map_err(|fault| Fault(vec![fault]))?;
        let told =
            json!({ "file": file, "observations": observations, "figures": figures, "rows_chosen": chosen(&impact) });
        print::whole(&(serde_json::to_string_pretty(&told)? + "\n"))?;
        return Ok(Ended::Good);
    }
    let mut out = format!("{} read there\n", print::count(impact.observations.len(), "figure"));
    let mut table = "";
    for affected in &impact.figures {
        if affected.cell.table != table {
            table = &affected.cell.table;
            out.push_str(&format!("\n{table}\n"));
        }
        let value = number(&affected.value);
        out.push_str(&format!("  {value:>16}  {:<28} {}\n", affected.cell.column, text::key(&affected.key)));
    }
    out.push_str(&format!("\n{} computed from it", print::count(impact.figures.len(), "figure")));
    let rows: Vec<String> = chosen(&impact).iter().map(|(table, count)| format!("{count} of {table}")).collect();
    if !rows.is_empty() {
        out.push_str(&format!("; rows that it only helped to choose: {}", rows.join(", ")));
    }
    print::whole(&(out + "\n"))?;
    Ok(Ended::Good)
}

fn chosen(impact: &Impact) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for (table, _) in &impact.chosen {
        *counts.entry(table.as_str()).or_insert(0) += 1;
    }
    counts
}
