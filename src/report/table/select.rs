//! A table's rows to a frame: every cell finds its observation by codes. A cell nobody answers is blank and noted; a cell
//! that two observations answer is a fault, unless both were read from one source cell.

use std::collections::BTreeSet;

use crate::diag::{Checked, Diagnostic, Place};
use crate::domain::code::TOTAL;
use crate::domain::value::{Mark, Status};
use crate::report::definition::spec::{Decimals, Generated, Node, Selector, Style, TableSpec};
use crate::report::definition::stated::{Wanted, filled, unknown_codes};
use crate::report::rows::names::Names;
use crate::report::rows::records::{Records, crossing, with_totals};
use crate::report::rows::source::{Tables, unknown_column};
use crate::report::table::format::{Figure, mark_sign};
use crate::report::table::frame::{Answer, Cell, Content, Frame, Note};
use crate::report::table::generate::{self, without_mark};
use crate::report::table::key::FigureKey;
use crate::report::table::layout::{self, Branch, Reading, expand, leaves};
use crate::report::table::tidy::tidy;
use crate::warehouse::Rows;

/// Places named in one message; the rest is counted.
const NAMED_MAX: usize = 5;

/// The column that tells observations apart, in every table that keeps it.
const OBSERVATION_KEY: &str = "obs_id";

/// What observations are told apart by.
const DIMENSIONS: [&str; 8] =
    ["indicator", "period", "region", "scheme", "ownership", "industry", "population", "breakdown"];

/// Fill a table from the release; `None` where its data cannot be read at all.
pub fn fill(spec: &TableSpec, tables: &Tables<'_>, names: &Names) -> Checked<Option<Frame>> {
    let wanted = Wanted { from: &spec.from, filter: &spec.filter, stated: &spec.stated, place: &spec.place };
    let grain = tables.grains.get(&spec.from).map_or(&[][..], Vec::as_slice);
    filled(wanted, tables, |records| check(spec, records, names), |rows| fill_rows(spec, rows, names, grain))
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
        dimensions: dimensions(&records, &divided),
        records,
        divided,
        faults: &mut faults,
        unanswered: Vec::new(),
        bound: BTreeSet::new(),
    };
    let (found, mut cells) = filling.cells(&row_tree, &column_tree);
    filling.note_unanswered();
    filling.tell_unbound_notes();
    let records = Records::new(rows);
    let tidy = tidy(&records, &found, &row_tree, &column_tree, names);
    merge_neighbours(&found, &mut cells);
    let mut frame = Frame {
        id: spec.id.clone(),
        number: spec.number.clone(),
        title: spec.title.clone(),
        title_en: spec.title_en.clone(),
        unit_note: spec.unit_note.clone(),
        bilingual: spec.bilingual,
        page_rows: spec.page_rows,
        heads: spec.heads.clone(),
        header: layout::header(&column_tree),
        stub: layout::stub(&row_tree, spec.heads.len()),
        cells,
        numbered: Vec::new(),
        notes: spec.notes.clone(),
        signs: Vec::new(),
        source: spec.source.clone(),
        kept: Vec::new(),
        tidy,
    };
    generate::settle_notes(&mut frame);
    generate::number_notes(&mut frame);
    generate::from_cells(&mut frame, &spec.generated, names);
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
pub struct Found {
    pub rows: Vec<usize>,
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
    /// Columns whose codes tell the cells of this table apart.
    dimensions: Vec<String>,
    /// Declared notes that some cell bears.
    bound: BTreeSet<usize>,
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
                let answers: Vec<Answer> = found.rows.iter().map(|at| self.answer(*at, &style)).collect();
                let notes = self.notes(&found, &crossing(&row.filter, &column.filter));
                let status = self.status(&answers);
                cell_row.push(Cell { content, answers, notes, status, ..Cell::blank() });
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
        self.spec.absent.iter().any(|absent| selects(absent, selector))
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

    fn answer(&self, at: usize, style: &Style) -> Answer {
        let text = |column: &str| self.records.text(at, column);
        let value = style.value.as_deref().unwrap_or("value");
        let number = self.records.number(at, value).filter(|_| text("mark").is_empty());
        let code = |column: &&str| ((*column).to_owned(), text(column));
        let mut codes: Vec<(String, String)> = self.dimensions.iter().map(|c| c.as_str()).map(|c| code(&c)).collect();
        // A table with a column for each quantity names them by its columns.
        if !self.records.has("indicator") {
            codes.insert(0, ("indicator".to_owned(), value.to_owned()));
        }
        let id = [OBSERVATION_KEY.to_owned()];
        let grain = if self.records.has(OBSERVATION_KEY) { &id } else { self.grain };
        let key = FigureKey {
            table: self.spec.from.clone(),
            column: value.to_owned(),
            key: grain.iter().map(|column| (column.clone(), text(column))).collect(),
        };
        Answer {
            obs_id: text("obs_id"),
            file: text("source_file"),
            sheet: text("sheet"),
            cell: text("cell"),
            printed: text("printed"),
            mark: text("mark"),
            codes,
            key,
            // Whatever is wrong with it was told when the cell was filled.
            figure: number.and_then(|number| figure(number, at, &self.records, style, self.names).ok()),
            unit: unit_of(at, &self.records, style),
            status: Status::parse(&text("status")).unwrap_or_default(),
        }
    }

    /// The notes on a cell: those declared for its codes, and where the table wants them those of the source.
    fn notes(&mut self, found: &Found, selector: &Selector) -> Vec<Note> {
        let mut texts: Vec<String> = Vec::new();
        for (nth, (text, filter)) in self.spec.bound.iter().enumerate() {
            let answered = !found.rows.is_empty() && !self.records.answering(&found.rows, filter).is_empty();
            if answered || (found.rows.is_empty() && selects(filter, selector)) {
                self.bound.insert(nth);
                texts.push(text.clone());
            }
        }
        if self.spec.generated.contains(&Generated::Notes) {
            for at in &found.rows {
                texts.extend(self.records.text(*at, "notes").lines().map(|line| without_mark(line).to_owned()));
            }
        }
        let mut notes: Vec<Note> = Vec::new();
        for text in texts.into_iter().filter(|text| !text.is_empty()) {
            if notes.iter().all(|note| note.text != text) {
                notes.push(Note { number: 0, text });
            }
        }
        notes
    }

    /// What is said of a cell's figures, if all of them are alike and the table prints it.
    fn status(&self, answers: &[Answer]) -> Status {
        let first = answers.first().map_or(Status::Normal, |answer| answer.status);
        let alike = answers.iter().all(|answer| answer.status == first);
        if alike && self.spec.generated.contains(&Generated::Status) { first } else { Status::Normal }
    }

    fn tell_unbound_notes(&mut self) {
        for (nth, (text, _)) in self.spec.bound.iter().enumerate().filter(|(nth, _)| !self.bound.contains(nth)) {
            let shown: String = text.chars().take(20).collect();
            self.faults.push(
                Diagnostic::error(
                    "unbound-note",
                    format!("note {} of table \"{}\" is bound to no cell: {shown}", nth + 1, self.spec.id),
                )
                .at(self.spec.place.clone())
                .hint("check its where = { … }, or write it as a text without where"),
            );
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

/// Whether a filter holds for all codes that a cell asks for.
fn selects(filter: &Selector, asked: &Selector) -> bool {
    filter
        .iter()
        .all(|(column, values)| asked.get(column).is_some_and(|have| have.iter().all(|value| values.contains(value))))
}

/// The usual dimensions that the rows have, and whatever else parts this table.
fn dimensions(records: &Records<'_>, divided: &BTreeSet<String>) -> Vec<String> {
    let usual = DIMENSIONS.iter().copied().filter(|column| records.has(column));
    let further = divided.iter().map(String::as_str).filter(|column| !DIMENSIONS.contains(column));
    usual.chain(further).map(str::to_owned).collect()
}

/// The unit a figure is printed in.
fn unit_of(at: usize, records: &Records<'_>, style: &Style) -> String {
    let wanted = style.unit.as_ref().map(|(unit, _)| unit.clone());
    let of_row = ["printed_unit", "unit"].map(|column| records.text(at, column));
    wanted.or_else(|| of_row.into_iter().find(|unit| !unit.is_empty())).unwrap_or_default()
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

/// Runs of blanks between the parts of a cell's text stand for a new line: the print had no room for one.
fn in_lines(printed: &str) -> String {
    let parts = printed.trim().split("  ").map(str::trim).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("\n")
}

/// A label without its line breaks.
pub fn flat(label: &str) -> String {
    label.split('\n').map(str::trim).collect()
}
