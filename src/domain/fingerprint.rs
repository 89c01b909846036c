//! A number that equal values have in common, and hardly any others: what must differ is told apart by comparing numbers.
//!
//! There is one for every label and code, so that it has to be quick. Nothing rests on it but speed: of two values with one
//! fingerprint nothing is believed, they are compared.

use std::hash::{Hash, Hasher};

/// Odd, and with as many ones as zeros, in no pattern.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// The number of a value.
pub fn fingerprint(value: impl Hash) -> u64 {
    let mut folding = Folding(FACTOR);
    value.hash(&mut folding);
    folding.finish()
}

/// The number of some bytes.
#[inline]
pub fn of_bytes(bytes: &[u8]) -> u64 {
    let mut folding = Folding(FACTOR);
    folding.write(bytes);
    folding.0
}

/// Words of eight bytes folded into one by multiplying: both halves of each product count.
struct Folding(u64);

impl Folding {
    #[inline]
    fn fold(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(FACTOR);
        self.0 = (product as u64) ^ ((product >> 64) as u64).rotate_left(32);
    }
}

impl Hasher for Folding {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= bytes.len() as u64;
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.fold(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            self.fold(match bytes.last_chunk::<8>() {
                // The last eight bytes overlap those before, which does no harm.
                Some(last) => u64::from_le_bytes(*last),
                None => rest.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)),
            });
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.fold(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.fold(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.fold(number as u64);
    }

    fn finish(&self) -> u64 {
        let mut last = Folding(self.0);
        last.fold(FACTOR.rotate_left(32));
        last.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::fingerprint;

    #[test]
    fn values_that_differ_have_other_numbers() {
        let texts = (0..10_000).map(|n| ("county", n.to_string()));
        let sums = (0..100u32)
            .flat_map(|a| (0..100u32).map(move |b| fingerprint(("a", a)).wrapping_add(fingerprint(("b", b)))));
        let numbers: BTreeSet<u64> = texts.map(fingerprint).chain(sums).collect();
        assert_eq!(numbers.len(), 20_000);
        assert_ne!(fingerprint("ab"), fingerprint(("a", "b")));
        assert_ne!(fingerprint(["", "a"]), fingerprint(["a", ""]));
        assert_eq!(fingerprint("保险"), fingerprint(String::from("保险")));
    }
}
