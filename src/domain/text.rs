//! The text of a cell: kept in place where it is short, shared where it is long.
//!
//! A sheet of a million numbers would otherwise be a million allocations, and one of a thousand labels a million copies.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Bytes kept in place: nearly any number of a table, and a label of four Chinese characters.
const SHORT: usize = 14;

#[derive(Clone)]
pub struct Text(Kept);

#[derive(Clone)]
enum Kept {
    Short {
        length: u8,
        bytes: [u8; SHORT],
    },
    /// In two steps, so that a text takes no more than two machine words.
    Long(Arc<Box<str>>),
}

impl Text {
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // Only ever filled from a whole `&str`.
            Kept::Short { length, bytes } => std::str::from_utf8(&bytes[..usize::from(*length)]).unwrap_or(""),
            Kept::Long(text) => text,
        }
    }

    /// Its bytes, which need not be made a `str` again.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Kept::Short { length, bytes } => &bytes[..usize::from(*length)],
            Kept::Long(text) => text.as_bytes(),
        }
    }

    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// Whether it is nothing but white space.
    pub fn is_blank(&self) -> bool {
        !self.as_bytes().iter().any(u8::is_ascii_graphic) && self.trim().is_empty()
    }

    /// Whether it is nothing but ASCII, as numbers are.
    pub fn is_ascii(&self) -> bool {
        self.as_bytes().is_ascii()
    }

    /// A text of ASCII alone, as numbers are; `None` where there is more.
    pub fn of_ascii(text: &[u8]) -> Option<Text> {
        if !text.is_ascii() {
            return None;
        }
        Text::in_place(text).or_else(|| std::str::from_utf8(text).ok().map(Text::from))
    }

    fn long(text: &str) -> Text {
        Text(Kept::Long(Arc::new(text.into())))
    }

    /// A whole `str` in place, or `None` where it is too long for that.
    fn in_place(text: &[u8]) -> Option<Text> {
        let length = u8::try_from(text.len()).ok().filter(|l| usize::from(*l) <= SHORT)?;
        let mut bytes = [0; SHORT];
        bytes[..text.len()].copy_from_slice(text);
        Some(Text(Kept::Short { length, bytes }))
    }
}

/// Long texts met before, so that each is kept once.
#[derive(Default)]
pub struct Shared(std::collections::HashSet<Text>);

impl Shared {
    pub fn text(&mut self, text: &str) -> Text {
        Text::in_place(text.as_bytes()).unwrap_or_else(|| {
            if let Some(known) = self.0.get(text) {
                return known.clone();
            }
            let new = Text::long(text);
            self.0.insert(new.clone());
            new
        })
    }
}

impl Default for Text {
    fn default() -> Text {
        Text::from("")
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::in_place(text.as_bytes()).unwrap_or_else(|| Text::long(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text::from(text.as_str())
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Text {
        Text::from(text.as_str())
    }
}

impl FromIterator<char> for Text {
    fn from_iter<I: IntoIterator<Item = char>>(characters: I) -> Text {
        let mut characters = characters.into_iter();
        let (mut bytes, mut length) = ([0; SHORT], 0);
        while let Some(c) = characters.next() {
            let Some(place) = bytes.get_mut(length..length + c.len_utf8()) else {
                let begun = String::from_utf8_lossy(&bytes[..length]).into_owned();
                return begun.chars().chain([c]).chain(characters).collect::<String>().into();
            };
            c.encode_utf8(place);
            length += c.len_utf8();
        }
        Text(Kept::Short { length: length as u8, bytes })
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        **self == **other
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Text) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Text) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl std::hash::Hash for Text {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_alone_is_blank() {
        let blank = |text: &str| Text::from(text).is_blank();
        assert!(["", " ", "\n\u{3000}", "\t \u{A0}"].map(blank).iter().all(|blank| *blank));
        assert!(["0", " 参", "\u{3000}合 计", "—"].map(blank).iter().all(|blank| !*blank));
    }

    #[test]
    fn a_text_is_itself_at_any_length() {
        let mut shared = Shared::default();
        for length in [0, 1, 6, 7, 8, 1000] {
            let text = "参".repeat(length);
            assert_eq!(Text::from(&text), *text);
            let ascii = "9".repeat(length);
            assert_eq!(Text::of_ascii(ascii.as_bytes()).unwrap(), *ascii);
            assert_eq!(shared.text(&text), shared.text(&text));
            assert_eq!(text.chars().collect::<Text>(), *text);
            assert_eq!(format!("{ascii}保").chars().collect::<Text>(), *format!("{ascii}保"));
            assert_eq!(format!("{:>3}", shared.text(&text)), format!("{text:>3}"));
        }
    }
}
