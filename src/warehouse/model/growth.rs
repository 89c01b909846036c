//! How a model grows: computed whole, or month by month, and then which months of its inputs it reads.

use std::ops::RangeInclusive;

use super::header::Header;
use crate::diag::{Diagnostic, Place};

/// The columns that may hold the month of a row, in tables that lie by month.
pub const MONTHS: [&str; 2] = ["month", "period"];

/// A model that is built once for each month.
#[derive(Clone, Debug)]
pub struct Growth {
    /// Which of the grain's columns holds the month being built.
    pub column: String,
    /// The tables of which it reads other months than the one being built.
    pub reads: Vec<(String, Window)>,
    place: Place,
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

impl Growth {
    /// `-- grows: month` and `-- reads: table 13, table before`; `None` where a model is computed whole.
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
        if grows != "month" {
            let hint = "write `-- grows: month`, or leave the line out for a model that is computed whole";
            fault(format!("a model does not grow by \"{grows}\""), "grows", hint);
        }
        let column = grain.iter().find(|column| MONTHS.contains(&column.as_str())).cloned();
        if column.is_none() {
            let hint = "add `month` or `period` to the grain and to the columns of the query: the month being built";
            fault("the grain of a model that grows by month names no month".to_owned(), "grain", hint);
        }
        let mut windows = Vec::new();
        for read in reads.split(',').map(str::trim).filter(|read| !read.is_empty()) {
            let words: Vec<&str> = read.split_whitespace().collect();
            let window =
                words.split_first().and_then(|(table, words)| Some(((*table).to_owned(), Window::parse(words)?)));
            match window {
                Some(window) => windows.push(window),
                None => {
                    let hint = "write a table and 13 (the month and the 12 before), `0 1 12 ago` (the month, the one before and that \
                                of a year before), `all` (the month and all before), `before` (the month before) or `whole`, \
                                parted by commas: `-- reads: core_benefit 13`";
                    fault(format!("\"{read}\" does not say which months of a table are read"), "reads", hint);
                }
            }
        }
        Some(Growth { column: column?, reads: windows, place: header.place("reads") })
    }

    /// Which months of a table are read that lies by month.
    pub fn window(&self, table: &str) -> Window {
        self.reads.iter().find(|(name, _)| name == table).map_or(Window::Last(1), |(_, window)| *window)
    }

    /// What `reads` says of tables that are not read, do not lie by month, or are the model itself.
    pub fn check(&self, model: &str, read: &[&str], by_month: &dyn Fn(&str) -> bool) -> Vec<Diagnostic> {
        let fault = |message: String, hint: &str| Diagnostic::error("reads", message).at(self.place.clone()).hint(hint);
        let mut faults = Vec::new();
        for (table, window) in &self.reads {
            if !read.contains(&table.as_str()) {
                let hint = "remove it from `reads`, or correct the name";
                faults.push(fault(format!("the query does not read \"{table}\""), hint));
            } else if !by_month(table) {
                let hint = "remove it from `reads`: only record tables and models with `-- grows: month` lie by month, \
                            all others are read whole";
                faults.push(fault(format!("\"{table}\" does not lie by month"), hint));
            } else if table == model && *window != Window::Before {
                faults.push(of_itself(model, &self.place));
            }
        }
        if read.contains(&model) && !self.reads.iter().any(|(table, _)| table == model) {
            faults.push(of_itself(model, &self.place));
        }
        faults
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
        for text in ["0", "-1", "after", "1.5", "", "1 12", "ago", "0 64 ago", "before ago"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
