//! Web pages: every table that holds text is a grid, its spans expanded as a browser lays them out.

use scraper::{ElementRef, Html, Node, Selector};

use super::limit::{self, CellCount};
use super::sheet::Builder;
use super::{Addressing, Cell, Document, Format, Grid, encoding};
use crate::diag::{Diagnostic, Place};

/// Spans beyond these are cut, as browsers do.
const COLSPAN: u32 = 1_000;
const ROWSPAN: u32 = 65_534;

pub(super) fn read(bytes: &[u8], shown: &str, declared: Option<&str>) -> Result<Document, Diagnostic> {
    let charset = match declared.map(str::to_owned).or_else(|| declared_in_page(bytes)) {
        Some(label) => encoding::named(&label)?,
        None => encoding::detect(bytes),
    };
    let text = encoding::decode(bytes, charset).map_err(|fault| {
        let line = fault.before.matches('\n').count() + 1;
        let mut diagnostic = fault.diagnostic(true, bytes).at(Place::file(shown));
        diagnostic.message.push_str(&format!(", in line {line}"));
        diagnostic
    })?;
    check_size(&text)?;
    let page = Html::parse_document(&text);
    let tables = Selector::parse("table").expect("a valid selector");
    let count = CellCount::default();
    let mut grids = Vec::new();
    for table in page.select(&tables) {
        // A table around tables lays out the page; it is the inner ones that hold data.
        if table.select(&tables).next().is_some() {
            continue;
        }
        let grid = read_table(table, &count)?;
        if !grid.is_empty() {
            grids.push(grid);
        }
        if grids.len() > limit::SHEETS {
            return Err(limit::exceeded("tables", limit::SHEETS as u64));
        }
    }
    if grids.is_empty() {
        return Err(Diagnostic::error("no-table", "the page holds no table with text")
            .hint("a page that loads its table later must be saved from the browser, as a whole page"));
    }
    name_tables(&mut grids);
    let encoding = Some(encoding::name(charset));
    let doubt = declared.and_then(|_| encoding::doubt(bytes, charset));
    let diagnostics = doubt.map(|d| d.at(Place::file(shown))).into_iter().collect();
    Ok(Document { format: Format::Html, encoding, grids, diagnostics })
}

/// A page whose elements are never closed takes time by the square of its size.
fn check_size(text: &str) -> Result<(), Diagnostic> {
    // Elements whose end no page leaves out.
    const CLOSED: [&str; 18] = [
        "span", "div", "font", "b", "i", "a", "u", "s", "em", "strong", "small", "big", "code", "tt", "strike", "nobr",
        "sub", "sup",
    ];
    if text.len() > limit::PAGE_BYTES {
        return Err(limit::exceeded("bytes in a page", limit::PAGE_BYTES as u64));
    }
    let mut open = 0usize;
    for tag in text.split('<').skip(1) {
        let (closes, rest) = tag.strip_prefix('/').map_or((false, tag), |rest| (true, rest));
        let name = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
        if CLOSED.iter().any(|n| n.eq_ignore_ascii_case(name)) {
            open = if closes { open.saturating_sub(1) } else { open + 1 };
        }
        if open > limit::OPEN_ELEMENTS {
            return Err(limit::exceeded("elements open at once", limit::OPEN_ELEMENTS as u64));
        }
    }
    Ok(())
}

/// The only table of a page needs no name; of several, those without a caption get a number.
fn name_tables(grids: &mut [Grid]) {
    if let [only] = grids {
        only.sheet.clear();
        return;
    }
    for (index, grid) in grids.iter_mut().enumerate().filter(|(_, grid)| grid.sheet.is_empty()) {
        grid.sheet = format!("table {}", index + 1);
    }
}

/// `<meta charset=…>` or the older `<meta http-equiv content="text/html; charset=…">`, near the top of the page. A byte
/// order mark goes before it.
fn declared_in_page(bytes: &[u8]) -> Option<String> {
    const HEAD_BYTES: usize = 4096;
    if encoding_rs::Encoding::for_bom(bytes).is_some() {
        return None;
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD_BYTES)]).to_lowercase();
    let meta = head.split("<meta").skip(1).filter_map(|part| part.split('>').next());
    let label = meta.filter_map(|part| part.split_once("charset=")).map(|(_, rest)| {
        let rest = rest.trim_start_matches(['"', '\'', ' ']);
        rest.split(|c: char| !(c.is_ascii_alphanumeric() || "-_:".contains(c))).next().unwrap_or("").to_owned()
    });
    label.into_iter().find(|l| encoding::named(l).is_ok())
}

fn read_table(table: ElementRef, count: &CellCount) -> Result<Grid, Diagnostic> {
    let caption = Selector::parse("caption").expect("a valid selector");
    let rows = Selector::parse("tr").expect("a valid selector");
    let name = table.select(&caption).next().map(|c| shown_text(c).replace('\n', " ")).unwrap_or_default();
    let mut grid = Builder::new(name, Addressing::RowColumn, count);
    let rows: Vec<ElementRef> = table.select(&rows).collect();
    // For each column, the first row that no cell from above reaches into.
    let mut free_from: Vec<u32> = Vec::new();
    for (row, element) in rows.iter().enumerate() {
        let row = row as u32;
        let mut col = 0;
        for cell in element.child_elements().filter(|e| matches!(e.value().name(), "td" | "th")) {
            while free_from.get(col as usize).is_some_and(|free| *free > row) {
                col += 1;
            }
            let across = span(cell, "colspan", COLSPAN).max(1);
            let rest = rows.len() as u32 - row;
            let down = match span(cell, "rowspan", ROWSPAN) {
                0 => rest,
                down => down.min(rest),
            };
            let end = (col + across) as usize;
            if end > limit::COLUMNS as usize {
                return Err(limit::exceeded("columns", u64::from(limit::COLUMNS)));
            }
            free_from.resize(free_from.len().max(end), 0);
            free_from[col as usize..end].fill(row + down);
            let text = shown_text(cell);
            if !text.is_empty() {
                grid.put(row, col, Cell { bold: is_bold(cell), ..Cell::text(text) })?;
            }
            grid.merge((row, col), (row + down - 1, col + across - 1))?;
            col += across;
        }
    }
    Ok(grid.finish())
}

fn span(cell: ElementRef, name: &str, most: u32) -> u32 {
    cell.attr(name).and_then(|v| v.trim().parse::<u32>().ok()).unwrap_or(1).min(most)
}

fn is_bold(cell: ElementRef) -> bool {
    let style = cell.attr("style").unwrap_or("").to_lowercase().replace(' ', "");
    cell.value().name() == "th"
        || style.contains("font-weight:bold")
        || cell.child_elements().next().is_some_and(|e| matches!(e.value().name(), "b" | "strong"))
}

/// The text as a browser shows it: white space in the source is one space, `<br>` and paragraphs are line breaks, a
/// no-break space is a space that stays (yearbooks indent with it).
fn shown_text(element: ElementRef) -> String {
    let mut raw = String::new();
    collect(element, &mut raw);
    let lines = raw.split('\n').map(|line| line.trim_matches(' '));
    let text = lines.collect::<Vec<_>>().join("\n").replace('\u{a0}', " ");
    let text = text.trim_matches('\n').trim_end_matches(' ');
    if text.chars().all(|c| c == ' ' || c == '\n') { String::new() } else { text.to_owned() }
}

/// Walks with a stack of its own: a page may nest its elements deeper than a thread's stack reaches.
fn collect(element: ElementRef, out: &mut String) {
    let mut open = vec![(element.children(), false)];
    while let Some((children, is_block)) = open.last_mut() {
        let Some(child) = children.next() else {
            if *is_block {
                start_line(out);
            }
            open.pop();
            continue;
        };
        match child.value() {
            Node::Text(text) => {
                for c in text.chars() {
                    if !c.is_ascii_whitespace() {
                        out.push(c);
                    } else if !out.ends_with([' ', '\n']) {
                        out.push(' ');
                    }
                }
            }
            Node::Element(inner) => match inner.name() {
                "script" | "style" | "template" => {}
                "br" => out.push('\n'),
                "p" | "div" | "li" => {
                    start_line(out);
                    open.push((child.children(), true));
                }
                _ => open.push((child.children(), false)),
            },
            _ => {}
        }
    }
}

fn start_line(out: &mut String) {
    if !out.trim_end_matches(' ').is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(page: &str, expected: &[&str]) {
        let document = read(page.as_bytes(), "a.html", None).unwrap();
        let mut shown = Vec::new();
        for grid in &document.grids {
            shown.extend(Some(&grid.sheet).filter(|s| !s.is_empty()).map(|s| format!("[{s}]")));
            shown.extend(grid.iter().map(|(at, cell)| format!("{}={}", grid.address(at), cell.text)));
        }
        assert_eq!(shown, expected);
    }

    #[test]
    fn spans_are_expanded() {
        check(
            "<table><tr><th rowspan=2>a<th colspan=2>b</th></tr><tr><td>c<td>d</tr><tr><td>e<td><td>f</table>",
            &["R1C1=a", "R1C2=b", "R2C2=c", "R2C3=d", "R3C1=e", "R3C3=f"],
        );
        check("<table><tr><td rowspan=9>a<td>b</tr><tr><td>c</tr></table>", &["R1C1=a", "R1C2=b", "R2C2=c"]);
    }

    #[test]
    fn text_is_what_a_browser_shows() {
        check(
            "<table><tr><td> a \n b<br>c &nbsp;d<td>&nbsp;<td>　<td><p>x</p><p>y</p></table>",
            &["R1C1=a b\nc  d", "R1C3=　", "R1C4=x\ny"],
        );
    }

    #[test]
    fn a_page_may_not_nest_without_end() {
        let page = |depth| format!("<table><tr><td>{}a</table>", "<span>".repeat(depth));
        check(&page(500), &["R1C1=a"]);
        check(&format!("<table><tr><td>{}", "<SPAN>a</SPAN>".repeat(1000)), &[&format!("R1C1={}", "a".repeat(1000))]);
        let fault = read(page(100_000).as_bytes(), "a.html", None).unwrap_err();
        assert!(fault.message.ends_with("512 elements open at once"), "{}", fault.message);
    }

    #[test]
    fn several_tables_have_names() {
        check(
            "<table><tr><td><table><tr><td>a</table><table><caption>表 2</caption><tr><td>b</table></table>",
            &["[table 1]", "R1C1=a", "[表 2]", "R1C1=b"],
        );
    }

    #[test]
    fn the_page_names_its_encoding() {
        let page = b"<html><meta http-equiv=\"Content-Type\" content=\"text/html; charset=gb2312\"><table><td>\xB2\xCE</table>";
        let document = read(page, "a.html", None).unwrap();
        assert_eq!(document.encoding.as_deref(), Some("GB18030"));
        assert_eq!(document.grids[0].text(0, 0), "参");
    }

    #[test]
    fn a_page_without_a_table_is_refused() {
        assert_eq!(read(b"<html><p>no</p></html>", "a.html", None).unwrap_err().code, "no-table");
    }
}
