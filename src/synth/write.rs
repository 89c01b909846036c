//! Files by the declared layouts: the header as first declared, codes by their names, bytes in the declared encoding.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::SynthError;
use crate::domain::record::REGION;
use crate::domain::{Codebook, RECORD_TABLES, RecordKind};
use crate::grid;
use crate::spec::pattern::Pattern;
use crate::spec::synth::Synth;
use crate::spec::{Extract, Source};

/// A cell of a record, by column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Blank,
    /// A code, printed by its name.
    Code(&'a str),
    /// Bytes of ASCII as they stand.
    Plain(&'a str),
    Number(u64),
    Fen(i64),
    /// Months since the year 0.
    Month(u32),
    /// A month and a day of it.
    Day(u32, u32),
    /// What a unit is called: with places for its region and its number.
    Name {
        form: &'a str,
        region: &'a str,
        number: u64,
    },
    /// A cell that is no number.
    Wrong,
}

/// Write the mean wage and the bounds of bases, the same in every year.
pub(super) fn wages(
    synth: &Synth,
    codebook: &Codebook,
    years: std::ops::RangeInclusive<u32>,
    into: &Path,
) -> Result<(), SynthError> {
    let told = &synth.wage;
    let code = told.region.get_ref();
    let entry = codebook.lists.get(REGION).and_then(|list| list.entries.iter().find(|e| e.code.as_str() == code));
    let name = entry.map_or(code.as_str(), |entry| entry.name_zh.as_str());
    let figures = [synth.average_wage_yuan, synth.floor_pct, synth.ceiling_pct].map(|n| n.to_string()).join(",");
    let text = format!("{}\n{name},{figures}\n", told.header.join(","));
    for year in years {
        let path = into.join(told.file.get_ref().replace("{year}", &year.to_string()));
        let io = |source| SynthError::Io { path: path.display().to_string(), source };
        fs::create_dir_all(path.parent().unwrap_or(into)).map_err(io)?;
        fs::write(&path, &text).map_err(io)?;
    }
    Ok(())
}

/// Write what is due of whom, as `pipelines/calendar.toml` says it.
pub(super) fn calendar(synth: &Synth, source: &Source, into: &Path) -> Result<(), SynthError> {
    let path = into.join("calendar.toml");
    let io = |source| SynthError::Io { path: path.display().to_string(), source };
    let told = &synth.calendar;
    let regions: Vec<&str> = synth.regions.keys().map(|code| code.get_ref().as_str()).collect();
    let mut text = format!(
        "# Made by `shebao synth`: which of these files are due of whom. Put it into pipelines/.\ntime_zone = {}\n",
        json!(told.time_zone)
    );
    for table in &RECORD_TABLES {
        let extract = source.extracts.iter().find(|extract| extract.table.name == table.name);
        let Some((extract, file)) = extract.and_then(|extract| Some((extract, csv(extract)?))) else { continue };
        // What JSON writes of texts, numbers and lists of texts, TOML reads.
        let lines = [
            ("name", json!(extract.title)),
            ("file", json!(file)),
            ("every", json!("month")),
            ("from", json!(synth.start.get_ref())),
            ("regions", json!(regions)),
            ("due_day", json!(told.due_day)),
            ("on_missing", json!(told.on_missing)),
        ];
        text.push_str("\n[[due]]\n");
        text.extend(lines.iter().map(|(key, value)| format!("{key:<10} = {value}\n")));
    }
    fs::create_dir_all(into).map_err(io)?;
    fs::write(&path, text).map_err(io)
}

/// The name under which the files of an extract are written.
fn csv(extract: &Extract) -> Option<&str> {
    extract.files.iter().map(Pattern::as_str).find(|name| name.ends_with(".csv"))
}

/// The layouts of all record tables.
pub(crate) struct Layouts<'a> {
    into: &'a Path,
    of: Vec<Layout<'a>>,
}

struct Layout<'a> {
    extract: &'a Extract,
    header: Vec<u8>,
    codebook: &'a Codebook,
    /// By list and code.
    names: BTreeMap<&'a str, BTreeMap<&'a str, Vec<u8>>>,
}

impl<'a> Layouts<'a> {
    pub(crate) fn new(source: &'a Source, codebook: &'a Codebook, into: &'a Path) -> Result<Layouts<'a>, SynthError> {
        let layout = |table: &'static crate::domain::RecordTable| {
            let extract = source.extracts.iter().find(|extract| extract.table.name == table.name);
            let missing = || SynthError::NoLayout { source_id: source.id.clone(), table: table.name };
            Layout::new(extract.ok_or_else(missing)?, codebook)
        };
        Ok(Layouts { into, of: RECORD_TABLES.iter().map(layout).collect::<Result<_, _>>()? })
    }

    /// Begin the file of a table for a region and month.
    pub(crate) fn file(&self, table: &str, region: &str, month: u32) -> Result<Sheet<'_>, SynthError> {
        let nth = RECORD_TABLES.iter().position(|t| t.name == table).unwrap_or_default();
        let layout = &self.of[nth];
        let fault = |why: &str| SynthError::Layout { spec: layout.extract.spec.clone(), why: why.to_owned() };
        let pattern = csv(layout.extract).ok_or_else(|| fault("no name of a file ends in .csv"))?;
        let month = crate::store::records::month_text(month);
        let name = pattern.replace("{region}", region).replace("{month}", &month);
        if name.contains('{') {
            return Err(fault("the name of a file may capture a region and a month alone"));
        }
        let path = self.into.join(&name);
        let io = |source| SynthError::Io { path: path.display().to_string(), source };
        fs::create_dir_all(path.parent().unwrap_or(self.into)).map_err(io)?;
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&path).map_err(io)?);
        file.write_all(&layout.header).map_err(io)?;
        Ok(Sheet { layout, name, path: path.clone(), file, row: Vec::new() })
    }
}

impl<'a> Layout<'a> {
    fn new(extract: &'a Extract, codebook: &'a Codebook) -> Result<Layout<'a>, SynthError> {
        let encoding = extract.encoding.as_deref().unwrap_or("utf-8");
        let encode = |text: &str| {
            let why = || format!("\"{text}\" cannot be written in {encoding}");
            let fault = || SynthError::Layout { spec: extract.spec.clone(), why: why() };
            grid::encode(text, encoding).ok_or_else(fault)
        };
        let headers: Vec<&str> = extract.fields.iter().map(|field| field.labels[0].as_str()).collect();
        let mut names: BTreeMap<&str, BTreeMap<&str, Vec<u8>>> = BTreeMap::new();
        for column in extract.table.columns {
            let RecordKind::Code(list) = column.kind else { continue };
            let Some(entries) = codebook.lists.get(list).map(|list| &list.entries) else { continue };
            let of_list = names.entry(list).or_default();
            for entry in entries {
                of_list.insert(entry.code.as_str(), encode(&entry.name_zh)?);
            }
        }
        Ok(Layout {
            header: encode(&format!("{}\n", headers.join(&extract.delimiter.to_string())))?,
            extract,
            codebook,
            names,
        })
    }
}

/// A file being written.
pub(crate) struct Sheet<'a> {
    layout: &'a Layout<'a>,
    pub(crate) name: String,
    path: PathBuf,
    file: BufWriter<File>,
    row: Vec<u8>,
}

impl Sheet<'_> {
    /// Write a record; what the layout does not have is left out.
    pub(crate) fn record(&mut self, cells: &[(&str, Value<'_>)]) -> Result<(), SynthError> {
        let Sheet { layout, row, .. } = self;
        row.clear();
        for (nth, field) in layout.extract.fields.iter().enumerate() {
            if nth > 0 {
                row.push(layout.extract.delimiter as u8);
            }
            let column = &layout.extract.table.columns[field.column];
            let cell = cells.iter().find(|(name, _)| *name == column.name).map_or(Value::Blank, |(_, value)| *value);
            print(cell, layout, column.kind, row);
        }
        row.push(b'\n');
        let io = |source| SynthError::Io { path: self.path.display().to_string(), source };
        self.file.write_all(&self.row).map_err(io)
    }

    pub(crate) fn finish(mut self) -> Result<(), SynthError> {
        let io = |source| SynthError::Io { path: self.path.display().to_string(), source };
        self.file.flush().map_err(io)
    }
}

fn print(cell: Value<'_>, layout: &Layout<'_>, kind: RecordKind, row: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = match cell {
        Value::Blank => Ok(()),
        Value::Wrong => row.write_all(b"#REF!"),
        Value::Plain(text) => row.write_all(text.as_bytes()),
        Value::Number(number) => write!(row, "{number}"),
        Value::Name { form, region, number } => {
            let entry = layout.codebook.lists.get(REGION).and_then(|list| list.get(region));
            let region = entry.map_or(region, |entry| entry.name_zh.as_str());
            let name = form.replace("{region}", region).replace("{number}", &number.to_string());
            let encoding = layout.extract.encoding.as_deref().unwrap_or("utf-8");
            row.write_all(&grid::encode(&name, encoding).unwrap_or_default())
        }
        Value::Fen(fen) => {
            let sign = if fen < 0 { "-" } else { "" };
            write!(row, "{sign}{}.{:02}", fen.unsigned_abs() / 100, fen.unsigned_abs() % 100)
        }
        Value::Month(month) => write!(row, "{:04}{:02}", month / 12, month % 12 + 1),
        Value::Day(month, day) => write!(row, "{:04}{:02}{day:02}", month / 12, month % 12 + 1),
        Value::Code(code) => {
            let list = if let RecordKind::Code(list) = kind { list } else { "" };
            let name = layout.names.get(list).and_then(|names| names.get(code));
            row.write_all(name.map_or(code.as_bytes(), Vec::as_slice))
        }
    };
}
