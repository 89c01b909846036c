//! `shebao ingest --spec` on a file of an extract: what would be taken in, and nothing of it.

use serde_json::Value;

use super::{gb18030, project};

const SPEC: &str = "pipelines/agency/contribution.toml";

/// The third line repeats the second, the fourth contradicts it, the fifth has a wrong base.
const ROWS: &str = "\
费款所属期,单位编号,个人编号,险种,缴费基数,单位应缴,个人应缴,实缴,到账日期,缴费状态
202610,530402000001,530402199001010011,失业,5000,50,25,75,2026-10-12,已缴
202610,530402000001,530402199001010011,失业,5000,50,25,75,2026-10-12,已缴
202610,530402000001,530402199001010011,失业,5000,50,25,0,,欠缴
202610,530402000001,530402199001010028,失业,五千,50,25,75,2026-10-12,已缴
202609,530402000002,53040219900101003X,失业,4999.5,50,25,0,,欠缴
";

#[test]
fn an_extract_is_shown_and_not_taken_in() {
    let project = project();
    let file = "sent/agency/contribution/530402-2026-10.csv";
    project.write(file, gb18030(ROWS));
    // Most of so short a file is wrong.
    project.edit(SPEC, "rejects_max = 0.01", "rejects_max = 0.6");
    let path = |name: &str| project.file(name).display().to_string();
    let arguments = ["ingest", "--spec", &path(SPEC), &path(file)];
    let said = project.shebao(&arguments).must_end_with(0);
    assert_eq!(
        said.stdout.lines().collect::<Vec<_>>(),
        [
            "file,line,month,scheme,region,unit_id,person_id,base_yuan,unit_due_yuan,person_due_yuan,paid_yuan,paid_date,payment_status",
            "sent/agency/contribution/530402-2026-10.csv,2,2026-10,unemployment,530402,530402000001,##################,5000.00,50.00,25.00,75.00,2026-10-12,paid",
            "sent/agency/contribution/530402-2026-10.csv,6,2026-09,unemployment,530402,530402000002,#################A,4999.50,50.00,25.00,0.00,,unpaid",
        ]
    );
    let said = said.must_contain("warning[record-twice]: line 3: the same record stands in line 2");
    let said = said.must_contain("warning[key-twice]: line 4: line 2 has another record of the same key");
    let said = said.must_contain("line 5, 缴费基数 (base_yuan) \"五千\":");
    let json = project.shebao(&[&arguments[..], &["--json"]].concat()).must_end_with(0);
    let rows: Vec<Value> = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((rows.len(), &rows[1]["line"], &rows[1]["base_yuan"]), (2, &Value::from("6"), &Value::from("4999.50")));
    for told in [&said.stdout, &said.stderr, &json.stdout, &json.stderr] {
        assert!(!told.contains("1990"), "{told}");
    }
    assert!(!project.file("warehouse").exists() && !project.file("out").exists());
    // With the share that the layout allows the file would be refused.
    project.edit(SPEC, "rejects_max = 0.6", "rejects_max = 0.01");
    project.shebao(&arguments).must_end_with(1).must_contain("nothing of the file would be taken: 3 of 5 records");
    project.write("sent/other.csv", gb18030(ROWS));
    let said = project.shebao(&["ingest", "--spec", &path(SPEC), &path("sent/other.csv")]).must_end_with(2);
    said.must_contain("ends like none of the files of pipelines/agency/contribution.toml");
}
