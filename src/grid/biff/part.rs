//! A sheet's records cut into parts of whole rows, which can be read without each other.

use super::{BOF, BOOL_ERR, EOF, FORMULA, LABEL, LABEL_SST, MUL_RK, NUMBER, RK, RSTRING, records};

/// The parts of a sheet, each found when it is asked for.
pub(super) struct Parts<'a> {
    /// From the sheet's beginning on.
    stream: &'a [u8],
    /// Bytes of a part at least.
    least: usize,
    /// Where the next part begins.
    at: usize,
    /// Streams that are open there, since charts on the sheet are streams within the stream.
    depth: usize,
    end: Option<End>,
}

/// Records, and how many streams are open where they begin.
pub(super) type Part<'a> = (&'a [u8], usize);

/// Where a sheet ends.
#[derive(Clone, Copy)]
pub(super) enum End {
    Whole,
    Missing,
    BreaksOff,
}

impl<'a> Parts<'a> {
    /// The sheet that begins at a place, in parts of at least so many bytes.
    pub fn of_sheet(stream: &'a [u8], place: usize, least: usize) -> Parts<'a> {
        Parts { stream: stream.get(place..).unwrap_or(&[]), least, at: 0, depth: 0, end: None }
    }

    /// How the sheet ends, once its last part was found.
    pub fn end(&self) -> Option<End> {
        self.end
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    /// A part begins with the first cell of a row; what belongs to a cell (the text of a formula) follows it at once.
    fn next(&mut self) -> Option<Part<'a>> {
        if self.end.is_some() {
            return None;
        }
        let (start, open) = (self.at, self.depth);
        // The row at whose end a part that is long enough ends.
        let mut last = None;
        for record in records(self.stream, start) {
            match record.kind {
                BOF => self.depth += 1,
                EOF if self.depth <= 1 => {
                    self.end = Some(End::Whole);
                    break;
                }
                EOF => self.depth -= 1,
                NUMBER | RK | MUL_RK | LABEL_SST | BOOL_ERR | LABEL | RSTRING | FORMULA
                    if self.depth == 1 && self.at - start >= self.least =>
                {
                    let row = record.u16(0);
                    if last.is_some() && row > last {
                        return Some((&self.stream[start..self.at], open));
                    }
                    last = last.max(row);
                }
                _ => {}
            }
            self.at += 4 + record.data.len();
        }
        self.end = self.end.or(Some(if self.depth == 0 { End::Missing } else { End::BreaksOff }));
        Some((&self.stream[start..self.at], open))
    }
}
