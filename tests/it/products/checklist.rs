//! The accessible workbooks against the checklist of the guidance, item by item, in the XML that is in the file. What is
//! claimed stands in docs/accessibility.md; an item that says "met" has a check here, and no other has one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use super::{book, files, sample, table_start};
use crate::support::root;

/// A workbook's parts as text, and its sheets as read.
struct Parts {
    parts: BTreeMap<String, String>,
    sheets: Vec<shebao::grid::Grid>,
}

impl Parts {
    fn open(path: &Path) -> Parts {
        let mut archive = zip::ZipArchive::new(std::fs::File::open(path).expect("a file")).expect("an archive");
        let mut parts = BTreeMap::new();
        for nth in 0..archive.len() {
            let mut part = archive.by_index(nth).expect("a part");
            let (name, mut text) = (part.name().expect("a name").into_owned(), String::new());
            part.read_to_string(&mut text).expect("a part is text");
            parts.insert(name, text);
        }
        Parts { parts, sheets: book(path) }
    }

    fn part(&self, name: &str) -> &str {
        self.parts.get(name).map_or("", String::as_str)
    }

    /// The XML of the sheets, in their order.
    fn sheets_xml(&self) -> Vec<&str> {
        (1..=self.sheets.len()).map(|n| self.part(&format!("xl/worksheets/sheet{n}.xml"))).collect()
    }

    fn tables_xml(&self) -> Vec<&str> {
        self.parts.iter().filter(|(name, _)| name.starts_with("xl/tables/")).map(|(_, text)| text.as_str()).collect()
    }

    /// Heads and rows of the table on each sheet that has one, with the sheet's place.
    fn tables(&self) -> Vec<(usize, Vec<Vec<String>>)> {
        let rows = |sheet: &shebao::grid::Grid, start: u32| {
            (start..sheet.rows).map(|row| (0..sheet.cols).map(|c| sheet.text(row, c).to_owned()).collect()).collect()
        };
        let with_tables = self.sheets.iter().enumerate();
        with_tables.filter_map(|(nth, sheet)| Some((nth, rows(sheet, table_start(sheet)?)))).collect()
    }

    fn none_of(&self, needles: &[&str]) -> bool {
        self.sheets_xml().iter().all(|xml| needles.iter().all(|needle| !xml.contains(needle)))
    }
}

fn attributes(xml: &str, name: &str) -> Vec<String> {
    let key = format!(" {name}=\"");
    let after = xml.split(key.as_str()).skip(1);
    after.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

fn distinct<T: Ord>(items: &[T]) -> bool {
    items.iter().collect::<BTreeSet<_>>().len() == items.len()
}

/// The heads of a table, and the labels of its rows.
fn words(parts: &Parts) -> Vec<String> {
    let tables = parts.tables();
    tables
        .into_iter()
        .flat_map(|(_, rows)| rows[0].iter().cloned().chain(rows[1..].iter().map(|r| r[0].clone())).collect::<Vec<_>>())
        .collect()
}

fn is_met(item: usize, parts: &Parts) -> bool {
    if item < 15 { table_is_met(item, parts) } else { sheet_is_met(item, parts) }
}

/// Items of tables and footnotes.
fn table_is_met(item: usize, parts: &Parts) -> bool {
    let styles = parts.part("xl/styles.xml");
    let tables = parts.tables();
    let cells = || tables.iter().flat_map(|(_, rows)| rows.iter().flatten());
    match item {
        1 => parts.tables_xml().len() == tables.len() && parts.tables_xml().iter().all(|t| t.contains("altText=\"")),
        2 => {
            let names: Vec<String> = parts.tables_xml().iter().flat_map(|t| attributes(t, "displayName")).collect();
            names.len() == tables.len() && distinct(&names) && names.iter().all(|n| n.starts_with("table_"))
        }
        3 => parts.none_of(&["<mergeCell"]),
        4 => tables.iter().all(|(_, rows)| {
            let wide = rows[0].len();
            rows.iter().all(|row| row.iter().any(|c| !c.is_empty()))
                && (0..wide).all(|column| rows.iter().any(|row| !row[column].is_empty()))
        }),
        5 => {
            let headless = parts.tables_xml().iter().any(|t| t.contains("headerRowCount=\"0\""));
            !headless && tables.iter().all(|(_, rows)| distinct(&rows[0]) && rows[0].iter().all(|c| !c.is_empty()))
        }
        6 => wrapped(parts, styles),
        7 => parts.none_of(&["<autoFilter", "<pane "]) && parts.tables_xml().iter().all(|t| !t.contains("<autoFilter")),
        8 => cells().all(|cell| !cell.trim().is_empty()),
        9 => parts.none_of(&["hidden=\"1\""]) && !parts.part("xl/workbook.xml").contains("state=\"hidden\""),
        10 => {
            let columns = parts.sheets_xml().into_iter().flat_map(|xml| xml.split("<col ").skip(1));
            let widths: Vec<f64> = columns
                .flat_map(|c| attributes(&format!(" {c}"), "width")[..1].to_vec())
                .map(|w| w.parse().unwrap())
                .collect();
            !widths.is_empty() && widths.iter().all(|width| (10.0..=95.0).contains(width))
        }
        11 => {
            !styles.contains("vertAlign")
                && !parts.part("xl/sharedStrings.xml").contains("vertAlign")
                && !cells().any(|c| c.contains(['①', '②', '†', '‡']))
        }
        12 | 13 => tables.iter().all(|(_, rows)| {
            let last = rows[0].len() - 1;
            let free = |column: usize| column == last && rows[0][last] == "注释" || rows[0][0] == "注释编号";
            rows[1..].iter().all(|row| row.iter().enumerate().all(|(c, text)| free(c) || !text.contains("[注")))
        }),
        14 => {
            let refers = cells().any(|cell| cell.contains("[注"));
            !refers || parts.sheets.iter().any(|sheet| sheet.sheet == "注释")
        }
        _ => panic!("item {item} has no check"),
    }
}

/// Items of format, structure and publishing.
fn sheet_is_met(item: usize, parts: &Parts) -> bool {
    let styles = parts.part("xl/styles.xml");
    let tables = parts.tables();
    match item {
        16 => {
            let names: BTreeSet<&str> = parts.sheets.iter().map(|sheet| sheet.sheet.as_str()).collect();
            let contents = parts.sheets.iter().find(|sheet| sheet.sheet == "目录").expect("contents");
            let start = table_start(contents).expect("a table");
            (start + 1..contents.rows).all(|row| names.contains(contents.text(row, 0)))
                && parts.sheets_xml()[1].matches("<hyperlink ").count() as u32 == contents.rows - start - 1
        }
        17 => {
            let fonts = styles.split_once("<fonts").and_then(|(_, rest)| rest.split_once("</fonts>")).expect("fonts").0;
            let fonts: Vec<&str> = fonts.split("<font>").skip(1).collect();
            let cells =
                styles.split_once("<cellXfs").and_then(|(_, rest)| rest.split_once("</cellXfs>")).expect("styles").0;
            let of_style: Vec<usize> = attributes(cells, "fontId").iter().map(|id| id.parse().unwrap()).collect();
            // What no cell wears, such as the default, is not seen.
            let worn: BTreeSet<usize> = parts
                .sheets_xml()
                .iter()
                .flat_map(|xml| {
                    xml.split("<c ").skip(1).filter_map(|c| attributes(&format!(" {c}"), "s").into_iter().next())
                })
                .map(|style| of_style[style.parse::<usize>().unwrap()])
                .collect();
            worn.iter().all(|id| {
                let size = fonts[*id].split("<sz val=\"").nth(1).and_then(|s| s.split('"').next()).expect("a size");
                size.parse::<f64>().unwrap() >= 12.0 && !fonts[*id].contains("<i/>")
            })
        }
        18 => {
            let titles: Vec<&str> = parts.sheets.iter().map(|sheet| sheet.text(0, 0)).collect();
            let heading = styles.contains("name=\"Heading 1\"") && styles.contains("builtinId=\"16\"");
            heading && distinct(&titles) && titles.iter().all(|title| !title.is_empty())
        }
        19 => !words(parts).iter().any(|text| text.contains(['*', '#', '&', '†', '‡', '§'])),
        20 => parts.none_of(&["<headerFooter", "<drawing", "<legacyDrawing"]),
        21 => styles.contains("<borders count=\"1\">"),
        22 => styles.contains("<fills count=\"2\">"),
        23 | 24 => !styles.contains("<color rgb="),
        25 | 26 => {
            !parts.parts.keys().any(|name| name.contains("media") || name.contains("vba") || name.contains("drawing"))
        }
        27 => distinct(&parts.sheets.iter().map(|sheet| sheet.sheet.to_lowercase()).collect::<Vec<_>>()),
        28 => parts.sheets.iter().all(|sheet| !sheet.is_empty()),
        29 => parts.sheets.iter().skip(1).all(|sheet| {
            let above: Vec<&str> = (0..table_start(sheet).expect("a table")).map(|row| sheet.text(row, 0)).collect();
            above.iter().any(|line| line.starts_with("本工作表有一个表。")) && above.iter().all(|line| !line.is_empty())
        }),
        30 => parts.tables_xml().iter().all(|t| attributes(t, "ref")[0].starts_with('A')),
        31 => tables.iter().all(|(nth, rows)| {
            let sheet = &parts.sheets[*nth];
            let last = format!(":{}", address(sheet.cols - 1, sheet.rows));
            let table = parts.tables_xml().iter().any(|t| attributes(t, "ref")[0].ends_with(&last));
            table && rows.last().is_some_and(|row| row.iter().all(|cell| !cell.is_empty()))
        }),
        32 => parts.sheets_xml().iter().all(|xml| xml.matches("<tablePart ").count() <= 1),
        35 => {
            let core = parts.part("docProps/core.xml");
            ["<dc:title>", "<dc:creator>", "<dc:subject>", "<dc:language>zh-CN"].iter().all(|tag| core.contains(tag))
        }
        36 => parts.none_of(&["<selection "]) && !parts.part("xl/workbook.xml").contains("activeTab"),
        _ => panic!("item {item} has no check"),
    }
}

/// Every cell of a table wears a style that wraps.
fn wrapped(parts: &Parts, styles: &str) -> bool {
    let cells = styles.split_once("<cellXfs").and_then(|(_, rest)| rest.split_once("</cellXfs>")).expect("styles").0;
    let wraps: Vec<bool> = cells.split("<xf ").skip(1).map(|xf| xf.contains("wrapText=\"1\"")).collect();
    parts.tables().iter().all(|(nth, rows)| {
        let xml = parts.sheets_xml()[*nth];
        let first = parts.sheets[*nth].rows as usize - rows.len() + 1;
        let own =
            xml.split("<row ").skip(1).filter(|row| row.split('"').nth(1).unwrap().parse::<usize>().unwrap() >= first);
        own.flat_map(|row| row.split("<c ").skip(1)).all(|cell| {
            let style = attributes(&format!(" {cell}"), "s").first().map_or(0, |s| s.parse().unwrap());
            wraps[style]
        })
    })
}

/// `C12`, of a column from 0 and a row from 1.
fn address(column: u32, row: u32) -> String {
    let letter = |n: u32| char::from(b'A' + n as u8);
    let letters = if column < 26 {
        letter(column).to_string()
    } else {
        format!("{}{}", letter(column / 26 - 1), letter(column % 26))
    };
    format!("{letters}{row}")
}

#[test]
fn accessible_workbooks_meet_the_checklist() {
    let text = std::fs::read_to_string(root().join("docs/accessibility.md")).expect("the checklist");
    let items: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells.get(1).is_some_and(|n| n.parse::<usize>().is_ok()))
        .collect();
    assert_eq!(items.len(), 36);
    let met: Vec<usize> =
        items.iter().filter(|cells| cells[3] == "met").map(|cells| cells[1].parse().unwrap()).collect();
    assert!(met.len() >= 33, "{} items are met", met.len());
    let books = files(&sample().file("out/tables"), ".accessible.xlsx");
    assert_eq!(books.len(), 6);
    let mut faults = Vec::new();
    for path in books {
        let parts = Parts::open(&path);
        for item in met.iter().filter(|item| !is_met(**item, &parts)) {
            faults.push(format!("{}: item {item}, {}", path.display(), items[item - 1][2]));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
