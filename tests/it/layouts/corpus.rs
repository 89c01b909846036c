//! The layouts of `fixtures/layouts`: the text of a file to a workbook, a specification and the facts it must yield. The
//! form is told in the README there.

use std::collections::BTreeMap;
use std::path::Path;

use super::sheet::{Book, Cell, Fact, File, Place, Sheet, Span};

/// The columns of `core_observation` that are compared.
pub const SAID: [&str; 16] = [
    "indicator",
    "period",
    "region",
    "scheme",
    "ownership",
    "industry",
    "population",
    "breakdown",
    "value",
    "unit",
    "decimals",
    "printed",
    "notes",
    "status",
    "qualifier",
    "edition",
];

/// A range of a sheet: file, sheet, rows, columns.
pub type Range = (usize, usize, Span);

#[derive(Clone, Debug)]
pub struct Layout {
    pub name: String,
    pub title: String,
    /// What of the language it shows.
    pub covers: Vec<String>,
    /// Formats it is limited to, by extension.
    pub formats: Option<Vec<String>>,
    pub book: Book,
    pub spec: String,
    pub facts: Vec<Fact>,
    /// Cells that no label and no number of the table stands in.
    pub free: Vec<Range>,
    /// Cells of other tables.
    pub foreign: Vec<Range>,
    /// Lines within the table that are titles, such as that of a continued table.
    pub titles: Vec<Range>,
    /// The last panel.
    pub panel: Option<Range>,
    /// First row of the header, by file and sheet, where the corner's text does not tell.
    pub tops: Vec<Range>,
    /// Rows (columns) that may change places with each other.
    pub swap_rows: Option<Vec<(usize, usize)>>,
    pub swap_columns: Option<Vec<(usize, usize)>>,
}

/// All layouts of the folder, in the order of their names.
pub fn read(folder: &Path) -> Vec<Layout> {
    let entries = std::fs::read_dir(folder).expect("the folder of layouts");
    let mut paths: Vec<_> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "txt"));
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = path.file_stem().and_then(|s| s.to_str()).expect("a name").to_owned();
            parse(&name, &std::fs::read_to_string(path).expect("a layout"))
        })
        .collect()
}

pub fn parse(name: &str, text: &str) -> Layout {
    let (head, rest) = text.split_once("\n=== ").unwrap_or_else(|| panic!("{name}: no section"));
    let mut book: Book = Vec::new();
    let (mut spec, mut expected) = (String::new(), Vec::new());
    for section in rest.split("\n=== ") {
        let (title, body) = section.split_once('\n').unwrap_or((section, ""));
        let (kind, about) = title.split_once(' ').unwrap_or((title, ""));
        match kind {
            "sheet" => {
                let keys = keys(about);
                let file = keys.get("file").map_or("table", String::as_str);
                let sheet = sheet(name, keys.get("name").map_or("Sheet1", String::as_str), body);
                match book.iter_mut().find(|f| f.name == file) {
                    Some(known) => known.sheets.push(sheet),
                    None => book.push(File { name: file.to_owned(), sheets: vec![sheet] }),
                }
            }
            "spec" => spec = body.to_owned(),
            "expected" => expected.push((keys(about), body.to_owned())),
            other => panic!("{name}: a section {other:?}"),
        }
    }
    let facts = expected.iter().flat_map(|(keys, body)| facts(name, &book, keys, body)).collect();
    let mut lines = head.lines();
    let title = lines.next().unwrap_or("").to_owned();
    let told: Vec<(&str, &str)> = lines.filter_map(|l| l.split_once(": ")).collect();
    let told = |key: &str| told.iter().filter(|(k, _)| *k == key).map(|(_, v)| *v).collect::<Vec<_>>().join(", ");
    let list = |key: &str| -> Vec<String> {
        told(key).split(", ").map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
    };
    let ranges = |key: &str| list(key).iter().map(|text| range(name, &book, text)).collect::<Vec<_>>();
    let pairs = |key: &str| {
        let pair = |text: &String| {
            let (one, two) = text.split_once(' ').unwrap_or_else(|| panic!("{name}: {text:?} is no pair"));
            let line = |t: &str| t.parse::<usize>().map_or_else(|_| cell(&format!("{t}1")).1, |n| n - 1);
            (line(one), line(two))
        };
        let listed = list(key);
        (!listed.is_empty()).then(|| listed.iter().filter(|t| *t != "none").map(pair).collect())
    };
    Layout {
        name: name.to_owned(),
        title,
        covers: list("covers"),
        formats: Some(list("formats")).filter(|l| !l.is_empty()),
        free: ranges("free"),
        foreign: ranges("foreign"),
        titles: ranges("titles"),
        panel: ranges("panel").pop(),
        tops: ranges("top"),
        swap_rows: pairs("swap-rows"),
        swap_columns: pairs("swap-columns"),
        spec,
        facts,
        book,
    }
}

/// `name=养老 file=a` → a map; an underscore in a value stands for a blank.
fn keys(text: &str) -> BTreeMap<String, String> {
    let pair = |word: &str| word.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()));
    text.split_whitespace().map(|word| pair(word).unwrap_or_else(|| panic!("{word:?} is no key=value"))).collect()
}

/// Rows begin with a bar, cells are parted by bars; `<` and `^` are merged with the cell to the left and above.
fn sheet(layout: &str, name: &str, body: &str) -> Sheet {
    let rows: Vec<Vec<&str>> = body
        .lines()
        .filter(|l| l.starts_with('|'))
        .map(|line| {
            let inside = line.trim_end_matches(' ').strip_suffix('|').filter(|l| !l.is_empty()).unwrap_or("|");
            inside[1..].split('|').map(|c| c.trim_matches(' ')).collect()
        })
        .collect();
    let cols = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut sheet = Sheet { name: name.to_owned(), ..Sheet::default() };
    // The first cell of the merged range that each place belongs to.
    let mut owners: Vec<Vec<(usize, usize)>> = Vec::new();
    for (r, row) in rows.iter().enumerate() {
        let mut cells = Vec::new();
        let mut owned: Vec<(usize, usize)> = Vec::new();
        for (c, text) in row.iter().copied().chain(std::iter::repeat("")).take(cols).enumerate() {
            owned.push(match text {
                "<" => *owned.last().unwrap_or_else(|| panic!("{layout}: nothing left of row {}", r + 1)),
                "^" => owners[r - 1][c],
                _ => (r, c),
            });
            cells.push(if ["<", "^"].contains(&text) { Cell::default() } else { dressed(text) });
        }
        sheet.cells.push(cells);
        owners.push(owned);
    }
    let mut merges: BTreeMap<(usize, usize), Span> = BTreeMap::new();
    for (r, row) in owners.iter().enumerate() {
        for (c, owner) in row.iter().enumerate().filter(|(c, owner)| **owner != (r, *c)) {
            let span = merges.entry(*owner).or_insert(Span { rows: (owner.0, r), cols: (owner.1, c) });
            span.rows.1 = span.rows.1.max(r);
            span.cols.1 = span.cols.1.max(c);
        }
    }
    sheet.merges = merges.into_values().collect();
    sheet
}

/// `{b} 合计`, `{>2} 北京`, `{t} 2012`, `"  北京"`, `险种\n年份`.
fn dressed(text: &str) -> Cell {
    let mut cell = Cell::default();
    let mut text = text;
    while let Some((style, rest)) = text.strip_prefix('{').and_then(|t| t.split_once('}')) {
        match style {
            "b" => cell.bold = true,
            "t" => cell.as_text = true,
            _ => cell.indent = style.strip_prefix('>').and_then(|n| n.parse().ok()).expect("a style is b, t or >n"),
        }
        text = rest.trim_start_matches(' ');
    }
    let quoted = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    cell.text = quoted.unwrap_or(text).replace("\\n", "\n");
    cell
}

/// `B4` → row 3, column 1.
fn cell(address: &str) -> (usize, usize) {
    let split = address.find(|c: char| c.is_ascii_digit()).unwrap_or_else(|| panic!("{address:?} is no cell"));
    let col = address[..split].bytes().fold(0, |col, b| col * 26 + usize::from(b - b'A') + 1);
    (address[split..].parse::<usize>().expect("a row") - 1, col - 1)
}

/// `B4`, `B4:C6`, `sheet!B4:C6` or `file/sheet!B4:C6`.
fn range(layout: &str, book: &Book, text: &str) -> Range {
    let (sheet, cells) = text.rsplit_once('!').unwrap_or(("", text));
    let (file, sheet) = sheet.split_once('/').unwrap_or(("", sheet));
    let (first, last) = cells.split_once(':').unwrap_or((cells, cells));
    let (first, last) = (cell(first), cell(last));
    let (file, sheet) = find(layout, book, file, sheet);
    (file, sheet, Span { rows: (first.0, last.0), cols: (first.1, last.1) })
}

fn find(layout: &str, book: &Book, file: &str, sheet: &str) -> (usize, usize) {
    let file = match file {
        "" => 0,
        name => book.iter().position(|f| f.name == name).unwrap_or_else(|| panic!("{layout}: no file {name}")),
    };
    let sheet = match sheet {
        "" => 0,
        name => {
            book[file].sheets.iter().position(|s| s.name == name).unwrap_or_else(|| panic!("{layout}: no sheet {name}"))
        }
    };
    (file, sheet)
}

/// The rows of an expected section; what the section's title says holds for all of them.
fn facts(layout: &str, book: &Book, all: &BTreeMap<String, String>, body: &str) -> Vec<Fact> {
    let mut notes: BTreeMap<&str, String> = BTreeMap::new();
    let mut table = String::new();
    for line in body.lines() {
        match line.strip_prefix("note ").and_then(|l| l.split_once(": ")) {
            Some((name, text)) => drop(notes.insert(name, text.replace("\\n", "\n"))),
            None => table.extend([line, "\n"]),
        }
    }
    let mut reader = csv::ReaderBuilder::new().from_reader(table.as_bytes());
    let head = reader.headers().expect("a head").clone();
    let mut facts = Vec::new();
    for record in reader.records() {
        let record = record.unwrap_or_else(|e| panic!("{layout}: {e}"));
        let mut row = all.clone();
        row.extend(head.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)));
        facts.push(fact(layout, book, &row, &notes));
    }
    facts
}

fn fact(layout: &str, book: &Book, row: &BTreeMap<String, String>, notes: &BTreeMap<&str, String>) -> Fact {
    let told = |key: &str| row.get(key).map_or("", String::as_str);
    for key in row.keys().filter(|k| !["cell", "file", "sheet"].contains(&k.as_str())) {
        assert!(SAID.contains(&key.as_str()), "{layout}: nothing is called {key}");
    }
    let (address, nth) = told("cell").split_once('#').unwrap_or((told("cell"), "0"));
    let nth: usize = nth.parse().expect("the number of a number");
    let (file, sheet) = find(layout, book, told("file"), told("sheet"));
    let (row_, col) = cell(address);
    let place = Place { file, sheet, row: row_, col, nth };
    let mut said = BTreeMap::new();
    for key in SAID {
        let default = match key {
            "region" | "scheme" | "ownership" | "industry" | "population" | "breakdown" => "_T",
            "status" => "normal",
            "qualifier" => "exact",
            "edition" => "2013",
            _ => "",
        };
        said.insert(key, row.get(key).map_or(default, String::as_str).to_owned());
    }
    let shown = &book[file].sheets[sheet].cells.get(row_).and_then(|r| r.get(col)).expect("a cell of the sheet").text;
    // Of a number in a footnote, the print is said; of any other, it is the text of the cell.
    let number = if said["printed"].is_empty() { nth } else { 0 };
    if number == nth {
        said.insert("printed", shown.clone());
    }
    if said["decimals"].is_empty() {
        said.insert("decimals", decimals(&said["value"], &said["printed"], number));
    }
    let of_fact = said["notes"].split_whitespace().map(|n| notes.get(n).expect("a note").as_str());
    let joined = of_fact.collect::<Vec<_>>().join("\n");
    said.insert("notes", joined);
    Fact { place, said }
}

/// Digits after the point of the n-th number in a text; blank where the value is a mark.
pub fn decimals(value: &str, printed: &str, nth: usize) -> String {
    if !value.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return String::new();
    }
    // White space within a number is print's; only digits and points count.
    let text: String = printed.chars().filter(|c| !c.is_whitespace() && *c != ',').collect();
    let mut numbers =
        text.split(|c: char| !c.is_ascii_digit() && c != '.').filter(|t| t.contains(|c: char| c.is_ascii_digit()));
    let number = numbers.nth(nth.max(1) - 1).unwrap_or("");
    number.split_once('.').map_or(0, |(_, fraction)| fraction.len()).to_string()
}
