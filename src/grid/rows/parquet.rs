//! Parquet files, record by record: the exact values of the file as text, so that one declaration reads all formats.

use std::fs::File;
use std::io::Write as _;

use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
use ::parquet::record::Field;
use encoding_rs::UTF_8;

use super::super::archive::damaged;
use super::super::parquet::{Ending, date};
use super::{COLUMNS, Header, PIECE_BYTES, Piece, Sink, TextForm};
use crate::diag::Diagnostic;

pub(super) fn read(file: File, sink: &mut dyn Sink) -> Result<(), Diagnostic> {
    let unreadable = |error: &dyn std::fmt::Display| damaged(&format!("its contents cannot be read: {error}"));
    let reader = SerializedFileReader::new(Ending(file)).map_err(|e| unreadable(&e))?;
    let fields = reader.metadata().file_metadata().schema_descr().root_schema().get_fields();
    let labels: Vec<String> = fields.iter().map(|field| field.name().to_owned()).collect();
    if labels.len() > COLUMNS {
        return Err(super::super::limit::exceeded("columns", COLUMNS as u64));
    }
    let width = labels.len().max(1);
    let text = TextForm { encoding: UTF_8, delimiter: b',' };
    if sink.header(Header { labels, text, counted: "row" }).is_break() {
        return Ok(());
    }
    let (mut bytes, mut ends, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for (row, record) in (1..).zip(reader.get_row_iter(None).map_err(|e| unreadable(&e))?) {
        let record = record.map_err(|e| unreadable(&e))?;
        for (_, field) in record.get_column_iter() {
            print(field, &mut bytes);
            ends.push(bytes.len() as u32);
        }
        rows.push(row);
        if bytes.len() >= PIECE_BYTES {
            let taken = (std::mem::take(&mut bytes), std::mem::take(&mut ends), std::mem::take(&mut rows));
            if sink.piece(Piece::Cells { bytes: taken.0, ends: taken.1, width, rows: taken.2 }).is_break() {
                return Ok(());
            }
        }
    }
    if !rows.is_empty() {
        let _ = sink.piece(Piece::Cells { bytes, ends, width, rows });
    }
    Ok(())
}

/// A value in the form that text files have it in.
fn print(field: &Field, into: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = match field {
        Field::Null => Ok(()),
        Field::Str(text) => into.write_all(text.as_bytes()),
        Field::Bytes(bytes) => into.write_all(bytes.data()),
        Field::Date(days) => match date(i64::from(*days)) {
            Some(date) => write!(into, "{date}"),
            None => write!(into, "{days}"),
        },
        Field::TimestampMillis(millis) => moment(*millis, 1_000, into),
        Field::TimestampMicros(micros) => moment(*micros, 1_000_000, into),
        other => write!(into, "{other}"),
    };
}

/// A moment; a day where it is the first of it.
fn moment(ticks: i64, a_second: i64, into: &mut Vec<u8>) -> std::io::Result<()> {
    let a_day = 86_400 * a_second;
    match date(ticks.div_euclid(a_day)).filter(|_| ticks.rem_euclid(a_day) == 0) {
        Some(date) => write!(into, "{date}"),
        None => write!(into, "{ticks}"),
    }
}
