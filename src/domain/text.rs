//! The text of a cell: kept in place where it is short, shared where it is long.
//!
//! A sheet of a million numbers would otherwise be a million allocations, and one of a thousand labels a million copies.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Bytes kept in place: any number a spreadsheet shows, and a label of seven Chinese characters.
const SHORT: usize = 22;

#[derive(Clone)]
pub struct Text(Kept);

#[derive(Clone)]
enum Kept {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Arc<str>),
}

impl Text {
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // Only ever filled from a whole `&str`.
            Kept::Short { length, bytes } => std::str::from_utf8(&bytes[..usize::from(*length)]).unwrap_or(""),
            Kept::Long(text) => text,
        }
    }

    /// Whether it is nothing but ASCII, as numbers are; the text need not be made a `str` for it.
    pub fn is_ascii(&self) -> bool {
        match &self.0 {
            Kept::Short { length, bytes } => bytes[..usize::from(*length)].is_ascii(),
            Kept::Long(text) => text.is_ascii(),
        }
    }

    /// The text in place, or `None` where it is too long for that.
    fn short(text: &str) -> Option<Text> {
        let length = u8::try_from(text.len()).ok().filter(|l| usize::from(*l) <= SHORT)?;
        let mut bytes = [0; SHORT];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Text(Kept::Short { length, bytes }))
    }
}

/// Long texts met before, so that each is kept once.
#[derive(Default)]
pub struct Shared(std::collections::HashSet<Arc<str>>);

impl Shared {
    pub fn text(&mut self, text: &str) -> Text {
        Text::short(text).unwrap_or_else(|| {
            if let Some(known) = self.0.get(text) {
                return Text(Kept::Long(Arc::clone(known)));
            }
            let new: Arc<str> = Arc::from(text);
            self.0.insert(Arc::clone(&new));
            Text(Kept::Long(new))
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
        Text::short(text).unwrap_or_else(|| Text(Kept::Long(Arc::from(text))))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text::short(&text).unwrap_or_else(|| Text(Kept::Long(Arc::from(text))))
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Text {
        Text::from(text.as_str())
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
    fn a_text_is_itself_at_any_length() {
        let mut shared = Shared::default();
        for length in [0, 1, 6, 7, 8, 1000] {
            let text = "参".repeat(length);
            assert_eq!(Text::from(&text), *text);
            assert_eq!(shared.text(&text), shared.text(&text));
            assert_eq!(format!("{:>3}", shared.text(&text)), format!("{text:>3}"));
        }
    }
}
