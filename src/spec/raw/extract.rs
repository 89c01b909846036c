//! A record layout as written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::{OneOrMany, Text};

/// `pipelines/<source>/<extract>.toml` with the key `record`: how an agency's extract is laid out, row by row.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Extract {
    /// What the extract is called.
    #[schemars(with = "String")]
    pub title: Text,
    /// The record table that its rows become.
    #[schemars(with = "String")]
    pub record: Text,
    /// Path below the input folder, or several; captures (`{region}`, `{month}`) hold for every row of a file. `{name:int}`
    /// counts submissions: the highest is the last.
    #[schemars(with = "OneOrMany")]
    pub file: Spanned<OneOrMany>,
    /// Encoding of a text or dbf file; `utf-8` where left out.
    #[schemars(with = "Option<String>")]
    pub encoding: Option<Text>,
    /// The character between the cells of a text file; a comma where left out.
    #[schemars(with = "Option<char>")]
    pub delimiter: Option<Spanned<char>>,
    /// The columns that tell the records of a month apart: of two with the same only the first of a file is taken.
    #[schemars(with = "Vec<String>")]
    pub key: Spanned<Vec<Text>>,
    /// The captures that tell one submission from another: a later file in which they hold the same replaces the whole of
    /// the earlier one.
    #[schemars(with = "Vec<String>")]
    pub replaces: Spanned<Vec<Text>>,
    /// The share of wrong rows above which a file is refused whole: 0.001 is one in a thousand.
    #[schemars(with = "f64")]
    pub rejects_max: Spanned<f64>,
    /// A file without any record says that there was nothing, as of deaths in a small place; else it is refused.
    #[serde(default)]
    pub may_be_empty: bool,
    /// Headers of columns that are known and not read, such as a person's name.
    #[schemars(with = "Option<Vec<String>>")]
    pub skip: Option<Vec<Text>>,
    /// Code list → the version that the extract uses; the base version where left out.
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    pub versions: Option<BTreeMap<Text, Text>>,
    /// Column of the record table → the code that holds for every row: `{ region = "530400" }`.
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    pub context: Option<BTreeMap<Text, Text>>,
    /// Where the rows of a name that ends in `.postgres` come from.
    #[schemars(with = "Option<Postgres>")]
    pub postgres: Option<Spanned<Postgres>>,
    /// The columns that are read.
    pub field: Vec<Field>,
}

/// A PostgreSQL database that an extract is asked of. Who may connect stands elsewhere: exactly one of `url_env` and `url_file`
/// says where, and exactly one of `query` and `table` what.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Postgres {
    /// The environment variable that holds the address: `postgresql://user:password@host/database`.
    pub url_env: Option<String>,
    /// The file that holds the address, which only its owner may read; below the project where it is not absolute.
    pub url_file: Option<String>,
    /// The query that gives the rows, under the headers of the fields; `{month}` is the month that the name captures.
    pub query: Option<String>,
    /// The table or view that is read whole.
    pub table: Option<String>,
}

/// A column of an extract and the column of the record table that it fills.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Field {
    /// A column of the record table.
    #[schemars(with = "String")]
    pub name: Text,
    /// The header over it, or all the headers that agencies use for it.
    #[schemars(with = "OneOrMany")]
    pub label: Spanned<OneOrMany>,
    /// What its cells are.
    #[serde(rename = "type")]
    #[schemars(with = "FieldType")]
    pub kind: Spanned<FieldType>,
    /// The code list of a `code`.
    #[schemars(with = "Option<String>")]
    pub list: Option<Text>,
    /// The unit of a `decimal`: a code of `codes/unit.csv`.
    #[schemars(with = "Option<String>")]
    pub unit: Option<Text>,
    /// The column may be absent.
    #[serde(default)]
    pub optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FieldType {
    /// Any words.
    Text,
    /// A code or label of `list`.
    Code,
    /// `202610`, `2026-10` or `2026年10月`.
    Month,
    /// `20261031`, `2026-10-31`, `2026/10/31` or `2026年10月31日`.
    Date,
    /// Money in `unit`, exact to the fen.
    Decimal,
    /// A whole number.
    Integer,
    /// A personal number; it becomes a keyed hash.
    Person,
    /// The number of an insured unit.
    Unit,
}
