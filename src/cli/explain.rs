//! `shebao explain`: where a figure comes from.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::{Context, Ended, Fault, job, print};
use crate::domain::TOTAL;
use crate::explain::{self, Explainer, html, json, text};
use crate::grid::{self, CellRef, Declared, Grid};
use crate::report::formats::keys;
use crate::report::formats::xlsx::KEY_SHEET;
use crate::report::table::key::{FigureKey, Keyed};
use crate::store::digest::sha256_file;
use crate::warehouse::Scalar;
use crate::warehouse::provenance::{Cell, Provenance};

/// Explain a figure: how it was computed, model by model, down to the printed cells
///
/// The figure is a column of a table (ind_coverage.coverage_pct, or short: coverage) and the codes of its row, or a cell of a
/// published workbook or document (out/tables/yuxi-2013/medical_subsidy.xlsx!B5, ….ods!D7, ….accessible.ods!SHEET!B5, ….docx!B3 as Word
/// counts the cells of a table, ….docx!2!B3 in its second table, ….docx!F4 the fourth figure in its sentences). A dimension that is not named is not divided (_T) where that
/// leaves one row. Values come first; what only chose the row is told by table and columns.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// TABLE.COLUMN, a short name, or FILE!CELL of a published .xlsx, .ods or .docx
    figure: String,
    #[command(flatten)]
    row: Row,
    /// A page with the source sheets drawn and the cells marked
    #[arg(long, conflicts_with = "json")]
    html: bool,
    /// Where to write instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Ask the release that was current at a time (2026-11-22 or 2026-11-22T08:00:00Z), or one by its id
    #[arg(long, value_name = "TIME|RELEASE")]
    as_of: Option<String>,
}

/// Which row.
#[derive(clap::Args, Debug, Default)]
struct Row {
    #[arg(long)]
    period: Option<String>,
    #[arg(long)]
    region: Option<String>,
    #[arg(long)]
    scheme: Option<String>,
    #[arg(long)]
    ownership: Option<String>,
    #[arg(long)]
    industry: Option<String>,
    #[arg(long)]
    population: Option<String>,
    #[arg(long)]
    breakdown: Option<String>,
    #[arg(long)]
    indicator: Option<String>,
    /// Any other column of the row
    #[arg(long = "where", value_name = "COLUMN=VALUE")]
    other: Vec<String>,
}

impl Row {
    fn wanted(&self) -> anyhow::Result<Vec<(String, String)>> {
        let named = [
            ("period", &self.period),
            ("region", &self.region),
            ("scheme", &self.scheme),
            ("ownership", &self.ownership),
            ("industry", &self.industry),
            ("population", &self.population),
            ("breakdown", &self.breakdown),
            ("indicator", &self.indicator),
        ];
        let mut wanted: Vec<(String, String)> =
            named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect();
        for written in &self.other {
            let (column, value) =
                written.split_once('=').with_context(|| format!("--where {written}: write COLUMN=VALUE"))?;
            wanted.push((column.to_owned(), value.to_owned()));
        }
        Ok(wanted)
    }
}

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    let mut explainer = Explainer::new(job::open_provenance(&context.project, args.as_of.as_deref())?);
    let cell = match in_file(&args.figure)? {
        Some((file, address)) => published(&mut explainer, Path::new(file), address)?,
        None => figure(&mut explainer.provenance, &args.figure, &args.row.wanted()?)?,
    };
    let explanation = explainer.explain(&cell).map_err(Fault)?;
    let out = if context.json {
        serde_json::to_string_pretty(&json::json(&explanation))? + "\n"
    } else if args.html {
        let mut read = |file: &str, sha256: &str| {
            let path = context.project.input.join(file);
            let same = sha256_file(&path).is_ok_and(|found| found == sha256);
            same.then(|| grid::read(&path, file, Declared::default()).ok()).flatten()
        };
        html::html(&explanation, &mut read)
    } else {
        text::text(&explanation)
    };
    match &args.output {
        Some(path) => std::fs::write(path, out).with_context(|| format!("writing {}", path.display()))?,
        None => print::whole(&out)?,
    }
    Ok(Ended::Good)
}

/// The layers in which a short name is looked for.
const LAYERS: [&str; 3] = ["ind", "out", "core"];

/// The cell that a name and codes mean.
fn figure(provenance: &mut Provenance, name: &str, wanted: &[(String, String)]) -> anyhow::Result<Cell> {
    let (table, column) = name.split_once('.').map_or((name, None), |(table, column)| (table, Some(column)));
    let known: Vec<String> = provenance.tables().map(str::to_owned).collect();
    let full = |layer: &str| format!("{layer}_{table}");
    let candidates = std::iter::once(table.to_owned()).chain(LAYERS.iter().map(|layer| full(layer)));
    let Some(table) = candidates.into_iter().find(|name| known.contains(name)) else {
        let near = crate::domain::label::nearest(table, known.iter().map(String::as_str));
        let hint = if near.is_empty() {
            "`shebao query \"SHOW TABLES\"` lists them".to_owned()
        } else {
            format!("did you mean {}", near.join(", "))
        };
        bail!("there is no table \"{table}\"; {hint}");
    };
    let row = row(provenance, &table, wanted)?;
    let column = match column {
        Some(column) => column.to_owned(),
        None => main_column(provenance, &table, row)?,
    };
    let columns = provenance.columns(&table).map_err(|fault| Fault(vec![fault]))?;
    if !columns.contains(&column) {
        bail!("{table} has no column \"{column}\"; it has {}", columns.join(", "));
    }
    Ok(Cell { table, row, column })
}

/// The column a table is named for (coverage: coverage_pct), its value, or the only number of the row.
fn main_column(provenance: &mut Provenance, table: &str, row: usize) -> anyhow::Result<String> {
    let mut columns = provenance.columns(table).map_err(|fault| Fault(vec![fault]))?;
    let stem = table.split_once('_').map_or(table, |(_, stem)| stem);
    let grain = provenance.grain(table).to_vec();
    columns.retain(|column| !grain.contains(column));
    if let Some(named) = columns.iter().find(|column| column.starts_with(stem) || *column == "value") {
        return Ok(named.clone());
    }
    let mut numbers = Vec::new();
    for column in columns {
        let value = provenance.value(table, row, &column).map_err(|fault| Fault(vec![fault]))?;
        if matches!(value, Scalar::Number(_) | Scalar::Integer(_)) {
            numbers.push(column);
        }
    }
    match numbers.as_slice() {
        [one] => Ok(one.clone()),
        several => {
            let named: Vec<String> = several.iter().map(|column| format!("{table}.{column}")).collect();
            bail!("say which figure of {table}: {}", named.join(", "))
        }
    }
}

/// Rows named when several are meant.
const NAMED_MAX: usize = 12;

fn row(provenance: &mut Provenance, table: &str, wanted: &[(String, String)]) -> anyhow::Result<usize> {
    let fault = |fault| Fault(vec![fault]);
    let columns = provenance.columns(table).map_err(fault)?;
    if let Some((column, _)) = wanted.iter().find(|(column, _)| !columns.contains(column)) {
        bail!("{table} has no column \"{column}\"; its rows are told apart by {}", provenance.grain(table).join(", "));
    }
    let rows = provenance.rows_with(table, wanted).map_err(fault)?;
    let grain = provenance.grain(table).to_vec();
    let mut whole = Vec::new();
    for row in &rows {
        let mut divided = false;
        for column in grain.iter().filter(|column| !wanted.iter().any(|(named, _)| named == *column)) {
            let value = provenance.value(table, *row, column).map_err(fault)?.to_string();
            divided |= value != TOTAL;
        }
        if !divided {
            whole.push(*row);
        }
    }
    match (rows.as_slice(), whole.as_slice()) {
        ([one], _) | (_, [one]) => Ok(*one),
        ([], _) => bail!(
            "{table} has no row with {}",
            wanted.iter().map(|(c, v)| format!("{c} {v}")).collect::<Vec<_>>().join(", ")
        ),
        (several, _) => {
            let mut shown = Vec::new();
            for row in several.iter().take(NAMED_MAX) {
                shown.push(format!("\n  {}", text::key(&explain::key(provenance, table, *row).map_err(fault)?)));
            }
            let more = if several.len() > NAMED_MAX { "\n  …" } else { "" };
            bail!("{} rows of {table} fit; say more of the key:{}{more}", several.len(), shown.concat())
        }
    }
}

/// The office files that carry the keys of their figures.
const KEYED: [&str; 3] = ["xlsx", "ods", "docx"];

/// A published file and the place in it, of `FILE!CELL` or `FILE!SHEET!CELL`.
fn in_file(written: &str) -> anyhow::Result<Option<(&str, &str)>> {
    let (file, place) = written.split_once('!').map_or((written, None), |(file, place)| (file, Some(place)));
    let extension = Path::new(file).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let is_keyed = KEYED.contains(&extension);
    if place.is_none() && !is_keyed && !file.contains('/') {
        return Ok(None);
    }
    if !is_keyed {
        bail!(
            "{file} carries no keys of its figures; of a published table or text .xlsx, .ods and .docx do: FILE.xlsx!B3"
        );
    }
    match place.filter(|place| place.ends_with(|last: char| last.is_ascii_digit())) {
        Some(place) => Ok(Some((file, place))),
        None => bail!("say which cell of {file}: {file}!B3"),
    }
}

/// The cell of the warehouse that a cell of a published file prints, by the keys that the file carries.
fn published(explainer: &mut Explainer, file: &Path, place: &str) -> anyhow::Result<Cell> {
    let shown = file.display().to_string();
    let (sheet, address) = place.rsplit_once('!').map_or((None, place), |(sheet, address)| (Some(sheet), address));
    let address = address.to_uppercase();
    let is_document = shown.ends_with(".docx");
    let document = if is_document {
        None
    } else {
        Some(grid::read(file, &shown, Declared::default()).map_err(|fault| Fault(vec![fault]))?)
    };
    let mut keys = match document.as_ref().and_then(|document| document.grids.iter().find(|g| g.sheet == KEY_SHEET)) {
        Some(grid) => of_sheet(grid, &shown)?,
        None => keys::read(file).map_err(|fault| Fault(vec![fault]))?,
    };
    // Where figures are on one sheet alone, it is the first.
    if let Some(first) = document.as_ref().and_then(|document| document.grids.first()) {
        keys.iter_mut().filter(|keyed| keyed.sheet.is_empty()).for_each(|keyed| keyed.sheet = first.sheet.to_string());
    }
    if keys.is_empty() {
        bail!(
            "{shown} carries no keys of its figures: it was not published by shebao, or someone removed them; \
             `shebao impact FILE CELL` tells what depends on a cell of a file that was read"
        );
    }
    if let (Some(document), Some(sheet)) = (&document, sheet)
        && !document.grids.iter().any(|grid| grid.sheet == sheet && sheet != KEY_SHEET)
    {
        let sheets = document.grids.iter().map(|grid| grid.sheet.as_str()).filter(|sheet| *sheet != KEY_SHEET);
        bail!("{shown} has no sheet \"{sheet}\"; it has {}", sheets.collect::<Vec<_>>().join(", "));
    }
    // A cell below a merged one shows the same figure.
    let grids = document.iter().flat_map(|document| &document.grids);
    let mut grids = grids.filter(|grid| sheet.map_or(grid.sheet != KEY_SHEET, |sheet| grid.sheet == sheet));
    let first = grids.next().and_then(|grid| {
        let all = (0..grid.rows).flat_map(|row| (0..grid.cols).map(move |col| CellRef { row, col }));
        let at = all.into_iter().find(|at| grid.address(*at) == address)?;
        grid.merge_at(at).map(|span| grid.address(span.first))
    });
    let is_there = |keyed: &&Keyed| {
        sheet.is_none_or(|sheet| keyed.sheet == sheet)
            && [Some(address.as_str()), first.as_deref()].contains(&Some(keyed.cell.as_str()))
    };
    let mut found: Vec<&Keyed> = keys.iter().filter(is_there).collect();
    // `F4` of a document is the fourth figure in its sentences, where it has so many.
    if is_document && found.iter().any(|keyed| keyed.sheet.is_empty()) {
        found.retain(|keyed| keyed.sheet.is_empty());
    }
    let mut sheets: Vec<&str> = found.iter().map(|keyed| keyed.sheet.as_str()).collect();
    sheets.dedup();
    let figure = match found.as_slice() {
        [] => bail!("{shown} prints no figure in {place}; {}", where_figures_are(&keys, sheet)),
        [_, ..] if sheets.len() > 1 => {
            let of = if is_document { "tables" } else { "sheets" };
            let named: Vec<String> = sheets.iter().map(|sheet| format!("{sheet}!{address}")).collect();
            bail!("several {of} of {shown} have a figure in {address}: write {}", named.join(" or "))
        }
        [first, ..] => &first.figure,
    };
    let Some(row) = explainer.find(&figure.table, &figure.key).map_err(|fault| Fault(vec![fault]))? else {
        let key: Vec<String> = figure.key.iter().map(|(column, value)| format!("{column} {value}")).collect();
        bail!("the release has no row of {} with {}; ask an older one with --as-of", figure.table, key.join(", "));
    };
    Ok(Cell { table: figure.table.clone(), row, column: figure.column.clone() })
}

/// The first and the last place with a figure, of one sheet where it has some.
fn where_figures_are(keys: &[Keyed], sheet: Option<&str>) -> String {
    let of_sheet = |keyed: &&Keyed| Some(keyed.sheet.as_str()) == sheet;
    let is_of_sheet = keys.iter().any(|keyed| of_sheet(&keyed));
    let places = keys.iter().filter(|keyed| !is_of_sheet || of_sheet(keyed)).map(|keyed| match keyed.sheet.as_str() {
        "" => keyed.cell.clone(),
        sheet => format!("{sheet}!{}", keyed.cell),
    });
    let places: Vec<String> = places.collect();
    match places.as_slice() {
        [first, .., last] => format!("its {} figures stand in {first} to {last}", places.len()),
        _ => format!("its figure stands in {}", places.concat()),
    }
}

/// The keys that a hidden sheet of the workbook holds.
fn of_sheet(grid: &Grid, shown: &str) -> anyhow::Result<Vec<Keyed>> {
    let text = |row: u32, column: u32| grid.get(row, column).map_or("", |cell| cell.text.as_str()).to_owned();
    let keys = (1..grid.rows).map(|row| {
        let key: std::collections::BTreeMap<String, String> =
            serde_json::from_str(&text(row, 3)).with_context(|| format!("{shown}: the key of {}", text(row, 0)))?;
        let figure = FigureKey { table: text(row, 1), column: text(row, 2), key: key.into_iter().collect() };
        Ok(Keyed { sheet: String::new(), cell: text(row, 0), figure })
    });
    keys.collect()
}
