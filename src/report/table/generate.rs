//! What a table has made from its own cells and from the release: the numbers of its notes, the unit note, the meaning of its
//! signs, the source line.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::value::{Mark, Status};
use crate::report::definition::spec::Generated;
use crate::report::rows::kept::obs_ids;
use crate::report::rows::names::Names;
use crate::report::rows::records::Records;
use crate::report::rows::source::Tables;
use crate::report::table::frame::{Frame, Note, status_sign};
use crate::warehouse::Rows;

/// Bind every note where it says most with least: one that all figures share is a line below the table, one that a whole
/// row or column shares stands at its label.
pub fn settle_notes(frame: &mut Frame) {
    let shown: Vec<(usize, usize)> = (0..frame.cells.len())
        .flat_map(|row| (0..frame.columns()).map(move |column| (row, column)))
        .filter(|(row, column)| !frame.cells[*row][*column].covered && !frame.cells[*row][*column].answers.is_empty())
        .collect();
    let mut texts: Vec<String> = Vec::new();
    for (row, column) in &shown {
        for note in &frame.cells[*row][*column].notes {
            if !texts.contains(&note.text) {
                texts.push(note.text.clone());
            }
        }
    }
    for text in texts {
        let bears = |frame: &Frame, at: &(usize, usize)| frame.cells[at.0][at.1].notes.iter().any(|n| n.text == text);
        if shown.len() > 1 && shown.iter().all(|at| bears(frame, at)) {
            remove_note(frame, &shown, &text);
            if !frame.notes.contains(&text) {
                frame.notes.push(text.clone());
            }
            continue;
        }
        for row in 0..frame.cells.len() {
            let own: Vec<(usize, usize)> = shown.iter().copied().filter(|at| at.0 == row).collect();
            if own.len() > 1 && own.iter().all(|at| bears(frame, at)) {
                remove_note(frame, &own, &text);
                let Some(label) = frame.stub[row].last_mut() else { continue };
                label.notes.push(Note { number: 0, text: text.clone() });
            }
        }
        for column in 0..frame.columns() {
            let own: Vec<(usize, usize)> = shown.iter().copied().filter(|at| at.1 == column).collect();
            // What stands at the label of a row is said already.
            let is_said = |at: &(usize, usize)| {
                frame.stub[at.0].last().is_some_and(|label| label.notes.iter().any(|note| note.text == text))
            };
            let bare: Vec<(usize, usize)> = own.iter().copied().filter(|at| !is_said(at)).collect();
            if bare.len() > 1 && bare.iter().all(|at| bears(frame, at)) && bare.len() == own.len() {
                remove_note(frame, &own, &text);
                let label = frame.header.iter_mut().flatten().rev().find(|b| !b.group && b.column == column);
                label.into_iter().for_each(|label| label.notes.push(Note { number: 0, text: text.clone() }));
            }
        }
    }
}

fn remove_note(frame: &mut Frame, at: &[(usize, usize)], text: &str) {
    for (row, column) in at {
        frame.cells[*row][*column].notes.retain(|note| note.text != text);
    }
}

/// A source's note without the mark it bore there; the table numbers its notes itself.
pub fn without_mark(note: &str) -> &str {
    let text = note.trim();
    let rest = text.trim_start_matches(|c: char| matches!(c, '*' | '†' | '‡' | '①'..='⑳'));
    if let Some(bare) = Some(rest.trim_start()).filter(|bare| bare.len() < text.len() && !bare.is_empty()) {
        return bare;
    }
    // 注1）…, 注1: …
    let after = text.strip_prefix('注').map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let numbered = after.filter(|rest| rest.len() < text.len() - '注'.len_utf8());
    numbered.and_then(|rest| rest.strip_prefix(['）', ')', '：', ':', '、', '.'])).map_or(text, str::trim_start)
}

/// Number the notes in the order in which a reader meets them: heads, then row by row.
pub fn number_notes(frame: &mut Frame) {
    let mut texts: Vec<String> = Vec::new();
    let mut number = |notes: &mut Vec<Note>| {
        for note in notes {
            let known = texts.iter().position(|text| *text == note.text);
            note.number = 1 + known.unwrap_or_else(|| {
                texts.push(note.text.clone());
                texts.len() - 1
            });
        }
    };
    frame.header.iter_mut().flatten().for_each(|block| number(&mut block.notes));
    for (stub, cells) in frame.stub.iter_mut().zip(&mut frame.cells) {
        stub.iter_mut().for_each(|block| number(&mut block.notes));
        cells.iter_mut().filter(|cell| !cell.covered).for_each(|cell| number(&mut cell.notes));
    }
    frame.numbered = texts;
}

/// What the cells alone tell: units and signs.
pub fn from_cells(frame: &mut Frame, wanted: &[Generated], names: &Names) {
    if wanted.contains(&Generated::Unit) && frame.unit_note.is_empty() {
        frame.unit_note = unit_note(frame, names);
    }
    if wanted.contains(&Generated::Marks) {
        frame.signs.extend(signs_of_marks(frame, names));
    }
    if wanted.contains(&Generated::Status) {
        let used: BTreeSet<Status> = frame.cells.iter().flatten().map(|cell| cell.status).collect();
        let told = used.into_iter().filter(|status| *status != Status::Normal);
        frame.signs.extend(told.map(|status| (status_sign(status).to_owned(), status_meaning(status).to_owned())));
    }
}

/// `单位：万人、亿元`, in the order of the columns.
fn unit_note(frame: &Frame, names: &Names) -> String {
    let mut units: Vec<&str> = Vec::new();
    for column in 0..frame.columns() {
        for unit in frame.cells.iter().flat_map(|row| &row[column].answers).map(|answer| answer.unit.as_str()) {
            let name = names.unit(unit).map_or(unit, |unit| &unit.name_zh);
            if !name.is_empty() && !units.contains(&name) {
                units.push(name);
            }
        }
    }
    if units.is_empty() { String::new() } else { format!("单位：{}", units.join("、")) }
}

/// The signs that stand for absent numbers, as printed, with what their marks mean.
fn signs_of_marks(frame: &Frame, names: &Names) -> Vec<(String, String)> {
    let mut signs: Vec<(String, Vec<String>)> = Vec::new();
    let marked = frame.cells.iter().flatten().filter_map(|cell| Some((cell.mark()?, cell.text())));
    let mut used: Vec<(Mark, String)> = marked.collect();
    used.sort();
    used.dedup();
    for (mark, sign) in used {
        let meaning = names.code("mark", mark.as_str()).to_owned();
        match signs.iter_mut().find(|(known, _)| *known == sign) {
            Some((_, meanings)) => meanings.push(meaning),
            None => signs.push((sign, vec![meaning])),
        }
    }
    signs.into_iter().map(|(sign, meanings)| (sign, meanings.join("或"))).collect()
}

/// What a status is called below a table.
pub fn status_meaning(status: Status) -> &'static str {
    match status {
        Status::Normal => "",
        Status::Provisional => "初步数",
        Status::Revised => "修订数",
        Status::Estimated => "估计数",
    }
}

/// What the release says of the sources of its figures.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// (dataset, table) → citation
    citations: BTreeMap<(String, String), String>,
    /// (dataset, table, edition) → the day it was published
    published: BTreeMap<(String, String, String), String>,
}

impl Sources {
    /// Read from the release; a release made before may lack the tables, and then says less.
    pub fn read(tables: &Tables<'_>) -> Sources {
        let mut sources = Sources::default();
        let rows = |name: &str| {
            let is_there = tables.names.iter().any(|known| known == name);
            if is_there { (tables.read)(name, &[]).unwrap_or_default() } else { Rows::default() }
        };
        let read = rows("core_table");
        let records = Records::new(&read);
        for row in 0..read.rows.len() {
            let key = (records.text(row, "dataset"), records.text(row, "table_id"));
            sources.citations.insert(key, records.text(row, "citation"));
        }
        let read = rows("core_edition");
        let records = Records::new(&read);
        for row in 0..read.rows.len() {
            let text = |column: &str| records.text(row, column);
            sources.published.insert((text("dataset"), text("table_id"), text("edition")), text("published"));
        }
        sources
    }

    /// `资料来源：…`, from the editions whose figures a table prints: an observation's id begins with dataset, table and
    /// edition.
    pub fn line(&self, frame: &Frame) -> String {
        let mut cited: Vec<String> = Vec::new();
        for id in obs_ids(&frame.tidy) {
            let mut parts = id.split('/').map(str::to_owned);
            let (Some(dataset), Some(table), Some(edition)) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            let Some(citation) = self.citations.get(&(dataset.clone(), table.clone())).filter(|c| !c.is_empty()) else {
                continue;
            };
            let day = self.published.get(&(dataset, table, edition)).filter(|day| !day.is_empty());
            let line = match day {
                Some(day) => format!("{citation}（{day}发布）"),
                None => citation.clone(),
            };
            if !cited.contains(&line) {
                cited.push(line);
            }
        }
        if cited.is_empty() { String::new() } else { format!("资料来源：{}。", cited.join("；")) }
    }
}

#[cfg(test)]
mod tests {
    use super::without_mark;

    #[test]
    fn a_note_loses_the_mark_of_its_source() {
        let check = |note: &str, text: &str| assert_eq!(without_mark(note), text);
        check("① 年末数。", "年末数。");
        check("* 北京为年平均数。", "北京为年平均数。");
        check("注1）年末数。", "年末数。");
        check("注12：年末数。", "年末数。");
        check("注：本表不含港澳台。", "注：本表不含港澳台。");
        check("2010年为年末数。", "2010年为年末数。");
        check("①", "①");
    }
}
