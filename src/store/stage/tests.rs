//! A stage of every kind of cell, written and read.

use std::fs;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::*;
use crate::diag::Severity;
use crate::domain::observation::Correction;
use crate::domain::{
    Addressing, Answer, Besides, Breakdown, CellRef, Code, CodeEntry, CodeList, Coordinates, Dimension, Indicator,
    Mark, Origin, Outcome, Passage, PeriodKind, Qualifier, Question, Questionnaire, RelationKind, Series, Status, Unit,
    Universe, Validity, Value,
};

fn observation(obs_id: &str, value: Value) -> Observation {
    let breakdown = [("payer", "city"), ("area", "other")].map(|(key, value)| (key.into(), value.into()));
    let origin = Origin {
        dataset: "d".into(),
        table_id: "t".into(),
        edition: "2013".into(),
        source_file: "d/表.xlsx".into(),
        source_sha256: "5ba4".into(),
        sheet: "表1".into(),
        addressing: Addressing::A1,
        id_path: format!("{obs_id}/"),
    };
    let series = Series {
        origin: Arc::new(origin),
        indicator: Code::new("insured_person"),
        period: "2013-01/2013-08".parse().unwrap(),
        period_kind: PeriodKind::Flow,
        unit: "person".into(),
        printed_unit: "10k_person".into(),
        column: Arc::default(),
        notes: Arc::new(vec!["注: 一".into(), "资料来源: 二".into()]),
        status: Status::Revised,
    };
    let region = [(Dimension::Region, Code::new("530400-1"))].into();
    Observation {
        series: Arc::new(series),
        row: Arc::new(Coordinates::new(region, Breakdown(breakdown.into()))),
        at: CellRef { row: 3, col: 1 },
        nth: 0,
        value,
        decimals: value.number().map(|n| u8::try_from(n.scale()).unwrap()),
        printed: "36. 7\n万".into(),
        besides: Some(Arc::new(Besides {
            qualifier: Qualifier::AtLeast,
            preferred: true,
            passage: Some(Passage {
                record: "7".into(),
                paper: "p".into(),
                section: "二(五)".into(),
                quote: "余".into(),
            }),
            correction: Some(Correction { original: number("36.8"), text: "36.8 → 36.7".into() }),
        })),
    }
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

fn codebook() -> Codebook {
    let mut codebook = Codebook::default();
    let entry = |code: &str, parent: Option<&str>| CodeEntry {
        code: Code::new(code),
        parent: parent.map(Code::new),
        name_zh: "市本级".into(),
        name_en: String::new(),
        valid: Validity::parse("2002", "").unwrap(),
        version: "2013".into(),
    };
    let entries = vec![entry("530400-1", Some("530400")), entry("530400", None)];
    let list = CodeList::single("region", "行政区划", "2013", entries);
    codebook.lists.insert("region".into(), list);
    let factor = Decimal::from(10_000);
    codebook.units.push(Unit { code: "10k_person".into(), name_zh: "万人".into(), base: "person".into(), factor });
    codebook.indicators.push(Indicator {
        code: Code::new("insured_person"),
        name_zh: "参保人数".into(),
        name_en: "insured persons".into(),
        unit: "person".into(),
        kind: PeriodKind::Stock,
        definition: String::new(),
        definition_zh: String::new(),
        numerator: String::new(),
        denominator: String::new(),
        source: String::new(),
    });
    let answer = |code: &str, low: Option<i64>| Answer {
        code: code.into(),
        text: format!("{code}、"),
        missing: low.is_none(),
        asked: None,
        low: low.map(Decimal::from),
        high: None,
        category: None,
    };
    let question = Question {
        code: "2".into(),
        section: String::new(),
        text: "几年？".into(),
        multiple: true,
        asked: Some(Universe { question: "1".into(), answers: vec!["A".into(), "B".into()] }),
        unit: "year".into(),
        concept: None,
        answers: vec![answer("A", Some(5)), answer("none", None)],
    };
    let survey = Code::new("s");
    let questionnaire = Questionnaire { survey, title: "问卷".into(), questions: vec![question] };
    codebook.questionnaires.insert("s".into(), questionnaire);
    codebook
}

fn submission() -> Submission {
    Submission {
        id: "0a".into(),
        dataset: "d".into(),
        extract: "e".into(),
        table: "core_death".into(),
        source_file: "d/e.csv".into(),
        source_sha256: "1".into(),
        scope: [("month".to_owned(), "2026-01".to_owned())].into(),
        count: vec![2],
        key: "k".into(),
        records: 20,
        rejected: 1,
        reasons: [("blank".to_owned(), 1)].into(),
        refused: false,
        parts: Vec::new(),
        rejects: None,
    }
}

fn whole() -> Stage {
    let relation = |part: &str| Relation {
        relation_id: "counties".into(),
        dataset: "d".into(),
        table_id: "t".into(),
        kind: RelationKind::Sum,
        dimension: Dimension::Region,
        whole: Code::new("530400"),
        part: Code::new(part),
        indicator: Code::total(),
    };
    let finding = |cell: &str, residual: Option<Decimal>| Finding {
        rule: "unknown-label".into(),
        rule_zh: "标目未列入代码表".into(),
        severity: Severity::Warning,
        outcome: Outcome::Unverifiable,
        dataset: "d".into(),
        period: String::new(),
        region: String::new(),
        scheme: String::new(),
        source_file: "d/表.xlsx".into(),
        sheet: "表1".into(),
        cell: cell.into(),
        residual,
        tolerance: None,
        message: "…".into(),
        message_zh: "……".into(),
        suggestion: String::new(),
        likely: Default::default(),
    };
    Stage {
        submissions: vec![submission()],
        observations: vec![
            observation("c", Value::Missing(Mark::NotApplicable)),
            observation("a", number("-0.000001")),
            observation("b", number("367000")),
        ],
        findings: vec![finding("B5 B6", Some("-10523".parse().unwrap())), finding("B4", None)],
        relations: vec![relation("530402"), relation("530400-1")],
        codebook: codebook(),
        tables: vec![TableInfo {
            dataset: "d".into(),
            table_id: "t".into(),
            title: "表".into(),
            publisher: String::new(),
            citation: String::new(),
            licence: String::new(),
            priority: 10,
            number: Some("表5".into()),
        }],
        editions: Vec::new(),
        deliveries: Vec::new(),
    }
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let stage = whole();
    write(folder.path(), &stage).unwrap();
    let mut observations = stage.observations.clone();
    observations.sort_by_key(Observation::obs_id);
    assert_eq!(read_observations(folder.path()).unwrap(), observations);
    let mut relations = stage.relations.clone();
    relations.sort();
    assert_eq!(read_relations(folder.path()).unwrap(), relations);
    assert_eq!(read_tables(folder.path()).unwrap(), stage.tables);
    let findings = read_findings(folder.path()).unwrap();
    let cells: Vec<_> = findings.iter().map(|f| (f.cell.as_str(), f.residual.map(|r| r.to_string()))).collect();
    assert_eq!(cells, [("B4", None), ("B5 B6", Some("-10523".to_owned()))]);
}

/// A release made before figures had a status, and one that lacks what it must have.
#[test]
fn an_older_file_is_read_where_nothing_is_guessed() {
    let folder = tempfile::tempdir().unwrap();
    let observation = observation("a", number("1"));
    let columns = schema::OBSERVATION.columns;
    let put = |kept: &'static [(&'static str, schema::Kind)], row: Row<'_>| {
        let older = schema::Table { name: schema::OBSERVATION.name, columns: kept };
        parquet::write(folder.path(), &older, [row], |_| String::new()).unwrap();
        read_observations(folder.path())
    };
    let mut row = observation_row(&observation);
    let kept = columns.iter().position(|(name, _)| *name == "status").unwrap();
    row.truncate(kept);
    let read = put(&columns[..kept], row.clone()).unwrap();
    let series = Series { status: Status::Normal, ..Series::clone(&observation.series) };
    assert_eq!(read, [Observation { series: Arc::new(series), besides: None, ..observation.clone() }]);
    row.remove(0);
    let fault = put(&columns[1..kept], row).unwrap_err().to_string();
    assert!(fault.ends_with("row 1 is not one this version of shebao writes; run `shebao run --force`"), "{fault}");
}

#[test]
fn the_same_rows_in_any_order_give_the_same_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut stage = whole();
    write(one.path(), &stage).unwrap();
    stage.observations.reverse();
    stage.findings.reverse();
    stage.relations.reverse();
    write(two.path(), &stage).unwrap();
    for table in schema::TABLES {
        let file = format!("{}.parquet", table.name);
        let bytes = fs::read(one.path().join(&file)).unwrap();
        assert!(bytes == fs::read(two.path().join(&file)).unwrap(), "{file}");
    }
    write(one.path(), &Stage::default()).unwrap();
    assert_eq!(read_observations(one.path()).unwrap(), []);
}

#[test]
fn what_cannot_be_kept_exactly_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let with = |observation: Observation| Stage { observations: vec![observation], ..whole() };
    let mut doubled = whole();
    let mut series = Series::clone(&doubled.observations[1].series);
    Arc::make_mut(&mut series.origin).source_file = "d/另一表.xlsx".into();
    doubled.observations.push(Observation { series: Arc::new(series), ..observation("a", number("1")) });
    let rows = [
        (
            with(observation("x", number("0.1234567"))),
            "obs_id x/B4, value: 0.1234567 does not fit Decimal(38, 6); numbers are kept exactly, so no more than 6 decimals \
             can be stored",
        ),
        (
            doubled,
            "obs_id a/B4 stands for two cells, d/表.xlsx, sheet \"表1\", cell B4 and d/另一表.xlsx, sheet \"表1\", cell B4; every \
             observation needs an id of its own",
        ),
    ];
    for (stage, message) in rows {
        assert_eq!(write(folder.path(), &stage).unwrap_err().to_string(), message);
    }
}
