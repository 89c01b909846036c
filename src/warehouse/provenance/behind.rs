//! The records behind a figure: for tables made of extracts the source is the file, its month and the condition that selects
//! the rows, with their count, and not the rows themselves. Counted by queries that stream; no number of a person is told.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::array::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit, when};
use datafusion::prelude::{SessionContext, ident};
use futures::TryStreamExt as _;

use super::follow::{Provenance, month_of};
use super::once::Once;
use super::rule::prepare;
use super::select::Selector;
use super::tree::Cell;
use super::wanted::{Found, PARTNER, Wanted, by_name};
use crate::diag::Diagnostic;
use crate::domain::record::{MONTH, SUBMISSION};
use crate::domain::{RECORD_TABLES, RecordKind, record_table};
use crate::store::Manifest;
use crate::store::records::month_number;
use crate::warehouse::fault;
use crate::warehouse::model::{Library, Model};
use crate::warehouse::rows::{Scalar, scalar};

/// Ways to the rows of one table that are told one by one.
const LINES_MAX: usize = 3;

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
    /// How many records of each month are in the release.
    pub months: BTreeMap<String, u64>,
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
                if !known.rows.is_empty() {
                    known.counts = [(String::new(), known.rows.len() as u64)].into();
                }
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
            months: submission.parts.iter().map(|part| (part.month.clone(), part.in_force().1)).collect(),
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
        let value = row.column_by_name(&cell.column).map(|values| scalar(values, nth));
        let is_number = match value {
            Some(Scalar::Integer(integer)) => integer != 0,
            Some(Scalar::Number(number)) => !number.is_zero(),
            _ => false,
        };
        let growth = model.growth.as_ref();
        let month = growth.and_then(|growth| month_of(&row, &growth.column, nth));
        let root = |plan: &LogicalPlan| {
            let own = filters.iter().map(|filter| by_place(filter, plan)).collect::<Result<_, _>>()?;
            let column = plan.schema().index_of_column_by_name(None, &cell.column);
            Ok(column.map_or_else(Wanted::default, |column| Wanted { is_number, ..Wanted::row(own, column) }))
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
        let mut once = Once::new(&self.engine, &self.parallel, "");
        let mut selector = Selector::new(&mut once, &is_large);
        selector.in_rounds(&plan, &root(&plan)?)?;
        let mut found = std::mem::take(&mut selector.found);
        found.retain(|found| Some(found.table.as_str()) != carried);
        let rows = found.iter().map(|found| once.collect(self.counted(found)?)).collect::<Result<Vec<_>, _>>()?;
        let mut all = Vec::new();
        for (found, rows) in found.iter().zip(rows) {
            let (ways, total) = if record_table(&found.table).is_some() {
                self.files(found, &rows)
            } else if self.is_large(&found.table) {
                self.months(found, &rows)
            } else {
                self.rows(found, &rows)?
            };
            let counts = total.counts.clone();
            let mut lines = in_lines(ways, total);
            let is_followed = self.is_large(&found.table) && record_table(&found.table).is_none();
            if is_followed
                && (found.is_value || carried.is_some())
                && let Some(last) = lines.last_mut()
            {
                last.below = self.behind_large(model, found, &counts)?;
            }
            all.extend(lines);
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
        let mut once = Once::new(&self.engine, &self.parallel, "rows");
        let (rows, _) = found.rows()?;
        let keys = columns.iter().map(|name| by_name(rows.schema(), name)).collect::<Result<Vec<_>, _>>()?;
        let Some(keys) = once.named(rows, &keys)? else { return Ok(all) };
        for month in months {
            let root = |plan: &LogicalPlan| Wanted::rows_of(found, keys.clone(), plan, &columns);
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

    /// The query that tells how many rows there are, by month and file where the table has these, and of each way how many; of
    /// a table that is not made of records the rows themselves.
    fn counted(&self, found: &Found) -> Result<LogicalPlan, DataFusionError> {
        let (rows, ways) = found.rows()?;
        let by: Vec<String> = if record_table(&found.table).is_some() {
            vec![MONTH.to_owned(), SUBMISSION.to_owned()]
        } else if self.is_large(&found.table) {
            let growth = self.model(&found.table).and_then(|model| model.growth.as_ref());
            growth.iter().map(|growth| growth.column.clone()).collect()
        } else {
            let whole = found.scan.schema().fields().iter().map(|field| field.name().clone());
            Some(self.grain(&found.table).to_vec()).filter(|grain| !grain.is_empty()).unwrap_or_else(|| whole.collect())
        };
        let mut calls = vec![count(lit(1))];
        for way in ways {
            calls.push(count(when(way, lit(1)).end()?));
        }
        let calls = calls.into_iter().enumerate().map(|(nth, call)| call.alias(format!("{PARTNER}way{nth}")));
        let by = by.iter().map(|name| by_name(rows.schema(), name)).collect::<Result<Vec<_>, _>>()?;
        LogicalPlanBuilder::from(rows).aggregate(by, calls)?.build()
    }

    fn files(&self, found: &Found, rows: &RecordBatch) -> (Vec<Behind>, Behind) {
        by_way(found, |behind, nth| {
            for row in 0..rows.num_rows() {
                let text = |nth: usize| scalar(rows.column(nth), row).to_string();
                let (month, submission, count) = (text(0), text(1), integer(rows, 2 + nth, row));
                if count > 0 {
                    let file = self.submissions.get(&submission).map_or(submission, |known| known.source_file.clone());
                    *behind.counts.entry(month.clone()).or_default() += count;
                    *behind.files.entry(file).or_default().entry(month).or_default() += count;
                }
            }
        })
    }

    fn months(&self, found: &Found, rows: &RecordBatch) -> (Vec<Behind>, Behind) {
        let by = usize::from(self.model(&found.table).is_some_and(|model| model.growth.is_some()));
        by_way(found, |behind, nth| {
            for row in 0..rows.num_rows() {
                let month = if by == 0 { String::new() } else { scalar(rows.column(0), row).to_string() };
                let count = integer(rows, by + nth, row);
                if count > 0 {
                    *behind.counts.entry(month).or_default() += count;
                }
            }
        })
    }

    /// The rows themselves, by what tells them apart.
    fn rows(&mut self, found: &Found, rows: &RecordBatch) -> Result<(Vec<Behind>, Behind), DataFusionError> {
        let by = rows.num_columns() - 1 - found.ways.len();
        let names: Vec<String> = rows.schema().fields()[..by].iter().map(|field| field.name().clone()).collect();
        let whole = self.load(&found.table).map_err(|fault| DataFusionError::Execution(fault.message))?;
        let key = |rows: &RecordBatch, row: usize| -> Vec<String> {
            let columns = names.iter().filter_map(|name| rows.column_by_name(name));
            columns.map(|column| scalar(column, row).to_string()).collect()
        };
        let mut places: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
        (0..whole.num_rows()).for_each(|row| places.entry(key(whole, row)).or_default().push(row));
        Ok(by_way(found, |behind, nth| {
            for row in (0..rows.num_rows()).filter(|row| integer(rows, by + nth, *row) > 0) {
                behind.rows.extend(places.get(&key(rows, row)).into_iter().flatten());
            }
            if !behind.rows.is_empty() {
                behind.counts = [(String::new(), behind.rows.len() as u64)].into();
            }
        }))
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
pub(super) fn by_place(expr: &Expr, plan: &LogicalPlan) -> Result<Expr, DataFusionError> {
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

/// What comes by each way, and by any of them.
fn by_way(found: &Found, fill: impl Fn(&mut Behind, usize)) -> (Vec<Behind>, Behind) {
    let blank = || Behind { table: found.table.clone(), is_value: found.is_value, ..Behind::default() };
    let mut total = Behind { columns: found.columns(), ..blank() };
    fill(&mut total, 0);
    let ways = (1..).zip(&found.ways).map(|(nth, way)| {
        let mut behind = Behind { columns: way.columns.clone(), conditions: way.conditions.clone(), ..blank() };
        fill(&mut behind, nth);
        behind
    });
    (ways.filter(|behind| behind.count() > 0).collect(), total)
}

/// Each way a line of its own, where these are few and have no row in common; else all in one, under what all have in common.
fn in_lines(ways: Vec<Behind>, mut total: Behind) -> Vec<Behind> {
    if let [first, others @ ..] = ways.as_slice() {
        let shared = |words: &&String| others.iter().all(|way| way.conditions.contains(words));
        total.conditions = first.conditions.iter().filter(shared).cloned().collect();
    }
    let mut lines = Vec::new();
    ways.into_iter().for_each(|way| Behind::add(&mut lines, way));
    let apart: u64 = lines.iter().map(Behind::count).sum();
    match lines.len() <= LINES_MAX && apart == total.count() {
        true => lines,
        false if total.count() == 0 => Vec::new(),
        false => vec![total],
    }
}

fn integer(rows: &RecordBatch, column: usize, row: usize) -> u64 {
    match scalar(rows.column(column), row) {
        Scalar::Integer(count) => u64::try_from(count).unwrap_or(0),
        _ => 0,
    }
}
