//! The characters that texts begin or end with: whether a printed text may be one of them is asked of every cell, and
//! nearly all begin and end with a digit.

use std::collections::BTreeSet;

#[derive(Clone, Debug, Default)]
pub struct Initials {
    /// A bit for each ASCII character.
    ascii: u128,
    others: BTreeSet<char>,
}

impl Initials {
    pub fn contains(&self, c: char) -> bool {
        if c.is_ascii() { self.ascii >> u32::from(c) & 1 == 1 } else { self.others.contains(&c) }
    }
}

impl FromIterator<char> for Initials {
    fn from_iter<I: IntoIterator<Item = char>>(characters: I) -> Initials {
        let (ascii, others): (BTreeSet<char>, BTreeSet<char>) = characters.into_iter().partition(char::is_ascii);
        Initials { ascii: ascii.into_iter().fold(0, |bits, c| bits | 1 << u32::from(c)), others }
    }
}

#[cfg(test)]
mod tests {
    use super::Initials;

    #[test]
    fn every_character_is_itself() {
        let initials: Initials = "\0*~①".chars().collect();
        let held = |c: &char| initials.contains(*c);
        assert_eq!(('\0'..=char::MAX).filter(held).collect::<String>(), "\0*~①");
    }
}
