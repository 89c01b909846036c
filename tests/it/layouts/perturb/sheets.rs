//! Sheets renamed, added, copied and taken out.

use super::super::sheet::{Cell, Fact, Sheet};
use super::{Change, Making, OnSheet};

impl OnSheet<'_, '_> {
    pub(super) fn sheet_changed(&mut self) {
        let right = self.unchanged();
        self.push("a sheet renamed", self.grid.name.clone(), |s| s.name = "甲乙".to_owned(), right);
        let file = self.file;
        let whole = |edit: &dyn Fn(&mut Vec<Sheet>)| {
            let mut book = self.layout().book.clone();
            edit(&mut book[file].sheets);
            book
        };
        let mut notes = Sheet { name: "说明".to_owned(), ..Sheet::default() };
        notes.cells.push(vec![Cell::of("本表由各地上报")]);
        let before = |f: &Fact| {
            let mut f = f.clone();
            f.place.sheet += usize::from(f.place.file == file);
            f
        };
        let preface = Change {
            kind: "a sheet of text added before",
            what: String::new(),
            book: whole(&|sheets| sheets.insert(0, notes.clone())),
            right: vec![self.layout().facts.iter().map(before).collect()],
        };
        let copy = Sheet { name: "副本".to_owned(), ..self.grid.clone() };
        let twice = Change {
            kind: "the sheet copied",
            what: String::new(),
            book: whole(&|sheets| sheets.push(copy.clone())),
            right: vec![self.layout().facts.clone()],
        };
        self.making.changes.extend([preface, twice]);
    }
}

impl Making<'_> {
    /// A file or a sheet that is not there: what the others hold, or a refusal.
    pub(super) fn parts_taken_out(&mut self) {
        let layout = self.layout;
        if layout.book.len() > 1 {
            for gone in 0..layout.book.len() {
                let mut book = layout.book.clone();
                book.remove(gone);
                let left = |f: &Fact| {
                    let mut f = f.clone();
                    f.place.file -= usize::from(f.place.file > gone);
                    f
                };
                let right = vec![layout.facts.iter().filter(|f| f.place.file != gone).map(left).collect()];
                let what = layout.book[gone].name.clone();
                self.changes.push(Change { kind: "a file taken out", what, book, right });
            }
        }
        for (nth, file) in layout.book.iter().enumerate().filter(|(_, file)| file.sheets.len() > 1) {
            for gone in 0..file.sheets.len() {
                let mut book = layout.book.clone();
                book[nth].sheets.remove(gone);
                let there = |f: &&Fact| (f.place.file, f.place.sheet) != (nth, gone);
                let left = |f: &Fact| {
                    let mut f = f.clone();
                    f.place.sheet -= usize::from(f.place.file == nth && f.place.sheet > gone);
                    f
                };
                let right = vec![layout.facts.iter().filter(there).map(left).collect()];
                let what = file.sheets[gone].name.clone();
                self.changes.push(Change { kind: "a sheet taken out", what, book, right });
            }
        }
    }
}
