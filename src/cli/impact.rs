//! `shebao impact`: which figures depend on a file or a cell.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{anyhow, bail};
use serde_json::json;

use super::{Context, Ended, Fault, job, print};
use crate::explain::formula::number;
use crate::explain::impact::{Affected, Affects, Impact, impact, observations};
use crate::explain::{Explainer, OBSERVATIONS, json, source, text};
use crate::report::formats::keys;
use crate::warehouse::provenance::{Cell, Extract};

/// Tell every published figure that depends on a file, or on one cell of it
///
/// Figures that are computed from it come first, then the cells of the published files that print them, and how many rows it
/// only helped to choose. A file of records is followed as a whole.
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
    let file = within(&context.project.input, &args.file)?;
    let found = observations(&mut explainer, &file, sheet, address).map_err(|fault| Fault(vec![fault]))?;
    let extracts: Vec<Extract> = explainer.provenance.extracts().filter(|extract| extract.file == file).collect();
    if !extracts.is_empty() && args.cell.is_some() {
        bail!("{file} holds records, which are followed as a whole: shebao impact {file}");
    }
    if found.is_empty() && extracts.is_empty() {
        return Err(nothing(&mut explainer, context, &file, args)?);
    }
    let extract = (!extracts.is_empty()).then_some(file.as_str());
    let (impact, mut affects) = impact(&mut explainer, found, extract).map_err(Fault)?;
    let printed = printed(&mut explainer, &mut affects, &context.project.output)?;
    let told = match context.json {
        true => document(&mut explainer, &file, &extracts, &impact, &printed)?,
        false => in_words(&extracts, &impact, &printed),
    };
    print::whole(&(told + "\n"))?;
    Ok(Ended::Good)
}

/// The name of a file as seen from the input folder, however it was written.
fn within(input: &Path, written: &str) -> anyhow::Result<String> {
    let (input, whole) = (std::path::absolute(input)?, std::path::absolute(written)?);
    let name = whole.strip_prefix(&input).unwrap_or(Path::new(written));
    Ok(name.to_string_lossy().replace('\\', "/"))
}

/// Places named when another one was meant.
const NAMED_MAX: usize = 6;

/// Why nothing can be told of a file, or of a cell of it, and what to ask instead.
fn nothing(explainer: &mut Explainer, context: &Context, file: &str, args: &Args) -> anyhow::Result<anyhow::Error> {
    let fault = |fault| Fault(vec![fault]);
    let whole = observations(explainer, file, None, None).map_err(fault)?;
    let Some(cell) = args.cell.as_deref().filter(|_| !whole.is_empty()) else {
        let published = std::path::absolute(&args.file)?.starts_with(std::path::absolute(&context.project.output)?);
        return Ok(match published {
            true => anyhow!("{file} is a published file: shebao explain {file}!CELL tells where its figures come from"),
            false => anyhow!("nothing in this release was read from {file}; name it as seen from the input folder"),
        });
    };
    let mut places = Vec::new();
    for row in whole.iter().take(NAMED_MAX) {
        let [_, sheet, address] = source::place(&mut explainer.provenance, OBSERVATIONS, *row).map_err(fault)?;
        places.push(if sheet.is_empty() { address } else { format!("{sheet}!{address}") });
    }
    let more = if whole.len() > NAMED_MAX { " …" } else { "" };
    let (count, places) = (whole.len(), places.join(" "));
    Ok(anyhow!("no figure was read from {cell} of {file}; its {count} figures stand in {places}{more}"))
}

/// What depends on it, for programs.
fn document(
    explainer: &mut Explainer,
    file: &str,
    extracts: &[Extract],
    impact: &Impact,
    printed: &[Printed],
) -> anyhow::Result<String> {
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
    let told = json!({
        "file": file,
        "observations": observations,
        "records": extracts.iter().map(|e| json!({ "table": e.table, "months": e.months })).collect::<Vec<_>>(),
        "counted": impact.counted,
        "figures": figures,
        "rows_chosen": chosen(impact),
        "printed": printed.iter().map(Printed::json).collect::<Vec<_>>(),
    });
    Ok(serde_json::to_string_pretty(&told)?)
}

/// What depends on it, for people.
fn in_words(extracts: &[Extract], impact: &Impact, printed: &[Printed]) -> String {
    let mut out = String::new();
    for Extract { table, months, .. } in extracts {
        let (records, months): (u64, Vec<&str>) = (months.values().sum(), months.keys().map(String::as_str).collect());
        let records = print::count(usize::try_from(records).unwrap_or(usize::MAX), "record");
        out.push_str(&format!("{records} of {table} read there, of {}\n", months.join(", ")));
    }
    if extracts.is_empty() {
        out.push_str(&format!("{} read there\n", print::count(impact.observations.len(), "figure")));
    }
    for of_table in impact.figures.chunk_by(|a, b| a.cell.table == b.cell.table) {
        out.push_str(&format!("\n{}\n", of_table[0].cell.table));
        for affected in of_table.iter().take(TOLD_MAX) {
            let value = number(&affected.value);
            out.push_str(&format!("  {value:>16}  {:<28} {}\n", affected.cell.column, text::key(&affected.key)));
        }
        if let Some(more) = of_table.len().checked_sub(TOLD_MAX).filter(|more| *more > 0) {
            out.push_str(&format!("  … and {more} more, which --json tells: of {}\n", columns(&of_table[TOLD_MAX..])));
        }
    }
    let mut file = "";
    for figure in printed {
        if figure.file != file {
            file = &figure.file;
            out.push_str(&format!("\nprinted in {file} ({})\n", figure.beside()));
        }
        out.push_str(&format!("  {:>16}  {:<28} {}\n", figure.place(), figure.column, figure.page));
    }
    out.push_str(&format!("\n{} computed from it", print::count(impact.figures.len(), "figure")));
    out.push_str(&format!(", {} printed", printed.len()));
    let rows: Vec<String> = chosen(impact).iter().map(|(table, count)| format!("{count} of {table}")).collect();
    if !rows.is_empty() {
        out.push_str(&format!("; rows that it only helped to choose: {}", rows.join(", ")));
    }
    out
}

/// Figures of one table that are told one by one.
const TOLD_MAX: usize = 40;

/// The columns of some figures, each once.
fn columns(figures: &[Affected]) -> String {
    let mut columns: Vec<&str> = Vec::new();
    for figure in figures {
        if !columns.contains(&figure.cell.column.as_str()) {
            columns.push(&figure.cell.column);
        }
    }
    columns.join(", ")
}

/// A printed figure that depends on what was asked for.
struct Printed {
    /// The document that carries the key; the same table stands under the same name in the other formats.
    file: String,
    sheet: String,
    cell: String,
    table: String,
    column: String,
    key: Vec<(String, String)>,
    /// The figure on the page for browsers.
    page: String,
}

impl Printed {
    fn place(&self) -> String {
        match self.file.ends_with(".docx") && !self.sheet.is_empty() {
            true => format!("{}!{}", self.sheet, self.cell),
            false => self.cell.clone(),
        }
    }

    /// The other formats in which the cell has the same address.
    fn beside(&self) -> &'static str {
        if self.file.ends_with(".docx") { "and its page" } else { "the same cell in .ods, and its page" }
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "file": self.file,
            "sheet": self.sheet,
            "cell": self.cell,
            "page": self.page,
            "table": self.table,
            "column": self.column,
            "key": json::key(&self.key),
        })
    }
}

/// The cells of the published files that print figures depending on what was asked for: the tables by their workbooks, the
/// texts by their documents.
fn printed(explainer: &mut Explainer, affects: &mut Affects, out: &Path) -> anyhow::Result<Vec<Printed>> {
    let mut files = Vec::new();
    let mut folders = vec![out.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let is_text = name.ends_with(".docx") && !path.with_extension("ods").is_file();
            if path.is_dir() {
                folders.push(path);
            } else if is_text || name.ends_with(".ods") && !name.ends_with(".accessible.ods") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut found = Vec::new();
    for path in files {
        let shown = |path: &Path| {
            let below = path.strip_prefix(out).unwrap_or(path).to_string_lossy().replace('\\', "/");
            format!("{}/{below}", out.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()))
        };
        let is_text = path.extension().is_some_and(|extension| extension == "docx");
        let file = shown(&if is_text { path.clone() } else { path.with_extension("xlsx") });
        for keyed in keys::read(&path).map_err(|fault| Fault(vec![fault]))? {
            let figure = keyed.figure;
            let Some(row) = explainer.find(&figure.table, &figure.key).map_err(|fault| Fault(vec![fault]))? else {
                continue;
            };
            let cell = Cell { table: figure.table.clone(), row, column: figure.column.clone() };
            if !affects.reach(explainer, &cell).map_err(Fault)? {
                continue;
            }
            let anchor = if is_text && keyed.sheet.is_empty() { keyed.cell.to_lowercase() } else { keyed.cell.clone() };
            let page = match is_text && !keyed.sheet.is_empty() {
                // A table within a text has its own page, which is told there.
                true => shown(&path.with_extension("html")),
                false => format!("{}#{anchor}", shown(&path.with_extension("way.html"))),
            };
            let Cell { table, column, .. } = cell;
            found.push(Printed {
                file: file.clone(),
                sheet: keyed.sheet,
                cell: keyed.cell,
                table,
                column,
                key: figure.key,
                page,
            });
        }
    }
    Ok(found)
}

fn chosen(impact: &Impact) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for (table, _) in &impact.chosen {
        *counts.entry(table.as_str()).or_insert(0) += 1;
    }
    counts
}
