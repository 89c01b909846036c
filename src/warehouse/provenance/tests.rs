//! Random tables, random queries of every shape that has a rule: what the steps make is what the engine makes, and the rows
//! that a row depends on, alone as the database, give that row again.

mod adds;
mod marked;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray as _, Int64Array, RecordBatch, StringArray, UInt32Array};
use datafusion::arrow::compute::{concat_batches, take_record_batch};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::SessionContext;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use super::behind::collected;
use super::follow::bare;
use super::once::Once;
use super::rule::{missing, prepare};
use super::run::Runner;
use super::select::Selector;
use super::trace::Tracer;
use super::wanted::Wanted;
use crate::warehouse::rows::scalar;
use crate::warehouse::session::{self, Engine};

/// A row of either table: an id, a key, a group, a number.
type Given = (i64, Option<i64>, String, Option<i64>);

fn tables() -> impl Strategy<Value = [Vec<Given>; 2]> {
    let row = || (prop::option::weighted(0.9, 0..3_i64), "[xy]", prop::option::weighted(0.8, -2..4_i64));
    let table = || {
        prop::collection::vec(row(), 0..7).prop_map(|rows| {
            rows.into_iter()
                .enumerate()
                .map(|(id, (k, g, v))| (i64::try_from(id).unwrap(), k, g, v))
                .collect::<Vec<Given>>()
        })
    };
    [table(), table()]
}

fn batch(rows: &[Given]) -> RecordBatch {
    let columns: [(&str, ArrayRef); 4] = [
        ("id", Arc::new(rows.iter().map(|row| Some(row.0)).collect::<Int64Array>())),
        ("k", Arc::new(rows.iter().map(|row| row.1).collect::<Int64Array>())),
        ("g", Arc::new(rows.iter().map(|row| Some(row.2.clone())).collect::<StringArray>())),
        ("v", Arc::new(rows.iter().map(|row| row.3).collect::<Int64Array>())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}

fn named([a, b]: [Vec<Given>; 2]) -> BTreeMap<String, RecordBatch> {
    [("a".to_owned(), batch(&a)), ("b".to_owned(), batch(&b))].into()
}

/// A table of (id, k, g, v) in a FROM: a table, or a query of some shape over others, and the names of the tables it reads.
/// Each is read once, and what is looked for in vain, as by NOT IN or an outer join, is a table as it stands: of rows read
/// twice, or missed in what is itself computed from several rows, no part need give the same again.
fn source() -> impl Strategy<Value = (String, Vec<String>)> {
    let shapes: Vec<&str> = SHAPES.into_iter().filter(|shape| !shape.starts_with("WITH")).collect();
    let query = Just("{T}".to_owned()).prop_recursive(2, 6, 2, move |inner| {
        (prop::sample::select(shapes.clone()), inner.clone(), inner).prop_map(|(shape, left, right)| {
            format!("({})", shape.replace("{L}", &left).replace("{R}", &right).replace("{B}", "{T}"))
        })
    });
    query.prop_map(|mut query| {
        let mut names = Vec::new();
        while query.contains("{T}") {
            names.push(format!("t{}", names.len()));
            query = query.replacen("{T}", &names[names.len() - 1], 1);
        }
        (query, names)
    })
}

/// Every shape keeps `id` unique enough for its orders to leave no choice, and the types of the columns as they are: of an
/// unsigned number united with nothing the engine gives another type than it had announced.
const SHAPES: [&str; 37] = [
    "SELECT id, k, g, v FROM {L} AS l WHERE v > 0 OR g = 'x'",
    "SELECT id, k, g, CASE WHEN v IS NULL THEN k WHEN v > 1 THEN v * 2 ELSE -v END AS v FROM {L} AS l",
    "SELECT id, COALESCE(k, v, 9) AS k, g, NULLIF(v, 1) AS v FROM {L} AS l",
    "SELECT l.id, l.k, r.g, l.v + r.v AS v FROM {L} AS l INNER JOIN {R} AS r ON l.k = r.k",
    "SELECT l.id, r.k, l.g, r.v FROM {L} AS l INNER JOIN {R} AS r ON l.k = r.k AND l.v < r.v",
    "SELECT l.id, r.k, l.g, r.v FROM {L} AS l LEFT JOIN {B} AS r ON l.k = r.k AND r.v > 0",
    "SELECT r.id, l.k, r.g, l.v FROM {B} AS l RIGHT JOIN {R} AS r ON l.k = r.k",
    "SELECT COALESCE(l.id, r.id) AS id, k, COALESCE(l.g, r.g) AS g, r.v FROM {B} AS l FULL JOIN {B} AS r USING (k)",
    "SELECT l.id, l.k, r.g, l.v FROM {L} AS l CROSS JOIN {R} AS r",
    "SELECT id, k, g, v FROM {L} AS l WHERE EXISTS (SELECT 1 FROM {R} AS r WHERE r.k = l.k AND r.v > 0)",
    "SELECT id, k, g, v FROM {L} AS l WHERE NOT EXISTS (SELECT 1 FROM {B} AS r WHERE r.k = l.k)",
    "SELECT id, k, g, v FROM {L} AS l WHERE k IN (SELECT r.k FROM {R} AS r WHERE r.v IS NOT NULL)",
    "SELECT id, k, g, v FROM {L} AS l WHERE k NOT IN (SELECT r.k FROM {B} AS r WHERE r.k IS NOT NULL)",
    "SELECT id, k, g, v FROM {L} AS l WHERE v > 2 OR k IN (SELECT r.k FROM {R} AS r)",
    "SELECT id, k, g, v FROM {L} AS l WHERE v = (SELECT MAX(r.v) FROM {R} AS r)",
    "SELECT id, k, g, (SELECT SUM(r.v) FROM {R} AS r WHERE r.k = l.k) AS v FROM {L} AS l",
    "SELECT MIN(id) AS id, k, MAX(g) AS g, SUM(v) AS v FROM {L} AS l GROUP BY k",
    "SELECT COUNT(*) AS id, MAX(k) AS k, g, COUNT(v) AS v FROM {L} AS l GROUP BY g HAVING COUNT(*) > 1",
    "SELECT COUNT(DISTINCT v) AS id, MIN(k) AS k, 'x' AS g, SUM(v) FILTER (WHERE g = 'y') AS v FROM {L} AS l",
    "SELECT k AS id, k, string_agg(g, ' ' ORDER BY id, v, g) AS g, first_value(v ORDER BY id, v) AS v FROM {L} AS l GROUP BY k",
    "SELECT DISTINCT k AS id, k, g, v FROM {L} AS l",
    "SELECT DISTINCT ON (g) id, k, g, v FROM {L} AS l ORDER BY g, id, k, v",
    "SELECT id, k, g, v FROM {L} AS l UNION ALL SELECT id + 10, k, g, v FROM {R} AS r",
    "SELECT id, k, g, v FROM {L} AS l UNION SELECT id, k, g, v FROM {R} AS r",
    "SELECT id, k, g, v FROM {L} AS l EXCEPT SELECT id, k, g, v FROM {B} AS r",
    "SELECT id, k, g, v FROM {L} AS l INTERSECT SELECT id, k, g, v FROM {R} AS r",
    "SELECT id, k, g, CAST(ROW_NUMBER() OVER (PARTITION BY g ORDER BY id, k, v) AS BIGINT) AS v FROM {L} AS l",
    "SELECT id, k, g, v FROM (SELECT id, k, g, v, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC, id, g) AS n FROM {L} AS l) AS t WHERE n = 2",
    "SELECT id, k, g, LAG(v) OVER (PARTITION BY g ORDER BY id, k, v) AS v FROM {L} AS l",
    "SELECT id, k, g, LAG(v, 2, 7) OVER (ORDER BY id, g, k, v) AS v FROM {L} AS l",
    "SELECT id, k, g, LEAD(v) IGNORE NULLS OVER (ORDER BY id, g, k, v) AS v FROM {L} AS l",
    "SELECT id, k, g, SUM(v) OVER (PARTITION BY g ORDER BY id, k, v ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS v FROM {L} AS l",
    "SELECT id, k, g, MAX(v) OVER (PARTITION BY k ORDER BY id) AS v FROM {L} AS l",
    "SELECT id, k, g, first_value(v) IGNORE NULLS OVER (PARTITION BY g ORDER BY id, k, v ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS v FROM {L} AS l",
    "SELECT id, k, g, v FROM {L} AS l ORDER BY id, k, g, v LIMIT 2",
    "WITH c AS (SELECT id, k, g, v FROM {L} AS l) SELECT c.id, d.k, c.g, d.v FROM c INNER JOIN c AS d ON d.v = c.k",
    "SELECT id, k, UNNEST(string_to_array(concat(g, ';', 'z'), ';')) AS g, v FROM {L} AS l",
];

/// The rows of a query as texts, by the engine alone.
async fn asked(session: &SessionContext, tables: &BTreeMap<String, RecordBatch>, sql: &str) -> Vec<String> {
    for (name, rows) in tables {
        session.deregister_table(name.as_str()).unwrap();
        session.register_batch(name, rows.clone()).unwrap();
    }
    let frame = session.sql(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    let schema = Arc::new(frame.schema().as_arrow().clone());
    let rows = frame.collect().await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    texts(&concat_batches(&schema, &rows).unwrap())
}

fn texts(rows: &RecordBatch) -> Vec<String> {
    let text = |row| rows.columns().iter().map(|column| format!("{:?}|", scalar(column, row))).collect();
    (0..rows.num_rows()).map(text).collect()
}

/// The rows of both ways as sets of texts, and the number of rows followed.
fn check(engine: &Engine, session: &SessionContext, all: &BTreeMap<String, RecordBatch>, sql: &str) -> usize {
    let mut expected = engine.block_on(asked(session, all, sql));
    let state = bare(session);
    let step = engine.block_on(async {
        let plan = session.state().create_logical_plan(sql).await.unwrap();
        let plan = prepare(session, plan).unwrap_or_else(|e| panic!("{sql}: {e}"));
        assert_eq!(missing(&plan).unwrap(), None, "{sql}");
        Runner::new(&state, all).run(&plan).await.unwrap_or_else(|e| panic!("{sql}: {e}"))
    });
    let made = texts(&step.rows);
    let mut sorted = made.clone();
    sorted.sort();
    expected.sort();
    assert_eq!(sorted, expected, "{sql}");
    let mut tracer = Tracer::new(state.clone());
    for (nth, row) in made.iter().enumerate() {
        let at = u32::try_from(nth).unwrap();
        let lineage = tracer.lineage(&step, at);
        let alone: BTreeMap<String, RecordBatch> = all
            .iter()
            .map(|(name, rows)| {
                let kept = lineage.iter().filter(|(table, _)| tracer.tables[*table as usize] == *name);
                let kept: UInt32Array = kept.map(|(_, row)| Some(*row)).collect();
                (name.clone(), take_record_batch(rows, &kept).unwrap())
            })
            .collect();
        let again = engine.block_on(asked(session, &alone, sql));
        assert!(
            again.contains(row),
            "{sql}\n{all:?}\nfrom {lineage:?} of {:?} comes {again:?}, not {row}",
            tracer.tables
        );
        for column in 0..step.rows.num_columns() {
            let (tree, chosen) = tracer.explain(&step, at, column).unwrap_or_else(|e| panic!("{sql}: {e}"));
            assert_eq!(tree.value.to_string(), scalar(step.rows.column(column), nth).to_string(), "{sql}");
            let rows: BTreeSet<(String, usize)> =
                tree.cells().into_iter().chain(&chosen).map(|cell| (cell.table.clone(), cell.row)).collect();
            let known: BTreeSet<(String, usize)> =
                lineage.iter().map(|(t, row)| (tracer.tables[*t as usize].clone(), *row as usize)).collect();
            assert!(rows.is_subset(&known), "{sql}: {rows:?} beside {known:?}");
        }
    }
    made.len()
}

/// Tables in which each shape finds something.
fn two_tables() -> BTreeMap<String, RecordBatch> {
    named([
        vec![
            (0, Some(1), "x".into(), Some(1)),
            (1, Some(1), "x".into(), None),
            (2, Some(2), "y".into(), Some(3)),
            (3, None, "y".into(), Some(2)),
            (4, Some(0), "x".into(), Some(3)),
        ],
        vec![
            (0, Some(1), "x".into(), Some(3)),
            (1, Some(2), "y".into(), Some(-1)),
            (2, Some(2), "y".into(), Some(3)),
            (3, None, "x".into(), None),
        ],
    ])
}

fn session() -> (Engine, SessionContext) {
    (Engine::start().unwrap(), session::sequential(&session::parallel().unwrap()))
}

#[test]
fn the_rows_behind_a_row_give_it_again() {
    let (engine, session) = session();
    let config = ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let mut followed = 0;
    let tried = runner.run(&(tables(), source()), |(given, (source, names))| {
        let all = names.into_iter().zip(given.iter().cycle()).map(|(name, rows)| (name, batch(rows))).collect();
        let sql = format!("SELECT id, k, g, v FROM {source} AS q");
        check(&engine, &session, &all, &sql);
        Ok(())
    });
    tried.unwrap();
    // Each shape alone too, over tables in which it finds something.
    let all = two_tables();
    for shape in SHAPES {
        let left = if shape.contains("{L}") { "b" } else { "a" };
        let sql = shape.replace("{L}", "a").replace("{R}", "b").replacen("{B}", left, 1).replace("{B}", "b");
        let rows = check(&engine, &session, &all, &sql);
        assert!(rows > 0, "no row of {sql}");
        followed += rows;
    }
    assert!(followed > 100, "only {followed} rows were followed");
}

/// How often a row does not come again where one of the rows behind it is missing.
fn missed(engine: &Engine, session: &SessionContext, all: &BTreeMap<String, RecordBatch>, sql: &str) -> usize {
    engine.block_on(asked(session, all, sql));
    let state = bare(session);
    let step = engine.block_on(async {
        let plan = session.state().create_logical_plan(sql).await.unwrap();
        Runner::new(&state, all).run(&prepare(session, plan).unwrap()).await.unwrap()
    });
    let mut tracer = Tracer::new(state);
    let mut missed = 0;
    for (nth, row) in texts(&step.rows).iter().enumerate() {
        let lineage = tracer.lineage(&step, u32::try_from(nth).unwrap());
        for gone in lineage.iter() {
            let mut alone = BTreeMap::new();
            for (name, rows) in all {
                let kept = lineage.iter().filter(|at| *at != gone && tracer.tables[at.0 as usize] == *name);
                let kept: UInt32Array = kept.map(|(_, row)| Some(*row)).collect();
                alone.insert(name.clone(), take_record_batch(rows, &kept).unwrap());
            }
            missed += usize::from(!engine.block_on(asked(session, &alone, sql)).contains(row));
        }
    }
    missed
}

/// A rule that forgot a row would be noticed, whatever the shape.
#[test]
fn without_one_of_the_rows_behind_it_a_row_is_missed() {
    let (engine, session) = session();
    let all = two_tables();
    for shape in SHAPES {
        let left = if shape.contains("{L}") { "b" } else { "a" };
        let sql = shape.replace("{L}", "a").replace("{R}", "b").replacen("{B}", left, 1).replace("{B}", "b");
        assert!(missed(&engine, &session, &all, &sql) > 0, "nothing is missed in {sql}");
    }
}

/// Shapes that records are not followed through by conditions.
const NOT_BY_CONDITIONS: [&str; 3] = ["LIMIT", "UNNEST", "OR k IN"];

/// The rows that conditions select behind each row of a query give that row again.
fn check_conditions(
    engine: &Engine,
    session: &SessionContext,
    all: &BTreeMap<String, RecordBatch>,
    sql: &str,
    is_large: &dyn Fn(&str) -> bool,
) {
    let made = engine.block_on(async {
        asked(session, all, sql).await;
        let frame = session.sql(sql).await.unwrap();
        let schema = Arc::new(frame.schema().as_arrow().clone());
        concat_batches(&schema, &frame.collect().await.unwrap()).unwrap()
    });
    let rows = texts(&made);
    for (nth, row) in rows.iter().enumerate() {
        engine.block_on(asked(session, all, sql));
        let plan = engine.block_on(async {
            let plan = session.state().create_logical_plan(sql).await.unwrap();
            prepare(session, plan).unwrap()
        });
        let own = plan.schema().columns().into_iter().zip(made.columns()).map(|(column, values)| {
            let value = ScalarValue::try_from_array(values, nth).unwrap();
            let column = Expr::Column(column);
            if value.is_null() { column.is_null() } else { column.eq(lit(value)) }
        });
        let mut once = Once::new(engine, session, "");
        let mut selector = Selector::new(&mut once, is_large);
        selector.follow(&plan, Wanted::row(own.collect(), 3)).unwrap_or_else(|e| panic!("{sql}: {e}"));
        let mut alone: BTreeMap<String, RecordBatch> =
            all.iter().map(|(name, rows)| (name.clone(), rows.slice(0, 0))).collect();
        for found in &selector.found {
            let some = collected(engine, session, found.rows().unwrap().0).unwrap();
            let ids = |rows: &RecordBatch| rows.column(0).as_primitive::<Int64Type>().values().to_vec();
            let wanted: BTreeSet<i64> = ids(&some).into_iter().chain(ids(&alone[&found.table])).collect();
            let whole = &all[&found.table];
            let places = (0..).zip(ids(whole)).filter(|(_, id)| wanted.contains(id)).map(|(at, _)| Some(at));
            let taken = take_record_batch(whole, &places.collect::<UInt32Array>()).unwrap();
            alone.insert(found.table.clone(), taken);
        }
        let again = engine.block_on(asked(session, &alone, sql));
        // Only the column that was asked for is looked at where each column has conditions of its own.
        let part = |row: &'_ str| {
            if sql.contains(" FILTER (") { row.rsplit('|').nth(1).map(str::to_owned) } else { Some(row.to_owned()) }
        };
        let is_there = again.iter().any(|other| part(other) == part(row));
        assert!(is_there, "{sql}\n{all:?}\nfrom {alone:?} comes {again:?}, not {row}");
    }
}

#[test]
fn the_rows_that_conditions_select_give_a_row_again() {
    let (engine, session) = session();
    let all = two_tables();
    let shapes: Vec<&str> =
        SHAPES.into_iter().filter(|shape| !NOT_BY_CONDITIONS.iter().any(|other| shape.contains(other))).collect();
    assert!(shapes.len() >= 33, "{} shapes", shapes.len());
    for shape in &shapes {
        let left = if shape.contains("{L}") { "b" } else { "a" };
        let sql = shape.replace("{L}", "a").replace("{R}", "b").replacen("{B}", left, 1).replace("{B}", "b");
        check_conditions(&engine, &session, &all, &sql, &|_| true);
        // A small table beside a large one is tried row by row.
        check_conditions(&engine, &session, &all, &sql, &|table| table == "a");
    }
}

#[test]
fn recursion_and_lateral_queries_are_followed() {
    let (engine, session) = session();
    let all = named([
        vec![
            (1, None, "x".into(), Some(1)),
            (2, Some(1), "x".into(), Some(2)),
            (3, Some(2), "y".into(), Some(3)),
            (4, Some(2), "y".into(), None),
        ],
        vec![(1, Some(1), "x".into(), Some(5)), (2, Some(3), "y".into(), Some(7))],
    ]);
    let recursive = "WITH RECURSIVE way AS (SELECT id, k, v FROM a WHERE k IS NULL UNION ALL \
        SELECT a.id, a.k, way.v + a.v FROM way INNER JOIN a ON a.k = way.id) SELECT id, k, v FROM way";
    let lateral = "SELECT a.id, s.total FROM a, LATERAL (SELECT SUM(b.v) AS total FROM b WHERE b.k = a.id) AS s";
    for (sql, rows) in [(recursive, 4), (lateral, 4)] {
        assert_eq!(check(&engine, &session, &all, sql), rows, "{sql}");
    }
}

#[test]
fn a_construct_without_a_rule_is_named() {
    let (engine, session) = session();
    session.register_batch("a", batch(&[])).unwrap();
    let rows = [
        ("SELECT g, SUM(v) FROM a GROUP BY ROLLUP (g)", "GROUPING SETS, ROLLUP and CUBE"),
        ("SELECT median(v) FROM a", "the aggregate median()"),
        ("SELECT ntile(4) OVER (ORDER BY v) FROM a", "the window function ntile()"),
        (
            "SELECT SUM(v) OVER (ORDER BY v RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) FROM a",
            "the window frame RANGE BETWEEN 2 PRECEDING AND CURRENT ROW",
        ),
        ("SELECT id FROM a ORDER BY id LIMIT 2 OFFSET 1", "OFFSET, or a LIMIT that is computed"),
        ("SELECT random() AS r FROM a", "random(), which gives another value each time"),
    ];
    for (sql, construct) in rows {
        let found = engine.block_on(async {
            let plan = session.state().create_logical_plan(sql).await.unwrap();
            missing(&prepare(&session, plan).unwrap()).unwrap()
        });
        assert_eq!(found.as_deref(), Some(construct), "{sql}");
    }
}

#[test]
fn a_window_brings_in_no_more_than_it_reads() {
    let (engine, session) = session();
    let given: Vec<Given> = (0..6).map(|id| (id, None, "x".into(), Some(id * 10))).collect();
    let all: BTreeMap<String, RecordBatch> = [("a".to_owned(), batch(&given))].into();
    session.register_batch("a", all["a"].clone()).unwrap();
    let rows = [
        ("LAG(v) OVER (ORDER BY id)", vec![2, 3]),
        ("LEAD(v, 2) OVER (ORDER BY id)", vec![3, 4, 5]),
        ("ROW_NUMBER() OVER (ORDER BY id DESC)", vec![3, 4, 5]),
        ("SUM(v) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)", vec![2, 3]),
        ("SUM(v) OVER (ORDER BY id)", vec![0, 1, 2, 3]),
        ("COUNT(v) OVER ()", vec![0, 1, 2, 3, 4, 5]),
    ];
    for (call, read) in rows {
        let sql = format!("SELECT id, {call} AS w FROM a");
        let state = bare(&session);
        let step = engine.block_on(async {
            let plan = session.state().create_logical_plan(&sql).await.unwrap();
            let plan = prepare(&session, plan).unwrap();
            Runner::new(&state, &all).run(&plan).await.unwrap()
        });
        let ids = step.rows.column(0).as_primitive::<Int64Type>().values().to_vec();
        let at = ids.iter().position(|id| *id == 3).unwrap();
        let lineage = Tracer::new(state).lineage(&step, u32::try_from(at).unwrap());
        let found: Vec<u32> = lineage.iter().map(|(_, row)| *row).collect();
        assert_eq!(found, read, "{call}");
    }
}
