//! What a cell looks like, without knowing where it stands: a number, a period, a mark, or text.

use crate::grid::{Cell, CellValue};
use crate::ingest::number;

/// What one cell looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    /// A number or a short text that may be a year or a month: `2013`, `2013年`, `1996/97`, `2020 1)`.
    Period,
    Date,
    /// What stands for a number that is not there: `…`, `-`, `[c]`.
    Mark,
    /// An error, true or false, a formula without value.
    Other,
}

/// Texts that stand for a missing number, white space dropped.
const MARKS: [&str; 31] = [
    "-", "--", "---", "–", "—", "――", "…", "……", "...", "..", "....", ".", "n/a", "N/A", "NA", "na", "n.a.", "[c]",
    "[x]", "[z]", "[w]", "(X)", "X", "x", "×", "*", "**", "/", "／", "#", ":",
];

/// The longest text that is tried as a number: print has no longer ones.
const NUMBER_BYTES_MAX: usize = 40;

/// Years that a table may be about.
const YEARS: std::ops::RangeInclusive<u16> = 1800..=2100;

/// `None` where a person sees nothing.
pub(super) fn kind(cell: &Cell) -> Option<Kind> {
    Some(match &cell.value {
        CellValue::Text => return kind_of_text(&cell.text),
        CellValue::Number(n) if n.is_integer() && year(cell.text.trim()).is_some() => Kind::Period,
        CellValue::Number(_) => Kind::Number,
        CellValue::Date(_) => Kind::Date,
        CellValue::Bool(_) | CellValue::Error | CellValue::UnsavedFormula => Kind::Other,
    })
}

fn kind_of_text(text: &str) -> Option<Kind> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if text.len() <= NUMBER_BYTES_MAX {
        if is_period(text) {
            return Some(Kind::Period);
        }
        if is_number(text) {
            return Some(Kind::Number);
        }
        if is_mark(text) {
            return Some(Kind::Mark);
        }
    }
    Some(Kind::Text)
}

/// Whether a text is a printed number, as `ingest` reads them.
pub(super) fn is_number(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit() || b >= 0x80) && number::parse(text).is_ok()
}

pub(super) fn is_mark(text: &str) -> bool {
    let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    MARKS.contains(&dense.as_str())
}

/// The year that a text is, and nothing else.
pub(super) fn year(text: &str) -> Option<u16> {
    let digits = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|y| digits && YEARS.contains(y))
}

/// A year with what print adds to it: `2013年`, `2013年1月`, `1996/97`, `1995–2000`, `2020 1)`.
fn is_period(text: &str) -> bool {
    let Some(first) = text.get(..4).and_then(year) else { return false };
    let rest = text[4..].trim();
    let second = rest.trim_start_matches(['/', '-', '–', '—', ' ']).trim_end_matches('年');
    let span = second.len() < rest.len()
        && (year(second).is_some_and(|y| y > first)
            || second.len() == 2 && second.parse().is_ok_and(|y: u16| y == (first + 1) % 100 || y > first % 100));
    rest.is_empty()
        || rest == "年"
        || rest.strip_prefix(['年', '-']).is_some_and(|m| is_month(m.trim().trim_end_matches('月')))
        || span
        || is_note_mark(rest)
}

fn is_month(text: &str) -> bool {
    (1..=2).contains(&text.len()) && text.parse().is_ok_and(|m: u8| (1..=12).contains(&m))
}

/// A footnote mark: `1)`, `*`, `a`, `①`.
pub(super) fn is_note_mark(text: &str) -> bool {
    let core = text.trim_matches(['(', ')', '[', ']', '（', '）', ' ']);
    matches!(core, "*" | "**" | "†" | "‡" | "#" | "p" | "r" | "e")
        || core.chars().count() == 1
            && core
                .chars()
                .all(|c| ('①'..='⑳').contains(&c) || c.is_ascii_lowercase() || (core != text && c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{Kind, kind_of_text};

    #[test]
    fn texts_have_kinds() {
        for (text, expected) in [
            ("2013", Kind::Period),
            ("2013年", Kind::Period),
            ("2013年12月", Kind::Period),
            ("2013-07", Kind::Period),
            ("1996/97", Kind::Period),
            ("1995–2000", Kind::Period),
            ("2020 1)", Kind::Period),
            ("1,408", Kind::Number),
            ("- 3. 5", Kind::Number),
            ("１２．５％", Kind::Number),
            ("2013.5", Kind::Number),
            ("20130", Kind::Number),
            (". . .", Kind::Mark),
            ("…", Kind::Mark),
            ("[c]", Kind::Mark),
            ("北京", Kind::Text),
            ("25–29", Kind::Text),
            ("i 2", Kind::Text),
        ] {
            assert_eq!(kind_of_text(text), Some(expected), "{text}");
        }
        assert_eq!(kind_of_text("\u{3000}"), None);
    }
}
