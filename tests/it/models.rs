//! Every model, audit and editing rule on a few rows that a person can add up: `tests/sql/*.slt`, the form of which is described in
//! `tests/sql/README.md`.

use std::fs;
use std::path::{Path, PathBuf};

use shebao::spec::{self, rules, rules::Rulebook};
use shebao::warehouse::{Given, Rows, Scalar, try_rule, try_sql};

/// One case of a file.
#[derive(Debug, Default)]
struct Case {
    /// The line it starts at.
    line: usize,
    /// The model, audit or rule tried.
    name: String,
    is_rule: bool,
    title: String,
    given: Vec<Given>,
    expect: Option<Given>,
}

#[test]
fn every_case_comes_out_as_written() {
    let mut wrong = Vec::new();
    for path in files("tests/sql", "slt") {
        let text = fs::read_to_string(&path).expect("a case file can be read");
        for case in cases(&text) {
            if let Err(difference) = run(&case) {
                wrong.push(format!("{}:{} {}: {}\n{difference}", path.display(), case.line, case.name, case.title));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases differ\n\n{}", wrong.len(), wrong.join("\n"));
}

/// A model or audit without a case is one that nobody has added up.
#[test]
fn every_model_and_audit_has_a_case() {
    let tried: Vec<String> = files("tests/sql", "slt")
        .iter()
        .flat_map(|path| cases(&fs::read_to_string(path).expect("a case file can be read")))
        .map(|case| case.name)
        .collect();
    let missing: Vec<String> = [files("sql/models", "sql"), files("sql/audits", "sql")]
        .concat()
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .chain(rulebook().rules.iter().map(|rule| rule.id.clone()))
        .filter(|name| !tried.contains(name))
        .collect();
    assert!(missing.is_empty(), "no case in tests/sql for {}", missing.join(", "));
}

/// The rules of the project.
fn rulebook() -> &'static Rulebook {
    static RULES: std::sync::OnceLock<Rulebook> = std::sync::OnceLock::new();
    RULES.get_or_init(|| {
        let project = shebao::project::Project::open(Path::new(env!("CARGO_MANIFEST_DIR")), None).expect("a project");
        let loaded = rules::load(&project, &spec::load_codes(&project).value);
        assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
        loaded.value
    })
}

fn run(case: &Case) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (models, audits) = (root.join("sql/models"), root.join("sql/audits"));
    let made = match case.is_rule {
        true => try_rule(&models, &audits, rulebook(), &case.name, &case.given),
        false => try_sql(&models, &audits, &case.name, &case.given),
    };
    let made = made.map_err(|faults| faults.iter().map(|fault| fault.render()).collect::<String>())?;
    let Some(expect) = &case.expect else { return Err("  the case has no `expect`\n".to_owned()) };
    let made = chosen(&made, &expect.columns)?;
    let as_written: Vec<Vec<String>> =
        expect.rows.iter().map(|row| row.iter().map(|cell| canonical(cell.as_deref())).collect()).collect();
    if made == as_written {
        return Ok(());
    }
    let table = |rows: &[Vec<String>]| rows.iter().map(|row| format!("    {}\n", row.join(" | "))).collect::<String>();
    Err(format!(
        "  columns\n    {}\n  expected\n{}  made\n{}",
        expect.columns.join(" | "),
        table(&as_written),
        table(&made)
    ))
}

/// The columns that a case looks at.
fn chosen(made: &Rows, columns: &[String]) -> Result<Vec<Vec<String>>, String> {
    let mut places = Vec::with_capacity(columns.len());
    for column in columns {
        places.push(made.column(column).ok_or_else(|| format!("  it has no column \"{column}\"\n"))?);
    }
    Ok(made.rows.iter().map(|row| places.iter().map(|place| text(&row[*place])).collect()).collect())
}

fn text(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Null => "null".to_owned(),
        Scalar::Text(text) => text.replace('\n', "\\n"),
        Scalar::Number(number) => number.to_string(),
        Scalar::Integer(integer) => integer.to_string(),
        Scalar::Float(float) => float.to_string(),
        Scalar::Bool(bool) => bool.to_string(),
        Scalar::Date(date) => date.to_string(),
    }
}

/// `60.000000` is written `60`, as numbers come out of the engine.
fn canonical(cell: Option<&str>) -> String {
    let Some(cell) = cell else { return "null".to_owned() };
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    match digits.split_once('.') {
        Some((whole, part)) if [whole, part].iter().all(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit())) => {
            cell.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => cell.to_owned(),
    }
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut table: Option<Given> = None;
    for (nth, line) in text.lines().enumerate() {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if line.is_empty() || line.starts_with('#') {
            close(&mut table, &mut cases);
        } else if let Some(table) = table.as_mut() {
            let cells = line.split('|').map(str::trim);
            if table.columns.is_empty() {
                table.columns = cells.map(str::to_owned).collect();
            } else {
                let row: Vec<_> = cells.map(|cell| (cell != "null").then(|| cell.replace("\\n", "\n"))).collect();
                assert_eq!(row.len(), table.columns.len(), "line {}: as many cells as columns", nth + 1);
                table.rows.push(row);
            }
        } else {
            match word {
                "model" | "audit" | "rule" => {
                    let is_rule = word == "rule";
                    cases.push(Case { line: nth + 1, name: rest.trim().to_owned(), is_rule, ..Case::default() });
                }
                "case" => cases.last_mut().expect("a case has a model first").title = rest.trim().to_owned(),
                "given" | "expect" => {
                    table = Some(Given { table: rest.trim().to_owned(), columns: Vec::new(), rows: Vec::new() });
                }
                _ => panic!("line {}: model, audit, rule, case, given or expect was expected, not \"{line}\"", nth + 1),
            }
        }
    }
    close(&mut table, &mut cases);
    cases
}

/// A table ends at a blank line; the one without a name is what is expected.
fn close(table: &mut Option<Given>, cases: &mut [Case]) {
    let Some(table) = table.take() else { return };
    let case = cases.last_mut().expect("a table has a model first");
    if table.table.is_empty() {
        case.expect = Some(table);
    } else {
        case.given.push(table);
    }
}

/// Files below a folder of the project, sorted.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
