//! `report.toml` and `palette.toml` as they are written: a mirror for serde and for the JSON Schema that editors use.
//! What the entries mean is decided in `spec`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// A report: tables and charts that are published together.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "shebao report.toml")]
pub struct RawReport {
    pub report: RawHead,
    #[serde(default)]
    pub text: RawText,
    #[serde(default)]
    #[schemars(with = "Vec<RawTable>")]
    pub table: Vec<Spanned<RawTable>>,
    #[serde(default)]
    #[schemars(with = "Vec<RawChart>")]
    pub chart: Vec<Spanned<RawChart>>,
}

/// The report's heading on the index page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawHead {
    pub title: String,
    /// A sentence below the heading.
    #[serde(default)]
    pub summary: String,
    /// The title in English, for bilingual tables and for machine-readable files.
    #[serde(default)]
    pub title_en: String,
    /// What is made from the data unless a table says otherwise; see the key of the table.
    #[serde(default)]
    pub generated: Vec<RawGenerated>,
    /// English below every Chinese title, head and label.
    #[serde(default)]
    pub bilingual: bool,
    /// Place among the reports of the index page; equal numbers stand in the order of their folder names.
    #[serde(default)]
    pub order: i64,
}

/// The prose of the report, which stands in `text.md` beside this file.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawText {
    /// Words that the text uses by name: `{{ region }}`.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
    /// A page of its own for the title, and a list of contents after it.
    #[serde(default)]
    pub cover: bool,
}

/// One table in its yearbook layout.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawTable {
    /// File name of the table, lower-case letters, digits, `_` and `-`.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// As printed before the title: 表1.
    #[serde(default)]
    pub number: String,
    pub title: String,
    #[serde(default)]
    pub title_en: String,
    /// What is made from the data instead of being written here; the report's list unless given.
    #[serde(default)]
    pub generated: Option<Vec<RawGenerated>>,
    /// English below every Chinese title, head and label; as the report says unless given.
    #[serde(default)]
    pub bilingual: Option<bool>,
    /// Rows of the body on one page; what is longer goes on as 续表 with the head repeated.
    #[serde(default)]
    #[schemars(with = "Option<usize>")]
    pub page_rows: Option<Spanned<usize>>,
    /// The unit note above the table, right aligned: 单位：人、万元.
    #[serde(default)]
    pub unit_note: String,
    /// The table read: any `core_`, `ind_` or `out_` table.
    #[schemars(with = "String")]
    pub from: Spanned<String>,
    /// Columns of that table and the values they must hold.
    #[serde(default, rename = "where")]
    #[schemars(with = "BTreeMap<String, RawValues>")]
    pub filter: RawSelector,
    /// Heads of the label columns on the left, one per column.
    #[schemars(with = "Vec<RawHeadCell>")]
    pub heads: Spanned<RawHeads>,
    #[schemars(with = "Vec<RawNode>")]
    pub rows: Spanned<Vec<Spanned<RawNode>>>,
    #[schemars(with = "Vec<RawNode>")]
    pub columns: Spanned<Vec<Spanned<RawNode>>>,
    /// Dimensions whose total answers where no observation has the code asked for; neighbouring cells that the same
    /// observation answers are merged.
    #[serde(default)]
    pub merge: Vec<String>,
    /// Selectors of cells that are blank on purpose.
    #[serde(default)]
    #[schemars(with = "Vec<BTreeMap<String, RawValues>>")]
    pub absent: Vec<RawSelector>,
    /// What is printed for a mark, instead of the source's own sign: `not_available = "…"`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub marks: BTreeMap<Spanned<String>, String>,
    /// Lines below the table, as they are.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Notes that are numbered, and bound to the cells that they select.
    #[serde(default)]
    pub cell_notes: Vec<RawNote>,
    /// The source line below the table.
    #[serde(default)]
    pub source: String,
    #[serde(default)]
    pub value: Option<String>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub unit: Option<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Option<RawDecimals>")]
    pub decimals: Option<Spanned<RawDecimals>>,
    #[serde(default)]
    pub grouping: Option<bool>,
    #[serde(default)]
    pub sign: Option<RawSign>,
}

/// What a table has made from its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawGenerated {
    /// 表 1, 表 2 … in the order of the file, for tables without a number.
    Number,
    /// The unit note, from the units of the figures.
    Unit,
    /// The source line, from the editions whose figures are printed.
    Source,
    /// What the signs of absent numbers mean, for those that stand in the table.
    Marks,
    /// The notes that the source binds to its cells, numbered.
    Notes,
    /// Provisional, revised and estimated figures are marked, and the marks explained.
    Status,
}

/// A note that is numbered, and bound to cells.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawNote {
    pub text: String,
    /// Codes of the cells that bear it.
    #[serde(rename = "where")]
    #[schemars(with = "BTreeMap<String, RawValues>")]
    pub filter: RawSelector,
}

/// A row or a column; with children it is a heading over them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawNode {
    /// The printed label.
    #[serde(default)]
    pub label: Option<String>,
    /// The label in English.
    #[serde(default)]
    pub label_en: String,
    /// A note on the label, numbered by itself.
    #[serde(default)]
    pub note: String,
    /// How many steps a row's label is set in.
    #[serde(default)]
    pub indent: u8,
    /// A part of the row above: 其中： stands before its label.
    #[serde(default)]
    pub of_which: bool,
    #[serde(default, rename = "where")]
    #[schemars(with = "BTreeMap<String, RawValues>")]
    pub filter: RawSelector,
    /// Instead of a label: one row (or column) for each code this dimension holds in the data, named by the code list.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub each: Option<Spanned<String>>,
    /// With `each`: printed labels of codes whose name in the code list is not the one wanted.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// With `each`: the same in English.
    #[serde(default)]
    pub labels_en: BTreeMap<String, String>,
    /// With `each`: `source` (as the source prints them) or `code`.
    #[serde(default)]
    pub order: Option<RawOrder>,
    /// Column of the table that holds the number; `value` unless said otherwise.
    #[serde(default)]
    pub value: Option<String>,
    /// Unit the number is printed in; without it, the unit it was printed in.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub unit: Option<Spanned<String>>,
    /// `"as printed"`, or a number of decimals.
    #[serde(default)]
    #[schemars(with = "Option<RawDecimals>")]
    pub decimals: Option<Spanned<RawDecimals>>,
    /// Thousands separators.
    #[serde(default)]
    pub grouping: Option<bool>,
    /// What stands before a positive and before a negative number.
    #[serde(default)]
    pub sign: Option<RawSign>,
    #[serde(default)]
    #[schemars(with = "Vec<RawNode>")]
    pub rows: Vec<Spanned<RawNode>>,
    #[serde(default)]
    #[schemars(with = "Vec<RawNode>")]
    pub columns: Vec<Spanned<RawNode>>,
}

/// Column name → the value it must hold, or one of several.
pub type RawSelector = BTreeMap<String, Spanned<RawValues>>;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a text, or a list of texts")]
pub enum RawValues {
    One(String),
    Several(Vec<String>),
}

/// A list of its own, so that whatever is wrong in it is answered with what to write.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "heads is a list with one head per column of row labels; write heads = [\"地区\"], or heads = [{ rows = \"地区\", columns = \"年份\" }] for a head parted by a diagonal"
)]
pub enum RawHeads {
    List(Vec<RawHeadCell>),
}

/// The head of a label column: a text, or the two labels of a diagonal cell.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "a text, { text = \"…\", en = \"…\" }, or { rows = \"…\", columns = \"…\" }"
)]
pub enum RawHeadCell {
    Text(String),
    Bilingual {
        text: String,
        /// The same in English.
        en: String,
    },
    Diagonal {
        /// What the rows are.
        rows: String,
        /// What the columns are.
        columns: String,
    },
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "\"as printed\" or a number of decimals")]
pub enum RawDecimals {
    Count(u32),
    Word(String),
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawSign {
    pub positive: String,
    pub negative: String,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawOrder {
    Source,
    Code,
    ValueDescending,
}

/// One chart, drawn as SVG and PNG.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawChart {
    /// File name of the chart, lower-case letters, digits, `_` and `-`.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    pub kind: RawKind,
    /// As printed before the title: 图1.
    #[serde(default)]
    pub number: String,
    pub title: String,
    #[schemars(with = "String")]
    pub from: Spanned<String>,
    #[serde(default, rename = "where")]
    #[schemars(with = "BTreeMap<String, RawValues>")]
    pub filter: RawSelector,
    pub x: RawX,
    pub y: RawY,
    /// A second axis, on the right, for the lines of `bar-line`.
    #[serde(default)]
    pub y2: Option<RawY>,
    #[schemars(with = "Vec<RawSeries>")]
    pub series: Spanned<Vec<RawSeries>>,
    #[serde(default)]
    pub notes: Vec<String>,
    #[serde(default)]
    pub source: String,
    /// What the chart shows, for readers who do not see it; made of title and series unless given.
    #[serde(default)]
    pub alt: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawKind {
    Line,
    Bar,
    /// Series with `shape = "line"` are drawn over the bars.
    BarLine,
    /// One series, positive and negative values in two colours.
    Diverging,
    /// Bars one above the other.
    Stacked,
    /// Bars one above the other, all as high as the plot: 100 %.
    Share,
    /// Horizontal bars of one series, the largest above.
    Ranked,
    /// Dots on a line for each category, one for each series.
    Dot,
    /// Two categories, a line for each series from one to the other.
    Slope,
    /// Two series back to back.
    Pyramid,
    /// Answers in order, from the least to the most agreeing, about a middle line.
    Likert,
    /// A row for each series, a column for each category, darker for more.
    Heat,
    /// A panel for each series, all on one scale.
    SmallMultiples,
    /// One category; each series is a step from one total to the next.
    Waterfall,
}

/// The categories along the horizontal axis.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawX {
    /// The dimension whose codes are the categories.
    #[schemars(with = "String")]
    pub dimension: Spanned<String>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub order: Option<RawOrder>,
}

/// The vertical axis.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawY {
    /// Unit of the axis.
    #[schemars(with = "String")]
    pub unit: Spanned<String>,
    /// Text above the axis; the unit's name unless given.
    #[serde(default)]
    pub label: String,
    /// Decimals of the numbers written at the points.
    pub decimals: u32,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawSeries {
    pub label: String,
    #[serde(default, rename = "where")]
    #[schemars(with = "BTreeMap<String, RawValues>")]
    pub filter: RawSelector,
    #[serde(default)]
    pub value: Option<String>,
    #[serde(default)]
    pub shape: Option<RawShape>,
    /// In a waterfall: a level, not a step.
    #[serde(default)]
    pub total: bool,
    /// In a waterfall: what goes out.
    #[serde(default)]
    pub falls: bool,
    /// Name of a colour in `palette.toml`; the palette's order unless given.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub colour: Option<Spanned<String>>,
    /// In diverging bars: the name of the negative values in the legend.
    #[serde(default)]
    pub negative_label: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawShape {
    Bar,
    Line,
}

/// `reports/palette.toml`: what all reports look like.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "shebao palette.toml")]
pub struct RawPalette {
    /// Who publishes; stands at the head of the index page.
    #[serde(default)]
    pub publisher: String,
    pub font: RawFonts,
    pub chart: RawChartColours,
    /// Colours of series, in the order they are used.
    pub series: Vec<RawColour>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFonts {
    /// Font names written into workbooks; the reader's machine has them or falls back.
    pub workbook_title: String,
    pub workbook_body: String,
    /// Families that PDF is set in, the first that the machine has: headings, and text.
    #[serde(default)]
    pub print_title: Vec<String>,
    #[serde(default)]
    pub print_body: Vec<String>,
    /// Families tried after the found font where the SVG is shown.
    pub chart_fallback: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawChartColours {
    pub ink: String,
    pub faint: String,
    pub grid: String,
    pub paper: String,
    pub positive: String,
    pub negative: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawColour {
    pub name: String,
    /// `#rrggbb`
    pub colour: String,
}

impl Default for RawPalette {
    /// What a project without a palette gets: colours told apart by colour-blind readers (after Okabe and Ito), dark
    /// enough for print.
    fn default() -> Self {
        let colours = [
            ("blue", "#0072b2"),
            ("vermilion", "#d55e00"),
            ("green", "#009e73"),
            ("purple", "#b0578d"),
            ("ochre", "#b8860b"),
            ("grey", "#5b6770"),
        ];
        RawPalette {
            publisher: String::new(),
            font: RawFonts {
                workbook_title: "黑体".to_owned(),
                workbook_body: "宋体".to_owned(),
                print_title: vec!["Source Han Sans SC".to_owned(), "Noto Sans CJK SC".to_owned()],
                print_body: vec!["Source Han Serif SC".to_owned(), "Noto Serif CJK SC".to_owned()],
                chart_fallback: vec!["Microsoft YaHei".to_owned(), "PingFang SC".to_owned(), "sans-serif".to_owned()],
            },
            chart: RawChartColours {
                ink: "#1f2933".to_owned(),
                faint: "#5b6770".to_owned(),
                grid: "#dde2e6".to_owned(),
                paper: "#ffffff".to_owned(),
                positive: "#0072b2".to_owned(),
                negative: "#d55e00".to_owned(),
            },
            series: colours
                .into_iter()
                .map(|(name, colour)| RawColour { name: name.to_owned(), colour: colour.to_owned() })
                .collect(),
        }
    }
}
