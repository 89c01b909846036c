//! The ways in which a sheet changes from one year to the next, each with what the changed sheet then truly says.
//!
//! A change makes a new book and the readings of it that are right: one, several where the change can be seen in two ways,
//! none where only a refusal is right. A refusal, by the code of an error, is always right; a reading that is not among
//! the right ones is a misreading in silence.

mod labels;
mod lines;
mod numbers;
mod sheets;

use super::corpus::Layout;
use super::sheet::{Axis, Book, Cell, Fact, Sheet};

/// A changed book.
pub struct Change {
    /// The kind of change, for the counts.
    pub kind: &'static str,
    /// What was done where.
    pub what: String,
    pub book: Book,
    /// The readings that are right besides a refusal.
    pub right: Vec<Vec<Fact>>,
}

/// What a cell is to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Data,
    /// Header, row label, heading, corner.
    Label,
    /// Above the header.
    Title,
    /// Below the body.
    Note,
    /// Of no matter to the table: a remark, a serial number, another table.
    Other,
}

/// A label that no list knows and no specification declares.
const STRANGE: &str = "另立项目";

pub fn changes(layout: &Layout) -> Vec<Change> {
    let mut made = Making { layout, changes: Vec::new() };
    for (file, sheet) in made.sheets() {
        let mut on = made.on(file, sheet);
        on.lines_inserted();
        on.lines_deleted();
        on.lines_exchanged();
        on.numbers_shifted();
        on.tables_added();
        on.labels_changed();
        on.labels_doubled();
        on.labels_dressed();
        on.marks_added();
        on.notes_added();
        on.units_changed();
        on.years_changed();
        on.merges_split();
        on.numbers_changed();
        on.strangers_added();
        on.header_shifted();
        on.panel_cut();
        on.sheet_changed();
    }
    made.parts_taken_out();
    made.changes
}

struct Making<'a> {
    layout: &'a Layout,
    changes: Vec<Change>,
}

impl<'a> Making<'a> {
    /// The sheets that hold numbers of the table.
    fn sheets(&self) -> Vec<(usize, usize)> {
        let mut sheets: Vec<_> = self.layout.facts.iter().map(|f| (f.place.file, f.place.sheet)).collect();
        sheets.sort_unstable();
        sheets.dedup();
        sheets
    }

    fn on<'m>(&'m mut self, file: usize, sheet: usize) -> OnSheet<'a, 'm> {
        let layout = self.layout;
        let grid = &layout.book[file].sheets[sheet];
        let here = layout.facts.iter().filter(|f| (f.place.file, f.place.sheet) == (file, sheet));
        let data: Vec<(usize, usize)> = here.map(|f| (f.place.row, f.place.col)).collect();
        let top = top(layout, file, sheet, grid);
        let below = data.iter().filter(|(row, col)| is_body(grid, *row, *col)).map(|d| d.0).max().unwrap_or(top);
        let mut roles = vec![vec![Role::Note; grid.cols()]; grid.rows()];
        for (row, roles) in roles.iter_mut().enumerate() {
            for (col, role) in roles.iter_mut().enumerate() {
                let lies = |ranges: &[super::corpus::Range]| {
                    ranges.iter().any(|(f, s, span)| (*f, *s) == (file, sheet) && span.contains(row, col))
                };
                *role = match () {
                    () if lies(&layout.foreign) || lies(&layout.free) => Role::Other,
                    () if lies(&layout.titles) => Role::Title,
                    () if row < top => Role::Title,
                    () if row > below => Role::Note,
                    () if data.contains(&(row, col)) => Role::Data,
                    () => Role::Label,
                };
            }
        }
        OnSheet { making: self, file, sheet, grid, roles }
    }
}

/// Whether a number stands in a cell of the body, not in the sentence of a footnote.
fn is_body(grid: &Sheet, row: usize, col: usize) -> bool {
    !grid.cells[row][col].text.contains(['注', '；', '。'])
}

/// The first row of the header: that of the first text of a corner.
fn top(layout: &Layout, file: usize, sheet: usize, grid: &Sheet) -> usize {
    if let Some((_, _, span)) = layout.tops.iter().find(|(f, s, _)| (*f, *s) == (file, sheet)) {
        return span.rows.0;
    }
    let spec: toml::Value = toml::from_str(&layout.spec).expect("a specification");
    let mut corners = Vec::new();
    let editions = spec.get("edition").and_then(|e| e.as_array()).into_iter().flatten();
    for keys in std::iter::once(&spec).chain(editions) {
        match keys.get("corner") {
            Some(toml::Value::String(text)) => corners.push(text.clone()),
            Some(toml::Value::Array(texts)) => corners.extend(texts[0].as_str().map(str::to_owned)),
            _ => {}
        }
    }
    let plain = |text: &str| shebao::domain::label::normalise(text).into_owned();
    let mine = |r: usize, c: usize| {
        layout.foreign.iter().all(|(f, s, span)| (*f, *s) != (file, sheet) || !span.contains(r, c))
    };
    let found = grid
        .filled()
        .filter(|(r, c, _)| mine(*r, *c))
        .find(|(_, _, cell)| corners.iter().any(|corner| plain(corner) == plain(&cell.text)));
    found.unwrap_or_else(|| panic!("{}: no corner; say top:", layout.name)).0
}

struct OnSheet<'a, 'm> {
    making: &'m mut Making<'a>,
    file: usize,
    sheet: usize,
    grid: &'a Sheet,
    roles: Vec<Vec<Role>>,
}

impl<'a> OnSheet<'a, '_> {
    fn layout(&self) -> &'a Layout {
        self.making.layout
    }

    fn says(&self, text: &str) -> bool {
        self.layout().spec.contains(text)
    }

    /// Whether a column takes its period from the one on its left.
    fn period_left(&self) -> bool {
        self.layout().spec.lines().any(|line| line.starts_with("period") && line.contains("left"))
    }

    fn mine(&self, fact: &Fact) -> bool {
        (fact.place.file, fact.place.sheet) == (self.file, self.sheet)
    }

    fn facts_here(&self) -> impl Iterator<Item = &'a Fact> {
        self.layout().facts.iter().filter(|f| self.mine(f))
    }

    /// The facts, those of this sheet changed or left out.
    fn facts(&self, change: impl Fn(&Fact) -> Option<Fact>) -> Vec<Fact> {
        let all = self.layout().facts.iter();
        all.filter_map(|f| if self.mine(f) { change(f) } else { Some(f.clone()) }).collect()
    }

    /// The cells of some roles.
    fn cells(&self, roles: &[Role]) -> Vec<(usize, usize, &'a Cell)> {
        self.grid.filled().filter(|(r, c, _)| roles.contains(&self.roles[*r][*c])).collect()
    }

    fn at(&self, row: usize, col: usize) -> String {
        let column = shebao::grid::column_letters(col as u32);
        match self.layout().book.len() + self.layout().book[self.file].sheets.len() {
            2 => format!("{column}{}", row + 1),
            _ => format!("{}/{}!{column}{}", self.layout().book[self.file].name, self.grid.name, row + 1),
        }
    }

    fn push(&mut self, kind: &'static str, what: String, edit: impl FnOnce(&mut Sheet), right: Vec<Vec<Fact>>) {
        let mut book = self.layout().book.clone();
        edit(&mut book[self.file].sheets[self.sheet]);
        self.making.changes.push(Change { kind, what, book, right });
    }

    /// The text of one cell replaced.
    fn retext(&mut self, kind: &'static str, (row, col): (usize, usize), text: &str, right: Vec<Vec<Fact>>) {
        let what = format!("{} {:?} → {text:?}", self.at(row, col), self.grid.cells[row][col].text);
        self.push(kind, what, |sheet| text.clone_into(&mut sheet.cells[row][col].text), right);
    }

    fn unchanged(&self) -> Vec<Vec<Fact>> {
        vec![self.layout().facts.clone()]
    }

    /// Lines that hold a number of the table.
    fn data_lines(&self, axis: Axis) -> Vec<usize> {
        let mut lines: Vec<usize> = (0..self.grid.lines(axis))
            .filter(|line| {
                let mut along = 0..self.grid.lines(if axis == Axis::Rows { Axis::Cols } else { Axis::Rows });
                along.any(|other| {
                    let (r, c) = if axis == Axis::Rows { (*line, other) } else { (other, *line) };
                    self.roles[r][c] == Role::Data
                })
            })
            .collect();
        lines.dedup();
        lines
    }
}

fn moved(fact: &Fact, axis: Axis, line: impl Fn(usize) -> usize) -> Fact {
    let mut fact = fact.clone();
    match axis {
        Axis::Rows => fact.place.row = line(fact.place.row),
        Axis::Cols => fact.place.col = line(fact.place.col),
    }
    fact
}
