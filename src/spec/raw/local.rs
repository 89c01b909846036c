//! `[local]` as written: codes, indicators and units of one table.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::Text;

/// What a table names that no code list has; every code made here begins with `x-` or `x_`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Local {
    /// Per code list: printed label → its code, or a code of this table (`x-…`). A list that begins with `x_` is made here.
    #[schemars(with = "Option<BTreeMap<String, BTreeMap<String, String>>>")]
    pub codes: Option<BTreeMap<Text, BTreeMap<Text, Text>>>,
    /// Indicators of this table alone, by their codes (`x_…`).
    #[schemars(with = "Option<BTreeMap<String, LocalIndicator>>")]
    pub indicators: Option<BTreeMap<Text, LocalIndicator>>,
    /// Units of this table alone, by their codes (`x_…`).
    #[schemars(with = "Option<BTreeMap<String, LocalUnit>>")]
    pub units: Option<BTreeMap<Text, LocalUnit>>,
}

/// An indicator that `codes/indicator.csv` does not have.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LocalIndicator {
    /// As printed.
    #[schemars(with = "String")]
    pub name: Text,
    /// A base unit: a code of `codes/unit.csv`, or one made here.
    #[schemars(with = "String")]
    pub unit: Text,
    /// stock, flow, rate or rule.
    #[schemars(with = "String")]
    pub kind: Text,
}

/// A unit that `codes/unit.csv` does not have.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LocalUnit {
    /// As printed.
    #[schemars(with = "String")]
    pub name: Text,
    /// The unit that numbers are stored in; this one where left out.
    #[schemars(with = "Option<String>")]
    pub base: Option<Text>,
    /// How many of the base unit make one; 1 where left out.
    #[schemars(with = "Option<u64>")]
    pub factor: Option<Spanned<u64>>,
}
