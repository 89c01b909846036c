//! A table ready to be drawn: all that the renderers see. Nothing here knows where numbers come from or how a page looks.

use std::ops::Range;

use crate::domain::value::{Mark, Status};
use crate::report::definition::spec::Head;
use crate::report::rows::kept::notice;
use crate::report::table::format::Figure;
use crate::report::table::key::FigureKey;
use crate::store::release::Kept;

/// One table in its yearbook layout.
#[derive(Clone, Debug)]
pub struct Frame {
    pub id: String,
    pub number: String,
    pub title: String,
    pub title_en: String,
    pub unit_note: String,
    pub bilingual: bool,
    /// Rows of the body on one page; `None`: as many as the page takes.
    pub page_rows: Option<usize>,
    /// Heads of the label columns, each as high as the header.
    pub heads: Vec<Head>,
    /// The header's cells, row by row; columns count from the first data column.
    pub header: Vec<Vec<Block>>,
    /// The label cells of each row; columns count from the first label column.
    pub stub: Vec<Vec<Block>>,
    pub cells: Vec<Vec<Cell>>,
    /// Notes that cells and labels refer to, in the order of first use.
    pub numbered: Vec<String>,
    /// Lines below the table that no cell refers to.
    pub notes: Vec<String>,
    /// What the signs in the table mean: sign, meaning.
    pub signs: Vec<(String, String)>,
    pub source: String,
    /// Tables of earlier releases whose figures are printed here.
    pub kept: Vec<Kept>,
    pub tidy: Tidy,
}

impl Frame {
    pub fn columns(&self) -> usize {
        self.cells.first().map_or(0, Vec::len)
    }

    /// What stands below the table, line by line.
    pub fn foot(&self) -> Vec<String> {
        let numbered = self.numbered.iter().enumerate().map(|(nth, text)| format!("{}{text}", note_sign(nth + 1)));
        let source = Some(&self.source).filter(|source| !source.is_empty());
        let lines = numbered.chain(self.notes.iter().cloned()).chain(self.legend()).chain(source.cloned());
        lines.chain(self.kept.iter().map(notice)).collect()
    }

    /// What the signs mean, in one line.
    pub fn legend(&self) -> Option<String> {
        let shown = |sign: &str| if sign.trim().is_empty() { "空格".to_owned() } else { format!("“{sign}”") };
        let parts: Vec<String> =
            self.signs.iter().map(|(sign, meaning)| format!("{}表示{meaning}", shown(sign))).collect();
        (!parts.is_empty()).then(|| format!("符号说明：{}。", parts.join("；")))
    }

    /// No renderer can draw it: it has no cell.
    pub fn is_empty(&self) -> bool {
        self.columns() == 0 || self.header.is_empty() || self.stub.is_empty()
    }

    /// The lines of a title: in Chinese, and in English where the table is bilingual.
    pub fn title_lines(&self) -> String {
        self.bilingual(&self.full_title(), &self.title_en)
    }

    /// A text with its English below it where the table is bilingual.
    pub fn bilingual(&self, text: &str, english: &str) -> String {
        if self.bilingual && !english.is_empty() { format!("{text}\n{english}") } else { text.to_owned() }
    }

    /// The rows of each page; no label or cell that reaches over several rows is parted.
    pub fn pages(&self) -> Vec<Range<usize>> {
        let all = self.cells.len();
        let most = self.page_rows.unwrap_or(all);
        let labels = self.stub.iter().enumerate().flat_map(|(at, row)| row.iter().map(move |b| (at, b.high)));
        let cells = self.cells.iter().enumerate().flat_map(|(at, row)| row.iter().map(move |c| (at, c.high)));
        let mut whole = vec![true; all + 1];
        for (at, high) in labels.chain(cells) {
            (at + 1..at + high).for_each(|row| whole[row] = false);
        }
        let mut pages = Vec::new();
        let mut start = 0;
        while start < all {
            let longest = (start + most).min(all);
            let end = (start + 1..=longest).rev().find(|row| whole[*row]);
            let end = end.or_else(|| (longest..=all).find(|row| whole[*row])).unwrap_or(all);
            pages.push(start..end);
            start = end;
        }
        pages
    }

    /// What stands above a page: `续表1　…` from the second on.
    pub fn page_title(&self, page: usize) -> String {
        match (page, self.number.is_empty()) {
            (0, _) => self.title_lines(),
            (_, true) => format!("续表　{}", self.title),
            (_, false) => format!("续{}　{}", self.number, self.title),
        }
    }

    /// `表1　玉溪市…`
    pub fn full_title(&self) -> String {
        if self.number.is_empty() { self.title.clone() } else { format!("{}　{}", self.number, self.title) }
    }
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

/// A note on a cell or a label: its text, and its number among those of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub number: usize,
    pub text: String,
}

/// What stands beside a figure for a note: ①, ② …
pub fn note_sign(number: usize) -> String {
    let circled = match number {
        1..=20 => u32::try_from(number).ok().map(|n| 0x245F + n),
        21..=35 => u32::try_from(number).ok().map(|n| 0x3251 - 21 + n),
        36..=50 => u32::try_from(number).ok().map(|n| 0x32B1 - 36 + n),
        _ => None,
    };
    circled.and_then(char::from_u32).map_or_else(|| format!("[{number}]"), String::from)
}

/// What stands beside a figure for what its publisher says of it.
pub fn status_sign(status: Status) -> &'static str {
    match status {
        Status::Normal => "",
        Status::Provisional => "p",
        Status::Revised => "r",
        Status::Estimated => "e",
    }
}

/// A label that covers one or several cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    pub text: String,
    pub english: String,
    pub notes: Vec<Note>,
    /// Steps by which the label is set in.
    pub indent: usize,
    pub column: usize,
    pub wide: usize,
    pub high: usize,
    /// The label stands over or before others.
    pub group: bool,
}

impl Block {
    /// The signs of its notes.
    pub fn signs(&self) -> String {
        self.notes.iter().map(|note| note_sign(note.number)).collect()
    }
}

/// One data cell.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    pub content: Content,
    /// Columns and rows covered; (1, 1) for most.
    pub wide: usize,
    pub high: usize,
    /// The cell lies under a neighbour that covers it.
    pub covered: bool,
    /// The observations that answer it.
    pub answers: Vec<Answer>,
    pub notes: Vec<Note>,
    /// What is said of the figure, where the table prints it.
    pub status: Status,
}

impl Cell {
    pub fn blank() -> Cell {
        Cell { wide: 1, high: 1, ..Cell::default() }
    }

    /// What stands beside the figure: status and notes.
    pub fn signs(&self) -> String {
        let notes: String = self.notes.iter().map(|note| note_sign(note.number)).collect();
        format!("{}{notes}", status_sign(self.status))
    }

    /// The mark in place of a number.
    pub fn mark(&self) -> Option<Mark> {
        let [one] = self.answers.as_slice() else { return None };
        Mark::parse(&one.mark).filter(|_| matches!(self.content, Content::Mark(_)))
    }

    /// What a reader sees, without the signs beside it.
    pub fn text(&self) -> String {
        match &self.content {
            Content::Blank => String::new(),
            Content::Number(figure) => figure.text(),
            Content::Mark(text) | Content::Text(text) => text.clone(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Content {
    #[default]
    Blank,
    Number(Figure),
    /// The sign that stands for an absent number.
    Mark(String),
    /// A cell that holds several numbers, as it was printed.
    Text(String),
}

/// An observation as it answers a cell: where it was read, what it is of, and the figure made of it. Blank fields where
/// the table read does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub obs_id: String,
    pub file: String,
    pub sheet: String,
    pub cell: String,
    pub printed: String,
    /// The mark's name; blank for numbers.
    pub mark: String,
    /// Dimension → code, for what parts this table's cells.
    pub codes: Vec<(String, String)>,
    pub figure: Option<Figure>,
    /// The unit of the figure.
    pub unit: String,
    pub key: FigureKey,
    pub status: Status,
}

/// The observations behind a table, one per line, for machines.
#[derive(Clone, Debug, Default)]
pub struct Tidy {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// The cell that each row is first printed in, and its place among the observations of that cell.
    pub at: Vec<((usize, usize), usize)>,
}
