//! Labels and titles renamed, emptied, dressed in another way; marks, units, years and merged cells changed.

use super::super::sheet::{Axis, Cell, Fact, Sheet};
use super::{OnSheet, Role, STRANGE};

/// A unit, another of the same base that may be printed in its place, and a third that has no code.
struct UnitPair {
    name: &'static str,
    code: &'static str,
    factor: i64,
    other: &'static str,
    other_code: &'static str,
    other_factor: i64,
    strange: &'static str,
}

const UNITS: [UnitPair; 5] = [
    unit(("万人次", "10k_person", 10_000), ("人次", "person", 1), "千人次"),
    unit(("万人", "10k_person", 10_000), ("人", "person", 1), "千人"),
    unit(("亿元", "100m_yuan", 100_000_000), ("万元", "10k_yuan", 10_000), "百万元"),
    unit(("万元", "10k_yuan", 10_000), ("亿元", "100m_yuan", 100_000_000), "千元"),
    unit(("人", "person", 1), ("万人", "10k_person", 10_000), "百人"),
];

type Named = (&'static str, &'static str, i64);

const fn unit(
    (name, code, factor): Named,
    (other, other_code, other_factor): Named,
    strange: &'static str,
) -> UnitPair {
    UnitPair { name, code, factor, other, other_code, other_factor, strange }
}

impl OnSheet<'_, '_> {
    pub(super) fn labels_changed(&mut self) {
        for (row, col, cell) in self.cells(&[Role::Label]) {
            let at = (row, col);
            let sign = cell.text.chars().take_while(|c| c.is_whitespace()).collect::<String>();
            self.retext("a label renamed", at, &format!("{sign}{STRANGE}"), Vec::new());
            self.retext("a label lengthened", at, &format!("{}甲", cell.text), Vec::new());
            let right = self.unchanged();
            self.retext("a label emptied", at, "", right);
        }
        for (row, col, _) in self.cells(&[Role::Title]) {
            let right = self.unchanged();
            self.retext("a title renamed", (row, col), STRANGE, right.clone());
            self.retext("a title emptied", (row, col), "", right);
        }
    }

    /// Signs of hierarchy lost or won, blanks and widths changed: the label is read as before or not at all.
    pub(super) fn labels_dressed(&mut self) {
        for (row, col, cell) in self.cells(&[Role::Label]) {
            let (at, right) = ((row, col), self.unchanged());
            let bare = cell.text.trim_start();
            if bare != cell.text {
                self.retext("an indent lost", at, bare, right.clone());
            }
            if cell.indent > 0 {
                let what = self.at(row, col);
                self.push("an indent lost", what, |s| s.cells[row][col].indent = 0, right.clone());
            }
            if cell.bold {
                let what = self.at(row, col);
                self.push("bold lost", what, |s| s.cells[row][col].bold = false, right.clone());
            }
            let signs =
                ["其中：", "其中:", "#", "一、", "二、", "三、", "（一）", "（二）", "(一)", "(二)", "1.", "2.", "①"];
            if let Some(rest) = signs.iter().find_map(|sign| bare.strip_prefix(sign)) {
                let indent = &cell.text[..cell.text.len() - bare.len()];
                self.retext("其中 or a number lost", at, &format!("{indent}{rest}"), right.clone());
            }
            let mut wide = String::new();
            for c in cell.text.chars() {
                // Blanks at the start are indent, blanks after Latin letters part words.
                let spread = wide.ends_with(|w: char| !w.is_ascii() && !w.is_whitespace()) && !c.is_ascii();
                if spread && !c.is_whitespace() {
                    wide.push('　');
                }
                wide.push(match c {
                    '(' => '（',
                    ')' => '）',
                    '（' => '(',
                    '）' => ')',
                    c => c,
                });
            }
            self.retext("widths and blanks changed", at, &wide, right);
        }
    }

    /// A reference to a footnote that is not there, on labels and numbers.
    pub(super) fn marks_added(&mut self) {
        for (row, col, cell) in self.cells(&[Role::Label, Role::Data]) {
            if cell.is_blank() {
                continue;
            }
            let marks = ["①", "*", "⑨"];
            for mark in marks
                .iter()
                .cycle()
                .skip(row + col)
                .take(usize::from(self.roles[row][col] == Role::Label || (row + col) % 2 == 0))
            {
                // The print is what changes of a number that is read all the same.
                let text = format!("{}{mark}", cell.text);
                let right = vec![self.facts(|f| {
                    let here = (f.place.row, f.place.col) == (row, col);
                    Some(if here { f.clone().with("printed", text.clone()) } else { f.clone() })
                })];
                // A mark that already refers to a footnote would bind it to more cells.
                let known = self.grid.filled().any(|(_, _, cell)| cell.text.contains(*mark));
                if !known {
                    self.retext("a footnote mark added", (row, col), &text, right);
                }
            }
        }
    }

    /// A label that repeats its neighbour's: two lines would say the same.
    pub(super) fn labels_doubled(&mut self) {
        if self.says("levels") || self.says("skip") || self.period_left() {
            return;
        }
        for axis in [Axis::Rows, Axis::Cols] {
            for pair in self.data_lines(axis).windows(2).filter(|w| w[1] - w[0] == 1) {
                let (one, two) = (self.path(axis, pair[0]), self.path(axis, pair[1]));
                let apart: Vec<usize> = (0..one.len().min(two.len())).filter(|n| one[*n].1 != two[*n].1).collect();
                // Where they differ in one cell only, and that cell is the second line's own.
                let [nth] = apart[..] else { continue };
                let (at, text) = (two[nth].0, one[nth].1.clone());
                let own = if axis == Axis::Rows { at.0 == pair[1] } else { at.1 == pair[1] };
                let alone = self.grid.merge_at(at.0, at.1).is_none();
                if own && alone && one.len() == two.len() && self.same_reach(axis, pair[0], pair[1]) {
                    self.retext("a label printed twice", at, &text, Vec::new());
                }
            }
        }
    }

    /// The label cells of a line, with what stands in them.
    fn path(&self, axis: Axis, line: usize) -> Vec<((usize, usize), String)> {
        let across = self.grid.lines(if axis == Axis::Rows { Axis::Cols } else { Axis::Rows });
        let at = |other: usize| if axis == Axis::Rows { (line, other) } else { (other, line) };
        let label = (0..across).map(at).filter(|(r, c)| self.roles[*r][*c] == Role::Label);
        label.map(|(r, c)| ((r, c), self.grid.seen(r, c).to_owned())).collect()
    }

    /// A mark with the footnote it refers to: bound to the numbers of the row, the column or the cell that carries it.
    pub(super) fn notes_added(&mut self) {
        let plain = ["levels", "header_blank", "label_blank", "panels"].iter().all(|key| !self.says(key));
        let noted = |f: &&Fact| !f.says("notes").is_empty();
        let last = self.grid.filled().filter(|(r, c, _)| self.roles[*r][*c] == Role::Note).map(|(r, _, _)| r).last();
        let (Some(last), true, true) = (last, plain, self.facts_here().all(|f| noted(&f))) else { return };
        let (rows, cols) = (self.data_lines(Axis::Rows), self.data_lines(Axis::Cols));
        for (row, col, cell) in self.cells(&[Role::Label, Role::Data]) {
            // Beside rows and over columns that hold numbers, nothing merged, no footnote's own cell.
            let (over, beside) = (cols.contains(&col), rows.contains(&row));
            if cell.is_blank() || !over && !beside || row >= last || self.grid.merge_at(row, col).is_some() {
                continue;
            }
            let (mark, note) = ("⑦", "⑦ 另有说明");
            let data = self.roles[row][col] == Role::Data;
            if data && !cell.text.ends_with(|c: char| c.is_ascii_digit()) {
                continue;
            }
            let marked = format!("{}{mark}", cell.text);
            let concerned = |f: &Fact| match data {
                true => (f.place.row, f.place.col) == (row, col),
                false => over && f.place.col == col && f.place.row < last || beside && f.place.row == row,
            };
            let right = self.facts(|f| {
                if !concerned(f) {
                    return Some(f.clone());
                }
                let f = f.clone().with("notes", format!("{}\n{note}", f.says("notes")));
                Some(if data { f.with("printed", marked.clone()) } else { f })
            });
            let first = self.grid.filled().find(|(r, _, _)| *r == last).map_or(0, |(_, c, _)| c);
            let edit = |sheet: &mut Sheet| {
                sheet.insert(Axis::Rows, last + 1);
                sheet.cells[last + 1][first] = Cell::of(note);
                sheet.cells[row][col].text.clone_from(&marked);
            };
            self.push("a mark and its footnote added", self.at(row, col), edit, vec![right]);
        }
    }

    /// Another unit printed: told, or read where the specification says that the unit is read.
    pub(super) fn units_changed(&mut self) {
        for (row, col, cell) in self.cells(&[Role::Label, Role::Title]) {
            let found = UNITS.iter().find_map(|unit| Some((unit, with_unit(&cell.text, unit.name, unit.other)?)));
            let Some((unit, text)) = found else { continue };
            let right = if self.says("{unit}") { vec![self.converted((row, col), unit)] } else { Vec::new() };
            self.retext("the unit changed", (row, col), &text, right);
            if let Some(text) = with_unit(&cell.text, unit.name, unit.strange) {
                self.retext("the unit changed to one without a code", (row, col), &text, Vec::new());
            }
        }
    }

    /// The facts that a unit's name governs, with the same figures in the other unit.
    fn converted(&self, (row, col): (usize, usize), unit: &UnitPair) -> Vec<Fact> {
        let title = self.roles[row][col] == Role::Title;
        self.facts(|f| {
            let governed = (title || f.place.row == row || f.place.col == col) && f.says("unit") == unit.code;
            let Ok(value) = f.says("value").parse::<rust_decimal::Decimal>() else {
                let f = f.clone();
                return Some(if governed { f.with("unit", unit.other_code) } else { f });
            };
            let [from, to] = [unit.factor, unit.other_factor].map(rust_decimal::Decimal::from);
            let value = (value / from * to).normalize().to_string();
            Some(if governed { f.clone().with("unit", unit.other_code).with("value", value) } else { f.clone() })
        })
    }

    pub(super) fn years_changed(&mut self) {
        for (row, col, cell) in self.cells(&[Role::Label, Role::Title]) {
            let Some(at) = cell.text.find("20").filter(|at| {
                let year = cell.text.get(*at..*at + 4);
                year.is_some_and(|y| y.bytes().all(|b| b.is_ascii_digit()))
            }) else {
                continue;
            };
            let (old, new) = (&cell.text[at..at + 4], "2031");
            let text = cell.text.replacen(old, new, 1);
            // A year in a title is that of all numbers or of none; one in a label is that of its row or column.
            let span = self.grid.merge_at(row, col).copied();
            let covers = |f: &Fact| {
                let (rows, cols) = span.map_or(((row, row), (col, col)), |m| (m.rows, m.cols));
                let beside = (rows.0..=rows.1).contains(&f.place.row) && f.place.col > cols.1;
                let below = (cols.0..=cols.1).contains(&f.place.col) && f.place.row > rows.1;
                // Up to the header of the next panel.
                let printed = |r: usize| !self.grid.cells[r][f.place.col].is_blank();
                let again = |r: usize| {
                    self.roles[r][f.place.col] == Role::Label && printed(r) && self.body_starts(r - 1, f.place.col)
                };
                beside || below && !(rows.1 + 1..f.place.row).any(again)
            };
            let title = self.roles[row][col] == Role::Title;
            let year = |f: &Fact| {
                let here = title || covers(f);
                let period = f.says("period").replace(old, new);
                Some(if here { f.clone().with("period", period) } else { f.clone() })
            };
            let mut right = vec![self.facts(year)];
            if title {
                right.extend(self.unchanged());
            }
            if title || !self.says("header_blank") && !self.says("label_blank") && !self.period_left() {
                self.retext("a year changed", (row, col), &text, right);
            }
        }
    }

    /// Whether a number stands in a cell or, in its column, above it.
    fn body_starts(&self, row: usize, col: usize) -> bool {
        (0..=row).any(|r| self.roles[r][col] == Role::Data)
    }

    pub(super) fn merges_split(&mut self) {
        for nth in 0..self.grid.merges.len() {
            let merge = self.grid.merges[nth];
            // A number in one of two cells that were one truly says that the other is blank: not to be told by one.
            if [Role::Other, Role::Data].contains(&self.roles[merge.rows.0][merge.cols.0]) {
                continue;
            }
            let (right, what) = (self.unchanged(), self.at(merge.rows.0, merge.cols.0));
            self.push("a merged cell split", what, |s| _ = s.merges.remove(nth), right);
        }
        if !self.grid.merges.is_empty() {
            let right = self.unchanged();
            self.push("all merged cells split", String::new(), |s| s.merges.clear(), right);
        }
    }
}

/// The text with one unit's name replaced, where it stands in brackets, after 单位： or alone.
fn with_unit(text: &str, name: &str, other: &str) -> Option<String> {
    let ends = |rest: &str| rest.is_empty() || rest.starts_with([')', '）', '、', '，', ',']);
    text.match_indices(name).find_map(|(at, _)| {
        let before = &text[..at];
        let opens =
            before.trim_end().is_empty() || before.trim_end().ends_with(['(', '（', '：', ':', '、', '，', ',']);
        let rest = &text[at + name.len()..];
        (opens && ends(rest.trim_start())).then(|| format!("{before}{other}{rest}"))
    })
}
