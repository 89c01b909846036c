//! Of a sum that is not 0 only the rows are told that add to it.

use datafusion::arrow::array::AsArray as _;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::logical_expr::lit;

use super::super::behind::collected;
use super::super::once::Once;
use super::super::rule::prepare;
use super::super::select::Selector;
use super::super::wanted::{Wanted, column};
use super::{batch, session};

#[test]
fn rows_that_add_nothing_to_a_sum_are_not_told() {
    let (engine, session) = session();
    let rows = [(0, "x", 1), (1, "x", 3), (2, "y", 5), (3, "x", 0), (4, "x", 4), (5, "y", 1)];
    let given: Vec<_> = rows.map(|(id, g, v)| (id, Some(id % 2), g.to_owned(), Some(v))).into();
    session.register_batch("a", batch(&given)).unwrap();
    let large = "CASE WHEN v > 2 THEN 1 ELSE 0 END";
    let counted = format!("SELECT g, {large} AS large, COUNT(id) AS n FROM a GROUP BY g, {large}");
    let queries = [
        (format!("SELECT g, SUM(large * n) AS s FROM ({counted}) AS t GROUP BY g"), vec![1, 4]),
        (
            format!(
                "SELECT g, SUM(s) AS s FROM (SELECT g, large * n AS s FROM ({counted}) AS t UNION ALL SELECT g, 0 AS s FROM a) AS u \
                 GROUP BY g"
            ),
            vec![1, 4],
        ),
        ("SELECT g, SUM(CASE WHEN k = 1 THEN v ELSE 0 END) AS s FROM a GROUP BY g".to_owned(), vec![1, 3]),
        ("SELECT g, SUM(CASE WHEN k = 1 THEN 0 ELSE v END) AS s FROM a GROUP BY g".to_owned(), vec![0, 4]),
        (
            "SELECT g, SUM(CASE WHEN k = 1 THEN v WHEN v > 3 THEN 2 END) AS s FROM a GROUP BY g".to_owned(),
            vec![1, 3, 4],
        ),
        // What may add something with either branch is told whole.
        ("SELECT g, SUM(CASE WHEN k = 1 THEN v ELSE id END) AS s FROM a GROUP BY g".to_owned(), vec![0, 1, 3, 4]),
        // A count counts what is 0 too.
        (
            format!(
                "SELECT g, SUM(n) AS s FROM (SELECT g, COUNT(large) AS n FROM (SELECT g, {large} AS large FROM a) AS t \
                 GROUP BY g) AS u GROUP BY g"
            ),
            vec![0, 1, 3, 4],
        ),
        ("SELECT g, MIN(CASE WHEN k = 1 THEN v ELSE 0 END) AS s FROM a GROUP BY g".to_owned(), vec![0, 1, 3, 4]),
    ];
    for (sql, expected) in queries {
        let plan = engine.block_on(async {
            let plan = session.state().create_logical_plan(&sql).await.unwrap();
            prepare(&session, plan).unwrap()
        });
        let wanted = Wanted::row(vec![column(plan.schema(), 0).eq(lit("x"))], 1);
        let mut once = Once::new(&engine, &session, "");
        let mut selector = Selector::new(&mut once, &|_| true);
        selector.in_rounds(&plan, &Wanted { is_number: true, ..wanted }).unwrap();
        let [found] = selector.found.as_slice() else { panic!("{sql}: {} tables", selector.found.len()) };
        assert!(found.is_value);
        let rows = collected(&engine, &session, found.rows().unwrap().0).unwrap();
        let mut ids = rows.column(0).as_primitive::<Int64Type>().values().to_vec();
        ids.sort_unstable();
        assert_eq!(ids, expected, "{sql}");
    }
}
