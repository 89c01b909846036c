//! The comment lines that a SQL file opens with.

use std::ops::Range;
use std::sync::Arc;

use crate::diag::{Diagnostic, Place, SourceText};

/// The comment lines above the query: `-- key: text`, continued by lines without a key.
pub struct Header<'a> {
    source: &'a Arc<SourceText>,
    /// Key, text, span of the line where the key stands.
    entries: Vec<(&'static str, String, Range<usize>)>,
}

impl<'a> Header<'a> {
    /// Every key of the first list must be there and say something, those of the second may.
    pub fn read(
        source: &'a Arc<SourceText>,
        keys: &'static [&'static str],
        optional: &'static [&'static str],
        faults: &mut Vec<Diagnostic>,
    ) -> Header<'a> {
        let mut header = Header { source, entries: Vec::new() };
        let mut start = 0;
        for line in source.text.split_inclusive('\n') {
            let span = start..start + line.trim_end().len();
            start += line.len();
            let Some(comment) = line.trim().strip_prefix("--") else {
                if line.trim().is_empty() {
                    continue;
                }
                break;
            };
            let known = comment.split_once(':').and_then(|(key, text)| {
                keys.iter().chain(optional).find(|known| **known == key.trim()).map(|key| (*key, text.trim()))
            });
            match (known, header.entries.last_mut()) {
                (Some((key, text)), _) => header.entries.push((key, text.to_owned(), span)),
                (None, Some((_, text, _))) => {
                    text.push(' ');
                    text.push_str(comment.trim());
                }
                (None, None) => {}
            }
        }
        for key in keys {
            if header.get(key).trim().is_empty() {
                faults.push(
                    Diagnostic::error("sql-header", format!("the header has no line `-- {key}: …`"))
                        .at(Place::span(source, 0..0))
                        .hint(format!("a SQL file starts with comment lines for {}", keys.join(", "))),
                );
            }
        }
        header
    }

    pub fn get(&self, key: &str) -> &str {
        self.entries.iter().find(|(name, ..)| *name == key).map_or("", |(_, text, _)| text)
    }

    /// All that is said under a key that may stand more than once, parted by commas.
    pub fn all(&self, key: &str) -> String {
        let texts = self.entries.iter().filter(|(name, ..)| *name == key).map(|(_, text, _)| text.as_str());
        texts.collect::<Vec<_>>().join(", ")
    }

    pub fn place(&self, key: &str) -> Place {
        let span = self.entries.iter().find(|(name, ..)| *name == key).map_or(0..0, |(.., span)| span.clone());
        Place::span(self.source, span)
    }
}
