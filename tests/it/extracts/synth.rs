//! Made-up extracts: what the records say of them is what was counted while they were made.

use std::fs;

use super::{files, project, rows};

/// Each file of the truth, and the question whose answer it is.
const QUESTIONS: [(&str, &str); 8] = [
    (
        "insured",
        "SELECT c.month, c.region, coalesce(u.industry, '') AS industry, coalesce(u.ownership, '') AS ownership, c.scheme,
                count(DISTINCT c.person_id) AS insured_person, CAST(sum(c.base_yuan) * 100 AS BIGINT) AS base_fen,
                count(*) FILTER (WHERE c.base_yuan = 4200) AS floor,
                count(*) FILTER (WHERE c.base_yuan = 21000) AS ceiling
         FROM core_contribution AS c JOIN core_unit AS u ON u.month = c.month AND u.unit_id = c.unit_id
         GROUP BY c.month, c.region, u.industry, u.ownership, c.scheme",
    ),
    (
        "arrears",
        "SELECT c.month, c.region, u.industry, u.ownership, c.scheme, count(*) AS unpaid_records,
                CAST(sum(c.unit_due_yuan + c.person_due_yuan - c.paid_yuan) * 100 AS BIGINT) AS arrears_fen
         FROM core_contribution AS c JOIN core_unit AS u ON u.month = c.month AND u.unit_id = c.unit_id
         WHERE c.payment_status = 'unpaid' GROUP BY c.month, c.region, u.industry, u.ownership, c.scheme",
    ),
    (
        "recovered",
        "SELECT substr(CAST(paid_date AS VARCHAR), 1, 7) AS paid_month, month, region, scheme, count(*) AS records,
                CAST(sum(paid_yuan) * 100 AS BIGINT) AS recovered_fen
         FROM core_contribution WHERE payment_status = 'recovered'
         GROUP BY substr(CAST(paid_date AS VARCHAR), 1, 7), month, region, scheme",
    ),
    (
        "change",
        "WITH insured AS (
             SELECT scheme, person_id, unit_id, CAST(substr(month, 1, 4) AS INT) * 12 + CAST(substr(month, 6) AS INT) AS nth, month
             FROM core_contribution WHERE right(unit_id, 6) <> '999999'
         ), beside AS (
             SELECT now.scheme, now.month, now.nth, now.unit_id, before.unit_id AS previous, now.person_id,
                    min(now.nth) OVER (PARTITION BY now.scheme, now.person_id) AS first
             FROM insured AS now LEFT JOIN insured AS before
               ON before.scheme = now.scheme AND before.person_id = now.person_id AND before.nth = now.nth - 1
         ), gone AS (
             SELECT old.scheme, m.month, count(*) AS stopped
             FROM insured AS old JOIN (SELECT DISTINCT month, nth FROM insured) AS m ON m.nth = old.nth + 1
             LEFT JOIN insured AS new ON new.scheme = old.scheme AND new.person_id = old.person_id AND new.nth = m.nth
             WHERE new.person_id IS NULL GROUP BY old.scheme, m.month
         )
         SELECT b.month, b.scheme, count(*) AS insured_person,
                count(*) FILTER (WHERE b.previous IS NULL AND b.nth = b.first AND b.nth > 24301) AS new,
                count(*) FILTER (WHERE b.previous IS NULL AND b.nth > b.first) AS returned,
                coalesce(max(g.stopped), 0) AS stopped,
                count(*) FILTER (WHERE b.previous <> b.unit_id) AS transferred
         FROM beside AS b LEFT JOIN gone AS g ON g.scheme = b.scheme AND g.month = b.month
         GROUP BY b.month, b.scheme",
    ),
    (
        "exclusive",
        "SELECT a.month, count(DISTINCT a.person_id) AS persons
         FROM core_contribution AS a JOIN core_contribution AS b ON a.month = b.month AND a.person_id = b.person_id
         WHERE a.scheme = 'pension-enterprise' AND b.scheme = 'pension-resident' GROUP BY a.month",
    ),
    (
        "schemes",
        "SELECT month, number_of_schemes, count(*) AS persons
         FROM (SELECT month, person_id, count(DISTINCT scheme) AS number_of_schemes
               FROM core_contribution GROUP BY month, person_id) GROUP BY month, number_of_schemes",
    ),
    (
        "benefit",
        "SELECT month, region, scheme, benefit_kind, count(DISTINCT person_id) FILTER (WHERE amount_yuan > 0) AS persons,
                CAST(sum(amount_yuan) * 100 AS BIGINT) AS amount_fen
         FROM core_benefit GROUP BY month, region, scheme, benefit_kind",
    ),
    (
        "after_death",
        "SELECT b.month, count(DISTINCT b.person_id) FILTER (WHERE b.amount_yuan > 0) AS persons,
                CAST(coalesce(sum(b.amount_yuan) FILTER (WHERE b.amount_yuan > 0), 0) * 100 AS BIGINT) AS amount_fen,
                CAST(coalesce(-sum(b.amount_yuan) FILTER (WHERE b.amount_yuan < 0), 0) * 100 AS BIGINT) AS recovered_fen
         FROM core_benefit AS b JOIN core_death AS d ON d.person_id = b.person_id
         WHERE b.month > substr(CAST(d.death_date AS VARCHAR), 1, 7) GROUP BY b.month",
    ),
];

#[test]
fn the_records_of_made_up_extracts_say_the_truth() {
    let project = project();
    let out = project.file("made");
    let out = out.display().to_string();
    // Often enough that everything happens among few persons.
    project.edit("pipelines/synth.toml", "wrong             = 0.0005", "wrong             = 0.002");
    project.edit("pipelines/synth.toml", "death             = 0.01", "death             = 0.05");
    project.edit("pipelines/synth.toml", "arrears           = 0.08", "arrears           = 0.5");
    project.shebao(&["synth", "--persons", "1500", "--months", "9", "--seed", "7", &out]).must_end_with(0);
    project.shebao(&["run", "--input", &out]).must_end_with(0);
    for (name, sql) in QUESTIONS {
        let truth = fs::read_to_string(format!("{out}/truth/{name}.csv")).unwrap();
        let mut truth: Vec<&str> = truth.lines().collect();
        assert!(truth.len() > 1, "{name}: it happens");
        // Questions count what is there, and the truth what is not as well.
        truth.retain(|line| !(line.ends_with(",0") && line.matches(',').count() == 1));
        truth[1..].sort_unstable();
        assert_eq!(rows(&project, sql), truth, "{name}");
    }
    // Every unit has a name of its own, but those who pay for themselves.
    let named = "SELECT count(DISTINCT unit_name) = count(DISTINCT unit_id) AS own FROM core_unit WHERE right(unit_id, 6) <> '999999'";
    assert_eq!(rows(&project, named), ["own", "true"]);
    let rejected = rows(&project, "SELECT source_file, count(*) AS rejected FROM core_reject GROUP BY source_file");
    let truth = fs::read_to_string(format!("{out}/truth/file.csv")).unwrap();
    let wrong = truth.lines().skip(1).filter_map(|line| {
        let mut cells = line.split(',');
        let (file, rejected) = (cells.next()?, cells.nth(1)?);
        (rejected != "0").then(|| format!("{file},{rejected}"))
    });
    assert_eq!(rejected[1..], wrong.collect::<Vec<_>>());
}

#[test]
fn the_same_seed_gives_the_same_files() {
    let project = project();
    let make = |seed: &str, out: &str| {
        let folder = project.file(out);
        let shown = folder.display().to_string();
        project.shebao(&["synth", "--persons", "300", "--months", "3", "--seed", seed, &shown]).must_end_with(0);
        files(&folder).into_iter().map(|(path, bytes)| (path.replace(&shown, ""), bytes)).collect::<Vec<_>>()
    };
    let first = make("1", "a");
    assert_eq!(first, make("1", "b"));
    assert_ne!(first, make("2", "c"));
}
