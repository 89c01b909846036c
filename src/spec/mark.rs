//! Texts that stand in a cell where there is no number: `…`, `-`, a blank.

use std::collections::BTreeMap;

use super::initials::Initials;
use crate::domain::Mark;

/// Printed text → mark, exact text (white space other than the full-width blank dropped).
#[derive(Clone, Debug, Default)]
pub struct MarkTexts {
    texts: BTreeMap<String, Mark>,
    /// What they begin with: hardly a number does.
    first: Initials,
}

impl MarkTexts {
    /// Whether a text begins with this character.
    pub fn begin_with(&self, first: char) -> bool {
        self.first.contains(first)
    }

    /// The mark a cell holds: its text as printed, then with all white space counted as one blank.
    pub fn get(&self, printed: &str) -> Option<Mark> {
        let text = printed.trim_matches(|c: char| c.is_ascii_whitespace());
        if text.chars().next().is_some_and(|c| !c.is_whitespace() && !self.first.contains(c)) {
            return None;
        }
        let blank = if text.contains('\u{3000}') { "\u{3000}" } else { "" };
        let key = if text.trim().is_empty() { blank } else { text };
        self.texts.get(key).copied()
    }
}

/// Of two marks of one text the later holds.
impl FromIterator<(String, Mark)> for MarkTexts {
    fn from_iter<I: IntoIterator<Item = (String, Mark)>>(texts: I) -> MarkTexts {
        let texts: BTreeMap<String, Mark> = texts.into_iter().collect();
        let first = texts.keys().filter_map(|text| text.chars().next()).collect();
        MarkTexts { texts, first }
    }
}
