//! How a model grows: computed whole, or month by month, and then which months of its inputs it reads.

use std::ops::RangeInclusive;

use datafusion::arrow::datatypes::Schema;

use super::super::fault::suggest;
use super::header::Header;
use crate::diag::{Diagnostic, Place};

/// The columns that may hold the month of a row, in tables that lie by month.
pub const MONTHS: [&str; 2] = ["month", "period"];

/// A model that is built once for each month.
#[derive(Clone, Debug)]
pub struct Growth {
    /// Which of the grain's columns holds the month being built.
    pub column: String,
    /// Whether it has rows of other periods too, which are made beside the months.
    pub rest: bool,
    /// The tables of which it reads other months than the one being built.
    pub reads: Vec<Read>,
    place: Place,
}

/// What is read of a table.
#[derive(Clone, Debug)]
pub struct Read {
    pub table: String,
    pub window: Window,
    /// The column that holds the months of the window, where it is not that by which the table lies.
    pub by: Option<String>,
}

/// Months as seen from the one being built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The month and those before it, so many in all.
    Last(u32),
    /// The month before.
    Before,
    /// Single months: a bit for each, the lowest for the month itself, the next for the one before it.
    Ago(u64),
    /// The month and all before it.
    All,
    /// All months, later ones too.
    Whole,
}

impl Window {
    /// From the first to the last of the months, counted from the year 0.
    pub fn months(self, month: u32) -> RangeInclusive<u32> {
        match self {
            Window::Last(length) => (month + 1).saturating_sub(length)..=month,
            Window::Before => month.saturating_sub(1)..=month.saturating_sub(1),
            Window::Ago(bits) => {
                let (last, first) = (bits.trailing_zeros(), bits.checked_ilog2().unwrap_or(0));
                month.saturating_sub(first)..=month.saturating_sub(last)
            }
            Window::All => 0..=month,
            Window::Whole => 0..=u32::MAX,
        }
    }

    /// Whether the rows of a month are among those read when another one is built.
    pub fn holds(self, built: u32, month: u32) -> bool {
        let is_bit =
            |bits: u64| built.checked_sub(month).and_then(|ago| bits.checked_shr(ago)).is_some_and(|b| b & 1 == 1);
        match self {
            Window::Ago(bits) => is_bit(bits),
            _ => self.months(built).contains(&month),
        }
    }

    /// Whether any month from the first to the last of these is among those read.
    pub fn meets(self, built: u32, (first, last): (u32, u32)) -> bool {
        let months = self.months(built);
        (first.max(*months.start())..=last.min(*months.end())).any(|month| self.holds(built, month))
    }

    fn parse(words: &[&str]) -> Option<Window> {
        match words {
            ["before"] => Some(Window::Before),
            ["all"] => Some(Window::All),
            ["whole"] => Some(Window::Whole),
            [number] => number.parse().ok().filter(|length| *length > 0).map(Window::Last),
            [numbers @ .., "ago"] => {
                let bit = |number: &&str| number.parse().ok().and_then(|ago| 1_u64.checked_shl(ago));
                let bits = numbers.iter().map(bit).try_fold(0, |bits, bit| Some(bits | bit?));
                bits.filter(|bits| *bits > 0).map(Window::Ago)
            }
            _ => None,
        }
    }
}

impl Read {
    /// `table 13`, `table before`, `table by column 13`.
    fn parse(text: &str) -> Option<Read> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (table, words) = words.split_first()?;
        let (by, words) = match words {
            ["by", column, words @ ..] => (Some((*column).to_owned()), words),
            words => (None, words),
        };
        Some(Read { table: (*table).to_owned(), window: Window::parse(words)?, by })
    }
}

impl Growth {
    /// `-- grows: month` (or `month, rest`) and `-- reads: table 13, table before`; `None` where a model is computed whole.
    pub fn read(header: &Header<'_>, grain: &[String], faults: &mut Vec<Diagnostic>) -> Option<Growth> {
        let (grows, reads) = (header.get("grows"), header.all("reads"));
        let mut fault = |message: String, key: &str, hint: &str| {
            faults.push(Diagnostic::error("sql-header", message).at(header.place(key)).hint(hint));
        };
        if grows.is_empty() {
            if !reads.is_empty() {
                let hint = "a model that is computed whole reads all months: add `-- grows: month` or remove the line";
                fault("`reads` stands in a model that does not grow".to_owned(), "reads", hint);
            }
            return None;
        }
        let rest =
            grows.split_once(',').is_some_and(|(months, rest)| months.trim() == "month" && rest.trim() == "rest");
        if grows != "month" && !rest {
            let hint = "write `-- grows: month` (`month, rest` where it has rows of other periods too), or leave the line out for a \
                        model that is computed whole";
            fault(format!("a model does not grow by \"{grows}\""), "grows", hint);
        }
        let column = grain.iter().find(|column| MONTHS.contains(&column.as_str())).cloned();
        if column.is_none() {
            let hint = "add `month` or `period` to the grain and to the columns of the query: the month being built";
            fault("the grain of a model that grows by month names no month".to_owned(), "grain", hint);
        }
        let mut windows = Vec::new();
        for read in reads.split(',').map(str::trim).filter(|read| !read.is_empty()) {
            match Read::parse(read) {
                Some(read) => windows.push(read),
                None => {
                    let hint = "write a table and 13 (the month and the 12 before), `0 1 12 ago` (the month, the one before and that \
                                of a year before), `all` (the month and all before), `before` (the month before) or `whole`, \
                                parted by commas: `-- reads: core_benefit 13`; `core_income by paid_month 13` where another \
                                column holds the months";
                    fault(format!("\"{read}\" does not say which months of a table are read"), "reads", hint);
                }
            }
        }
        Some(Growth { column: column?, rest, reads: windows, place: header.place("reads") })
    }

    /// What is said of the reading of a table.
    pub fn read_of(&self, table: &str) -> Option<&Read> {
        self.reads.iter().find(|read| read.table == table)
    }

    /// Which months of a table are read that lies by month.
    pub fn window(&self, table: &str) -> Window {
        let of = |read: &Read| if read.by.is_some() { Window::Whole } else { read.window };
        self.read_of(table).map_or(Window::Last(1), of)
    }

    /// What `reads` says of tables that are not read, do not lie by month, or are the model itself.
    pub fn check(&self, model: &str, read: &[&str], by_month: &dyn Fn(&str) -> bool) -> Vec<Diagnostic> {
        let fault = |message: String, hint: &str| Diagnostic::error("reads", message).at(self.place.clone()).hint(hint);
        let mut faults = Vec::new();
        for Read { table, window, by } in &self.reads {
            if !read.contains(&table.as_str()) {
                let hint = "remove it from `reads`, or correct the name";
                faults.push(fault(format!("the query does not read \"{table}\""), hint));
            } else if !by_month(table) {
                let hint = "remove it from `reads`: only record tables and models with `-- grows: month` lie by month, \
                            all others are read whole";
                faults.push(fault(format!("\"{table}\" does not lie by month"), hint));
            } else if table == model && (*window != Window::Before || by.is_some()) {
                faults.push(of_itself(model, &self.place));
            }
        }
        if read.contains(&model) && self.read_of(model).is_none() {
            faults.push(of_itself(model, &self.place));
        }
        faults
    }

    /// That the column exists by whose months a table is read.
    pub fn check_columns(&self, table: &str, schema: &Schema) -> Option<Diagnostic> {
        let column = self.read_of(table)?.by.as_ref().filter(|column| schema.column_with_name(column).is_none())?;
        let known: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let fault = Diagnostic::error("reads", format!("\"{table}\" has no column \"{column}\" to be read by"));
        Some(fault.at(self.place.clone()).hint(suggest(column, "columns", &known)))
    }
}

fn of_itself(model: &str, place: &Place) -> Diagnostic {
    let message = format!("\"{model}\" reads months of itself that are not made yet");
    Diagnostic::error("reads", message).at(place.clone()).hint(format!("write `-- reads: {model} before`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_counted_from_the_month_being_built() {
        let parse = |text: &str| Window::parse(&text.split_whitespace().collect::<Vec<_>>());
        let rows: [(&str, &[u32]); 8] = [
            ("1", &[10]),
            ("13", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
            ("3", &[8, 9, 10]),
            ("before", &[9]),
            ("all", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
            ("0 1 4 ago", &[6, 9, 10]),
            ("12 3 ago", &[7]),
            ("12 ago", &[]),
        ];
        for (text, months) in rows {
            let window = parse(text).unwrap();
            let held: Vec<u32> = (0..20).filter(|month| window.holds(10, *month)).collect();
            assert_eq!(held, months, "{text}");
            assert!(held.iter().all(|month| window.months(10).contains(month)), "{text}");
        }
        let meets = |text: &str, held| parse(text).unwrap().meets(10, held);
        assert_eq!([(8, 9), (9, 30), (11, 12), (0, 5)].map(|held| meets("2", held)), [true, true, false, false]);
        assert_eq!([(0, 30), (7, 8), (9, 9)].map(|held| meets("0 1 4 ago", held)), [true, false, true]);
        assert_eq!([(10, 40), (11, 40)].map(|held| meets("all", held)), [true, false]);
        let by = Read::parse("core_income by paid_month 2").unwrap();
        assert_eq!((by.by.as_deref(), by.window), (Some("paid_month"), Window::Last(2)));
        assert!(Read::parse("core_income by paid_month").is_none() && Read::parse("core_income by 2").is_none());
        for text in ["0", "-1", "after", "1.5", "", "1 12", "ago", "0 64 ago", "before ago"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
