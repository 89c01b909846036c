//! A table's rows to a frame: every cell finds its observation by codes. A cell nobody answers is blank and noted; a cell
//! that two observations answer is a fault, unless both were read from one source cell.

use std::collections::{BTreeMap, BTreeSet};

use super::format::{Figure, mark_sign};
use super::frame::{Cell, Content, FigureKey, Frame, Tidy, Trace};
use super::layout::{self, Branch, Reading, expand, leaves};
use super::names::Names;
use super::records::{Records, crossing, with_totals};
use super::source::{Tables, unknown_column};
use super::spec::{Decimals, Node, Selector, Style, TableSpec};
use super::stated::{CODED, no_rows, unknown_codes};
use crate::diag::{Checked, Diagnostic, Place};
use crate::domain::code::TOTAL;
use crate::domain::value::Mark;
use crate::warehouse::Rows;

/// Places named in one message; the rest is counted.
const NAMED_MAX: usize = 5;

/// The column that tells observations apart, in every table that keeps it.
const OBSERVATION_KEY: &str = "obs_id";

/// Columns left out of machine-readable files: they differ between releases of the same data.
const NOT_PUBLISHED: [&str; 1] = ["released_at"];

/// Fill a table from the release; `None` where its data cannot be read at all.
pub fn fill(spec: &TableSpec, tables: &Tables<'_>, names: &Names) -> Checked<Option<Frame>> {
    match tables.select(&spec.from, &spec.filter, &spec.place) {
        Ok(rows) if rows.rows.is_empty() => {
            let mut faults = check(spec, &Records::new(&rows), names);
            if faults.is_empty() {
                faults.push(no_rows(&spec.from, &spec.filter, &spec.stated, &spec.place, tables));
            }
            Checked::new(None, faults)
        }
        Ok(rows) => fill_rows(spec, &rows, names, tables.grains.get(&spec.from).map_or(&[], Vec::as_slice)),
        Err(fault) => Checked::new(None, vec![fault]),
    }
}

/// Fill a table from rows already read; `grain` tells them apart where they are no observations.
pub fn fill_rows(spec: &TableSpec, rows: &Rows, names: &Names, grain: &[String]) -> Checked<Option<Frame>> {
    let records = Records::new(rows);
    let divided = divided(spec);
    let mut faults = check(spec, &records, names);
    if !faults.is_empty() {
        return Checked::new(None, faults);
    }
    let row_tree = expand(&spec.rows, &Selector::new(), &Style::default(), &records, names, Reading::Downwards);
    let column_tree = expand(&spec.columns, &Selector::new(), &spec.style, &records, names, Reading::Across);
    for (what, declared, found) in [("row", &spec.rows, &row_tree), ("column", &spec.columns, &column_tree)] {
        if leaves(found).is_empty() {
            faults.push(no_entries(spec, what, declared));
        }
    }
    if !faults.is_empty() {
        return Checked::new(None, faults);
    }
    let mut filling = Filling {
        spec,
        names,
        grain,
        candidates: (0..rows.rows.len()).collect(),
        records,
        divided,
        faults: &mut faults,
        unanswered: Vec::new(),
    };
    let (found, mut cells) = filling.cells(&row_tree, &column_tree);
    filling.note_unanswered();
    let records = Records::new(rows);
    let tidy = tidy(&records, &found, &row_tree, &column_tree, names);
    merge_neighbours(&found, &mut cells);
    let frame = Frame {
        id: spec.id.clone(),
        number: spec.number.clone(),
        title: spec.title.clone(),
        unit_note: spec.unit_note.clone(),
        heads: spec.heads.clone(),
        header: layout::header(&column_tree),
        stub: layout::stub(&row_tree, spec.heads.len()),
        cells,
        notes: spec.notes.clone(),
        source: spec.source.clone(),
        kept: Vec::new(),
        tidy,
    };
    Checked::new(Some(frame), faults)
}

/// The dimensions that some row or column names.
fn divided(spec: &TableSpec) -> BTreeSet<String> {
    let mut divided = BTreeSet::new();
    layout::divided(&spec.rows, &mut divided);
    layout::divided(&spec.columns, &mut divided);
    divided
}

/// Rows or columns that are all `each`, and no code is found for them.
fn no_entries(spec: &TableSpec, what: &str, declared: &[Node]) -> Diagnostic {
    let place = declared.first().map_or(&spec.place, |node| &node.place);
    Diagnostic::error("no-rows", format!("no row of {} makes a {what} of table \"{}\"", spec.from, spec.id))
        .at(place.clone())
        .hint("check its where = { … }")
}

/// Every column a selector, an `each` or a `value` names must exist, and every code must be known.
fn check(spec: &TableSpec, records: &Records<'_>, names: &Names) -> Vec<Diagnostic> {
    let divided = divided(spec);
    let mut named: BTreeSet<&str> = divided.iter().map(String::as_str).collect();
    named.extend(spec.filter.keys().map(String::as_str));
    named.extend(spec.merge.iter().map(String::as_str));
    named.extend(spec.absent.iter().flat_map(|s| s.keys().map(String::as_str)));
    let missing = named.into_iter().filter(|column| !records.has(column));
    let mut faults: Vec<Diagnostic> =
        missing.map(|column| unknown_column(&spec.from, column, records, &spec.place)).collect();
    faults.extend(unknown_codes(&spec.stated, records, names));
    faults
}

/// The observations that answer a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Found {
    rows: Vec<usize>,
    /// Answered for a whole: the total of a dimension stands for the code asked for.
    whole: bool,
}

struct Filling<'a> {
    spec: &'a TableSpec,
    names: &'a Names,
    grain: &'a [String],
    records: Records<'a>,
    candidates: Vec<usize>,
    divided: BTreeSet<String>,
    faults: &'a mut Vec<Diagnostic>,
    unanswered: Vec<String>,
}

impl Filling<'_> {
    fn cells(&mut self, rows: &[Branch], columns: &[Branch]) -> (Vec<Vec<Found>>, Vec<Vec<Cell>>) {
        let (mut all_found, mut all_cells) = (Vec::new(), Vec::new());
        for row in leaves(rows) {
            let (mut found_row, mut cell_row) = (Vec::new(), Vec::new());
            for column in leaves(columns) {
                let found = self.find(&crossing(&row.filter, &column.filter));
                let content = self.content(&found, row, column);
                let style = row.style.within(&column.style);
                let origins = found.rows.iter().map(|at| self.trace(*at, &style)).collect();
                cell_row.push(Cell { content, origins, ..Cell::blank() });
                found_row.push(found);
            }
            all_found.push(found_row);
            all_cells.push(cell_row);
        }
        (all_found, all_cells)
    }

    /// The observations of a cell; failing that, those of a whole it belongs to.
    fn find(&self, selector: &Selector) -> Found {
        let selector = with_totals(selector, &self.divided);
        let rows = self.records.answering(&self.candidates, &selector);
        if !rows.is_empty() {
            return Found { rows, whole: false };
        }
        for dimension in &self.spec.merge {
            let mut whole = selector.clone();
            whole.insert(dimension.clone(), vec![TOTAL.to_owned()]);
            let rows = self.records.answering(&self.candidates, &whole);
            if !rows.is_empty() {
                return Found { rows, whole: true };
            }
        }
        Found::default()
    }

    fn content(&mut self, found: &Found, row: &Branch, column: &Branch) -> Content {
        let place = format!("{} × {}", flat(&row.label), flat(&column.label));
        match found.rows.as_slice() {
            [] => {
                let selector = with_totals(&crossing(&row.filter, &column.filter), &self.divided);
                if !self.declared_absent(&selector) {
                    self.unanswered.push(place);
                }
                Content::Blank
            }
            [one] => self.single(*one, &row.style.within(&column.style), &place, &column.place),
            several => self.several(several, &place, &column.place),
        }
    }

    fn declared_absent(&self, selector: &Selector) -> bool {
        self.spec.absent.iter().any(|absent| {
            absent.iter().all(|(column, values)| {
                selector.get(column).is_some_and(|have| have.iter().all(|value| values.contains(value)))
            })
        })
    }

    fn single(&mut self, at: usize, style: &Style, cell: &str, place: &Place) -> Content {
        let column = style.value.as_deref().unwrap_or("value");
        if !self.records.has(column) {
            self.faults.push(unknown_column(&self.spec.from, column, &self.records, place));
            return Content::Blank;
        }
        if let Some(mark) = Mark::parse(&self.records.text(at, "mark")) {
            let printed = self.records.text(at, "printed");
            let sign = self.spec.marks.get(&mark).cloned();
            let printed = Some(printed).filter(|_| self.records.has("printed"));
            return Content::Mark(sign.or(printed).unwrap_or_else(|| mark_sign(mark).to_owned()));
        }
        let Some(value) = self.records.number(at, column) else {
            self.unanswered.push(cell.to_owned());
            return Content::Blank;
        };
        match figure(value, at, &self.records, style, self.names) {
            Ok(figure) => Content::Number(figure),
            Err(fault) => {
                let fault = if fault.place.text.is_some() { fault } else { fault.at(place.clone()) };
                // One line of the report may be wrong for a whole column; it is told once.
                if !self
                    .faults
                    .iter()
                    .any(|f| f.message == fault.message && f.place.line_column() == fault.place.line_column())
                {
                    self.faults.push(fault);
                }
                Content::Blank
            }
        }
    }

    /// Several numbers read from one source cell print as that cell did; else the selectors are not sharp enough.
    fn several(&mut self, rows: &[usize], cell: &str, place: &Place) -> Content {
        let origin = |at: usize| ["source_file", "sheet", "cell"].map(|column| self.records.text(at, column));
        let first = origin(rows[0]);
        if !first[0].is_empty() && rows.iter().all(|at| origin(*at) == first) {
            return Content::Text(in_lines(&self.records.text(rows[0], "printed")));
        }
        let ids: Vec<String> = rows.iter().take(NAMED_MAX).map(|at| self.row_name(*at)).collect();
        let more = if rows.len() > NAMED_MAX { format!(" and {} more", rows.len() - NAMED_MAX) } else { String::new() };
        self.faults.push(
            Diagnostic::error(
                "ambiguous-cell",
                format!("{} observations answer the cell {cell} of table \"{}\"", rows.len(), self.spec.id),
            )
            .at(place.clone())
            .hint(format!("they are {}{more}", ids.join(", ")))
            .hint(self.difference(rows)),
        );
        Content::Blank
    }

    /// The columns in which the rivals differ: what the selector should name.
    fn difference(&self, rows: &[usize]) -> String {
        let own = ["obs_id", "value", "printed", "cell", "decimals", "mark", "notes"];
        let differing: Vec<&str> = self
            .records
            .column_names()
            .filter(|c| !own.contains(c))
            .filter(|c| rows.iter().any(|at| self.records.text(*at, c) != self.records.text(rows[0], c)))
            .collect();
        if differing.is_empty() {
            "they have the same codes: two tables or editions state the same number; name one in where".to_owned()
        } else {
            format!("they differ in {}; name it in where", differing.join(", "))
        }
    }

    fn row_name(&self, at: usize) -> String {
        let id = self.records.text(at, "obs_id");
        if id.is_empty() { format!("row {}", at + 1) } else { id }
    }

    fn trace(&self, at: usize, style: &Style) -> Trace {
        let text = |column: &str| self.records.text(at, column);
        let id = [OBSERVATION_KEY.to_owned()];
        let key = if self.records.has(OBSERVATION_KEY) { &id } else { self.grain };
        let figure = FigureKey {
            table: self.spec.from.clone(),
            column: style.value.clone().unwrap_or_else(|| "value".to_owned()),
            key: key.iter().map(|column| (column.clone(), text(column))).collect(),
        };
        Trace {
            obs_id: text("obs_id"),
            file: text("source_file"),
            sheet: text("sheet"),
            cell: text("cell"),
            printed: text("printed"),
            mark: text("mark"),
            figure,
        }
    }

    fn note_unanswered(&mut self) {
        if self.unanswered.is_empty() {
            return;
        }
        let named = self.unanswered.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join("; ");
        let more = self.unanswered.len().saturating_sub(NAMED_MAX);
        let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
        self.faults.push(
            Diagnostic::warning(
                "blank-cell",
                format!(
                    "no observation answers {} of table \"{}\", printed blank: {named}{rest}",
                    cells_text(self.unanswered.len()),
                    self.spec.id
                ),
            )
            .at(self.spec.place.clone())
            .hint("check the selectors, or list the cells under absent = [{ … }] if the source has none"),
        );
    }
}

fn cells_text(count: usize) -> String {
    if count == 1 { "1 cell".to_owned() } else { format!("{count} cells") }
}

/// A number in the unit and with the decimals it is printed with.
pub fn figure(
    value: rust_decimal::Decimal,
    at: usize,
    records: &Records<'_>,
    style: &Style,
    names: &Names,
) -> Result<Figure, Diagnostic> {
    let printed_unit = records.text(at, "printed_unit");
    let (unit, place) = match &style.unit {
        Some((unit, place)) => (unit.clone(), place.clone()),
        None => (printed_unit.clone(), Place::default()),
    };
    let number = if unit.is_empty() {
        value
    } else {
        let Some(known) = names.unit(&unit) else {
            return Err(Diagnostic::error("unknown-unit", format!("there is no unit \"{unit}\""))
                .at(place)
                .hint(names.unit_hint(&unit)));
        };
        let base = records.text(at, "unit");
        if !base.is_empty() && base != known.base {
            return Err(Diagnostic::error("wrong-unit", format!("a number in {base} cannot be printed in {unit}"))
                .at(place)
                .hint(format!("{unit} measures {}; choose a unit of {base}", known.base)));
        }
        known.from_base(value).ok_or_else(|| {
            Diagnostic::error("out-of-range", format!("{value} in {unit} leaves the range of exact decimals")).at(place)
        })?
    };
    let as_printed = records.number(at, "decimals").filter(|_| unit == printed_unit);
    let decimals = match style.decimals.unwrap_or(Decimals::AsPrinted) {
        Decimals::Fixed(decimals) => decimals,
        Decimals::AsPrinted => as_printed
            .and_then(|d| u32::try_from(d.trunc().mantissa()).ok())
            .unwrap_or_else(|| number.normalize().scale()),
    };
    Ok(Figure::rounded(number, decimals, style.grouping.unwrap_or(false), style.sign.clone().unwrap_or_default()))
}

/// Neighbouring cells that one observation answers for become one cell: first across, then down.
fn merge_neighbours(found: &[Vec<Found>], cells: &mut [Vec<Cell>]) {
    for row in 0..found.len() {
        for column in 0..found[row].len() {
            let own = &found[row][column];
            if !own.whole || cells[row][column].covered {
                continue;
            }
            let free = |cells: &[Vec<Cell>], r: usize, c: usize| found[r][c] == *own && !cells[r][c].covered;
            let wide = (column..found[row].len()).take_while(|c| free(cells, row, *c)).count();
            let high = (row..found.len()).take_while(|r| (column..column + wide).all(|c| free(cells, *r, c))).count();
            for line in &mut cells[row..row + high] {
                for cell in &mut line[column..column + wide] {
                    cell.covered = true;
                }
            }
            let first = &mut cells[row][column];
            (first.covered, first.wide, first.high) = (false, wide, high);
        }
    }
}

/// The observations of a table in its order, each once, with the labels of row and column and the names of codes.
fn tidy(records: &Records<'_>, found: &[Vec<Found>], rows: &[Branch], columns: &[Branch], names: &Names) -> Tidy {
    let published: Vec<&str> = records.column_names().filter(|c| !NOT_PUBLISHED.contains(c)).collect();
    let mut heads = vec!["row_label".to_owned(), "column_label".to_owned()];
    for column in &published {
        heads.push((*column).to_owned());
        if is_coded(column) {
            heads.push(format!("{column}_name"));
        }
    }
    let (row_labels, column_labels) = (paths(rows), paths(columns));
    let mut seen = BTreeMap::new();
    let mut lines = Vec::new();
    for (r, found_row) in found.iter().enumerate() {
        for (c, cell) in found_row.iter().enumerate() {
            for at in &cell.rows {
                if seen.insert(*at, ()).is_some() {
                    continue;
                }
                let mut line = vec![row_labels[r].clone(), column_labels[c].clone()];
                for column in &published {
                    let text = records.text(*at, column);
                    let name = is_coded(column).then(|| names.code(column, &text).to_owned());
                    line.push(text);
                    line.extend(name);
                }
                lines.push(line);
            }
        }
    }
    Tidy { columns: heads, rows: lines }
}

fn is_coded(column: &str) -> bool {
    CODED.contains(&column)
}

/// `财政补助标准 / 成年人` for every leaf.
fn paths(branches: &[Branch]) -> Vec<String> {
    let mut all = Vec::new();
    for branch in branches {
        if branch.children.is_empty() {
            all.push(flat(&branch.label));
        } else {
            all.extend(paths(&branch.children).into_iter().map(|rest| format!("{} / {rest}", flat(&branch.label))));
        }
    }
    all
}

/// Runs of blanks between the parts of a cell's text stand for a new line: the print had no room for one.
fn in_lines(printed: &str) -> String {
    let parts = printed.trim().split("  ").map(str::trim).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("\n")
}

/// A label without its line breaks.
pub fn flat(label: &str) -> String {
    label.split('\n').map(str::trim).collect()
}
