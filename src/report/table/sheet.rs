//! A frame laid out as a yearbook prints it: pages with title, unit note, merged heads between three rules, body, and the lines
//! below; every cell with its place, its text and its look. Workbooks and documents write it down and decide nothing.

use std::ops::Range;

use crate::report::definition::spec::Head;
use crate::report::table::format::Figure;
use crate::report::table::frame::{Block, Cell, Content, Frame, block_label, head_label};
use crate::report::table::widths::{column_widths, header_text, line_count, text_width};

/// Points per line of body text, and of the smaller notes.
pub const LINE_POINTS: f64 = 15.75;
const NOTE_POINTS: f64 = 13.5;
pub const BODY_SIZE: f64 = 10.5;
pub const NOTE_SIZE: f64 = 9.0;
pub const TITLE_SIZE: f64 = 14.0;

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

impl Sheet {
    pub fn of(frame: &Frame) -> Sheet {
        let layout = Layout { frame, widths: column_widths(frame), labels: frame.heads.len() };
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
