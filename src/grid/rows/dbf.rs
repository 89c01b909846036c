//! dBASE tables, record by record. Memo fields and binary ones are not offered: an extract has none.

use std::io::Read;

use super::super::archive::damaged;
use super::super::dbf::{DELETED, read_header};
use super::{Header, PIECE_BYTES, Piece, Sink, TextForm, unreadable};
use crate::diag::Diagnostic;

/// Bytes of a header at most: as many as its size can say.
const HEADER_BYTES: u64 = 1 << 16;
/// Kinds of fields that are text in the file: characters, numbers, dates, truths.
const TEXTUAL: &[u8] = b"CNFDL";

pub(super) fn read(from: &mut dyn Read, text: TextForm, sink: &mut dyn Sink) -> Result<(), Diagnostic> {
    let mut head = Vec::new();
    from.take(HEADER_BYTES).read_to_end(&mut head).map_err(|e| unreadable(&e))?;
    let header = read_header(&head).ok_or_else(|| damaged("its header is not one of a dBASE table"))?;
    let fields: Vec<_> = header.fields.iter().filter(|f| TEXTUAL.contains(&f.kind)).collect();
    let mut labels = Vec::with_capacity(fields.len());
    for field in &fields {
        let name = text.decode(&field.name).ok_or_else(|| {
            Diagnostic::error("undecodable-byte", format!("a field's name is not {}", text.name()))
                .hint("declare the file's encoding in the extract's specification: encoding = \"gb18030\"")
        })?;
        labels.push(name.trim().to_owned());
    }
    if sink.header(Header { labels, text, counted: "record" }).is_break() {
        return Ok(());
    }
    let body = head.split_off(header.size);
    let mut rest = body.as_slice().chain(from);
    let records_a_piece = (PIECE_BYTES / header.record_size).max(1);
    let mut number = 0;
    while number < header.records {
        let wanted = records_a_piece.min(header.records - number);
        let mut block = vec![0; wanted * header.record_size];
        rest.read_exact(&mut block).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => cut_short(header.records),
            _ => unreadable(&error),
        })?;
        let mut piece = (Vec::with_capacity(block.len()), Vec::with_capacity(wanted * fields.len()), Vec::new());
        for record in block.chunks_exact(header.record_size) {
            number += 1;
            if record[0] == DELETED {
                continue;
            }
            for field in &fields {
                piece.0.extend_from_slice(record[field.start..field.start + field.width].trim_ascii());
                piece.1.push(piece.0.len() as u32);
            }
            piece.2.push(number as u64);
        }
        let (bytes, ends, rows) = piece;
        if sink.piece(Piece::Cells { bytes, ends, width: fields.len().max(1), rows }).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

fn cut_short(records: usize) -> Diagnostic {
    let message = format!("the file is cut short: it should hold {records} records");
    Diagnostic::error("truncated-file", message).hint("fetch or copy it again")
}
