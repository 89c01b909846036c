//! A specification as resolved: what `ingest` needs and no more. Codes are looked up, patterns parsed, editions merged
//! with their table; nothing that is required is optional.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::annotation::Annotations;
use super::edition::Edition;
use super::extract::Extract;
use super::mark::MarkTexts;
use super::pattern::Pattern;
use crate::domain::{Code, Codebook, Dimension, Few, Period, RelationKind, Text};

/// Everything under `pipelines/`.
#[derive(Debug)]
pub struct Pipelines {
    pub codebook: Codebook,
    pub sources: Vec<Source>,
}

/// A publication or an agency that tables come from: the folder `pipelines/<id>/`.
#[derive(Debug)]
pub struct Source {
    /// The folder's name, which is `core_observation.dataset`.
    pub id: String,
    pub publisher: String,
    pub title: String,
    pub citation: String,
    pub licence: String,
    pub on_error: OnError,
    pub tables: Vec<Table>,
    /// What agencies send row by row.
    pub extracts: Vec<Extract>,
}

impl Source {
    /// A source of which nothing is known but what it is called.
    pub fn unstated(id: &str) -> Source {
        let unstated = || "not stated".to_owned();
        Source {
            id: id.to_owned(),
            publisher: unstated(),
            title: unstated(),
            citation: unstated(),
            licence: unstated(),
            on_error: OnError::WithholdTable,
            tables: Vec::new(),
            extracts: Vec::new(),
        }
    }
}

/// How much an error in one table withholds from publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// The edition of the table that has the error.
    WithholdTable,
    /// Every table of the source.
    WithholdSource,
}

/// One table of a source: the file `pipelines/<dataset>/<id>.toml`.
#[derive(Debug)]
pub struct Table {
    pub dataset: String,
    pub id: String,
    pub title: String,
    /// As printed: `表5`.
    pub number: Option<String>,
    /// Where two tables state the same quantity, the lower number wins.
    pub priority: i32,
    pub editions: Vec<Edition>,
    /// The specification's path as shown in messages.
    pub spec: String,
}

/// Where a table's parts are and what they mean.
#[derive(Clone, Debug)]
pub struct Layout {
    pub anchor: Option<Anchor>,
    /// Normalised texts over the label columns; blank where nothing stands there.
    pub corner: Vec<String>,
    /// 0: none is printed, and the columns stand in the order of the entries.
    pub header_rows: u32,
    /// A blank header cell repeats the one on its left.
    pub header_inherits: bool,
    /// A blank row label repeats the one above.
    pub label_inherits: bool,
    pub levels: Levels,
    /// Labels carry their English after the Chinese.
    pub bilingual: bool,
    /// How the line after the body begins; `""`: blank.
    pub until: Vec<String>,
    /// How the header of the column after the table begins; `""`: blank.
    pub until_column: Vec<String>,
    pub panels: Panels,
    /// How lines between panels begin.
    pub between: Vec<String>,
    pub annotations: Annotations,
    /// Labels that are written out stand in the order in which they are declared.
    pub ordered: bool,
    pub rows: Vec<Entry>,
    pub columns: Vec<Entry>,
    /// What holds for the whole table unless a row or column says otherwise.
    pub context: Meaning,
    pub splits: Vec<Split>,
    pub figures: Vec<Figure>,
    pub notes: Vec<Note>,
    pub preferences: Vec<Preference>,
    pub relations: Vec<RelationSpec>,
    pub marks: MarkTexts,
    /// Code list → the version by which the table is divided; the base version of any other list.
    pub versions: BTreeMap<String, String>,
}

/// Where the header may begin again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panels {
    pub right: bool,
    pub below: bool,
}

/// By what signs row labels show that a row belongs to one above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    pub indent: bool,
    pub of_which: bool,
    pub numbering: bool,
    pub bold: bool,
    pub heading: bool,
}

impl Layout {
    /// Whether the rows are records of what a text says, in which a quantity may stand more than once.
    pub fn quotes(&self) -> bool {
        self.columns.iter().any(|e| e.role == Some(Role::Quote))
    }
}

impl Levels {
    /// Whether rows stand in levels at all.
    pub fn any(self) -> bool {
        self != Levels::default()
    }
}

/// The text that tells the table from all others.
#[derive(Clone, Debug)]
pub struct Anchor {
    pub pattern: Pattern,
    /// Rows and columns to look in, all included, from 0.
    pub within: Option<Within>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Within {
    pub first: (u32, u32),
    pub last: (u32, u32),
}

/// One kind of row or column: how its labels read and what they mean.
#[derive(Clone, Debug)]
pub struct Entry {
    pub path: Vec<Pattern>,
    pub meaning: Meaning,
    /// The label before an edition renamed it, its parts joined by ` / `.
    pub declared: String,
    /// Added by the edition.
    pub new: bool,
    /// For cells merged over all rows (columns) below this label; no row (column) has the label alone.
    pub merged: bool,
    /// Known and not read.
    pub skip: bool,
    /// A column that holds no figures, and what it says of its row.
    pub role: Option<Role>,
    /// The label may be absent.
    pub optional: bool,
}

impl Entry {
    /// Whether the label is given letter by letter, so that it must appear at most once.
    pub fn is_literal(&self) -> bool {
        !self.merged && self.meaning.period != Some(PeriodRule::Left) && self.path.iter().all(Pattern::is_literal)
    }

    /// Whether figures stand in the row or column.
    pub fn is_read(&self) -> bool {
        !self.skip && self.role.is_none()
    }

    /// Whether the entry must be met.
    pub fn is_required(&self) -> bool {
        !self.optional && (self.merged || self.is_literal())
    }

    /// The label as declared, for messages.
    pub fn shown(&self) -> String {
        self.path.iter().map(Pattern::as_str).collect::<Vec<_>>().join(" / ")
    }
}

/// What a column of records says of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Record,
    Paper,
    Section,
    Quote,
    Note,
    Qualifier,
}

impl Role {
    /// Whether every record must say it, where there is such a column.
    pub fn is_required(self) -> bool {
        !matches!(self, Role::Note | Role::Qualifier)
    }
}

/// What a row, a column or a table says about its numbers; empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Meaning {
    pub indicator: Option<Code>,
    pub unit: Option<UnitUse>,
    pub period: Option<PeriodRule>,
    pub sign: Option<SignRule>,
    pub dimensions: Few<Dimension, Code>,
    pub breakdown: Few<Text, Text>,
}

impl Meaning {
    /// This meaning, with what it leaves out taken from `base`.
    pub fn over(&self, base: &Meaning) -> Meaning {
        let mut both = self.clone();
        both.fill(base);
        both
    }

    /// Takes what it leaves out from `base`.
    pub fn fill(&mut self, base: &Meaning) {
        if self.indicator.is_none() {
            self.indicator.clone_from(&base.indicator);
        }
        if self.unit.is_none() {
            self.unit.clone_from(&base.unit);
        }
        self.period = self.period.or(base.period);
        self.sign = self.sign.or(base.sign);
        self.dimensions.fill(&base.dimensions);
        self.breakdown.fill(&base.breakdown);
    }

    /// What a row and a column say together.
    ///
    /// # Errors
    /// Both say something different about the same thing, which is named.
    pub fn beside(&self, other: &Meaning) -> Result<Meaning, String> {
        match self.clash(other) {
            None => Ok(self.over(other)),
            Some(what) => Err(what.to_owned()),
        }
    }

    /// What this meaning and another say something different about.
    pub fn clash(&self, other: &Meaning) -> Option<&str> {
        self.clash_of_facts(other).or_else(|| self.clash_of_places(other))
    }

    /// What they say differently of what is counted, in which unit and when.
    pub fn clash_of_facts(&self, other: &Meaning) -> Option<&'static str> {
        fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
            one.is_some() && other.is_some() && one != other
        }
        let [of_self, of_other] = [self, other].map(|m| m.period.filter(|rule| fixed(*rule)));
        if differ(self.indicator.as_ref(), other.indicator.as_ref()) {
            return Some("indicator");
        }
        if differ(self.unit.as_ref(), other.unit.as_ref()) {
            return Some("unit");
        }
        if differ(self.sign, other.sign) {
            return Some("sign");
        }
        if differ(of_self, of_other) {
            return Some("period");
        }
        None
    }

    /// The dimension of which they say something different.
    pub fn clash_of_places(&self, other: &Meaning) -> Option<&str> {
        let differ = |one, other: Option<_>| other.is_some_and(|other| one != other);
        let dimension =
            self.dimensions.iter().find(|(d, code)| differ(code.as_str(), other.dimensions.get(*d).map(Code::as_str)));
        let breakdown = || {
            self.breakdown
                .iter()
                .find(|(key, code)| differ(code.as_str(), other.breakdown.get(key.as_str()).map(Text::as_str)))
        };
        dimension.map(|(d, _)| d.as_str()).or_else(|| breakdown().map(|(key, _)| key.as_str()))
    }
}

fn fixed(rule: PeriodRule) -> bool {
    matches!(rule, PeriodRule::Fixed(_))
}

/// A unit, and what is printed for it where that is not the unit's own name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitUse {
    pub code: String,
    /// Normalised; blank where the unit is printed nowhere.
    pub label: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeriodRule {
    Fixed(Period),
    /// The period of the nearest column on the left that states one.
    Left,
    /// From January to the month that the other axis states.
    YearToDate,
}

/// What a printed sign says about the value's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignRule {
    pub plus: Sense,
    pub minus: Sense,
    pub none: Sense,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sense {
    Positive,
    Negative,
}

/// A cell that holds several numbers, declared as what it is.
#[derive(Clone, Debug)]
pub struct Split {
    /// The cell's whole text.
    pub pattern: Pattern,
    /// In the order of the cell.
    pub values: Vec<SplitValue>,
}

#[derive(Clone, Debug)]
pub struct SplitValue {
    pub number: SplitNumber,
    pub meaning: Meaning,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitNumber {
    /// As the specification repeats it from the text.
    Stated { number: Decimal, decimals: u8 },
    /// What the text's next `{number}` captures.
    Captured,
}

/// A footnote that concerns some numbers only.
#[derive(Clone, Debug)]
pub struct Note {
    pub pattern: Pattern,
    /// What is said of the numbers that it concerns.
    pub meaning: Meaning,
}

/// A number inside the title or a footnote.
#[derive(Clone, Debug)]
pub struct Figure {
    pub pattern: Pattern,
    pub meaning: Meaning,
}

/// The section whose figure counts where several state one quantity.
#[derive(Clone, Debug)]
pub struct Preference {
    /// Normalised; of a text.
    pub section: Option<String>,
    /// The quantity, as far as it is said.
    pub meaning: Meaning,
}

/// A relation between whole and parts, before the parts present are known.
#[derive(Clone, Debug)]
pub struct RelationSpec {
    pub kind: RelationKind,
    pub dimension: Dimension,
    pub whole: Code,
    pub parts: Parts,
    /// Empty: every indicator of the table.
    pub indicators: Vec<Code>,
}

#[derive(Clone, Debug)]
pub enum Parts {
    /// Every code of the dimension that the table holds, but the whole.
    Rest,
    Listed(Vec<Code>),
}
