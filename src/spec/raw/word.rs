//! Values of a layout's keys: one of a few words, or one text or several.

use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum HeaderBlank {
    /// A blank header cell repeats the one on its left.
    #[serde(rename = "left")]
    Left,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum LabelBlank {
    /// A blank row label repeats the one above.
    #[serde(rename = "above")]
    Above,
}

/// Where the header of a table begins again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Panels {
    /// Beside the first.
    Right,
    /// Further down the sheet.
    Below,
    /// Beside the first and further down.
    Both,
}

/// What state a marked figure is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// To be replaced by a final figure.
    Provisional,
    /// Changed since it was first published.
    Revised,
    /// Estimated or expected, not counted.
    Estimated,
}

impl Status {
    pub fn resolved(self) -> crate::domain::Status {
        match self {
            Status::Provisional => crate::domain::Status::Provisional,
            Status::Revised => crate::domain::Status::Revised,
            Status::Estimated => crate::domain::Status::Estimated,
        }
    }
}

/// By what signs row labels show that a row belongs to one above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Leading blanks, or the indent of the cell's format.
    Indent,
    /// `其中：` or `#` before the label: a part of the nearest row above without the sign.
    OfWhich,
    /// `第一章`, `一、`, `（一）`, `1.`, `(1)`, `①` before the label, the first of these the outermost.
    Numbering,
    /// A bold label stands over those below that are not.
    Bold,
    /// A row without any cell in the columns that are read stands over those below, until the next one.
    Heading,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Order {
    /// Labels stand as they are declared.
    #[serde(rename = "declared")]
    Declared,
    /// Labels may stand in any order.
    #[serde(rename = "any")]
    Any,
}

/// What a column of records says of its row, where it holds no figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The record's key: no two rows have the same.
    Record,
    /// The text that the figure was taken from.
    Paper,
    /// The section of the text.
    Section,
    /// The words that state the figure. A quantity may be stated by several records then.
    Quote,
    /// A remark, kept with the notes of the figure.
    Note,
    /// How the text bounds the number: a label of `codes/qualifier.csv` (以上, 近, 左右), blank where it does not.
    Qualifier,
}

/// What a printed sign says about the value's: `{ plus = "+", none = "-" }` reads `＋5` as 5 and `5` as -5.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Sign {
    /// Sign of the value where a plus is printed; `+` where left out.
    pub plus: Option<Sense>,
    /// Sign of the value where a minus is printed; `-` where left out.
    pub minus: Option<Sense>,
    /// Sign of the value where no sign is printed; `+` where left out.
    pub none: Option<Sense>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Sense {
    #[serde(rename = "+")]
    Positive,
    #[serde(rename = "-")]
    Negative,
}

/// One label, or the labels of a stacked header from top to bottom (of label columns from left to right).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub fn texts(&self) -> Vec<&str> {
        match self {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts.iter().map(String::as_str).collect(),
        }
    }
}
