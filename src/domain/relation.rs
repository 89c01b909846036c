//! Wholes and parts as a table declares them (勾稽关系); the audits read them as the table `core_relation`.

use super::code::Code;
use super::observation::Dimension;

/// What must hold between the whole and its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RelationKind {
    /// The parts add up to the whole (合计).
    Sum,
    /// Each part is at most the whole (其中).
    PartOf,
}

impl RelationKind {
    /// The text stored in `core_relation.kind`.
    pub fn as_str(self) -> &'static str {
        match self {
            RelationKind::Sum => "sum",
            RelationKind::PartOf => "part_of",
        }
    }
}

/// One row of `core_relation`: in every column, row and period of a table that differ in nothing but `dimension`, `part`
/// is a part of `whole`. A sum of n parts is n rows with the same `relation_id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relation {
    pub relation_id: String,
    pub dataset: String,
    pub table_id: String,
    pub kind: RelationKind,
    pub dimension: Dimension,
    /// The code (or canonical breakdown text) of the whole.
    pub whole: Code,
    pub part: Code,
    /// The indicator the relation is limited to; `_T` = every indicator of the table.
    pub indicator: Code,
}
