//! The machine-readable layout of a report, after the UK guidance on releasing statistics in spreadsheets: a cover, contents,
//! notes and shorthand, then one table per sheet with one row of heads, no merged and no blank cells. Here it is decided what
//! stands where; `xlsx_book` and `ods` write it. docs/accessibility.md goes through the guidance item by item.

use std::collections::BTreeSet;

use crate::domain::value::{Mark, Status};
use crate::grid::column_letters;
use crate::report::definition::spec::Head;
use crate::report::rows::names::Names;
use crate::report::table::format::Figure;
use crate::report::table::frame::{Block, Cell, Content, Frame};
use crate::report::table::key::{Keyed, keyed};
use crate::report::table::point::path;
use crate::report::table::select::flat;
use crate::report::table::widths::{line_count, text_width};

/// Columns, in half-width characters.
const WIDTH_MIN: usize = 10;
const WIDTH_MAX: usize = 48;

/// Longest sheet name a workbook may have.
const SHEET_NAME_MAX: usize = 31;

/// A report as a workbook of plain tables.
#[derive(Clone, Debug)]
pub struct Book {
    pub title: String,
    pub description: String,
    pub sheets: Vec<Plain>,
    /// Which figure of the release stands in which cell.
    pub keys: Vec<Keyed>,
}

/// One sheet: lines in the first column, then one table.
#[derive(Clone, Debug)]
pub struct Plain {
    pub name: String,
    /// The name of the table, unique in the book.
    pub table_name: String,
    /// The first is the sheet's title.
    pub above: Vec<String>,
    /// None where the sheet has no table.
    pub heads: Vec<String>,
    pub rows: Vec<Vec<Value>>,
    pub widths: Vec<usize>,
    /// Lines of the tallest cell of the heads and of each row.
    pub lines: Vec<usize>,
    /// What the table holds, for readers who do not see it.
    pub alt: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    /// Shorthand in place of a number.
    Sign(String),
    Number(Figure),
    /// To another sheet of the book.
    Link {
        sheet: String,
        text: String,
    },
}

impl Value {
    pub fn text(&self) -> String {
        match self {
            Value::Text(text) | Value::Sign(text) | Value::Link { text, .. } => text.clone(),
            Value::Number(figure) => figure.text(),
        }
    }
}

/// A cell that the source has not.
const BLANK: &str = "[blank]";
/// A cell that its neighbour on the left or above answers for.
const MERGED: &str = "[m]";

/// What stands in place of a number that a mark explains.
pub fn shorthand(mark: Mark) -> &'static str {
    match mark {
        Mark::NotAvailable => "[x]",
        Mark::Nil => "[nil]",
        Mark::NotApplicable => "[z]",
        Mark::Confidential => "[c]",
        Mark::RoundedToZero => "[low]",
    }
}

fn status_shorthand(status: Status) -> &'static str {
    match status {
        Status::Normal => "",
        Status::Provisional => "[p]",
        Status::Revised => "[r]",
        Status::Estimated => "[e]",
    }
}

/// The tables of a report as one book; `None` where it has no table.
pub fn book(title: &str, summary: &str, publisher: &str, frames: &[&Frame], names: &Names) -> Option<Book> {
    let frames: Vec<&&Frame> = frames.iter().filter(|frame| !frame.is_empty()).collect();
    if frames.is_empty() {
        return None;
    }
    let mut taken: BTreeSet<String> = [COVER, CONTENTS, NOTES, SHORTHAND].map(str::to_owned).into();
    let mut notes = Notes::default();
    let (mut tables, mut keys) = (Vec::new(), Vec::new());
    for frame in &frames {
        let name = unique(&sheet_name(frame), &mut taken);
        let plain = table(frame, name, &mut notes, names);
        keys.extend(keyed(frame, &plain.name, &addresses(frame, &plain)));
        tables.push(plain);
    }
    let mut sheets = vec![cover(title, summary, publisher), contents(&tables, !notes.texts.is_empty())];
    if !notes.texts.is_empty() {
        sheets.push(notes_sheet(&notes));
    }
    let mut used: BTreeSet<String> = tables.iter().flat_map(|t| t.rows.iter().flatten()).filter_map(sign_of).collect();
    used.extend(tables.iter().flat_map(|t| t.rows.iter().flatten()).flat_map(statuses));
    if !used.is_empty() {
        sheets.push(shorthand_sheet(&used, names));
    }
    sheets.extend(tables);
    Some(Book { title: title.to_owned(), description: summary.to_owned(), sheets, keys })
}

const COVER: &str = "封面";
const CONTENTS: &str = "目录";
const NOTES: &str = "注释";
const SHORTHAND: &str = "符号";

fn cover(title: &str, summary: &str, publisher: &str) -> Plain {
    let about =
        "本工作簿每张工作表只有一个表、一行表头，没有合并单元格，便于读屏软件和程序读取；同名的年鉴式表格另有文件。";
    let lines = [title, summary, publisher, about];
    let above: Vec<String> = lines.iter().filter(|line| !line.is_empty()).map(|line| (*line).to_owned()).collect();
    let alt = String::new();
    Plain {
        name: COVER.to_owned(),
        table_name: String::new(),
        above,
        heads: Vec::new(),
        rows: Vec::new(),
        widths: vec![80],
        lines: Vec::new(),
        alt,
    }
}

fn contents(tables: &[Plain], has_notes: bool) -> Plain {
    let link = |sheet: &str, text: &str| Value::Link { sheet: sheet.to_owned(), text: text.to_owned() };
    let mut rows: Vec<Vec<Value>> = Vec::new();
    if has_notes {
        rows.push(vec![link(NOTES, NOTES), Value::Text("各表的注释".to_owned())]);
    }
    for table in tables {
        let title = table.above.first().cloned().unwrap_or_default();
        rows.push(vec![link(&table.name, &table.name), Value::Text(title)]);
    }
    list(CONTENTS, "table_contents", "目录", &["工作表", "内容"], rows)
}

fn notes_sheet(notes: &Notes) -> Plain {
    let row = |(nth, (table, text)): (usize, &(String, String))| {
        vec![Value::Text(format!("[注{}]", nth + 1)), Value::Text(table.clone()), Value::Text(text.clone())]
    };
    let rows = notes.texts.iter().enumerate().map(row).collect();
    list(NOTES, "table_notes", "注释", &["注释编号", "工作表", "注释内容"], rows)
}

fn shorthand_sheet(used: &BTreeSet<String>, names: &Names) -> Plain {
    let marks = Mark::ALL.map(|mark| (shorthand(mark), names.code("mark", mark.as_str()).to_owned()));
    let others = [
        (BLANK, "来源表中没有这个数"),
        (MERGED, "与左侧或上方单元格是同一个数，该数对两处一并成立"),
        ("[p]", "初步数"),
        ("[r]", "修订数"),
        ("[e]", "估计数"),
    ];
    let known = marks.into_iter().chain(others.map(|(sign, meaning)| (sign, meaning.to_owned())));
    let rows = known
        .filter(|(sign, _)| used.contains(*sign))
        .map(|(sign, meaning)| vec![Value::Text(sign.to_owned()), Value::Text(meaning)])
        .collect();
    list(SHORTHAND, "table_shorthand", "符号说明", &["符号", "含义"], rows)
}

fn list(name: &str, table_name: &str, title: &str, heads: &[&str], rows: Vec<Vec<Value>>) -> Plain {
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let widths = widths(&heads, &rows);
    Plain {
        name: name.to_owned(),
        table_name: table_name.to_owned(),
        above: vec![title.to_owned(), "本工作表有一个表。".to_owned()],
        lines: lines(&heads, &rows, &widths),
        widths,
        alt: format!("{title}：{}", heads.join("、")),
        heads,
        rows,
    }
}

/// The notes of all tables, each with the sheet it belongs to.
#[derive(Default)]
struct Notes {
    texts: Vec<(String, String)>,
}

impl Notes {
    /// `[注3]`, numbered through the book.
    fn sign(&mut self, sheet: &str, text: &str) -> String {
        let wanted = (sheet.to_owned(), text.to_owned());
        let at = self.texts.iter().position(|note| *note == wanted).unwrap_or_else(|| {
            self.texts.push(wanted);
            self.texts.len() - 1
        });
        format!("[注{}]", at + 1)
    }

    fn signs(&mut self, sheet: &str, block: &Block) -> String {
        block.notes.iter().map(|note| self.sign(sheet, &note.text)).collect()
    }
}

fn table(frame: &Frame, name: String, notes: &mut Notes, names: &Names) -> Plain {
    let mut heads = heads(frame, &name, notes, names);
    let columns = column_names(frame);
    let mut rows: Vec<Vec<Value>> = Vec::new();
    let mut remarks: Vec<String> = Vec::new();
    for (at, cells) in frame.cells.iter().enumerate() {
        let blocks = frame.row_blocks(at);
        let mut row: Vec<Value> = Vec::new();
        for block in &blocks {
            row.extend((0..block.wide).map(|_| Value::Text(flat(&block.text))));
        }
        row.extend(cells.iter().map(value));
        let mut said: Vec<String> = blocks.iter().map(|block| notes.signs(&name, block)).collect();
        said.retain(|text| !text.is_empty());
        for (nth, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.covered) {
            let signs: String = cell.notes.iter().map(|note| notes.sign(&name, &note.text)).collect();
            let signs = format!("{}{signs}", status_shorthand(cell.status));
            if !signs.is_empty() {
                said.push(format!("{}：{signs}", columns[nth]));
            }
        }
        remarks.push(said.join("；"));
        rows.push(row);
    }
    if remarks.iter().any(|remark| !remark.is_empty()) {
        heads.push(NOTES.to_owned());
        for (row, remark) in rows.iter_mut().zip(remarks) {
            row.push(Value::Text(if remark.is_empty() { "无".to_owned() } else { remark }));
        }
    }
    let above = above(frame, &heads, &rows);
    let alt = format!("{}：{} 行，各列为{}", frame.title, rows.len(), heads.join("、"));
    let widths = widths(&heads, &rows);
    Plain {
        table_name: format!("table_{}", frame.id.replace('-', "_")),
        lines: lines(&heads, &rows, &widths),
        widths,
        name,
        above,
        heads,
        rows,
        alt,
    }
}

/// Where each data cell stands on its sheet: below the lines above and the heads, right of the labels.
fn addresses(frame: &Frame, plain: &Plain) -> Vec<Vec<String>> {
    let address = |row: usize, nth: usize| {
        let labels: usize = frame.row_blocks(row).iter().map(|block| block.wide).sum();
        let column = u32::try_from(labels + nth).unwrap_or(u32::MAX);
        format!("{}{}", column_letters(column), plain.above.len() + row + 2)
    };
    let rows = frame.cells.iter().enumerate();
    rows.map(|(row, cells)| (0..cells.len()).map(|nth| address(row, nth)).collect()).collect()
}

/// What a reader must know before the table: how many tables, where notes and signs are explained, unit, source.
fn above(frame: &Frame, heads: &[String], rows: &[Vec<Value>]) -> Vec<String> {
    let mut lines = vec![frame.full_title()];
    lines.extend(Some(frame.title_en.clone()).filter(|title| frame.bilingual && !title.is_empty()));
    let mut about = "本工作表有一个表。".to_owned();
    let has_notes = heads.last().is_some_and(|head| head == NOTES) || heads.iter().any(|head| head.contains("[注"));
    if has_notes {
        about.push_str("注释内容见“注释”工作表。");
    }
    if rows.iter().flatten().any(|value| sign_of(value).is_some() || !statuses(value).is_empty()) {
        about.push_str("方括号内的符号见“符号”工作表。");
    }
    lines.push(about);
    let general = frame.notes.iter().cloned();
    let rest = Some(frame.unit_note.clone()).into_iter().chain(general).chain([frame.source.clone()]);
    lines.extend(rest.filter(|line| !line.is_empty()));
    lines.extend(frame.kept.iter().map(crate::report::rows::kept::notice));
    lines
}

/// One head per column: the label columns, then every column with the heads it stands under and its unit.
fn heads(frame: &Frame, sheet: &str, notes: &mut Notes, names: &Names) -> Vec<String> {
    let label = |head: &Head| Some(flat(&head.plain())).filter(|text| !text.is_empty()).unwrap_or("项目".to_owned());
    let mut heads: Vec<String> = frame.heads.iter().map(label).collect();
    for column in 0..frame.columns() {
        let blocks = frame.column_blocks(column);
        let mut head = path(&blocks);
        if let Some(unit) = unit(frame, column, names).filter(|unit| !head.contains(&format!("（{unit}"))) {
            head.push_str(&format!("（{unit}）"));
        }
        if frame.bilingual {
            let english: Vec<&str> =
                blocks.iter().map(|block| block.english.as_str()).filter(|text| !text.is_empty()).collect();
            head.push_str(
                &Some(format!(" {}", english.join(" / "))).filter(|_| !english.is_empty()).unwrap_or_default(),
            );
        }
        blocks.iter().for_each(|block| head.push_str(&notes.signs(sheet, block)));
        heads.push(head);
    }
    let mut taken = BTreeSet::new();
    heads.into_iter().map(|head| unique(&head, &mut taken)).collect()
}

/// What the columns are called in remarks.
pub fn column_names(frame: &Frame) -> Vec<String> {
    let mut taken = BTreeSet::new();
    (0..frame.columns()).map(|column| unique(&path(&frame.column_blocks(column)), &mut taken)).collect()
}

/// The unit of a column, if all its figures have the same.
fn unit(frame: &Frame, column: usize, names: &Names) -> Option<String> {
    let units: BTreeSet<&str> = frame
        .cells
        .iter()
        .flat_map(|row| &row[column].answers)
        .filter(|answer| answer.figure.is_some() && !answer.unit.is_empty())
        .map(|answer| answer.unit.as_str())
        .collect();
    let [one] = units.into_iter().collect::<Vec<_>>()[..] else { return None };
    Some(names.unit(one).map_or_else(|| one.to_owned(), |unit| unit.name_zh.clone()))
}

fn value(cell: &Cell) -> Value {
    if cell.covered {
        return Value::Sign(MERGED.to_owned());
    }
    match (&cell.content, cell.mark()) {
        (Content::Number(figure), _) => Value::Number(figure.clone()),
        (Content::Text(text), _) => Value::Text(flat(text)),
        (_, Some(mark)) => Value::Sign(shorthand(mark).to_owned()),
        (Content::Mark(text), None) => Value::Text(text.clone()),
        (Content::Blank, None) => Value::Sign(BLANK.to_owned()),
    }
}

fn sign_of(value: &Value) -> Option<String> {
    if let Value::Sign(text) = value { Some(text.clone()) } else { None }
}

/// The shorthand of statuses within the remarks of a row.
fn statuses(value: &Value) -> Vec<String> {
    let Value::Text(text) = value else { return Vec::new() };
    let known = Status::ALL.map(status_shorthand);
    known.iter().filter(|sign| !sign.is_empty() && text.contains(*sign)).map(|sign| (*sign).to_owned()).collect()
}

fn sheet_name(frame: &Frame) -> String {
    let wanted = if frame.number.is_empty() { &frame.id } else { &frame.number };
    wanted.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(SHEET_NAME_MAX - 4).collect()
}

/// The text itself, or with a number behind it where it is taken.
fn unique(text: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|nth| format!("{text}（{nth}）"));
    let free = std::iter::once(text.to_owned()).chain(numbered).find(|name| !taken.contains(name));
    let name = free.expect("there is always a further number");
    taken.insert(name.clone());
    name
}

fn lines(heads: &[String], rows: &[Vec<Value>], widths: &[usize]) -> Vec<usize> {
    let tallest = |texts: &mut dyn Iterator<Item = String>| {
        texts.zip(widths).map(|(text, width)| line_count(&text, width.saturating_sub(2))).max().unwrap_or(1)
    };
    let first = tallest(&mut heads.iter().cloned());
    std::iter::once(first).chain(rows.iter().map(|row| tallest(&mut row.iter().map(Value::text)))).collect()
}

fn widths(heads: &[String], rows: &[Vec<Value>]) -> Vec<usize> {
    let of = |column: usize| {
        let cells = rows.iter().map(|row| text_width(&row[column].text()));
        let head = text_width(&heads[column]).min(24);
        cells.chain([head]).max().unwrap_or(0).clamp(WIDTH_MIN, WIDTH_MAX) + 2
    };
    (0..heads.len()).map(of).collect()
}
