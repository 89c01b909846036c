//! The records behind a figure: for tables made of extracts the source is the file, its month and the condition that selects
//! the rows, with their count, and not the rows themselves. Counted by queries that stream; no number of a person is told.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::array::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use datafusion::prelude::{SessionContext, ident};
use futures::TryStreamExt as _;

use super::follow::{Provenance, month_of};
use super::rule::prepare;
use super::select::Selector;
use super::tree::Cell;
use super::wanted::{Found, Wanted};
use crate::diag::Diagnostic;
use crate::domain::record::{MONTH, SUBMISSION};
use crate::domain::{RECORD_TABLES, RecordKind, record_table};
use crate::store::Manifest;
use crate::store::records::month_number;
use crate::warehouse::fault;
use crate::warehouse::model::{Library, Model};
use crate::warehouse::rows::{Scalar, scalar};

/// Rows of a table that a figure rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    pub table: String,
    /// Whether the figure is computed from them; else they only choose.
    pub is_value: bool,
    /// The columns that the figure is computed from; none where the rows are counted.
    pub columns: BTreeSet<String>,
    /// What they have in common, in the words of the query.
    pub conditions: Vec<String>,
    /// How many, by month; under a blank one where the table has no months.
    pub counts: BTreeMap<String, u64>,
    /// Where records came from: how many of each month are from which file.
    pub files: BTreeMap<String, BTreeMap<String, u64>>,
    /// Which they are, where the table is not made of records.
    pub rows: BTreeSet<usize>,
    /// What these rows rest on.
    pub below: Vec<Behind>,
}

/// A file that records came in.
#[derive(Clone, Debug)]
pub struct Extract {
    pub file: String,
    pub sha256: String,
    pub table: String,
    pub months: BTreeSet<String>,
}

impl Behind {
    pub fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Every file below, with the table that its records are in and how many there are.
    pub fn all_files(&self, all: &mut BTreeMap<(String, String), u64>) {
        for (file, months) in &self.files {
            *all.entry((self.table.clone(), file.clone())).or_default() += months.values().sum::<u64>();
        }
        self.below.iter().for_each(|below| below.all_files(all));
    }

    /// Every row of a table that is not made of records, with the columns that count; without them where it only chose.
    pub fn all_rows(&self, all: &mut Vec<(String, usize, BTreeSet<String>)>) {
        let columns = || if self.is_value { self.columns.clone() } else { BTreeSet::new() };
        all.extend(self.rows.iter().map(|row| (self.table.clone(), *row, columns())));
        self.below.iter().for_each(|below| below.all_rows(all));
    }

    fn add(all: &mut Vec<Behind>, more: Behind) {
        if more.count() == 0 {
            return;
        }
        let known = all.iter_mut().find_map(|known| {
            let is_like = known.table == more.table && known.is_value == more.is_value;
            let conditions = either(&known.conditions, &more.conditions).filter(|_| is_like)?;
            Some((known, conditions))
        });
        match known {
            Some((known, conditions)) => {
                known.conditions = conditions;
                known.columns.extend(more.columns);
                more.counts.into_iter().for_each(|(month, rows)| *known.counts.entry(month).or_default() += rows);
                for (file, months) in more.files {
                    let known = known.files.entry(file).or_default();
                    months.into_iter().for_each(|(month, rows)| *known.entry(month).or_default() += rows);
                }
                known.rows.extend(more.rows);
                more.below.into_iter().for_each(|below| Behind::add(&mut known.below, below));
            }
            None => all.push(more),
        }
    }
}

/// Conditions of which one or the other holds, where they are the same but for the value of one column.
fn either(one: &[String], other: &[String]) -> Option<Vec<String>> {
    let mut differ = one.iter().zip(other).enumerate().filter(|(_, (a, b))| a != b);
    let Some((nth, (a, b))) = differ.next() else { return (one.len() == other.len()).then(|| one.to_vec()) };
    let (column, more) = b.split_once(" = ")?;
    let values = a.strip_prefix(column)?.strip_prefix(" = ")?;
    let is_plain = |text: &str| !text.contains([' ', '(']) || text.contains(" or ");
    if differ.next().is_some() || one.len() != other.len() || !is_plain(values) || !is_plain(more) {
        return None;
    }
    let mut both = one.to_vec();
    if !values.split(" or ").any(|value| value == more) {
        both[nth] = format!("{column} = {values} or {more}");
    }
    Some(both)
}

/// The tables that are too large to be looked at row by row: records, and what has a row for a person or a unit.
pub fn large(library: &Library) -> BTreeSet<String> {
    let mut large: BTreeSet<String> = RECORD_TABLES.iter().map(|table| table.name.to_owned()).collect();
    let names = |kind: RecordKind| {
        RECORD_TABLES.iter().flat_map(|table| table.columns).filter(move |c| c.kind == kind).map(|c| c.name)
    };
    let named: BTreeSet<&str> = names(RecordKind::Person).chain(names(RecordKind::Unit)).collect();
    loop {
        let more = library.models.iter().find(|model| {
            !large.contains(&model.name)
                && model.query.reads.iter().any(|(read, _)| large.contains(read))
                && model.grain.iter().any(|column| named.contains(column.as_str()))
        });
        match more {
            Some(more) => large.insert(more.name.clone()),
            None => return large,
        };
    }
}

impl Provenance {
    /// Whether a table has too many rows to be held, or tells of persons.
    pub fn is_large(&self, table: &str) -> bool {
        self.large.contains(table)
    }

    /// Whether the figures of a table are counted from records.
    pub fn is_counted(&self, table: &str) -> bool {
        let reads = |model: &Model| model.query.reads.iter().any(|(read, _)| self.is_large(read));
        self.model(table).is_some_and(reads)
    }

    /// The files that a release has records from.
    pub fn extracts(&self) -> impl Iterator<Item = Extract> {
        self.submissions.values().map(|submission| Extract {
            file: submission.source_file.clone(),
            sha256: submission.source_sha256.clone(),
            table: submission.table.clone(),
            months: submission.parts.iter().map(|part| part.month.clone()).collect(),
        })
    }

    /// The file of a submission.
    pub fn extract(&self, submission: &str) -> Option<String> {
        self.submissions.get(submission).map(|submission| submission.source_file.clone())
    }

    /// The rows of a large table that hold some values.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn rows_with(&self, table: &str, wanted: &[(String, String)]) -> Result<Vec<usize>, Diagnostic> {
        let session = &self.session;
        let read = async move {
            let columns: Vec<&str> = wanted.iter().map(|(column, _)| column.as_str()).collect();
            let mut stream = session.table(table).await?.select_columns(&columns)?.execute_stream().await?;
            let (mut first, mut rows) = (0, Vec::new());
            while let Some(batch) = stream.try_next().await? {
                let fits = |row: &usize| {
                    let mut columns = batch.columns().iter().zip(wanted);
                    columns.all(|(column, (_, value))| scalar(column, *row).to_string() == *value)
                };
                rows.extend((0..batch.num_rows()).filter(fits).map(|row| first + row));
                first += batch.num_rows();
            }
            Ok::<_, DataFusionError>(rows)
        };
        self.engine.block_on(read).map_err(|error| Diagnostic::error("parquet", error.to_string()))
    }

    /// The records behind a figure.
    ///
    /// # Errors
    /// A table cannot be read, or the model is written in a way that cannot be followed.
    pub fn behind(&mut self, cell: &Cell) -> Result<Vec<Behind>, Vec<Diagnostic>> {
        let Some(model) = self.model(&cell.table).cloned() else { return Ok(Vec::new()) };
        let names: Vec<String> = self.names.iter().cloned().collect();
        let source = model.query.source.clone();
        let diagnosed = |error: DataFusionError| fault::diagnose(&error, &source, &names);
        let mut filters = Vec::with_capacity(model.grain.len());
        let (row, nth) = self.row(&cell.table, cell.row).map_err(|fault| vec![fault])?;
        for column in &model.grain {
            let Some(values) = row.column_by_name(column) else { continue };
            let value = ScalarValue::try_from_array(values, nth).map_err(diagnosed)?;
            filters.push(if value.is_null() { ident(column).is_null() } else { ident(column).eq(lit(value)) });
        }
        let growth = model.growth.as_ref();
        let month = growth.and_then(|growth| month_of(&row, &growth.column, nth));
        let root = |plan: &LogicalPlan| {
            let own = filters.iter().map(|filter| by_place(filter, plan)).collect::<Result<_, _>>()?;
            let column = plan.schema().index_of_column_by_name(None, &cell.column);
            Ok(column.map_or_else(Wanted::default, |column| Wanted::row(own, column)))
        };
        self.behind_rows(&model, month, &root, None).map_err(diagnosed)
    }

    /// What rows of a model rest on. `carried` names a model that reads its own month before, and whose earlier months are
    /// looked at already.
    fn behind_rows(
        &mut self,
        model: &Model,
        month: Option<u32>,
        root: &dyn Fn(&LogicalPlan) -> Result<Wanted, DataFusionError>,
        carried: Option<&str>,
    ) -> Result<Vec<Behind>, DataFusionError> {
        let plan = self.planned(model, month)?;
        let is_large = |table: &str| self.large.contains(table);
        let mut selector = Selector::new(&self.engine, &self.parallel, &is_large);
        selector.follow(&plan, root(&plan)?)?;
        let mut found = std::mem::take(&mut selector.found);
        // What the figure is computed from first; a table that is there as such is not told again among what chose.
        found.sort_by_key(|found| !found.is_value);
        let computed: BTreeSet<String> = found.iter().filter(|f| f.is_value).map(|f| f.table.clone()).collect();
        found.retain(|found| found.is_value || !computed.contains(&found.table));
        let mut all: Vec<Behind> = Vec::new();
        // Rows of one table that several ways lead to rest on what they rest on together.
        let mut together: BTreeMap<String, Vec<(Found, Behind)>> = BTreeMap::new();
        for found in found {
            if Some(found.table.as_str()) == carried {
                continue;
            }
            let mut behind = Behind {
                table: found.table.clone(),
                is_value: found.is_value,
                columns: found.columns.clone(),
                conditions: found.conditions.clone(),
                ..Behind::default()
            };
            if record_table(&found.table).is_some() {
                self.count_files(&found, &mut behind)?;
            } else if self.is_large(&found.table) {
                self.count_months(&found, &mut behind)?;
                if behind.count() > 0 && (found.is_value || carried.is_some()) {
                    together.entry(found.table.clone()).or_default().push((found, behind));
                    continue;
                }
            } else {
                self.list(&found, &mut behind)?;
            }
            Behind::add(&mut all, behind);
        }
        for ways in together.into_values() {
            let mut counted: Vec<Behind> = Vec::new();
            let mut counts: BTreeMap<String, u64> = BTreeMap::new();
            let mut founds = Vec::with_capacity(ways.len());
            for (found, behind) in ways {
                behind.counts.iter().for_each(|(month, rows)| *counts.entry(month.clone()).or_default() += rows);
                founds.push(found);
                Behind::add(&mut counted, behind);
            }
            let Some(found) = Found::all(founds)? else { continue };
            let below = self.behind_large(model, &found, &counts)?;
            if let Some(last) = counted.last_mut() {
                below.into_iter().for_each(|below| Behind::add(&mut last.below, below));
            }
            counted.into_iter().for_each(|behind| Behind::add(&mut all, behind));
        }
        Ok(all)
    }

    /// What rows of a large table rest on, month by month.
    fn behind_large(
        &mut self,
        reader: &Model,
        found: &Found,
        counts: &BTreeMap<String, u64>,
    ) -> Result<Vec<Behind>, DataFusionError> {
        let mut all = Vec::new();
        let Some(model) = self.model(&found.table).cloned() else { return Ok(all) };
        let reads_itself = |model: &Model| model.query.reads.iter().any(|(read, _)| *read == model.name);
        let (months, columns, carried) = match (&model.growth, reads_itself(&model) || reader.name == model.name) {
            (None, _) => (vec![None], model.grain.clone(), None),
            (Some(_), false) => {
                let months = counts.keys().filter_map(|month| month_number(month)).map(Some).collect();
                (months, model.grain.clone(), None)
            }
            // What is carried from month to month rests on all months before, for whom it is carried.
            (Some(growth), true) => {
                let last = counts.keys().filter_map(|month| month_number(month)).max().unwrap_or(0);
                let months = self.monthly.months.iter().filter(|month| **month <= last).copied().map(Some).collect();
                let columns = model.grain.iter().filter(|column| **column != growth.column).cloned().collect();
                (months, columns, Some(model.name.clone()))
            }
        };
        for (nth, month) in months.into_iter().enumerate() {
            let root = |plan: &LogicalPlan| Wanted::default().rows_of(found, plan, &columns, nth);
            for below in self.behind_rows(&model, month, &root, carried.as_deref())? {
                Behind::add(&mut all, below);
            }
        }
        Ok(all)
    }

    /// The plan of a model, over the months that it is built from.
    pub(super) fn planned(&self, model: &Model, month: Option<u32>) -> Result<LogicalPlan, DataFusionError> {
        let reads = || model.query.reads.iter().map(|(name, _)| name.as_str());
        if let Some((growth, month)) = model.growth.as_ref().zip(month) {
            self.monthly.narrow(&self.session, reads(), growth, month)?;
        }
        let session = &self.session;
        let plan = self.engine.block_on(async {
            let plan = session.state().statement_to_plan(model.query.statement.clone()).await?;
            prepare(session, plan)
        });
        self.monthly.register(&self.session, reads())?;
        plan
    }

    fn count_files(&self, found: &Found, behind: &mut Behind) -> Result<(), DataFusionError> {
        let rows = self.counted(found, &[MONTH, SUBMISSION])?;
        for row in 0..rows.num_rows() {
            let text = |nth: usize| scalar(rows.column(nth), row).to_string();
            let (month, submission, count) = (text(0), text(1), integer(&rows, row));
            let file = self.submissions.get(&submission).map_or(submission, |known| known.source_file.clone());
            *behind.counts.entry(month.clone()).or_default() += count;
            *behind.files.entry(file).or_default().entry(month).or_default() += count;
        }
        Ok(())
    }

    fn count_months(&self, found: &Found, behind: &mut Behind) -> Result<(), DataFusionError> {
        let growth = self.model(&found.table).and_then(|model| model.growth.as_ref());
        let by: Vec<&str> = growth.iter().map(|growth| growth.column.as_str()).collect();
        let rows = self.counted(found, &by)?;
        for row in 0..rows.num_rows() {
            let month = by.first().map_or(String::new(), |_| scalar(rows.column(0), row).to_string());
            *behind.counts.entry(month).or_default() += integer(&rows, row);
        }
        Ok(())
    }

    fn counted(&self, found: &Found, by: &[&str]) -> Result<RecordBatch, DataFusionError> {
        let by: Vec<Expr> = by.iter().map(|name| by_place(&ident(*name), &found.rows)).collect::<Result<_, _>>()?;
        let plan = LogicalPlanBuilder::from(found.rows.clone()).aggregate(by, [count(lit(1))])?.build()?;
        collected(&self.engine, &self.parallel, plan)
    }

    /// The rows themselves, by what tells them apart.
    fn list(&mut self, found: &Found, behind: &mut Behind) -> Result<(), DataFusionError> {
        let rows = collected(&self.engine, &self.parallel, found.rows.clone())?;
        let mut grain = self.grain(&found.table).to_vec();
        if grain.is_empty() {
            grain = rows.schema().fields().iter().map(|field| field.name().clone()).collect();
        }
        let whole = self.load(&found.table).map_err(|fault| DataFusionError::Execution(fault.message))?;
        let key = |rows: &RecordBatch, row: usize| -> Vec<String> {
            let columns = grain.iter().filter_map(|name| rows.column_by_name(name));
            columns.map(|column| scalar(column, row).to_string()).collect()
        };
        let wanted: BTreeSet<Vec<String>> = (0..rows.num_rows()).map(|row| key(&rows, row)).collect();
        behind.rows = (0..whole.num_rows()).filter(|row| wanted.contains(&key(whole, *row))).collect();
        behind.counts = [(String::new(), behind.rows.len() as u64)].into();
        Ok(())
    }

    /// A row of any table: where it stands in rows that are held.
    pub(super) fn row(&mut self, table: &str, row: usize) -> Result<(RecordBatch, usize), Diagnostic> {
        if !self.is_large(table) {
            return Ok((self.load(table)?.clone(), row));
        }
        if let Some((known, at, one)) = &self.last_row
            && known == table
            && *at == row
        {
            return Ok((one.clone(), 0));
        }
        let session = &self.session;
        let read = self.engine.block_on(async {
            let frame = session.table(table).await?.limit(row, Some(1))?;
            let schema = std::sync::Arc::new(frame.schema().as_arrow().clone());
            Ok::<_, DataFusionError>(datafusion::arrow::compute::concat_batches(&schema, &frame.collect().await?)?)
        });
        let one = read.map_err(|error| Diagnostic::error("parquet", error.to_string()))?;
        self.last_row = Some((table.to_owned(), row, one.clone()));
        Ok((one, 0))
    }
}

/// What came in which submission.
pub fn submissions(manifest: Option<Manifest>) -> BTreeMap<String, crate::store::records::Submission> {
    let all = manifest.into_iter().flat_map(|manifest| manifest.submissions);
    all.map(|submission| (submission.id.clone(), submission)).collect()
}

pub(super) fn collected(
    engine: &crate::warehouse::session::Engine,
    session: &SessionContext,
    plan: LogicalPlan,
) -> Result<RecordBatch, DataFusionError> {
    engine.block_on(async {
        let frame = session.execute_logical_plan(plan).await?;
        let schema = std::sync::Arc::new(frame.schema().as_arrow().clone());
        Ok(datafusion::arrow::compute::concat_batches(&schema, &frame.collect().await?)?)
    })
}

/// An expression over columns by name alone, over those of a plan.
fn by_place(expr: &Expr, plan: &LogicalPlan) -> Result<Expr, DataFusionError> {
    use datafusion::common::tree_node::{Transformed, TreeNode as _};
    let put = expr.clone().transform_up(|part| match &part {
        Expr::Column(column) => {
            let Some(nth) = plan.schema().index_of_column_by_name(None, &column.name) else {
                return datafusion::common::exec_err!("no column \"{}\"", column.name);
            };
            Ok(Transformed::yes(Expr::Column(plan.schema().qualified_field(nth).into())))
        }
        _ => Ok(Transformed::no(part)),
    });
    Ok(put?.data)
}

/// The count of a row: its last column.
fn integer(rows: &RecordBatch, row: usize) -> u64 {
    match scalar(rows.column(rows.num_columns() - 1), row) {
        Scalar::Integer(count) => u64::try_from(count).unwrap_or(0),
        _ => 0,
    }
}
