//! Readers of the printed products, none of which knows how they are written: workbooks by the project's own grid, pages by
//! an HTML parser, documents by their XML.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use quick_xml::events::Event;
use scraper::{ElementRef, Html, Selector};
use shebao::grid;

/// One place of a line; a cell over several places fills all of them, and is `first` in one.
#[derive(Clone, Debug, Default)]
pub struct Slot {
    pub text: String,
    pub first: bool,
}

#[derive(Clone, Debug)]
pub enum Line {
    /// One text over the whole width.
    Whole(String),
    Slots(Vec<Slot>),
}

/// How many lines the head has and how many columns the labels.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub head: usize,
    pub labels: usize,
}

/// A body cell as its reader sees it: what stands there, its status, and the notes on it and on its labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub text: String,
    pub status: String,
    pub notes: Vec<String>,
}

pub fn workbook(path: &Path) -> Vec<Line> {
    let document = grid::read(path, &path.to_string_lossy(), grid::Declared::default())
        .unwrap_or_else(|f| panic!("{}", f.render()));
    let sheet = &document.grids[0];
    let reach = sheet.merges().iter().map(|m| (m.last.row + 1, m.last.col + 1));
    let (rows, cols) = reach.fold((sheet.rows, sheet.cols), |a, b| (a.0.max(b.0), a.1.max(b.1)));
    let mut slots = vec![vec![Slot { text: String::new(), first: true }; cols as usize]; rows as usize];
    for (row, line) in slots.iter_mut().enumerate() {
        for (col, slot) in line.iter_mut().enumerate() {
            slot.text = sheet.text(row as u32, col as u32).to_owned();
        }
    }
    let mut whole = vec![false; rows as usize];
    for merge in sheet.merges() {
        let text = slots[merge.first.row as usize][merge.first.col as usize].text.clone();
        for row in merge.first.row..=merge.last.row {
            for col in merge.first.col..=merge.last.col {
                let first = (row, col) == (merge.first.row, merge.first.col);
                slots[row as usize][col as usize] = Slot { text: text.clone(), first };
            }
        }
        whole[merge.first.row as usize] |= merge.first.col == 0 && merge.last.col + 1 == cols;
    }
    let line = |(slots, whole): (Vec<Slot>, bool)| match whole {
        true => Line::Whole(slots[0].text.clone()),
        false => Line::Slots(slots),
    };
    slots.into_iter().zip(whole).map(line).collect()
}

fn select(css: &str) -> Selector {
    Selector::parse(css).expect("a selector")
}

fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect()
}

/// The page's table and what stands below it; the page alone says what is a head.
pub fn page(path: &Path) -> (Vec<Line>, Shape) {
    let document = Html::parse_document(&std::fs::read_to_string(path).expect("a page"));
    let mut said: Vec<Line> =
        document.select(&select("caption")).map(|caption| Line::Whole(text_of(caption))).collect();
    let head = document.select(&select("thead tr")).count();
    let rows: Vec<ElementRef<'_>> = document.select(&select("main table tr")).collect();
    let number = |cell: &ElementRef<'_>, name: &str| cell.attr(name).and_then(|n| n.parse().ok()).unwrap_or(1_usize);
    let cell = |cell: ElementRef<'_>| (text_of(cell), number(&cell, "colspan"), number(&cell, "rowspan"));
    let cells: Vec<Vec<_>> = rows.iter().map(|row| row.select(&select("th, td")).map(cell).collect()).collect();
    said.extend(lines(&cells).into_iter().map(Line::Slots));
    said.extend(document.select(&select("footer.notes p")).map(|line| Line::Whole(text_of(line))));
    let first = rows.get(head).expect("a row");
    let labels = first.select(&select("th")).map(|cell| number(&cell, "colspan")).sum();
    (said, Shape { head, labels })
}

/// Rows of cells, each with its text, its width and its height, with every place that a cell covers.
pub fn lines(rows: &[Vec<(String, usize, usize)>]) -> Vec<Vec<Slot>> {
    let mut slots: Vec<Vec<Option<Slot>>> = vec![Vec::new(); rows.len()];
    for (at, row) in rows.iter().enumerate() {
        let mut column = 0;
        for (text, wide, high) in row {
            while slots[at].get(column).is_some_and(Option::is_some) {
                column += 1;
            }
            for (down, line) in slots.iter_mut().skip(at).take(*high).enumerate() {
                line.resize(line.len().max(column + wide), None);
                for (across, slot) in line[column..column + wide].iter_mut().enumerate() {
                    *slot = Some(Slot { text: text.clone(), first: (down, across) == (0, 0) });
                }
            }
            column += wide;
        }
    }
    slots.into_iter().map(|line| line.into_iter().map(Option::unwrap_or_default).collect()).collect()
}

/// The paragraphs and tables of a document, in order.
pub fn document(path: &Path) -> Vec<Line> {
    let file = std::fs::File::open(path).expect("a document");
    let mut archive = zip::ZipArchive::new(file).expect("an archive");
    let mut text = String::new();
    archive.by_name("word/document.xml").expect("the document").read_to_string(&mut text).expect("text");
    let mut reader = quick_xml::Reader::from_str(&text);
    let (mut lines, mut row): (Vec<Line>, Vec<Slot>) = (Vec::new(), Vec::new());
    let (mut words, mut wide, mut merge, mut in_table) = (String::new(), 1_usize, None::<bool>, false);
    loop {
        match reader.read_event().expect("well formed") {
            Event::Eof => return lines,
            Event::Start(e) | Event::Empty(e) => {
                let value = |name: &str| {
                    let found = e.attributes().flatten().find(|a| a.key.as_ref() == name);
                    found.map(|a| a.value.to_string())
                };
                match e.name().as_ref() {
                    "w:tbl" => in_table = true,
                    "w:tr" => row.clear(),
                    "w:tc" => (wide, merge) = (1, None),
                    "w:gridSpan" => wide = value("w:val").and_then(|n| n.parse().ok()).expect("a number"),
                    "w:vMerge" => merge = Some(value("w:val").as_deref() == Some("restart")),
                    "w:br" => words.push('\n'),
                    _ => {}
                }
            }
            Event::Text(t) => words.push_str(t.as_ref()),
            Event::GeneralRef(r) => words.push_str(match r.as_ref() {
                "amp" => "&",
                "lt" => "<",
                "gt" => ">",
                _ => "\"",
            }),
            Event::End(e) => match e.name().as_ref() {
                "w:tc" => {
                    let text = std::mem::take(&mut words);
                    for across in 0..wide {
                        let above = lines.last().and_then(|line| match line {
                            Line::Slots(slots) => slots.get(row.len()).map(|slot| slot.text.clone()),
                            Line::Whole(_) => None,
                        });
                        let goes_on = merge == Some(false);
                        let own = if goes_on { above.unwrap_or_default() } else { text.clone() };
                        row.push(Slot { text: own, first: across == 0 && !goes_on });
                    }
                }
                "w:tr" => lines.push(Line::Slots(row.clone())),
                "w:tbl" => in_table = false,
                "w:p" if !in_table => lines.push(Line::Whole(std::mem::take(&mut words))),
                _ => {}
            },
            _ => {}
        }
    }
}

/// ① … ⑳ and what follows them in Unicode.
fn is_note(c: char) -> bool {
    matches!(c, '\u{2460}'..='\u{2473}' | '\u{3251}'..='\u{325F}' | '\u{32B1}'..='\u{32BF}')
}

/// The body of a table, over all its pages.
pub fn body(lines: &[Line], shape: Shape) -> Vec<Vec<Option<Seen>>> {
    let mut notes: BTreeMap<char, String> = BTreeMap::new();
    for line in lines {
        if let Line::Whole(text) = line
            && let Some(sign) = text.chars().next().filter(|c| is_note(*c))
        {
            notes.insert(sign, text[sign.len_utf8()..].to_owned());
        }
    }
    let mut body = Vec::new();
    let (mut heads, mut nth): (Vec<&Vec<Slot>>, usize) = (Vec::new(), 0);
    for line in lines {
        let Line::Slots(slots) = line else {
            (heads, nth) = (Vec::new(), 0);
            continue;
        };
        nth += 1;
        if nth <= shape.head {
            heads.push(slots);
            continue;
        }
        let seen = |(column, slot): (usize, &Slot)| {
            let labels = slots[..shape.labels].iter().chain(heads.iter().map(|head| &head[column]));
            let own = slot.text.trim_end_matches(is_note);
            let signs = slot.text[own.len()..].chars();
            let signs = signs.chain(labels.flat_map(|label| label.text.chars().filter(|c| is_note(*c))));
            let mut bound: Vec<String> = signs.map(|sign| notes.get(&sign).cloned().unwrap_or_default()).collect();
            bound.sort();
            bound.dedup();
            let status = own.chars().last().filter(|c| matches!(c, 'p' | 'r' | 'e')).map(String::from);
            let text = own.strip_suffix(status.as_deref().unwrap_or("")).unwrap_or(own).to_owned();
            slot.first.then(|| Seen { text: plain(&text), status: status.unwrap_or_default(), notes: bound })
        };
        body.push(slots.iter().enumerate().skip(shape.labels).map(seen).collect());
    }
    body
}

/// A text without its line breaks, which are the page's and not the figure's.
pub fn plain(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect::<String>().trim_matches(' ').to_owned()
}
