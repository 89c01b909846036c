//! Codes, editions and series through time: from files to what the commands say, on figures that can be added up by hand.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::Decimal;
use shebao::warehouse::{Given, Rows, Scalar, try_sql};

use crate::support::{TestProject, root};

const SOURCE: &str = "publisher = \"p\"\ntitle = \"t\"\ncitation = \"c\"\nlicence = \"none stated\"\n";

fn project(table: &str, files: &[(&str, &str)]) -> TestProject {
    let project = TestProject::new();
    project.write("pipelines/sample/source.toml", SOURCE);
    project.write("pipelines/sample/table.toml", table);
    for (file, text) in files {
        project.write(&format!("fixtures/sample/{file}"), text);
    }
    project.shebao(&["run"]).must_end_with(0);
    project
}

/// The columns of an answer in CSV, line by line.
fn csv(project: &TestProject, arguments: &[&str]) -> Vec<String> {
    let said = project.shebao(&[arguments, &["--format", "csv"]].concat()).must_end_with(0);
    said.stdout.lines().map(str::to_owned).collect()
}

const SCHEMES: &str = r#"title   = "参保人数"
corner  = "年份"
unit    = "10k_person"
context = { indicator = "insured_person", region = "110000" }

[[rows]]
label = "{year}年"

[[columns]]
label    = "新农保"
scheme   = "pension-rural-new"
optional = true

[[columns]]
label    = "城居保"
scheme   = "pension-urban-resident"
optional = true

[[columns]]
label    = "城乡居民"
scheme   = "pension-resident"
optional = true

[local.codes.mark]
"…" = "not_available"

[[edition]]
id   = "before"
file = "sample/before.csv"

[[edition]]
id   = "after"
file = "sample/after.csv"
"#;

/// 80 万 and 20.5 万 are 100.5 万; of 2012 the urban figure is missing, and so is the bridge; 110.55 万 is 10 % more.
#[test]
fn a_series_goes_through_a_merger() {
    let before = "年份,新农保,城居保\n2011年,70,20\n2012年,75,…\n2013年,80,20.5\n";
    let project =
        project(SCHEMES, &[("before.csv", before), ("after.csv", "年份,城乡居民\n2014年,110.55\n2015年,112\n")]);
    let series = ["series", "insured_person", "--region", "北京市", "--scheme", "pension-resident"];
    let bridge = "pension-rural-new + pension-urban-resident";
    let expected = [
        "period,value,unit,point,bridge,missing,previous_period,change,change_pct,break,policy".to_owned(),
        format!("2011,900000,person,bridged,{bridge},,,,,,"),
        "2012,,person,gap,pension-rural-new,pension-urban-resident,2011,,,,".to_owned(),
        format!("2013,1005000,person,bridged,{bridge},,,,,,"),
        "2014,1105500,person,printed,,,2013,100500,10,,".to_owned(),
        "2015,1120000,person,printed,,,2014,14500,1.311623699683,,".to_owned(),
    ];
    assert_eq!(csv(&project, &[&series[..], &["--in-version", "scheme=2014"]].concat()), expected);
    // Nothing is carried over that nobody asked for, and nothing is compared to it.
    let printed = ["2014,1105500,person,printed,,,,,,,", "2015,1120000,person,printed,,,2014,14500,1.311623699683,,"];
    assert_eq!(csv(&project, &series)[1..], printed);
    let later = [&series[..], &["--from", "2015", "--in-version", "scheme=2015"]].concat();
    assert_eq!(csv(&project, &later)[1..], printed[1..]);
    let ended = ["series", "insured_person", "--scheme", "新型农村社会养老保险", "--in-version", "scheme=2020"];
    project.shebao(&ended).must_end_with(2).must_contain("is not in force in 2020");
}

const INDUSTRIES: &str = r#"title   = "参保人数"
corner  = "行业"
unit    = "person"
context = { indicator = "insured_person", scheme = "work-injury", region = "630000" }

[[rows]]
label = "{industry}"

[[columns]]
label = "人数"

[[edition]]
year     = 2005
file     = "sample/2005.csv"
versions = { industry = "2002" }

[[edition]]
year = 2013
file = "sample/2013.csv"
"#;

/// 批发和零售业 is H in the classification of 2002 and F in that of 2011; where social security went nobody knows.
#[test]
fn labels_mean_the_codes_of_their_version() {
    let earlier = "行业,人数\n批发和零售业,30\n住宿和餐饮业,7\n卫生、社会保障和社会福利业,5\n";
    let project =
        project(INDUSTRIES, &[("2005.csv", earlier), ("2013.csv", "行业,人数\n批发和零售业,45\n住宿和餐饮业,9\n")]);
    let sql = "SELECT period, industry, value FROM core_observation WHERE dataset = 'sample' ORDER BY obs_id";
    let read = ["2005,H-2002,30", "2005,I-2002,7", "2005,Q-2002,5", "2013,F,45", "2013,H,9"];
    assert_eq!(csv(&project, &["query", sql])[1..], read);
    let series = ["series", "insured_person", "--region", "630000", "--scheme", "work-injury", "--industry"];
    let of = |code: &str, version: &str| csv(&project, &[&series[..], &[code, "--in-version", version]].concat());
    let policy = "2011: 工伤保险条例 revised: institutions and associations are obliged as well";
    let wholesale =
        ["2005,30,person,bridged,H-2002,,,,,,".to_owned(), format!("2013,45,person,printed,,,,,,,{policy}")];
    assert_eq!(of("F", "industry=2011")[1..], wholesale);
    assert_eq!(of("批发和零售业", "industry=2017")[1..], wholesale);
    assert_eq!(of("H", "industry=2005")[1..], ["2005,30,person,printed,,,,,,,"]);
    assert_eq!(of("Q", "industry=2011")[1..], ["2005,,person,gap,Q-2002 × ?,the part of Q-2002,,,,,"]);
    // A classification that came later does not fit the year, unless the table says that its figures were made by it.
    project.edit("pipelines/sample/table.toml", "versions = { industry = \"2002\" }\n", "");
    let said = project.shebao(&["run"]).must_end_with(1);
    let told = said.must_contain("the industry F (批发和零售业) began in 2011-11-01, and the figure is of 2005");
    told.must_contain("the concordance leads to H-2002");
    project.edit(
        "pipelines/sample/table.toml",
        "year     = 2005\n",
        "year     = 2005\nversions = { industry = \"2017\" }\n",
    );
    project.edit("fixtures/sample/2005.csv", "卫生、社会保障和社会福利业,5\n", "");
    project.shebao(&["run"]).must_end_with(0);
}

const EDITIONS: &str = r#"title   = "参保人数"
corner  = "地区"
unit    = "person"
period  = "2015"
context = { indicator = "insured_person", scheme = "work-injury" }

[[rows]]
label  = "合计"
region = "530400"

[[rows]]
label = "{region}"

[[columns]]
label = "人数"

[[sum]]
dimension = "region"
whole     = "530400"
parts     = "rest"

[[edition]]
id        = "2016"
file      = "sample/2016.csv"
published = "2016-09-30"

[[edition]]
id        = "2016-revised"
file      = "sample/2016r.csv"
published = "2017-03-31"
replaces  = "2016"
"#;

/// 100 = 60 + 30 + 10 becomes 118 = 65 + 32 + 21: 红塔区 +5, 江川县 is now 江川区 and +2, 通海县 −10, 华宁县 +21.
#[test]
fn a_revised_edition_is_told_item_by_item() {
    let first = "地区,人数\n合计,100\n红塔区,60\n江川县,30\n通海县,10\n";
    let second = "地区,人数\n合计,118\n红塔区,65\n江川区,32\n华宁县,21\n";
    let project = project(EDITIONS, &[("2016.csv", first), ("2016r.csv", second)]);
    let sql = "SELECT kind, region, before_value, after_value, difference, counted_difference, recoded_from \
        FROM out_revision ORDER BY region";
    let items = [
        "changed,530400,100,118,18,0,",
        "changed,530402,60,65,5,5,",
        "re-coded,530403,30,32,2,2,530421",
        "deleted,530423,10,,-10,-10,",
        "added,530424,,21,21,21,",
    ];
    assert_eq!(csv(&project, &["query", sql])[1..], items);
    let sql = "SELECT before_value, after_value, difference, added_value, changed_value, deleted_value, recoded_value, \
        unexplained_value FROM core_revision_total";
    assert_eq!(csv(&project, &["query", sql])[1..], ["100,118,18,21,5,-10,2,0"]);
    project.shebao(&["status", "--revisions"]).must_end_with(0).must_contain("re-coded");
    // What was withdrawn is no figure any more, and both editions are there to be asked.
    let sql = "SELECT region, value FROM core_figure WHERE dataset = 'sample' ORDER BY region";
    assert_eq!(csv(&project, &["query", sql])[1..], ["530400,118", "530402,65", "530403,32", "530424,21"]);
    let series = ["series", "insured_person", "--scheme", "work-injury", "--region", "530402", "--vintage"];
    let of = |vintage: &str| csv(&project, &[&series[..], &[vintage]].concat())[1..].to_vec();
    let (was, is) = (
        "2015,60,person,,sample,table,2016,2016-09-30,2016-revised",
        "2015,65,person,,sample,table,2016-revised,2017-03-31,",
    );
    assert_eq!(of("2016"), [was]);
    assert_eq!(of("2016-12-31"), [was]);
    assert_eq!(of("2016-revised"), [is]);
    assert_eq!(of("2017-03-31"), [is]);
    assert_eq!(of("2016-09-29"), [""; 0]);
}

/// What an edition states of a region: nothing, a mark, or a number.
type Stated = Option<Option<i32>>;

/// Two editions of a table, region by region, and whether the second replaces the first.
#[derive(Clone, Debug)]
struct Pair {
    regions: Vec<(Stated, Stated)>,
    replaces: bool,
}

const REGIONS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn pair() -> impl Strategy<Value = Pair> {
    let stated = || prop_oneof![Just(None), Just(Some(None)), (-50..50).prop_map(|n| Some(Some(n)))];
    (prop::collection::vec((stated(), stated()), REGIONS.len()), any::<bool>())
        .prop_map(|(regions, replaces)| Pair { regions, replaces })
}

/// Tables of one quantity; `a` became `b`, `c` and `d` became `e`. Both editions of each state the region `z`, and their sum.
fn given(pairs: &[Pair]) -> Vec<Given> {
    let texts = |row: &[&str]| row.iter().map(|text| (*text != "null").then(|| (*text).to_owned())).collect::<Vec<_>>();
    let columns = |names: &str| names.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let (mut editions, mut relations, mut observations) = (Vec::new(), Vec::new(), Vec::new());
    for (nth, pair) in pairs.iter().enumerate() {
        let table = format!("t{nth}");
        let replaces = if pair.replaces { "1" } else { "null" };
        editions.extend([
            texts(&["d", &table, "1", "2013-01-01", "null"]),
            texts(&["d", &table, "2", "2014-01-01", replaces]),
        ]);
        relations.push(texts(&["r", "d", &table, "sum", "region", "whole", "z", "_T"]));
        let rows = REGIONS.iter().zip(&pair.regions).map(|(region, (before, after))| (*region, *before, *after));
        for (region, before, after) in
            rows.chain([("z", Some(Some(7)), Some(Some(7))), ("whole", Some(Some(1)), Some(Some(2)))])
        {
            for (edition, stated) in [("1", before), ("2", after)] {
                let Some(stated) = stated else { continue };
                let (value, mark) = stated.map_or(("null".to_owned(), "nil"), |n| (n.to_string(), "null"));
                let id = format!("{table}/{edition}/{region}");
                observations.push(texts(&[&id, "d", &table, edition, "insured_person", "2012", region, &value, mark]));
            }
        }
    }
    let table = |table: &str, names: &str, rows| Given { table: table.to_owned(), columns: columns(names), rows };
    let recoded = [["a", "b"], ["c", "e"], ["d", "e"]];
    let recoded =
        recoded.iter().map(|[from, to]| texts(&["region", from, to, "1", "1", "0", "null", "2013-01-01"])).collect();
    vec![
        table("stage_edition", "dataset table_id edition published replaces", editions),
        table("stage_relation", "relation_id dataset table_id kind dimension whole part indicator", relations),
        table("stage_concordance", "list from_code to_code weight weights place unit since_day", recoded),
        table("stage_observation", "obs_id dataset table_id edition indicator period region value mark", observations),
    ]
}

fn sums(rows: &Rows, value: &str) -> BTreeMap<String, Decimal> {
    let place = |name: &str| rows.column(name).expect("a column");
    let (table, value) = (place("table_id"), place(value));
    let mut sums = BTreeMap::new();
    for row in &rows.rows {
        let Scalar::Number(number) = &row[value] else { panic!("a number, not {:?}", row[value]) };
        *sums.entry(row[table].to_string()).or_default() += number;
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    /// Whatever two editions state, the revisions add up to the difference of their totals.
    #[test]
    fn revisions_add_up_to_the_difference(pairs in prop::collection::vec(pair(), 40)) {
        let (models, audits) = (root().join("sql/models"), root().join("sql/audits"));
        let ask = |name: &str| try_sql(&models, &audits, name, &given(&pairs)).expect("the SQL runs");
        let items = sums(&ask("out_revision"), "counted_difference");
        let totals = ask("core_revision_total");
        let (differences, unexplained) = (sums(&totals, "difference"), sums(&totals, "unexplained_value"));
        for (nth, pair) in pairs.iter().enumerate() {
            let number = |stated: Stated| Decimal::from(stated.flatten().unwrap_or(0));
            let compared = pair.regions.iter().filter(|(a, b)| pair.replaces || (a.is_some() && b.is_some()));
            let expected: Decimal = compared.map(|(before, after)| number(*after) - number(*before)).sum();
            let table = format!("t{nth}");
            prop_assert_eq!(items.get(&table).copied().unwrap_or_default(), expected, "items of {:?}", pair);
            prop_assert_eq!(differences[&table], expected, "totals of {:?}", pair);
            prop_assert_eq!(unexplained[&table], Decimal::ZERO);
        }
    }
}
