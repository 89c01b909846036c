//! `shebao explain`: where a figure comes from.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::{Context, Ended, Fault, job, print};
use crate::domain::TOTAL;
use crate::explain::{self, Explainer, html, json, text};
use crate::grid::{self, CellRef, Declared};
use crate::report::formats::xlsx::KEY_SHEET;
use crate::store::digest::sha256_file;
use crate::warehouse::Scalar;
use crate::warehouse::provenance::{Cell, Provenance};

/// Explain a figure: how it was computed, model by model, down to the printed cells
///
/// The figure is a column of a table (ind_coverage.coverage_pct, or short: coverage) and the codes of its row, or a cell of a
/// published workbook (out/tables/yuxi-2013/subsidy.xlsx!D7). A dimension that is not named is not divided (_T) where that
/// leaves one row. Values come first; what only chose the row is told by table and columns.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// TABLE.COLUMN, a short name, or WORKBOOK.xlsx!CELL
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
    let cell = match args.figure.split_once(".xlsx!") {
        Some((stem, address)) => published(&mut explainer, Path::new(&format!("{stem}.xlsx")), address)?,
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
            "SHOW TABLES lists them".to_owned()
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
    let mut rows = Vec::new();
    for row in 0..provenance.count(table).map_err(fault)? {
        let mut fits = true;
        for (column, value) in wanted {
            fits = fits && provenance.value(table, row, column).map_err(fault)?.to_string() == *value;
        }
        if fits {
            rows.push(row);
        }
    }
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

/// The cell of the warehouse that a cell of a published workbook prints, by the workbook's own sheet of keys.
fn published(explainer: &mut Explainer, workbook: &Path, address: &str) -> anyhow::Result<Cell> {
    let shown = workbook.display().to_string();
    let document = grid::read(workbook, &shown, Declared::default()).map_err(|fault| Fault(vec![fault]))?;
    let Some(keys) = document.grids.iter().find(|grid| grid.sheet == KEY_SHEET) else {
        bail!("{shown} carries no keys of its figures: no program of this kind published it, or someone removed them");
    };
    let address = address.rsplit('!').next().unwrap_or(address).to_uppercase();
    // A cell below a merged one shows the same figure.
    let first = document.grids.first().and_then(|grid| {
        let all = (0..grid.rows).flat_map(|row| (0..grid.cols).map(move |col| CellRef { row, col }));
        let at = all.into_iter().find(|at| grid.address(*at) == address)?;
        grid.merge_at(at).map(|span| grid.address(span.first))
    });
    let text = |row: u32, column: u32| keys.get(row, column).map_or("", |cell| cell.text.as_str());
    let row = (1..keys.rows).find(|row| [Some(address.as_str()), first.as_deref()].contains(&Some(text(*row, 0))));
    let Some(row) = row else { bail!("{shown} prints no figure in {address}") };
    let key: std::collections::BTreeMap<String, String> =
        serde_json::from_str(text(row, 3)).with_context(|| format!("{shown}: the key of {address}"))?;
    let key: Vec<(String, String)> = key.into_iter().collect();
    let (table, column) = (text(row, 1).to_owned(), text(row, 2).to_owned());
    let Some(found) = explainer.find(&table, &key).map_err(|fault| Fault(vec![fault]))? else {
        let key: Vec<String> = key.iter().map(|(column, value)| format!("{column} {value}")).collect();
        bail!("the release has no row of {table} with {}; ask an older one with --as-of", key.join(", "));
    };
    Ok(Cell { table, row: found, column })
}
