//! Labels with captures: `{region}`, `表5 玉溪市{year}年…`, `{years:int}年`.
//!
//! A pattern and the text it is held against are both normalised (width folded, white space dropped), so that print's
//! spacing never matters. Matching says *what stands* in a capture; what it means as a code is `ingest`'s business.

use std::collections::BTreeSet;
use std::ops::Range;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::domain::label::{is_han, is_normal, lacks, normalise, normalised};
use crate::domain::{Dimension, Period, Text};

/// Digits of a whole number that is captured.
const INTEGER_DIGITS_MAX: usize = 9;

/// Characters of a printed number, as `ingest` reads them.
pub const NUMBER_CHARS_MAX: usize = 40;

/// The names of captures beside those of code lists.
pub const CAPTURES: [&str; 7] = ["year", "month", "period", "unit", "breakdown", "number", "any"];

/// A parsed label pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    pieces: Vec<Piece>,
    written: String,
}

#[derive(Clone, Debug)]
enum Piece {
    /// Normalised.
    Text(Vec<char>),
    Capture(Capture),
}

/// What a capture stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capture {
    /// A label of one of the five dimensions.
    Dimension(Dimension),
    /// A label of the indicator list.
    Indicator,
    /// The name of a unit.
    Unit,
    /// A label of any further code list; the breakdown's key is the list's name.
    Breakdown(Text),
    /// Further groups, each under the name of its list: `出资方：单位；统计量：上限`.
    Groups,
    /// A whole number; the breakdown's key is given.
    Integer(Text),
    /// Four digits.
    Year,
    /// `2004-07` or `2004年7月`.
    Month,
    /// A period as the warehouse writes it: `2004`, `2004-07`, `2013-01/2013-08`.
    Period,
    /// A printed number.
    Number,
    /// Text without meaning.
    Any,
}

/// Text that a capture stood against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    pub capture: Capture,
    /// Normalised.
    pub text: Text,
    /// Bytes of the text as printed.
    pub printed: Range<usize>,
}

impl Captured {
    /// The period a `{year}`, `{month}` or `{period}` stands for.
    pub fn period(&self) -> Option<Period> {
        match self.capture {
            Capture::Year | Capture::Period => self.text.parse().ok(),
            Capture::Month => {
                let (year, month) = self.text.split_once(['年', '-'])?;
                let month: u8 = month.trim_end_matches('月').parse().ok()?;
                format!("{year}-{month:02}").parse().ok()
            }
            _ => None,
        }
    }
}

/// Why a pattern cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    #[error("an opening brace has no closing one")]
    Unclosed,
    #[error("the label is blank")]
    Blank,
    #[error("there is no code list \"{name}\" to look {{{name}}} up in")]
    NoList { name: String },
    #[error("\"{kind}\" is not a kind of capture; the only one is {{{name}:int}}")]
    Kind { name: String, kind: String },
    #[error("two captures stand side by side, so that nothing says where the first ends")]
    Adjacent,
}

impl Pattern {
    /// Read a pattern; `lists` are the names of all code lists.
    ///
    /// # Errors
    /// A brace is left open, or a capture names no code list.
    pub fn parse(written: &str, lists: &[&str]) -> Result<Pattern, PatternError> {
        let mut pieces = Vec::new();
        let mut rest = written;
        while let Some(open) = rest.find('{') {
            push_text(&mut pieces, &rest[..open]);
            let close = rest[open..].find('}').ok_or(PatternError::Unclosed)? + open;
            if matches!(pieces.last(), Some(Piece::Capture(_))) {
                return Err(PatternError::Adjacent);
            }
            pieces.push(Piece::Capture(capture(&rest[open + 1..close], lists)?));
            rest = &rest[close + 1..];
        }
        push_text(&mut pieces, rest);
        if pieces.is_empty() {
            return Err(PatternError::Blank);
        }
        Ok(Pattern { pieces, written: written.to_owned() })
    }

    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// A text that fits, with this in the place of each capture.
    pub fn example(&self, fill: impl Fn(&Capture) -> String) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => text.iter().collect(),
            Piece::Capture(capture) => fill(capture),
        };
        if self.is_literal() { self.written.clone() } else { self.pieces.iter().map(text).collect() }
    }

    /// Whether what fits is more than ASCII.
    pub fn is_beyond_ascii(&self) -> bool {
        self.pieces.iter().any(|p| matches!(p, Piece::Text(text) if !text.iter().all(char::is_ascii)))
    }

    pub fn is_literal(&self) -> bool {
        self.pieces.iter().all(|p| matches!(p, Piece::Text(_)))
    }

    /// Whether the pattern is one capture and nothing else.
    pub fn is_bare(&self) -> bool {
        matches!(self.pieces.as_slice(), [Piece::Capture(_)])
    }

    pub fn captures(&self) -> impl Iterator<Item = &Capture> {
        self.pieces.iter().filter_map(|p| match p {
            Piece::Capture(capture) => Some(capture),
            Piece::Text(_) => None,
        })
    }

    /// What the captures hold where the whole text fits the pattern.
    pub fn matches(&self, printed: &str) -> Option<Vec<Captured>> {
        if self.differs_at_an_end(printed) {
            return None;
        }
        let text = Folded::new(printed);
        Search { text: &text, to_end: true, dead: BTreeSet::new() }.from(&self.pieces, 0)
    }

    /// What the captures hold at the first place inside the text that fits the pattern.
    pub fn find(&self, printed: &str) -> Option<Vec<Captured>> {
        if self.is_elsewhere(printed) {
            return None;
        }
        let text = Folded::new(printed);
        let mut search = Search { text: &text, to_end: false, dead: BTreeSet::new() };
        (0..=text.chars.len()).find_map(|start| search.from(&self.pieces, start))
    }

    /// Whether a text surely begins or ends with another character than what fits, as nearly all labels of other entries do.
    fn differs_at_an_end(&self, printed: &str) -> bool {
        let differ = |piece: Option<&Piece>, wanted: fn(&[char]) -> Option<&char>, there: Option<char>| {
            let there = there.filter(|c| is_han(*c));
            matches!((piece, there), (Some(Piece::Text(text)), Some(there)) if wanted(text) != Some(&there))
        };
        differ(self.pieces.first(), <[char]>::first, printed.chars().next())
            || differ(self.pieces.last(), <[char]>::last, printed.chars().next_back())
    }

    /// Whether a text surely lacks a character of the pattern.
    fn is_elsewhere(&self, printed: &str) -> bool {
        self.pieces.iter().any(|p| matches!(p, Piece::Text(text) if lacks(printed, text.iter().copied())))
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    let text: Vec<char> = normalise(text).chars().collect();
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
}

fn capture(inside: &str, lists: &[&str]) -> Result<Capture, PatternError> {
    let (name, kind) = inside.split_once(':').unwrap_or((inside, ""));
    let name = name.trim();
    match kind.trim() {
        "" => {}
        "int" => return Ok(Capture::Integer(name.into())),
        kind => return Err(PatternError::Kind { name: name.to_owned(), kind: kind.to_owned() }),
    }
    match name {
        "year" => Ok(Capture::Year),
        "month" => Ok(Capture::Month),
        "period" => Ok(Capture::Period),
        "number" => Ok(Capture::Number),
        "any" => Ok(Capture::Any),
        "indicator" => Ok(Capture::Indicator),
        "unit" => Ok(Capture::Unit),
        "breakdown" => Ok(Capture::Groups),
        _ => match Dimension::parse(name) {
            Some(dimension) => Ok(Capture::Dimension(dimension)),
            _ if lists.contains(&name) => Ok(Capture::Breakdown(name.into())),
            _ => Err(PatternError::NoList { name: name.to_owned() }),
        },
    }
}

/// The normalised characters of a printed text.
struct Folded<'t> {
    printed: &'t str,
    chars: Vec<char>,
    /// Characters compose with each other, which those of no Chinese print do: where each stands is not known.
    composed: bool,
}

impl<'t> Folded<'t> {
    fn new(printed: &'t str) -> Folded<'t> {
        let mut chars = Vec::with_capacity(printed.len());
        let mut plain = true;
        for c in printed.chars() {
            if is_normal(c) {
                chars.push(c);
            } else {
                plain &= c == ' ';
                chars.extend(normalised(c));
            }
        }
        let composed = !plain && is_nfc_quick(chars.iter().copied()) != IsNormalized::Yes;
        let chars = if composed { chars.into_iter().nfc().collect() } else { chars };
        Folded { printed, chars, composed }
    }

    /// Bytes of the printed text that characters stand for.
    fn bytes(&self, chars: &Range<usize>) -> Range<usize> {
        let all = 0..self.printed.len();
        if self.composed {
            return all;
        }
        let (mut start, mut before) = (0, 0);
        for (at, c) in self.printed.char_indices() {
            let after = before + if is_normal(c) { 1 } else { normalised(c).count() };
            if (before..after).contains(&chars.start) {
                start = at;
            }
            if after >= chars.end {
                return start..at + c.len_utf8();
            }
            before = after;
        }
        start..all.end
    }
}

/// One pattern held against one text.
struct Search<'a> {
    text: &'a Folded<'a>,
    /// Whether the pattern must reach to the end of the text.
    to_end: bool,
    /// Number of pieces left and place in the text from which they have been found not to fit.
    dead: BTreeSet<(usize, usize)>,
}

impl Search<'_> {
    fn from(&mut self, pieces: &[Piece], start: usize) -> Option<Vec<Captured>> {
        let mut found = Vec::new();
        let fits = self.fit(pieces, start, &mut found);
        found.reverse();
        fits.then_some(found)
    }

    /// Fit pieces from `start`; a capture takes the shortest text that lets the rest fit (numbers the longest). `found` is
    /// filled from the last capture to the first.
    fn fit(&mut self, pieces: &[Piece], start: usize, found: &mut Vec<Captured>) -> bool {
        let Some((first, rest)) = pieces.split_first() else {
            return !self.to_end || start == self.text.chars.len();
        };
        match first {
            Piece::Text(literal) => {
                self.text.chars[start..].starts_with(literal) && self.fit(rest, start + literal.len(), found)
            }
            Piece::Capture(capture) if self.is_dead(capture, pieces.len(), start) => false,
            Piece::Capture(capture) => {
                let fits = self.capture(capture, rest, start, found);
                if !fits {
                    self.dead.insert((pieces.len(), start));
                }
                fits
            }
        }
    }

    /// What a capture of any length cannot begin at one place it cannot begin at a later one: the rest stands at neither.
    fn is_dead(&self, capture: &Capture, left: usize, start: usize) -> bool {
        match longest(capture) {
            usize::MAX => self.dead.range((left, 0)..=(left, start)).next().is_some(),
            _ => self.dead.contains(&(left, start)),
        }
    }

    fn capture(&mut self, capture: &Capture, rest: &[Piece], start: usize, found: &mut Vec<Captured>) -> bool {
        let left = (self.text.chars.len() - start).min(longest(capture));
        let greedy = matches!(capture, Capture::Number | Capture::Integer(_) | Capture::Month | Capture::Period);
        // At the end of a pattern, text runs to the end of what is searched; there is nothing shorter to mean.
        let shortest = if rest.is_empty() && longest(capture) == usize::MAX { left.max(1) } else { 1 };
        for nth in shortest..=left {
            let end = start + if greedy { left + 1 - nth } else { nth };
            if self.holds(capture, start..end) && self.fit(rest, end, found) {
                let printed = self.text.bytes(&(start..end));
                let text = self.text.chars[start..end].iter().copied().collect();
                found.push(Captured { capture: capture.clone(), text, printed });
                return true;
            }
        }
        false
    }

    fn holds(&self, capture: &Capture, place: Range<usize>) -> bool {
        longest(capture) == usize::MAX || holds(capture, &self.text.chars[place])
    }
}

/// The most characters that a capture can hold, so that a long text is not tried at every length.
fn longest(capture: &Capture) -> usize {
    match capture {
        Capture::Year => 4,
        Capture::Month => "2004年12月".chars().count(),
        Capture::Period => "2013-01/2013-08".len(),
        Capture::Integer(_) => INTEGER_DIGITS_MAX,
        Capture::Number => NUMBER_CHARS_MAX,
        Capture::Dimension(_)
        | Capture::Indicator
        | Capture::Unit
        | Capture::Breakdown(_)
        | Capture::Groups
        | Capture::Any => usize::MAX,
    }
}

fn holds(capture: &Capture, text: &[char]) -> bool {
    let digits = |t: &[char]| !t.is_empty() && t.iter().all(char::is_ascii_digit);
    match capture {
        Capture::Year => digits(text) && matches!(text, ['1', '8' | '9', _, _] | ['2', '0', _, _]),
        Capture::Integer(_) => digits(text) && text.len() <= INTEGER_DIGITS_MAX,
        Capture::Number => {
            let first = |c: &char| c.is_ascii_digit() || "+-.".contains(*c);
            text.first().is_some_and(first)
                && text.last().is_some_and(char::is_ascii_digit)
                && text.iter().all(|c| first(c) || *c == ',')
        }
        Capture::Month => {
            let (year, month) = match text.iter().position(|c| *c == '年') {
                Some(sign) => (&text[..sign], text[sign + 1..].strip_suffix(&['月']).unwrap_or_default()),
                None => text
                    .iter()
                    .position(|c| *c == '-')
                    .map_or_else(Default::default, |sign| (&text[..sign], &text[sign + 1..])),
            };
            let month_fits = matches!(month, ['1'..='9'] | ['0', '1'..='9'] | ['1', '0'..='2']);
            year.len() == 4 && digits(year) && month_fits
        }
        Capture::Period => text.iter().collect::<String>().parse::<Period>().is_ok(),
        Capture::Dimension(_)
        | Capture::Indicator
        | Capture::Unit
        | Capture::Breakdown(_)
        | Capture::Groups
        | Capture::Any => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Text};

    fn check(pattern: &str, text: &str, expected: Option<&[&str]>) {
        let pattern = Pattern::parse(pattern, &["hospital"]).unwrap();
        let found = pattern.matches(text).map(|c| c.into_iter().map(|c| c.text).collect::<Vec<_>>());
        assert_eq!(found.as_deref(), expected.map(|e| e.iter().map(|s| Text::from(*s)).collect::<Vec<_>>()).as_deref());
    }

    #[test]
    fn whole_labels() {
        check("{region}", "红塔区", Some(&["红塔区"]));
        check("参保 人数", "参保\n人数", Some(&[]));
        check("参保人数", "参保人数合计", None);
        check("{year}年", "2013年", Some(&["2013"]));
        check("{year}", "13", None);
        check("{years:int}年", "１５年", Some(&["15"]));
        check("全省平均工资的{base_pct:int}%", "全省平均 工资的100%", Some(&["100"]));
        check("{month}", "2013-01", Some(&["2013-01"]));
        check("{period}", "2013-01/2013-08", Some(&["2013-01/2013-08"]));
        check("{period}", "2013-08/2013-01", None);
        check("{period}底", "2012底", Some(&["2012"]));
        check("{breakdown}", "出资方：单位；级别：一级", Some(&["出资方:单位;级别:一级"]));
        check("{hospital}", "市外定点", Some(&["市外定点"]));
        check("{indicator}（{unit}）", "参保人数 (万人)", Some(&["参保人数", "万人"]));
    }

    #[test]
    fn inside_a_text() {
        let title = "表 1 截至 2004年 7月西宁地区非公有制经济从业人员参保人数一览表 (人 )";
        let found = Pattern::parse("截至{month}西宁地区", &[]).unwrap().find(title).unwrap();
        assert_eq!(found[0].period().unwrap().to_string(), "2004-07");
        let note = "注: 从业人员测算为 34. 98万 ,占全省的 68%";
        let found = Pattern::parse("测算为{number}万", &[]).unwrap().find(note).unwrap();
        assert_eq!((found[0].text.as_str(), &note[found[0].printed.clone()]), ("34.98", "34. 98"));
    }

    #[test]
    fn a_capture_at_the_end_of_the_text_holds_nothing() {
        let find = |pattern: &str, text: &str| Pattern::parse(pattern, &[]).unwrap().find(text).is_some();
        assert!(!find("年{any}", "2012年") && find("年{any}", "2012年度"));
    }

    #[test]
    fn a_label_of_composed_characters_fits_itself() {
        check("e\u{301}", "e\u{301}", Some(&[]));
        check("\u{e9}", "e\u{301}", Some(&[]));
        check("{any}\u{e9}", "年e\u{301}", Some(&["年"]));
    }

    #[test]
    fn a_long_text_takes_no_long_time() {
        let text = "1,".repeat(20_000);
        for pattern in ["{any},{any},{any}x", "{number},{number},{number},{number},{number}x", "{region},{year},{any}"]
        {
            assert!(Pattern::parse(pattern, &[]).unwrap().find(&text).is_none(), "{pattern}");
        }
    }

    #[test]
    fn faults() {
        for (pattern, message) in [
            ("{region", "an opening brace has no closing one"),
            ("{colour}", "there is no code list \"colour\" to look {colour} up in"),
            ("{n:float}", "\"float\" is not a kind of capture; the only one is {n:int}"),
            (" ", "the label is blank"),
            ("{region}{year}", "two captures stand side by side, so that nothing says where the first ends"),
        ] {
            assert_eq!(Pattern::parse(pattern, &["hospital"]).unwrap_err().to_string(), message);
        }
    }
}
