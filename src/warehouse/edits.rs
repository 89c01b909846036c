//! The editing rules put to a build: what they look at is read from the core tables, what they find goes to
//! `core_finding`, and where they applied to `core_check`.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray, Decimal128Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Field, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{cast, lit};
use datafusion::prelude::{SessionContext, ident};
use futures::StreamExt as _;
use rust_decimal::Decimal;

use super::findings;
use super::functions::RESULT_SCALE;
use crate::domain::Finding;
use crate::editing::check::{Report, check};
use crate::editing::material::{Break, Key, Material, Part, Reading};
use crate::spec::rules::Rulebook;
use crate::store::schema::{FINDING, Kind};

/// What the rules say of the tables of a session, and where each applied.
pub async fn run(session: &SessionContext, book: &Rulebook) -> Result<(RecordBatch, RecordBatch)> {
    let report = match book.rules.is_empty() {
        true => Report::default(),
        false => check(book, &material(session, book).await?),
    };
    Ok((finding_batch(&report.findings)?, rule_batch(book, &report)?))
}

const READING: [&str; 24] = [
    "obs_id",
    "dataset",
    "table_id",
    "edition",
    "indicator",
    "period",
    "region",
    "scheme",
    "ownership",
    "industry",
    "population",
    "breakdown",
    "unit_name",
    "mark",
    "printed",
    "subject",
    "source_file",
    "sheet",
    "cell",
    "decimals",
    "qualifier",
    "citation",
    "period_kind",
    "subject_zh",
];
const NUMBERS: [&str; 3] = ["value", "rounding", "factor"];

/// The readings that any rule looks at: those of its indicators, of declared relations, and of quantities stated twice.
async fn material(session: &SessionContext, book: &Rulebook) -> Result<Material> {
    let hasher = RandomState::new();
    let mut counting: HashSet<u64> = HashSet::new();
    each(session, "core_figure", &["obs_id"], &[], |row| {
        counting.insert(hasher.hash_one(row.text(0)));
    })
    .await?;
    let mut related: HashMap<String, Option<usize>> = HashMap::new();
    each(session, "core_part", &["whole_obs_id", "part_obs_id"], &[], |row| {
        for nth in [0, 1] {
            related.insert(row.text(nth).to_owned(), None);
        }
    })
    .await?;
    let mut indicators: BTreeSet<String> =
        book.rules.iter().flat_map(|rule| rule.indicators()).map(str::to_owned).collect();
    let keys: Vec<String> = book.rules.iter().filter_map(|r| Some(format!("{}=", r.extremes.as_ref()?.key))).collect();
    if !keys.is_empty() {
        each(session, "core_reading", &["indicator", "breakdown"], &[], |row| {
            if keys.iter().any(|key| row.text(1).contains(key)) {
                indicators.insert(row.text(0).to_owned());
            }
        })
        .await?;
    }
    let key_of = |row: &Row<'_>| hasher.hash_one((4..12).map(|nth| row.text(nth)).collect::<Vec<_>>());
    let mut twice: HashSet<u64> = HashSet::new();
    if book.rules.iter().any(|rule| rule.places.is_some()) {
        each(session, "core_reading", &READING, &["value"], |row| {
            if row.number(0).is_some() && !counting.contains(&hasher.hash_one(row.text(0))) {
                twice.insert(key_of(row));
            }
        })
        .await?;
    }
    let (mut readings, mut shared) = (Vec::new(), Shared::default());
    each(session, "core_reading", &READING, &NUMBERS, |row| {
        let needed =
            indicators.contains(row.text(4)) || related.contains_key(row.text(0)) || twice.contains(&key_of(row));
        if needed {
            if let Some(place) = related.get_mut(row.text(0)) {
                *place = Some(readings.len());
            }
            readings.push(reading(row, counting.contains(&hasher.hash_one(row.text(0))), &mut shared));
        }
    })
    .await?;
    let mut parts = Vec::new();
    let columns = ["relation_id", "kind", "dimension", "whole_obs_id", "part_obs_id"];
    each(session, "core_part", &columns, &[], |row| {
        if let Some(whole) = related.get(row.text(3)).copied().flatten() {
            let part = related.get(row.text(4)).copied().flatten();
            let [relation_id, kind, dimension] = [0, 1, 2].map(|nth| shared.text(row.text(nth)));
            parts.push(Part { relation_id, kind, dimension, whole, part });
        }
    })
    .await?;
    let mut breaks = Vec::new();
    let columns = ["indicator", "scheme", "region", "ownership", "industry", "at_day", "kind", "reason", "reason_zh"];
    each(session, "core_break", &columns, &[], |row| {
        let [indicator, scheme, region, ownership, industry, day, kind, reason, reason_zh] =
            std::array::from_fn(|nth| row.text(nth).to_owned());
        let parts = kind == "break";
        breaks.push(Break { indicator, scheme, region, ownership, industry, day, parts, reason, reason_zh });
    })
    .await?;
    let mut material = Material::new(readings, parts);
    material.breaks = breaks;
    Ok(material)
}

/// Texts that many readings have in common are kept once.
#[derive(Default)]
struct Shared(HashSet<Arc<str>>);

impl Shared {
    fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(held) = self.0.get(text) {
            return held.clone();
        }
        let held: Arc<str> = text.into();
        self.0.insert(held.clone());
        held
    }
}

fn reading(row: &Row<'_>, counts: bool, shared: &mut Shared) -> Reading {
    let mut text = |nth: usize| shared.text(row.text(nth));
    Reading {
        obs_id: row.text(0).to_owned(),
        dataset: text(1),
        table_id: text(2),
        edition: text(3),
        key: Key {
            indicator: text(4),
            period: text(5),
            region: text(6),
            scheme: text(7),
            ownership: text(8),
            industry: text(9),
            population: text(10),
            breakdown: text(11),
        },
        unit_name: text(12),
        mark: text(13),
        printed: row.text(14).to_owned(),
        subject: row.text(15).to_owned(),
        subject_zh: row.text(23).to_owned(),
        source_file: text(16),
        sheet: text(17),
        qualifier: text(20),
        citation: row.text(21).to_owned(),
        is_stock: row.text(22) == "stock",
        cell: row.text(18).to_owned(),
        decimals: row.text(19).parse().unwrap_or(0),
        value: row.number(0),
        rounding: row.number(1).unwrap_or_default(),
        factor: row.number(2).filter(|factor| !factor.is_zero()).unwrap_or(Decimal::ONE),
        counts,
    }
}

/// A row of texts and numbers.
struct Row<'a> {
    texts: &'a [&'a StringArray],
    numbers: &'a [&'a Decimal128Array],
    nth: usize,
}

impl Row<'_> {
    fn text(&self, column: usize) -> &str {
        self.texts[column].value(self.nth)
    }

    fn number(&self, column: usize) -> Option<Decimal> {
        let array = self.numbers[column];
        array.is_valid(self.nth).then(|| exact(array.value(self.nth)))?
    }
}

/// The decimal of so many parts of 10¹²; `None` beyond the range of decimals.
fn exact(mut parts: i128) -> Option<Decimal> {
    let mut scale = RESULT_SCALE.unsigned_abs().into();
    while scale > 0 && parts % 10 == 0 {
        parts /= 10;
        scale -= 1;
    }
    Decimal::try_from_i128_with_scale(parts, scale).ok()
}

/// Every row of a table, with these columns; a null text is blank.
async fn each(
    session: &SessionContext,
    table: &str,
    texts: &[&str],
    numbers: &[&str],
    mut told: impl FnMut(&Row<'_>),
) -> Result<()> {
    let text = |name: &&str| coalesce(vec![cast(ident(*name), DataType::Utf8), lit("")]).alias(*name);
    let number = |name: &&str| cast(ident(*name), DataType::Decimal128(38, RESULT_SCALE)).alias(*name);
    let columns: Vec<_> = texts.iter().map(text).chain(numbers.iter().map(number)).collect();
    let mut stream = session.table(table).await?.select(columns)?.execute_stream().await?;
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        let texts: Vec<&StringArray> = (0..texts.len()).map(|nth| batch.column(nth).as_string::<i32>()).collect();
        let numbers: Vec<&Decimal128Array> =
            (texts.len()..batch.num_columns()).map(|nth| batch.column(nth).as_primitive::<Decimal128Type>()).collect();
        for nth in 0..batch.num_rows() {
            told(&Row { texts: &texts, numbers: &numbers, nth });
        }
    }
    Ok(())
}

fn finding_batch(found: &[Finding]) -> Result<RecordBatch> {
    let text = |of: &dyn Fn(&Finding) -> String| -> ArrayRef {
        Arc::new(found.iter().map(|f| Some(of(f))).collect::<StringArray>())
    };
    let number = |of: &dyn Fn(&Finding) -> Option<Decimal>| -> Result<ArrayRef> {
        let scaled = |number: Decimal| {
            let digits = u32::from(RESULT_SCALE.unsigned_abs()).saturating_sub(number.scale());
            number.mantissa().checked_mul(10i128.checked_pow(digits)?)
        };
        let values: Decimal128Array = found
            .iter()
            .map(|f| of(f).map(|n| n.round_dp(RESULT_SCALE.unsigned_abs().into())).and_then(scaled))
            .collect();
        Ok(Arc::new(values.with_precision_and_scale(38, RESULT_SCALE)?))
    };
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (name, kind) in FINDING.columns {
        columns.push(match (*name, kind) {
            ("residual", _) => number(&|f| f.residual)?,
            ("tolerance", _) => number(&|f| f.tolerance)?,
            (_, Kind::Number) => number(&|f| f.likely.candidates.map(Decimal::from))?,
            ("rule", _) => text(&|f| f.rule.clone()),
            ("rule_zh", _) => text(&|f| f.rule_zh.clone()),
            ("severity", _) => text(&|f| f.severity.as_str().to_owned()),
            ("outcome", _) => text(&|f| f.outcome.as_str().to_owned()),
            ("dataset", _) => text(&|f| f.dataset.clone()),
            ("period", _) => text(&|f| f.period.clone()),
            ("region", _) => text(&|f| f.region.clone()),
            ("scheme", _) => text(&|f| f.scheme.clone()),
            ("source_file", _) => text(&|f| f.source_file.clone()),
            ("sheet", _) => text(&|f| f.sheet.clone()),
            ("cell", _) => text(&|f| f.cell.clone()),
            ("message", _) => text(&|f| f.message.clone()),
            ("message_zh", _) => text(&|f| f.message_zh.clone()),
            ("suggestion", _) => text(&|f| f.suggestion.clone()),
            ("cause", _) => text(&|f| f.likely.cause.clone()),
            ("suspects", _) => text(&|f| f.likely.suspects.clone()),
            ("repair", _) => text(&|f| f.likely.repair.clone()),
            ("agrees", _) => text(&|f| f.likely.agrees.clone()),
            (other, _) => return Err(DataFusionError::Internal(format!("a finding has no column {other}"))),
        });
    }
    Ok(RecordBatch::try_new(findings::schema(), columns)?)
}

fn rule_schema() -> SchemaRef {
    let texts = ["rule", "dataset", "table_id", "kind", "severity", "text_zh", "text_en", "reference", "tolerance"];
    let texts = texts.into_iter().map(|name| Field::new(name, DataType::Utf8, false));
    let counts = ["pass", "fail", "unverifiable"].into_iter().map(|name| Field::new(name, DataType::Int64, false));
    Arc::new(Schema::new(texts.chain(counts).collect::<Vec<_>>()))
}

fn rule_batch(book: &Rulebook, report: &Report) -> Result<RecordBatch> {
    let rules: HashMap<&str, &crate::spec::rules::Rule> =
        book.rules.iter().map(|rule| (rule.id.as_str(), rule)).collect();
    let rows: Vec<_> = report.uses.iter().filter_map(|of| Some((of, *rules.get(of.rule.as_str())?))).collect();
    let text = |of: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new((0..rows.len()).map(|nth| Some(of(nth))).collect::<StringArray>())
    };
    let count = |of: &dyn Fn(usize) -> u64| -> ArrayRef {
        Arc::new((0..rows.len()).map(|nth| i64::try_from(of(nth)).ok()).collect::<Int64Array>())
    };
    let columns = vec![
        text(&|nth| rows[nth].0.rule.clone()),
        text(&|nth| rows[nth].0.dataset.clone()),
        text(&|nth| rows[nth].0.table_id.clone()),
        text(&|nth| rows[nth].1.kind().to_owned()),
        text(&|nth| rows[nth].1.severity.resolved().as_str().to_owned()),
        text(&|nth| rows[nth].1.zh.clone()),
        text(&|nth| rows[nth].1.en.clone()),
        text(&|nth| rows[nth].1.reference.clone()),
        text(&|nth| rows[nth].1.tolerance().to_owned()),
        count(&|nth| rows[nth].0.pass),
        count(&|nth| rows[nth].0.fail),
        count(&|nth| rows[nth].0.unverifiable),
    ];
    Ok(RecordBatch::try_new(rule_schema(), columns)?)
}
