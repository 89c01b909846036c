//! What is shown of a cell that could not be used. Columns slip, so that a personal number may stand in any cell: whatever
//! has as many digits as one is shown in its form alone, `######################` or `####A##`.

use crate::domain::label::normalised;
use crate::grid::rows::TextForm;

/// Digits that a personal number has at least; a text with fewer is none.
pub const PERSON_DIGITS: usize = 7;
/// Characters of a cell that are shown.
const SHOWN_CHARS: usize = 60;

/// A cell as messages may show it; of a column of personal numbers nothing but its form.
pub(super) fn shown(text: &TextForm, bytes: &[u8], is_person: bool) -> String {
    let Some(decoded) = text.decode(bytes) else { return String::new() };
    let short: String = decoded.trim().chars().take(SHOWN_CHARS).collect();
    // What is cut off counts as well: a number must not be told from its beginning.
    if is_person || may_be_person(&decoded) { form(&short) } else { short }
}

/// Whether a text may hold a personal number. A date with its parts apart is none.
pub fn may_be_person(text: &str) -> bool {
    let digits = text.chars().flat_map(normalised).filter(char::is_ascii_digit).count();
    digits >= PERSON_DIGITS && !is_date(text.trim())
}

/// Every digit and letter by a sign.
pub fn form(text: &str) -> String {
    let sign = |c: char| match normalised(c).next() {
        Some(folded) if folded.is_ascii_digit() => '#',
        Some(folded) if folded.is_ascii_alphabetic() => 'A',
        Some(folded) if folded.is_ascii_punctuation() => folded,
        Some(_) => '*',
        None => ' ',
    };
    text.chars().map(sign).collect()
}

/// A year of four digits, and a month and a day of at most two.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['-', '/', '.', '年', '月', '日']).filter(|p| !p.is_empty()).collect();
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.as_slice(), [year, month, day]
        if year.len() == 4 && month.len() <= 2 && day.len() <= 2 && parts.iter().all(|p| digits(p)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_personal_number_shows_in_no_form() {
        let check = |text: &str, expected: &str| {
            let shown = if may_be_person(text) { form(text) } else { text.to_owned() };
            assert_eq!(shown, expected, "{text}");
        };
        check("53040219900101123X", "#################A");
        check("５３０４０２１９９００１０１１２３４", "##################");
        check("530402 19900101 1234", "###### ######## ####");
        check("A12-34567", "A##-#####");
        check("张三5304021990", "**##########");
        check("2026-13-01", "2026-13-01");
        check("2026年2月30日", "2026年2月30日");
        check("20261301", "########");
        check("2026-1301-12", "####-####-##");
        check("失业险", "失业险");
        check("123,456", "123,456");
    }
}
