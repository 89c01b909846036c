//! A small table in a random layout, read by a random specification: header bands, label columns, merges, blanks, bold
//! and indent. Whatever comes of it, a value is the one its cell holds, and no number between two others is passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rust_decimal::Decimal;
use shebao::domain::{Observation, Value};
use shebao::grid::{self, column_letters};
use shebao::ingest::{Input, Task, ingest, number};
use shebao::spec::{self, Pipelines};

use super::choices::Choices;
use super::{codebook, container};

const CORNERS: [&str; 3] = ["地区", "年份", "指标"];
const HEADERS: [&str; 10] =
    ["参保人数", "合计", "男", "女", "2012年", "2013年", "年末", "参保人数（人）", "合 计", "失业保险"];
const LABELS: [&str; 16] = [
    "北京",
    "上海市",
    "全国",
    "合计",
    "2012",
    "2013",
    "失业保险",
    "其中：天津",
    "　河北",
    "  山西",
    "一、内蒙古",
    "注：快报数",
    "北京*",
    "天津 Tianjin",
    "续表",
    "* 快报数",
];
const NUMBERS: [&str; 18] = [
    "0",
    "7",
    "36.7",
    "36. 7",
    "1,408",
    "1 408",
    "- 3. 5",
    "+5",
    "－12",
    "１２３",
    ".7",
    "0.50",
    "…",
    "—",
    "x",
    "12%",
    "36.7*",
    "7p",
];
const COLUMN_ENTRIES: [&str; 7] = ["参保人数", "合计", "男", "{year}年", "{any}", "{scheme}", "女"];
const ROW_ENTRIES: [&str; 8] = ["{region}", "合计", "北京", "{year}", "{any}", "{scheme}", "上海市", "其中：{region}"];

/// Keys of a table that change how it is found and read, each chosen or not.
const KEYS: [&str; 14] = [
    "header_blank = \"left\"\n",
    "label_blank = \"above\"\n",
    "until = [\"注\"]\n",
    "until = [\"\"]\n",
    "bilingual = true\n",
    "order = \"any\"\n",
    "panels = \"right\"\n",
    "panels = \"both\"\nbetween = [\"续表\"]\n",
    "until_column = [\"年末\", \"\"]\n",
    "levels = [\"indent\", \"of-which\"]\n",
    "levels = [\"numbering\", \"bold\", \"heading\"]\n",
    "levels = [\"heading\"]\n",
    "note_marks = [\"*\"]\n",
    "levels = [\"of-which\"]\n",
];
const ENTRY_KEYS: [&str; 6] = [
    "merged = true\n",
    "unit = \"10k_person\"\n",
    "population = \"_T\"\n",
    "optional = true\n",
    "skip = true\n",
    "period = \"left\"\n",
];

/// A cell as it is written into the workbook.
struct Written {
    text: String,
    /// Made as one of the numbers, not as a label.
    number: bool,
    /// Stored as a number, not as text.
    stored: bool,
    style: usize,
}

type Cells = BTreeMap<(usize, usize), Written>;

pub fn check(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let specification = specification(&mut choices);
    let loaded = spec::read_text(codebook().clone(), "fuzz.toml", specification.clone());
    if !loaded.diagnostics.is_empty() {
        return;
    }
    let (cells, merges) = sheet(&mut choices);
    let Some(workbook) = workbook(&cells, &merges) else { return };
    let document = grid::parse(&workbook, Path::new("fuzz.xlsx"), "fuzz.xlsx", grid::Declared::default())
        .expect("a sound workbook is read");
    let Pipelines { codebook, sources } = &loaded.value;
    let Some((source, table)) = sources.first().and_then(|s| s.tables.first().map(|t| (s, t))) else { return };
    let edition = &table.editions[0];
    let input = Input { document: &document, file: "fuzz.xlsx", sha256: "", captured: &[] };
    let read = ingest(Task { source, table, edition, codebook }, &[input]);
    read.diagnostics.iter().for_each(|d| drop(d.render()));
    let mut ids = BTreeSet::new();
    let by_address: BTreeMap<String, &Written> =
        cells.iter().map(|((row, col), cell)| (format!("{}{}", column_letters(*col as u32), row + 1), cell)).collect();
    for observation in &read.value.observations {
        let printed = by_address.get(&observation.origin.cell).map_or("", |c| &c.text);
        let factor = codebook.unit(&observation.printed_unit).map_or(Decimal::ZERO, |u| u.factor);
        holds(observation, by_address.get(&observation.origin.cell).copied(), factor);
        assert_eq!(observation.printed, printed, "{}", observation.origin.cell);
        assert!(ids.insert(&observation.obs_id), "{} stands twice", observation.obs_id);
    }
    let skips = specification.contains("skip = true");
    if !skips && !read.has_errors() {
        nothing_passed_over(&read.value.observations, &cells);
    }
}

/// The value is what the cell holds.
fn holds(observation: &Observation, cell: Option<&Written>, factor: Decimal) {
    let text = cell.map_or("", |c| &c.text);
    match observation.value {
        Value::Missing(_) => assert!(number::parse(text).is_err(), "{text:?} is read as missing"),
        Value::Number(value) => {
            let bare = text.trim_end_matches(['*', 'p']);
            let read = number::parse(bare).unwrap_or_else(|e| panic!("{text:?} is read as {value}: {e}"));
            let sign = if read.sign == Some(number::Sign::Minus) { -Decimal::ONE } else { Decimal::ONE };
            assert_eq!(value, read.magnitude * sign * factor, "{text:?} is read as {value}");
        }
    }
}

/// Every number in the rectangle of the observations is one of them.
fn nothing_passed_over(observations: &[Observation], cells: &Cells) {
    let read: BTreeSet<&str> = observations.iter().map(|o| o.origin.cell.as_str()).collect();
    let address = |(row, col): (usize, usize)| format!("{}{}", column_letters(col as u32), row + 1);
    let places: Vec<(usize, usize)> = cells.keys().copied().filter(|at| read.contains(address(*at).as_str())).collect();
    let rows = places.iter().map(|(row, _)| *row);
    let cols = places.iter().map(|(_, col)| *col);
    let (Some(top), Some(left)) = (rows.clone().min(), cols.clone().min()) else { return };
    let (bottom, right) = (rows.max().unwrap_or(top), cols.max().unwrap_or(left));
    for (at, cell) in cells.range((top, 0)..=(bottom, usize::MAX)).filter(|((_, col), _)| (left..=right).contains(col))
    {
        let passed_over = cell.number && number::parse(&cell.text).is_ok() && !read.contains(address(*at).as_str());
        assert!(!passed_over, "{} holds {:?} and is not read, though no fault was found", address(*at), cell.text);
    }
}

fn specification(choices: &mut Choices) -> String {
    let label_columns = 1 + choices.below(2);
    let header_rows = 1 + choices.below(3);
    let mut text = format!("title = \"t\"\nheader_rows = {header_rows}\nunit = \"person\"\nperiod = \"2010\"\n");
    let corner = if choices.once_in(8) { &[""; 2][..label_columns] } else { &CORNERS[..label_columns] };
    text.push_str(&format!("corner = {corner:?}\n"));
    let mut keys: Vec<&str> = (0..choices.below(4)).map(|_| choices.pick(&KEYS)).collect();
    keys.sort_unstable();
    keys.dedup_by_key(|key| key.split(' ').next());
    text.push_str(&keys.concat());
    if choices.once_in(3) {
        text.push_str("[status]\n\"p\" = \"provisional\"\n");
    }
    text.push_str("[context]\nindicator = \"insured_person\"\n");
    for (key, entries, parts) in
        [("rows", &ROW_ENTRIES[..], label_columns), ("columns", &COLUMN_ENTRIES[..], header_rows)]
    {
        for _ in 0..=choices.below(4) {
            let parts = if key == "rows" { parts } else { 1 + choices.below(parts) };
            let label: Vec<&str> = (0..parts).map(|_| choices.pick(entries)).collect();
            text.push_str(&format!("[[{key}]]\nlabel = {label:?}\n"));
            if choices.once_in(3) {
                text.push_str(choices.pick(&ENTRY_KEYS));
            }
        }
    }
    text.push_str("[[edition]]\nid = \"1\"\nfile = \"fuzz.xlsx\"\n");
    text
}

/// A table at some place of a sheet, most often with the parts that the specification expects, and its merged ranges.
fn sheet(choices: &mut Choices) -> (Cells, Vec<[usize; 4]>) {
    let (top, left) = (choices.below(3), choices.below(2));
    let (label_columns, header_rows) = (1 + choices.below(2), 1 + choices.below(3));
    let (rows, cols) = (header_rows + 1 + choices.below(6), label_columns + 1 + choices.below(5));
    let (right, below) = if choices.once_in(4) { (1 + choices.below(2), 1 + choices.below(2)) } else { (1, 1) };
    let mut cells = Cells::new();
    for place in 0..rows * below * cols * right {
        let at = (place / (cols * right), place % (cols * right));
        let (row, col) = (at.0 % rows, at.1 % cols);
        let (text, number) = match (row < header_rows, col < label_columns) {
            (true, true) if row == 0 => (CORNERS[col], false),
            (true, true) => ("", false),
            (true, false) => (choices.pick(&HEADERS), false),
            (false, true) => (choices.pick(&LABELS), false),
            (false, false) => (choices.pick(&NUMBERS), true),
        };
        let how = choices.byte();
        let blank = how % 8 == 7 || text.is_empty();
        let stored = how % 8 == 6 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !text.starts_with('.');
        if !blank {
            let written = Written { text: plain(text, stored), number, stored, style: usize::from(how / 8) % 4 };
            cells.insert((top + at.0, left + at.1), written);
        }
    }
    let (rows, cols) = (rows * below, cols * right);
    let mut merges: Vec<[usize; 4]> = Vec::new();
    for _ in 0..choices.below(4) {
        let (row, col) = (top + choices.below(rows), left + choices.below(cols));
        let merge = [row, col, row + choices.below(3), col + choices.below(3)];
        let apart = |m: &[usize; 4]| m[2] < merge[0] || merge[2] < m[0] || m[3] < merge[1] || merge[3] < m[1];
        if merges.iter().all(apart) {
            merges.push(merge);
        }
    }
    // What a merged cell covers nobody sees; readers are tested on files that keep it.
    cells.retain(|(row, col), _| {
        let over = merges.iter().find(|[r1, c1, r2, c2]| (r1..=r2).contains(&row) && (c1..=c2).contains(&col));
        over.is_none_or(|m| (m[0], m[1]) == (*row, *col))
    });
    (cells, merges)
}

/// A number as General shows it.
fn plain(text: &str, stored: bool) -> String {
    let number = text.parse::<Decimal>().ok().filter(|_| stored);
    number.map_or_else(|| text.to_owned(), |n| n.normalize().to_string())
}

/// The sheet as an xlsx file. Styles: plain, bold, indented by one and by two.
fn workbook(cells: &Cells, merges: &[[usize; 4]]) -> Option<Vec<u8>> {
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
    };
    let relations = |inner: &str| format!("<Relationships xmlns=\"{RELATIONS}\">{inner}</Relationships>");
    let mut rows: BTreeMap<usize, String> = BTreeMap::new();
    for ((row, col), cell) in cells {
        let place = format!("{}{}", column_letters(*col as u32), row + 1);
        let (kind, value) = match cell.stored {
            true => ("n", format!("<v>{}</v>", cell.text)),
            false => ("inlineStr", format!("<is><t xml:space=\"preserve\">{}</t></is>", cell.text)),
        };
        let written = format!("<c r=\"{place}\" s=\"{}\" t=\"{kind}\">{value}</c>", cell.style);
        rows.entry(row + 1).or_default().push_str(&written);
    }
    let rows: String = rows.iter().map(|(row, cells)| format!("<row r=\"{row}\">{cells}</row>")).collect();
    let corner = |row: usize, col: usize| format!("{}{}", column_letters(col as u32), row + 1);
    let merges: String = merges
        .iter()
        .filter(|[r1, c1, r2, c2]| (r1, c1) != (r2, c2))
        .map(|[r1, c1, r2, c2]| format!("<mergeCell ref=\"{}:{}\"/>", corner(*r1, *c1), corner(*r2, *c2)))
        .collect();
    let merges = if merges.is_empty() { merges } else { format!("<mergeCells>{merges}</mergeCells>") };
    let formats: String = [(0, 0), (1, 0), (0, 1), (0, 2)]
        .map(|(font, indent)| format!("<xf numFmtId=\"0\" fontId=\"{font}\" fillId=\"0\" borderId=\"0\" applyFont=\"1\" applyAlignment=\"1\"><alignment indent=\"{indent}\"/></xf>"))
        .concat();
    let parts = [
        ("_rels/.rels", relations(&relation("r1", "officeDocument", "xl/workbook.xml"))),
        (
            "xl/_rels/workbook.xml.rels",
            relations(
                &(relation("r1", "worksheet", "worksheets/sheet1.xml") + &relation("r2", "styles", "styles.xml")),
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"表\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "<styleSheet xmlns=\"{MAIN}\"><fonts><font/><font><b/></font></fonts><cellXfs>{formats}</cellXfs></styleSheet>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData>{merges}</worksheet>"),
        ),
    ];
    container::zip(&parts.map(|(name, text)| (name.to_owned(), text.into_bytes())))
}
