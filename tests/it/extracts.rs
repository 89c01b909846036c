//! Extracts of agencies: every format to the same records, wrong cells set aside, files that come again, personal numbers
//! that show nowhere, and made-up extracts whose statistics are known.

mod explained;
mod formats;
mod impact;
mod postgres;
mod preview;
mod statistics;
mod synth;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::{Said, TestProject, root};

/// A project with the layouts of the extracts, no SQL but what publishing needs, and no other source.
pub fn project() -> TestProject {
    let project = TestProject::of(&[
        "pipelines/codes",
        "pipelines/agency",
        "pipelines/synth.toml",
        "sql/models/core/core_code.sql",
        "sql/models/core/core_indicator.sql",
        "sql/models/core/core_measure.sql",
        "sql/models/core/core_observation.sql",
        "sql/models/core/core_table.sql",
    ]);
    for folder in ["sql/audits", "reports", "fixtures/agency"] {
        fs::create_dir_all(project.file(folder)).unwrap();
    }
    project
}

pub fn given(name: &str) -> String {
    fs::read_to_string(root().join("tests/extracts").join(name)).unwrap()
}

/// The lines of a query's answer, sorted, its header first.
fn rows(project: &TestProject, sql: &str) -> Vec<String> {
    let said = project.shebao(&["query", sql, "--format", "csv"]).must_end_with(0);
    sorted(&said.stdout)
}

fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[1..].sort();
    lines
}

pub fn gb18030(text: &str) -> Vec<u8> {
    shebao::grid::encode(text, "gb18030").unwrap()
}

/// All the bytes that a person can meet: output, messages, tables, files.
fn everything(project: &TestProject, said: &[Said]) -> String {
    let mut all: String = said.iter().map(|said| format!("{}{}", said.stdout, said.stderr)).collect();
    let tables = [
        "core_unit",
        "core_contribution",
        "core_benefit",
        "core_death",
        "core_workforce",
        "core_reject",
        "core_finding",
    ];
    for table in tables {
        let answer = project.shebao(&["query", &format!("SELECT * FROM {table}"), "--format", "csv"]);
        all.push_str(&answer.stdout);
    }
    let mut open = vec![project.file("warehouse"), project.file("out")];
    while let Some(path) = open.pop() {
        match fs::read_dir(&path) {
            Ok(entries) => open.extend(entries.map(|e| e.unwrap().path())),
            Err(_) => all.push_str(&String::from_utf8_lossy(&fs::read(&path).unwrap_or_default())),
        }
        all.push_str(&path.to_string_lossy());
    }
    all
}

#[test]
fn wrong_cells_are_set_aside_with_their_reason_and_no_personal_number() {
    let project = project();
    project.edit("pipelines/agency/contribution.toml", "rejects_max = 0.01", "rejects_max = 0.95");
    let text = given("rejects.csv");
    project.write("fixtures/agency/contribution/530402-2026-01.csv", gb18030(&text));
    let said = project.shebao(&["run"]).must_end_with(0).must_contain("17 of 19 records could not be used");
    let told = rows(&project, "SELECT line, label, raw, reason FROM core_reject");
    assert_eq!(told, sorted(&given("rejects.rows")));
    let taken =
        rows(&project, "SELECT count(*) AS records, count(DISTINCT person_id) AS persons FROM core_contribution");
    assert_eq!(taken, ["records,persons", "2,2"]);
    let all = everything(
        &project,
        &[said, project.shebao(&["run", "--json"]), project.shebao(&["status"]), project.shebao(&["check"])],
    );
    let numbers: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|n| n.len() == 18 && n.starts_with("530402199")).collect();
    assert!(numbers.len() >= 17, "the file holds personal numbers");
    for number in numbers {
        assert!(!all.contains(number), "{number} shows");
    }
    // The same with what is known of the key: it is in its own file alone.
    let key = project.read("warehouse/key");
    assert_eq!(all.matches(key.trim()).count(), 1, "the key is in its file and nowhere else");
}

/// A copy that broke off in the middle of a line says nothing of what came behind it; a last line that only lacks its end is whole.
#[test]
fn a_file_that_was_cut_off_is_told_as_such() {
    let project = project();
    project.edit("pipelines/agency/contribution.toml", "rejects_max = 0.01", "rejects_max = 0.5");
    let text = gb18030(&given("contribution.csv"));
    let file = "fixtures/agency/contribution/530402-2026-01.csv";
    project.write(file, &text[..text.len() - 30]);
    let said = project.shebao(&["run"]).must_end_with(0);
    let told = "the file seems to be cut off, its last line has no end and too few cells: 1 of ";
    assert!(said.stderr.contains(told) && said.stderr.contains("have it sent again"), "{}", said.stderr);
    assert_eq!(rows(&project, "SELECT reason FROM core_reject"), ["reason", "cut-off"]);
    project.write(file, &text[..text.len() - 1]);
    let said = project.shebao(&["run"]).must_end_with(0);
    assert!(!said.stderr.contains("cut off"), "{}", said.stderr);
}

#[test]
fn however_many_records_a_file_has_each_is_taken_or_set_aside() {
    let project = project();
    project.edit("pipelines/agency/contribution.toml", "rejects_max = 0.01", "rejects_max = 0.95");
    let text = given("contribution.csv");
    let header = text.lines().next().unwrap();
    let (mut taken, mut told) =
        (vec!["month,records,base_yuan".to_owned()], vec!["source_file,line,reason".to_owned()]);
    // Records are read some together: files of as many, of fewer, and of more.
    for (month, records) in (1..).zip([1, 127, 128, 129, 256, 1_000]) {
        let file = format!("agency/contribution/530402-2026-{month:02}.csv");
        let mut text = format!("{header}\n");
        let (mut count, mut sum) = (0, 0);
        for nth in 1..=records {
            let (base, rest) = match nth {
                _ if nth % 50 == 0 => ("x".to_owned(), ",35,15,50.00,20260115,已缴"),
                _ if nth % 64 == 0 => ("5000".to_owned(), ",35"),
                _ => ((5_000 + nth).to_string(), ",35,15,50.00,20260115,已缴"),
            };
            text.push_str(&format!("2026{month:02},530402000001,53040219900101{nth:04},失业保险,{base}{rest}\n"));
            match (base.as_str(), rest) {
                ("x", _) => told.push(format!("{file},{},not-a-number", nth + 1)),
                (_, ",35") => told.push(format!("{file},{},cell-count", nth + 1)),
                _ => (count, sum) = (count + 1, sum + 5_000 + nth),
            }
        }
        project.write(&format!("fixtures/{file}"), gb18030(&text));
        taken.push(format!("2026-{month:02},{count},{sum}"));
    }
    project.shebao(&["run"]).must_end_with(0);
    let sql = "SELECT month, count(*) AS records, sum(base_yuan) AS base_yuan FROM core_contribution GROUP BY month";
    assert_eq!(rows(&project, sql), taken);
    told[1..].sort();
    assert_eq!(rows(&project, "SELECT source_file, line, reason FROM core_reject"), told);
}

#[test]
fn too_many_wrong_cells_refuse_the_file_and_leave_what_was_there() {
    let project = project();
    let file = "fixtures/agency/contribution/530402-2026-01.csv";
    project.write(file, gb18030(&given("contribution.csv")));
    project.shebao(&["run"]).must_end_with(0);
    let before = rows(&project, "SELECT * FROM core_contribution");
    project.write(file, gb18030(&given("rejects.csv")));
    project.shebao(&["run"]).must_end_with(1).must_contain("error[file-refused]: nothing of the file is taken");
    assert_eq!(rows(&project, "SELECT * FROM core_contribution"), before);
    let states = rows(&project, "SELECT DISTINCT file_state FROM core_reject");
    assert_eq!(states, ["file_state", "refused"]);
}

#[test]
fn a_file_that_comes_again_replaces_its_month_and_nothing_else() {
    let project = project();
    let header = "费款所属期,单位编号,个人编号,险种,缴费基数,单位应缴,个人应缴,实缴,到账日期,缴费状态\n";
    let row = |month: &str, person: u32, paid: &str, state: &str| {
        format!("{month},53040200{person:04},53040219900101{person:04},失业,5000,35,15,{paid},,{state}\n")
    };
    let put = |name: &str, rows: &[String]| {
        project.write(&format!("fixtures/agency/contribution/{name}"), gb18030(&format!("{header}{}", rows.concat())));
    };
    let held = || {
        let sql = "SELECT month, region, right(unit_id, 4) AS unit, paid_yuan, payment_status FROM core_contribution";
        rows(&project, sql)[1..].to_vec()
    };
    let run = || project.shebao(&["run"]).must_end_with(0);
    put("530402-2026-01.csv", &[row("202601", 1, "0", "欠缴"), row("202601", 2, "50", "已缴")]);
    put("530403-2026-01.csv", &[row("202601", 3, "50", "已缴")]);
    run();
    let first = project.current();
    let parts = |project: &TestProject| files(&project.file("warehouse/records/core_contribution"));
    let january = parts(&project);
    // The next month pays for the one before; its other records stay.
    put("530402-2026-02.csv", &[row("202602", 1, "50", "已缴"), row("202601", 1, "50", "补缴")]);
    run();
    let expected = [
        "2026-01,530402,0001,50,recovered",
        "2026-01,530402,0002,50,paid",
        "2026-01,530403,0003,50,paid",
        "2026-02,530402,0001,50,paid",
    ];
    assert_eq!(held(), expected);
    for (file, bytes) in &january {
        assert_eq!(parts(&project).get(file), Some(bytes), "{file} is shared by both releases");
    }
    let sql = "SELECT month, payment_status FROM core_contribution ORDER BY region";
    let old = project.shebao(&["query", sql, "--format", "csv", "--as-of", &first]).must_end_with(0);
    assert_eq!(sorted(&old.stdout), ["month,payment_status", "2026-01,paid", "2026-01,paid", "2026-01,unpaid"]);
    // The same content again does nothing.
    let second = project.current();
    run().must_contain("nothing to do");
    assert_eq!(project.current(), second);
    // Resubmitted: that region's January and nothing else.
    put("530402-2026-01.csv", &[row("202601", 4, "50", "已缴")]);
    run();
    let expected = [
        "2026-01,530402,0001,50,recovered",
        "2026-01,530402,0004,50,paid",
        "2026-01,530403,0003,50,paid",
        "2026-02,530402,0001,50,paid",
    ];
    assert_eq!(held(), expected);
    // What was taken in stays when the inbox is emptied.
    fs::remove_file(project.file("fixtures/agency/contribution/530403-2026-01.csv")).unwrap();
    run();
    assert_eq!(held(), expected);
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        match fs::read_dir(&path) {
            Ok(entries) => open.extend(entries.map(|e| e.unwrap().path())),
            Err(_) => drop(found.insert(path.display().to_string(), fs::read(&path).unwrap())),
        }
    }
    found
}

#[test]
#[cfg(unix)]
fn the_key_is_for_its_owner_alone_and_stays_the_same() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = project();
    project.write("fixtures/agency/death/530402-2026-01.csv", gb18030(&given("death.csv")));
    project.shebao(&["run"]).must_end_with(0).must_contain("a key for personal numbers was made: warehouse/key");
    let before = rows(&project, "SELECT person_id FROM core_death");
    let key = project.file("warehouse/key");
    let mode = |mode: u32| fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    mode(0o644);
    project.shebao(&["run", "--force"]).must_end_with(2).must_contain("mode 644").must_contain("chmod 600");
    mode(0o600);
    // Kept elsewhere, it gives the same hashes.
    fs::rename(&key, project.file("elsewhere")).unwrap();
    project.shebao(&["run", "--force"]).must_end_with(2).must_contain("error[key-missing]");
    let elsewhere = project.file("elsewhere").display().to_string();
    project.shebao(&["run", "--force", "--key", &elsewhere]).must_end_with(0);
    assert_eq!(rows(&project, "SELECT person_id FROM core_death"), before);
    project.write("another", format!("{}\n", "07".repeat(32)));
    fs::set_permissions(project.file("another"), fs::Permissions::from_mode(0o600)).unwrap();
    let another = project.file("another").display().to_string();
    project.shebao(&["run", "--force", "--key", &another]).must_end_with(2).must_contain("error[key-changed]");
}

#[test]
fn a_header_that_is_not_the_declared_one_is_refused_whole() {
    let project = project();
    let text = given("death.csv").replace("死亡日期", "死亡时间");
    project.write("fixtures/agency/death/530402-2026-01.csv", gb18030(&text));
    let said = project.shebao(&["run"]).must_end_with(1);
    let said = said.must_contain("error[header-missing]: no column is headed \"死亡日期\" or \"SWRQ\"");
    said.must_contain("error[header-unknown]: columns that the layout does not know: \"死亡时间\"");
}
