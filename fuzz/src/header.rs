//! A small table in a random layout, read by a random specification: header bands, label columns, merges, blanks, bold
//! and indent. Whatever comes of it, a value is the one its cell holds, and no number between two others is passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rust_decimal::Decimal;
use shebao::domain::{Observation, Observations, Value};
use shebao::grid::{self, column_letters};
use shebao::ingest::{Input, Task, ingest, number};
use shebao::spec::{self, Pipelines};

use super::choices::Choices;
use super::codebook;
use super::layout::{Cells, Layout, Written};

pub fn check(bytes: &[u8]) {
    read(bytes);
}

/// What became of an input: `None` where the specification is at fault, else whether the table was read without a fault.
pub fn read(bytes: &[u8]) -> Option<bool> {
    let mut choices = Choices(bytes);
    let layout = Layout::choose(&mut choices);
    let specification = layout.specification(&mut choices);
    let loaded = spec::read_text(codebook().clone(), "fuzz.toml", specification.clone());
    if !loaded.diagnostics.is_empty() {
        return None;
    }
    let (cells, merges) = layout.sheet(&mut choices);
    let workbook = super::layout::workbook(&cells, &merges)?;
    let document = grid::parse(&workbook, Path::new("fuzz.xlsx"), "fuzz.xlsx", grid::Declared::default())
        .expect("a sound workbook is read");
    let Pipelines { codebook, sources } = &loaded.value;
    let (source, table) = sources.first().and_then(|s| s.tables.first().map(|t| (s, t)))?;
    let edition = &table.editions[0];
    let input = Input { document: &document, file: "fuzz.xlsx", sha256: "", captured: &[] };
    let read = ingest(Task { source, table, edition, codebook }, &[input]);
    read.diagnostics.iter().for_each(|d| drop(d.render()));
    let mut ids = BTreeSet::new();
    let by_address: BTreeMap<String, &Written> =
        cells.iter().map(|((row, col), cell)| (format!("{}{}", column_letters(*col as u32), row + 1), cell)).collect();
    for observation in &read.value.observations {
        let cell = observation.cell();
        let written = by_address.get(cell.as_str()).copied();
        let factor = codebook.unit(&observation.series.printed_unit).map_or(Decimal::ZERO, |u| u.factor);
        holds(observation, written, factor);
        assert_eq!(observation.printed.as_str(), written.map_or("", |c| &c.text), "{cell}");
        assert!(ids.insert(observation.obs_id()), "{} stands twice", observation.obs_id());
    }
    let skips = specification.contains("skip = true");
    if !skips && !read.has_errors() {
        nothing_passed_over(&read.value.observations, &cells);
    }
    Some(!read.has_errors() && !read.value.observations.is_empty())
}

/// The value is what the cell holds.
fn holds(observation: &Observation, cell: Option<&Written>, factor: Decimal) {
    let text = cell.map_or("", |c| &c.text);
    match observation.value {
        Value::Missing(_) => assert!(number::parse(text).is_err(), "{text:?} is read as missing"),
        Value::Number(value) => {
            let bare = text.trim_end_matches(['*', 'p']);
            let read = number::parse(bare).unwrap_or_else(|e| panic!("{text:?} is read as {value}: {e}"));
            let sign = if read.sign == Some(number::Sign::Minus) { -Decimal::ONE } else { Decimal::ONE };
            assert_eq!(value, read.magnitude * sign * factor, "{text:?} is read as {value}");
        }
    }
}

/// Every number in the rectangle of the observations is one of them.
fn nothing_passed_over(observations: &Observations, cells: &Cells) {
    let read: BTreeSet<String> = observations.iter().map(|o| o.cell().to_string()).collect();
    let address = |(row, col): (usize, usize)| format!("{}{}", column_letters(col as u32), row + 1);
    let places: Vec<(usize, usize)> = cells.keys().copied().filter(|at| read.contains(&address(*at))).collect();
    let rows = places.iter().map(|(row, _)| *row);
    let cols = places.iter().map(|(_, col)| *col);
    let (Some(top), Some(left)) = (rows.clone().min(), cols.clone().min()) else { return };
    let (bottom, right) = (rows.max().unwrap_or(top), cols.max().unwrap_or(left));
    for (at, cell) in cells.range((top, 0)..=(bottom, usize::MAX)).filter(|((_, col), _)| (left..=right).contains(col))
    {
        let passed_over = cell.number && number::parse(&cell.text).is_ok() && !read.contains(&address(*at));
        assert!(!passed_over, "{} holds {:?} and is not read, though no fault was found", address(*at), cell.text);
    }
}
