//! Where a drafted table is on its sheet: anchor, corner, header, and the line that ends it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::super::cell::{is_note_mark, is_number};
use super::super::{Table, guess};
use super::quote::{one_line, one_or_many, quoted};
use crate::domain::label::normalise;
use crate::grid::{Addressing, CellRef, CellValue, Grid, column_letters};

/// Characters of a title or of a line's beginning that are written into a specification at most.
const ANCHOR_CHARS_MAX: usize = 80;
const UNTIL_CHARS_MAX: usize = 24;

/// The layout keys of a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub title: String,
    pub anchor: Option<Anchor>,
    pub corner: Vec<String>,
    pub header_rows: u32,
    pub header_inherits: bool,
    pub label_inherits: bool,
    pub levels: Vec<&'static str>,
    pub note_marks: Vec<String>,
    pub until: Vec<String>,
    pub until_column: Option<String>,
    pub panels: Option<&'static str>,
    pub between: Vec<String>,
    pub sheet: Option<String>,
    pub file: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Anchor {
    pub text: String,
    pub within: Option<String>,
    /// Whether the text captures the year of the table.
    pub dated: bool,
}

/// `parts`: the table and those that continue it, the first of them first.
pub(super) fn place(grid: &Grid, parts: &[&Table], file: &str, several_sheets: bool) -> Place {
    let (table, last) = (parts[0], parts[parts.len() - 1]);
    let right = parts.iter().skip(1).any(|p| p.label_cols.first() != table.label_cols.first());
    let below = parts.iter().skip(1).any(|p| p.header.start > table.header.start);
    let rightmost = parts.iter().max_by_key(|p| p.data_cols.last()).unwrap_or(&table);
    let titles: Vec<String> = table.titles.iter().map(|t| one_line(grid.text(t.row, t.col))).collect();
    let named = titles.iter().filter(|t| guess::units_of_line(t).is_none()).max_by_key(|t| t.chars().count().min(60));
    let title = named.cloned().unwrap_or_else(|| match grid.sheet.is_empty() {
        true => file.to_owned(),
        false => one_line(&grid.sheet),
    });
    Place {
        title,
        anchor: anchor(grid, table),
        corner: corner(grid, table),
        header_rows: (table.header.end - table.header.start).max(1),
        header_inherits: inherits(grid, table),
        label_inherits: label_inherits(grid, table),
        levels: Vec::new(),
        note_marks: note_marks(grid, parts),
        until: until(grid, last, parts),
        until_column: until_column(grid, rightmost),
        panels: match (right, below) {
            (false, false) => None,
            (true, false) => Some("right"),
            (false, true) => Some("below"),
            (true, true) => Some("both"),
        },
        between: between(grid, parts),
        sheet: (several_sheets && !grid.sheet.is_empty()).then(|| grid.sheet.clone()),
        file: file.to_owned(),
    }
}

/// The title, or any text of the header's first row; with the range it is looked for in where the text stands more than once.
fn anchor(grid: &Grid, table: &Table) -> Option<Anchor> {
    let titles = table.titles.iter().filter(|t| guess::units_of_line(grid.text(t.row, t.col)).is_none());
    let title = titles.max_by_key(|t| grid.text(t.row, t.col).chars().count().min(60)).copied();
    let header = || {
        let cells =
            table.label_cols.iter().chain(&table.data_cols).map(|col| CellRef { row: table.header.start, col: *col });
        cells.into_iter().find(|at| !grid.is_blank(at.row, at.col))
    };
    // A header with nothing over its labels is looked for below its anchor, not in it.
    let blank = table.label_cols.first().is_none_or(|col| grid.is_blank(table.header.start, *col));
    let at = if blank { title? } else { title.or_else(header)? };
    let text: String = one_line(grid.text(at.row, at.col)).chars().take(ANCHOR_CHARS_MAX).collect();
    let text = text.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    let text = if text.trim().is_empty() { one_line(grid.text(at.row, at.col)) } else { text };
    if text.contains(['{', '}']) {
        return None;
    }
    let wanted = normalise(&text);
    let alone = grid.iter().filter(|(_, c)| normalise(&c.text).contains(&*wanted)).take(2).count() == 1;
    let range = || {
        let cell = format!("{}{}", column_letters(at.col), at.row + 1);
        format!("{cell}:{cell}")
    };
    let years = guess::years(&text);
    let dated = title.is_some() && years.len() == 1 && text.matches(&years[0].to_string()).count() == 1;
    let text = if dated { text.replace(&years[0].to_string(), "{year}") } else { text };
    let sheet = !matches!(grid.addressing, Addressing::Record { .. });
    (sheet || title.is_some()).then(|| Anchor { text, within: (!alone).then(range), dated })
}

/// The texts over the label columns in the header's first row.
fn corner(grid: &Grid, table: &Table) -> Vec<String> {
    let row = table.header.start;
    let mut texts = Vec::new();
    let mut seen = None;
    for col in &table.label_cols {
        let at = CellRef { row, col: *col };
        let origin = grid.merge_at(at).map_or(at, |m| m.first);
        if seen.replace(origin) != Some(origin) {
            texts.push(one_line(grid.text(origin.row, origin.col)));
        }
    }
    texts
}

/// Whether blanks of a stacked header repeat the text on their left: where no range is merged that would say so.
fn inherits(grid: &Grid, table: &Table) -> bool {
    let rows = table.header.clone();
    let merged = grid.merges().iter().any(|m| rows.contains(&m.first.row) && m.last.col > m.first.col);
    let blank = |row: u32, col: u32| grid.is_blank(row, col);
    let hole =
        |col: &u32| rows.clone().any(|row| blank(row, *col) && (row + 1..rows.end).any(|below| !blank(below, *col)));
    rows.len() > 1 && !merged && table.data_cols.iter().skip(1).any(hole)
}

/// Whether blanks of the outer label columns repeat the text above.
fn label_inherits(grid: &Grid, table: &Table) -> bool {
    let [outer @ .., inner] = table.label_cols.as_slice() else { return false };
    let blank = |row: u32, col: u32| {
        let at = CellRef { row, col };
        grid.merge_at(at).is_none() && grid.is_blank(row, col)
    };
    let rows = || table.body.clone().filter(|row| !blank(*row, *inner));
    let first_filled = outer.iter().all(|col| rows().next().is_some_and(|row| !blank(row, *col)));
    first_filled && outer.iter().any(|col| rows().any(|row| blank(row, *col)))
}

/// How the first line after the body begins; a blank text where a blank row lies between.
fn until(grid: &Grid, last: &Table, parts: &[&Table]) -> Vec<String> {
    let first_text = |row: u32| {
        let cols = parts.iter().flat_map(|p| p.label_cols.iter().chain(&p.data_cols)).min().copied().unwrap_or(0);
        grid.row(row).filter(|(at, _)| at.col >= cols).map(|(_, c)| c.text.trim()).find(|t| !t.is_empty())
    };
    let end = parts.iter().map(|p| p.body.end).max().unwrap_or(last.body.end);
    let Some(below) = (end..grid.rows).find_map(first_text) else { return Vec::new() };
    let blank = |row: u32| first_text(row).is_none();
    let inside = parts.iter().flat_map(|p| p.body.clone());
    let ends_blank = parts.len() == 1 && blank(end) && !inside.clone().any(blank);
    let body: Vec<Cow<'_, str>> = inside.filter_map(first_text).map(normalise).collect();
    let whole = one_line(below);
    let lengths = [4, 8, 12, UNTIL_CHARS_MAX, ANCHOR_CHARS_MAX];
    let tried = lengths.iter().map(|n| whole.chars().take(*n).collect::<String>());
    let usable = tried.filter(|t| !normalise(t).is_empty());
    let text = usable.into_iter().find(|t| !body.iter().any(|b| b.starts_with(&*normalise(t))));
    text.or(ends_blank.then(String::new)).into_iter().collect()
}

/// Letters and signs that stand beside numbers, apart from them: they refer to footnotes.
fn note_marks(grid: &Grid, parts: &[&Table]) -> Vec<String> {
    let mut found = BTreeSet::new();
    for table in parts {
        for (at, cell) in grid.rows_in(table.body.clone()) {
            if table.data_cols.binary_search(&at.col).is_ok() && cell.value == CellValue::Text {
                let words: Vec<&str> = cell.text.split_whitespace().collect();
                let mark = match words.as_slice() {
                    [mark, number] | [number, mark] if is_note_mark(mark) && is_number(number) => *mark,
                    _ => continue,
                };
                found.insert(mark.trim_matches(['(', ')']).to_owned());
            }
        }
    }
    found.into_iter().collect()
}

/// How the first column right of the table begins; a blank text where a blank column lies between.
fn until_column(grid: &Grid, table: &Table) -> Option<String> {
    let last = *table.data_cols.last()?;
    let rows = table.header.start..table.body.end;
    let filled = |col: u32| rows.clone().any(|row| !grid.is_blank(row, col));
    let next = (last + 1..grid.cols).find(|col| filled(*col))?;
    let first = table.label_cols.first().copied().unwrap_or(last);
    if next > last + 1 && (first..=last).all(filled) {
        return Some(String::new());
    }
    table.header.clone().map(|row| one_line(grid.text(row, next))).find(|t| !t.is_empty())
}

/// How the lines between panels begin.
fn between(grid: &Grid, parts: &[&Table]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let bodies = || parts.iter().map(|p| p.header.start..p.body.end);
    let first = parts.iter().map(|p| p.header.start).min().unwrap_or(0);
    let end = parts.iter().map(|p| p.body.end).max().unwrap_or(0);
    for row in (first..end).filter(|row| !bodies().any(|b| b.contains(row))) {
        let text = grid.row(row).map(|(_, c)| one_line(&c.text)).find(|t| !t.is_empty());
        let Some(text) = text else { continue };
        let short: String = text.chars().take(6).collect();
        if !found.iter().any(|f| text.starts_with(f.as_str())) {
            found.push(short.trim_end().to_owned());
        }
    }
    found
}

impl Place {
    /// The keys as they are written, without title and edition.
    pub fn write(&self) -> String {
        let mut out = String::new();
        if let Some(anchor) = &self.anchor {
            let within = anchor.within.as_ref().map_or(String::new(), |w| format!(", within = {}", quoted(w)));
            let year = if anchor.dated { "   # guessed: the year in it is the table's period" } else { "" };
            out.push_str(&format!("anchor = {{ text = {}{within} }}{year}\n", quoted(&anchor.text)));
        }
        out.push_str(&format!("corner = {}\n", one_or_many(&self.corner)));
        if self.header_rows > 1 {
            out.push_str(&format!("header_rows = {}   # guessed: the rows above the first number\n", self.header_rows));
        }
        if self.header_inherits {
            out.push_str("header_blank = \"left\"   # guessed: the header has blanks and nothing is merged\n");
        }
        if self.label_inherits {
            out.push_str("label_blank = \"above\"   # guessed: labels are blank below their first row\n");
        }
        let list = |texts: &[String]| texts.iter().map(|t| quoted(t)).collect::<Vec<_>>().join(", ");
        if !self.until.is_empty() {
            out.push_str(&format!("until = [{}]   # guessed: the first line below the numbers\n", list(&self.until)));
        }
        if let Some(until) = &self.until_column {
            out.push_str(&format!(
                "until_column = [{}]   # guessed: something else stands on the right\n",
                quoted(until)
            ));
        }
        if let Some(panels) = self.panels {
            out.push_str(&format!("panels = {}   # guessed: the header begins again\n", quoted(panels)));
        }
        if !self.between.is_empty() {
            out.push_str(&format!("between = [{}]\n", list(&self.between)));
        }
        if !self.note_marks.is_empty() {
            out.push_str(&format!(
                "note_marks = [{}]   # guessed: they stand beside numbers\n",
                list(&self.note_marks)
            ));
        }
        if !self.levels.is_empty() {
            let levels: Vec<String> = self.levels.iter().map(|l| (*l).to_owned()).collect();
            out.push_str(&format!("levels = [{}]   # guessed: signs seen among the labels\n", list(&levels)));
        }
        out
    }

    pub fn write_edition(&self, id: &str) -> String {
        let sheet = self.sheet.as_ref().map_or(String::new(), |s| format!("sheet = {}\n", quoted(s)));
        format!("\n[[edition]]\nid = {}\nfile = {}\n{sheet}", quoted(id), quoted(&self.file))
    }
}
