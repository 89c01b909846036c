//! Bytes to text: the encoding declared, or the one the bytes speak for; a byte that does not decode is never replaced.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, DecoderResult, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

use crate::diag::Diagnostic;

/// A sequence of bytes that the encoding does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Undecodable {
    pub encoding: &'static str,
    /// Counted from 0.
    pub offset: usize,
    pub bytes: Vec<u8>,
    /// The text in front of it.
    pub before: String,
}

impl Undecodable {
    /// The message, without a place.
    pub(super) fn diagnostic(&self, declared: bool, whole: &[u8]) -> Diagnostic {
        let values: Vec<String> = self.bytes.iter().map(|b| format!("{b:02X}")).collect();
        let (noun, verb) = if values.len() == 1 { ("byte", "is") } else { ("bytes", "are") };
        let message =
            format!("{noun} {} at offset {} {verb} not {}", values.join(" "), self.offset, display_name(self.encoding));
        let hint = if declared && is_utf8(whole) {
            "the file is valid UTF-8, and another encoding was declared: write `encoding = \"utf-8\"` in the table's \
             specification"
        } else if declared {
            "the declared encoding may be wrong: correct `encoding` in the table's specification, or repair the file"
        } else {
            "the encoding was detected: declare `encoding` in the table's specification, or repair the file"
        };
        Diagnostic::error("undecodable-byte", message).hint(hint)
    }
}

/// Whether bytes beyond ASCII are UTF-8; text in another encoding is so only by a rare chance.
fn is_utf8(bytes: &[u8]) -> bool {
    !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok()
}

/// A warning where a declared encoding decodes the bytes, but into other characters than they most likely stand for.
pub(super) fn doubt(bytes: &[u8], declared: &'static Encoding) -> Option<Diagnostic> {
    let doubtful = declared != UTF_8 && is_utf8(bytes);
    doubtful.then(|| {
        let message =
            format!("the file is valid UTF-8, and was read as {}, as declared", display_name(declared.name()));
        Diagnostic::warning("encoding-doubtful", message)
            .hint("if the text comes out wrong, write `encoding = \"utf-8\"` in the table's specification")
    })
}

fn display_name(name: &str) -> String {
    if name.eq_ignore_ascii_case("gb18030") { "GB18030".to_owned() } else { name.to_owned() }
}

/// The encoding of a name such as `gb18030`, `GBK`, `utf-8`.
pub(super) fn named(label: &str) -> Result<&'static Encoding, Diagnostic> {
    let unknown = || {
        Diagnostic::error("unknown-encoding", format!("there is no text encoding named {label:?}"))
            .hint("known ones: utf-8, gb18030, gbk, big5, utf-16le, windows-1252")
    };
    let encoding = Encoding::for_label(label.trim().as_bytes()).ok_or_else(unknown)?;
    Ok(widened(encoding))
}

/// GB2312 and GBK texts are read as GB18030, which holds both.
fn widened(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == GBK { GB18030 } else { encoding }
}

/// Text in a declared encoding; `None` where the encoding has no sign for it.
pub fn encode(text: &str, encoding: &str) -> Option<Vec<u8>> {
    let (bytes, _, lost) = named(encoding).ok()?.encode(text);
    (!lost).then(|| bytes.into_owned())
}

/// The name written into `Document.encoding`.
pub(super) fn name(encoding: &'static Encoding) -> String {
    display_name(encoding.name())
}

/// The encoding the bytes speak for. A byte order mark decides; then valid UTF-8; then statistics, with this bias: text
/// that is UTF-8 or GB18030 but for a few bytes is that text damaged, not a text in some rarer encoding.
pub(super) fn detect(bytes: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    if let Some(encoding) = wide(bytes) {
        return encoding;
    }
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    let start = bytes.iter().position(|b| !b.is_ascii()).unwrap_or(0).saturating_sub(32);
    let bytes = &bytes[start..bytes.len().min(start + BYTES_LOOKED_AT)];
    for encoding in [UTF_8, GB18030] {
        let (text, damage) = decode_counting(encoding, bytes);
        let foreign = text.chars().filter(|c| !c.is_ascii()).count();
        let chinese = text.chars().filter(|c| is_chinese(*c)).count();
        let speaks_for_it = if encoding == UTF_8 { foreign } else { chinese };
        if damage * 8 < speaks_for_it && speaks_for_it * 2 > foreign && (encoding == UTF_8 || chinese > 3) {
            return if encoding == GB18030 && is_big5(bytes) { BIG5 } else { encoding };
        }
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = widened(detector.guess(Some(b"cn"), Utf8Detection::Allow));
    // Told that the text is from China, the detector takes Latin letters with accents for rare Chinese characters.
    if guess == GB18030 && !mostly_chinese(&decode_counting(GB18030, bytes).0) {
        return widened(detector.guess(None, Utf8Detection::Allow));
    }
    guess
}

/// Bytes by which an encoding is told that is not UTF-8.
const BYTES_LOOKED_AT: usize = 1 << 20;

/// UTF-16 without a byte order mark: digits, delimiters and line breaks leave every other byte zero.
pub(super) fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    const HEAD_BYTES: usize = 64 << 10;
    // Fewer bytes may be anything.
    const SHORTEST: usize = 16;
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|b| **b == 0).count();
    let (high_first, low_first) = (zeros(0), zeros(1));
    let many = |zeros: usize| head.len() >= SHORTEST && zeros * 20 > head.len() / 2;
    match (many(high_first), many(low_first)) {
        (true, false) if low_first == 0 => Some(UTF_16BE),
        (false, true) if high_first == 0 => Some(UTF_16LE),
        _ => None,
    }
}

/// Whether two-byte characters are the common ones of Big5 rather than those of GB2312, whose codes overlap.
fn is_big5(bytes: &[u8]) -> bool {
    let (mut pairs, mut common_gb, mut common_big5) = (0usize, 0usize, 0usize);
    let mut rest = bytes;
    while let [lead, after @ ..] = rest {
        rest = after;
        let [trail, after @ ..] = after else { break };
        if lead.is_ascii() {
            continue;
        }
        rest = after;
        pairs += 1;
        common_gb += usize::from(*trail >= 0xA1 && matches!(lead, 0xA1 | 0xA3 | 0xB0..=0xD7));
        common_big5 += usize::from(matches!(trail, 0x40..=0x7E | 0xA1..=0xFE) && matches!(lead, 0xA1 | 0xA4..=0xC6));
    }
    common_big5 * 10 > common_gb * 10 + pairs && decode_counting(BIG5, bytes).1 * 100 <= pairs
}

fn mostly_chinese(text: &str) -> bool {
    let foreign = text.chars().filter(|c| !c.is_ascii()).count();
    text.chars().filter(|c| is_chinese(*c)).count() * 2 > foreign
}

/// Common Chinese characters and punctuation: the range GB2312 covers, by which Chinese is told from Latin letters that
/// happen to pair up as rare characters.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}')
        || (matches!(c, '\u{4e00}'..='\u{9fff}') && in_gb2312(c))
}

fn in_gb2312(c: char) -> bool {
    let mut utf8 = [0; 4];
    let (bytes, _, unknown) = GBK.encode(c.encode_utf8(&mut utf8));
    !unknown && bytes.len() == 2 && bytes[0] >= 0xB0 && bytes[0] <= 0xF7 && bytes[1] >= 0xA1
}

fn decode_counting(encoding: &'static Encoding, bytes: &[u8]) -> (String, usize) {
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    let damage = text.chars().filter(|c| *c == '\u{fffd}').count();
    (text.into_owned(), damage)
}

/// The whole text, a byte order mark dropped.
pub(super) fn decode<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Result<Cow<'a, str>, Undecodable> {
    let skip = match Encoding::for_bom(bytes) {
        Some((marked, length)) if marked == encoding => length,
        _ => 0,
    };
    // Most files are UTF-8: such a one is not held twice.
    if encoding == UTF_8
        && let Ok(text) = std::str::from_utf8(&bytes[skip..])
    {
        return Ok(Cow::Borrowed(text));
    }
    decode_part(&bytes[skip..], encoding)
        .map(Cow::Owned)
        .map_err(|fault| Undecodable { offset: fault.offset + skip, ..fault })
}

/// A part of a text, such as one field of a record.
pub(super) fn decode_part(bytes: &[u8], encoding: &'static Encoding) -> Result<String, Undecodable> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(0));
    let (result, read) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    match result {
        DecoderResult::InputEmpty => Ok(text),
        DecoderResult::Malformed(length, after) => {
            let start = read.saturating_sub(usize::from(length) + usize::from(after));
            let bad = bytes[start..(start + usize::from(length)).min(bytes.len())].to_vec();
            Err(Undecodable { encoding: encoding.name(), offset: start, bytes: bad, before: text })
        }
        DecoderResult::OutputFull => unreachable!("the buffer was sized for the whole text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gb(text: &str) -> Vec<u8> {
        GB18030.encode(text).0.into_owned()
    }

    #[test]
    fn encodings_are_detected() {
        let check = |bytes: &[u8], expected: &str| assert_eq!(name(detect(bytes)), expected, "{bytes:02X?}");
        check(b"plain", "UTF-8");
        check("参保人数".as_bytes(), "UTF-8");
        check(b"\xEF\xBB\xBFa", "UTF-8");
        check(b"\xFF\xFEa\0", "UTF-16LE");
        check(&gb("参保人数"), "GB18030");
        check(&gb("注: 西宁地区非公有制经济从业人员测算为 34. 98万"), "GB18030");
        let mut damaged = gb("参保人数,147800,19300\n参保率 (% ),42,6,15,0. 2,9\n基本养老,基本医疗");
        damaged.insert(20, 0xFF);
        check(&damaged, "GB18030");
        let taiwan = "地區,年份,就業保險被保險人數（人）\n臺北市,2013,1234\n新北市,2014,5678\n".repeat(3);
        check(&BIG5.encode(&taiwan).0, "Big5");
        let mainland = "地区,年份,失业保险参保人数（万人）\n北京市,2013,1234\n天津市,2014,5678\n".repeat(3);
        check(&gb(&mainland), "GB18030");
        let wide = |text: &str, turn: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(turn).collect::<Vec<u8>>();
        check(&wide(&mainland, u16::to_le_bytes), "UTF-16LE");
        check(&wide(&mainland, u16::to_be_bytes), "UTF-16BE");
        check(b"Ausgaben f\xFCr alkoholische Getr\xE4nke, Rebfl\xE4che nach Kantonen", "windows-1252");
    }

    #[test]
    fn a_bad_byte_is_placed() {
        let fault = decode(b"\xB2\xCE\xFF,1", GB18030).unwrap_err();
        assert_eq!((fault.offset, fault.bytes, fault.before.as_str()), (2, vec![0xFF], "参"));
        let fault = decode(b"ab\xE5\x8F", UTF_8).unwrap_err();
        assert_eq!((fault.offset, fault.bytes), (2, vec![0xE5, 0x8F]));
    }

    #[test]
    fn a_declaration_that_the_file_belies_is_told() {
        let check = |text: &str| {
            let hint = match decode(text.as_bytes(), GB18030) {
                Err(fault) => fault.diagnostic(true, text.as_bytes()).hints.remove(0),
                Ok(_) => doubt(text.as_bytes(), GB18030).unwrap().message,
            };
            assert!(hint.starts_with("the file is valid UTF-8"), "{text}: {hint}");
        };
        check("参保人");
        check("参保人数");
        assert!(doubt(&gb("参保人数"), GB18030).is_none() && doubt(b"1,2", GB18030).is_none());
    }
}
