//! Rows and columns inserted, deleted, exchanged, added by strangers, shifted.

use super::super::sheet::{Axis, Cell, Fact, Sheet};
use super::{OnSheet, Role, STRANGE, is_body, moved};

impl OnSheet<'_, '_> {
    /// Blank lines, and a line of text above: every number keeps its meaning and moves.
    pub(super) fn lines_inserted(&mut self) {
        for axis in [Axis::Rows, Axis::Cols] {
            let data = self.data_lines(axis);
            let mut places = vec![0];
            // Before the header's second line, the first line of the body, and some line within it.
            let body = data.first().copied().unwrap_or(0);
            places.extend([body.saturating_sub(1), body, body + 1, data.last().copied().unwrap_or(0)]);
            places.sort_unstable();
            places.dedup();
            for at in places {
                let kind = match (axis, at) {
                    (Axis::Rows, 0) => "a blank row above",
                    (Axis::Rows, _) => "a blank row inserted",
                    (Axis::Cols, 0) => "a blank column on the left",
                    (Axis::Cols, _) => "a blank column inserted",
                };
                let right = vec![self.facts(|f| Some(moved(f, axis, |line| line + usize::from(line >= at))))];
                self.push(kind, format!("{axis:?} {}", at + 1), |s| s.insert(axis, at), right);
            }
        }
        let right = vec![self.facts(|f| Some(moved(f, Axis::Rows, |line| line + 1)))];
        let edit = |sheet: &mut Sheet| {
            sheet.insert(Axis::Rows, 0);
            sheet.cells[0][0] = Cell::of("中国劳动统计年鉴");
        };
        self.push("a title row above", String::new(), edit, right);
    }

    /// A line taken out: the numbers of the others stay what they are.
    pub(super) fn lines_deleted(&mut self) {
        for axis in [Axis::Rows, Axis::Cols] {
            let data = self.data_lines(axis);
            for at in 0..=data.last().copied().unwrap_or(0) {
                if self.grid.is_blank(axis, at) || self.is_other(axis, at) || self.passes_on(axis) {
                    continue;
                }
                let kind = match (axis, data.contains(&at)) {
                    (Axis::Rows, true) => "a row of the body deleted",
                    (Axis::Rows, false) => "a title or header row deleted",
                    (Axis::Cols, true) => "a column deleted",
                    (Axis::Cols, false) => "a label column deleted",
                };
                let left =
                    |f: &Fact| (f.line(axis) != at).then(|| moved(f, axis, |line| line - usize::from(line > at)));
                let right = vec![self.facts(left)];
                self.push(kind, format!("{axis:?} {}", at + 1), |s| s.delete(axis, at), right);
            }
        }
    }

    /// Whether a line holds nothing of the table.
    pub(super) fn is_other(&self, axis: Axis, at: usize) -> bool {
        self.grid
            .filled()
            .filter(|(r, c, _)| if axis == Axis::Rows { *r == at } else { *c == at })
            .all(|(r, c, _)| self.roles[r][c] == Role::Other)
    }

    /// Whether a line lends its label to those after it, so that without it they truly say something else: a group's first
    /// row or column where blanks repeat it, a row that others stand below in a hierarchy, a year that others go by.
    pub(super) fn passes_on(&self, axis: Axis) -> bool {
        match axis {
            Axis::Rows => self.says("levels") || self.says("label_blank"),
            Axis::Cols => self.says("header_blank") || self.period_left(),
        }
    }

    pub(super) fn lines_exchanged(&mut self) {
        for axis in [Axis::Rows, Axis::Cols] {
            let listed = if axis == Axis::Rows { &self.layout().swap_rows } else { &self.layout().swap_columns };
            let pairs = match listed {
                Some(pairs) => pairs.clone(),
                None => self.free_pairs(axis),
            };
            let kind = if axis == Axis::Rows { "two rows exchanged" } else { "two columns exchanged" };
            for (one, two) in pairs {
                let mut changed = self.grid.clone();
                if !changed.exchange(axis, one, two) {
                    continue;
                }
                let other = |line: usize| {
                    if line == one {
                        two
                    } else if line == two {
                        one
                    } else {
                        line
                    }
                };
                let right = vec![self.facts(|f| Some(moved(f, axis, other)))];
                self.push(kind, format!("{axis:?} {} and {}", one + 1, two + 1), |s| *s = changed, right);
            }
        }
    }

    /// Neighbours that say nothing about each other, and the first with the last of a block.
    pub(super) fn free_pairs(&self, axis: Axis) -> Vec<(usize, usize)> {
        if axis == Axis::Rows && self.says("levels") || axis == Axis::Cols && self.period_left() {
            return Vec::new();
        }
        let lines = self.data_lines(axis);
        let mut pairs: Vec<(usize, usize)> = lines.windows(2).map(|w| (w[0], w[1])).collect();
        pairs.retain(|(one, two)| two - one == 1 && self.same_reach(axis, *one, *two));
        if pairs.len() > 1 && pairs.windows(2).all(|w| w[0].1 == w[1].0) {
            pairs.push((pairs[0].0, pairs[pairs.len() - 1].1));
        }
        pairs.retain(|(one, two)| !self.inherits(axis, *one) && !self.inherits(axis, *two));
        pairs
    }

    /// Whether the numbers of two lines stand in the same lines of the other axis.
    pub(super) fn same_reach(&self, axis: Axis, one: usize, two: usize) -> bool {
        let reach = |line: usize| -> Vec<usize> {
            let other = if axis == Axis::Rows { Axis::Cols } else { Axis::Rows };
            let mut lines: Vec<_> = self.facts_here().filter(|f| f.line(axis) == line).map(|f| f.line(other)).collect();
            lines.dedup();
            lines
        };
        reach(one) == reach(two)
    }

    /// Whether a line takes a label from the line before it, or lends one to the line after, because a cell is blank.
    pub(super) fn inherits(&self, axis: Axis, line: usize) -> bool {
        let says = if axis == Axis::Rows { "label_blank" } else { "header_blank" };
        if !self.says(says) {
            return false;
        }
        let label = |line: usize| -> Vec<bool> {
            let count = self.grid.lines(if axis == Axis::Rows { Axis::Cols } else { Axis::Rows });
            (0..count)
                .map(|other| if axis == Axis::Rows { (line, other) } else { (other, line) })
                .filter(|(r, c)| self.roles[*r][*c] == Role::Label)
                .map(|(r, c)| self.grid.seen(r, c).trim().is_empty())
                .collect()
        };
        let blank = |line: usize| line < self.grid.lines(axis) && label(line).contains(&true);
        blank(line) || blank(line + 1)
    }

    /// Rows, columns and cells that nobody declared.
    pub(super) fn strangers_added(&mut self) {
        let (rows, cols) = (self.data_lines(Axis::Rows), self.data_lines(Axis::Cols));
        let (Some(last_row), Some(last_col)) = (self.body_end(&rows), cols.last().copied()) else { return };
        let label_col = self.grid.filled().filter(|(r, c, _)| *r == last_row && self.roles[*r][*c] == Role::Label);
        let label_col = label_col.map(|(_, c, _)| c).last().unwrap_or(0);
        let below = self.facts(|f| Some(moved(f, Axis::Rows, |line| line + usize::from(line > last_row))));
        let row_of = |number: bool| {
            let cols = cols.clone();
            move |sheet: &mut Sheet| {
                sheet.insert(Axis::Rows, last_row + 1);
                sheet.cells[last_row + 1][label_col] = Cell::of(STRANGE);
                for col in cols.iter().filter(|_| number) {
                    sheet.cells[last_row + 1][*col] = Cell::of("7");
                }
            }
        };
        self.push("an unknown row added", String::new(), row_of(true), Vec::new());
        self.push("a line of text below the body", String::new(), row_of(false), vec![below]);
        let header = self.grid.filled().filter(|(r, c, _)| *c == last_col && self.roles[*r][*c] == Role::Label);
        let header = header.map(|(r, _, _)| r).filter(|r| *r < rows[0]).last();
        let Some(header) = header else { return };
        let data = self.facts_here().filter(|f| f.place.col == last_col).map(|f| f.place.row).collect::<Vec<_>>();
        let column_of = |label: &'static str| {
            let data = data.clone();
            move |sheet: &mut Sheet| {
                sheet.insert(Axis::Cols, last_col + 1);
                sheet.cells[header][last_col + 1] = Cell::of(label);
                for row in &data {
                    sheet.cells[*row][last_col + 1] = Cell::of("7");
                }
            }
        };
        self.push("an unknown column added", String::new(), column_of(STRANGE), Vec::new());
        if !self.says("header_blank") {
            self.push("a column without a header added", String::new(), column_of(""), Vec::new());
        }
        let doubled = |sheet: &mut Sheet| {
            sheet.insert(Axis::Rows, last_row + 1);
            sheet.cells[last_row + 1] = sheet.cells[last_row].clone();
        };
        self.push("the last row printed twice", String::new(), doubled, Vec::new());
    }

    /// Every number one row below its label: the last stands beside no label of its own.
    pub(super) fn numbers_shifted(&mut self) {
        let rows = self.data_lines(Axis::Rows);
        let (Some(first), Some(last)) = (rows.first().copied(), self.body_end(&rows)) else { return };
        let data: Vec<(usize, usize)> = self.cells(&[Role::Data]).into_iter().map(|(r, c, _)| (r, c)).collect();
        let merged = data.iter().any(|(r, c)| self.grid.merge_at(*r, *c).is_some());
        if merged || rows.windows(2).any(|w| w[1] != w[0] + 1) || !rows.ends_with(&[last]) {
            return;
        }
        let cols = self.data_lines(Axis::Cols);
        let shift = move |sheet: &mut Sheet| {
            if sheet.rows() == last + 1 {
                sheet.insert(Axis::Rows, last + 1);
            }
            for col in cols {
                for row in (first..=last).rev() {
                    sheet.cells[row + 1][col] = std::mem::take(&mut sheet.cells[row][col]);
                }
            }
        };
        self.push("the numbers shifted down by a row", String::new(), shift, Vec::new());
    }

    /// Titles, notes and tables where there were none.
    pub(super) fn tables_added(&mut self) {
        let rows = self.data_lines(Axis::Rows);
        let (Some(first), Some(last)) = (rows.first().copied(), self.body_end(&rows)) else { return };
        let note = self.cells(&[Role::Note]).first().map(|(_, c, cell)| (*c, (*cell).clone()));
        if let Some((col, note)) = note.filter(|_| self.facts_here().all(|f| !f.says("notes").is_empty())) {
            let right = vec![self.facts(|f| Some(moved(f, Axis::Rows, |line| line + usize::from(line > first))))];
            let edit = move |sheet: &mut Sheet| {
                sheet.insert(Axis::Rows, first + 1);
                sheet.cells[first + 1][col] = note;
            };
            self.push("a footnote line within the body", String::new(), edit, right);
        }
        let bottom = self.grid.rows();
        if let Some((_, col, title)) = self.cells(&[Role::Title]).first().map(|(r, c, t)| (*r, *c, (*t).clone())) {
            let edit = move |sheet: &mut Sheet| {
                sheet.insert(Axis::Rows, bottom);
                sheet.insert(Axis::Rows, bottom);
                sheet.cells[bottom + 1][col] = title;
            };
            let right = self.unchanged();
            self.push("the title printed again at the end", String::new(), edit, right);
        }
        // A table of something else with the same header's first cells, below a blank row.
        let top = self.cells(&[Role::Label]).first().map(|(r, _, _)| *r).unwrap_or(0);
        let edit = move |sheet: &mut Sheet| {
            for _ in 0..3 {
                sheet.insert(Axis::Rows, bottom);
            }
            let label = |row: usize| sheet.cells[row].clone();
            let (mut header, mut body) = (label(top), label(last));
            for cell in header.iter_mut().skip(1).filter(|c| !c.is_blank()) {
                *cell = Cell::of(STRANGE);
            }
            body.iter_mut().skip(1).filter(|c| !c.is_blank()).for_each(|c| *c = Cell::of("7"));
            sheet.cells[bottom + 1] = header;
            sheet.cells[bottom + 2] = body;
        };
        let right = self.unchanged();
        self.push("another table below", String::new(), edit, right);
    }

    /// The last row of the body, numbers in footnotes apart.
    pub(super) fn body_end(&self, rows: &[usize]) -> Option<usize> {
        let in_body =
            |row: &&usize| self.facts_here().any(|f| f.place.row == **row && is_body(self.grid, **row, f.place.col));
        rows.iter().rev().find(in_body).copied()
    }

    /// The header one column to the right of where its numbers stand.
    pub(super) fn header_shifted(&mut self) {
        let (rows, cols) = (self.data_lines(Axis::Rows), self.data_lines(Axis::Cols));
        let (Some(first), Some(col), Some(last)) = (rows.first().copied(), cols.first().copied(), cols.last().copied())
        else {
            return;
        };
        let top = (0..first).find(|r| (0..self.grid.cols()).any(|c| self.roles[*r][c] == Role::Label)).unwrap_or(0);
        // A table without a header has nothing to shift.
        if self.says("header_rows = 0")
            || self.grid.merges.iter().any(|m| m.rows.0 < first && m.rows.1 >= first)
            || cols.len() != last - col + 1
        {
            return;
        }
        let shift = move |sheet: &mut Sheet| {
            for row in &mut sheet.cells {
                row.push(Cell::default());
            }
            sheet.merges.retain(|m| m.rows.0 < top || m.rows.0 >= first || m.cols.0 < col);
            for row in &mut sheet.cells[top..first] {
                row.insert(col, Cell::default());
                row.pop();
            }
        };
        self.push("the header shifted by a column", String::new(), shift, Vec::new());
    }

    pub(super) fn panel_cut(&mut self) {
        let Some((file, sheet, span)) = self.layout().panel.filter(|(f, s, _)| (*f, *s) == (self.file, self.sheet))
        else {
            return;
        };
        let _ = (file, sheet);
        let right = vec![self.facts(|f| (!span.contains(f.place.row, f.place.col)).then(|| f.clone()))];
        let cut = move |sheet: &mut Sheet| {
            for row in &mut sheet.cells[span.rows.0..=span.rows.1] {
                row[span.cols.0..=span.cols.1].fill(Cell::default());
            }
            sheet.merges.retain(|m| !span.contains(m.rows.0, m.cols.0));
        };
        self.push("the last panel cut off", String::new(), cut, right);
    }
}
