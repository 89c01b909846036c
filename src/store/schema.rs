//! The stage tables, column by column: what ingest leaves and SQL models read.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Never null; blank where it does not apply.
    Text,
    /// Null where it does not apply.
    OptionalText,
    /// Decimal(38, 6), exact.
    Number,
    Integer,
    Date,
}

/// One table of a stage; its file is `<name>.parquet`.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [(&'static str, Kind)],
}

/// Digits of a stored number, and those after the point.
pub const PRECISION: u8 = 38;
pub const SCALE: u8 = 6;

use Kind::{Date, Integer, Number, OptionalText, Text};

pub const OBSERVATION: Table = Table {
    name: "stage_observation",
    columns: &[
        ("obs_id", Text),
        ("dataset", Text),
        ("table_id", Text),
        ("edition", Text),
        ("indicator", Text),
        ("period", Text),
        ("period_start", Date),
        ("period_end", Date),
        ("period_kind", Text),
        ("region", Text),
        ("scheme", Text),
        ("ownership", Text),
        ("industry", Text),
        ("population", Text),
        ("breakdown", Text),
        ("value", Number),
        ("unit", Text),
        ("decimals", Integer),
        ("mark", OptionalText),
        ("printed", Text),
        ("printed_unit", Text),
        ("source_file", Text),
        ("source_sha256", Text),
        ("sheet", Text),
        ("cell", Text),
        ("notes", Text),
        ("status", Text),
        ("record", OptionalText),
        ("paper", OptionalText),
        ("section", OptionalText),
        ("quote", OptionalText),
        ("qualifier", Text),
        ("preferred", Integer),
        ("original_value", Number),
        ("correction", OptionalText),
    ],
};

pub const FINDING: Table = Table {
    name: "stage_finding",
    columns: &[
        ("rule", Text),
        ("rule_zh", Text),
        ("severity", Text),
        ("outcome", Text),
        ("dataset", Text),
        ("period", Text),
        ("region", Text),
        ("scheme", Text),
        ("source_file", Text),
        ("sheet", Text),
        ("cell", Text),
        ("residual", Number),
        ("tolerance", Number),
        ("message", Text),
        ("message_zh", Text),
        ("suggestion", Text),
        ("cause", Text),
        ("suspects", Text),
        ("repair", Text),
        ("candidates", Number),
        ("agrees", Text),
    ],
};

pub const CODE: Table = Table {
    name: "stage_code",
    columns: &[
        ("list", Text),
        ("version", Text),
        ("code", Text),
        ("parent", OptionalText),
        ("name_zh", Text),
        ("name_en", Text),
        ("valid_from", Text),
        ("valid_to", Text),
    ],
};

/// The versions of code lists.
pub const VERSION: Table = Table {
    name: "stage_version",
    columns: &[
        ("list", Text),
        ("version", Text),
        ("valid_from", Text),
        ("valid_to", Text),
        ("first_day", Date),
        ("last_day", Date),
    ],
};

pub const CONCORDANCE: Table = Table {
    name: "stage_concordance",
    columns: &[
        ("list", Text),
        ("from_version", Text),
        ("from_code", Text),
        ("to_version", Text),
        ("to_code", Text),
        ("weight", OptionalText),
        ("weights", Text),
        ("place", Integer),
        ("unit", OptionalText),
        ("valid_from", Text),
        ("since_day", Date),
        ("from_first_day", Date),
        ("from_last_day", Date),
        ("via", Text),
        ("source", Text),
        ("reason", Text),
    ],
};

pub const BREAK: Table = Table {
    name: "stage_break",
    columns: &[
        ("indicator", OptionalText),
        ("scheme", OptionalText),
        ("region", OptionalText),
        ("ownership", OptionalText),
        ("industry", OptionalText),
        ("at", Text),
        ("at_day", Date),
        ("kind", Text),
        ("reason", Text),
        ("reason_zh", Text),
        ("source", Text),
    ],
};

pub const EDITION: Table = Table {
    name: "stage_edition",
    columns: &[
        ("dataset", Text),
        ("table_id", Text),
        ("edition", Text),
        ("published", Date),
        ("replaces", OptionalText),
    ],
};

/// What was due until the period that the run was asked for, and what came of it.
pub const DELIVERY: Table = Table {
    name: "stage_delivery",
    columns: &[
        ("delivery", Text),
        ("period", Text),
        ("period_start", Date),
        ("period_end", Date),
        ("region", Text),
        ("record_table", OptionalText),
        ("state", Text),
        ("due_at", Text),
        ("file", OptionalText),
        ("sha256", OptionalText),
    ],
};

pub const INDICATOR: Table = Table {
    name: "stage_indicator",
    columns: &[
        ("indicator", Text),
        ("name_zh", Text),
        ("name_en", Text),
        ("unit", Text),
        ("kind", Text),
        ("definition", Text),
        ("definition_zh", Text),
        ("numerator", Text),
        ("denominator", Text),
        ("source", Text),
    ],
};

pub const UNIT: Table =
    Table { name: "stage_unit", columns: &[("unit", Text), ("name_zh", Text), ("base", Text), ("factor", Number)] };

pub const RELATION: Table = Table {
    name: "stage_relation",
    columns: &[
        ("relation_id", Text),
        ("dataset", Text),
        ("table_id", Text),
        ("kind", Text),
        ("dimension", Text),
        ("whole", Text),
        ("part", Text),
        ("indicator", Text),
    ],
};

pub const TABLE: Table = Table {
    name: "stage_table",
    columns: &[
        ("dataset", Text),
        ("table_id", Text),
        ("title", Text),
        ("publisher", Text),
        ("citation", Text),
        ("licence", Text),
        ("priority", Integer),
        ("number", OptionalText),
    ],
};

pub const QUESTION: Table = Table {
    name: "stage_question",
    columns: &[
        ("survey", Text),
        ("question", Text),
        ("position", Integer),
        ("section", Text),
        ("text", Text),
        ("choice", Text),
        ("asked_question", Text),
        ("asked_option", Text),
        ("bound_unit", Text),
        ("concept", Text),
    ],
};

pub const ANSWER: Table = Table {
    name: "stage_answer",
    columns: &[
        ("survey", Text),
        ("question", Text),
        ("option", Text),
        ("position", Integer),
        ("text", Text),
        ("kind", Text),
        ("asked_question", Text),
        ("asked_option", Text),
        ("low", Number),
        ("high", Number),
        ("category", Text),
    ],
};

pub const SUBMISSION: Table = Table {
    name: "stage_submission",
    columns: &[
        ("submission", Text),
        ("dataset", Text),
        ("extract", Text),
        ("record_table", Text),
        ("source_file", Text),
        ("source_sha256", Text),
        ("scope", Text),
        ("state", Text),
        ("records", Integer),
        ("rejected", Integer),
        ("reasons", Text),
    ],
};

/// What was set aside of extracts; no stage table, since it lies with the records.
pub const REJECT: Table = Table {
    name: "core_reject",
    columns: &[
        ("dataset", Text),
        ("extract", Text),
        ("record_table", Text),
        ("source_file", Text),
        ("source_sha256", Text),
        ("line", Integer),
        ("label", Text),
        ("field", Text),
        ("raw", Text),
        ("reason", Text),
        ("message", Text),
        ("file_state", Text),
        ("submission", Text),
    ],
};

/// Every stage table, in the order they are written.
pub const TABLES: [&Table; 15] = [
    &OBSERVATION,
    &FINDING,
    &CODE,
    &VERSION,
    &CONCORDANCE,
    &BREAK,
    &INDICATOR,
    &UNIT,
    &QUESTION,
    &ANSWER,
    &RELATION,
    &TABLE,
    &EDITION,
    &SUBMISSION,
    &DELIVERY,
];

/// The stage table of this name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.into_iter().find(|table| table.name == name)
}
