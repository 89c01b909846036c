//! `core_finding`: what ingest found, what the audits select, and keys that stand twice.

use std::sync::Arc;

use datafusion::arrow::array::{Decimal128Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, cast, lit};
use datafusion::prelude::{DataFrame, ident};

use super::fault::suggest;
use super::functions::RESULT_SCALE;
use super::model::{Audit, Model};
use super::output::Duplicate;
use crate::diag::{Diagnostic, Place, Severity};
use crate::store::schema::{FINDING, Kind};

/// The columns that say what lies behind a finding; an audit may leave them out.
const LIKELY: [&str; 5] = ["cause", "suspects", "repair", "candidates", "agrees"];

const NUMBER: DataType = DataType::Decimal128(38, RESULT_SCALE);

/// The columns of `core_finding`.
pub fn schema() -> SchemaRef {
    let fields = FINDING.columns.iter().map(|(name, kind)| match kind {
        Kind::Number => Field::new(*name, NUMBER, true),
        _ => Field::new(*name, DataType::Utf8, false),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Any findings in the columns and types of `core_finding`; `fixed` gives the columns that the frame does not have.
pub fn conform(frame: DataFrame, fixed: &[(&str, &str)]) -> Result<DataFrame> {
    let columns = FINDING.columns.iter().map(|(name, kind)| {
        let given = frame.schema().has_column_with_unqualified_name(name);
        let value = match fixed.iter().find(|(fixed, _)| fixed == name).filter(|_| !given) {
            Some((_, text)) => lit(*text),
            None => ident(*name),
        };
        if !given && fixed.iter().all(|(fixed, _)| fixed != name) && LIKELY.contains(name) {
            let nothing =
                if *kind == Kind::Number { lit(ScalarValue::Decimal128(None, 38, RESULT_SCALE)) } else { lit("") };
            return nothing.alias(*name);
        }
        let typed: Expr = match kind {
            Kind::Number => cast(value, NUMBER),
            _ => coalesce(vec![cast(value, DataType::Utf8), lit("")]),
        };
        typed.alias(*name)
    });
    let columns: Vec<Expr> = columns.collect();
    frame.select(columns)
}

/// The columns an audit must return and does, or a fault that says which are missing or too many.
pub fn check_columns(audit: &Audit, schema: &DFSchema) -> Option<Diagnostic> {
    let all = FINDING.columns.iter().map(|(name, _)| *name);
    let required = all.filter(|name| !matches!(*name, "rule" | "rule_zh" | "severity") && !LIKELY.contains(name));
    let missing: Vec<&str> = required.clone().filter(|name| !schema.has_column_with_unqualified_name(name)).collect();
    let known: Vec<&str> = required.clone().chain(["severity"]).chain(LIKELY).collect();
    let given: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let strange: Vec<&str> = given.into_iter().filter(|name| !known.contains(name)).collect();
    let message = match (missing.as_slice(), strange.as_slice()) {
        ([], []) => return None,
        (missing, []) => format!("the audit does not return {}", missing.join(", ")),
        ([], strange) => format!("the audit returns {}, which a finding does not have", strange.join(", ")),
        (missing, strange) => format!("the audit returns {} instead of {}", strange.join(", "), missing.join(", ")),
    };
    let hint = match (missing.as_slice(), strange.first()) {
        ([_, ..], Some(strange)) => suggest(strange, "columns", &missing),
        _ => format!(
            "an audit returns {}; severity, {} are optional",
            required.collect::<Vec<_>>().join(", "),
            LIKELY.join(", ")
        ),
    };
    let place = Place::span(&audit.query.source, 0..0);
    Some(Diagnostic::error("audit-columns", message).at(place).hint(hint))
}

/// The doubled keys of a model as findings.
pub fn of_duplicates(model: &Model, duplicates: &[Duplicate]) -> Result<RecordBatch> {
    let of_key = |duplicate: &Duplicate, column: &str| {
        duplicate.key.iter().find(|(name, _)| name == column).map_or(String::new(), |(_, value)| value.clone())
    };
    let text = |value: &dyn Fn(&Duplicate) -> String| -> Arc<StringArray> {
        Arc::new(duplicates.iter().map(|duplicate| Some(value(duplicate))).collect())
    };
    let mut columns: Vec<datafusion::arrow::array::ArrayRef> = Vec::new();
    for (name, kind) in FINDING.columns {
        columns.push(match (*name, kind) {
            (_, Kind::Number) => Arc::new(Decimal128Array::from(vec![None; duplicates.len()]).with_data_type(NUMBER)),
            ("rule", _) => text(&|_| "grain-unique".to_owned()),
            ("rule_zh", _) => text(&|_| "同一数量只出现一次".to_owned()),
            ("severity", _) => text(&|_| Severity::Error.as_str().to_owned()),
            ("outcome", _) => text(&|_| "fail".to_owned()),
            ("dataset" | "period" | "region" | "scheme", _) => text(&|duplicate| of_key(duplicate, name)),
            ("message", _) => text(&|duplicate| {
                let key: Vec<String> = duplicate.key.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("{}: {} rows share the key {}", model.name, duplicate.rows, key.join(", "))
            }),
            ("message_zh", _) => text(&|duplicate| {
                let key: Vec<String> = duplicate.key.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("{}：有{}行的键相同（{}）", model.name, duplicate.rows, key.join("，"))
            }),
            ("suggestion", _) => text(&|_| {
                "find the cells in core_observation; where two tables state the same quantity, give one of them a \
                 lower priority"
                    .to_owned()
            }),
            _ => text(&|_| String::new()),
        });
    }
    Ok(RecordBatch::try_new(schema(), columns)?)
}
