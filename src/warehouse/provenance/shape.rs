//! Rows put together and taken apart: unions, and the elements of lists.

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, UInt32Array, new_null_array};
use datafusion::arrow::compute::{cast, concat, take};
use datafusion::common::{DFSchema, NullHandling, Result, exec_err, not_impl_err};
use datafusion::logical_expr::logical_plan::Unnest;

use super::run::{Node, Step, all_rows, batch, step};

pub fn united(schema: &Arc<DFSchema>, inputs: Vec<Arc<Step>>) -> Result<Step> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (nth, field) in schema.fields().iter().enumerate() {
        let parts = inputs.iter().map(|input| cast(input.rows.column(nth), field.data_type()));
        let parts = parts.collect::<std::result::Result<Vec<_>, _>>()?;
        columns.push(concat(&parts.iter().map(|part| part.as_ref()).collect::<Vec<_>>())?);
    }
    let from: Vec<(u32, u32)> = (0..)
        .zip(&inputs)
        .flat_map(|(nth, input)| all_rows(input.len()).into_iter().map(move |row| (nth, row)))
        .collect();
    let rows = batch(schema, columns, from.len())?;
    step(Node::Union(from), schema, rows, inputs)
}

pub fn unnested(unnest: &Unnest, input: Arc<Step>) -> Result<Step> {
    let [(at, _)] = unnest.list_type_columns.as_slice() else { return not_impl_err!("UNNEST of several lists") };
    let lists = input.rows.column(*at);
    let (mut rows, mut parts) = (Vec::new(), Vec::new());
    let Some(element) = unnest.schema.fields().get(*at).map(|field| field.data_type().clone()) else {
        return exec_err!("UNNEST without a column");
    };
    for row in all_rows(input.len()) {
        let nth = row as usize;
        let list = lists.as_list_opt::<i32>().filter(|lists| lists.is_valid(nth)).map(|lists| lists.value(nth));
        let keeps = match (&list, &unnest.options.null_handling) {
            (_, NullHandling::Drop) => false,
            (None, _) => true,
            (Some(list), handling) => list.is_empty() && *handling == NullHandling::PreserveAndExpandEmpty,
        };
        let list =
            if keeps { new_null_array(&element, 1) } else { list.unwrap_or_else(|| new_null_array(&element, 0)) };
        rows.extend(std::iter::repeat_n(row, list.len()));
        parts.push(cast(&list, &element)?);
    }
    let elements = match parts.is_empty() {
        true => new_null_array(&element, 0),
        false => concat(&parts.iter().map(|part| part.as_ref()).collect::<Vec<_>>())?,
    };
    let index = UInt32Array::from(rows.clone());
    let mut columns = Vec::with_capacity(unnest.schema.fields().len());
    for from in &unnest.dependency_indices {
        columns.push(if from == at { elements.clone() } else { take(input.rows.column(*from), &index, None)? });
    }
    let made = batch(&unnest.schema, columns, rows.len())?;
    step(Node::Unnest { rows, columns: unnest.dependency_indices.clone() }, &unnest.schema, made, vec![input])
}
