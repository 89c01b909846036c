//! How like two texts are, and a text with its years as captures.

use crate::domain::label::normalise;

/// A text that holds another whole is at least so like it, if that is not too small a part of it.
const HOLDS: f64 = 0.75;
const HOLDS_PART: usize = 3;
const YEAR_DIGITS: usize = 4;

/// From 0 to 1, whatever the spacing and width.
pub fn likeness(one: &str, other: &str) -> f64 {
    let (one, other) = (normalise(one), normalise(other));
    let edits = strsim::normalized_damerau_levenshtein(&one, &other);
    let (short, long) =
        (one.chars().count().min(other.chars().count()), one.chars().count().max(other.chars().count()));
    let holds = short > 1 && short * HOLDS_PART >= long && (one.contains(&*other) || other.contains(&*one));
    if holds { edits.max(HOLDS) } else { edits }
}

/// How like two titles are, of which parts may stand in another order: by the pairs of characters they share.
pub fn likeness_of_titles(one: &str, other: &str) -> f64 {
    let (one, other) = (normalise(one), normalise(other));
    strsim::normalized_damerau_levenshtein(&one, &other).max(strsim::sorensen_dice(&one, &other))
}

/// The years that a text states.
pub fn years(text: &str) -> Vec<i16> {
    pieces(text)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Year(year) | Piece::Month(year) => Some(year),
            Piece::Other(_) => None,
        })
        .collect()
}

/// The text with `{year}` and `{month}` where it states one.
pub fn with_captures(text: &str) -> String {
    let shown = |piece| match piece {
        Piece::Year(_) => "{year}".to_owned(),
        Piece::Month(_) => "{month}".to_owned(),
        Piece::Other(c) => c.to_string(),
    };
    pieces(text).into_iter().map(shown).collect()
}

/// The text without years, months and captures.
pub fn bones(text: &str) -> String {
    let mut bare = String::new();
    let mut depth = 0;
    for piece in pieces(text) {
        match piece {
            Piece::Other('{') => depth += 1,
            Piece::Other('}') if depth > 0 => depth -= 1,
            Piece::Other(c) if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    bare
}

enum Piece {
    Year(i16),
    /// The year of a month.
    Month(i16),
    Other(char),
}

fn pieces(text: &str) -> Vec<Piece> {
    let chars: Vec<char> = normalise(text).chars().collect();
    let digits = |from: usize| chars[from..].iter().take_while(|c| c.is_ascii_digit()).count();
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let run = digits(at);
        match year(&chars[at..at + run], chars.get(at + run)) {
            // The number of a table may stand right before it: 表4 2012年.
            Some(year) => {
                pieces.extend(chars[at..at + run - YEAR_DIGITS].iter().map(|c| Piece::Other(*c)));
                at += run;
                match month(&chars[at..]) {
                    Some(length) => {
                        pieces.push(Piece::Month(year));
                        at += length;
                    }
                    None => pieces.push(Piece::Year(year)),
                }
            }
            None => {
                let length = run.max(1);
                pieces.extend(chars[at..at + length].iter().map(|c| Piece::Other(*c)));
                at += length;
            }
        }
    }
    pieces
}

/// The year that digits end with, which are all there are or stand before 年.
fn year(digits: &[char], next: Option<&char>) -> Option<i16> {
    let start = digits.len().checked_sub(YEAR_DIGITS)?;
    let number: String = digits[start..].iter().collect();
    let usual = (start == 0 || next == Some(&'年')) && (number.starts_with("19") || number.starts_with("20"));
    number.parse().ok().filter(|_| usual)
}

/// Characters of `年7月` or `-07` after a year.
fn month(rest: &[char]) -> Option<usize> {
    let first = rest.first().filter(|c| ['年', '-'].contains(c))?;
    let digits: String = rest[1..].iter().take_while(|c| c.is_ascii_digit()).collect();
    digits.parse::<u8>().ok().filter(|m| (1..=12).contains(m) && digits.len() <= 2)?;
    match (first, rest.get(1 + digits.len())) {
        ('年', Some('月')) => Some(digits.len() + 2),
        ('-', _) => Some(digits.len() + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{bones, with_captures, years};

    #[test]
    fn years_become_captures() {
        let check = |text: &str, captured: &str, bare: &str, found: &[i16]| {
            assert_eq!((with_captures(text).as_str(), bones(text).as_str()), (captured, bare), "{text}");
            assert_eq!(years(text), found, "{text}");
        };
        check("2012年工伤保险", "{year}年工伤保险", "年工伤保险", &[2012]);
        check("截至2004年 7月西宁", "截至{month}西宁", "截至西宁", &[2004]);
        check("2013-08", "{month}", "", &[2013]);
        check("表4 2012年", "表4{year}年", "表4年", &[2012]);
        check("12012", "12012", "12012", &[]);
        check("{year}年各地", "{year}年各地", "年各地", &[]);
    }
}
