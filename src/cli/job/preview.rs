//! One file of an extract as it would be taken in: typed records with file and line, personal numbers masked, and what would be
//! set aside. Nothing is written, no key is needed, and no more is held in memory than a piece of the file and a digest of each
//! record, by which doubles are known.

use std::collections::HashMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::bail;
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

use crate::diag::{Diagnostic, Place};
use crate::domain::{Codebook, RecordColumn, RecordKind};
use crate::grid::rows::{self, Header, Piece, Sink};
use crate::ingest::extract::mask;
use crate::ingest::extract::{self, CodeSet, Counts, Known, Plan, Task};
use crate::spec::Extract;
use crate::store::date_after_1970;
use crate::store::digest::sha256_bytes;
use crate::store::records::{Batch, Column, Reject, RowForm, Words, month_text};

type Digest = u128;

/// How records are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Csv,
    Json,
}

/// Print the records of a file, and tell what would be set aside of them.
///
/// # Errors
/// The file's name does not say what the extract takes from it, or `out` cannot be written.
pub fn print(
    (extract, codebook): (&Extract, &Codebook),
    (path, shown): (&Path, &str),
    form: Form,
    out: &mut dyn Write,
) -> anyhow::Result<Vec<Diagnostic>> {
    let Some(captured) = extract.captured_by_end(shown) else {
        let files: Vec<&str> = extract.files.iter().map(|file| file.as_str()).collect();
        bail!("\"{shown}\" ends like none of the files of {}: {}", extract.spec, files.join(", "));
    };
    let row_form = RowForm::new(extract.table, &extract.key);
    let sets = CodeSet::of(extract, codebook);
    let task = Task { extract, codebook, file: shown, captured: &captured, key: None };
    let mut printer = Printer {
        task,
        row_form: &row_form,
        sets: &sets,
        plan: None,
        seen: HashMap::new(),
        counts: Counts::default(),
        rejects: Vec::new(),
        faults: Vec::new(),
        out: Out { form, out, rows: 0, failed: None },
    };
    printer.out.begin(extract.table.columns);
    let read = rows::read(path, shown, extract.encoding.as_deref(), extract.delimiter, &mut printer);
    printer.out.end();
    if let Some(error) = printer.out.failed {
        return Err(error.into());
    }
    let Printer { rejects, counts, mut faults, .. } = printer;
    faults.extend(read.err());
    faults.extend(rejects.iter().map(|reject| told(reject, shown)));
    if counts.rejected as f64 > extract.rejects_max * counts.records as f64 {
        let message = format!("{} of {} records could not be used", counts.rejected, counts.records);
        let fault = Diagnostic::error("file-refused", format!("nothing of the file would be taken: {message}"));
        faults.push(fault.at(Place::file(shown)).hint("that is a larger share than rejects_max allows"));
    }
    Ok(faults)
}

/// A cell, or a record, that would be set aside.
fn told(reject: &Reject, shown: &str) -> Diagnostic {
    let Reject { line, label, field, raw, reason, message } = reject;
    let cell = if field.is_empty() { String::new() } else { format!(", {label} ({field}) \"{raw}\"") };
    Diagnostic::warning(reason, format!("line {line}{cell}: {message}")).at(Place::file(shown))
}

/// Takes the pieces of a file, in their order.
struct Printer<'a, 'o> {
    task: Task<'a>,
    row_form: &'a RowForm,
    sets: &'a [CodeSet],
    plan: Option<Plan<'a>>,
    /// By the digest of its key, the line of each record that was met and the digest of all of it.
    seen: HashMap<Digest, (u64, Digest)>,
    counts: Counts,
    rejects: Vec<Reject>,
    faults: Vec<Diagnostic>,
    out: Out<'o>,
}

impl Sink for Printer<'_, '_> {
    fn header(&mut self, header: Header) -> ControlFlow<()> {
        match extract::plan(self.task, &header, self.row_form, self.sets) {
            Ok(plan) => {
                self.plan = Some(plan);
                ControlFlow::Continue(())
            }
            Err(faults) => {
                self.faults = faults;
                ControlFlow::Break(())
            }
        }
    }

    fn piece(&mut self, piece: Piece) -> ControlFlow<()> {
        let Some(plan) = &self.plan else { return ControlFlow::Break(()) };
        let words: Vec<Words> = self.sets.iter().map(CodeSet::words).collect();
        let mut batch = Batch::new(self.row_form, &words);
        let mut known = Known::default();
        plan.begin(&mut known);
        let counts = plan.piece(&piece, &mut known, &mut batch, &mut self.rejects);
        self.counts.records += counts.records;
        self.counts.rejected += counts.rejected;
        let mut bytes = Vec::new();
        for row in 0..batch.len() {
            bytes.clear();
            self.row_form.write(&batch, row, &mut bytes);
            let (fixed, texts) = self.row_form.content(&bytes);
            let of_record = (batch.lines[row], digest(&[fixed, texts].concat()));
            let (first, content) = *self.seen.entry(digest(self.row_form.key(&bytes))).or_insert(of_record);
            if first == of_record.0 {
                self.out.record(&batch, row, self.row_form.table.columns, self.task.file);
            } else {
                self.counts.rejected += 1;
                self.rejects.push(extract::double(of_record.0, first, content == of_record.1));
            }
        }
        if self.out.failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Enough of a digest that two of a billion records do not meet.
fn digest(bytes: &[u8]) -> Digest {
    Digest::from_str_radix(&sha256_bytes(bytes)[..32], 16).unwrap_or_default()
}

/// Where records go.
struct Out<'o> {
    form: Form,
    out: &'o mut dyn Write,
    rows: u64,
    failed: Option<std::io::Error>,
}

impl Out<'_> {
    fn begin(&mut self, columns: &[RecordColumn]) {
        let names = ["file", "line"].into_iter().chain(columns.iter().map(|column| column.name));
        match self.form {
            Form::Csv => self.csv(names.map(|name| Some(name.to_owned()))),
            Form::Json => self.text("["),
        }
    }

    fn end(&mut self) {
        if self.form == Form::Json {
            self.text("\n]\n");
        }
    }

    fn record(&mut self, batch: &Batch, row: usize, columns: &[RecordColumn], file: &str) {
        let place = [Some(file.to_owned()), Some(batch.lines[row].to_string())];
        let cells = columns.iter().zip(&batch.columns).map(|(column, cells)| shown(column.kind, cells, row));
        let cells = place.into_iter().chain(cells);
        match self.form {
            Form::Csv => self.csv(cells),
            Form::Json => {
                let names = ["file", "line"].into_iter().chain(columns.iter().map(|column| column.name));
                let object: Map<String, Json> = names.map(str::to_owned).zip(cells.map(Json::from)).collect();
                let comma = if self.rows == 0 { "\n" } else { ",\n" };
                self.text(&format!("{comma}{}", Json::from(object)));
            }
        }
        self.rows += 1;
    }

    fn csv(&mut self, cells: impl Iterator<Item = Option<String>>) {
        let mut line = csv::Writer::from_writer(Vec::new());
        let written = line.write_record(cells.map(Option::unwrap_or_default)).map_err(std::io::Error::other);
        let bytes = written.and_then(|()| line.into_inner().map_err(|error| std::io::Error::other(error.to_string())));
        match bytes {
            Ok(bytes) => self.bytes(&bytes),
            Err(error) => self.failed = Some(error),
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.failed = self.out.write_all(bytes).err();
        }
    }
}

/// What a cell holds, as text; a personal number by its form alone.
fn shown(kind: RecordKind, column: &Column, row: usize) -> Option<String> {
    let word = || column.word(row).map(|word| String::from_utf8_lossy(word).into_owned());
    match kind {
        RecordKind::Person => word().map(|number| mask::form(&number)),
        RecordKind::Text | RecordKind::Code(_) | RecordKind::Unit => word(),
        RecordKind::Month => column.short(row).map(month_text),
        RecordKind::Date => column.short(row).map(|days| date_after_1970(days as i32).to_string()),
        RecordKind::Yuan => column.long(row).map(|fen| Decimal::new(fen, 2).to_string()),
        RecordKind::Count => column.long(row).map(|count| count.to_string()),
    }
}
