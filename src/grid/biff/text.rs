//! Texts in an `.xls` file: bytes of a code page until Excel 95, UTF-16 or its lower halves since.

use encoding_rs::{Encoding, GB18030, WINDOWS_1252};

use super::encoding;
use crate::diag::Diagnostic;
use crate::grid::archive::damaged;

/// How a workbook writes its texts.
#[derive(Clone, Copy)]
pub(super) enum Texts {
    Unicode,
    Bytes { encoding: &'static Encoding, declared: bool },
}

impl Texts {
    /// The encoding of a workbook of Excel 5: declared, or by its code page, or detected.
    pub(super) fn of_code_page(
        page: Option<u16>,
        declared: Option<&str>,
        sample: impl FnOnce() -> Vec<u8>,
    ) -> Result<Texts, Diagnostic> {
        let named = declared.map(encoding::named).transpose()?;
        let encoding = named.or_else(|| page.and_then(code_page)).unwrap_or_else(|| encoding::detect(&sample()));
        Ok(Texts::Bytes { encoding, declared: declared.is_some() })
    }

    /// The name of the encoding, where it is not always the same.
    pub(super) fn encoding(self) -> Option<String> {
        match self {
            Texts::Unicode => None,
            Texts::Bytes { encoding, .. } => Some(encoding::name(encoding)),
        }
    }

    /// A text with its length in one byte.
    pub(super) fn short(self, raw: &[u8]) -> Option<String> {
        let (length, rest) = raw.split_first()?;
        self.text(rest, usize::from(*length))?.ok()
    }

    /// A text with its length in two bytes.
    pub(super) fn long(self, raw: &[u8]) -> Result<String, Diagnostic> {
        let cut = || damaged("a text is cut short");
        let length = raw.get(..2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]]))).ok_or_else(cut)?;
        if length == 0 {
            return Ok(String::new());
        }
        self.text(&raw[2..], length).ok_or_else(cut)?
    }

    /// The text of a number format, whose length takes one byte in Excel 5.
    pub(super) fn format_code(self, raw: &[u8]) -> Option<String> {
        match self {
            Texts::Unicode => self.long(raw).ok(),
            Texts::Bytes { .. } => self.short(raw),
        }
    }

    fn text(self, raw: &[u8], length: usize) -> Option<Result<String, Diagnostic>> {
        match self {
            Texts::Unicode => {
                let (flags, rest) = raw.split_first()?;
                let wide = flags & 1 != 0;
                let size = if wide { 2 * length } else { length };
                let (mut out, mut text) = (Wide::default(), String::new());
                out.take(rest.get(..size)?, wide);
                out.write(&mut text);
                Some(Ok(text))
            }
            Texts::Bytes { encoding, declared } => {
                let raw = raw.get(..length)?;
                Some(encoding::decode_part(raw, encoding).map_err(|fault| fault.diagnostic(declared, raw)))
            }
        }
    }
}

/// Code pages as Windows and the Macintosh number them.
fn code_page(number: u16) -> Option<&'static Encoding> {
    let label = match number {
        936 | 10008 => return Some(GB18030),
        54936 => "gb18030",
        950 | 951 | 10002 => "big5",
        932 | 10001 => "shift_jis",
        949 | 10003 => "euc-kr",
        874 => "windows-874",
        866 => "ibm866",
        10000 | 0x8000 => "macintosh",
        10007 => "x-mac-cyrillic",
        65001 => "utf-8",
        367 | 1252 | 0x8001 => return Some(WINDOWS_1252),
        1250..=1258 => return Encoding::for_label(format!("windows-{number}").as_bytes()),
        _ => return None,
    };
    Encoding::for_label(label.as_bytes())
}

/// Units of UTF-16, gathered.
#[derive(Default)]
struct Wide(Vec<u16>);

impl Wide {
    fn take(&mut self, raw: &[u8], wide: bool) {
        match wide {
            true => self.0.extend(raw.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]))),
            false => self.0.extend(raw.iter().map(|b| u16::from(*b))),
        }
    }

    fn write(&self, text: &mut String) {
        let characters = char::decode_utf16(self.0.iter().copied());
        text.extend(characters.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
    }
}

/// The list of texts that cells share, over the records it is cut into. A cut within a text is followed by a byte that
/// says anew how wide its characters are.
pub(super) struct List<'a> {
    parts: &'a [&'a [u8]],
    rest: &'a [u8],
    /// The text that was read last, and its units.
    text: String,
    units: Wide,
}

impl<'a> List<'a> {
    pub(super) fn new(parts: &'a [&'a [u8]]) -> List<'a> {
        let (first, others) = parts.split_first().map_or((&[][..], parts), |(first, others)| (*first, others));
        // The first eight bytes say how many texts there are; the texts themselves are counted.
        List { parts: others, rest: first.get(8..).unwrap_or(&[]), text: String::new(), units: Wide::default() }
    }

    /// The next text, until the one after it is read.
    pub(super) fn next(&mut self) -> Result<Option<&str>, Diagnostic> {
        while self.rest.is_empty() {
            if !self.next_part() {
                return Ok(None);
            }
        }
        let cut = || damaged("its list of texts is cut short");
        let length = usize::from(self.number().ok_or_else(cut)?);
        let flags = self.byte().ok_or_else(cut)?;
        let runs = if flags & 8 != 0 { usize::from(self.number().ok_or_else(cut)?) } else { 0 };
        let more = if flags & 4 != 0 {
            let (low, high) = (self.number().ok_or_else(cut)?, self.number().ok_or_else(cut)?);
            usize::from(low) | usize::from(high) << 16
        } else {
            0
        };
        self.characters(length, flags & 1 != 0).ok_or_else(cut)?;
        self.skip(4 * runs + more).ok_or_else(cut)?;
        Ok(Some(&self.text))
    }

    fn next_part(&mut self) -> bool {
        let Some((next, others)) = self.parts.split_first() else { return false };
        (self.rest, self.parts) = (next, others);
        true
    }

    fn byte(&mut self) -> Option<u8> {
        while self.rest.is_empty() {
            self.next_part().then_some(())?;
        }
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn characters(&mut self, length: usize, mut wide: bool) -> Option<()> {
        self.units.0.clear();
        loop {
            let (size, missing) = (if wide { 2 } else { 1 }, length - self.units.0.len());
            let here = (missing * size).min(self.rest.len() / size * size);
            let (now, rest) = self.rest.split_at(here);
            self.units.take(now, wide);
            self.rest = rest;
            if self.units.0.len() == length {
                break;
            }
            self.rest = &[];
            wide = self.byte()? & 1 != 0;
        }
        self.text.clear();
        self.units.write(&mut self.text);
        Some(())
    }

    fn skip(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > self.rest.len() {
            bytes -= self.rest.len();
            self.next_part().then_some(())?;
        }
        self.rest = &self.rest[bytes..];
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_texts_goes_over_records() {
        let head = [0; 8];
        let first = [&head[..], &[3, 0, 0], b"abc", &[4, 0, 1, 0x2C, 0x4E]].concat();
        let second = [&[0][..], b"def", &[2, 0, 8, 1, 0], b"gh", &[0, 0]].concat();
        let third = [&[1, 2][..], &[1, 0, 4, 2, 0, 0, 0], b"i", &[9, 9]].concat();
        let parts = [first.as_slice(), second.as_slice(), third.as_slice()];
        let mut list = List::new(&parts);
        let mut texts = Vec::new();
        while let Some(text) = list.next().unwrap() {
            texts.push(text.to_owned());
        }
        assert_eq!(texts, ["abc", "丬def", "gh", "i"]);
        let parts = [&first[..first.len() - 1]];
        let mut list = List::new(&parts);
        assert_eq!(list.next().unwrap(), Some("abc"));
        assert_eq!(list.next().unwrap_err().code, "damaged-file");
    }

    #[test]
    fn texts_of_excel_5_are_bytes_of_a_code_page() {
        let check = |page: Option<u16>, declared: Option<&str>, raw: &[u8], expected: &str| {
            let texts = Texts::of_code_page(page, declared, || raw.repeat(20)).unwrap();
            let long = [&(raw.len() as u16).to_le_bytes()[..], raw].concat();
            assert_eq!(
                texts.long(&long).map_err(|d| d.code.to_owned()),
                Ok(expected.to_owned()),
                "{page:?} {declared:?}"
            );
        };
        check(Some(936), None, b"\xB2\xCE\xB1\xA3", "参保");
        check(Some(950), None, b"\xB0\xD1\xABO", "參保");
        check(Some(1252), None, b"caf\xE9", "café");
        check(None, None, b"\xB2\xCE\xB1\xA3\xC8\xCB\xCA\xFD", "参保人数");
        check(Some(1252), Some("gbk"), b"\xB2\xCE\xB1\xA3", "参保");
        let texts = Texts::of_code_page(Some(936), None, Vec::new).unwrap();
        assert_eq!(texts.long(b"\x03\0a\xFF\xFF").unwrap_err().code, "undecodable-byte");
        assert_eq!(texts.long(b"\x03\0a").unwrap_err().code, "damaged-file");
    }
}
