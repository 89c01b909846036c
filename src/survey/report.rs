//! A survey as it is told: plain values with the texts of the sheet, the documented shape of `shebao inspect --json`.

use serde::Serialize;

use super::guess::{self, ListFit};
use super::oddity::{self, Oddity};
use super::{Sheet, Survey, Table};
use crate::domain::Codebook;
use crate::domain::label::normalise;
use crate::grid::{CellRef, Document, Grid};

/// Labels and texts told of one kind at most.
const TEXTS_TOLD: usize = 8;

/// A file.
#[derive(Debug, Serialize)]
pub struct FileReport {
    pub file: String,
    /// xls, xlsx, xlsb, ods, delimited, dbf or html.
    pub format: String,
    /// Of a text file: the encoding that was detected.
    pub encoding: Option<String>,
    /// What its reader found odd.
    pub remarks: Vec<String>,
    pub sheets: Vec<SheetReport>,
}

#[derive(Debug, Serialize)]
pub struct SheetReport {
    pub name: String,
    pub hidden: bool,
    pub rows: u32,
    pub columns: u32,
    pub tables: Vec<TableReport>,
}

/// One table; cells are named as on the sheet.
#[derive(Debug, Serialize)]
pub struct TableReport {
    /// From 1, as `draft --table` counts.
    pub number: usize,
    /// The table of the sheet that this one continues (续表, side-by-side panels).
    pub continues: Option<usize>,
    pub extent: String,
    pub titles: Vec<Text>,
    /// Rows of the header, from the top: each text with its cell.
    pub header: Vec<Vec<Text>>,
    /// First and last row of the body, from 1.
    pub body: (u32, u32),
    pub label_columns: Vec<LabelColumn>,
    pub data_columns: usize,
    pub numbers: usize,
    /// Signs of a hierarchy among the row labels: indent, of-which, numbering, bold, heading.
    pub levels: Vec<&'static str>,
    /// Printed units, with their codes where the lists know them.
    pub units: Vec<Unit>,
    /// Years and months that title, header and labels speak of.
    pub periods: Vec<String>,
    /// Which code lists fit the texts of a header row.
    pub header_codes: Vec<CodesReport>,
    pub notes: Vec<Text>,
    pub oddities: Vec<Oddity>,
}

#[derive(Debug, Serialize)]
pub struct Text {
    pub cell: String,
    pub text: String,
}

#[derive(Debug, Serialize)]
pub struct LabelColumn {
    pub column: String,
    /// What stands over it.
    pub header: String,
    /// The first labels.
    pub labels: Vec<String>,
    pub codes: Option<CodesReport>,
}

/// A code list, and how much of some texts it knows.
#[derive(Debug, Serialize)]
pub struct CodesReport {
    pub list: String,
    pub known: usize,
    pub of: usize,
    /// Texts that it does not know.
    pub unknown: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct Unit {
    pub name: String,
    pub code: Option<String>,
}

/// Put a survey into words.
pub fn report(book: &Codebook, document: &Document, survey: &Survey, file: &str) -> FileReport {
    let sheet = |(sheet, grid): (&Sheet, &Grid)| SheetReport {
        name: sheet.name.clone(),
        hidden: sheet.hidden,
        rows: sheet.rows,
        columns: sheet.cols,
        tables: sheet.tables.iter().enumerate().map(|(nth, t)| table(book, grid, t, nth + 1)).collect(),
    };
    FileReport {
        file: file.to_owned(),
        format: format!("{:?}", document.format).to_lowercase(),
        encoding: document.encoding.clone(),
        remarks: document.diagnostics.iter().map(|d| d.message.clone()).collect(),
        sheets: survey.sheets.iter().zip(&document.grids).map(sheet).collect(),
    }
}

fn table(book: &Codebook, grid: &Grid, table: &Table, number: usize) -> TableReport {
    let extent = table.extent();
    let header: Vec<Vec<Text>> = table.header.clone().map(|row| header_row(grid, table, row)).collect();
    TableReport {
        number,
        continues: table.continues.map(|n| n + 1),
        extent: format!("{}:{}", grid.address(extent.first), grid.address(extent.last)),
        titles: texts(grid, &table.titles),
        body: (table.body.start + 1, table.body.end),
        label_columns: table.label_cols.iter().map(|col| label_column(book, grid, table, *col)).collect(),
        data_columns: table.data_cols.len(),
        numbers: table.numbers,
        levels: levels(grid, table),
        units: units(book, grid, table, &header),
        periods: periods(grid, table, &header),
        header_codes: header.iter().filter_map(|row| header_codes(book, row)).collect(),
        header,
        notes: texts(grid, &table.notes),
        oddities: oddity::oddities(grid, table),
    }
}

fn texts(grid: &Grid, cells: &[CellRef]) -> Vec<Text> {
    cells.iter().map(|at| text(grid, *at)).filter(|t| !t.text.is_empty()).collect()
}

fn text(grid: &Grid, at: CellRef) -> Text {
    Text { cell: grid.address(at), text: one_line(grid.text(at.row, at.col)) }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn header_row(grid: &Grid, table: &Table, row: u32) -> Vec<Text> {
    let cols = table.label_cols.iter().chain(&table.data_cols);
    cols.map(|col| text(grid, CellRef { row, col: *col })).filter(|t| !t.text.is_empty()).collect()
}

fn label_column(book: &Codebook, grid: &Grid, table: &Table, col: u32) -> LabelColumn {
    let labels: Vec<String> =
        table.body.clone().map(|row| one_line(grid.text(row, col))).filter(|t| !t.is_empty()).collect();
    let header: Vec<String> =
        table.header.clone().map(|row| one_line(grid.text(row, col))).filter(|t| !t.is_empty()).collect();
    let texts: Vec<&str> = labels.iter().map(String::as_str).collect();
    LabelColumn {
        column: crate::grid::column_letters(col),
        header: header.join(" / "),
        codes: guess::best_list(book, &texts).map(codes),
        labels: labels.into_iter().take(TEXTS_TOLD).collect(),
    }
}

fn codes(fit: ListFit) -> CodesReport {
    let unknown = fit.unknown.into_iter().take(TEXTS_TOLD).collect();
    CodesReport { list: fit.list, known: fit.known, of: fit.of, unknown }
}

fn header_codes(book: &Codebook, row: &[Text]) -> Option<CodesReport> {
    let texts: Vec<&str> = row.iter().map(|t| t.text.as_str()).collect();
    guess::best_list(book, &texts).map(codes)
}

/// Signs of a hierarchy in the first label column and the bodies' rows.
pub(super) fn levels(grid: &Grid, table: &Table) -> Vec<&'static str> {
    let Some(first) = table.label_cols.first() else { return Vec::new() };
    let mut signs = Vec::new();
    let cells: Vec<_> =
        table.body.clone().filter_map(|row| grid.get(row, *first)).filter(|c| !c.text.is_blank()).collect();
    let depth = |text: &str| text.chars().take_while(|c| c.is_whitespace()).count();
    let any = |mut sign: Box<dyn FnMut(&&crate::grid::Cell) -> bool>| cells.iter().filter(|c| sign(c)).count();
    let indented = any(Box::new(move |c| c.indent > 0 || depth(&c.text) > 0));
    let of_which =
        any(Box::new(|c| normalise(&c.text).starts_with("其中") || c.text.trim_start().starts_with(['#', '＃'])));
    let numbered = any(Box::new(|c| is_numbered(&c.text)));
    let bold = any(Box::new(|c| c.bold));
    let empty = |row: u32| table.data_cols.iter().all(|col| grid.is_blank(row, *col));
    let headings = table.body.clone().filter(|row| !grid.is_blank(*row, *first) && empty(*row)).count();
    // Labels that stand further right under one merged text are indented.
    let under = |col: &u32| {
        table.header.start < table.header.end
            && grid
                .merge_at(CellRef { row: table.header.start, col: *col })
                .is_some_and(|m| m.first.col == *first && m.last.col > *first)
    };
    let right = table.label_cols.iter().skip(1).filter(|col| under(col)).count();
    let indented = indented + right.min(cells.len().saturating_sub(1));
    for (sign, count) in [("indent", indented), ("of-which", of_which), ("numbering", numbered), ("bold", bold)] {
        if count > 0 && count < cells.len() {
            signs.push(sign);
        }
    }
    let alone = |row: u32| {
        let mut filled = table.data_cols.iter().filter(|col| !grid.is_blank(row, **col));
        let first = filled.next().and_then(|col| grid.merge_at(CellRef { row, col: *col }));
        first.is_some_and(|m| m.last.col > m.first.col) && filled.next().is_none()
    };
    let unlabelled = |row: &u32| table.label_cols.iter().all(|col| grid.is_blank(*row, *col));
    let banners = table.body.clone().filter(unlabelled).filter(|row| alone(*row)).count();
    if headings + banners > 0 {
        signs.push("heading");
    }
    signs
}

/// 一、 (一) 1. (1) ① at the beginning of a label.
fn is_numbered(label: &str) -> bool {
    let text = normalise(label);
    let numeral = |c: char| "一二三四五六七八九十".contains(c) || c.is_ascii_digit();
    let inner = text.trim_start_matches('(');
    let rest = inner.trim_start_matches(numeral);
    let counted = rest.len() < inner.len() && rest.starts_with(['、', '.', ')']);
    let decimal = rest.strip_prefix('.').is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()));
    (counted && !decimal && rest.chars().count() > 1)
        || label.trim_start().starts_with(|c: char| ('①'..='⑳').contains(&c))
}

fn units(book: &Codebook, grid: &Grid, table: &Table, header: &[Vec<Text>]) -> Vec<Unit> {
    let mut names: Vec<String> = Vec::new();
    let title = |at: &CellRef| grid.text(at.row, at.col);
    let mut add = |name: String| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    for at in &table.titles {
        guess::units_of_line(title(at)).into_iter().flatten().for_each(&mut add);
    }
    let labels = table.label_cols.first().map(|col| table.body.clone().map(move |row| grid.text(row, *col)));
    let in_brackets = table.titles.iter().map(title).chain(header.iter().flatten().map(|t| t.text.as_str()));
    for text in in_brackets.chain(labels.into_iter().flatten()) {
        let name = guess::bracket(text);
        name.filter(|n| guess::unit_code(book, n).is_some() || guess::is_unit_word(n)).into_iter().for_each(&mut add);
    }
    names.into_iter().map(|name| Unit { code: guess::unit_code(book, &name), name }).collect()
}

fn periods(grid: &Grid, table: &Table, header: &[Vec<Text>]) -> Vec<String> {
    let titles = table.titles.iter().map(|at| grid.text(at.row, at.col));
    let labels = table.label_cols.iter().flat_map(|col| table.body.clone().map(move |row| grid.text(row, *col)));
    let labels =
        labels.filter(|t| guess::period_pattern(t).is_some() || guess::loose_period(t).is_some_and(|_| t.len() < 12));
    let mut years: Vec<u16> =
        titles.chain(header.iter().flatten().map(|t| t.text.as_str())).chain(labels).flat_map(guess::years).collect();
    years.sort_unstable();
    years.dedup();
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for year in years {
        match runs.last_mut() {
            Some(run) if run.1 + 1 == year => run.1 = year,
            _ => runs.push((year, year)),
        }
    }
    runs.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}–{b}") }).collect()
}
