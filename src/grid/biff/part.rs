//! A sheet's records cut into parts of whole rows, which can be read without each other.

use super::{BOF, BOOL_ERR, EOF, FORMULA, LABEL, LABEL_SST, MUL_RK, NUMBER, RK, RSTRING, records};

pub(super) struct Parts<'a> {
    pub first: &'a [u8],
    pub later: Vec<&'a [u8]>,
    pub end: End,
}

/// Where a sheet ends.
pub(super) enum End {
    Whole,
    Missing,
    BreaksOff,
}

impl<'a> Parts<'a> {
    /// The sheet that begins at a place, in parts of at least so many bytes. A part begins with the first cell of a row;
    /// what belongs to a cell (the text of a formula) follows it at once.
    pub fn of_sheet(stream: &'a [u8], place: usize, least: usize) -> Parts<'a> {
        let stream = stream.get(place..).unwrap_or(&[]);
        let (mut cuts, mut start, mut at) = (vec![0], 0, 0);
        // Streams that are open, since charts on the sheet are streams within the stream, and the row at whose end a part
        // that is long enough ends.
        let (mut depth, mut last) = (0, None);
        let mut end = None;
        for record in records(stream, 0) {
            match record.kind {
                BOF => depth += 1,
                EOF if depth <= 1 => {
                    end = Some(End::Whole);
                    break;
                }
                EOF => depth -= 1,
                NUMBER | RK | MUL_RK | LABEL_SST | BOOL_ERR | LABEL | RSTRING | FORMULA
                    if depth == 1 && at - start >= least =>
                {
                    let row = record.u16(0);
                    if last.is_some() && row > last {
                        cuts.push(at);
                        (start, last) = (at, None);
                    } else {
                        last = last.max(row);
                    }
                }
                _ => {}
            }
            at += 4 + record.data.len();
        }
        let ends = cuts.iter().skip(1).copied().chain([at]);
        let mut parts = cuts.iter().zip(ends).map(|(start, end)| &stream[*start..end]);
        let first = parts.next().unwrap_or_default();
        let later = parts.collect();
        Parts { first, later, end: end.unwrap_or(if depth == 0 { End::Missing } else { End::BreaksOff }) }
    }
}
