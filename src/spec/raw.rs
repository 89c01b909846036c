//! A specification as written: a mirror of the TOML files, with the byte span of every text so that a fault points at it.
//!
//! Unknown keys are for the check against the JSON Schema to find, which finds all of them; serde reads on past them, so
//! that the other faults of the file are found as well. The doc comments become the descriptions of the JSON Schema. Two
//! macros add the keys that several tables share, because serde's `flatten` loses spans.

pub mod extract;
mod local;
mod relation;
pub mod questionnaire;
mod word;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::domain::Dimension;

pub use local::{Local, LocalIndicator, LocalUnit};
pub use relation::Relation;
pub use word::{HeaderBlank, LabelBlank, Level, OneOrMany, Order, Panels, Role, Sense, Sign, Status};

pub type Text = Spanned<String>;

/// `pipelines/<source>/source.toml`: who published the tables of this folder, and how faults are treated.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Source {
    /// Who published the figures.
    #[schemars(with = "String")]
    pub publisher: Text,
    /// The publication's title.
    #[schemars(with = "String")]
    pub title: Text,
    /// The publication as a source line cites it.
    #[schemars(with = "String")]
    pub citation: Text,
    /// Terms of use, or "none stated".
    #[schemars(with = "String")]
    pub licence: Text,
    /// What an error in one table keeps back.
    #[serde(default)]
    pub on_error: OnError,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnError {
    /// The edition of the table with the error.
    #[default]
    WithholdTable,
    /// Every table of the source.
    WithholdSource,
}

/// A code or a whole number.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    Integer(i64),
    Text(String),
}

/// The text that tells the table from all others in the file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Anchor {
    /// Found inside the text of exactly one cell; may capture `{year}`, `{month}` or a code such as `{region}`.
    #[schemars(with = "String")]
    pub text: Text,
    /// Cells to look in, such as `A1:K3`; all cells where left out.
    #[schemars(with = "Option<String>")]
    pub within: Option<Text>,
}

/// What a part of a table says about its numbers, borrowed from any table that has these keys.
#[derive(Clone, Copy, Debug)]
pub struct Stated<'a> {
    pub indicator: Option<&'a Text>,
    pub dimensions: [(Dimension, Option<&'a Text>); 5],
    pub breakdown: Option<&'a BTreeMap<Text, Spanned<Scalar>>>,
}

macro_rules! stating {
    ($(#[$meta:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Deserialize, JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub struct $name {
            $($own)*
            /// What is counted: a code of `codes/indicator.csv`.
            #[schemars(with = "Option<String>")]
            pub indicator: Option<Text>,
            /// A code of `codes/region.csv`.
            #[schemars(with = "Option<String>")]
            pub region: Option<Text>,
            /// A code of `codes/scheme.csv` (险种).
            #[schemars(with = "Option<String>")]
            pub scheme: Option<Text>,
            /// A code of `codes/ownership.csv` (登记注册类型).
            #[schemars(with = "Option<String>")]
            pub ownership: Option<Text>,
            /// A code of `codes/industry.csv` (行业).
            #[schemars(with = "Option<String>")]
            pub industry: Option<Text>,
            /// A code of `codes/population.csv` (人群).
            #[schemars(with = "Option<String>")]
            pub population: Option<Text>,
            /// Any further dimension: the name of a code list with one of its codes, or any name with a whole number.
            #[schemars(with = "Option<BTreeMap<String, Scalar>>")]
            pub breakdown: Option<BTreeMap<Text, Spanned<Scalar>>>,
        }

        impl $name {
            pub fn stated(&self) -> Stated<'_> {
                Stated {
                    indicator: self.indicator.as_ref(),
                    dimensions: [
                        (Dimension::Region, self.region.as_ref()),
                        (Dimension::Scheme, self.scheme.as_ref()),
                        (Dimension::Ownership, self.ownership.as_ref()),
                        (Dimension::Industry, self.industry.as_ref()),
                        (Dimension::Population, self.population.as_ref()),
                    ],
                    breakdown: self.breakdown.as_ref(),
                }
            }
        }
    };
}

stating! {
    /// What holds for every number of the table unless its row or column says otherwise.
    Context {}
}

/// Where an entry comes from, once an edition has been merged with its table.
#[derive(Clone, Debug, Default)]
pub struct EntryOrigin {
    /// The label before the edition renamed it, its parts joined.
    pub declared: Option<String>,
    /// Added by the edition.
    pub new: bool,
}

stating! {
    /// One kind of row or column: how its label reads and what it means.
    Entry {
        /// The label as printed; `{region}`, `{year}` and the like capture what they match. A unit in brackets at the
        /// end may be left out.
        #[schemars(with = "OneOrMany")]
        pub label: Spanned<OneOrMany>,
        /// Set when editions are merged with their table.
        #[serde(skip)]
        pub origin: EntryOrigin,
        /// For what an edition adds: the declared label it stands after; at the end where left out, `""`: before all others.
        #[schemars(with = "Option<String>")]
        pub after: Option<Text>,
        /// For cells merged over all columns (rows) below this label.
        #[serde(default)]
        pub merged: bool,
        /// Known and not read: a serial number, a label in another language, a remark.
        #[serde(default)]
        pub skip: bool,
        /// For a column of records that holds no figures: what it says of its row.
        pub role: Option<Role>,
        /// The label may be absent.
        #[serde(default)]
        pub optional: bool,
        /// The printed unit: a code of `codes/unit.csv`.
        #[schemars(with = "Option<String>")]
        pub unit: Option<Text>,
        /// What is printed for the unit where that is another unit's name (`元` for 元/人); blank: nothing is.
        #[schemars(with = "Option<String>")]
        pub unit_label: Option<Text>,
        /// A period such as `2012`; `left`: that of the column on the left; `year-to-date`: from January on.
        #[schemars(with = "Option<String>")]
        pub period: Option<Text>,
        /// Where a sign means something other than it says.
        pub sign: Option<Sign>,
    }
}

stating! {
    /// One of the numbers of a cell that holds several.
    SplitValue {
        /// The number as printed in the cell; left out where the text captures it by `{number}`.
        #[schemars(with = "Option<String>")]
        pub number: Option<Text>,
    }
}

stating! {
    /// A number inside the title or a footnote.
    Figure {
        /// Found inside one of them; `{number}` captures the number.
        #[schemars(with = "String")]
        pub text: Text,
        /// The printed unit: a code of `codes/unit.csv`.
        #[schemars(with = "String")]
        pub unit: Text,
    }
}

stating! {
    /// A footnote without a mark that concerns the numbers of which it says the same.
    Note {
        /// Found inside the footnote; `{any}` stands for any text.
        #[schemars(with = "String")]
        pub text: Text,
    }
}

stating! {
    /// Where a quantity is stated twice: the figure of this table that counts, whatever other tables state, and in a text that
    /// of a section. What is left out may be anything.
    Prefer {
        /// The section, as its column holds it; only in a text.
        #[schemars(with = "Option<String>")]
        pub section: Option<Text>,
        /// The period of the quantity.
        #[schemars(with = "Option<String>")]
        pub period: Option<Text>,
        /// Why this one counts.
        #[schemars(with = "String")]
        pub reason: Text,
    }
}

/// A cell that holds several numbers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Split {
    /// The cell's whole text, in which `{number}` captures a number and `{any}` what does not matter; nor does white space.
    #[schemars(with = "String")]
    pub text: Text,
    /// The numbers in the order of the cell.
    pub values: Vec<SplitValue>,
}

/// The layout of a table, borrowed from the table or from one of its editions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout<'a> {
    pub anchor: Option<&'a Anchor>,
    pub corner: Option<&'a Spanned<OneOrMany>>,
    pub header_rows: Option<&'a Spanned<u32>>,
    pub header_blank: Option<HeaderBlank>,
    pub label_blank: Option<LabelBlank>,
    pub levels: Option<&'a [Level]>,
    pub bilingual: Option<bool>,
    pub until: Option<&'a [Text]>,
    pub until_column: Option<&'a [Text]>,
    pub panels: Option<Panels>,
    pub between: Option<&'a [Text]>,
    pub note_marks: Option<&'a [Text]>,
    pub status: Option<&'a BTreeMap<Text, Status>>,
    pub order: Option<Order>,
    pub unit: Option<&'a Text>,
    pub unit_label: Option<&'a Text>,
    pub period: Option<&'a Text>,
    pub context: Option<&'a Context>,
    pub rows: Option<&'a [Entry]>,
    pub columns: Option<&'a [Entry]>,
    pub split: Option<&'a [Split]>,
    pub figure: Option<&'a [Figure]>,
    pub note: Option<&'a [Note]>,
    pub questionnaire: Option<&'a Text>,
    pub prefer: Option<&'a [Prefer]>,
    pub sum: Option<&'a [Relation]>,
    pub part_of: Option<&'a [Relation]>,
    pub versions: Option<&'a BTreeMap<Text, Text>>,
}

macro_rules! laid_out {
    ($(#[$meta:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Deserialize, JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub struct $name {
            $($own)*
            /// The text that tells the table from all others; left out where the header alone does.
            pub anchor: Option<Anchor>,
            /// The text over the label column; several for several label columns, `""` where nothing is printed. Its first row
            /// is the header's first.
            #[schemars(with = "Option<OneOrMany>")]
            pub corner: Option<Spanned<OneOrMany>>,
            /// Rows of the header, 1 where left out. 0: the table prints none, begins below its anchor, and its columns
            /// stand in the order in which they are declared.
            #[schemars(with = "Option<u32>")]
            pub header_rows: Option<Spanned<u32>>,
            /// For formats without merged cells: what a blank header cell repeats.
            pub header_blank: Option<HeaderBlank>,
            /// For formats without merged cells: what a blank row label repeats.
            pub label_blank: Option<LabelBlank>,
            /// By what signs the labels of the first label column show hierarchy. A label is then the list of the labels
            /// above it and its own, without the signs.
            pub levels: Option<Vec<Level>>,
            /// Labels carry their English after the Chinese, in the same cell; it is dropped.
            pub bilingual: Option<bool>,
            /// How the first line after the body begins; from there to the next blank row are footnotes. `""`: a blank
            /// row ends the body.
            #[schemars(with = "Option<Vec<String>>")]
            pub until: Option<Vec<Text>>,
            /// How the header of the first column after the table begins. `""`: a blank column ends the table.
            #[schemars(with = "Option<Vec<String>>")]
            pub until_column: Option<Vec<Text>>,
            /// Where the header begins again: continuation pages (续表), halves side by side, headers repeated down the
            /// sheet.
            pub panels: Option<Panels>,
            /// How lines between two panels begin (`续表`, a unit line, a title); blank ones need not be named.
            #[schemars(with = "Option<Vec<String>>")]
            pub between: Option<Vec<Text>>,
            /// Marks beside labels and numbers that refer to a footnote; where left out ① to ⑳, *, †, ‡ and 注1).
            #[schemars(with = "Option<Vec<String>>")]
            pub note_marks: Option<Vec<Text>>,
            /// Marks beside labels and numbers that say what state a figure is in.
            #[schemars(with = "Option<BTreeMap<String, Status>>")]
            pub status: Option<BTreeMap<Text, Status>>,
            /// Whether labels may stand in another order than the declared one.
            pub order: Option<Order>,
            /// The printed unit of every number whose row or column states none: a code of `codes/unit.csv`.
            #[schemars(with = "Option<String>")]
            pub unit: Option<Text>,
            /// What is printed for the unit where that is another unit's name; blank: nothing is.
            #[schemars(with = "Option<String>")]
            pub unit_label: Option<Text>,
            /// The period of every number whose row or column states none.
            #[schemars(with = "Option<String>")]
            pub period: Option<Text>,
            /// What holds for every number unless its row or column says otherwise.
            pub context: Option<Context>,
            /// Kinds of rows, in the order of the table.
            pub rows: Option<Vec<Entry>>,
            /// Kinds of columns, in the order of the table.
            pub columns: Option<Vec<Entry>>,
            /// Cells that hold several numbers.
            pub split: Option<Vec<Split>>,
            /// Numbers inside the title or a footnote.
            pub figure: Option<Vec<Figure>>,
            /// Footnotes without a mark that concern some of the numbers only.
            pub note: Option<Vec<Note>>,
            /// The survey of whose questionnaire the table counts the answers: it gives a row for every answer.
            #[schemars(with = "Option<String>")]
            pub questionnaire: Option<Text>,
            /// Which of several statements of one quantity counts.
            pub prefer: Option<Vec<Prefer>>,
            /// Parts that add up to a whole.
            pub sum: Option<Vec<Relation>>,
            /// Parts that are at most the whole.
            pub part_of: Option<Vec<Relation>>,
            /// Code list → the version by which the table is divided (`industry = "2002"`), where that is not the base
            /// version. Figures restated by a later version say so here.
            #[schemars(with = "Option<BTreeMap<String, String>>")]
            pub versions: Option<BTreeMap<Text, Text>>,
        }

        impl $name {
            pub fn layout(&self) -> Layout<'_> {
                Layout {
                    anchor: self.anchor.as_ref(),
                    corner: self.corner.as_ref(),
                    header_rows: self.header_rows.as_ref(),
                    header_blank: self.header_blank,
                    label_blank: self.label_blank,
                    levels: self.levels.as_deref(),
                    bilingual: self.bilingual,
                    until: self.until.as_deref(),
                    until_column: self.until_column.as_deref(),
                    panels: self.panels,
                    between: self.between.as_deref(),
                    note_marks: self.note_marks.as_deref(),
                    status: self.status.as_ref(),
                    order: self.order,
                    unit: self.unit.as_ref(),
                    unit_label: self.unit_label.as_ref(),
                    period: self.period.as_ref(),
                    context: self.context.as_ref(),
                    rows: self.rows.as_deref(),
                    columns: self.columns.as_deref(),
                    split: self.split.as_deref(),
                    figure: self.figure.as_deref(),
                    note: self.note.as_deref(),
                    questionnaire: self.questionnaire.as_ref(),
                    prefer: self.prefer.as_deref(),
                    sum: self.sum.as_deref(),
                    part_of: self.part_of.as_deref(),
                    versions: self.versions.as_ref(),
                }
            }
        }
    };
}

laid_out! {
    /// `pipelines/<source>/<table>.toml`: where a table is, how it is laid out and what its numbers mean.
    Table {
        /// The table's title as published.
        #[schemars(with = "String")]
        pub title: Text,
        /// The table's number as printed: `表5`.
        pub number: Option<String>,
        /// Where two tables state the same quantity, the lower number wins; 100 where left out.
        pub priority: Option<i32>,
        /// Codes of this table alone, until the code lists have them.
        pub local: Option<Local>,
        /// The files that hold the table; each may differ from the keys above.
        pub edition: Vec<Edition>,
    }
}

laid_out! {
    /// One file that holds the table, and where it differs from the table's other keys (a key given here replaces the
    /// table's).
    Edition {
        /// The edition's name; the year where left out.
        #[schemars(with = "Option<String>")]
        pub id: Option<Text>,
        /// The year of the edition, which is also the period of numbers where nothing else states one.
        #[schemars(with = "Option<i16>")]
        pub year: Option<Spanned<i16>>,
        /// When the edition came out: a year, a month or a day. Of two editions the later one counts.
        #[schemars(with = "Option<String>")]
        pub published: Option<Text>,
        /// The edition that this one replaces as a whole: what it does not state any more is withdrawn.
        #[schemars(with = "Option<String>")]
        pub replaces: Option<Text>,
        /// Path below the input folder, or several; with captures (`monthly/{month}.csv`) every file that fits is a part
        /// of the edition, and what is captured holds for its numbers.
        #[schemars(with = "OneOrMany")]
        pub file: Spanned<OneOrMany>,
        /// The sheet's name, or several, captures likewise (`{year}年`); where left out, every sheet is searched for the
        /// one table.
        #[schemars(with = "Option<OneOrMany>")]
        pub sheet: Option<Spanned<OneOrMany>>,
        /// Encoding of a text file; detected where left out.
        #[schemars(with = "Option<String>")]
        pub encoding: Option<Text>,
        /// The character between the cells of a text file (`;`, `|`, a tab as `\t`); detected where left out.
        #[schemars(with = "Option<char>")]
        pub delimiter: Option<Spanned<char>>,
        /// Declared label (one part of a path, or all joined by ` / `), text of the corner or anchor → as this edition
        /// prints it.
        #[schemars(with = "Option<BTreeMap<String, String>>")]
        pub rename: Option<BTreeMap<Text, Text>>,
        /// Declared labels (parts joined by ` / `) that this edition does not have.
        #[schemars(with = "Option<Vec<String>>")]
        pub gone: Option<Vec<Text>>,
        /// Kinds of rows that this edition adds.
        pub new_rows: Option<Vec<Entry>>,
        /// Kinds of columns that this edition adds.
        pub new_columns: Option<Vec<Entry>>,
        /// Declared label (parts joined by ` / `) → the unit in which this edition prints it.
        #[schemars(with = "Option<BTreeMap<String, String>>")]
        pub units: Option<BTreeMap<Text, Text>>,
    }
}

impl<'a> Layout<'a> {
    /// This layout, with what it leaves out taken from `base`.
    pub fn over(self, base: Layout<'a>) -> Layout<'a> {
        Layout {
            anchor: self.anchor.or(base.anchor),
            corner: self.corner.or(base.corner),
            header_rows: self.header_rows.or(base.header_rows),
            header_blank: self.header_blank.or(base.header_blank),
            label_blank: self.label_blank.or(base.label_blank),
            levels: self.levels.or(base.levels),
            bilingual: self.bilingual.or(base.bilingual),
            until: self.until.or(base.until),
            until_column: self.until_column.or(base.until_column),
            panels: self.panels.or(base.panels),
            between: self.between.or(base.between),
            note_marks: self.note_marks.or(base.note_marks),
            status: self.status.or(base.status),
            order: self.order.or(base.order),
            unit: self.unit.or(base.unit),
            // A label belongs to the unit that is given beside it.
            unit_label: if self.unit.is_some() { self.unit_label } else { self.unit_label.or(base.unit_label) },
            period: self.period.or(base.period),
            context: self.context.or(base.context),
            rows: self.rows.or(base.rows),
            columns: self.columns.or(base.columns),
            split: self.split.or(base.split),
            figure: self.figure.or(base.figure),
            note: self.note.or(base.note),
            questionnaire: self.questionnaire.or(base.questionnaire),
            prefer: self.prefer.or(base.prefer),
            sum: self.sum.or(base.sum),
            part_of: self.part_of.or(base.part_of),
            versions: self.versions.or(base.versions),
        }
    }
}
