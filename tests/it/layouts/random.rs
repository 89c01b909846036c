//! Tables made by chance: a few dimensions spread over title, rows and columns, laid out in one of many ways, with the
//! specification that declares the layout and the facts that must come back.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::corpus::{Layout, decimals};
use super::sheet::{Cell, Fact, File, Place, Sheet, Span};

/// How a label that holds for several lines is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    Merged,
    BlankAfter,
    Repeated,
}

/// Where the unit is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitAt {
    Nowhere,
    Line,
    Label,
}

/// A dimension, its members as printed and as coded.
struct Members {
    key: &'static str,
    printed: [&'static str; 3],
    codes: [&'static str; 3],
}

const DIMENSIONS: [Members; 5] = [
    Members {
        key: "indicator",
        printed: ["参保人数", "基金收入", "基金支出"],
        codes: ["insured_person", "fund_income_yuan", "fund_expenditure_yuan"],
    },
    Members { key: "period", printed: ["2010", "2011", "2012"], codes: ["2010", "2011", "2012"] },
    Members {
        key: "region", printed: ["全国", "北京", "内蒙古自治区"], codes: ["000000", "110000", "150000"]
    },
    Members {
        key: "scheme",
        printed: ["失业保险", "工伤", "基本养老保险"],
        codes: ["unemployment", "work-injury", "pension"],
    },
    Members { key: "population", printed: ["合计", "农民工", "女"], codes: ["_T", "migrant-worker", "female"] },
];

/// Unit of each indicator: code, name, how many of the base unit it is.
const UNITS: [(&str, &str, i64); 3] =
    [("10k_person", "万人", 10_000), ("100m_yuan", "亿元", 100_000_000), ("10k_yuan", "万元", 10_000)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Context,
    Rows,
    Columns,
}

/// Everything that chance decides.
#[derive(Clone, Debug)]
pub struct Choice {
    places: [At; 5],
    counts: [usize; 5],
    /// Order of the dimensions on their axis.
    order: Vec<usize>,
    rows: Shared,
    columns: Shared,
    unit: UnitAt,
    suffix: bool,
    above: usize,
    left: usize,
    note: bool,
    numbers: Vec<(u32, u32, u8)>,
    pub format: usize,
}

pub fn choices() -> impl Strategy<Value = Choice> {
    let shared = || prop_oneof![Just(Shared::Merged), Just(Shared::BlankAfter), Just(Shared::Repeated)];
    let at = || prop_oneof![Just(At::Context), Just(At::Rows), Just(At::Columns)];
    let unit = prop_oneof![Just(UnitAt::Nowhere), Just(UnitAt::Line), Just(UnitAt::Label)];
    let axes =
        ([at(), at(), at(), at(), at()], prop::array::uniform5(1..=3usize), Just(vec![0, 1, 2, 3, 4]).prop_shuffle());
    let print = (shared(), shared(), unit, any::<bool>(), 0..3usize, 0..3usize, any::<bool>());
    let numbers = prop::collection::vec((0..10_000_000u32, 0..4u32, 0..12u8), 40);
    let all = (axes, print, numbers, 0..8usize);
    let made =
        all.prop_map(|((places, counts, order), (rows, columns, unit, suffix, above, left, note), numbers, format)| {
            Choice { places, counts, order, rows, columns, unit, suffix, above, left, note, numbers, format }
        });
    made.prop_filter("rows and columns, not too deep", |c| {
        let on = |at| c.places.iter().filter(|p| **p == at).count();
        (1..=2).contains(&on(At::Rows)) && (1..=3).contains(&on(At::Columns))
    })
}

impl Choice {
    /// The dimensions of an axis, the outermost first.
    fn dimensions(&self, at: At) -> Vec<usize> {
        self.order.iter().copied().filter(|d| self.places[*d] == at).collect()
    }

    /// How many members a dimension has.
    fn count(&self, dimension: usize) -> usize {
        if self.places[dimension] == At::Context { 1 } else { self.counts[dimension] }
    }

    /// The lines of an axis: a member per dimension.
    fn lines(&self, dimensions: &[usize]) -> Vec<Vec<usize>> {
        let mut lines = vec![Vec::new()];
        for dimension in dimensions {
            let longer = |line: &Vec<usize>| {
                (0..self.count(*dimension)).map(|m| [line.as_slice(), &[m]].concat()).collect::<Vec<_>>()
            };
            lines = lines.iter().flat_map(longer).collect();
        }
        lines
    }

    fn printed(&self, dimension: usize, member: usize) -> String {
        let text = DIMENSIONS[dimension].printed[member];
        match DIMENSIONS[dimension].key {
            "period" if self.suffix => format!("{text}年"),
            "indicator" if self.unit == UnitAt::Label => format!("{text}（{}）", UNITS[member].1),
            _ => text.to_owned(),
        }
    }

    fn number(&self, nth: usize) -> String {
        let (digits, scale, kind) = self.numbers[nth % self.numbers.len()];
        // The first of a row is a number: a row without any is no row of the body.
        match kind {
            0 if nth > 0 => "…".to_owned(),
            1 if nth > 0 => "—".to_owned(),
            2 if nth > 0 => String::new(),
            3 => format!("-{}", plain(digits + 1, scale)),
            _ => plain(digits, scale),
        }
    }

    pub fn layout(&self) -> Layout {
        let (rows, columns) = (self.dimensions(At::Rows), self.dimensions(At::Columns));
        let (row_lines, column_lines) = (self.lines(&rows), self.lines(&columns));
        let mut sheet = Sheet { name: "表".to_owned(), ..Sheet::default() };
        let (top, left) = (self.above + 2, self.left);
        let (body, first) = (top + columns.len(), left + rows.len());
        let (height, width) = (body + row_lines.len() + usize::from(self.note), first + column_lines.len());
        sheet.cells = vec![vec![Cell::default(); width]; height];
        sheet.cells[self.above][left] =
            Cell::of(if self.places[1] == At::Context { "2010年社会保险" } else { "社会保险" });
        if self.unit == UnitAt::Line {
            let names: Vec<&str> = (0..self.count(0)).map(|m| UNITS[m].1).collect();
            sheet.cells[self.above + 1][width - 1] = Cell::of(&format!("单位：{}", names.join("、")));
        }
        let corners = ["甲栏", "乙栏"];
        for (nth, corner) in corners.iter().take(rows.len()).enumerate() {
            sheet.cells[top][left + nth] = Cell::of(corner);
        }
        self.label(&mut sheet, &columns, &column_lines, self.columns, |line, depth| (top + depth, first + line));
        self.label(&mut sheet, &rows, &row_lines, self.rows, |line, depth| (body + line, left + depth));
        let mut facts = Vec::new();
        for (r, row) in row_lines.iter().enumerate() {
            for (c, column) in column_lines.iter().enumerate() {
                let nth = if c == 0 { 0 } else { r * column_lines.len() + c };
                let shown = match c {
                    0 => plain(self.numbers[r % self.numbers.len()].0, 1),
                    _ => self.number(nth),
                };
                sheet.cells[body + r][first + c] = Cell::of(&shown);
                let members = |d: usize| -> usize {
                    let on = |dims: &[usize], line: &[usize]| dims.iter().position(|x| *x == d).map(|at| line[at]);
                    on(&rows, row).or(on(&columns, column)).unwrap_or(0)
                };
                let place = Place { file: 0, sheet: 0, row: body + r, col: first + c, nth: 0 };
                facts.push(self.fact(place, &shown, members));
            }
        }
        if self.note {
            sheet.cells[height - 1][left] = Cell::of("注：随机。");
        }
        Layout {
            name: "random".to_owned(),
            title: String::new(),
            covers: Vec::new(),
            formats: None,
            book: vec![File { name: "table".to_owned(), sheets: vec![sheet] }],
            spec: self.spec(&rows, &columns),
            facts,
            free: Vec::new(),
            foreign: Vec::new(),
            titles: Vec::new(),
            panel: None,
            tops: Vec::new(),
            swap_rows: None,
            swap_columns: None,
        }
    }

    /// Print the labels of an axis, outer ones once for the lines they hold for.
    fn label(
        &self,
        sheet: &mut Sheet,
        dimensions: &[usize],
        lines: &[Vec<usize>],
        shared: Shared,
        at: impl Fn(usize, usize) -> (usize, usize),
    ) {
        for (depth, dimension) in dimensions.iter().enumerate() {
            let mut start = 0;
            for (nth, line) in lines.iter().enumerate() {
                let same = |one: usize, two: usize| lines[one][..=depth] == lines[two][..=depth];
                let (row, col) = at(nth, depth);
                let fresh = nth == 0 || !same(nth - 1, nth) || depth + 1 == dimensions.len();
                start = if fresh { nth } else { start };
                if fresh || shared == Shared::Repeated {
                    sheet.cells[row][col] = Cell::of(&self.printed(*dimension, line[depth]));
                }
                let last = nth + 1 == lines.len() || !same(nth, nth + 1);
                if last && shared == Shared::Merged && start < nth && depth + 1 < dimensions.len() {
                    let (first_row, first_col) = at(start, depth);
                    sheet.merges.push(Span { rows: (first_row, row), cols: (first_col, col) });
                }
            }
        }
    }

    fn fact(&self, place: Place, shown: &str, member: impl Fn(usize) -> usize) -> Fact {
        let mut said = std::collections::BTreeMap::new();
        for key in ["ownership", "industry", "breakdown"] {
            said.insert(key, "_T".to_owned());
        }
        for (nth, dimension) in DIMENSIONS.iter().enumerate() {
            said.insert(dimension.key, dimension.codes[member(nth)].to_owned());
        }
        let (unit, _, factor) = UNITS[member(0)];
        let value = match shown {
            "…" => "rounded_to_zero".to_owned(),
            "—" => "nil".to_owned(),
            "" => "not_available".to_owned(),
            number => {
                let exact: rust_decimal::Decimal = number.parse().expect("a number");
                (exact * rust_decimal::Decimal::from(factor)).normalize().to_string()
            }
        };
        said.insert("decimals", decimals(&value, shown, 0));
        said.insert("value", value);
        said.insert("unit", unit.to_owned());
        said.insert("printed", shown.to_owned());
        said.insert("notes", if self.note { "注：随机。".to_owned() } else { String::new() });
        said.insert("status", "normal".to_owned());
        said.insert("qualifier", "exact".to_owned());
        said.insert("edition", "2013".to_owned());
        Fact { place, said }
    }

    fn spec(&self, rows: &[usize], columns: &[usize]) -> String {
        let mut text = String::from("title = \"社会保险\"\nuntil = [\"注\"]\n");
        let title = if self.places[1] == At::Context { "{year}年社会保险" } else { "社会保险" };
        let corner = if rows.len() == 1 { "\"甲栏\"" } else { "[\"甲栏\", \"乙栏\"]" };
        let _ = writeln!(text, "anchor = {{ text = \"{title}\" }}\ncorner = {corner}\nheader_rows = {}", columns.len());
        if self.columns == Shared::BlankAfter {
            text.push_str("header_blank = \"left\"\n");
        }
        if self.rows == Shared::BlankAfter {
            text.push_str("label_blank = \"above\"\n");
        }
        if self.places[0] == At::Context {
            let _ = writeln!(text, "unit = \"{}\"", UNITS[0].0);
        }
        text.push_str("[context]\n");
        for (nth, dimension) in DIMENSIONS.iter().enumerate().filter(|(nth, _)| self.places[*nth] == At::Context) {
            if nth != 1 {
                let _ = writeln!(text, "{} = \"{}\"", dimension.key, dimension.codes[0]);
            }
        }
        for (kind, dimensions) in [("rows", rows), ("columns", columns)] {
            let entries = if dimensions.contains(&0) { self.count(0) } else { 1 };
            for (entry, (unit, _, _)) in UNITS.iter().enumerate().take(entries) {
                let part = |d: &usize| match DIMENSIONS[*d].key {
                    "indicator" => format!("\"{}\"", DIMENSIONS[0].printed[entry]),
                    "period" => format!("\"{{year}}{}\"", if self.suffix { "年" } else { "" }),
                    key => format!("\"{{{key}}}\""),
                };
                let parts: Vec<String> = dimensions.iter().map(part).collect();
                let _ = writeln!(text, "[[{kind}]]\nlabel = [{}]", parts.join(", "));
                if dimensions.contains(&0) {
                    let _ = writeln!(text, "indicator = \"{}\"\nunit = \"{}\"", DIMENSIONS[0].codes[entry], unit);
                }
            }
        }
        text.push_str("[[edition]]\nid = \"2013\"\nfile = \"table.EXT\"\n");
        text
    }
}

fn plain(digits: u32, scale: u32) -> String {
    rust_decimal::Decimal::new(i64::from(digits), scale).to_string()
}
