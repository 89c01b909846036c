//! Files to cells: the fixtures read to exactly their text, broken files are refused, real files never panic.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use shebao::grid::{self, CellValue, Document, Grid};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The real files that lie beside some checkouts; tests of them pass where there are none.
fn real_files() -> Option<PathBuf> {
    Some(root().join("../shared/data/real")).filter(|folder| folder.is_dir())
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

fn read(path: &Path) -> Document {
    grid::read(path, &path.file_name().unwrap().to_string_lossy(), grid::Declared::default())
        .unwrap_or_else(|d| panic!("{}", d.render()))
}

/// The cells of a printed table: row and column from 0, to text.
type Cells = BTreeMap<(u32, u32), String>;

fn cells_of(grid: &Grid) -> Cells {
    grid.iter().map(|(at, cell)| ((at.row, at.col), cell.text.to_string())).collect()
}

fn transcription(path: &Path) -> Cells {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(path).unwrap();
    let mut cells = Cells::new();
    for (row, record) in reader.records().enumerate() {
        for (col, text) in record.unwrap().iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            cells.insert((row as u32, col as u32), text.to_owned());
        }
    }
    cells
}

#[test]
fn every_fixture_reads_to_its_text() {
    let texts: Vec<PathBuf> =
        files_below(&root().join("fixtures/text")).into_iter().filter(|p| p.extension().unwrap() == "csv").collect();
    assert_eq!(texts.len(), 12);
    for text in texts {
        let layout: toml::Table = fs::read_to_string(text.with_extension("toml")).unwrap().parse().unwrap();
        let file = layout["file"].as_str().unwrap();
        let document = read(&root().join("fixtures").join(file));
        assert_eq!(document.grids.len(), 1, "{file}");
        let grid = &document.grids[0];
        let mut expected = transcription(&text);
        if let Some(fields) = layout.get("fields") {
            expected = as_records(expected, fields, layout["first_row"].as_integer().unwrap() as u32);
        }
        assert_eq!(cells_of(grid), expected, "{file}");
        let strings = |value: &toml::Value| value.as_str().unwrap().to_owned();
        let mut merges: Vec<String> =
            layout.get("merges").map_or(Vec::new(), |m| m.as_array().unwrap().iter().map(strings).collect());
        merges.sort();
        let mut found: Vec<String> = grid.merges().iter().map(|m| format!("{}:{}", a1(m.first), a1(m.last))).collect();
        found.sort();
        assert_eq!(found, merges, "{file}");
        assert_eq!(grid.sheet, layout.get("sheet").map_or(String::new(), strings), "{file}");
    }
}

fn a1(at: grid::CellRef) -> String {
    format!("{}{}", grid::column_letters(at.col), at.row + 1)
}

/// A table of records has the names of its fields above, and nothing else of what is printed over the body.
fn as_records(cells: Cells, fields: &toml::Value, first_row: u32) -> Cells {
    let names = fields.as_array().unwrap().iter().enumerate();
    let mut records: Cells =
        names.map(|(col, field)| ((0, col as u32), field["name"].as_str().unwrap().to_owned())).collect();
    records.extend(
        cells
            .into_iter()
            .filter(|((row, _), _)| *row + 1 >= first_row)
            .map(|((row, col), text)| ((row + 2 - first_row, col), text)),
    );
    records
}

#[test]
fn fixture_numbers_are_numbers() {
    let check = |file: &str, row: u32, col: u32, value: Option<&str>, text: &str, format: Option<&str>| {
        let document = read(&root().join("fixtures").join(file));
        let cell = document.grids[0].get(row, col).unwrap_or_else(|| panic!("{file} has no cell there"));
        let expected = match value {
            Some(number) => CellValue::Number(number.parse().unwrap()),
            None => CellValue::Text,
        };
        assert_eq!((&cell.value, cell.text.as_str(), cell.format()), (&expected, text, format), "{file}");
    };
    check("yuxi-2013/medical_financing.xlsx", 3, 2, Some("238952"), "238,952", Some("#,##0"));
    check("yuxi-2013/medical_financing.xlsx", 10, 7, Some("64925.3"), "64925.30", Some("0.00"));
    check("yuxi-2013/medical_financing.xlsx", 8, 5, None, "260/280", None);
    check("yuxi-2013/unemployment_fund.xls", 2, 4, Some("7332.3"), "7332.3", Some("0.0"));
    check("yuxi-2013/unemployment_fund.xls", 3, 4, Some("10329.99"), "10329.99", Some("0.00"));
    check("yuxi-2013/medical_benefit.ods", 4, 3, Some("9"), "9", None);
    check("yuxi-2013/injury_by_county.xlsx", 4, 8, None, "＋1147", None);
    check("qinghai-2005/enrolment.xls", 4, 3, None, "- 3. 5", None);
    check("qinghai-2005/enrolment.xls", 3, 1, Some("45"), "45", None);
    check("shandong-2003/employment.dbf", 1, 1, None, "1 408 700", None);
}

#[test]
fn fixture_headings_are_bold() {
    for file in ["yuxi-2013/medical_financing.xlsx", "yuxi-2013/unemployment_fund.xls", "yuxi-2013/medical_benefit.ods"]
    {
        let document = read(&root().join("fixtures").join(file));
        let bold = |row, col| document.grids[0].get(row, col).unwrap().bold;
        assert!(bold(0, 0) && bold(1, 0) && !bold(4, 1), "{file}");
    }
}

#[test]
fn encodings_are_recorded() {
    let check = |file: &str, expected: Option<&str>| {
        assert_eq!(read(&root().join("fixtures").join(file)).encoding.as_deref(), expected, "{file}");
    };
    check("qinghai-2005/nonpublic_coverage.csv", Some("GB18030"));
    check("shandong-2003/employment.dbf", Some("GB18030"));
    check("shandong-2003/pension_by_base.html", Some("GB18030"));
    check("yuxi-2013/injury_by_year.html", Some("UTF-8"));
    check("yuxi-2013/unemployment_fund.xls", None);
}

#[test]
fn broken_files_are_refused() {
    let folder = root().join("tests/bad");
    let tables = ["xlsx", "xls", "ods", "dbf", "csv"];
    let files = files_below(&folder).into_iter().filter(|path| path.parent() == Some(&folder));
    let told: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|e| tables.iter().any(|t| e == *t)))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            let encoding = Some("gb18030").filter(|_| name.contains("gb18030"));
            grid::read(&path, &name, grid::Declared { encoding, delimiter: None }).unwrap_err().render()
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn real_files_read_or_are_refused() {
    let Some(folder) = real_files() else { return };
    let (mut read, mut refused) = (0, BTreeMap::new());
    for path in files_below(&folder) {
        let shown = path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
        match grid::read(&path, &shown, grid::Declared::default()) {
            Ok(document) => {
                assert!(!document.grids.is_empty(), "{shown}");
                read += 1;
            }
            Err(d) => {
                assert!(!d.hints.is_empty(), "{shown}: no hint: {}", d.render());
                assert!(d.place.file.is_some(), "{shown}: no file: {}", d.render());
                refused.entry(d.code).or_insert_with(Vec::new).push(format!("{shown}: {}", d.message));
            }
        }
    }
    assert!(read > 100, "{read}");
    let told =
        refused.into_iter().flat_map(|(code, files)| files.into_iter().map(move |file| format!("{code}: {file}")));
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"));
}

#[test]
fn real_cells_are_where_they_were_found_by_hand() {
    let Some(folder) = real_files() else { return };
    let mut documents: BTreeMap<String, Document> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for record in csv::Reader::from_path(folder.join("expected.csv")).unwrap().records() {
        let record = record.unwrap();
        let (file, sheet, address, expected) = (&record[0], &record[1], &record[2], &record[7]);
        let document = documents.entry(file.to_owned()).or_insert_with(|| {
            grid::read(&folder.join(file), file, grid::Declared::default()).unwrap_or_else(|d| panic!("{}", d.render()))
        });
        let grids = document.grids.iter().filter(|g| sheet.is_empty() || g.sheet == sheet);
        let found = grids.into_iter().find_map(|g| {
            let (at, _) = g.iter().find(|(at, _)| g.address(*at).eq_ignore_ascii_case(address))?;
            g.get(at.row, at.col)
        });
        checked += 1;
        let text = found.map_or("", |cell| &cell.text);
        if text == expected || same_number(text, expected) {
            continue;
        }
        // What was noted is what the file stores, 660.783071393728 where the sheet shows 660.8.
        let stored = found.map(|cell| &cell.value);
        if matches!(stored, Some(CellValue::Number(number)) if same_number(&number.to_string(), expected)) {
            continue;
        }
        wrong.push(format!("{file} {sheet} {address}: expected {expected:?}, found {text:?}"));
    }
    println!("{checked} cells checked");
    assert!(wrong.is_empty(), "{} of {checked} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// `226.0` was noted for a cell that shows `226`, `743793` for `743,793`.
fn same_number(text: &str, expected: &str) -> bool {
    let plain = |t: &str| t.replace(',', "").parse::<f64>().ok();
    plain(text).is_some() && plain(text) == plain(expected)
}

/// One workbook saved in several formats shows the same cells, in the same number format and emphasis.
#[test]
fn the_same_workbook_reads_the_same_in_every_format() {
    let Some(folder) = real_files() else { return };
    // Sheets by number: one of them has another name in each file.
    let told = |name: &str| -> BTreeMap<String, String> {
        let document = read(&folder.join("tidyxl").join(name));
        let mut told = BTreeMap::new();
        for (sheet, grid) in document.grids.iter().enumerate() {
            for merge in grid.merges() {
                told.insert(format!("{sheet}!{}:{}", a1(merge.first), a1(merge.last)), String::new());
            }
            for (at, cell) in grid.iter() {
                let shown = format!("{:?} {:?} bold {} indent {}", cell.text, cell.value, cell.bold, cell.indent);
                told.insert(format!("{sheet}!{}", a1(at)), shown);
            }
        }
        told
    };
    let expected = told("examples.xlsx");
    assert!(expected.len() > 400, "{}", expected.len());
    for name in ["examples.xlsb", "examples.xls", "examples.xlsm"] {
        assert_eq!(told(name), expected, "{name}");
    }
}

/// Another library reads the same records.
#[test]
fn records_agree_with_another_reader() {
    let path = root().join("fixtures/shandong-2003/employment.dbf");
    let grid = &read(&path).grids[0];
    let gbk = dbase::encoding::EncodingRs::from(dbase::encoding_rs::GBK);
    let mut reader = dbase::ReaderBuilder::new().with_encoding(gbk).open(&path).unwrap();
    let fields: Vec<String> = reader.fields().iter().map(|f| f.name().to_owned()).collect();
    for (row, record) in reader.read().unwrap().iter().enumerate() {
        for (col, field) in fields.iter().enumerate() {
            let dbase::FieldValue::Character(Some(text)) = record.get(field).unwrap() else { panic!("{field}") };
            assert_eq!(grid.text(row as u32 + 1, col as u32), text, "record {}, field {field}", row + 1);
        }
    }
}

/// calamine reads the same values from every workbook that both read.
#[test]
fn workbooks_agree_with_another_reader() {
    use calamine::{Data, Reader as _};
    let Some(folder) = real_files() else { return };
    let (mut files, mut cells, mut wrong) = (0, 0, Vec::new());
    for path in files_below(&folder) {
        let shown = path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
        let Ok(document) = grid::read(&path, &shown, grid::Declared::default()) else { continue };
        if !matches!(document.format, grid::Format::Xls | grid::Format::Xlsx | grid::Format::Xlsb) {
            continue;
        }
        let Ok(mut book) = calamine::open_workbook_auto(&path) else { continue };
        files += 1;
        for grid in &document.grids {
            let Ok(range) = book.worksheet_range(&grid.sheet) else { continue };
            let (top, left) = range.start().unwrap_or_default();
            for (row, col, data) in range.used_cells() {
                let at = grid::CellRef { row: top + row as u32, col: left + col as u32 };
                // Of a merged range only the first cell is kept.
                if matches!(data, Data::Empty) || grid.merge_at(at).is_some_and(|m| m.first != at) {
                    continue;
                }
                cells += 1;
                let cell = grid.get(at.row, at.col);
                if !agrees(data, cell) {
                    wrong.push(format!("{shown} {} {}: {data:?}, {cell:?}", grid.sheet, grid.address(at)));
                }
            }
            // It does not read formulas without a value, nor formulas of xlsb files that end in an error.
            let more = grid.iter().filter(|(_, c)| !matches!(c.value, CellValue::UnsavedFormula | CellValue::Error));
            let more = more.filter(|(at, _)| range.get_value((at.row, at.col)).is_none_or(|d| *d == Data::Empty));
            wrong.extend(more.map(|(at, c)| format!("{shown} {} {}: only ours: {c:?}", grid.sheet, grid.address(at))));
        }
    }
    println!("{cells} cells of {files} workbooks compared");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(60)].join("\n"));
    assert!(cells > 10_000, "{cells}");
}

fn agrees(theirs: &calamine::Data, ours: Option<&grid::Cell>) -> bool {
    use calamine::Data;
    let Some(ours) = ours else { return matches!(theirs, Data::String(text) if text.is_empty()) };
    let same = |number: f64| match ours.value {
        CellValue::Number(exact) => exact.to_string().parse::<f64>() == Ok(number),
        _ => false,
    };
    match theirs {
        Data::Int(whole) => same(*whole as f64),
        Data::Float(number) => same(*number) || matches!(ours.value, CellValue::Date(_) | CellValue::Text),
        Data::String(text) => {
            // In one file it takes characters of one byte for the halves of wider ones.
            let text = text.replace('\0', "").replace("\r\n", "\n").replace('\r', "\n");
            ours.value == CellValue::Text && *ours.text == text
        }
        Data::Bool(truth) => ours.value == CellValue::Bool(*truth),
        Data::Error(error) => ours.value == CellValue::Error && *ours.text == error.to_string(),
        Data::DateTime(_) | Data::DateTimeIso(_) | Data::DurationIso(_) => !matches!(ours.value, CellValue::Bool(_)),
        Data::Empty => true,
    }
}
