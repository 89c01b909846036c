//! How wide the columns of a table are: as their figures and heads want it, or as the paper allows.

use unicode_width::UnicodeWidthStr;

use crate::report::definition::spec::Head;
use crate::report::table::frame::{Content, Frame, block_label, head_label};

/// Columns, in widths of a half-width character; the second where room is scarce.
const COLUMN_WIDTH_MIN: usize = 8;
const NARROW_WIDTH_MIN: usize = 5;
pub const COLUMN_WIDTH_MAX: usize = 28;

/// A header no wider than this keeps to one line; a longer one breaks before its bracket first.
const HEADER_LINE_MAX: usize = 16;

/// A part of a header no wider than this is not broken again; a wider one takes half its width.
const HEADER_PART_MAX: usize = 20;

/// Room beside a text, without which programs with other fonts break it.
const AIR: usize = 2;

/// As wide as figures and heads want it.
pub fn wanted(frame: &Frame) -> Vec<usize> {
    column_widths(frame, COLUMN_WIDTH_MIN, header_width)
}

/// As wide as they want it in so much room all together: what is left over is shared out; where columns are wide for their heads alone,
/// these break into more lines.
pub fn within(frame: &Frame, room: usize) -> Vec<usize> {
    let (wanted, least) = (wanted(frame), column_widths(frame, NARROW_WIDTH_MIN, header_width_least));
    let (all, few): (usize, usize) = (wanted.iter().sum(), least.iter().sum());
    if all <= room {
        return wanted.iter().map(|wanted| wanted * room / all.max(1)).collect();
    }
    let share = |(wanted, least): (&usize, &usize)| {
        least + wanted.saturating_sub(*least) * room.saturating_sub(few) / all.saturating_sub(few).max(1)
    };
    wanted.iter().zip(&least).map(share).collect()
}

/// Wide enough for every figure, and for every header as far as `header` says.
fn column_widths(frame: &Frame, width_min: usize, header: fn(&str) -> usize) -> Vec<usize> {
    let mut widths = vec![width_min; frame.heads.len() + frame.columns()];
    for (column, head) in frame.heads.iter().enumerate() {
        let own = match head {
            Head::Diagonal { rows, columns } => text_width(rows) + text_width(columns) + 2,
            other => header(&head_label(frame, other)),
        };
        widths[column] = widths[column].max(own).min(COLUMN_WIDTH_MAX);
    }
    for block in frame.stub.iter().flatten().filter(|b| b.wide == 1) {
        let own = text_width(&block_label(frame, block)) + 2 * block.indent + AIR;
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
        let short = header(&block_label(frame, block)).saturating_sub(own.iter().sum());
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

/// A text in lines as even as can be where there is no room for it in one. Words of letters and digits stay whole, no line begins with
/// what closes or ends with what opens.
pub fn even_lines(text: &str, room: usize) -> String {
    let broken = |line: &str| {
        let lines = line.width().div_ceil(room.max(2)).max(1);
        // Chinese characters are two wide.
        let most = line.width().div_ceil(lines).next_multiple_of(2).min(room);
        let mut out: Vec<String> = vec![String::new()];
        for part in parts(line) {
            match out.last_mut() {
                Some(last) if last.is_empty() || (last.width() + part.trim_end().width()) <= most => {
                    last.push_str(part)
                }
                _ => out.push(part.to_owned()),
            }
        }
        out.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
    };
    text.split('\n').map(broken).collect::<Vec<_>>().join("\n")
}

/// The parts of a line that none may be divided further.
fn parts(line: &str) -> Vec<&str> {
    let pairs = line.char_indices().zip(line.char_indices().skip(1));
    let ends = pairs.filter(|((_, before), (_, after))| may_part(*before, *after)).map(|(_, (at, _))| at);
    let mut begin = 0;
    ends.chain([line.len()]).map(|end| &line[std::mem::replace(&mut begin, end)..end]).collect()
}

/// Whether a line may end between two characters.
fn may_part(before: char, after: char) -> bool {
    let is_word = |c: char| c.is_ascii_graphic();
    let belong = is_word(before) && is_word(after);
    let closes = " ，。、；：？！）》”％,.;:?!)%".contains(after);
    !belong && !closes && !"（《“(".contains(before)
}

/// The width a header asks for: its widest line, or half of one too long for any column.
fn header_width(text: &str) -> usize {
    let broken = header_text(text, HEADER_LINE_MAX + AIR);
    let lines = broken.split('\n').map(UnicodeWidthStr::width);
    lines.map(|line| if line <= HEADER_PART_MAX { line } else { line.div_ceil(4) * 2 }).max().unwrap_or(0) + AIR
}

/// The width a header can do with: its unit and its words whole, the rest in three lines.
fn header_width_least(text: &str) -> usize {
    let broken = header_text(text, 0);
    let word = text.split(|c: char| !c.is_ascii_graphic()).map(str::len).max().unwrap_or(0);
    let line = |line: &str| match line.starts_with(['（', '(']) && line.width() <= HEADER_PART_MAX {
        true => line.width(),
        false => line.width().div_ceil(6) * 2,
    };
    broken.split('\n').map(line).max().unwrap_or(0).max(word) + AIR
}

#[cfg(test)]
mod tests {
    use super::{even_lines, header_text, header_width, header_width_least, line_count};

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

    #[test]
    fn a_header_that_has_to_gives_way() {
        let check = |text, width| assert_eq!(header_width_least(text), width, "{text}");
        check("年度", 4);
        check("基金收入（万元）", 10);
        check("国有、集体企业离岗、下岗人员", 12);
        check("领取失业保险金人数（人）", 8);
        check("Fund income", 8);
    }

    #[test]
    fn lines_are_even_and_words_whole() {
        let check = |text, width, lines| assert_eq!(even_lines(text, width), lines, "{text}");
        check("补助基金", 8, "补助基金");
        check("补助基金", 6, "补助\n基金");
        check("其中：工亡", 6, "其中：\n工亡");
        check("全省平均工资的100%", 16, "全省平均工\n资的100%");
        check("领取失业保险金人数\n（人）", 14, "领取失业保\n险金人数\n（人）");
        check("Fund income", 7, "Fund\nincome");
        check("成年人", 4, "成年\n人");
    }
}
