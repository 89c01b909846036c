//! The way forward from records: which rows of the tables that are made of them, from the first counts to what is published, a
//! file has a part in; or through the tables counted from records, a row of another table that they are counted with. Table
//! by table, and month by month where it lies so, the model's own query is asked which of its rows come of changed ones; these
//! are kept by what tells them apart, or as whole months where all rows of a month do.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::array::{RecordBatch, UInt32Array};
use datafusion::arrow::compute::take_record_batch;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::ident;

use super::behind::collected;
use super::follow::Provenance;
use super::marked::{Changed, changed_rows};
use crate::diag::Diagnostic;
use crate::domain::record::SUBMISSION;
use crate::store::records::{month_number, month_text};
use crate::warehouse::fault;
use crate::warehouse::model::Model;
use crate::warehouse::rows::scalar;

impl Provenance {
    /// The rows of tables that depend on a file of records, or else those counted from records that depend on some rows of
    /// tables that are none.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn affected(
        &mut self,
        file: Option<&str>,
        rows: &BTreeSet<(String, usize)>,
    ) -> Result<BTreeSet<(String, usize)>, Vec<Diagnostic>> {
        let mut changed = self.records_of(file);
        self.rows_given(rows, &mut changed).map_err(|fault| vec![fault])?;
        let is_asked = |model: &Model| file.is_some() || self.is_counted(&model.name);
        let mut waiting: Vec<Model> = self.models().into_iter().filter(is_asked).collect();
        let mut found = BTreeSet::new();
        while !waiting.is_empty() {
            // Those first of which no input is still to be looked at; a model may read itself.
            let is_next = |model: &Model| {
                let names = |name: &str| waiting.iter().any(|other| other.name == name && other.name != model.name);
                !model.query.reads.iter().any(|(read, _)| names(read))
            };
            let Some(at) = waiting.iter().position(is_next) else { break };
            let model = waiting.remove(at);
            let names: Vec<String> = self.names.iter().cloned().collect();
            let keys = self.affected_of(&model, &mut changed);
            let keys = keys.map_err(|error| fault::diagnose(&error, &model.query.source, &names))?;
            if !self.is_large(&model.name) {
                found.extend(self.places(&model, &keys).map_err(|fault| vec![fault])?);
            }
        }
        Ok(found)
    }

    /// The records of a file, by their tables.
    fn records_of(&self, file: Option<&str>) -> BTreeMap<String, Changed> {
        let mut of_table: BTreeMap<&str, (Vec<Expr>, BTreeSet<u32>)> = BTreeMap::new();
        for submission in self.submissions.values().filter(|submission| Some(submission.source_file.as_str()) == file) {
            let (all, months) = of_table.entry(&submission.table).or_default();
            all.push(lit(submission.id.as_str()));
            months.extend(submission.parts.iter().filter_map(|part| month_number(&part.month)));
        }
        let changed = of_table.into_iter().map(|(table, (all, months))| {
            let conditions = vec![ident(SUBMISSION).in_list(all, false)];
            (table.to_owned(), Changed { conditions, keys: Vec::new(), months: Some(months) })
        });
        changed.collect()
    }

    /// Rows of tables that are no records, as they are told apart.
    fn rows_given(
        &mut self,
        rows: &BTreeSet<(String, usize)>,
        changed: &mut BTreeMap<String, Changed>,
    ) -> Result<(), Diagnostic> {
        let mut of_table: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (table, row) in rows {
            of_table.entry(table).or_default().push(u32::try_from(*row).unwrap_or(u32::MAX));
        }
        for (table, rows) in of_table {
            let grain = self.grain(table).to_vec();
            let whole = self.load(table)?;
            let sql = |error: &dyn ToString| Diagnostic::error("parquet", error.to_string());
            let taken = take_record_batch(whole, &UInt32Array::from(rows)).map_err(|error| sql(&error))?;
            let places: Vec<usize> = grain.iter().filter_map(|name| taken.schema().index_of(name).ok()).collect();
            let keys = taken.project(&places).map_err(|error| sql(&error))?;
            changed.insert(table.to_owned(), Changed { conditions: Vec::new(), keys: vec![keys], months: None });
        }
        Ok(())
    }

    /// The keys of the affected rows of a model; they are remembered for the models that read it.
    fn affected_of(
        &self,
        model: &Model,
        changed: &mut BTreeMap<String, Changed>,
    ) -> Result<Vec<RecordBatch>, DataFusionError> {
        let months: Vec<Option<u32>> = match &model.growth {
            Some(_) => self.monthly.months.iter().copied().map(Some).collect(),
            None => vec![None],
        };
        let mut all = Vec::new();
        for month in months {
            if !is_touched(model, month, changed) {
                continue;
            }
            let plan = self.planned(model, month)?;
            let Some(rows) = changed_rows(&plan, &model.grain, changed)? else { continue };
            let keys = collected(&self.engine, &self.parallel, rows)?;
            if keys.num_rows() == 0 {
                continue;
            }
            let known = changed.entry(model.name.clone());
            let known = known.or_insert(Changed { conditions: Vec::new(), keys: Vec::new(), months: None });
            let of_month = model.growth.as_ref().zip(month).map(|(growth, month)| (growth.column.as_str(), month));
            if let Some((_, month)) = of_month {
                known.months.get_or_insert_default().insert(month);
            }
            match of_month {
                Some((column, month)) if keys.num_rows() == self.count_of(&model.name, column, month)? => {
                    known.conditions.push(ident(column).eq(lit(month_text(month))));
                }
                _ => known.keys.push(keys.clone()),
            }
            if !self.is_large(&model.name) {
                all.push(keys);
            }
        }
        Ok(all)
    }

    fn count_of(&self, table: &str, column: &str, month: u32) -> Result<usize, DataFusionError> {
        let session = &self.parallel;
        self.engine.block_on(async {
            session.table(table).await?.filter(ident(column).eq(lit(month_text(month))))?.count().await
        })
    }

    /// Where the rows of some keys stand.
    fn places(&mut self, model: &Model, keys: &[RecordBatch]) -> Result<Vec<(String, usize)>, Diagnostic> {
        let key = |rows: &RecordBatch, row: usize| -> Vec<String> {
            let columns = model.grain.iter().filter_map(|name| rows.column_by_name(name));
            columns.map(|column| scalar(column, row).to_string()).collect()
        };
        let wanted: BTreeSet<Vec<String>> =
            keys.iter().flat_map(|keys| (0..keys.num_rows()).map(|row| key(keys, row))).collect();
        let whole = self.load(&model.name)?;
        let rows = (0..whole.num_rows()).filter(|row| wanted.contains(&key(whole, *row)));
        Ok(rows.map(|row| (model.name.clone(), row)).collect())
    }
}

/// Whether a model, or its part for a month, reads anything that changed.
fn is_touched(model: &Model, month: Option<u32>, changed: &BTreeMap<String, Changed>) -> bool {
    let built = model.growth.as_ref().zip(month);
    model.query.reads.iter().any(|(read, _)| {
        let Some(changed) = changed.get(read) else { return false };
        let read = built.zip(changed.months.as_ref()).map(|((growth, month), months)| {
            let window = growth.window(read);
            months.iter().any(|changed| window.holds(month, *changed))
        });
        read.unwrap_or(true)
    })
}
