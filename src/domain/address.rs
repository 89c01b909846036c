//! How cells are named: `B17` on a sheet, `R17C2` in a page, `rec16.NAME` in a dbf file.

use super::text::Text;

/// Zero-based row and column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellRef {
    pub row: u32,
    pub col: u32,
}

/// How the cells of a grid are named to a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Addressing {
    /// `B17`: sheets, and delimited text (a line is a row, and so is a record that quoted line breaks spread over
    /// several lines: what a spreadsheet program shows when it opens the file).
    A1,
    /// `R17C2`: html tables after spans are expanded.
    RowColumn,
    /// `rec16.NAME`: dbf; row 0 holds the field names, row n is record n, deleted records counted.
    Record { fields: Vec<String> },
}

impl Addressing {
    /// The cell's name in messages and in `core_observation.cell`.
    pub fn name(&self, at: CellRef) -> Text {
        match self {
            Addressing::A1 => a1(at),
            Addressing::RowColumn => Text::from(format!("R{}C{}", at.row + 1, at.col + 1)),
            Addressing::Record { fields } => {
                let field = fields.get(at.col as usize).map_or("?", String::as_str);
                Text::from(format!("rec{}.{}", at.row, field))
            }
        }
    }

    /// The place that a name stands for, and how it is named.
    pub fn parse(name: &str) -> Option<(Addressing, CellRef)> {
        if let Some((row, field)) = name.strip_prefix("rec").and_then(|rest| rest.split_once('.')) {
            return Some((
                Addressing::Record { fields: vec![field.to_owned()] },
                CellRef { row: row.parse().ok()?, col: 0 },
            ));
        }
        let digits = name.find(|c: char| c.is_ascii_digit())?;
        let (letters, rest) = name.split_at(digits);
        if let ("R", Some((row, col))) = (letters, rest.split_once('C')) {
            let number = |text: &str| text.parse::<u32>().ok()?.checked_sub(1);
            return Some((Addressing::RowColumn, CellRef { row: number(row)?, col: number(col)? }));
        }
        let mut col = 0u32;
        for letter in letters.bytes().map(|b| b.wrapping_sub(b'A')) {
            col = col.checked_mul(26)?.checked_add(u32::from(letter) + 1).filter(|_| letter < 26)?;
        }
        Some((Addressing::A1, CellRef { row: rest.parse::<u32>().ok()?.checked_sub(1)?, col: col.checked_sub(1)? }))
    }
}

/// `B17`, written from its end without a string in between: there are as many of them as cells.
fn a1(at: CellRef) -> Text {
    let mut digits = [0; LETTERS_AND_DIGITS];
    let mut start = digits.len();
    let mut push = |byte: u8| {
        start -= 1;
        digits[start] = byte;
    };
    let mut row = at.row + 1;
    while row > 0 {
        push(b'0' + (row % 10) as u8);
        row /= 10;
    }
    let mut col = at.col + 1;
    while col > 0 {
        col -= 1;
        push(b'A' + (col % 26) as u8);
        col /= 26;
    }
    Text::from(std::str::from_utf8(&digits[start..]).unwrap_or(""))
}

/// Of the largest numbers that a row and a column can have: seven and ten.
const LETTERS_AND_DIGITS: usize = 17;

/// `0` → `A`, `26` → `AA`.
pub fn column_letters(col: u32) -> String {
    a1(CellRef { row: 0, col }).trim_end_matches('1').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Addressing, CellRef, column_letters};

    #[test]
    fn names_are_read_as_they_are_written() {
        let rows = [("A1", 0, 0), ("Z9", 8, 25), ("AA10", 9, 26), ("XFD1048576", 1_048_575, 16_383)];
        for (name, row, col) in rows.into_iter().chain([("R17C2", 16, 1), ("rec16.NAME", 16, 0)]) {
            let (addressing, at) = Addressing::parse(name).unwrap();
            assert_eq!((at, addressing.name(at).as_str()), (CellRef { row, col }, name));
        }
        for name in ["", "A", "A0", "17", "a1", "R0C1", "rec.A"] {
            assert_eq!(Addressing::parse(name), None, "{name}");
        }
        assert_eq!(column_letters(702), "AAA");
    }
}
