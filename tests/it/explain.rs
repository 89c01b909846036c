//! Figures explained, told, found again in the files that left the house, and followed forward from a cell.

mod evaluator;
mod removal;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use shebao::explain::Explainer;
use shebao::grid::{self, Declared};
use shebao::project::Project;
use shebao::report::formats::keys;
use shebao::warehouse::Scalar;
use shebao::warehouse::provenance::Cell;

use crate::support::{TestProject, published};

fn explainer() -> Explainer {
    explainer_of(published())
}

fn explainer_of(project: &TestProject) -> Explainer {
    let project = Project::open(project.path(), None).unwrap();
    Explainer::new(shebao::cli::job::open_provenance(&project, None).unwrap())
}

fn walked(folder: &Path) -> Vec<PathBuf> {
    let (mut open, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// A key is found again whatever workbook it left the house in, and its figure ends in a printed cell.
#[test]
fn every_figure_of_a_workbook_carries_its_key() {
    let mut explainer = explainer();
    let mut found = 0;
    let mut open = vec![published().file("out/tables")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        // The accessible workbook of a whole report is another layout of the same figures.
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        if !file.ends_with(".xlsx") || file.ends_with(".accessible.xlsx") {
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let document = grid::read(&path, &format!("{name}.xlsx"), Declared::default()).unwrap();
        let page = std::fs::read_to_string(path.with_extension("html")).unwrap();
        let ways = std::fs::read_to_string(path.with_extension("way.html")).unwrap();
        let [sheet, .., keys] = document.grids.as_slice() else { panic!("{name} has no keys") };
        let mut keyed = BTreeSet::new();
        for row in 1..keys.rows {
            let text = |column: u32| keys.get(row, column).map(|cell| cell.text.to_string()).unwrap_or_default();
            let key: BTreeMap<String, String> = serde_json::from_str(&text(3)).unwrap();
            let at = explainer.find(&text(1), &key.into_iter().collect::<Vec<_>>()).unwrap();
            let row = at.unwrap_or_else(|| panic!("{name} {}: no row for {}", text(0), text(3)));
            let explanation = explainer.explain(&Cell { table: text(1), row, column: text(2) }).unwrap();
            assert!(!explanation.depends_on.is_empty(), "{name} {} comes from nowhere", text(0));
            assert!(ways.contains(&format!("<section id=\"{}\">", text(0))), "{name} {}", text(0));
            keyed.insert(text(0));
            found += 1;
        }
        // Each number of the table has a key, and leads to its way.
        let numbers = sheet.iter().filter(|(_, cell)| matches!(cell.value, grid::CellValue::Number(_)));
        for (at, _) in numbers {
            let address = sheet.address(at);
            assert!(keyed.contains(&address), "{name} {address} has no key");
            assert!(
                page.contains(&format!("<a href=\"{name}.way.html#{address}\">")),
                "{name} {address} leads nowhere"
            );
        }
    }
    assert!(found > 300, "only {found} figures are printed");
}

/// Each office file that a table or a report is published as knows its figures, and where they stand.
#[test]
fn every_office_file_carries_the_keys_of_its_figures() {
    let project = published();
    let files = walked(&project.file("out/tables"));
    let ending = |path: &Path, end: &str| path.to_string_lossy().ends_with(end);
    let (mut cells, mut words, mut books) = (0, 0, 0);
    for path in files.iter().filter(|path| ending(path, ".ods") && !ending(path, ".accessible.ods")) {
        let name = path.display().to_string();
        let of_sheet = keys::read(path).unwrap();
        let grid = grid::read(path, &name, Declared::default()).unwrap().grids.remove(0);
        let shown: BTreeMap<String, String> =
            grid.iter().map(|(at, cell)| (grid.address(at), cell.text.to_string())).collect();
        let of_document = keys::read(&path.with_extension("docx")).unwrap();
        assert_eq!(of_sheet.len(), of_document.len(), "{name}");
        let tables = word_tables(&path.with_extension("docx"));
        for (in_sheet, in_document) in of_sheet.iter().zip(&of_document) {
            assert_eq!(in_sheet.figure, in_document.figure, "{name}");
            let place = format!("{}!{}", in_document.sheet, in_document.cell);
            let printed = tables.get(&place).unwrap_or_else(|| panic!("{name} has no cell {place}"));
            // A cell with nothing in it is not read.
            let own = shown.get(&in_sheet.cell).map(|text| text.replace('\n', "")).unwrap_or_default();
            // Signs of footnotes stand behind a number in a document.
            assert!(printed.starts_with(own.as_str()), "{name}: {own} in {}, {printed} in {place}", in_sheet.cell);
            cells += 1;
        }
    }
    for path in files.iter().filter(|path| ending(path, ".accessible.ods") || ending(path, ".accessible.xlsx")) {
        let name = path.display().to_string();
        let document = grid::read(path, &name, Declared::default()).unwrap();
        let keyed = keys::read(path).unwrap();
        assert!(!keyed.is_empty(), "{name} has no keys");
        let all: BTreeSet<(String, String)> = keyed.into_iter().map(|keyed| (keyed.sheet, keyed.cell)).collect();
        for grid in document.grids.iter().filter(|grid| all.iter().any(|(sheet, _)| *sheet == grid.sheet)) {
            for (at, _) in grid.iter().filter(|(_, cell)| matches!(cell.value, grid::CellValue::Number(_))) {
                let place = (grid.sheet.to_string(), grid.address(at));
                assert!(all.contains(&place), "{name}: {place:?} has no key");
                books += 1;
            }
        }
    }
    for path in walked(&project.file("out"))
        .iter()
        .filter(|path| ending(path, ".docx") && !path.with_extension("ods").is_file())
    {
        let keyed = keys::read(path).unwrap();
        words += keyed.iter().filter(|keyed| keyed.sheet.is_empty() && keyed.cell.starts_with('F')).count();
    }
    assert!(cells > 300 && books > 600 && words > 20, "{cells} cells, {books} in books, {words} in sentences");
    // The same figure, whichever file it is asked in.
    let table = project.file("out/tables/yuxi-2013/injury_by_county");
    let ask = |place: &str| project.shebao(&["explain", place]).must_end_with(0).stdout;
    let of_workbook = ask(&format!("{}.xlsx!D7", table.display()));
    assert_eq!(ask(&format!("{}.ods!D7", table.display())), of_workbook);
    let sought = keys::read(&table.with_extension("ods")).unwrap().into_iter().find(|k| k.cell == "D7").unwrap().figure;
    let found = keys::read(&table.with_extension("docx")).unwrap().into_iter().find(|k| k.figure == sought).unwrap();
    assert_eq!(ask(&format!("{}.docx!{}", table.display(), found.cell)), of_workbook);
    for kind in ["ods", "xlsx"] {
        let book = project.file(&format!("out/tables/yuxi-2013/yuxi-2013.accessible.{kind}"));
        let found = keys::read(&book).unwrap().into_iter().find(|k| k.figure == sought).unwrap();
        assert_eq!(ask(&format!("{}!{}!{}", book.display(), found.sheet, found.cell)), of_workbook);
        project
            .shebao(&["explain", &format!("{}!A1", book.display())])
            .must_end_with(2)
            .must_contain("prints no figure in A1");
    }
}

/// The texts of the tables of a Word document, by number of the table and cell.
fn word_tables(path: &Path) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut xml = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("word/document.xml").unwrap(), &mut xml).unwrap();
    let mut texts = BTreeMap::new();
    for (table, of_table) in (1..).zip(xml.split("<w:tbl>").skip(1)) {
        let of_table = of_table.split("</w:tbl>").next().unwrap();
        for (row, of_row) in (1..).zip(of_table.split("<w:tr>").skip(1)) {
            let mut column = 0;
            for cell in of_row.split("<w:tc>").skip(1) {
                let wide = cell
                    .split_once("<w:gridSpan w:val=\"")
                    .map_or(1, |(_, rest)| rest.split_once('"').unwrap().0.parse::<u32>().unwrap());
                let text: String =
                    cell.split("</w:t>").filter_map(|run| run.rsplit_once("preserve\">")).map(|(_, t)| t).collect();
                texts.insert(format!("{table}!{}{row}", grid::column_letters(column)), text);
                column += wide;
            }
        }
    }
    texts
}

#[test]
fn a_figure_is_told_as_text_as_json_and_as_a_page() {
    let project = published();
    // 实际参保人数 115.22 + 4.93 万人, 应参保人数 118.43 + 5.12 万人: 120.15 / 123.55 = 97.2480…%.
    let key = ["--period", "2013-09", "--region", "530400", "--scheme", "pension-resident"];
    let explain = |more: &[&str]| project.shebao(&[&["explain", "coverage"][..], &key, more].concat()).must_end_with(0);
    let text = explain(&[]);
    for told in [
        "97.248",
        "(1,152,200 + 49,300) / (1,184,300 + 51,200) × 100",
        "printed \"115.22\" (10k_person) in papers/yuxi-2013.csv M21",
        "words 实际参保人数115.22万人",
        "参保人数: Persons insured at the end of the period",
    ] {
        assert!(text.stdout.contains(told), "no {told} in\n{}", text.stdout);
    }
    let document: Value = serde_json::from_str(&explain(&["--json"]).stdout).unwrap();
    assert_eq!(document["cells"]["c0"]["value"], "97.248077701335");
    let page = explain(&["--html"]).stdout;
    assert_eq!(page.matches("class=\"hit\"").count() + page.matches(" hit\"").count(), 4, "four cells are marked");
    let workbook = project.file("out/tables/yuxi-2013/injury_by_county.xlsx");
    let cell = project.shebao(&["explain", &format!("{}!D7", workbook.display())]).must_end_with(0);
    cell.must_contain("in yuxi-2013/injury_by_county.xlsx[表5] D7");
    project.shebao(&["explain", "coverag"]).must_end_with(2).must_contain("there is no table \"coverag\"");
    project
        .shebao(&["explain", "coverage", "--period", "1900"])
        .must_end_with(2)
        .must_contain("no row with period 1900");
    project
        .shebao(&["explain", "coverage", "--period", "2013-09"])
        .must_end_with(2)
        .must_contain("say more of the key");
}

/// Who asks in the wrong place is told what was expected, and where the figures are.
#[test]
fn a_wrong_file_sheet_or_cell_is_told() {
    let project = published();
    let rows = [
        ("yuxi-2013/medical_subsidy.xlsx!A1", "prints no figure in A1; its 143 figures stand in 表2!B4 to 表2!N14"),
        ("yuxi-2013/medical_subsidy.xlsx!Nope!B5", "has no sheet \"Nope\"; it has 表2, 数据"),
        ("yuxi-2013/medical_subsidy.xlsx!数据!B5", "prints no figure in 数据!B5"),
        ("yuxi-2013/medical_subsidy.xlsx", "say which cell of"),
        ("yuxi-2013/medical_subsidy.xlsx!B", "say which cell of"),
        ("yuxi-2013/medical_subsidy.html!B3", "of a published table or text .xlsx, .ods and .docx do"),
        ("yuxi-2013/subsidy.docx!B3", "check that it is there"),
        ("yuxi-2013/yuxi-2013.accessible.ods!B5", "several sheets of"),
        ("../../fixtures/yuxi-2013/injury_by_county.xlsx!D7", "`shebao impact FILE CELL` tells what depends on a cell"),
    ];
    for (figure, told) in rows {
        let figure = project.file(&format!("out/tables/{figure}"));
        project.shebao(&["explain", &figure.display().to_string()]).must_end_with(2).must_contain(told);
    }
    // The second figure in the sentences, though tables have a cell of that name.
    let text = project.file("out/texts/annual/annual.docx").display().to_string();
    project.shebao(&["explain", &format!("{text}!F2")]).must_end_with(0);
}

#[test]
fn what_depends_on_a_cell_is_told() {
    let project = published();
    let said = project.shebao(&["impact", "papers/yuxi-2013.csv", "M21", "--json"]).must_end_with(0);
    let told: Value = serde_json::from_str(&said.stdout).unwrap();
    let coverage = told["figures"].as_array().unwrap().iter().filter(|figure| {
        figure["table"] == "ind_coverage" && figure["column"] == "coverage_pct" && figure["key"]["period"] == "2013-09"
    });
    let schemes: BTreeSet<&str> = coverage.map(|figure| figure["key"]["scheme"].as_str().unwrap()).collect();
    assert_eq!(schemes, BTreeSet::from(["pension-resident", "pension-rural-new"]));
    // A cell of a table that is printed as it was read: its own place, and those of what is computed from it.
    let said = project.shebao(&["impact", "yuxi-2013/injury_by_county.xlsx", "D7", "--json"]).must_end_with(0);
    let told: Value = serde_json::from_str(&said.stdout).unwrap();
    let is_there = |figure: &Value| {
        figure["file"] == "out/tables/yuxi-2013/injury_by_county.xlsx"
            && figure["cell"] == "D7"
            && figure["page"] == "out/tables/yuxi-2013/injury_by_county.way.html#D7"
    };
    let printed = told["printed"].as_array().unwrap();
    assert!(printed.iter().any(is_there), "{told}");
    // Down to the cells of every file that prints them, and the pages.
    for figure in printed {
        let file = figure["file"].as_str().unwrap();
        assert!(project.file(file).is_file(), "there is no {file}");
        let page = figure["page"].as_str().unwrap();
        let (page, anchor) = page.split_once('#').unwrap_or((page, ""));
        let text = project.read(page);
        assert!(anchor.is_empty() || text.contains(&format!("id=\"{anchor}\"")), "{page} has no {anchor}");
    }
    project
        .shebao(&["impact", "yuxi-2013/injury_by_county.xlsx", "D7"])
        .must_end_with(0)
        .must_contain("printed in out/tables");
    project
        .shebao(&["impact", "papers/yuxi-2013.csv", "A1"])
        .must_end_with(2)
        .must_contain("no figure was read from A1");
    project.shebao(&["impact", "nothing.xlsx"]).must_end_with(2).must_contain("nothing in this release was read from");
}

#[test]
fn a_figure_of_findings_leads_to_the_cells_they_speak_of() {
    let mut explainer = explainer();
    let mut counted = 0;
    for (table, column) in [("out_finding", "finding_item"), ("out_scheme_year", "finding_count")] {
        for row in 0..explainer.provenance.count(table).unwrap() {
            let value = explainer.provenance.value(table, row, column).unwrap();
            if matches!(value, Scalar::Null) || value.to_string() == "0" {
                continue;
            }
            let cell = Cell { table: table.into(), row, column: column.into() };
            let explanation = explainer.explain(&cell).unwrap();
            let findings: Vec<&shebao::explain::Explained> =
                explanation.cells.iter().map(|e| e.as_ref()).filter(|e| e.cell.table == "core_finding").collect();
            assert_eq!(findings.len().to_string(), value.to_string(), "{table}[{row}]: each finding that is counted");
            for finding in findings {
                let of = |column: &str, explainer: &mut Explainer| {
                    explainer.provenance.value("core_finding", finding.cell.row, column).unwrap().to_string()
                };
                let (file, cells) = (of("source_file", &mut explainer), of("cell", &mut explainer));
                let told: BTreeSet<String> = explanation
                    .printed()
                    .filter(|(_, printed)| printed.file == file)
                    .map(|(_, printed)| printed.address.clone())
                    .collect();
                // A finding about a label, a note or a whole file names no figure.
                let known = (0..explainer.provenance.count("core_observation").unwrap()).any(|row| {
                    let of = |column: &str, explainer: &mut Explainer| {
                        explainer.provenance.value("core_observation", row, column).unwrap().to_string()
                    };
                    of("source_file", &mut explainer) == file
                        && cells.split([' ', ',']).any(|cell| cell == of("cell", &mut explainer))
                        && of("sheet", &mut explainer)
                            == explainer
                                .provenance
                                .value("core_finding", finding.cell.row, "sheet")
                                .unwrap()
                                .to_string()
                });
                assert!(!known || cells.split([' ', ',']).any(|cell| told.contains(cell)), "{file} {cells}: {told:?}");
                counted += usize::from(known);
            }
        }
    }
    assert!(counted > 50, "{counted} findings lead to a cell");
    // What rules held of is told by what they found.
    let checks = explainer.provenance.count("core_check").unwrap();
    let failed: Vec<usize> = (0..checks)
        .filter(|row| explainer.provenance.value("core_check", *row, "fail").unwrap().to_string() != "0")
        .collect();
    let leads = |explainer: &mut Explainer, row: &usize| {
        let cell = Cell { table: "core_check".into(), row: *row, column: "fail".into() };
        explainer.explain(&cell).unwrap().printed().next().is_some()
    };
    let there = failed.iter().filter(|row| leads(&mut explainer, row)).count();
    assert!(there * 2 > failed.len(), "{there} of {} rules that failed lead to cells", failed.len());
}

/// "A year without deficit" is the 0 of a CASE: what its condition looked at is what makes it.
#[test]
fn a_constant_leads_to_the_cells_that_its_condition_looked_at() {
    let constants = walk::walk().figures.iter().filter(|walked| walked.is_decided_constant);
    assert!(constants.count() > 20, "few figures are decided by conditions");
    let table = published().file("out/tables/warning/warning_injury.xlsx");
    let told = published().shebao(&["explain", &format!("{}!C3", table.display()), "--json"]).must_end_with(0);
    assert!(told.stdout.contains("\"source\""), "{}", told.stdout);
}

#[test]
fn columns_are_followed_through_the_models() {
    let project = published();
    let said = project.shebao(&["lineage", "ind_coverage.coverage_pct"]).must_end_with(0);
    for told in ["ind_coverage_side.insured_person", "core_figure.value", "stage_observation.value", "rows chosen by"] {
        assert!(said.stdout.contains(told), "no {told} in\n{}", said.stdout);
    }
    let events: Value =
        serde_json::from_str(&project.shebao(&["lineage", "--openlineage"]).must_end_with(0).stdout).unwrap();
    let models = std::fs::read_dir(project.file("sql/models")).unwrap();
    let models = models.flat_map(|layer| std::fs::read_dir(layer.unwrap().path()).unwrap()).count();
    assert_eq!(events.as_array().unwrap().len(), models);
    let coverage = events.as_array().unwrap().iter().find(|event| event["job"]["name"] == "ind_coverage").unwrap();
    let fields = &coverage["outputs"][0]["facets"]["columnLineage"]["fields"]["coverage_pct"]["inputFields"];
    assert!(fields.as_array().unwrap().iter().any(|field| field["field"] == "eligible_person"), "{fields}");
    let drawing = project.shebao(&["lineage", "--svg"]).must_end_with(0).stdout;
    assert!(drawing.starts_with("<svg ") && drawing.contains(">ind_coverage</text>"));
    project
        .shebao(&["lineage", "ind_coverage.nothing"])
        .must_end_with(2)
        .must_contain("ind_coverage has no column \"nothing\"");
}

#[test]
fn sql_that_did_not_make_the_release_explains_nothing() {
    let project = crate::support::TestProject::copy_of(published());
    project.edit("sql/models/core/core_break.sql", "Where series stop", "Where series end");
    project.shebao(&["explain", "core_break.at", "--where", "kind=break"]).must_end_with(2).must_contain("shebao run");
}
