//! A record as bytes that sort as its values do: the month, the key, the other columns, and the line it came from, each of
//! a fixed width; texts behind them. Sorting, merging and telling doubles apart is then comparing bytes.

use super::batch::Batch;
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
    /// Columns in the order in which they tell records apart: the month, by which files are cut, the rest of the key, others.
    columns: Vec<usize>,
    /// How many of them are the key.
    key: usize,
    /// Columns that are texts.
    texts: Vec<usize>,
    key_end: usize,
    fixed: usize,
}

fn width(kind: RecordKind) -> usize {
    match kind {
        RecordKind::Text => 0,
        RecordKind::Code(_) | RecordKind::Month | RecordKind::Date => 4,
        RecordKind::Yuan | RecordKind::Count => 8,
        RecordKind::Person => 2 * super::super::key::PERSON_BYTES,
        RecordKind::Unit => UNIT_BYTES,
    }
}

impl RowForm {
    /// The form of a table whose records are told apart by the month and `key`.
    pub fn new(table: &'static RecordTable, key: &[usize]) -> RowForm {
        let in_key = |nth: &usize| *nth == 0 || key.contains(nth);
        let is_text = |nth: &usize| table.columns[*nth].kind == RecordKind::Text;
        let (texts, fixed): (Vec<usize>, Vec<usize>) = (0..table.columns.len()).partition(is_text);
        let (mut columns, others): (Vec<usize>, Vec<usize>) = fixed.into_iter().partition(in_key);
        let key = columns.len();
        let bytes = |columns: &[usize]| columns.iter().map(|nth| width(table.columns[*nth].kind)).sum::<usize>();
        let key_end = bytes(&columns);
        columns.extend(others);
        let fixed = bytes(&columns) + LINE_BYTES;
        RowForm { table, columns, key, texts, key_end, fixed }
    }

    /// The columns by which records are told apart.
    pub(super) fn key_columns(&self) -> &[usize] {
        &self.columns[..self.key]
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

    /// The bytes of the month.
    pub(super) fn month<'r>(&self, row: &'r [u8]) -> &'r [u8] {
        &row[..width(RecordKind::Month)]
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

    /// A row of a batch as bytes, behind what is there already.
    pub(super) fn write(&self, batch: &Batch, row: usize, into: &mut Vec<u8>) {
        for nth in &self.columns {
            let column = &batch.columns[*nth];
            let kind = self.table.columns[*nth].kind;
            match kind {
                RecordKind::Yuan | RecordKind::Count => {
                    let stored = column.long(row).map_or(0, |long| long as u64 ^ 1 << 63);
                    into.extend_from_slice(&stored.to_be_bytes());
                }
                RecordKind::Person | RecordKind::Unit | RecordKind::Text => {
                    let end = into.len() + width(kind);
                    into.extend_from_slice(column.word(row).unwrap_or_default());
                    into.resize(end, 0);
                }
                RecordKind::Code(_) => {
                    let stored = column.short(row).map_or(0, |number| number + 1);
                    into.extend_from_slice(&stored.to_be_bytes());
                }
                RecordKind::Month | RecordKind::Date => {
                    let stored = column.short(row).map_or(0, |day| day ^ 1 << 31);
                    into.extend_from_slice(&stored.to_be_bytes());
                }
            }
        }
        into.extend_from_slice(&batch.lines[row].to_be_bytes());
        for text in &self.texts {
            let text = batch.columns[*text].word(row);
            let length = text.map_or(NO_TEXT, |text| text.len() as u16);
            into.extend_from_slice(&length.to_be_bytes());
            into.extend_from_slice(text.unwrap_or_default());
        }
    }

    /// Add a row to a batch, the other way round.
    pub(super) fn read(&self, row: &[u8], batch: &mut Batch) {
        let mut at = 0;
        for nth in &self.columns {
            let kind = self.table.columns[*nth].kind;
            let stored = &row[at..at + width(kind)];
            let column = &mut batch.columns[*nth];
            at += stored.len();
            let number = stored.iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte));
            match kind {
                _ if number == 0 => column.push_missing(),
                RecordKind::Yuan | RecordKind::Count => column.push_long((number ^ 1 << 63) as i64),
                RecordKind::Code(_) => column.push_short(number as u32 - 1),
                RecordKind::Month | RecordKind::Date => column.push_short(number as u32 ^ 1 << 31),
                RecordKind::Person | RecordKind::Unit | RecordKind::Text => {
                    let end = stored.iter().position(|byte| *byte == 0).unwrap_or(stored.len());
                    column.push_word(&stored[..end]);
                }
            }
        }
        batch.lines.push(self.line(row));
        let mut rest = &row[self.fixed..];
        for text in &self.texts {
            let (length, behind) = rest.split_first_chunk::<2>().unwrap_or((&[u8::MAX; 2], &[]));
            let length = u16::from_be_bytes(*length);
            let (found, behind) = behind.split_at(if length == NO_TEXT { 0 } else { usize::from(length) });
            match length == NO_TEXT {
                true => batch.columns[*text].push_missing(),
                false => batch.columns[*text].push_word(found),
            }
            rest = behind;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record_table;
    use crate::store::records::Words;

    #[test]
    fn what_is_put_into_a_row_comes_out_of_it() {
        let table = record_table("core_unit").unwrap();
        let column = |name: &str| table.column(name).unwrap();
        let form = RowForm::new(table, &[column("unit_id")]);
        let codes: Words = [b"0".as_slice(), b"1", b"2", b"3"].into_iter().collect();
        let codes = vec![codes; table.columns.len()];
        let mut batch = Batch::new(&form, &codes);
        let put = |batch: &mut Batch, day: i32, line: u64| {
            batch.columns[0].push_short(24_310);
            batch.columns[column("region")].push_short(2);
            batch.columns[column("unit_id")].push_word(b"530402000017");
            batch.columns[column("unit_name")].push_word("玉溪".as_bytes());
            batch.columns[column("industry")].push_missing();
            batch.columns[column("ownership")].push_missing();
            batch.columns[column("insured_date")].push_short(day as u32);
            batch.columns[column("cancelled_date")].push_missing();
            batch.columns[column("unit_status")].push_short(3);
            batch.lines.push(line);
        };
        put(&mut batch, -1, 7);
        let mut bytes = Vec::new();
        form.write(&batch, 0, &mut bytes);
        assert_eq!((form.length(&bytes), form.line(&bytes)), (bytes.len(), 7));
        assert_eq!(form.key(&bytes).len(), 4 + UNIT_BYTES);
        let mut again = Batch::new(&form, &codes);
        form.read(&bytes, &mut again);
        assert_eq!(again.columns[0].short(0), Some(24_310));
        assert_eq!(again.columns[column("unit_id")].word(0), Some(b"530402000017".as_slice()));
        assert_eq!(again.columns[column("unit_name")].word(0), Some("玉溪".as_bytes()));
        assert_eq!(again.columns[column("unit_status")].word(0), Some(b"3".as_slice()));
        assert_eq!(again.columns[column("insured_date")].short(0), Some(-1i32 as u32));
        assert_eq!(again.columns[column("industry")].word(0), None);
        let mut second = Vec::new();
        form.write(&again, 0, &mut second);
        assert_eq!(second, bytes);
        // Days sort as days, lines behind all else.
        for (day, line) in [(-5, 1), (-1, 6), (-1, 7), (0, 1), (300, 1)] {
            put(&mut batch, day, line);
        }
        let rows = (1..batch.len()).map(|row| {
            let mut bytes = Vec::new();
            form.write(&batch, row, &mut bytes);
            bytes
        });
        assert!(rows.collect::<Vec<_>>().is_sorted());
    }
}
