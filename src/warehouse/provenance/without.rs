//! What would stand in tables if some observations had never been read: the models above it run again, from what was read to the
//! tables asked for. It proves of a cell that a figure rests on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::ident;

use super::follow::Provenance;
use crate::diag::Diagnostic;
use crate::warehouse::build::plan;
use crate::warehouse::model::Model;
use crate::warehouse::rows::Rows;
use crate::warehouse::session;

/// The column by which what was read is named.
const ID: &str = "obs_id";

impl Provenance {
    /// The rows of some tables without some observations. What was found about the figures stays as it is, and so do the tables
    /// that are counted from records.
    ///
    /// # Errors
    /// A model fails.
    pub fn without(
        &self,
        observations: &BTreeSet<String>,
        tables: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Rows>, Vec<Diagnostic>> {
        let fault = |error: DataFusionError| vec![Diagnostic::error("sql", error.to_string())];
        let all = self.models();
        let by_name: BTreeMap<&str, &Model> = all.iter().map(|model| (model.name.as_str(), model)).collect();
        // What the tables are made of, those first that others read.
        let (mut order, mut met) = (Vec::new(), BTreeSet::new());
        for table in tables {
            self.above(table, &by_name, &mut met, &mut order);
        }
        let gone: Vec<Expr> = observations.iter().map(|id| lit(id.as_str())).collect();
        let session = session::parallel().map_err(fault)?;
        let (names, of_release) = (&self.names, &self.session);
        let made = self.engine.block_on(async {
            for name in names {
                let mut provider = of_release.table_provider(name.as_str()).await?;
                let is_read = name.starts_with("stage_") && provider.schema().column_with_name(ID).is_some();
                if is_read {
                    let kept = of_release.table(name.as_str()).await?.filter(ident(ID).in_list(gone.clone(), true))?;
                    provider = Arc::new(MemTable::try_new(provider.schema(), vec![kept.collect().await?])?);
                }
                session.register_table(name.as_str(), provider)?;
            }
            let mut made = BTreeMap::new();
            for model in order {
                let frame = plan(&session, &model.query).await?;
                let schema = Arc::new(frame.schema().as_arrow().clone());
                let batches = frame.collect().await?;
                if tables.contains(&model.name) {
                    made.insert(model.name.clone(), (schema.clone(), batches.clone()));
                }
                session.deregister_table(model.name.as_str())?;
                session.register_table(model.name.as_str(), Arc::new(MemTable::try_new(schema, vec![batches])?))?;
            }
            Ok(made)
        });
        let made = made.map_err(fault)?.into_iter();
        let rows = made.map(|(table, (schema, batches))| Ok((table, Rows::of(&schema, &batches)?)));
        rows.collect::<Result<_, Diagnostic>>().map_err(|fault| vec![fault])
    }

    fn above<'a>(
        &self,
        table: &str,
        all: &BTreeMap<&str, &'a Model>,
        met: &mut BTreeSet<String>,
        order: &mut Vec<&'a Model>,
    ) {
        let Some(model) = all.get(table).filter(|_| !self.is_counted(table) && met.insert(table.to_owned())) else {
            return;
        };
        for (read, _) in &model.query.reads {
            self.above(read, all, met, order);
        }
        order.push(model);
    }
}
