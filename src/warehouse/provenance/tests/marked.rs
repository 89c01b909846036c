//! The way forward is the way back read from its other end: the rows that a changed row leads to are those that depend on it.

use std::collections::BTreeSet;

use datafusion::arrow::array::AsArray as _;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::logical_expr::{LogicalPlan, lit};
use datafusion::prelude::{SessionContext, ident};

use super::super::behind::collected;
use super::super::follow::bare;
use super::super::marked::{Changed, changed_rows};
use super::super::rule::prepare;
use super::super::run::Runner;
use super::super::trace::Tracer;
use super::{SHAPES, session, texts, two_tables};
use crate::warehouse::session::Engine;

/// Of these all rows are taken, or all of a part.
const COARSE: [&str; 3] = ["LIMIT", "UNNEST", "IGNORE NULLS"];

fn forward(
    engine: &Engine,
    session: &SessionContext,
    plan: &LogicalPlan,
    table: &str,
    changed: Changed,
) -> BTreeSet<String> {
    let columns = ["id", "k", "g", "v"].map(str::to_owned);
    let changed = [(table.to_owned(), changed)].into();
    let rows = changed_rows(plan, &columns, &changed).unwrap();
    rows.map_or_else(BTreeSet::new, |rows| texts(&collected(engine, session, rows).unwrap()).into_iter().collect())
}

#[test]
fn a_changed_row_leads_to_the_rows_that_depend_on_it() {
    let (engine, session) = session();
    let all = two_tables();
    for (name, rows) in &all {
        session.register_batch(name, rows.clone()).unwrap();
    }
    let mut led = 0;
    for shape in SHAPES {
        let left = if shape.contains("{L}") { "b" } else { "a" };
        let sql = shape.replace("{L}", "a").replace("{R}", "b").replacen("{B}", left, 1).replace("{B}", "b");
        let state = bare(&session);
        let (plan, step) = engine.block_on(async {
            let plan = session.state().create_logical_plan(&sql).await.unwrap();
            let plan = prepare(&session, plan).unwrap();
            let step = Runner::new(&state, &all).run(&plan).await.unwrap();
            (plan, step)
        });
        let made = texts(&step.rows);
        let mut tracer = Tracer::new(state.clone());
        for (table, rows) in &all {
            for (row, id) in rows.column(0).as_primitive::<Int64Type>().values().iter().enumerate() {
                let mut depend = BTreeSet::new();
                for (nth, text) in made.iter().enumerate() {
                    let lineage = tracer.lineage(&step, u32::try_from(nth).unwrap());
                    let is_there = |(of, at): &(u32, u32)| tracer.tables[*of as usize] == *table && *at as usize == row;
                    if lineage.iter().any(is_there) {
                        depend.insert(text.clone());
                    }
                }
                let of_condition =
                    Changed { conditions: vec![ident("id").eq(lit(*id))], keys: Vec::new(), months: None };
                let of_key = Changed { conditions: Vec::new(), keys: vec![rows.slice(row, 1)], months: None };
                for changed in [of_condition, of_key] {
                    let found = forward(&engine, &session, &plan, table, changed);
                    let is_coarse = COARSE.iter().any(|part| sql.contains(part));
                    let fits = if is_coarse { found.is_superset(&depend) } else { found == depend };
                    assert!(fits, "{sql}: row {id} of {table} leads to {found:?}, not {depend:?}");
                }
                led += depend.len();
            }
        }
    }
    assert!(led > 100, "{led} rows");
}
