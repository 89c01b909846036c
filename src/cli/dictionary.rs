//! `shebao dictionary`: what every indicator, table, column and rule of the warehouse means, as a page to print.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;

use super::{Context, Ended, Fault, job, print};
use crate::diag::Diagnostic;
use crate::domain::RECORD_TABLES;
use crate::store::records::{REJECT, REJECT_COLUMNS, REJECT_DOC};
use crate::warehouse::model::{self, Layer, Library, Model};
use crate::warehouse::{Kind, MONTH_DOC, MONTH_TABLE, Rows, Warehouse};

const HEAD: &str = "\
# Dictionary

What the warehouse holds: made by `shebao dictionary` of the code lists, the heads of the SQL files and the tables of the
current release; not edited by hand. Values are in base units and unrounded; a missing value is null and has its mark in
`core_observation`; a dimension that is not divided holds `_T`.
";

/// Describe every indicator, table, column and rule, as a page in Markdown
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    let warehouse = job::open_release(&context.project, None)?;
    let library = model::load(&context.project.models(), &context.project.audits());
    print::diagnostics(&library.diagnostics, context.json);
    let page = page(&warehouse, &library.value).map_err(|fault| Fault(vec![fault]))?;
    match &args.output {
        Some(path) => std::fs::write(path, page).with_context(|| format!("writing {}", path.display()))?,
        None => print::whole(&page)?,
    }
    Ok(Ended::Good)
}

fn page(warehouse: &Warehouse, library: &Library) -> Result<String, Diagnostic> {
    let (indicators, codes) = (warehouse.table("core_indicator", &[])?, warehouse.table("core_code", &[])?);
    let meanings = Meanings::new(&indicators, &codes, library);
    let mut page = HEAD.to_owned();
    let layers = [(Layer::Ind, "Indicator tables"), (Layer::Out, "Published tables"), (Layer::Core, "Core tables")];
    for (layer, title) in layers {
        let _ = write!(page, "\n## {title}\n");
        let models: BTreeMap<&str, &Model> =
            library.models.iter().filter(|m| m.layer == layer).map(|m| (m.name.as_str(), m)).collect();
        for model in models.values() {
            let _ = write!(page, "\n### {}\n\n{}\n\n", model.name, model.doc);
            let _ = writeln!(page, "One row per {}.\n", model.grain.join(", "));
            let columns = warehouse.columns(&model.name)?;
            let rows = columns
                .iter()
                .map(|c| vec![format!("`{}`", c.name), kind(c.kind).to_owned(), meanings.of(model, &c.name)]);
            table(&mut page, &["column", "type", "meaning"], rows);
        }
    }
    page.push_str("\n## Record tables\n");
    for record in &RECORD_TABLES {
        let _ = write!(page, "\n### {}\n\n{}\n\n", record.name, record.doc);
        let columns = warehouse.columns(record.name)?;
        let doc = |name: &str| record.column(name).map_or("of which file the record is", |nth| record.columns[nth].doc);
        let rows =
            columns.iter().map(|c| vec![format!("`{}`", c.name), kind(c.kind).to_owned(), doc(&c.name).to_owned()]);
        table(&mut page, &["column", "type", "meaning"], rows);
    }
    let _ = write!(page, "\n### {MONTH_TABLE}\n\n{MONTH_DOC}\n\n");
    let rows = [vec!["`month`".to_owned(), "text".to_owned(), "期间, such as 2026-10".to_owned()]];
    table(&mut page, &["column", "type", "meaning"], rows);
    let _ = write!(page, "\n### {REJECT}\n\n{REJECT_DOC}\n\n");
    let columns = warehouse.columns(REJECT)?;
    let doc = |name: &str| REJECT_COLUMNS.iter().find(|(column, _)| *column == name).map_or("", |(_, doc)| doc);
    let rows = columns.iter().map(|c| vec![format!("`{}`", c.name), kind(c.kind).to_owned(), doc(&c.name).to_owned()]);
    table(&mut page, &["column", "type", "meaning"], rows);
    page.push_str("\n## Indicators\n\n");
    let names: Vec<&str> = indicators.columns.iter().map(|c| c.name.as_str()).collect();
    table(&mut page, &names, indicators.rows.iter().map(|row| row.iter().map(ToString::to_string).collect()));
    page.push_str("\n## Audits\n\n");
    let audits: BTreeSet<_> = library.audits.iter().map(|a| (&a.rule, a.severity, &a.doc)).collect();
    let rows =
        audits.into_iter().map(|(rule, severity, doc)| vec![rule.clone(), severity.as_str().to_owned(), doc.clone()]);
    table(&mut page, &["rule", "severity", "what it finds"], rows);
    Ok(page)
}

/// What columns mean: in words of the model's own, or by a name that means the same everywhere.
struct Meanings<'l> {
    indicators: BTreeMap<String, String>,
    lists: BTreeSet<String>,
    /// Columns of the observations, which all tables are made of.
    common: Option<&'l BTreeMap<String, String>>,
}

impl<'l> Meanings<'l> {
    fn new(indicators: &Rows, codes: &Rows, library: &'l Library) -> Meanings<'l> {
        let names = ["name_zh", "name_en", "unit"].map(|name| texts(indicators, name));
        let named = texts(indicators, "indicator").into_iter().enumerate().map(|(nth, indicator)| {
            let [zh, en, unit] = names.each_ref().map(|texts| texts[nth].as_str());
            (indicator, format!("{zh}, {en} ({unit})"))
        });
        let common = library.models.iter().find(|m| m.name == "core_observation").map(|m| &m.columns);
        Meanings { indicators: named.collect(), lists: texts(codes, "list").into_iter().collect(), common }
    }

    fn of(&self, model: &Model, column: &str) -> String {
        let written = model.columns.get(column).or_else(|| self.common?.get(column));
        let own = written.or_else(|| self.indicators.get(column)).cloned();
        let code = || self.lists.contains(column).then(|| format!("code of the list `{column}`"));
        let id = || column.strip_suffix("_obs_id").map(|of| format!("the observation that states {of}"));
        own.or_else(code).or_else(id).or_else(|| of_records(column)).unwrap_or_default()
    }
}

/// What a column means in the tables of records, of which others are made.
fn of_records(column: &str) -> Option<String> {
    let mut columns = RECORD_TABLES.iter().flat_map(|table| table.columns);
    columns.find(|known| known.name == column).map(|known| known.doc.to_owned())
}

/// A column as texts.
fn texts(rows: &Rows, column: &str) -> Vec<String> {
    let nth = rows.column(column);
    rows.rows.iter().map(|row| nth.map_or(String::new(), |nth| row[nth].to_string())).collect()
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Number => "decimal",
        Kind::Integer => "integer",
        Kind::Float => "float",
        Kind::Bool => "true or false",
        Kind::Date => "date",
    }
}

fn table(page: &mut String, head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let _ = writeln!(page, "| {} |\n|{}", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    }
}
