//! The one fact row: a number from a cell, with its dimensions, its printed form and its origin.

use std::collections::BTreeMap;
use std::fmt;

use super::code::{Code, TOTAL};
use super::period::{Period, PeriodKind};
use super::value::{Status, Value};

/// The dimensions that have a column of their own; `Indicator` is listed because relations may run over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    Indicator,
    Region,
    Scheme,
    Ownership,
    Industry,
    Population,
    Breakdown,
}

impl Dimension {
    pub const ALL: [Dimension; 7] = [
        Dimension::Indicator,
        Dimension::Region,
        Dimension::Scheme,
        Dimension::Ownership,
        Dimension::Industry,
        Dimension::Population,
        Dimension::Breakdown,
    ];

    /// The column's name in every table, which is also the code list's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Dimension::Indicator => "indicator",
            Dimension::Region => "region",
            Dimension::Scheme => "scheme",
            Dimension::Ownership => "ownership",
            Dimension::Industry => "industry",
            Dimension::Population => "population",
            Dimension::Breakdown => "breakdown",
        }
    }

    pub fn parse(text: &str) -> Option<Dimension> {
        Dimension::ALL.into_iter().find(|d| d.as_str() == text)
    }
}

/// Any further dimension, sorted by key; prints as `payer=employer;tier=3`, or `_T` when there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Breakdown(pub BTreeMap<String, String>);

impl Breakdown {
    /// The breakdown that prints as this text; `None` where a part is not `key=code`.
    pub fn parse(text: &str) -> Option<Breakdown> {
        if text == TOTAL {
            return Some(Breakdown::default());
        }
        let pair = |pair: &str| pair.split_once('=').map(|(key, code)| (key.to_owned(), code.to_owned()));
        text.split(';').map(pair).collect::<Option<_>>().map(Breakdown)
    }
}

impl fmt::Display for Breakdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(TOTAL);
        }
        for (nth, (key, value)) in self.0.iter().enumerate() {
            let separator = if nth == 0 { "" } else { ";" };
            write!(f, "{separator}{key}={value}")?;
        }
        Ok(())
    }
}

/// Where a number stands among the dimensions; a dimension not divided holds `_T`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dimensions {
    pub region: Code,
    pub scheme: Code,
    pub ownership: Code,
    pub industry: Code,
    pub population: Code,
    pub breakdown: Breakdown,
}

impl Default for Dimensions {
    fn default() -> Self {
        Dimensions {
            region: Code::total(),
            scheme: Code::total(),
            ownership: Code::total(),
            industry: Code::total(),
            population: Code::total(),
            breakdown: Breakdown::default(),
        }
    }
}

/// The cell a number was read from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Path below the input folder, with `/`.
    pub source_file: String,
    pub source_sha256: String,
    pub sheet: String,
    /// A1 in sheets and delimited text, `RnCm` in html, `recN.FIELD` in dbf.
    pub cell: String,
}

/// One number from one cell; the row of `core_observation`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// `dataset/table/edition/cell`, with `#n` for the n-th number of a cell that holds several.
    pub obs_id: String,
    pub dataset: String,
    pub table_id: String,
    pub edition: String,
    pub indicator: Code,
    pub period: Period,
    pub period_kind: PeriodKind,
    pub dimensions: Dimensions,
    /// In the base unit.
    pub value: Value,
    /// Code of the base unit.
    pub unit: String,
    /// Decimals as printed, in the printed unit; `None` where there is no number.
    pub decimals: Option<u8>,
    /// The cell's text as printed.
    pub printed: String,
    /// Code of the printed unit.
    pub printed_unit: String,
    pub origin: Origin,
    /// Footnotes and source lines bound to the cell, joined by line breaks when stored.
    pub notes: Vec<String>,
    pub status: Status,
}
