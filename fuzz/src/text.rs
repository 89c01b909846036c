//! Texts of a cell: numbers, labels and the patterns they are held against.

use rust_decimal::Decimal;
use shebao::domain::label::{LABEL_CHARS_MAX, nearest, normalise};
use shebao::ingest::number::{self, Sign};
use shebao::spec::pattern::Pattern;

use super::codebook;

/// What parses prints back to the same number, with the very digits of the print.
pub fn number(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = number::dressed(&text);
    let Ok(read) = number::parse(&text) else { return };
    assert!(!read.magnitude.is_sign_negative(), "{text:?} has a sign in its magnitude");
    assert_eq!(read.magnitude.scale(), u32::from(read.decimals), "{text:?} has other decimals");
    let sign = match read.sign {
        Some(Sign::Plus) => "+",
        Some(Sign::Minus) => "-",
        None => "",
    };
    let percent = if read.percent { "%" } else { "" };
    let again = format!("{sign}{}{percent}", read.magnitude);
    assert_eq!(number::parse(&again), Ok(read), "{text:?} prints as {again:?}");
    let digits = |t: &str| normalise(t).chars().filter(char::is_ascii_digit).collect::<String>();
    let plain = read.magnitude.to_string();
    let (shown, kept) = (digits(&text), digits(&plain));
    assert!(shown == kept || format!("0{shown}") == kept, "{text:?} reads as {plain}");
}

/// A label's canonical form is its own canonical form; the nearest names are among those given, an equal one first.
pub fn label(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let once = normalise(&text);
    assert_eq!(normalise(&once), once, "{text:?} is not normalised in one step");
    assert!(!once.contains(char::is_whitespace), "{text:?} keeps white space");
    let (label, names) = text.split_once('\n').unwrap_or((&text, ""));
    let names: Vec<&str> = names.lines().collect();
    let near = nearest(label, names.iter().copied());
    assert!(near.iter().all(|n| names.contains(n)), "{near:?} are not all among {names:?}");
    let wanted = normalise(label);
    let is_label = (1..=LABEL_CHARS_MAX).contains(&wanted.chars().count());
    if is_label && names.iter().any(|n| normalise(n) == wanted) {
        assert_eq!(normalise(near[0]), wanted, "{label:?} is not nearest to itself");
    }
}

/// A pattern and a text, parted by a line break: what is captured lies in the text, one after the other, and says what it
/// holds.
pub fn pattern(bytes: &[u8]) {
    let input = String::from_utf8_lossy(bytes);
    let (written, text) = input.split_once('\n').unwrap_or((&input, &input));
    let lists: Vec<&str> = codebook().lists.keys().map(String::as_str).collect();
    let Ok(pattern) = Pattern::parse(written, &lists) else { return };
    assert!(!pattern.is_literal() || pattern.matches(written).is_some(), "{written:?} does not match itself");
    let (whole, inside) = (pattern.matches(text), pattern.find(text));
    assert!(whole.is_none() || inside.is_some(), "{written:?} matches all of {text:?} and nothing inside");
    for found in [whole, inside].into_iter().flatten() {
        assert_eq!(found.len(), pattern.captures().count());
        let mut end = 0;
        for captured in found {
            let held = text.get(captured.printed.clone());
            let held = held.unwrap_or_else(|| panic!("{:?} is no part of {text:?}", captured.printed));
            assert!(
                captured.printed.start >= end || *normalise(held) != *captured.text,
                "captures overlap in {text:?}"
            );
            assert!(normalise(held).contains(captured.text.as_str()), "{held:?} does not hold {:?}", captured.text);
            end = captured.printed.end;
            let _ = captured.period().map(|p| (p.start(), p.end(), p.to_string()));
            let _ = captured.text.parse::<Decimal>();
        }
    }
}
