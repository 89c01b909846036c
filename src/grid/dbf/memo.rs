//! Memo files: the long texts of a dbf file, in blocks. dBASE III and IV (`.dbt`), FoxPro (`.fpt`).

/// Versions of dBASE III, whose memo texts end where a mark stands; those of dBASE IV and FoxPro have a length.
const DBASE_3: &[u8] = &[0x03, 0x83];
const FOXPRO: &[u8] = &[0x30, 0x31, 0x32, 0xF5, 0xFB];
const END: u8 = 0x1A;
const USUAL_BLOCK: usize = 512;

enum Kind {
    Dbase3,
    Dbase4,
    FoxPro,
}

pub(super) struct Memos<'a> {
    bytes: &'a [u8],
    kind: Kind,
    block: usize,
}

/// The block a memo field names, in digits or, in Visual FoxPro, in four bytes; `None` where the field is blank.
pub(super) fn block(raw: &[u8]) -> Option<usize> {
    let number = match <[u8; 4]>::try_from(raw) {
        Ok(binary) => u32::from_le_bytes(binary) as usize,
        Err(_) => std::str::from_utf8(raw).ok()?.trim().parse().ok()?,
    };
    (number > 0).then_some(number)
}

impl<'a> Memos<'a> {
    pub(super) fn open(bytes: &'a [u8], version: u8) -> Option<Memos<'a>> {
        let two = |at: usize| bytes.get(at..at + 2).map(|b| [b[0], b[1]]);
        let (kind, block) = match version {
            v if FOXPRO.contains(&v) => (Kind::FoxPro, usize::from(u16::from_be_bytes(two(6)?))),
            v if DBASE_3.contains(&v) => (Kind::Dbase3, USUAL_BLOCK),
            _ => (Kind::Dbase4, usize::from(u16::from_le_bytes(two(20)?))),
        };
        Some(Memos { bytes, kind, block: if block == 0 { USUAL_BLOCK } else { block } })
    }

    /// The text in a block, and where in the file it begins; `None` where the file does not hold it whole.
    pub(super) fn text(&self, block: usize) -> Option<(usize, &'a [u8])> {
        let start = block.checked_mul(self.block)?;
        let rest = self.bytes.get(start..).filter(|r| !r.is_empty())?;
        let four = |at: usize| rest.get(at..at + 4).and_then(|b| <[u8; 4]>::try_from(b).ok());
        let (skip, length) = match self.kind {
            Kind::FoxPro => (8, u32::from_be_bytes(four(4)?) as usize),
            Kind::Dbase4 if rest.starts_with(&[0xFF, 0xFF, 0x08, 0x00]) => {
                (8, (u32::from_le_bytes(four(4)?) as usize).checked_sub(8)?)
            }
            _ => (0, rest.iter().position(|b| *b == END).unwrap_or(rest.len())),
        };
        Some((start + skip, rest.get(skip..skip.checked_add(length)?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_lie_in_blocks() {
        let check = |version: u8, bytes: &[u8], block: usize, expected: Option<(usize, &[u8])>| {
            assert_eq!(Memos::open(bytes, version).unwrap().text(block), expected, "{version:02X}");
        };
        let third = [&[0; 512][..], b"long\x1a\x1a", &[0; 506], b"next"].concat();
        check(0x83, &third, 1, Some((512, b"long")));
        check(0x83, &third, 2, Some((1024, b"next")));
        check(0x83, &third, 3, None);
        let mut fourth = [&[0; 64][..], &[0xFF, 0xFF, 8, 0, 12, 0, 0, 0], b"text"].concat();
        fourth[20] = 64;
        check(0x8B, &fourth, 1, Some((72, b"text")));
        let mut fox = [&[0; 64][..], &[0, 0, 0, 1, 0, 0, 0, 4], b"text"].concat();
        fox[7] = 64;
        check(0x30, &fox, 1, Some((72, b"text")));
        fox.pop();
        check(0x30, &fox, 1, None);
        assert_eq!((block(b"        12"), block(b"          "), block(&[7, 0, 0, 0])), (Some(12), None, Some(7)));
    }
}
