//! How wide the columns of a table are: as their figures and heads want it.

use unicode_width::UnicodeWidthStr;

use crate::report::definition::spec::Head;
use crate::report::table::frame::{Content, Frame, block_label, head_label};

/// Columns, in widths of a half-width character.
const COLUMN_WIDTH_MIN: usize = 8;
pub const COLUMN_WIDTH_MAX: usize = 28;

/// A header no wider than this keeps to one line; a longer one breaks before its bracket first.
const HEADER_LINE_MAX: usize = 16;

/// A part of a header no wider than this is not broken again; a wider one takes half its width.
const HEADER_PART_MAX: usize = 20;

/// Room beside a text, without which programs with other fonts break it.
const AIR: usize = 2;

/// Wide enough for every figure and for every header, which breaks before its bracket if at all.
pub fn column_widths(frame: &Frame) -> Vec<usize> {
    let mut widths = vec![COLUMN_WIDTH_MIN; frame.heads.len() + frame.columns()];
    for (column, head) in frame.heads.iter().enumerate() {
        let own = match head {
            Head::Diagonal { rows, columns } => text_width(rows) + text_width(columns) + 2,
            other => header_width(&head_label(frame, other)),
        };
        widths[column] = widths[column].max(own).min(COLUMN_WIDTH_MAX);
    }
    for block in frame.stub.iter().flatten().filter(|b| b.wide == 1) {
        let own = text_width(&block_label(frame, block)) + 2 * block.indent;
        widths[block.column] = widths[block.column].max(own).min(COLUMN_WIDTH_MAX);
    }
    for cells in &frame.cells {
        for (nth, cell) in cells.iter().enumerate().filter(|(_, c)| c.wide == 1 && !c.covered) {
            // Fonts draw a circled number as wide as a Chinese character.
            let own = text_width(&cell.text()) + 2 * cell.signs().chars().count() + 2;
            let own = if matches!(cell.content, Content::Text(_)) { own.min(COLUMN_WIDTH_MAX) } else { own };
            let at = frame.heads.len() + nth;
            widths[at] = widths[at].max(own);
        }
    }
    // From the single columns up to the heads of groups, which widen what stands below them.
    for block in frame.header.iter().rev().flatten() {
        let first = frame.heads.len() + block.column;
        let own = &mut widths[first..first + block.wide];
        let short = header_width(&block_label(frame, block)).saturating_sub(own.iter().sum());
        own.iter_mut().for_each(|width| *width += short.div_ceil(block.wide));
    }
    widths
}

/// Width of the widest line of a text in half-width characters.
pub fn text_width(text: &str) -> usize {
    text.split('\n').map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// Lines a text takes in a column of a width.
pub fn line_count(text: &str, width: usize) -> usize {
    text.split('\n').map(|line| line.width().div_ceil(width.max(1)).max(1)).sum()
}

/// A header as it stands in a column of a width: one line where there is room, else broken before its bracket, so that
/// no program breaks it inside its unit.
pub fn header_text(text: &str, width: usize) -> String {
    let bracket = text.find(['（', '(']).filter(|at| *at > 0);
    match bracket {
        Some(at) if !text.contains('\n') && text_width(text) + AIR > width => {
            format!("{}\n{}", &text[..at], &text[at..])
        }
        _ => text.to_owned(),
    }
}

/// The width a header asks for: its widest line, or half of one too long for any column.
fn header_width(text: &str) -> usize {
    let broken = header_text(text, HEADER_LINE_MAX + AIR);
    let lines = broken.split('\n').map(UnicodeWidthStr::width);
    lines.map(|line| if line <= HEADER_PART_MAX { line } else { line.div_ceil(4) * 2 }).max().unwrap_or(0) + AIR
}

#[cfg(test)]
mod tests {
    use super::{header_text, header_width, line_count};

    fn check(text: &str, width: usize, lines: &str) {
        assert_eq!(header_width(text), width, "{text}");
        let shown = header_text(text, width);
        assert_eq!(shown, lines, "{text}");
        assert_eq!(line_count(&shown, width), line_count(&shown, width + 2), "{text} has room to spare");
    }

    #[test]
    fn a_header_breaks_before_its_bracket() {
        check("年度", 6, "年度");
        check("起付线（元）", 14, "起付线（元）");
        check("基金收入（万元）", 18, "基金收入（万元）");
        check("参保人数（万人次）", 12, "参保人数\n（万人次）");
        check("财政补助标准\n（元/人）", 14, "财政补助标准\n（元/人）");
        check("领取失业保险金人数（人）", 20, "领取失业保险金人数\n（人）");
        check("（元）", 8, "（元）");
    }
}
