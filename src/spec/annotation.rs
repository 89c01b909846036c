//! Marks that print sets beside a label or a number: they refer to a footnote (`①`, `*`) or say what state a figure is in
//! (`p`, `(修订)`). A mark is taken off only where it cannot be part of what it stands beside.

use std::collections::BTreeMap;
use std::ops::Range;

use super::initials::Initials;
use super::meaning::Scope;
use super::raw;
use crate::domain::Status;

/// Highest number of the numbered marks that are known without being declared.
const NUMBERED_MAX: u32 = 20;

/// One mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// As declared.
    pub mark: String,
    /// `None` for a mark that refers to a footnote and says nothing itself.
    pub status: Option<Status>,
    /// As it may be printed, width folded: bare, in round and in square brackets.
    forms: Vec<String>,
}

/// The marks of a table.
#[derive(Clone, Debug, Default)]
pub struct Annotations {
    marks: Vec<Annotation>,
    /// Every form with its mark, the longest first.
    forms: Vec<(Vec<char>, usize)>,
    /// Characters that a form begins and ends with: few texts have one of them there.
    first: Initials,
    last: Initials,
}

/// Marks of one text, by their number in [`Annotations`], in the order of print.
pub type Marks = Vec<usize>;

impl Annotations {
    pub fn new(marks: Vec<Annotation>) -> Annotations {
        let mut forms: Vec<(Vec<char>, usize)> = Vec::new();
        for (nth, mark) in marks.iter().enumerate() {
            forms.extend(mark.forms.iter().map(|form| (form.chars().collect(), nth)));
        }
        forms.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
        let first = forms.iter().filter_map(|(form, _)| form.first().copied()).collect();
        let last = forms.iter().filter_map(|(form, _)| form.last().copied()).collect();
        Annotations { marks, forms, first, last }
    }

    pub fn get(&self, nth: usize) -> &Annotation {
        &self.marks[nth]
    }

    /// Whether a mark may stand at the beginning or the end of a text that begins and ends with these characters.
    pub fn may_stand_beside(&self, first: char, last: char) -> bool {
        self.first.contains(fold(first)) || self.last.contains(fold(last))
    }

    /// The text without the marks at its end, and those; a text that is nothing but a mark stays.
    pub fn at_end<'t>(&self, text: &'t str) -> (&'t str, Marks) {
        let (mut rest, mut found) = (text, Marks::new());
        while let Some((shorter, nth)) = self.last_of(rest) {
            found.insert(0, nth);
            rest = shorter;
            let apart = shorter.trim_end_matches(['、', ',', '，']);
            if self.last_of(apart).is_some() {
                rest = apart;
            }
        }
        (rest, found)
    }

    /// The text without the marks before it, and those.
    pub fn at_start<'t>(&self, text: &'t str) -> (&'t str, Marks) {
        let (mut rest, mut found) = (text, Marks::new());
        while let Some((taken, nth)) = self.first_of(rest) {
            if rest[taken.end..].trim().is_empty() {
                break;
            }
            found.push(nth);
            rest = &rest[taken.end..];
        }
        (rest, found)
    }

    /// The mark that a text begins with, and its bytes.
    pub fn first_of(&self, text: &str) -> Option<(Range<usize>, usize)> {
        let start = text.len() - text.trim_start().len();
        let trimmed = &text[start..];
        trimmed.chars().next().filter(|c| self.first.contains(fold(*c)))?;
        self.forms.iter().find_map(|(form, nth)| {
            let bytes: usize = trimmed.chars().take(form.len()).map(char::len_utf8).sum();
            let fits = trimmed.chars().map(fold).take(form.len()).eq(form.iter().copied());
            let next = trimmed[bytes..].chars().next();
            (fits && !joined(form.last().copied(), next)).then_some((start..start + bytes, *nth))
        })
    }

    /// The mark that is all of a text.
    pub fn whole(&self, text: &str) -> Option<usize> {
        let (taken, nth) = self.first_of(text)?;
        text[taken.end..].trim().is_empty().then_some(nth)
    }

    fn last_of<'t>(&self, text: &'t str) -> Option<(&'t str, usize)> {
        let trimmed = text.trim_end();
        trimmed.chars().next_back().filter(|c| self.last.contains(fold(*c)))?;
        self.forms.iter().find_map(|(form, nth)| {
            let bytes: usize = trimmed.chars().rev().take(form.len()).map(char::len_utf8).sum();
            let rest = &trimmed[..trimmed.len() - bytes];
            let fits = trimmed.chars().rev().map(fold).take(form.len()).eq(form.iter().rev().copied());
            let joined = joined(rest.chars().next_back(), form.first().copied());
            (fits && !joined && !rest.trim().is_empty()).then_some((rest, *nth))
        })
    }
}

/// Whether two neighbours make one number or one word, so that no mark begins between them.
fn joined(left: Option<char>, right: Option<char>) -> bool {
    let both = |kind: fn(&char) -> bool| left.as_ref().is_some_and(kind) && right.as_ref().is_some_and(kind);
    both(|c| fold(*c).is_ascii_digit()) || both(|c| fold(*c).is_ascii_alphabetic())
}

/// Full width → half width, and every square bracket the same.
fn fold(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '〔' | '【' => '[',
        '〕' | '】' => ']',
        _ => c,
    }
}

/// A mark with its forms.
fn annotation(mark: &str, status: Option<Status>) -> Annotation {
    let written: String = mark.chars().filter(|c| !c.is_whitespace()).map(fold).collect();
    let key = written.trim_matches(['(', ')', '[', ']']).to_owned();
    let mut forms = vec![format!("({key})"), format!("[{key}]")];
    if !forms.contains(&written) {
        forms.push(written);
    }
    Annotation { mark: mark.to_owned(), status, forms }
}

/// What refers to footnotes where nothing is declared: `①` to `⑳`, `*` to `***`, `†`, `‡`, `注1)`.
fn defaults() -> Vec<Annotation> {
    let circled = (0..NUMBERED_MAX).filter_map(|n| char::from_u32('①' as u32 + n)).map(|c| c.to_string());
    let signs = ["*", "**", "***", "†", "‡"].map(str::to_owned);
    let numbered = (1..=NUMBERED_MAX).map(|n| format!("注{n})"));
    circled.chain(signs).chain(numbered).map(|mark| annotation(&mark, None)).collect()
}

impl Scope<'_> {
    /// The marks of a table: those declared or the usual ones, and those that say a status.
    pub fn annotations(
        &mut self,
        notes: Option<&[raw::Text]>,
        statuses: Option<&BTreeMap<raw::Text, raw::Status>>,
    ) -> Annotations {
        let mut marks = match notes {
            None => defaults(),
            Some(notes) => notes.iter().filter(|n| self.usable(n)).map(|n| annotation(n.get_ref(), None)).collect(),
        };
        for (mark, status) in statuses.into_iter().flatten().filter(|(mark, _)| self.usable(mark)) {
            let status = annotation(mark.get_ref(), Some(status.resolved()));
            marks.retain(|m| m.forms.iter().all(|form| !status.forms.contains(form)));
            marks.push(status);
        }
        Annotations::new(marks)
    }

    /// Whether a mark could never be part of a number; what could be is a fault.
    fn usable(&mut self, mark: &raw::Text) -> bool {
        let text = mark.get_ref();
        let usable =
            text.chars().any(|c| !fold(c).is_ascii_digit() && !c.is_whitespace() && !".,+-%()[]".contains(fold(c)));
        let bracketed = text.chars().any(|c| "()[]".contains(fold(c))) && text.chars().any(char::is_alphanumeric);
        if !usable && !bracketed {
            let message = format!("the mark \"{text}\" could be part of a number");
            self.fault(
                mark.span(),
                "mark-number",
                message,
                "a mark has a letter or sign of its own, or brackets: \"1)\"",
            );
        }
        usable || bracketed
    }
}

#[cfg(test)]
mod tests {
    use super::{Annotations, annotation, defaults};
    use crate::domain::Status;

    fn marks(declared: &[&str]) -> Annotations {
        let status = annotation("修订", Some(Status::Revised));
        Annotations::new(
            defaults().into_iter().chain(declared.iter().map(|m| annotation(m, None))).chain([status]).collect(),
        )
    }

    #[test]
    fn marks_are_taken_off_where_they_are_none_of_the_text() {
        let check = |text: &str, rest: &str, expected: &[&str]| {
            let marks = marks(&["1)", "p", "a"]);
            let (found_rest, found) = marks.at_end(text);
            let names: Vec<&str> = found.iter().map(|n| marks.get(*n).mark.as_str()).collect();
            assert_eq!((found_rest.trim(), names.as_slice()), (rest, expected), "{text}");
        };
        check("参保人数①", "参保人数", &["①"]);
        check("参保人数 ＊", "参保人数", &["*"]);
        check("参保人数**", "参保人数", &["**"]);
        check("参保人数①、②", "参保人数", &["①", "②"]);
        check("参保人数①*", "参保人数", &["①", "*"]);
        check("参保人数（注1）", "参保人数", &["注1)"]);
        check("参保人数注12）", "参保人数", &["注12)"]);
        check("36.7p", "36.7", &["p"]);
        check("36.7（修订）", "36.7", &["修订"]);
        check("36 1)", "36", &["1)"]);
        check("36(1)", "36", &["1)"]);
        // The mark could be part of the number or the word.
        check("361)", "361)", &[]);
        check("Group", "Group", &[]);
        check("Total a", "Total", &["a"]);
        // Nothing but a mark is no marked text.
        check("①", "①", &[]);
        check("*", "*", &[]);
        check("", "", &[]);
    }

    #[test]
    fn marks_before_a_number() {
        let marks = marks(&["注1"]);
        let check = |text: &str, rest: &str, count: usize| {
            let (found_rest, found) = marks.at_start(text);
            assert_eq!((found_rest.trim(), found.len()), (rest, count), "{text}");
        };
        check("*36.7", "36.7", 1);
        check("① 36.7", "36.7", 1);
        check("修订36.7", "36.7", 1);
        check("注1 36", "36", 1);
        check("注136", "注136", 0);
        check("*", "*", 0);
    }
}
