//! Extracts: cells + record layout → typed records, and what could not be used.
//!
//! Nothing is guessed: a column is what its declaration says, and a cell that is not so sets its record aside with the
//! reason. Cells stay bytes until their type is known; those of codes are looked up once for each way of writing them.
//! No file is opened here; who reads it ([`crate::grid::rows`]) and puts the records away ([`crate::store::records`]) are
//! others.

mod cell;
mod code;
mod header;
pub mod mask;

use crate::domain::record::MONTH;
use crate::domain::{Codebook, RecordKind, Validity};
use crate::grid::rows::{Form, Header, Piece, Raw, TextForm};
use crate::spec::Extract;
use crate::spec::pattern::Captured;
use crate::store::key::{Key, PERSON_BYTES};
use crate::store::records::{Reject, Row, RowForm, month_text};

pub use code::CodeSet;

/// What is known before a file is opened.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    pub extract: &'a Extract,
    pub codebook: &'a Codebook,
    /// The file's name in messages.
    pub file: &'a str,
    /// What the name says.
    pub captured: &'a [Captured],
    pub key: &'a Key,
}

/// How the cells of a file fill the columns of the table; shared by all threads that read it.
pub struct Plan<'a> {
    task: Task<'a>,
    form: &'a RowForm,
    text: TextForm,
    counted: &'static str,
    /// By column of the file.
    slots: Vec<Option<Slot>>,
    /// What is the same in every row.
    constant: Row,
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

/// One thread's reading of a file.
pub struct Reader<'a> {
    plan: &'a Plan<'a>,
    row: Row,
    /// By column of the file.
    codes: Vec<code::Cache>,
    persons: Vec<Option<(Vec<u8>, [u8; PERSON_BYTES])>>,
}

/// Persons whose hashes a thread remembers: a person's schemes stand in rows near each other.
const PERSONS: usize = 1 << 14;

impl<'a> Reader<'a> {
    pub fn new(plan: &'a Plan<'a>) -> Reader<'a> {
        let codes = plan.slots.iter().map(|_| code::Cache::default()).collect();
        Reader { plan, row: plan.constant.clone(), codes, persons: vec![None; PERSONS] }
    }

    /// Take a piece apart: good records go to `take`, wrong cells to `rejects`.
    ///
    /// # Errors
    /// That of `take`; nothing more is read then.
    pub fn piece<E>(
        &mut self,
        piece: &Piece,
        rejects: &mut Vec<Reject>,
        mut take: impl FnMut(&Row) -> Result<(), E>,
    ) -> Result<Counts, E> {
        let mut counts = Counts::default();
        let mut failed = None;
        let text = self.plan.text;
        piece.each(&text, |line, lines, cells| {
            if failed.is_some() {
                return;
            }
            let before = rejects.len();
            self.record(line, cells, rejects);
            counts.records += 1;
            if rejects.len() > before {
                // A quotation mark at a wrong place may make one record of many.
                counts.rejected += lines;
                counts.records += lines - 1;
            } else {
                failed = take(&self.row).err();
            }
        });
        failed.map_or(Ok(counts), Err)
    }

    fn record(&mut self, line: u64, cells: &[Raw<'_>], rejects: &mut Vec<Reject>) {
        let plan = self.plan;
        if cells.len() != plan.slots.len() {
            let message =
                format!("the {} has {} cells, and the header {}", plan.counted, cells.len(), plan.slots.len());
            return rejects.push(whole(line, "cell-count", message));
        }
        self.row.clone_from(&plan.constant);
        self.row.set_line(line);
        for (nth, (slot, cell)) in plan.slots.iter().zip(cells).enumerate() {
            let Some(slot) = slot else { continue };
            if let Err(wrong) = self.cell(nth, slot, *cell) {
                let raw = mask::shown(&plan.text, cell.bytes, slot.kind == RecordKind::Person);
                rejects.push(Reject {
                    line,
                    label: slot.label.clone(),
                    field: plan.form.table.columns[slot.column].name.to_owned(),
                    raw,
                    reason: wrong.reason,
                    message: wrong.message,
                });
            }
        }
        for column in &plan.limited {
            let (number, month) = (self.row.code(plan.form, *column), self.row.month());
            if month > 0
                && let Some(code) = plan.sets[*column].out_of_force(number, month)
            {
                rejects.push(plan.out_of_force(line, *column, code, month));
            }
        }
    }

    #[inline]
    fn cell(&mut self, nth: usize, slot: &Slot, raw: Raw<'_>) -> Result<(), Wrong> {
        let (form, column) = (self.plan.form, slot.column);
        let bytes = raw.bytes.trim_ascii();
        if raw.form == Form::Broken {
            return Err(Wrong::new("quotation", "something stands behind the quotation mark that closes the cell"));
        }
        if bytes.is_empty() {
            return match slot.optional {
                true => Ok(()),
                false => Err(Wrong::new("blank", "the cell is blank")),
            };
        }
        let text = &self.plan.text;
        match slot.kind {
            RecordKind::Code(list) => {
                let plan = self.plan;
                let found = self.codes[nth].get(bytes, || plan.code(list, column, bytes))?;
                self.row.set_code(form, column, found);
            }
            RecordKind::Yuan => {
                let fen = cell::folded(text, bytes, |ascii| cell::fen(ascii, slot.fen))?;
                self.row.set_integer(form, column, fen);
            }
            RecordKind::Count => {
                let count = cell::folded(text, bytes, cell::count)?;
                self.row.set_integer(form, column, count);
            }
            RecordKind::Month => self.row.set_month(form, column, cell::folded(text, bytes, cell::month)?),
            RecordKind::Date => self.row.set_date(form, column, cell::folded(text, bytes, cell::date)?),
            RecordKind::Unit => {
                let row = &mut self.row;
                cell::folded(text, bytes, |ascii| {
                    cell::unit(ascii).map(|(number, length)| row.set_unit(form, column, &number[..length]))
                })?;
            }
            RecordKind::Person => {
                let hash = self.person(bytes)?;
                self.row.set_person(form, column, hash);
            }
            RecordKind::Text => {
                let words = cell::words(text, bytes, raw.form == Form::Doubled)?;
                self.row.set_text(form, column, words.as_bytes());
            }
        }
        Ok(())
    }

    fn person(&mut self, bytes: &[u8]) -> Result<[u8; PERSON_BYTES], Wrong> {
        let place = code::hash(bytes) as usize % PERSONS;
        if let Some((number, hash)) = &self.persons[place]
            && number == bytes
        {
            return Ok(*hash);
        }
        let key = self.plan.task.key;
        let hash = cell::folded(&self.plan.text, bytes, |ascii| cell::person(ascii).map(|number| key.person(&number)))?;
        self.persons[place] = Some((bytes.to_vec(), hash));
        Ok(hash)
    }
}

impl Plan<'_> {
    fn code(&self, list: &str, column: usize, bytes: &[u8]) -> Result<u16, Wrong> {
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
            let same = form.content(&self.last) == form.content(row);
            return Some(match same {
                true => whole(line, "record-twice", format!("the same record stands in line {first}")),
                false => whole(
                    line,
                    "key-twice",
                    format!("line {first} has another record of the same key, which was taken"),
                ),
            });
        }
        self.last.clear();
        self.last.extend_from_slice(row);
        None
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
    let constant = header::constant(&task, form, sets, &mut faults);
    match faults.is_empty() {
        true => {
            let limited = (0..sets.len()).filter(|column| sets[*column].is_limited()).collect();
            Ok(Plan { task, form, text: header.text, counted: header.counted, slots, constant, sets, limited })
        }
        false => Err(faults),
    }
}
