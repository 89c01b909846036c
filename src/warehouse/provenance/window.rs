//! The rows that a window function reads for each row: those before it, a frame, or one neighbour, never the whole partition
//! where less is read.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::expr::{NullTreatment, Sort, WindowFunction};
use datafusion::logical_expr::{Expr, WindowFrame, WindowFrameBound, WindowFrameUnits};

/// For every row the rows read, in the order of the window.
pub fn reads(
    function: &WindowFunction,
    partition: &[ArrayRef],
    order: &[ArrayRef],
    rows: usize,
) -> Result<Vec<Vec<u32>>> {
    let groups = keys(partition, &[], rows)?;
    let places = keys(order, &function.params.order_by, rows)?;
    let mut sorted: Vec<u32> = (0..u32::try_from(rows).unwrap_or(u32::MAX)).collect();
    sorted.sort_by(|a, b| {
        let (a, b) = (*a as usize, *b as usize);
        groups[a].cmp(&groups[b]).then_with(|| places[a].cmp(&places[b]))
    });
    let mut read = vec![Vec::new(); rows];
    for part in sorted.chunk_by(|a, b| groups[*a as usize] == groups[*b as usize]) {
        let is_peer = |a: usize, b: usize| places[part[a] as usize] == places[part[b] as usize];
        for at in 0..part.len() {
            let range = range(function, at, part.len(), &is_peer)?;
            read[part[at] as usize] = part[range].to_vec();
        }
    }
    Ok(read)
}

/// A comparable key for every row.
pub fn keys(columns: &[ArrayRef], order: &[Sort], rows: usize) -> Result<Vec<Vec<u8>>> {
    if columns.is_empty() {
        return Ok(vec![Vec::new(); rows]);
    }
    let fields = columns.iter().enumerate().map(|(nth, column)| {
        let options = order.get(nth).map_or(SortOptions::default(), |sort| SortOptions {
            descending: !sort.asc,
            nulls_first: sort.nulls_first,
        });
        SortField::new_with_options(column.data_type().clone(), options)
    });
    let converted = RowConverter::new(fields.collect())?.convert_columns(columns)?;
    Ok(converted.iter().map(|row| row.as_ref().to_vec()).collect())
}

fn range(
    function: &WindowFunction,
    at: usize,
    length: usize,
    is_peer: &dyn Fn(usize, usize) -> bool,
) -> Result<std::ops::Range<usize>> {
    let skips_nulls = function.params.null_treatment == Some(NullTreatment::IgnoreNulls);
    Ok(match function.fun.name() {
        "row_number" => 0..at + 1,
        "lag" if skips_nulls => 0..at,
        "lead" if skips_nulls => at + 1..length,
        "lag" => at.saturating_sub(step(function)?)..at,
        "lead" => at + 1..(at + 1 + step(function)?).min(length),
        _ => frame(&function.params.window_frame, at, length, is_peer)?,
    })
}

/// How far LAG and LEAD reach.
pub fn step(function: &WindowFunction) -> Result<usize> {
    let Some(written) = function.params.args.get(1) else { return Ok(1) };
    let mut literal = written;
    while let Expr::Cast(cast) = literal {
        literal = &cast.expr;
    }
    match literal {
        Expr::Literal(value, _) => bound(value),
        other => exec_err!("{} by {other}, which is no number", function.fun.name()),
    }
}

fn bound(value: &ScalarValue) -> Result<usize> {
    match value.cast_to(&datafusion::arrow::datatypes::DataType::UInt64)? {
        ScalarValue::UInt64(Some(rows)) => Ok(usize::try_from(rows).unwrap_or(usize::MAX)),
        other => exec_err!("a window of {other} rows"),
    }
}

fn frame(
    frame: &WindowFrame,
    at: usize,
    length: usize,
    is_peer: &dyn Fn(usize, usize) -> bool,
) -> Result<std::ops::Range<usize>> {
    let by_value = frame.units == WindowFrameUnits::Range;
    let start = match &frame.start_bound {
        WindowFrameBound::CurrentRow if by_value => (0..=at).find(|other| is_peer(*other, at)).unwrap_or(at),
        WindowFrameBound::CurrentRow => at,
        WindowFrameBound::Preceding(rows) if rows.is_null() => 0,
        WindowFrameBound::Preceding(rows) => at.saturating_sub(bound(rows)?),
        WindowFrameBound::Following(rows) => (at + bound(rows)?).min(length),
    };
    let end = match &frame.end_bound {
        WindowFrameBound::CurrentRow if by_value => {
            (at..length).rev().find(|other| is_peer(*other, at)).unwrap_or(at) + 1
        }
        WindowFrameBound::CurrentRow => at + 1,
        WindowFrameBound::Preceding(rows) => (at + 1).saturating_sub(bound(rows)?),
        WindowFrameBound::Following(rows) if rows.is_null() => length,
        WindowFrameBound::Following(rows) => (at + bound(rows)? + 1).min(length),
    };
    Ok(start.min(end)..end)
}
