//! Wholes and parts as a specification writes them.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::Text;
use super::word::OneOrMany;

/// A whole and its parts (勾稽关系).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Relation {
    /// What whole and parts differ in: region, scheme, ownership, industry, population, breakdown or indicator.
    #[schemars(with = "String")]
    pub dimension: Text,
    /// The whole's code; for a breakdown its text (`payer=city`, or `_T`).
    #[schemars(with = "String")]
    pub whole: Text,
    /// The parts' codes, or `rest`: every other code of the dimension that the table holds.
    #[schemars(with = "OneOrMany")]
    pub parts: Spanned<OneOrMany>,
    /// Where left out, the relation holds for every indicator of the table.
    #[schemars(with = "Option<Vec<String>>")]
    pub indicators: Option<Vec<Text>>,
}
