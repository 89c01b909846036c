//! A project in little: three models, an audit, four cells.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::domain::{
    Addressing, Breakdown, Code, Coordinates, Dimension, Observation, Origin, PeriodKind, Series, Status, Value,
};
use crate::spec::rules::Rulebook;
use crate::store::{Stage, stage};

const OBSERVATION: &str = "\
-- name:  core_observation
-- grain: obs_id
-- doc:   Every cell.
SELECT * FROM stage_observation ORDER BY obs_id;
";
const COVERAGE: &str = "\
-- name:  ind_coverage
-- grain: period, region
-- doc:   Insured persons
--        per hundred eligible ones.
WITH insured AS (SELECT period, region, value FROM core_observation WHERE indicator = 'insured_person'),
     eligible AS (SELECT period, region, value FROM core_observation WHERE indicator = 'eligible_person')
SELECT insured.period, insured.region, insured.value AS insured_person, percent_of(insured.value, eligible.value) AS coverage_pct
FROM insured JOIN eligible ON insured.period = eligible.period AND insured.region = eligible.region
";
const FINDINGS: &str = "\
-- name:  out_finding
-- grain: rule, period, region, message
-- doc:   Findings for readers.
SELECT rule, severity, period, region, message, residual FROM core_finding
";
const AUDIT: &str = "\
-- rule:     coverage-below-half
-- zh:       参保率不低于一半
-- severity: warning
-- doc:      Fewer than half are insured.
SELECT 'fail' AS outcome, '' AS dataset, period, region, NULL AS scheme, '' AS source_file, '' AS sheet, '' AS cell,
       coverage_pct - 50 AS residual, 0.5 AS tolerance,
       concat(number_grouped(insured_person), ' insured') AS message,
       concat('参保', number_grouped(insured_person), '人') AS message_zh, '' AS suggestion
FROM ind_coverage WHERE coverage_pct < 50
";

struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// In a folder with a name that a pattern, an address or a shell would take for something else.
    fn new(files: &[(&str, &str)]) -> Project {
        let folder = tempfile::Builder::new().prefix("社保 50% [a]*?#").tempdir().unwrap();
        let project = Project { folder };
        for (path, text) in files {
            let path = project.path("sql").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::create_dir_all(project.path("sql/models")).unwrap();
        fs::create_dir_all(project.path("sql/audits")).unwrap();
        project
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn build(&self, observations: &[Observation], into: &str) -> Result<BuildSummary, String> {
        let stage = Stage { observations: observations.to_vec(), ..Stage::default() };
        stage::write(&self.path("stage"), &stage).unwrap();
        let (models, audits) = (self.path("sql/models"), self.path("sql/audits"));
        build(&self.path("stage"), &models, &audits, &Rulebook::default(), &self.path(into), &mut |_| {})
            .map_err(|faults| faults.iter().map(|fault| fault.render()).collect::<Vec<_>>().join("\n"))
    }
}

const WHOLE: [(&str, &str); 4] = [
    ("models/core/core_observation.sql", OBSERVATION),
    ("models/ind/ind_coverage.sql", COVERAGE),
    ("models/out/out_finding.sql", FINDINGS),
    ("audits/coverage.sql", AUDIT),
];

fn observation(obs_id: &str, indicator: &str, region: &str, value: i64) -> Observation {
    let (addressing, at) = Addressing::parse(obs_id).unwrap();
    let origin = Origin {
        dataset: "d".into(),
        table_id: "t".into(),
        edition: "2004".into(),
        source_file: "d/t.xlsx".into(),
        source_sha256: "5ba4".into(),
        sheet: "1".into(),
        addressing,
        id_path: String::new(),
    };
    let series = Series {
        origin: Arc::new(origin),
        indicator: Code::new(indicator),
        period: "2004".parse().unwrap(),
        period_kind: PeriodKind::Stock,
        unit: "person".into(),
        printed_unit: "person".into(),
        column: Arc::default(),
        notes: Arc::new(vec!["注: 一".into(), "注: 二".into()]),
        status: Status::Normal,
    };
    let region = [(Dimension::Region, Code::new(region))].into();
    Observation {
        series: Arc::new(series),
        row: Arc::new(Coordinates::new(region, Breakdown::default())),
        at,
        nth: 0,
        value: Value::Number(value.into()),
        decimals: Some(0),
        printed: value.to_string().into(),
        besides: None,
    }
}

fn four_cells() -> Vec<Observation> {
    vec![
        observation("B4", "eligible_person", "630100", 3000),
        observation("B1", "insured_person", "630000", 2),
        observation("B2", "eligible_person", "630000", 3),
        observation("B3", "insured_person", "630100", 1200),
    ]
}

fn shown(rows: &Rows) -> Vec<String> {
    let cell = |scalar: &Scalar| match scalar {
        Scalar::Null => "null".to_owned(),
        Scalar::Text(text) => text.clone(),
        Scalar::Number(number) => number.to_string(),
        Scalar::Integer(integer) => integer.to_string(),
        Scalar::Float(float) => float.to_string(),
        Scalar::Bool(bool) => bool.to_string(),
        Scalar::Date(date) => date.to_string(),
    };
    rows.rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(" | ")).collect()
}

fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|e| (e.file_name().into_string().unwrap(), fs::read(e.path()).unwrap())).collect()
}

#[test]
fn models_run_in_order_and_audits_become_findings() {
    let project = Project::new(&WHOLE);
    let summary = project.build(&four_cells(), "release").unwrap();
    let made: Vec<_> = summary.tables.iter().map(|table| (table.name.as_str(), table.rows)).collect();
    assert_eq!(made, [("core_observation", 4), ("ind_coverage", 2), ("core_finding", 1), ("out_finding", 1)]);
    assert_eq!(summary.findings, BTreeMap::from([("warning".to_owned(), 1)]));
    let time = "2026-01-31T10:00:00Z".parse().unwrap();
    let warehouse =
        Warehouse::open_with(&project.path("release"), &BTreeMap::from([("5ba4".to_owned(), time)])).unwrap();
    // The tables of records are there before any record is.
    let records = super::records::names();
    let own: Vec<&str> = warehouse.tables().iter().map(String::as_str).filter(|name| !records.contains(name)).collect();
    assert_eq!(own, ["core_finding", "core_observation", "ind_coverage", "out_finding"]);
    let rows = [
        // 2/3 and 1200/3000 by hand.
        ("SELECT * FROM ind_coverage", vec!["2004 | 630000 | 2 | 66.666666666667", "2004 | 630100 | 1200 | 40"]),
        (
            "SELECT rule, severity, scheme, residual, tolerance, message FROM core_finding",
            vec!["coverage-below-half | warning |  | -10 | 0.5 | 1,200 insured"],
        ),
        ("SELECT count(*), 1.5, TRUE, NULL FROM core_observation", vec!["4 | 1.5 | true | null"]),
        (
            "SELECT period_start, period_end, notes, released_at FROM core_observation WHERE obs_id = 'B1'",
            vec!["2004-01-01 | 2004-12-31 | 注: 一\n注: 二 | 2026-01-31T10:00:00Z"],
        ),
        (
            "SELECT arrow_typeof(CAST('1.5' AS DECIMAL(38, 6))), arrow_typeof(percent_of(1, 3)), exact_div(1, 0), exact_div(2, 3)",
            vec!["Decimal128(38, 6) | Decimal128(38, 12) | null | 0.666666666667"],
        ),
        (
            "SELECT period_previous(period), period_offset('2004-01', -1), period_year(period), period_month_count('2013-01/2013-08'), \
             breakdown_value('area=other;payer=city', 'payer'), breakdown_without('payer=city', 'payer'), \
             breakdown_with('payer=city', 'area', 'other'), half_unit(1, 10000), annual_growth_pct(100, 121, 2), \
             change_pct(110, 100), number_text(value), number_grouped(1234567.50) \
             FROM core_observation WHERE obs_id = 'B4'",
            vec!["2003 | 2003-12 | 2004 | 8 | city | _T | area=other;payer=city | 500 | 10 | 10 | 3000 | 1,234,567.5"],
        ),
        ("SELECT count(*) FROM core_observation WHERE released_at >= '2026-02-01'", vec!["0"]),
    ];
    for (sql, expected) in rows {
        assert_eq!(shown(&warehouse.query(sql).unwrap()), expected, "{sql}");
    }
    let filters = [("region".to_owned(), "630100".to_owned()), ("coverage_pct".to_owned(), "40".to_owned())];
    assert_eq!(warehouse.table("ind_coverage", &filters).unwrap().rows.len(), 1);
    assert_eq!(warehouse.query_to_parquet("SELECT * FROM ind_coverage", &project.path("a.parquet")).unwrap(), 2);
    let tables = warehouse.query("SHOW TABLES").unwrap();
    let columns: Vec<&str> = tables.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(columns, ["table_name", "column_count"]);
    let names: Vec<String> = shown(&tables).iter().map(|r| r.split(" | ").next().unwrap().to_owned()).collect();
    assert_eq!(names, warehouse.tables());
    assert!(warehouse.query("DESCRIBE ind_coverage").is_ok());
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let project = Project::new(&WHOLE);
    project.build(&four_cells(), "one").unwrap();
    let stage_one = bytes(&project.path("stage"));
    let mut turned = four_cells();
    turned.reverse();
    project.build(&turned, "two").unwrap();
    assert!(stage_one == bytes(&project.path("stage")));
    assert!(bytes(&project.path("one")) == bytes(&project.path("two")));
}

#[test]
fn a_doubled_key_is_a_finding() {
    let project = Project::new(&WHOLE);
    let mut cells = four_cells();
    cells.push(observation("B5", "insured_person", "630100", 1201));
    cells.push(observation("B6", "insured_person", "630100", 1202));
    let summary = project.build(&cells, "release").unwrap();
    assert_eq!(summary.findings["error"], 1);
    let warehouse = Warehouse::open_with(&project.path("release"), &BTreeMap::new()).unwrap();
    let found = warehouse.query("SELECT region, message FROM core_finding WHERE rule = 'grain-unique'").unwrap();
    assert_eq!(shown(&found), ["630100 | ind_coverage: 3 rows share the key period=2004, region=630100"]);
}

/// One file of the project replaced, and the faults of the build.
#[test]
fn faults_in_sql_name_file_line_and_what_to_do() {
    let core = |body: &str| format!("-- name: core_x\n-- grain: obs_id\n-- doc: x\n{body}\n");
    let grown = |by: &str, reads: &str| {
        let query = "SELECT month, COUNT(*) AS n FROM core_benefit INNER JOIN stage_observation ON TRUE GROUP BY month";
        let query = if reads.starts_with("core_x") { "SELECT month FROM core_x" } else { query };
        format!("-- name: core_x\n-- grain: month\n-- grows: {by}\n-- reads: {reads}\n-- doc: x\n{query}\n")
    };
    let rows = [
        ("unknown_column", core("SELECT obs_id,\n       peroid FROM stage_observation")),
        ("unknown_column_of", core("SELECT o.peroid AS obs_id FROM stage_observation o")),
        ("unknown_table", core("WITH a AS (SELECT obs_id FROM stage_observations)\nSELECT obs_id FROM a")),
        ("unknown_function", core("SELECT obs_id, period_previus(period) AS p FROM stage_observation")),
        ("wrong_argument", core("SELECT obs_id, exact_div(value, period) AS p FROM stage_observation")),
        ("syntax", core("SELECT obs_id,\nFROM stage_observation WHERE (")),
        ("two_statements", core("SELECT 1; SELECT 2")),
        ("not_a_query", core("DROP TABLE stage_observation")),
        ("layer", core("SELECT period AS obs_id FROM ind_coverage")),
        ("grain", core("SELECT period FROM stage_observation")),
        ("type", core("SELECT obs_id, value + period_start AS p FROM stage_observation")),
        ("cast", core("SELECT obs_id, CAST(indicator AS DECIMAL(38, 6)) AS p FROM stage_observation")),
        ("growth", grown("month", "core_code 13, core_benefit 13, core_death, core_benefit often")),
        ("growth_of_a_table", grown("month", "stage_observation all, core_benefit 2")),
        ("growth_by_year", grown("year", "core_benefit all")),
        ("growth_of_itself", grown("month", "core_x 2")),
        (
            "reads_without_growth",
            core("SELECT obs_id FROM stage_observation").replace("-- doc", "-- reads: core_benefit all\n-- doc"),
        ),
        ("header", "-- name: core_y\n-- doc: x\nSELECT 1 AS a\n".to_owned()),
        ("empty", String::new()),
    ];
    let mut all = String::new();
    for (name, sql) in rows {
        let mut files = WHOLE.to_vec();
        files.push(("models/core/core_x.sql", &sql));
        let faults = Project::new(&files).build(&four_cells(), "release").unwrap_err();
        all.push_str(&format!("==== {name}\n{faults}"));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_circle_is_an_error() {
    let model = |name: &str, reads: &str| {
        format!("-- name: {name}\n-- grain: a\n-- doc: x\nWITH {name} AS (SELECT 1) SELECT a FROM {reads}\n")
    };
    let (x, y, z) = (model("core_x", "core_y"), model("core_y", "core_z"), model("core_z", "core_x"));
    let files =
        [("models/core/core_x.sql", x.as_str()), ("models/core/core_y.sql", &y), ("models/core/core_z.sql", &z)];
    insta::assert_snapshot!(Project::new(&files).build(&[], "release").unwrap_err());
}

#[test]
fn questions_that_do_not_only_read_are_refused() {
    let project = Project::new(&WHOLE);
    project.build(&four_cells(), "release").unwrap();
    let warehouse = Warehouse::open_with(&project.path("release"), &BTreeMap::new()).unwrap();
    let rows = [
        "DROP TABLE ind_coverage",
        "INSERT INTO ind_coverage SELECT * FROM ind_coverage",
        "COPY ind_coverage TO 'a.csv'",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "SET datafusion.execution.batch_size = 1",
        "SELECT * INTO t FROM ind_coverage",
        "EXPLAIN ANALYZE INSERT INTO ind_coverage SELECT * FROM ind_coverage",
        "SELECT 1; SELECT 2",
        "",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM stage_observation",
        "SELECT covrage_pct FROM ind_coverage",
        "SELEC 1",
        "SELECT region FROM ind_coverage GROUP BY period",
        "SELECT * FROM generate_series(1, 2000000)",
        "SELECT CAST(region AS DATE) FROM ind_coverage",
        "SELECT value FROM core_observation WHERE period = 2004",
        "SELECT value FROM core_observation AS o WHERE value > 2004\n   OR 2004 = o.period",
        "SELECT value FROM core_observation\nWHERE value <> 630100 AND region IN ('630100', 630100)",
        "SELECT (SELECT MAX(value) FROM core_observation WHERE period BETWEEN 2003 AND '2005') AS most",
        "SELECT c.period FROM ind_coverage c JOIN core_observation o ON o.period = c.period AND o.region = 630100",
        "-- nothing",
    ];
    let mut all = String::new();
    for sql in rows {
        let fault = warehouse.query(sql).map(|rows| shown(&rows)).unwrap_err();
        all.push_str(&format!("==== {sql}\n{}", fault.render()));
    }
    for (column, value) in [("regin", "630100"), ("coverage_pct", "forty")] {
        let answer = warehouse.table("ind_coverage", &[(column.to_owned(), value.to_owned())]);
        let shown = answer.map_or_else(|fault| fault.render(), |rows| format!("{} rows\n", rows.rows.len()));
        all.push_str(&format!("==== ind_coverage where {column} is {value}\n{shown}"));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn sql_can_be_tried_on_a_few_rows() {
    let project = Project::new(&WHOLE);
    let given = |table: &str, columns: &str, rows: &[&str]| Given {
        table: table.to_owned(),
        columns: columns.split(' ').map(str::to_owned).collect(),
        rows: rows.iter().map(|row| row.split(' ').map(|cell| Some(cell.to_owned())).collect()).collect(),
    };
    let cells =
        given("stage_observation", "indicator period value", &["insured_person 2004 120", "eligible_person 2004 200"]);
    let upstream = given("ind_coverage", "period insured_person coverage_pct", &["2004 7 49.5", "2005 8 50"]);
    let rows = [
        ("ind_coverage", vec![cells.clone()], vec!["2004 | _T | 120 | 60"]),
        ("ind_coverage", vec![], vec![]),
        (
            "coverage",
            vec![upstream],
            vec![
                "coverage-below-half | 参保率不低于一半 | warning | fail |  | 2004 | _T |  |  |  |  | -0.5 | 0.5 | 7 insured | 参保7人 |  |  |  |  | \
                 null | ",
            ],
        ),
    ];
    for (name, given, expected) in rows {
        let made = try_sql(&project.path("sql/models"), &project.path("sql/audits"), name, &given).unwrap();
        assert_eq!(shown(&made), expected, "{name}");
    }
}

const UNPAID: &str = "\
-- name:  core_unpaid
-- grain: month, unit_id
-- grows: month
-- reads: core_unpaid before
-- doc:   How many months in a row a unit has not paid, up to the month; units that are gone stay.
WITH due AS (
    SELECT unit_id, SUM(paid_yuan) AS paid_yuan FROM core_contribution GROUP BY unit_id
)
SELECT
    core_month.month,
    COALESCE(due.unit_id, was.unit_id) AS unit_id,
    CASE WHEN due.paid_yuan > 0 THEN 0 ELSE COALESCE(was.unpaid_month, 0) + 1 END AS unpaid_month,
    COALESCE(was.first_month, core_month.month) AS first_month
FROM due
FULL JOIN core_unpaid AS was ON was.unit_id = due.unit_id
INNER JOIN core_month ON TRUE
";

/// Worked out by hand: a pays in January and April, b from February on, and nobody sends anything of March.
#[test]
fn a_model_that_grows_by_month_carries_its_state() {
    let longest = "\
-- name:  ind_unpaid
-- grain: period
-- grows: month
-- reads: core_unpaid 2, core_contribution all
-- doc:   The longest run of the month and the one before, and how many records there were until then.
SELECT core_month.month AS period, MAX(unpaid_month) AS unpaid_month,
       (SELECT COUNT(*) FROM core_contribution) AS records
FROM core_month LEFT JOIN core_unpaid ON TRUE GROUP BY core_month.month
";
    let project = Project::new(&[
        ("models/core/core_observation.sql", OBSERVATION),
        ("models/core/core_unpaid.sql", UNPAID),
        ("models/ind/ind_unpaid.sql", longest),
    ]);
    let records = Given {
        table: "core_contribution".to_owned(),
        columns: ["month", "unit_id", "paid_yuan"].map(str::to_owned).to_vec(),
        rows: ["2025-12 a 0", "2026-01 a 5", "2026-02 a 0", "2026-02 b 7", "2026-04 a 0", "2026-04 a 3"]
            .map(|row| row.split(' ').map(|cell| Some(cell.to_owned())).collect())
            .to_vec(),
    };
    let tried = |name: &str| {
        let made =
            try_sql(&project.path("sql/models"), &project.path("sql/audits"), name, std::slice::from_ref(&records));
        let mut rows = shown(&made.map_err(|faults| faults[0].render()).unwrap());
        rows.sort();
        rows
    };
    let states = [
        "2025-12 | a | 1 | 2025-12",
        "2026-01 | a | 0 | 2025-12",
        "2026-02 | a | 1 | 2025-12",
        "2026-02 | b | 0 | 2026-02",
        "2026-03 | a | 2 | 2025-12",
        "2026-03 | b | 1 | 2026-02",
        "2026-04 | a | 0 | 2025-12",
        "2026-04 | b | 2 | 2026-02",
    ];
    assert_eq!(tried("core_unpaid"), states);
    assert_eq!(
        tried("ind_unpaid"),
        ["2025-12 | 1 | 1", "2026-01 | 1 | 2", "2026-02 | 1 | 4", "2026-03 | 2 | 4", "2026-04 | 2 | 6"]
    );
    // Nobody sent anything: the tables are there, without rows.
    project.build(&[], "release").unwrap();
    let warehouse = Warehouse::open_with(&project.path("release"), &BTreeMap::new()).unwrap();
    assert!(shown(&warehouse.query("SELECT unpaid_month, first_month FROM core_unpaid").unwrap()).is_empty());
}
