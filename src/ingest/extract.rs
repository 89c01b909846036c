//! Extracts: cells + record layout → typed records, and what could not be used.
//!
//! Nothing is guessed: a column is what its declaration says, and a cell that is not so sets its record aside with the
//! reason. Cells stay bytes until their type is known; what is written more than once, such as a code, a person or a day, is
//! read once for each way of writing it ([`memo`]) and is a number from then on.
//! No file is opened here; who reads it ([`crate::grid::rows`]) and puts the records away ([`crate::store::records`]) are
//! others.

mod cell;
mod code;
mod header;
pub mod mask;
mod memo;

use std::collections::BTreeSet;

use crate::domain::record::MONTH;
use crate::domain::{Codebook, RecordKind, Validity};
use crate::grid::rows::{Form, Header, Piece, Raw, TextForm};
use crate::spec::Extract;
use crate::spec::pattern::Captured;
use crate::store::key::Key;
use crate::store::records::{Batch, Column, Reject, RowForm, month_text};

pub use code::CodeSet;
use memo::Memo;

/// Records that are read together: as many as the quickest memory holds the cells of.
const BLOCK: usize = 128;
/// Fen of the unit that most amounts are printed in.
const FEN_OF_YUAN: i64 = 100;

/// What is known before a file is opened.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    pub extract: &'a Extract,
    pub codebook: &'a Codebook,
    /// The file's name in messages.
    pub file: &'a str,
    /// What the name says.
    pub captured: &'a [Captured],
    /// By which personal numbers are hashed. Without one they stay as they are, for who shows them masked and keeps nothing.
    pub key: Option<&'a Key>,
}

/// How the cells of a file fill the columns of the table; shared by all threads that read it.
pub struct Plan<'a> {
    task: Task<'a>,
    form: &'a RowForm,
    text: TextForm,
    counted: &'static str,
    /// By column of the file.
    slots: Vec<Option<Slot>>,
    /// By column of the table: what stands where no cell says it, the number of a code or a month.
    constant: Vec<Option<u32>>,
    /// Columns of the table that no column of the file fills.
    unfilled: Vec<usize>,
    sets: &'a [CodeSet],
    /// Columns whose codes may be out of force.
    limited: Vec<usize>,
}

/// What a column of the file fills.
#[derive(Clone)]
struct Slot {
    column: usize,
    kind: RecordKind,
    optional: bool,
    fen: i64,
    label: String,
}

/// Why the last line of a file is set aside whose copy broke off.
pub const CUT_OFF: &str = "cut-off";

/// A cell that is not what its column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wrong {
    reason: &'static str,
    message: String,
}

impl Wrong {
    fn new(reason: &'static str, message: impl Into<String>) -> Wrong {
        Wrong { reason, message: message.into() }
    }
}

/// Records met and set aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub records: u64,
    pub rejected: u64,
}

impl Counts {
    /// Count a record. A quotation mark at a wrong place may make one record of many lines: if it is wrong, each may be one.
    fn add(&mut self, lines: u64, wrong: bool) {
        self.records += if wrong { lines } else { 1 };
        self.rejected += if wrong { lines } else { 0 };
    }
}

/// What a thread knows of the cells that it met, by column of the file: the numbers that its batch has for them.
#[derive(Default)]
pub struct Known(Vec<Memo>);

/// Records of a piece that are read together, column by column.
#[derive(Default)]
struct Block<'a> {
    /// The first line of each, and how many it takes.
    lines: Vec<(u64, u64)>,
    /// As many of each as the header has.
    cells: Vec<Raw<'a>>,
}

impl Plan<'_> {
    /// Nothing is known of the cells of a new batch.
    pub fn begin(&self, known: &mut Known) {
        known.0.resize_with(self.slots.len(), Memo::default);
        known.0.iter_mut().for_each(Memo::clear);
    }

    /// Take a piece apart: good records go to the batch, wrong cells to `rejects`.
    pub fn piece(&self, piece: &Piece, known: &mut Known, batch: &mut Batch, rejects: &mut Vec<Reject>) -> Counts {
        let (mut counts, mut block, before) = (Counts::default(), Block::default(), rejects.len());
        let mut short = false;
        piece.each(&self.text, |line, lines, cells| {
            short = cells.len() < self.slots.len();
            if cells.len() != self.slots.len() {
                let message =
                    format!("the {} has {} cells, and the header {}", self.counted, cells.len(), self.slots.len());
                rejects.push(whole(line, "cell-count", message));
                counts.add(lines, true);
                return;
            }
            block.lines.push((line, lines));
            block.cells.extend_from_slice(cells);
            if block.lines.len() == BLOCK {
                self.block(&mut block, known, batch, rejects, &mut counts);
            }
        });
        self.block(&mut block, known, batch, rejects, &mut counts);
        // As they stand in the file.
        rejects[before..].sort_by_key(|reject| reject.line);
        if let Some(last) = rejects[before..].last_mut().filter(|_| short && piece.is_open()) {
            last.reason = CUT_OFF;
            last.message.push_str("; it is the last one and has no end: the file seems to be cut off");
        }
        counts
    }

    fn block(
        &self,
        block: &mut Block<'_>,
        known: &mut Known,
        batch: &mut Batch,
        rejects: &mut Vec<Reject>,
        counts: &mut Counts,
    ) {
        let (start, before) = (batch.len(), rejects.len());
        for (nth, (slot, memo)) in self.slots.iter().zip(&mut known.0).enumerate() {
            if let Some(slot) = slot {
                self.column(slot, memo, (block, nth), &mut batch.columns[slot.column], rejects);
            }
        }
        for column in &self.unfilled {
            block.lines.iter().for_each(|_| self.blank(*column, &mut batch.columns[*column]));
        }
        batch.lines.extend(block.lines.iter().map(|(line, _)| *line));
        for nth in &self.limited {
            for (row, (line, _)) in (start..).zip(&block.lines) {
                if let Some((number, month)) = batch.columns[*nth].short(row).zip(batch.columns[0].short(row))
                    && let Some(code) = self.sets[*nth].out_of_force(number, month)
                {
                    rejects.push(self.out_of_force(*line, *nth, code, month));
                }
            }
        }
        let wrong: BTreeSet<u64> = rejects[before..].iter().map(|reject| reject.line).collect();
        for (line, lines) in &block.lines {
            counts.add(*lines, wrong.contains(line));
        }
        if !wrong.is_empty() {
            batch.leave_out(start, &wrong);
        }
        block.lines.clear();
        block.cells.clear();
    }

    /// Read the cells of a column; one that is wrong leaves its place empty.
    fn column(
        &self,
        slot: &Slot,
        memo: &mut Memo,
        (block, nth): (&Block<'_>, usize),
        column: &mut Column,
        rejects: &mut Vec<Reject>,
    ) {
        let is_yuan = slot.kind == RecordKind::Yuan && slot.fen == FEN_OF_YUAN;
        let cells = block.cells.iter().skip(nth).step_by(self.slots.len());
        for ((line, _), cell) in block.lines.iter().zip(cells) {
            // Most amounts are read in few steps.
            let plain = if is_yuan && cell.form == Form::Plain { cell::plain_fen(cell.bytes) } else { None };
            if let Some(fen) = plain {
                column.push_long(fen);
                continue;
            }
            if let Err(Wrong { reason, message }) = self.cell(slot, memo, *cell, column) {
                let raw = mask::shown(&self.text, cell.bytes, slot.kind == RecordKind::Person);
                let field = self.form.table.columns[slot.column].name.to_owned();
                rejects.push(Reject { line: *line, label: slot.label.clone(), field, raw, reason, message });
                column.push_missing();
            }
        }
    }

    /// Read a cell into its column.
    #[inline]
    fn cell(&self, slot: &Slot, memo: &mut Memo, raw: Raw<'_>, column: &mut Column) -> Result<(), Wrong> {
        let bytes = match raw.bytes {
            [first, .., last] if *first > b' ' && *last > b' ' => raw.bytes,
            bytes => bytes.trim_ascii(),
        };
        if raw.form == Form::Broken {
            return Err(Wrong::new("quotation", "something stands behind the quotation mark that closes the cell"));
        }
        if bytes.is_empty() {
            if !slot.optional {
                return Err(Wrong::new("blank", "the cell is blank"));
            }
            self.blank(slot.column, column);
            return Ok(());
        }
        match slot.kind {
            RecordKind::Yuan => column.push_long(cell::folded(&self.text, bytes, |ascii| cell::fen(ascii, slot.fen))?),
            RecordKind::Count => column.push_long(cell::folded(&self.text, bytes, cell::count)?),
            // Doubled quotation marks are not told from others by the bytes alone.
            _ if raw.form == Form::Doubled => {
                let number = self.number(slot, raw.form, bytes, column)?;
                column.push_short(number);
            }
            _ => {
                let number = memo.get(bytes, || self.number(slot, raw.form, bytes, column))?;
                column.push_short(number);
            }
        }
        Ok(())
    }

    fn blank(&self, nth: usize, column: &mut Column) {
        match self.constant[nth] {
            Some(number) => column.push_short(number),
            None => column.push_missing(),
        }
    }

    /// The number of a cell's word or code, its day or its month.
    fn number(&self, slot: &Slot, form: Form, bytes: &[u8], column: &mut Column) -> Result<u32, Wrong> {
        let text = &self.text;
        let mut word = |word: &[u8]| column.add(word);
        match slot.kind {
            RecordKind::Code(list) => self.code(list, slot.column, bytes),
            RecordKind::Month => cell::folded(text, bytes, cell::month),
            RecordKind::Date => Ok(cell::folded(text, bytes, cell::date)? as u32),
            RecordKind::Unit => Ok(word(&cell::folded(text, bytes, cell::unit)?)),
            RecordKind::Person => {
                let number = cell::folded(text, bytes, cell::person)?;
                Ok(match self.task.key {
                    Some(key) => word(&key.person(&number)),
                    None => word(&number),
                })
            }
            RecordKind::Text | RecordKind::Yuan | RecordKind::Count => {
                Ok(word(cell::words(text, bytes, form == Form::Doubled)?.as_bytes()))
            }
        }
    }

    fn code(&self, list: &str, column: usize, bytes: &[u8]) -> Result<u32, Wrong> {
        let undecodable = || Wrong::new("undecodable", format!("the bytes are not {}", self.text.name()));
        let label = self.text.decode(bytes).ok_or_else(undecodable)?;
        code::look_up(&self.task, list, &label, &self.sets[column], self.form.table.counts)
    }

    fn out_of_force(&self, line: u64, column: usize, code: &str, month: u32) -> Reject {
        let field = &self.form.table.columns[column];
        let list = if let RecordKind::Code(list) = field.kind { list } else { "" };
        let entry = self.task.codebook.lists.get(list).and_then(|codes| Some((codes, codes.get(code)?)));
        let (name, valid) = entry.map_or(("", Validity::default()), |(l, e)| (e.name_zh.as_str(), l.validity(e)));
        let when = match (valid.from.as_str(), valid.to.as_str()) {
            (from, "") => format!("from {from} on"),
            ("", to) => format!("until {to}"),
            (from, to) => format!("from {from} to {to}"),
        };
        let month = month_text(month);
        let label = self.slots.iter().flatten().find(|slot| slot.column == column).map(|slot| slot.label.clone());
        Reject {
            line,
            label: label.unwrap_or_default(),
            field: field.name.to_owned(),
            raw: code.to_owned(),
            reason: "not-in-force",
            message: format!("the {list} {code} ({name}) is in force {when}, and the record is of {month}"),
        }
    }
}

/// A fault of a record as a whole, of which no cell is shown: nobody knows which is which.
fn whole(line: u64, reason: &'static str, message: String) -> Reject {
    Reject { line, label: String::new(), field: String::new(), raw: String::new(), reason, message }
}

/// Records of which two have the same key, or are the same: the first stands, the others are set aside.
pub struct Doubles {
    last: Vec<u8>,
}

impl Doubles {
    pub fn new() -> Doubles {
        Doubles { last: Vec::new() }
    }

    /// The fault of a row that has the key of the one before it, in the order of sorting.
    pub fn see(&mut self, form: &RowForm, row: &[u8]) -> Option<Reject> {
        if !self.last.is_empty() && form.key(&self.last) == form.key(row) {
            let (line, first) = (form.line(row), form.line(&self.last));
            return Some(double(line, first, form.content(&self.last) == form.content(row)));
        }
        self.last.clear();
        self.last.extend_from_slice(row);
        None
    }
}

/// The fault of a record that has the key of one in another line; `same`: and all else of it.
pub fn double(line: u64, first: u64, same: bool) -> Reject {
    match same {
        true => whole(line, "record-twice", format!("the same record stands in line {first}")),
        false => whole(line, "key-twice", format!("line {first} has another record of the same key, which was taken")),
    }
}

impl Default for Doubles {
    fn default() -> Doubles {
        Doubles::new()
    }
}

/// The month that a file's name states.
pub fn month_of(captured: &[Captured]) -> Option<u32> {
    let month = captured.iter().find(|c| crate::spec::extract::capture_name(&c.capture) == Some(MONTH))?;
    let start = month.period()?.start();
    Some(start.year() as u32 * 12 + start.month() as u32 - 1)
}

/// Read the header: which column of the file is which of the table.
///
/// # Errors
/// A declared header is missing or stands twice, one is not declared, or the file's name has an unknown code.
pub fn plan<'a>(
    task: Task<'a>,
    header: &Header,
    form: &'a RowForm,
    sets: &'a [CodeSet],
) -> Result<Plan<'a>, Vec<crate::diag::Diagnostic>> {
    let mut faults = Vec::new();
    let slots = header::slots(&task, header, &mut faults);
    let constant = header::constant(&task, sets, &mut faults);
    match faults.is_empty() {
        true => {
            let limited = (0..sets.len()).filter(|column| sets[*column].is_limited()).collect();
            let is_filled = |nth: &usize| slots.iter().flatten().any(|slot| slot.column == *nth);
            let unfilled = (0..sets.len()).filter(|nth| !is_filled(nth)).collect();
            let (text, counted) = (header.text, header.counted);
            Ok(Plan { task, form, text, counted, slots, constant, unfilled, sets, limited })
        }
        false => Err(faults),
    }
}
