//! Where tables begin and end from top to bottom: a header of texts, a body of numbers, notes.
//!
//! A line with a number (or marks in the place of numbers) belongs to a body. Lines of text between two such lines are
//! headings inside one body, unless they look like a header, which begins another table.

use std::ops::Range;

use super::cell::Kind;
use super::lines::{Line, Lines};

/// Lines of text above a header that may be its title.
const TITLE_LINES_MAX: usize = 8;
/// Rows of the deepest header.
const HEADER_ROWS_MAX: u32 = 20;
/// Rows from a header of many texts to the first line below it.
const HEADER_GAP_MAX: u32 = 4;
/// Characters of a text that is no header.
const HEADER_CHARS_MAX: usize = 120;

/// Beginnings of lines below a table.
const NOTES: [&str; 26] = [
    "注",
    "资料来源",
    "数据来源",
    "来源",
    "说明",
    "备注",
    "＊",
    "*",
    "Note",
    "NOTE",
    "Source",
    "SOURCE",
    "Quelle",
    "Anmerkung",
    "Remark",
    "Footnote",
    "CONTACT",
    "Contact",
    "©",
    "a.",
    "1)",
    "a Includes",
    "a Less",
    "†",
    "①",
    "Bemerkung",
];

/// A table from top to bottom; rows of the sheet.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub titles: Vec<u32>,
    pub header: Range<u32>,
    pub body: Range<u32>,
    pub notes: Vec<u32>,
}

pub(super) fn is_note(text: &str) -> bool {
    NOTES.iter().any(|n| text.starts_with(n))
}

/// All blocks of a sheet, or of a part of one.
pub(super) fn blocks(lines: &Lines) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    // Texts since the last line of a body, as numbers of lines.
    let mut pending: Vec<usize> = Vec::new();
    let mut first_data: u32 = 0;
    for (nth, line) in lines.lines.iter().enumerate() {
        let inside = found.last().is_some_and(|b| continues(lines, b, first_data, &pending, line));
        if !is_body(lines, line, inside) {
            pending.push(nth);
            continue;
        }
        match found.last_mut() {
            Some(block) if inside => {
                block.body.end = line.row + 1;
                first_data = first_data.min(line.first_number().unwrap_or(first_data));
            }
            _ => {
                let (notes, block) = open(lines, &pending, line);
                if let Some(last) = found.last_mut() {
                    last.notes = notes;
                }
                first_data = line.first_number().unwrap_or(line.first_col() + 1);
                found.push(block);
            }
        }
        pending.clear();
    }
    for block in &mut found {
        banners(lines, block);
    }
    if let Some(last) = found.last_mut() {
        let rows: Vec<&Line> = pending.iter().map(|n| &lines.lines[*n]).collect();
        last.notes = notes_below(lines, last.body.end, &rows);
    }
    found
}

/// The last line of a header that is one merged text is a heading where the body has more of them.
fn banners(lines: &Lines, block: &mut Block) {
    let banner = |line: &&Line| {
        let (row, (col, kind)) = (line.row, line.cells[0]);
        line.cells.len() == 1 && kind == Kind::Text && col > 0 && lines.last_col(row, col) > col
    };
    let last = lines.lines.iter().rfind(|l| block.header.contains(&l.row)).filter(banner);
    let more = lines.lines.iter().filter(|l| block.body.contains(&l.row)).any(|l| banner(&l));
    if let Some(last) = last.filter(|l| more && l.row > block.header.start) {
        block.header.end = last.row;
        block.body.start = last.row;
    }
}

/// Whether a line holds numbers; `inside` a body, where a year is one.
fn is_body(lines: &Lines, line: &Line, inside: bool) -> bool {
    let (numbers, periods, marks) = (line.count(Kind::Number), line.count(Kind::Period), line.count(Kind::Mark));
    if numbers > 0 {
        return inside || !is_count(lines, line);
    }
    let labelled = line.cells.first().is_some_and(|(_, k)| matches!(k, Kind::Text | Kind::Period));
    if inside && labelled && periods > 1 {
        return line.cells.len() == periods + marks || line.cells[0].1 == Kind::Text;
    }
    labelled && line.cells.len() > 1 && marks > 0 && marks * 2 >= line.cells.len() - 1
}

/// The line that counts columns: `甲 1 2 3`, or ages `16 17 18 19`.
fn is_count(lines: &Lines, line: &Line) -> bool {
    let of = |(col, kind): &(u32, Kind)| match kind {
        Kind::Number => lines.text(line.row, *col).parse::<u32>().ok(),
        _ => None,
    };
    let numbers: Vec<u32> = line.cells.iter().filter_map(of).collect();
    let counted = numbers.len() >= 3 && numbers.windows(2).all(|w| w[1] == w[0] + 1);
    let from_one = numbers.first() == Some(&1);
    counted
        && numbers.len() == line.count(Kind::Number)
        && (from_one || numbers.len() >= 5)
        && line.cells.len() <= numbers.len() + 3
}

/// Whether the texts before a line leave it in the block: none, or headings that stand in its label columns.
fn continues(lines: &Lines, block: &Block, first_data: u32, pending: &[usize], line: &Line) -> bool {
    if pending.is_empty() {
        return line.first_col() <= first_data || line.row == block.body.end;
    }
    pending.iter().all(|nth| {
        let text = &lines.lines[*nth];
        !is_note(lines.first_text(text)) && !is_header_like(lines, text, first_data)
    })
}

/// Several texts over data columns, or one that stands over them alone.
fn is_header_like(lines: &Lines, line: &Line, first_data: u32) -> bool {
    let over = line.cells.iter().filter(|(col, _)| lines.last_col(line.row, *col) >= first_data);
    let own = over.clone().filter(|(col, _)| *col >= first_data).count();
    let short = over.clone().all(|(col, _)| lines.text(line.row, *col).chars().count() <= HEADER_CHARS_MAX);
    // One text alone over the data columns is a heading of the rows below it.
    short && own > 1
}

/// A new block at its first body line: its header and titles among the texts before it; what is left are the notes of the
/// block before.
fn open(lines: &Lines, pending: &[usize], first: &Line) -> (Vec<u32>, Block) {
    let all: Vec<&Line> = pending.iter().map(|n| &lines.lines[*n]).collect();
    let first_data = first.first_number().unwrap_or(first.first_col() + 1);
    let mut end = all.len();
    // Headings of the body between header and first number.
    while end > 0 && is_heading(lines, all[end - 1], first_data) {
        end -= 1;
    }
    let mut top = end;
    while top > 0 && belongs_to_header(lines, &all, top, end, first, first_data) {
        top -= 1;
    }
    while top < end && is_unit_line(lines, all[top]) {
        top += 1;
    }
    let (header, body_start) = match top < end {
        true => {
            let last = all[end - 1];
            let bottom = all[top..end].iter().flat_map(|l| l.cells.iter().map(|(c, _)| lines.last_row(l.row, *c)));
            let bottom = bottom.max().unwrap_or(last.row).min(first.row.saturating_sub(1)).max(last.row) + 1;
            (all[top].row..bottom, all.get(end).map_or(first.row, |l| l.row).max(bottom))
        }
        false => {
            top = all.len();
            (first.row..first.row, first.row)
        }
    };
    let mut title = top;
    let mut below = header.start;
    while title > 0 && top - title < TITLE_LINES_MAX {
        let line = all[title - 1];
        let gap = below - line.row;
        if is_note(lines.first_text(line)) || gap > 3 || (gap > 1 && title < top && !is_near(&all, title)) {
            break;
        }
        below = line.row;
        title -= 1;
    }
    let titles = all[title..top].iter().map(|l| l.row).collect();
    let notes = all[..title].iter().map(|l| l.row).collect();
    (notes, Block { titles, header, body: body_start..first.row + 1, notes: Vec::new() })
}

/// Whether the lines above a gap are still close enough to be a title of their own: first of the sheet, or one line.
fn is_near(all: &[&Line], title: usize) -> bool {
    all[title - 1].row < 6
}

/// A text in the label columns alone.
fn is_heading(lines: &Lines, line: &Line, first_data: u32) -> bool {
    line.cells.iter().all(|(col, _)| lines.last_col(line.row, *col) < first_data)
}

/// Whether the line above `top` is part of the header that ends before `end`.
fn belongs_to_header(lines: &Lines, all: &[&Line], top: usize, end: usize, first: &Line, first_data: u32) -> bool {
    let line = all[top - 1];
    let below = if top < end { all[top].row } else { all.get(end).map_or(first.row, |l| l.row) };
    let gap = below - line.row;
    let reaches = line.cells.iter().any(|(col, _)| lines.last_row(line.row, *col) + 1 >= below);
    // Texts over several columns of numbers and nowhere else are their header, with a few blank rows between.
    let over = line.cells.iter().all(|(col, _)| *col >= first_data) && line.cells.len() > 1;
    let near = if over { HEADER_GAP_MAX } else { 2 };
    if (gap > near && !reaches) || (gap > 1 && top < end && !over && !reaches) || first.row - line.row > HEADER_ROWS_MAX
    {
        return false;
    }
    let texts = line.cells.len();
    let long = line.cells.iter().any(|(col, _)| lines.text(line.row, *col).chars().count() > HEADER_CHARS_MAX);
    if long || is_note(lines.first_text(line)) {
        return false;
    }
    if texts == 1 {
        let (col, kind) = line.cells[0];
        let over_data = col >= first_data || (kind == Kind::Period && col > 0);
        // A corner text of its own line, with a header line above it.
        let corner = col < first_data
            && lines.last_col(line.row, col) < first_data
            && top > 1
            && all[top - 2].cells.len() > 1
            && line.row - all[top - 2].row == 1;
        return (over_data
            && (top < end || kind == Kind::Period || !is_unit_line(lines, line))
            && !is_unit_line(lines, line))
            || corner;
    }
    true
}

/// 单位：人, or its like.
pub(super) fn is_unit_line(lines: &Lines, line: &Line) -> bool {
    line.cells.len() == 1 && {
        let text: String = lines.first_text(line).chars().filter(|c| !c.is_whitespace()).collect();
        text.starts_with("单位")
            || text.starts_with("(单位")
            || text.starts_with("（单位")
            || text.starts_with("计量单位")
    }
}

/// The notes that follow the last body of a sheet: up to a gap after which nothing looks like a note.
fn notes_below(lines: &Lines, end: u32, rows: &[&Line]) -> Vec<u32> {
    let mut notes = Vec::new();
    let mut last = end;
    for line in rows {
        let noted = is_note(lines.first_text(line));
        if line.row > last + 1 && !noted && !notes.is_empty() && line.row > last + 2 {
            break;
        }
        notes.push(line.row);
        last = line.row + 1;
    }
    notes
}
