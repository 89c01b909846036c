//! The one fact row: a number from a cell, with its dimensions, its printed form and its origin.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::address::{Addressing, CellRef};
use super::code::{Code, TOTAL};
use super::few::Few;
use super::fingerprint::fingerprint;
use super::period::{Period, PeriodKind};
use super::text::Text;
use super::value::{Qualifier, Status, Value};

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
pub struct Breakdown(pub Few<Text, Text>);

impl Breakdown {
    /// The breakdown that prints as this text; `None` where a part is not `key=code`.
    pub fn parse(text: &str) -> Option<Breakdown> {
        if text == TOTAL {
            return Some(Breakdown::default());
        }
        let pair = |pair: &str| pair.split_once('=').map(|(key, code)| (key.into(), code.into()));
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

/// What a row, a column or a whole table says of where its numbers stand; nothing of some dimensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coordinates {
    codes: Few<Dimension, Code>,
    breakdown: Breakdown,
    /// The sum of the fingerprints of all that is said, so that it needs no walk over texts for each number.
    fingerprint: u64,
    said: u8,
}

impl Coordinates {
    pub fn new(codes: Few<Dimension, Code>, breakdown: Breakdown) -> Coordinates {
        let of_codes = codes.iter().filter(|(_, code)| code.as_str() != TOTAL).map(fingerprint);
        let fingerprint = of_codes.chain(breakdown.0.iter().map(fingerprint)).fold(0, u64::wrapping_add);
        let divided = (!breakdown.0.is_empty()).then_some(&Dimension::Breakdown);
        let said = codes.keys().chain(divided).fold(0, |said, dimension| said | 1 << *dimension as u8);
        Coordinates { codes, breakdown, fingerprint, said }
    }

    /// The dimensions of which something is said, a bit for each.
    pub fn said(&self) -> u8 {
        self.said
    }

    /// A number that what says the same has in common, and hardly anything else.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// What is said: list and code.
    pub fn codes(&self) -> impl Iterator<Item = (&str, &str)> {
        let codes = self.codes.iter().map(|(dimension, code)| (dimension.as_str(), code.as_str()));
        codes.chain(self.breakdown.0.iter().map(|(list, code)| (list.as_str(), code.as_str())))
    }

    /// Whether both say something of the same dimension.
    pub fn meets(&self, other: &Coordinates) -> bool {
        self.said & other.said != 0
    }
}

impl From<Dimensions> for Coordinates {
    fn from(d: Dimensions) -> Coordinates {
        let codes = [
            (Dimension::Region, d.region),
            (Dimension::Scheme, d.scheme),
            (Dimension::Ownership, d.ownership),
            (Dimension::Industry, d.industry),
            (Dimension::Population, d.population),
        ];
        let stated = codes.into_iter().filter(|(_, code)| code.as_str() != TOTAL);
        Coordinates::new(stated.collect(), d.breakdown)
    }
}

/// The sheet of an edition that numbers were read from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    pub dataset: String,
    pub table_id: String,
    pub edition: String,
    /// Path below the input folder, with `/`.
    pub source_file: String,
    pub source_sha256: String,
    pub sheet: String,
    pub addressing: Addressing,
    /// What stands before the cell in an id: `dataset/table/edition/`, with file and sheet where there are several.
    pub id_path: String,
}

/// What numbers of one sheet have in common that count the same thing, of one period and in one unit, and stand in one
/// column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    pub origin: Arc<Origin>,
    pub indicator: Code,
    pub period: Period,
    pub period_kind: PeriodKind,
    /// Code of the base unit.
    pub unit: String,
    /// Code of the printed unit.
    pub printed_unit: String,
    /// What the column says of where they stand.
    pub column: Arc<Coordinates>,
    /// Footnotes and source lines bound to them, joined by line breaks when stored.
    pub notes: Arc<Vec<String>>,
    pub status: Status,
}

/// Where in a text a figure stands that is kept as a record; blank what the record does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Passage {
    /// The record's key.
    pub record: String,
    pub paper: String,
    pub section: String,
    /// The words that state it.
    pub quote: String,
}

/// One number from one cell; the row of `core_observation`. There are millions of them, so what many of them share is
/// kept once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    pub series: Arc<Series>,
    /// What the row and the table say of where the number stands, below what the column says.
    pub row: Arc<Coordinates>,
    pub at: CellRef,
    /// Number among several of one cell, from 1; 0 where the cell has one only.
    pub nth: u16,
    /// In the base unit.
    pub value: Value,
    /// Decimals as printed, in the printed unit; `None` where there is no number.
    pub decimals: Option<u8>,
    /// The cell's text as printed.
    pub printed: Text,
    /// What else is known of it, as a rule nothing.
    pub besides: Option<Arc<Besides>>,
}

/// What is known of a figure besides, as of one that a text states or an office corrects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Besides {
    pub qualifier: Qualifier,
    /// Where the table states a quantity twice, this is declared to be the figure that counts.
    pub preferred: bool,
    pub passage: Option<Passage>,
    /// Where the office takes the print for a slip: what is printed, and who says so.
    pub correction: Option<Correction>,
}

/// A correction that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The value as printed.
    pub original: Value,
    /// From, to, reason, who, when.
    pub text: String,
}

impl Observation {
    /// `dataset/table/edition/cell`, with `#n` for the n-th number of a cell that holds several.
    pub fn obs_id(&self) -> String {
        format!("{}{}", self.series.origin.id_path, self.name())
    }

    /// The end of the id: the cell, and the number's place in it.
    pub fn name(&self) -> Text {
        match self.nth {
            0 => self.cell(),
            nth => Text::from(format!("{}#{nth}", self.cell())),
        }
    }

    /// A1 in sheets and delimited text, `RnCm` in html, `recN.FIELD` in dbf.
    pub fn cell(&self) -> Text {
        self.series.origin.addressing.name(self.at)
    }

    pub fn origin(&self) -> &Arc<Origin> {
        &self.series.origin
    }

    pub fn indicator(&self) -> &Code {
        &self.series.indicator
    }

    pub fn period(&self) -> Period {
        self.series.period
    }

    pub fn notes(&self) -> &[String] {
        &self.series.notes
    }

    pub fn status(&self) -> Status {
        self.series.status
    }

    pub fn qualifier(&self) -> Qualifier {
        self.besides.as_ref().map_or(Qualifier::Exact, |b| b.qualifier)
    }

    pub fn is_preferred(&self) -> bool {
        self.besides.as_ref().is_some_and(|b| b.preferred)
    }

    pub fn passage(&self) -> Option<&Passage> {
        self.besides.as_ref()?.passage.as_ref()
    }

    pub fn correction(&self) -> Option<&Correction> {
        self.besides.as_ref()?.correction.as_ref()
    }

    /// What is known of it besides, to be changed.
    pub fn besides_mut(&mut self) -> &mut Besides {
        Arc::make_mut(self.besides.get_or_insert_default())
    }

    /// What row and table say of where the number stands, and, over it, what the column says.
    pub fn coordinates(&self) -> [&Coordinates; 2] {
        [&self.row, &self.series.column]
    }

    /// The code of a dimension that the number is divided by.
    pub fn code(&self, dimension: Dimension) -> Option<&Code> {
        let [below, above] = self.coordinates();
        let code = above.codes.get(&dimension).or(below.codes.get(&dimension));
        code.filter(|code| code.as_str() != TOTAL)
    }

    pub fn breakdown(&self) -> Cow<'_, Breakdown> {
        let [below, above] = self.coordinates().map(|c| &c.breakdown);
        if above.0.is_empty() {
            return Cow::Borrowed(below);
        }
        if below.0.is_empty() {
            return Cow::Borrowed(above);
        }
        let both = below.0.iter().chain(above.0.iter());
        Cow::Owned(Breakdown(both.map(|(key, code)| (key.clone(), code.clone())).collect()))
    }

    /// A number that two observations of one quantity have in common, and hardly any others.
    pub fn fingerprint(&self) -> u64 {
        let [below, above] = self.coordinates();
        let place = match below.meets(above) {
            true => Coordinates::from(self.dimensions()).fingerprint,
            false => below.fingerprint.wrapping_add(above.fingerprint),
        };
        fingerprint((self.indicator(), self.period(), place))
    }

    /// Whether the words are kept that state the figure. A text may state a quantity more than once, a table may not.
    pub fn is_quoted(&self) -> bool {
        self.passage().is_some_and(|p| !p.quote.is_empty())
    }

    pub fn dimensions(&self) -> Dimensions {
        let of = |dimension| self.code(dimension).cloned().unwrap_or_else(Code::total);
        Dimensions {
            region: of(Dimension::Region),
            scheme: of(Dimension::Scheme),
            ownership: of(Dimension::Ownership),
            industry: of(Dimension::Industry),
            population: of(Dimension::Population),
            breakdown: self.breakdown().into_owned(),
        }
    }
}
