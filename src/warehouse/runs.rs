//! `core_run`: the runs of the main job, a row each.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;

use crate::store::ledger::Run;

pub const NAME: &str = "core_run";

/// The columns: `run`, `period` (as asked for, null where none was), `began_at`, `ended_at` (null: killed, or it still runs),
/// `outcome` (good, data-errors, failed, killed), `release` (current at its end), `changed` (it made that release), counts of
/// files, deliveries, observations and findings (null: it failed before it knew), and `message` (why it failed).
pub fn table(runs: &[Run]) -> Result<Arc<dyn TableProvider>, DataFusionError> {
    let text = |of: fn(&Run) -> &str| -> ArrayRef {
        Arc::new(runs.iter().map(|run| Some(of(run)).filter(|text| !text.is_empty())).collect::<StringArray>())
    };
    let time = |of: fn(&Run) -> &str| -> ArrayRef {
        let micros = |run: &Run| of(run).parse::<jiff::Timestamp>().ok().map(|time| time.as_microsecond());
        Arc::new(runs.iter().map(micros).collect::<TimestampMicrosecondArray>().with_timezone("+00:00"))
    };
    let count = |of: fn(&Run) -> Option<u64>| -> ArrayRef {
        Arc::new(runs.iter().map(|run| i64::try_from(of(run)?).ok()).collect::<Int64Array>())
    };
    let outcome = |run: &Run| Some(if run.outcome.is_empty() { "killed".to_owned() } else { run.outcome.clone() });
    let changed: BooleanArray = runs.iter().map(|run| Some(run.changed)).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("run", text(|run| &run.run)),
        ("period", text(|run| &run.period)),
        ("began_at", time(|run| &run.began_at)),
        ("ended_at", time(|run| &run.ended_at)),
        ("outcome", Arc::new(runs.iter().map(outcome).collect::<StringArray>())),
        ("release", text(|run| &run.release)),
        ("changed", Arc::new(changed)),
        ("files_read", count(|run| run.files_read)),
        ("files_missing", count(|run| run.files_missing)),
        ("deliveries_missing", count(|run| run.deliveries_missing)),
        ("observations", count(|run| run.observations)),
        ("finding_errors", count(|run| run.finding_errors)),
        ("finding_warnings", count(|run| run.finding_warnings)),
        ("finding_infos", count(|run| run.finding_infos)),
        ("message", text(|run| &run.message)),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))?;
    Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
}
