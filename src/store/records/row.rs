//! A record as bytes that sort as its values do: the month, the key, the other columns, and the line it came from, each of
//! a fixed width; texts behind them. Sorting, merging and telling doubles apart is then comparing bytes.

use super::super::key::PERSON_BYTES;
use crate::domain::{RecordKind, RecordTable};

/// Bytes of a unit's number; longer ones are none.
pub const UNIT_BYTES: usize = 24;
/// Bytes of a text.
pub const TEXT_BYTES: usize = 1_000;
/// In the place of a text's length: there is none.
const NO_TEXT: u16 = u16::MAX;
const LINE_BYTES: usize = 8;

/// Where each column of a table stands in a row.
#[derive(Clone, Debug)]
pub struct RowForm {
    pub table: &'static RecordTable,
    /// By column; none for texts.
    places: Vec<Option<usize>>,
    /// Columns that are texts.
    texts: Vec<usize>,
    key_end: usize,
    fixed: usize,
}

fn width(kind: RecordKind) -> usize {
    match kind {
        RecordKind::Text => 0,
        RecordKind::Code(_) => 2,
        RecordKind::Month | RecordKind::Date => 4,
        RecordKind::Yuan | RecordKind::Count => 8,
        RecordKind::Person => PERSON_BYTES,
        RecordKind::Unit => UNIT_BYTES,
    }
}

impl RowForm {
    /// The form of a table whose records are told apart by the month and `key`.
    pub fn new(table: &'static RecordTable, key: &[usize]) -> RowForm {
        let mut places = vec![None; table.columns.len()];
        let mut at = 0;
        let mut place = |nth: usize, at: &mut usize| {
            places[nth] = Some(*at);
            *at += width(table.columns[nth].kind);
        };
        // Files are cut by month, which is the first column.
        place(0, &mut at);
        let in_key = |nth: usize| nth == 0 || key.contains(&nth);
        let fixed = |nth: usize| table.columns[nth].kind != RecordKind::Text;
        (0..table.columns.len()).filter(|n| *n > 0 && in_key(*n)).for_each(|nth| place(nth, &mut at));
        let key_end = at;
        (0..table.columns.len()).filter(|n| !in_key(*n) && fixed(*n)).for_each(|nth| place(nth, &mut at));
        let texts = (0..table.columns.len()).filter(|n| !fixed(*n)).collect();
        RowForm { table, places, texts, key_end, fixed: at + LINE_BYTES }
    }

    /// An empty row, every column of which is missing.
    pub fn row(&self) -> Row {
        Row { fixed: vec![0; self.fixed], texts: vec![None; self.texts.len()] }
    }

    fn place(&self, column: usize) -> std::ops::Range<usize> {
        let start = self.places[column].expect("texts are asked for as texts");
        start..start + width(self.table.columns[column].kind)
    }

    /// The part of a row by which records are told apart.
    pub fn key<'r>(&self, row: &'r [u8]) -> &'r [u8] {
        &row[..self.key_end]
    }

    /// All of a row but the line it came from.
    pub fn content<'r>(&self, row: &'r [u8]) -> (&'r [u8], &'r [u8]) {
        (&row[..self.fixed - LINE_BYTES], &row[self.fixed..])
    }

    pub fn line(&self, row: &[u8]) -> u64 {
        u64::from_be_bytes(row[self.fixed - LINE_BYTES..self.fixed].try_into().unwrap_or_default())
    }

    /// Months since the year 0.
    pub fn month(&self, row: &[u8]) -> u32 {
        u32::from_be_bytes(row[..4].try_into().unwrap_or_default())
    }

    /// The number of a code; 0: none.
    pub fn code(&self, row: &[u8], column: usize) -> u16 {
        u16::from_be_bytes(row[self.place(column)].try_into().unwrap_or_default())
    }

    /// Days since 1970.
    pub fn date(&self, row: &[u8], column: usize) -> Option<i32> {
        let stored = u32::from_be_bytes(row[self.place(column)].try_into().unwrap_or_default());
        (stored > 0).then_some((stored ^ 1 << 31) as i32)
    }

    /// Fen, or a count.
    pub fn integer(&self, row: &[u8], column: usize) -> Option<i64> {
        let stored = u64::from_be_bytes(row[self.place(column)].try_into().unwrap_or_default());
        (stored > 0).then_some((stored ^ 1 << 63) as i64)
    }

    pub fn person<'r>(&self, row: &'r [u8], column: usize) -> &'r [u8] {
        &row[self.place(column)]
    }

    pub fn unit<'r>(&self, row: &'r [u8], column: usize) -> &'r [u8] {
        let stored = &row[self.place(column)];
        let end = stored.iter().position(|b| *b == 0).unwrap_or(stored.len());
        &stored[..end]
    }

    pub fn text<'r>(&self, row: &'r [u8], column: usize) -> Option<&'r [u8]> {
        let mut rest = row.get(self.fixed..)?;
        for text in &self.texts {
            let (length, behind) = rest.split_first_chunk::<2>()?;
            let length = u16::from_be_bytes(*length);
            let (found, behind) = behind.split_at_checked(if length == NO_TEXT { 0 } else { usize::from(length) })?;
            if *text == column {
                return (length != NO_TEXT).then_some(found);
            }
            rest = behind;
        }
        None
    }

    /// Bytes of a row that begins here.
    pub(super) fn length(&self, row: &[u8]) -> usize {
        let mut end = self.fixed;
        for _ in &self.texts {
            let length = row[end..].first_chunk::<2>().map_or(NO_TEXT, |l| u16::from_be_bytes(*l));
            end += 2 + if length == NO_TEXT { 0 } else { usize::from(length) };
        }
        end
    }

    /// Bytes of the part of a row that is as long in every one.
    pub(super) fn fixed(&self) -> usize {
        self.fixed
    }
}

/// A row being made; what is not set is missing.
#[derive(Clone, Debug)]
pub struct Row {
    fixed: Vec<u8>,
    texts: Vec<Option<Vec<u8>>>,
}

impl Row {
    /// A row without content again.
    pub fn clear(&mut self) {
        self.fixed.fill(0);
        self.texts.fill(None);
    }

    /// Months since the year 0; 0: none.
    pub fn month(&self) -> u32 {
        u32::from_be_bytes(self.fixed[..4].try_into().unwrap_or_default())
    }

    /// The number of a code; 0: none.
    pub fn code(&self, form: &RowForm, column: usize) -> u16 {
        form.code(&self.fixed, column)
    }

    pub fn set_line(&mut self, line: u64) {
        let start = self.fixed.len() - LINE_BYTES;
        self.fixed[start..].copy_from_slice(&line.to_be_bytes());
    }

    pub fn set_month(&mut self, form: &RowForm, column: usize, month: u32) {
        self.fixed[form.place(column)].copy_from_slice(&month.to_be_bytes());
    }

    pub fn set_code(&mut self, form: &RowForm, column: usize, code: u16) {
        self.fixed[form.place(column)].copy_from_slice(&code.to_be_bytes());
    }

    pub fn set_date(&mut self, form: &RowForm, column: usize, days: i32) {
        self.fixed[form.place(column)].copy_from_slice(&(days as u32 ^ 1 << 31).to_be_bytes());
    }

    pub fn set_integer(&mut self, form: &RowForm, column: usize, integer: i64) {
        self.fixed[form.place(column)].copy_from_slice(&(integer as u64 ^ 1 << 63).to_be_bytes());
    }

    pub fn set_person(&mut self, form: &RowForm, column: usize, hash: [u8; PERSON_BYTES]) {
        self.fixed[form.place(column)].copy_from_slice(&hash);
    }

    /// A number of at most [`UNIT_BYTES`].
    pub fn set_unit(&mut self, form: &RowForm, column: usize, number: &[u8]) {
        let place = form.place(column);
        self.fixed[place.start..place.start + number.len()].copy_from_slice(number);
    }

    /// A text of at most [`TEXT_BYTES`].
    pub fn set_text(&mut self, form: &RowForm, column: usize, text: &[u8]) {
        if let Some(nth) = form.texts.iter().position(|t| *t == column) {
            self.texts[nth] = Some(text.to_vec());
        }
    }

    pub(super) fn write(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.fixed);
        for text in &self.texts {
            let length = text.as_ref().map_or(NO_TEXT, |text| text.len() as u16);
            into.extend_from_slice(&length.to_be_bytes());
            into.extend_from_slice(text.as_deref().unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record_table;

    #[test]
    fn what_is_put_into_a_row_comes_out_of_it() {
        let table = record_table("core_unit").unwrap();
        let column = |name: &str| table.column(name).unwrap();
        let form = RowForm::new(table, &[column("unit_id")]);
        let mut row = form.row();
        row.set_month(&form, 0, 24_310);
        row.set_unit(&form, column("unit_id"), b"530402000017");
        row.set_text(&form, column("unit_name"), "玉溪".as_bytes());
        row.set_date(&form, column("insured_date"), -1);
        row.set_code(&form, column("unit_status"), 3);
        row.set_line(7);
        let mut bytes = Vec::new();
        row.write(&mut bytes);
        assert_eq!(form.length(&bytes), bytes.len());
        assert_eq!((form.month(&bytes), form.line(&bytes)), (24_310, 7));
        assert_eq!(form.unit(&bytes, column("unit_id")), b"530402000017");
        assert_eq!(form.text(&bytes, column("unit_name")), Some("玉溪".as_bytes()));
        assert_eq!(form.date(&bytes, column("insured_date")), Some(-1));
        assert_eq!(form.date(&bytes, column("cancelled_date")), None);
        assert_eq!((form.code(&bytes, column("unit_status")), form.code(&bytes, column("industry"))), (3, 0));
        assert_eq!(form.key(&bytes).len(), 4 + UNIT_BYTES);
    }

    #[test]
    fn rows_sort_as_their_values_do() {
        let table = record_table("core_workforce").unwrap();
        let count = table.column("workforce_person").unwrap();
        let form = RowForm::new(table, &[count]);
        let bytes = |number: i64| {
            let mut row = form.row();
            row.set_integer(&form, count, number);
            let mut bytes = Vec::new();
            row.write(&mut bytes);
            bytes
        };
        let sorted = [-5, -1, 0, 1, 255, 256, i64::MAX].map(bytes);
        assert!(sorted.is_sorted());
        assert_eq!(sorted.each_ref().map(|row| form.integer(row, count).unwrap())[..3], [-5, -1, 0]);
    }
}
