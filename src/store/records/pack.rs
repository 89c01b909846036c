//! How Parquet packs numbers: into as many bits as the largest needs, runs of one number as that number and how often, and
//! integers as the differences between neighbours (RLE and DELTA_BINARY_PACKED of its specification).

/// Numbers that are packed together.
const GROUP: usize = 8;
/// Numbers of which differences share a smallest one, and those of them that share a width.
const BLOCK: usize = 128;
const MINI: usize = 32;

/// Bits that a number needs.
pub(super) fn width(largest: u64) -> u32 {
    u64::BITS - largest.leading_zeros()
}

/// Bits on their way into bytes.
struct Bits<'a> {
    into: &'a mut Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits<'_> {
    /// Add a number of at most 32 bits.
    #[inline]
    fn half(&mut self, number: u64, width: u32) {
        self.held |= number << self.count;
        self.count += width;
        if self.count >= 32 {
            self.into.extend_from_slice(&(self.held as u32).to_le_bytes());
            self.held >>= 32;
            self.count -= 32;
        }
    }

    #[inline]
    fn push(&mut self, number: u64, width: u32) {
        if width <= 32 {
            return self.half(number, width);
        }
        self.half(number & u64::from(u32::MAX), 32);
        self.half(number >> 32, width - 32);
    }

    fn end(self) {
        let bytes = self.count.div_ceil(8) as usize;
        self.into.extend_from_slice(&self.held.to_le_bytes()[..bytes]);
    }
}

fn pack(numbers: impl Iterator<Item = u64>, width: u32, into: &mut Vec<u8>) {
    let mut bits = Bits { into, held: 0, count: 0 };
    numbers.for_each(|number| bits.push(number, width));
    bits.end();
}

fn varint(mut number: u64, into: &mut Vec<u8>) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

/// One small number so many times.
fn run(number: u32, times: usize, width: u32, into: &mut Vec<u8>) {
    varint((times as u64) << 1, into);
    into.extend_from_slice(&number.to_le_bytes()[..width.div_ceil(8) as usize]);
}

/// Small numbers, runs of one told as such.
pub(super) fn runs(numbers: &[u32], width: u32, into: &mut Vec<u8>) {
    let mut open = 0;
    let mut at = 0;
    while at < numbers.len() {
        let same = numbers[at..].iter().take_while(|number| **number == numbers[at]).count();
        // Whoever packs fills groups: a run begins where one is full.
        let fill = (GROUP - (at - open) % GROUP) % GROUP;
        if same >= fill + GROUP {
            packed(&numbers[open..at + fill], width, into);
            run(numbers[at], same - fill, width, into);
            open = at + same;
        }
        at += same;
    }
    packed(&numbers[open..], width, into);
}

fn packed(numbers: &[u32], width: u32, into: &mut Vec<u8>) {
    if numbers.is_empty() {
        return;
    }
    let groups = numbers.len().div_ceil(GROUP);
    varint((groups as u64) << 1 | 1, into);
    let fill = groups * GROUP - numbers.len();
    pack(numbers.iter().map(|n| u64::from(*n)).chain(std::iter::repeat_n(0, fill)), width, into);
}

/// The numbers that [`runs`] packed; `None` where the bytes end too early.
pub(super) fn unpacked(mut bytes: &[u8], width: u32, count: usize) -> Option<Vec<u32>> {
    let mut numbers = Vec::with_capacity(count);
    while numbers.len() < count {
        let (mut head, mut shift) = (0u64, 0);
        loop {
            let (byte, rest) = bytes.split_first()?;
            bytes = rest;
            head |= u64::from(byte & 0x7F).checked_shl(shift)?;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let wanted = count - numbers.len();
        if head & 1 == 0 {
            let (number, rest) = bytes.split_at_checked(width.div_ceil(8) as usize)?;
            bytes = rest;
            let number = number.iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte));
            numbers.extend(std::iter::repeat_n(number, wanted.min(usize::try_from(head >> 1).ok()?)));
            continue;
        }
        let length = usize::try_from(head >> 1).ok()?.checked_mul(width as usize)?;
        let (group, rest) = bytes.split_at_checked(length.min(bytes.len()))?;
        bytes = rest;
        let (mut held, mut bits, mut from) = (0u64, 0, group.iter());
        let mask = (1u64 << width) - 1;
        for _ in 0..wanted.min((head >> 1) as usize * GROUP) {
            while bits < width {
                held |= u64::from(*from.next()?) << bits;
                bits += 8;
            }
            numbers.push((held & mask) as u32);
            held >>= width;
            bits -= width;
        }
    }
    Some(numbers)
}

/// Integers by their differences.
pub(super) fn differences(integers: &[i64], into: &mut Vec<u8>) {
    varint(BLOCK as u64, into);
    varint((BLOCK / MINI) as u64, into);
    varint(integers.len() as u64, into);
    varint(zigzag(integers.first().copied().unwrap_or_default()), into);
    let mut differences = [0i64; BLOCK];
    for block in (1..integers.len()).step_by(BLOCK) {
        let length = BLOCK.min(integers.len() - block);
        for (nth, difference) in differences[..length].iter_mut().enumerate() {
            *difference = integers[block + nth].wrapping_sub(integers[block + nth - 1]);
        }
        let smallest = differences[..length].iter().copied().min().unwrap_or_default();
        varint(zigzag(smallest), into);
        let beyond = |difference: &i64| difference.wrapping_sub(smallest) as u64;
        let minis = differences[..length].chunks(MINI);
        let widths: Vec<u32> = minis.map(|mini| width(mini.iter().map(beyond).fold(0, |all, n| all | n))).collect();
        into.extend((0..BLOCK / MINI).map(|nth| widths.get(nth).map_or(0, |width| *width as u8)));
        for (mini, width) in differences[..length].chunks(MINI).zip(&widths) {
            let fill = MINI - mini.len();
            pack(mini.iter().map(beyond).chain(std::iter::repeat_n(0, fill)), *width, into);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_as_the_specification_shows() {
        // The example of Encodings.md: the numbers 0 to 7 in three bits, behind the head of one packed group.
        let mut bytes = Vec::new();
        runs(&[0, 1, 2, 3, 4, 5, 6, 7], 3, &mut bytes);
        assert_eq!(bytes, [0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
        // A run of 100 fours in four bits.
        bytes.clear();
        runs(&[4; 100], 4, &mut bytes);
        assert_eq!(bytes, [0xC8, 0x01, 4]);
        // 1 to 5 by differences: first value, smallest difference 1, all widths 0.
        bytes.clear();
        differences(&[1, 2, 3, 4, 5], &mut bytes);
        assert_eq!(bytes, [0x80, 0x01, 4, 5, 2, 2, 0, 0, 0, 0]);
    }

    #[test]
    fn what_is_packed_comes_out_again() {
        let check = |numbers: Vec<u32>| {
            let width = width(u64::from(numbers.iter().copied().max().unwrap_or_default()));
            let mut bytes = Vec::new();
            runs(&numbers, width, &mut bytes);
            assert_eq!(unpacked(&bytes, width, numbers.len()).as_ref(), Some(&numbers), "{width} bits");
            assert_eq!(unpacked(&bytes[..bytes.len() / 2], width, numbers.len()), None);
        };
        check((0..1_000).collect());
        check((0..1_000).map(|n| n / 13 % 5).collect());
        check((0..1_000).map(|n| if n < 500 { n * 7_919 % 101 } else { 3 }).collect());
        check((0..77).map(|n| n * 0x0333_3333).collect());
        check(vec![1]);
    }
}
