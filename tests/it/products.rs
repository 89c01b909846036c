//! All products of a table say the same: every one is read back, by readers that do not know the writers, and compared figure
//! by figure with the data package: what is shown, value, decimals, mark, status and notes. And all of them open in the
//! programs of their readers.

mod charts;
mod checklist;
mod clients;
mod pages;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use read::{Seen, Shape, plain};
use rust_decimal::Decimal;
use shebao::grid::{self, CellValue, Grid};

use crate::support::{TestProject, root};

/// The fixtures and a sample whose table has all that a table can have: notes of the source and of the report, provisional,
/// revised and estimated figures, every mark, pages, parts, two languages.
pub fn sample() -> &'static TestProject {
    static SAMPLE: OnceLock<TestProject> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let project = TestProject::new();
        for (from, to) in [
            ("source.toml", "pipelines/sample-2013/source.toml"),
            ("table.toml", "pipelines/sample-2013/table.toml"),
            ("sample.csv", "fixtures/sample-2013/sample.csv"),
            ("report.toml", "reports/sample/report.toml"),
            ("charts.toml", "reports/charts/report.toml"),
        ] {
            project.write(to, fs::read(root().join("tests/it/products").join(from)).expect("the sample"));
        }
        project.shebao(&["run"]).must_end_with(0);
        project
    })
}

/// A published table: its report's folder and its id.
pub struct Table {
    pub folder: PathBuf,
    pub id: String,
}

impl Table {
    fn file(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.id))
    }

    fn name(&self) -> String {
        format!("{}/{}", self.folder.file_name().expect("a folder").to_string_lossy(), self.id)
    }
}

pub fn tables() -> Vec<Table> {
    let mut tables = Vec::new();
    for page in files(&sample().file("out/tables"), ".docx") {
        let id = page.file_stem().expect("a name").to_string_lossy().into_owned();
        tables.push(Table { folder: page.parent().expect("a folder").to_owned(), id });
    }
    assert!(tables.len() >= 14, "{} tables", tables.len());
    tables
}

/// Files below a folder whose names end so.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).expect("a folder").map(|e| e.expect("an entry").path()));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

type Record = BTreeMap<String, String>;

fn records(path: &Path) -> Vec<Record> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
    let heads = reader.headers().expect("a header").clone();
    let record =
        |row: csv::StringRecord| heads.iter().map(str::to_owned).zip(row.iter().map(str::to_owned)).collect::<Record>();
    reader.records().map(|row| record(row.expect("well formed"))).collect()
}

fn data(table: &Table) -> Vec<Record> {
    records(&table.folder.join(format!("datapackage/data/{}.csv", table.id)))
}

fn place(record: &Record) -> (usize, usize) {
    (record["row"].parse().expect("a row"), record["column"].parse().expect("a column"))
}

fn notes(text: &str) -> Vec<String> {
    let mut notes: Vec<String> = text.split(" | ").filter(|note| !note.is_empty()).map(str::to_owned).collect();
    notes.sort();
    notes
}

/// What a printed product must show at a place.
fn expected(record: &Record) -> Seen {
    let status = match record["status"].as_str() {
        "provisional" => "p",
        "revised" => "r",
        "estimated" => "e",
        _ => "",
    };
    Seen { text: plain(&record["text"]), status: status.to_owned(), notes: notes(&record["note"]) }
}

#[test]
fn printed_products_say_what_the_data_say() {
    let mut faults = Vec::new();
    let mut compared = 0;
    for table in tables() {
        let data = data(&table);
        let (page, shape) = read::page(&table.file("html"));
        let products = [
            ("html", page),
            ("xlsx", read::workbook(&table.file("xlsx"))),
            ("ods", read::workbook(&table.file("ods"))),
            ("docx", read::document(&table.file("docx"))),
        ];
        for (format, lines) in products {
            let body = read::body(&lines, shape);
            let mut seen: BTreeMap<(usize, usize), Seen> = BTreeMap::new();
            for (row, cells) in body.into_iter().enumerate() {
                for (column, cell) in cells.into_iter().enumerate() {
                    if let Some(cell) = cell {
                        seen.insert((row + 1, column + 1), cell);
                    }
                }
            }
            for record in &data {
                let (at, expected) = (place(record), expected(record));
                compared += 1;
                if seen.get(&at) != Some(&expected) {
                    faults.push(format!(
                        "{}.{format} {at:?}: {:?}, expected {expected:?}",
                        table.name(),
                        seen.get(&at)
                    ));
                }
            }
            data.iter().for_each(|record| drop(seen.remove(&place(record))));
            let more = seen.iter().filter(|(_, cell)| !cell.text.is_empty());
            faults.extend(more.map(|(at, cell)| format!("{}.{format} {at:?}: {cell:?} is in no data", table.name())));
        }
    }
    println!("{compared} figures compared");
    assert!(faults.is_empty(), "{} differ\n{}", faults.len(), faults.join("\n"));
}

/// The number within a workbook's cell is the figure, not a text that looks like it.
#[test]
fn workbooks_hold_the_numbers_they_show() {
    let mut faults = Vec::new();
    for table in tables() {
        let (_, shape) = read::page(&table.file("html"));
        for format in ["xlsx", "ods"] {
            let numbers = numbers(&table.file(format), shape);
            for record in data(&table).iter().filter(|r| !r["value"].is_empty() && r["part"] == "1") {
                let value: Decimal = record["value"].parse().expect("a number");
                let found = numbers.get(&place(record));
                let is_text = record["text"].contains('/') || record["text"].contains('、');
                if !is_text && found.is_none_or(|found| found.normalize() != value.normalize()) {
                    faults.push(format!("{}.{format} {:?}: {found:?}, expected {value}", table.name(), place(record)));
                }
                let decimals = record["value"].split_once('.').map_or(0, |(_, fraction)| fraction.len());
                assert_eq!(decimals.to_string(), record["decimals"], "{}", table.name());
            }
        }
    }
    assert!(faults.is_empty(), "{} differ\n{}", faults.len(), faults.join("\n"));
}

/// The numbers of a body by their place, over all pages.
fn numbers(path: &Path, shape: Shape) -> BTreeMap<(usize, usize), Decimal> {
    let document = grid::read(path, &path.to_string_lossy(), grid::Declared::default()).expect("a workbook");
    let sheet = &document.grids[0];
    let (mut numbers, mut row, mut nth) = (BTreeMap::new(), 0, 0);
    for (at, line) in read::workbook(path).iter().enumerate() {
        match line {
            read::Line::Whole(_) => nth = 0,
            read::Line::Slots(slots) => {
                nth += 1;
                if nth <= shape.head {
                    continue;
                }
                row += 1;
                for column in shape.labels..slots.len() {
                    if let Some(CellValue::Number(number)) = sheet.get(at as u32, column as u32).map(|c| c.value) {
                        numbers.insert((row, column - shape.labels + 1), number);
                    }
                }
            }
        }
    }
    numbers
}

#[test]
fn machine_readable_products_say_what_the_data_say() {
    let mut faults = Vec::new();
    for table in tables() {
        let data = data(&table);
        let tidy = records(&table.file("csv"));
        for record in &tidy {
            let at = place(record);
            // An observation that stands in several cells is told once.
            let own: Vec<&Record> =
                data.iter().filter(|d| place(d) == at && d["obs_id"] == observation(record)).collect();
            let same = own.iter().any(|own| {
                [("shown", "text"), ("shown_value", "value"), ("shown_unit", "unit"), ("shown_note", "note")]
                    .iter()
                    .all(|(tidy, data)| record[*tidy] == own[*data])
                    && (record["shown_decimals"] == own["decimals"] || record["shown_value"].is_empty())
                    && record.get("mark").is_none_or(|mark| *mark == own["mark"])
            });
            if !same {
                faults.push(format!("{}.csv {at:?}: {record:?}, expected one of {own:?}", table.name()));
            }
        }
        let told: BTreeSet<&str> = tidy.iter().map(observation).filter(|id| !id.is_empty()).collect();
        let places: BTreeSet<(usize, usize)> = tidy.iter().map(place).collect();
        let unheard = data.iter().filter(|d| !told.contains(d["obs_id"].as_str()) && !places.contains(&place(d)));
        faults.extend(unheard.map(|d| format!("{}.csv lacks {d:?}", table.name())));
        faults.extend(sdmx_faults(&table, &data));
        let parquet = table.folder.join(format!("datapackage/data/{}.parquet", table.id));
        faults.extend(parquet_faults(&parquet, &data));
    }
    assert!(faults.is_empty(), "{} differ\n{}", faults.len(), faults.join("\n"));
}

/// The observation of a line; blank in tables that are made of several.
fn observation(record: &Record) -> &str {
    record.get("obs_id").map_or("", String::as_str)
}

fn sdmx_faults(table: &Table, data: &[Record]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut left: Vec<&Record> = data.iter().collect();
    for line in records(&table.file("sdmx.csv")) {
        for cell in line["CELL"].split(' ') {
            let fits = |record: &&Record| {
                let at = format!("R{}C{}", record["row"], record["column"]);
                let power: u32 = line["UNIT_MULT"].parse().expect("a power");
                at == cell
                    && line["OBS_VALUE"] == record["value"]
                    && (line["DECIMALS"] == record["decimals"] || record["value"].is_empty())
                    && line["MARK"] == record["mark"]
                    && line["REVISION"] == record["status"]
                    && line["COMMENT_OBS"] == record["note"]
                    && ["region", "scheme", "population", "indicator", "breakdown"]
                        .iter()
                        .all(|c| record.get(*c).is_none_or(|code| *code == line[&c.to_uppercase()]))
                    && unit_fits(&record["unit"], &line["UNIT_MEASURE"], power)
            };
            match left.iter().position(fits) {
                Some(at) => drop(left.remove(at)),
                None => faults.push(format!("{}.sdmx.csv {cell}: {line:?} is in no data", table.name())),
            }
        }
    }
    faults.extend(left.iter().map(|record| format!("{}.sdmx.csv lacks {record:?}", table.name())));
    faults
}

/// 10k_person is person with four zeros.
fn unit_fits(unit: &str, measure: &str, power: u32) -> bool {
    match (unit.strip_prefix("10k_"), unit.strip_prefix("100m_")) {
        (Some(base), _) => base == measure && power == 4,
        (_, Some(base)) => base == measure && power == 8,
        _ => unit == measure && power == 0,
    }
}

fn parquet_faults(path: &Path, data: &[Record]) -> Vec<String> {
    let document = grid::read(path, "data.parquet", grid::Declared::default()).expect("a data file");
    let sheet = &document.grids[0];
    let heads: Vec<String> = (0..sheet.cols).map(|column| sheet.text(0, column).to_owned()).collect();
    let mut faults = Vec::new();
    if sheet.rows as usize != data.len() + 1 {
        faults.push(format!("{}: {} rows, expected {}", path.display(), sheet.rows - 1, data.len()));
    }
    for (row, record) in data.iter().enumerate() {
        for (column, head) in heads.iter().enumerate() {
            let (found, expected) = (sheet.text(row as u32 + 1, column as u32), &record[head]);
            let number = |text: &str| text.parse::<Decimal>().ok().map(|number| number.normalize());
            let same = found == expected || (head == "value" && number(found) == number(expected));
            if !same {
                faults.push(format!("{} {row} {head}: {found:?}, expected {expected:?}", path.display()));
            }
        }
    }
    faults
}

/// The sheets of a book by their names.
pub fn book(path: &Path) -> Vec<Grid> {
    grid::read(path, &path.to_string_lossy(), grid::Declared::default())
        .unwrap_or_else(|f| panic!("{}", f.render()))
        .grids
}

/// Where a sheet's table begins: the first row with more than one cell.
pub fn table_start(sheet: &Grid) -> Option<u32> {
    (0..sheet.rows).find(|row| sheet.row(*row).count() > 1)
}

#[test]
fn accessible_books_say_what_the_data_say() {
    let mut faults = Vec::new();
    for file in [".accessible.xlsx", ".accessible.ods"] {
        for path in files(&sample().file("out/tables"), file) {
            let sheets = book(&path);
            let folder = path.parent().expect("a folder");
            let notes = sheets.iter().find(|sheet| sheet.sheet == "注释").map(note_texts).unwrap_or_default();
            let names = ["封面", "目录", "注释", "符号"];
            let own: Vec<&Grid> = sheets.iter().filter(|sheet| !names.contains(&sheet.sheet.as_str())).collect();
            let in_report: Vec<Table> = tables_in_order(folder);
            assert_eq!(own.len(), in_report.len(), "{}", path.display());
            for (sheet, table) in own.iter().zip(&in_report) {
                faults.extend(book_faults(sheet, table, &notes, file));
            }
        }
    }
    assert!(faults.is_empty(), "{} differ\n{}", faults.len(), faults.join("\n"));
}

/// As the package lists them, which is the order of the report.
fn tables_in_order(folder: &Path) -> Vec<Table> {
    let text = fs::read_to_string(folder.join("datapackage/datapackage.json")).expect("a package");
    let package: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let resources = package["resources"].as_array().expect("resources");
    let paths = resources.iter().filter_map(|r| r["path"].as_str());
    let ids = paths.filter_map(|path| path.strip_prefix("data/")?.strip_suffix(".csv"));
    ids.map(|id| Table { folder: folder.to_owned(), id: id.to_owned() }).collect()
}

fn note_texts(sheet: &Grid) -> BTreeMap<String, String> {
    let start = table_start(sheet).expect("a table");
    (start + 1..sheet.rows).map(|row| (sheet.text(row, 0).to_owned(), sheet.text(row, 2).to_owned())).collect()
}

/// `[注3]` within a text → the notes' texts.
fn noted(text: &str, notes: &BTreeMap<String, String>) -> Vec<String> {
    let signs = text.match_indices("[注").map(|(at, _)| &text[at..at + text[at..].find(']').expect("closed") + 1]);
    signs.map(|sign| notes.get(sign).cloned().unwrap_or_else(|| panic!("{sign} is not explained"))).collect()
}

fn book_faults(sheet: &Grid, table: &Table, notes: &BTreeMap<String, String>, file: &str) -> Vec<String> {
    let start = table_start(sheet).expect("a table");
    let heads: Vec<&str> = (0..sheet.cols).map(|column| sheet.text(start, column)).collect();
    let has_remarks = heads.last() == Some(&"注释");
    let data = data(table);
    let (_, shape) = read::page(&table.file("html"));
    let mut faults = Vec::new();
    for record in &data {
        let (row, column) = place(record);
        let (line, at) = (start + row as u32, (shape.labels + column - 1) as u32);
        let found = sheet.text(line, at);
        let mark = match record["mark"].as_str() {
            "not_available" => "[x]",
            "nil" => "[nil]",
            "not_applicable" => "[z]",
            "confidential" => "[c]",
            "rounded_to_zero" => "[low]",
            _ => "",
        };
        let expected = if mark.is_empty() { plain(&record["text"]) } else { mark.to_owned() };
        let remark = if has_remarks { sheet.text(line, sheet.cols - 1) } else { "" };
        let (own, status) = remarks(remark, &record["column_label"], notes);
        let mut bound = own;
        bound.extend(noted(heads[at as usize], notes));
        bound.sort();
        bound.dedup();
        let wanted = self::notes(&record["note"]);
        let standing = match record["status"].as_str() {
            "normal" => "",
            other => &other[..1],
        };
        if found != expected || bound != wanted || status != standing {
            faults.push(format!(
                "{}{file} {row},{column}: {found:?} {bound:?} {status:?}, expected {expected:?} {wanted:?} {standing:?}",
                table.name()
            ));
        }
    }
    faults
}

/// The notes on a row as a whole and on one of its columns, and that column's status.
fn remarks(remark: &str, column: &str, texts: &BTreeMap<String, String>) -> (Vec<String>, String) {
    let (mut bound, mut status) = (Vec::new(), String::new());
    for part in remark.split('；') {
        match part.rsplit_once('：') {
            None => bound.extend(noted(part, texts)),
            Some((name, signs)) if name == column => {
                bound.extend(noted(signs, texts));
                let known = ["p", "r", "e"].into_iter().find(|sign| signs.contains(&format!("[{sign}]")));
                status = known.unwrap_or_default().to_owned();
            }
            Some(_) => {}
        }
    }
    (bound, status)
}

/// The sample's table as it must be printed, worked out by hand from the file and the report.
#[test]
fn the_sample_prints_as_worked_out_by_hand() {
    let table = Table { folder: sample().file("out/tables/sample"), id: "by_region".to_owned() };
    let lines = read::workbook(&table.file("xlsx"));
    let whole: Vec<&str> = lines
        .iter()
        .filter_map(|line| if let read::Line::Whole(text) = line { Some(text.as_str()) } else { None })
        .collect();
    assert_eq!(
        whole,
        [
            "表1　2012年各地区失业保险\nUnemployment insurance by region, 2012",
            "单位：万人、人、亿元",
            "续表1　2012年各地区失业保险",
            "单位：万人、人、亿元",
            "①不含转移收入。",
            "②年末数，含退休前转出者。",
            "③北京为年平均数。",
            "④以北京市口径为准。",
            "⑤山西为快报数。",
            "⑥上海含小城镇社会保险。",
            "注：不含港澳台。",
            "注：本表不含港澳台。",
            "符号说明：空格表示数据不详；“—”表示无此现象；“…”表示不足最小单位；“p”表示初步数；“r”表示修订数；“e”表示估计数。",
            "资料来源：《失业保险样表》（2013-09-30发布）。",
        ]
    );
    let slots = lines.iter().filter_map(|line| if let read::Line::Slots(slots) = line { Some(slots) } else { None });
    let texts: Vec<String> = slots
        .map(|slots| slots.iter().map(|slot| slot.text.replace('\n', " ")).collect::<Vec<_>>().join(" | "))
        .collect();
    let head = [
        "地区 Region | 年末参保人数 Insured at year end | 年末参保人数 Insured at year end | 领取人数（人） Recipients (persons) | 基金收入① Fund income",
        "地区 Region | 合计② Total | 农民工 Migrant workers | 领取人数（人） Recipients (persons) | 基金收入① Fund income",
    ];
    assert_eq!(texts[..2], head);
    assert_eq!(
        texts[2..6],
        [
            "全国 National | 15,224.70 | 2702.0p | 2,041,000 | ＋1138.9",
            "其中：北京③ of which: Beijing | 1,006.70④ | 88.0 | 18,000r | ＋58.5",
            "天津 Tianjin | 268.40 | — | 26,000 | …",
            "河北 Hebei | 505.10 | … | 89,000 | ＋29.7",
        ]
    );
    assert_eq!(texts[6..8], head);
    assert_eq!(
        texts[8..],
        ["山西⑤ Shanxi | 404.50e | 33.0 |  | ＋21.1", "上海 Shanghai | 634.10⑥ | 60.3 | 102,000 | ＋87.1"]
    );
}

#[test]
fn a_second_run_gives_the_same_bytes() {
    let folder = sample().file("out/tables");
    let again = TestProject::copy_of(sample());
    fs::remove_dir_all(again.file("out")).expect("it was there");
    again.shebao(&["report"]).must_end_with(0);
    let all = files(&folder, "");
    assert!(all.len() > 100, "{}", all.len());
    for file in all {
        let below = file.strip_prefix(&folder).expect("below it");
        let other =
            fs::read(again.file("out/tables").join(below)).unwrap_or_else(|e| panic!("{}: {e}", below.display()));
        assert!(fs::read(&file).expect("it is there") == other, "{} differs", below.display());
    }
}
