//! A frame laid out as a yearbook prints it: pages with title, unit note, merged heads between three rules, body, and the lines
//! below; every cell with its place, its text and its look. Workbooks and documents write it down and decide nothing.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use crate::report::definition::spec::Head;
use crate::report::table::format::Figure;
use crate::report::table::frame::{Block, Cell, Content, Frame};

/// Points per line of body text, and of the smaller notes.
pub const LINE_POINTS: f64 = 15.75;
const NOTE_POINTS: f64 = 13.5;
pub const BODY_SIZE: f64 = 10.5;
pub const NOTE_SIZE: f64 = 9.0;
pub const TITLE_SIZE: f64 = 14.0;

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

/// Tables wider than this are printed on a page turned sideways.
const PORTRAIT_WIDTH_MAX: usize = 92;

/// What a page takes at full size in programs that lack the fonts and draw others, which are wider.
const PORTRAIT_ROOM: usize = 66;
const LANDSCAPE_ROOM: usize = 100;

/// Longest sheet name a workbook may have.
const SHEET_NAME_MAX: usize = 31;

/// A table on its pages.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Name of the sheet in a workbook.
    pub name: String,
    /// Widths of all columns, labels first, in half-width characters.
    pub widths: Vec<usize>,
    pub labels: usize,
    pub pages: Vec<Page>,
    /// Notes and source, below the last page.
    pub foot: Vec<Line>,
    /// The page is turned sideways.
    pub landscape: bool,
}

/// One page: title and unit note, heads, rows.
#[derive(Clone, Debug)]
pub struct Page {
    pub above: Vec<Line>,
    pub head: Vec<Line>,
    pub body: Vec<Line>,
}

/// One line of cells.
#[derive(Clone, Debug)]
pub struct Line {
    /// In points.
    pub height: f64,
    pub cells: Vec<Placed>,
}

/// A cell where it stands.
#[derive(Clone, Debug)]
pub struct Placed {
    pub column: usize,
    pub wide: usize,
    pub high: usize,
    pub what: What,
    pub look: Look,
}

#[derive(Clone, Debug)]
pub enum What {
    Text(String),
    /// A number, and the signs beside it.
    Number(Figure, String),
    /// A head parted by a diagonal.
    Diagonal {
        rows: String,
        columns: String,
    },
}

impl What {
    /// What a reader sees.
    pub fn text(&self) -> String {
        match self {
            What::Text(text) => text.clone(),
            What::Number(figure, signs) => format!("{}{signs}", figure.text()),
            What::Diagonal { rows, columns } => format!("{columns}\n{rows}"),
        }
    }
}

/// How a cell looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Look {
    pub size: Size,
    pub align: Align,
    pub wrap: bool,
    pub indent: usize,
    pub rules: Rules,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    Title,
    /// Body text in bold, for the heads of plain tables.
    Strong,
    Body,
    Note,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Align {
    Left,
    Centre,
    Right,
}

/// Which of the three rules touch a cell: thick above the header and below the body, thin below the header and its heads
/// of groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rules {
    pub top: bool,
    pub thin_bottom: bool,
    pub bottom: bool,
    pub diagonal: bool,
}

/// What stands at one place of a line.
#[derive(Clone, Copy, Debug)]
pub enum Slot<'a> {
    Cell(&'a Placed),
    /// Covered by the cell to the left.
    Across,
    /// Covered by a cell above, whose first column this is.
    Down(&'a Placed),
    Empty,
}

/// Every place of some lines that belong together, so that cells over several lines are seen in each.
pub fn slots<'a>(lines: &[&'a Line], columns: usize) -> Vec<Vec<Slot<'a>>> {
    let mut all = vec![vec![Slot::Empty; columns]; lines.len()];
    for (row, line) in lines.iter().enumerate() {
        for cell in &line.cells {
            for (down, slots) in all.iter_mut().skip(row).take(cell.high).enumerate() {
                slots[cell.column..cell.column + cell.wide].fill(Slot::Across);
                slots[cell.column] = if down == 0 { Slot::Cell(cell) } else { Slot::Down(cell) };
            }
        }
    }
    all
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
fn header_text(text: &str, width: usize) -> String {
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

impl Sheet {
    pub fn of(frame: &Frame) -> Sheet {
        Sheet::laid(frame, column_widths(frame, COLUMN_WIDTH_MIN, header_width))
    }

    /// As [`Sheet::of`], on paper that takes so many half-width characters beside each other: where columns are wide for their
    /// heads alone, these break into more lines. Figures keep their room.
    pub fn within(frame: &Frame, room: usize) -> Sheet {
        let wanted = column_widths(frame, COLUMN_WIDTH_MIN, header_width);
        let least = column_widths(frame, NARROW_WIDTH_MIN, header_width_least);
        let (all, few): (usize, usize) = (wanted.iter().sum(), least.iter().sum());
        if all <= room {
            return Sheet::laid(frame, wanted);
        }
        let share = |(wanted, least): (&usize, &usize)| {
            least + wanted.saturating_sub(*least) * room.saturating_sub(few) / all.saturating_sub(few).max(1)
        };
        Sheet::laid(frame, wanted.iter().zip(&least).map(share).collect())
    }

    fn laid(frame: &Frame, widths: Vec<usize>) -> Sheet {
        let layout = Layout { frame, widths, labels: frame.heads.len() };
        let parts = frame.pages();
        let last = parts.len().saturating_sub(1);
        let page = |(nth, rows): (usize, &Range<usize>)| Page {
            above: layout.above(nth),
            head: layout.head(),
            body: layout.body(rows, nth == last),
        };
        Sheet {
            name: sheet_name(frame),
            labels: layout.labels,
            pages: parts.iter().enumerate().map(page).collect(),
            foot: frame.foot().iter().map(|line| layout.across(line, Size::Note, Align::Left)).collect(),
            landscape: layout.widths.iter().sum::<usize>() > PORTRAIT_WIDTH_MAX,
            widths: layout.widths,
        }
    }

    /// All lines in their order, with the numbers of those before which a page begins.
    pub fn lines(&self) -> (Vec<&Line>, Vec<usize>) {
        let (mut lines, mut breaks): (Vec<&Line>, Vec<usize>) = (Vec::new(), Vec::new());
        for page in &self.pages {
            if !lines.is_empty() {
                breaks.push(lines.len());
            }
            lines.extend(page.above.iter().chain(&page.head).chain(&page.body));
        }
        lines.extend(&self.foot);
        (lines, breaks)
    }

    /// Percent of its size at which the table is as wide as its page.
    pub fn scale(&self) -> usize {
        let room = if self.landscape { LANDSCAPE_ROOM } else { PORTRAIT_ROOM };
        (100 * room / self.widths.iter().sum::<usize>().max(1)).clamp(10, 100)
    }

    /// Lines before the body of the first page.
    pub fn head_lines(&self) -> usize {
        self.pages.first().map_or(0, |page| page.above.len() + page.head.len())
    }
}

fn sheet_name(frame: &Frame) -> String {
    let wanted = if frame.number.is_empty() { &frame.id } else { &frame.number };
    wanted.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(SHEET_NAME_MAX).collect()
}

struct Layout<'a> {
    frame: &'a Frame,
    widths: Vec<usize>,
    labels: usize,
}

impl Layout<'_> {
    /// A line that one text takes as a whole.
    fn across(&self, text: &str, size: Size, align: Align) -> Line {
        let total: usize = self.widths.iter().sum();
        let height = match size {
            Size::Title => 8.0 + 20.0 * line_count(text, (total as f64 * BODY_SIZE / TITLE_SIZE) as usize) as f64,
            Size::Body | Size::Strong => LINE_POINTS,
            Size::Note => {
                let room = ((total + self.widths.len()) as f64 * BODY_SIZE / NOTE_SIZE) as usize;
                line_count(text, room) as f64 * NOTE_POINTS + 3.0
            }
        };
        let look = Look { size, align, wrap: true, indent: 0, rules: Rules::default() };
        let what = What::Text(text.to_owned());
        Line { height, cells: vec![Placed { column: 0, wide: self.widths.len(), high: 1, what, look }] }
    }

    fn above(&self, page: usize) -> Vec<Line> {
        let mut lines = vec![self.across(&self.frame.page_title(page), Size::Title, Align::Centre)];
        if !self.frame.unit_note.is_empty() {
            let mut unit = self.across(&self.frame.unit_note, Size::Note, Align::Right);
            unit.height = LINE_POINTS;
            lines.push(unit);
        }
        lines
    }

    fn head(&self) -> Vec<Line> {
        let levels = self.frame.header.len();
        let heights = self.header_heights();
        let mut lines: Vec<Line> = heights.into_iter().map(|height| Line { height, cells: Vec::new() }).collect();
        let look = |top: bool, diagonal: bool| Look {
            size: Size::Body,
            align: if diagonal { Align::Left } else { Align::Centre },
            wrap: true,
            indent: 0,
            rules: Rules { top, thin_bottom: true, bottom: false, diagonal },
        };
        let Some(first) = lines.first_mut() else { return lines };
        for (column, head) in self.frame.heads.iter().enumerate() {
            let (what, diagonal) = match head {
                Head::Diagonal { rows, columns } => {
                    (What::Diagonal { rows: rows.clone(), columns: columns.clone() }, true)
                }
                other => (What::Text(header_text(&head_label(self.frame, other), self.widths[column])), false),
            };
            first.cells.push(Placed { column, wide: 1, high: levels, what, look: look(true, diagonal) });
        }
        for (level, blocks) in self.frame.header.iter().enumerate() {
            for block in blocks {
                let text = header_text(&block_label(self.frame, block), self.block_width(block));
                lines[level].cells.push(Placed {
                    column: self.labels + block.column,
                    wide: block.wide,
                    high: block.high,
                    what: What::Text(text),
                    look: look(level == 0, false),
                });
            }
        }
        lines
    }

    /// Width of all data columns that a header block stands over.
    fn block_width(&self, block: &Block) -> usize {
        let first = self.labels + block.column;
        self.widths[first..first + block.wide].iter().sum()
    }

    /// Heights that let every header text be read, the extra of a tall cell given to its last row.
    fn header_heights(&self) -> Vec<f64> {
        let mut lines = vec![1.0_f64; self.frame.header.len()];
        for (level, blocks) in self.frame.header.iter().enumerate() {
            for block in blocks {
                let width = self.block_width(block);
                let text = header_text(&block_label(self.frame, block), width);
                raise(&mut lines, level, block.high, line_count(&text, width));
            }
        }
        for (column, head) in self.frame.heads.iter().enumerate() {
            let needed = match head {
                Head::Diagonal { .. } => 2,
                other => {
                    let text = header_text(&head_label(self.frame, other), self.widths[column]);
                    line_count(&text, self.widths[column])
                }
            };
            raise(&mut lines, 0, self.frame.header.len(), needed);
        }
        lines.into_iter().map(|n| n * LINE_POINTS + 4.0).collect()
    }

    fn body(&self, rows: &Range<usize>, is_last: bool) -> Vec<Line> {
        let centred: Vec<bool> = (0..self.labels).map(|column| equally_wide(self.frame, column)).collect();
        let mut lines = Vec::new();
        for at in rows.clone() {
            let (stub, cells) = (&self.frame.stub[at], &self.frame.cells[at]);
            // The thick rule closes the table; where it goes on, a thin one closes the page.
            let rules = |high: usize| {
                let closes = at + high == rows.end;
                Rules { bottom: closes && is_last, thin_bottom: closes && !is_last, ..Rules::default() }
            };
            let mut line = Line { height: self.row_lines(stub, cells) as f64 * LINE_POINTS + 2.0, cells: Vec::new() };
            for block in stub {
                let centre = block.group || centred[block.column];
                let align = if centre { Align::Centre } else { Align::Left };
                let look = Look { size: Size::Body, align, wrap: true, indent: block.indent, rules: rules(block.high) };
                let what = What::Text(block_label(self.frame, block));
                line.cells.push(Placed { column: block.column, wide: block.wide, high: block.high, what, look });
            }
            for (nth, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.covered) {
                line.cells.push(data(self.labels + nth, cell, rules(cell.high)));
            }
            lines.push(line);
        }
        lines
    }

    /// Lines of the tallest cell in a row.
    fn row_lines(&self, stub: &[Block], cells: &[Cell]) -> usize {
        let labels = stub.iter().filter(|b| b.high == 1).map(|block| {
            let width: usize = self.widths[block.column..block.column + block.wide].iter().sum();
            line_count(&block_label(self.frame, block), width.saturating_sub(2 * block.indent))
        });
        let texts = cells.iter().enumerate().filter(|(_, c)| c.high == 1 && !c.covered).map(|(nth, cell)| {
            let first = self.labels + nth;
            line_count(&cell.text(), self.widths[first..first + cell.wide].iter().sum())
        });
        labels.chain(texts).max().unwrap_or(1)
    }
}

fn data(column: usize, cell: &Cell, rules: Rules) -> Placed {
    let merged = cell.wide > 1 || cell.high > 1;
    let align = match (&cell.content, merged) {
        (_, true) | (Content::Text(_), _) => Align::Centre,
        _ => Align::Right,
    };
    let what = match &cell.content {
        Content::Number(figure) => What::Number(figure.clone(), cell.signs()),
        _ => What::Text(format!("{}{}", cell.text(), cell.signs())),
    };
    let wrap = matches!(cell.content, Content::Text(_));
    let look = Look { size: Size::Body, align, wrap, indent: 0, rules };
    Placed { column, wide: cell.wide, high: cell.high, what, look }
}

/// A label as it is printed: the signs of its notes after the Chinese, the English below.
pub fn block_label(frame: &Frame, block: &Block) -> String {
    frame.bilingual(&format!("{}{}", block.text, block.signs()), &block.english)
}

/// The head of a label column as it is printed.
pub fn head_label(frame: &Frame, head: &Head) -> String {
    match head {
        Head::Text(text) => text.clone(),
        Head::Bilingual { text, english } => frame.bilingual(text, english),
        Head::Diagonal { rows, columns } => format!("{columns}\n{rows}"),
    }
}

fn raise(lines: &mut [f64], first: usize, high: usize, needed: usize) {
    let have: f64 = lines[first..first + high].iter().sum();
    if have < needed as f64 {
        lines[first + high - 1] += needed as f64 - have;
    }
}

fn equally_wide(frame: &Frame, column: usize) -> bool {
    let mut widths =
        frame.stub.iter().flatten().filter(|b| b.column == column).map(|b| (text_width(&b.text), b.indent));
    let first = widths.next();
    first.is_some_and(|first| first.1 == 0 && widths.all(|width| width == first))
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
        let short = header(&block_label(frame, block)).saturating_sub(own.iter().sum());
        own.iter_mut().for_each(|width| *width += short.div_ceil(block.wide));
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::{header_text, header_width, header_width_least, line_count};

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
}
