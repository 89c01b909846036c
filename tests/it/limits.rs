//! Files made to exhaust the machine end in an error that names the limit, whatever reader they are for.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::Path;

use shebao::grid;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

fn zipped(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A workbook of `sheets` sheets, all with the same content.
fn xlsx(content: &str, sheets: usize) -> Vec<u8> {
    let mut listed = String::new();
    let mut relations = String::new();
    for nth in 1..=sheets {
        write!(listed, r#"<sheet name="s{nth}" sheetId="{nth}" r:id="r{nth}"/>"#).unwrap();
        let target = "worksheets/sheet1.xml";
        write!(relations, r#"<Relationship Id="r{nth}" Type="{OFFICE}/worksheet" Target="{target}"/>"#).unwrap();
    }
    let root = format!(r#"<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>"#);
    let list = |text: &str| format!(r#"<Relationships xmlns="{PACKAGE}">{text}</Relationships>"#);
    zipped(&[
        ("_rels/.rels", &list(&root)),
        ("xl/_rels/workbook.xml.rels", &list(&relations)),
        (
            "xl/workbook.xml",
            &format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>"#),
        ),
        ("xl/worksheets/sheet1.xml", &format!(r#"<worksheet xmlns="{MAIN}">{content}</worksheet>"#)),
    ])
}

fn ods(rows: &str) -> Vec<u8> {
    let content = format!("<d><table:table table:name=\"t\">{rows}</table:table></d>");
    zipped(&[("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", &content)])
}

/// What reading gives: the limit that is passed, or how many cells there are.
fn outcome(name: &str, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    match grid::read(&path, name, grid::Declared::default()) {
        Ok(document) => format!("{} cells", document.grids.iter().map(|g| g.iter().count()).sum::<usize>()),
        Err(d) => {
            assert_eq!((d.code, d.place.file.as_deref()), ("too-large", Some(name)), "{}", d.render());
            assert!(!d.hints.is_empty());
            d.message.rsplit("more than ").next().unwrap().to_owned()
        }
    }
}

#[test]
fn workbooks() {
    let cell = |name: &str| format!(r#"<sheetData><row><c r="{name}"><v>1</v></c></row></sheetData>"#);
    let whole = r#"<dimension ref="A1:XFD1048576"/>"#;
    let check = |content: &str, expected: &str| assert_eq!(outcome("a.xlsx", &xlsx(content, 1)), expected);
    check(&format!("{whole}{}", cell("XFD1048576")), "1 cells");
    check(&cell("A1048577"), "1048576 rows");
    check(&cell("XFE1"), "16384 columns");
    check(&cell("ZZZZZZ4294967295"), "1048576 rows");
    let merge = r#"<mergeCell ref="A1:B1"/>"#;
    check(&format!("{}{}", cell("A1"), merge.repeat(100_001)), "100000 merged cells in a sheet");
    let long = "x".repeat(1_000_001);
    check(
        &format!(r#"<sheetData><row><c t="str"><v>{long}</v></c></row></sheetData>"#),
        "1000000 characters in a cell",
    );
    assert_eq!(outcome("a.xlsx", &xlsx(&cell("A1"), 1_001)), "1000 sheets");
}

#[test]
fn a_zip_bomb_is_told_by_how_much_it_swells() {
    let bomb = " ".repeat(40 << 20);
    assert_eq!(outcome("a.xlsx", &xlsx(&bomb, 1)), "250 times its packed size in a part");
    assert_eq!(outcome("a.ods", &ods(&bomb)), "250 times its packed size in a part");
}

#[test]
fn repeated_cells_are_counted_not_made() {
    let row = |rows: u32, cols: u32, text: &str| {
        format!(
            "<table:table-row table:number-rows-repeated=\"{rows}\"><table:table-cell \
             table:number-columns-repeated=\"{cols}\">{text}</table:table-cell></table:table-row>"
        )
    };
    let check = |rows: &str, expected: &str| assert_eq!(outcome("a.ods", &ods(rows)), expected);
    check(&row(1_048_576, 16_384, "<text:p>1</text:p>"), "5000000 cells");
    check(&format!("{}{}", row(1_000_000, 16_384, ""), row(1, 1, "<text:p>1</text:p>")), "1 cells");
    check(&format!("{}{}", row(4_000_000_000, 1, ""), row(1, 1, "<text:p>1</text:p>")), "1048576 rows");
    check(&row(1, 4_000_000_000, "<text:p>1</text:p>"), "5000000 cells");
    check(&row(1, 20_000, "<text:p>1</text:p>"), "16384 columns");
    check(&row(1, 1, "<text:p>a<text:s text:c=\"4000000000\"/>b</text:p>"), "1000000 characters in a cell");
}

#[test]
fn texts_and_pages() {
    assert_eq!(outcome("a.csv", &b",".repeat(2 << 20)), "16384 columns");
    let nested = format!("<table><tr><td>{}", "<div>".repeat(100_000));
    assert_eq!(outcome("a.html", nested.as_bytes()), "512 elements open at once");
    let wide = format!("<table><tr>{}</table>", "<td colspan=1000>1".repeat(20));
    assert_eq!(outcome("a.html", wide.as_bytes()), "16384 columns");
    assert_eq!(outcome("a.html", format!("<table>{}", " ".repeat(17 << 20)).as_bytes()), "16777216 bytes in a page");
}

/// A file that states it holds more than it does is cut short, not trusted.
#[test]
fn stated_sizes_are_not_trusted() {
    let mut header = vec![0u8; 33];
    header[0] = 3;
    header[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    header[8..10].copy_from_slice(&33u16.to_le_bytes());
    header[10..12].copy_from_slice(&1u16.to_le_bytes());
    header[32] = 0x0D;
    let folder = tempfile::tempdir().unwrap();
    let path: &Path = &folder.path().join("a.dbf");
    std::fs::write(path, header).unwrap();
    assert_eq!(grid::read(path, "a.dbf", grid::Declared::default()).unwrap_err().code, "truncated-file");
}
