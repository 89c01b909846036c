//! OpenDocument spreadsheets: the yearbook layout of one table, and the machine-readable layout of a report. The parts of the
//! container are written here; what stands where was decided by `table::sheet` and by `accessible`.

use std::collections::BTreeMap;

use super::accessible::{Book, Value};
use super::keys;
use super::pack::pack;
use super::xml::Xml;
use crate::diag::Diagnostic;
use crate::report::definition::spec::{Palette, Sign};
use crate::report::table::format::Figure;
use crate::report::table::frame::Frame;
use crate::report::table::key::{Keyed, addresses, keyed};
use crate::report::table::sheet::{
    Align, BODY_SIZE, LINE_POINTS, Look, NOTE_SIZE, Placed, Rules, Sheet, Size, Slot, TITLE_SIZE, What, slots,
};

const MIMETYPE: &str = "application/vnd.oasis.opendocument.spreadsheet";

/// Centimetres of a half-width character.
const CHARACTER_CM: f64 = 0.19;

const NAMESPACES: [(&str, &str); 9] = [
    ("xmlns:office", "urn:oasis:names:tc:opendocument:xmlns:office:1.0"),
    ("xmlns:table", "urn:oasis:names:tc:opendocument:xmlns:table:1.0"),
    ("xmlns:text", "urn:oasis:names:tc:opendocument:xmlns:text:1.0"),
    ("xmlns:style", "urn:oasis:names:tc:opendocument:xmlns:style:1.0"),
    ("xmlns:fo", "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"),
    ("xmlns:number", "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0"),
    ("xmlns:xlink", "http://www.w3.org/1999/xlink"),
    ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
    ("xmlns:meta", "urn:oasis:names:tc:opendocument:xmlns:meta:1.0"),
];

/// The yearbook layout of one table.
///
/// # Errors
/// The table has no cells.
pub fn render(frame: &Frame, palette: &Palette) -> Result<Vec<u8>, Diagnostic> {
    let laid = Sheet::of(frame);
    let mut styles = Styles::default();
    let mut body = Xml::new();
    body.open("office:spreadsheet", &[]);
    yearbook(&mut body, &laid, &mut styles);
    let paper = Paper { landscape: laid.landscape, page_numbers: true };
    let keys = keyed(frame, &laid.name, &addresses(frame));
    file(body, &styles, palette, (&frame.full_title(), &frame.source), paper, &keys)
}

/// The machine-readable layout of a report.
///
/// # Errors
/// The report does not fit an archive.
pub fn render_book(book: &Book, palette: &Palette) -> Result<Vec<u8>, Diagnostic> {
    let mut styles = Styles::default();
    let mut body = Xml::new();
    body.open("office:spreadsheet", &[]);
    for sheet in &book.sheets {
        let widths: Vec<String> = sheet.widths.iter().map(|width| styles.width(*width)).collect();
        body.open("table:table", &[("table:name", &sheet.name), ("table:style-name", "sheet")]);
        for style in &widths {
            body.empty("table:table-column", &[("table:style-name", style)]);
        }
        for (nth, line) in sheet.above.iter().enumerate() {
            let size = if nth == 0 { Size::Title } else { Size::Body };
            let style = styles.cell(accessible(size, Align::Left, false), None);
            body.open("table:table-row", &[]);
            cell(&mut body, &style, &[], &What::Text(line.clone()));
            body.close();
        }
        if sheet.heads.is_empty() {
            body.close();
            continue;
        }
        let head = styles.cell(accessible(Size::Strong, Align::Left, true), None);
        let heights: Vec<String> =
            sheet.lines.iter().map(|lines| styles.height(*lines as f64 * LINE_POINTS, false)).collect();
        body.open("table:table-row", &[("table:style-name", &heights[0])]);
        sheet.heads.iter().for_each(|text| cell(&mut body, &head, &[], &What::Text(text.clone())));
        body.close();
        for (row, height) in sheet.rows.iter().zip(&heights[1..]) {
            body.open("table:table-row", &[("table:style-name", height)]);
            for value in row {
                if let Value::Link { sheet, text } = value {
                    let style = styles.cell(accessible(Size::Body, Align::Left, true), None);
                    let target = format!("#'{}'.A1", sheet.replace('\'', "''"));
                    body.open("table:table-cell", &[("table:style-name", &style), ("office:value-type", "string")]);
                    body.open("text:p", &[]);
                    body.element("text:a", &[("xlink:type", "simple"), ("xlink:href", &target)], text);
                    body.close().close();
                    continue;
                }
                let (align, what) = match value {
                    Value::Text(text) | Value::Link { text, .. } => (Align::Left, What::Text(text.clone())),
                    Value::Sign(text) => (Align::Right, What::Text(text.clone())),
                    Value::Number(figure) => (Align::Right, What::Number(figure.clone(), String::new())),
                };
                let style = styles.cell(accessible(Size::Body, align, true), figure_of(&what));
                cell(&mut body, &style, &[], &what);
            }
            body.close();
        }
        body.close();
    }
    body.open("table:database-ranges", &[]);
    for sheet in book.sheets.iter().filter(|sheet| !sheet.heads.is_empty()) {
        let (first, last) = (sheet.above.len() + 1, sheet.above.len() + 1 + sheet.rows.len());
        let name = sheet.name.replace('\'', "''");
        let range = format!("'{name}'.A{first}:'{name}'.{}{last}", column_letters(sheet.heads.len() - 1));
        body.empty(
            "table:database-range",
            &[
                ("table:name", &sheet.table_name),
                ("table:target-range-address", &range),
                ("table:display-filter-buttons", "false"),
                ("table:contains-header", "true"),
            ],
        );
    }
    body.close();
    let paper = Paper { landscape: false, page_numbers: false };
    file(body, &styles, palette, (&book.title, &book.description), paper, &book.keys)
}

fn accessible(size: Size, align: Align, wrap: bool) -> Look {
    Look { size, align, wrap, indent: 0, rules: Rules::default() }
}

fn figure_of(what: &What) -> Option<(&Figure, &str)> {
    match what {
        What::Number(figure, signs) => Some((figure, signs)),
        _ => None,
    }
}

/// `A`, `B` … `AA`
pub fn column_letters(column: usize) -> String {
    let last = char::from(b'A' + (column % 26) as u8);
    if column < 26 { last.to_string() } else { format!("{}{last}", column_letters(column / 26 - 1)) }
}

fn yearbook(body: &mut Xml, laid: &Sheet, styles: &mut Styles) {
    let widths: Vec<String> = laid.widths.iter().map(|width| styles.width(*width)).collect();
    body.open("table:table", &[("table:name", &laid.name), ("table:style-name", "sheet")]);
    for style in &widths {
        body.empty("table:table-column", &[("table:style-name", style)]);
    }
    let (lines, breaks) = laid.lines();
    let all = slots(&lines, laid.widths.len());
    // A table of one page repeats its heads where paper is shorter; one of several pages has them on each.
    let repeated = if breaks.is_empty() { laid.head_lines() } else { 0 };
    for (row, places) in all.iter().enumerate() {
        if row == 0 && repeated > 0 {
            body.open("table:table-header-rows", &[]);
        }
        let style = styles.height(lines[row].height, breaks.contains(&row));
        body.open("table:table-row", &[("table:style-name", &style)]);
        for place in places {
            match place {
                Slot::Cell(placed) => placed_cell(body, placed, styles),
                Slot::Across | Slot::Down(_) => {
                    body.empty("table:covered-table-cell", &[]);
                }
                Slot::Empty => {
                    body.empty("table:table-cell", &[]);
                }
            }
        }
        body.close();
        if row + 1 == repeated {
            body.close();
        }
    }
    body.close();
}

fn placed_cell(body: &mut Xml, placed: &Placed, styles: &mut Styles) {
    let style = styles.cell(placed.look, figure_of(&placed.what));
    let (wide, high) = (placed.wide.to_string(), placed.high.to_string());
    let spans = [("table:number-columns-spanned", wide.as_str()), ("table:number-rows-spanned", high.as_str())];
    let spans = if placed.wide > 1 || placed.high > 1 { &spans[..] } else { &[] };
    cell(body, &style, spans, &placed.what);
}

fn cell(body: &mut Xml, style: &str, spans: &[(&str, &str)], what: &What) {
    let mut attributes = vec![("table:style-name", style)];
    attributes.extend(spans);
    let value;
    match what {
        What::Number(figure, _) => {
            value = figure.number.to_string();
            attributes.extend([("office:value-type", "float"), ("office:value", &value)]);
        }
        _ if what.text().is_empty() => {}
        _ => attributes.push(("office:value-type", "string")),
    }
    body.open("table:table-cell", &attributes);
    let text = match what {
        What::Diagonal { rows, columns } => format!("\u{3000}\u{3000}{columns}\n{rows}"),
        other => other.text(),
    };
    for line in text.split('\n').filter(|_| !text.is_empty()) {
        body.element("text:p", &[], line);
    }
    body.close();
}

/// The styles that cells ask for, each once, by what they are.
#[derive(Default)]
struct Styles {
    widths: Vec<usize>,
    /// Tenths of a point, and whether a page begins here.
    heights: Vec<(u64, bool)>,
    cells: BTreeMap<(Look, Option<usize>), usize>,
    numbers: Vec<(u32, bool, Sign, String)>,
}

impl Styles {
    fn width(&mut self, width: usize) -> String {
        format!("co{}", place(&mut self.widths, width))
    }

    fn height(&mut self, points: f64, page: bool) -> String {
        format!("ro{}", place(&mut self.heights, ((points * 10.0).round() as u64, page)))
    }

    fn cell(&mut self, look: Look, figure: Option<(&Figure, &str)>) -> String {
        let number = figure.map(|(figure, signs)| {
            let number = (figure.decimals, figure.grouping, figure.sign.clone(), signs.to_owned());
            place(&mut self.numbers, number)
        });
        let next = self.cells.len();
        format!("ce{}", self.cells.entry((look, number)).or_insert(next))
    }

    fn write(&self, xml: &mut Xml, palette: &Palette) {
        xml.open("office:automatic-styles", &[]);
        for (nth, width) in self.widths.iter().enumerate() {
            let (name, width) = (format!("co{nth}"), format!("{:.2}cm", (*width + 1) as f64 * CHARACTER_CM));
            xml.open("style:style", &[("style:name", &name), ("style:family", "table-column")]);
            xml.empty("style:table-column-properties", &[("style:column-width", &width)]).close();
        }
        for (nth, (tenths, page)) in self.heights.iter().enumerate() {
            let (name, height) = (format!("ro{nth}"), format!("{:.1}pt", *tenths as f64 / 10.0));
            let pages = if *page { "page" } else { "auto" };
            xml.open("style:style", &[("style:name", &name), ("style:family", "table-row")]);
            let height = [("style:row-height", height.as_str()), ("fo:break-before", pages)];
            xml.empty("style:table-row-properties", &height).close();
        }
        xml.open(
            "style:style",
            &[("style:name", "sheet"), ("style:family", "table"), ("style:master-page-name", "page")],
        );
        xml.empty("style:table-properties", &[("table:display", "true")]).close();
        for (nth, number) in self.numbers.iter().enumerate() {
            write_number(xml, nth, number);
        }
        let mut cells: Vec<_> = self.cells.iter().collect();
        cells.sort_by_key(|(_, nth)| **nth);
        for ((look, number), nth) in cells {
            write_cell_style(xml, *nth, look, *number, palette);
        }
        xml.close();
    }
}

fn place<T: PartialEq>(known: &mut Vec<T>, wanted: T) -> usize {
    known.iter().position(|one| *one == wanted).unwrap_or_else(|| {
        known.push(wanted);
        known.len() - 1
    })
}

/// A number format; signs of its own make one for positive and one for negative numbers.
fn write_number(xml: &mut Xml, nth: usize, number: &(u32, bool, Sign, String)) {
    let (decimals, grouping, sign, signs) = number;
    let decimals = decimals.to_string();
    let digits = [
        ("number:decimal-places", decimals.as_str()),
        ("number:min-decimal-places", &decimals),
        ("number:min-integer-digits", "1"),
        ("number:grouping", if *grouping { "true" } else { "false" }),
    ];
    let has_signs = *sign != Sign::default();
    let styles = if has_signs {
        vec![
            (format!("n{nth}p"), sign.positive.as_str()),
            (format!("n{nth}n"), &sign.negative),
            (format!("n{nth}"), ""),
        ]
    } else {
        vec![(format!("n{nth}"), "")]
    };
    for (name, before) in &styles {
        let volatile = [("style:name", name.as_str()), ("style:volatile", "true")];
        let is_part = name.ends_with(['p', 'n']);
        xml.open("number:number-style", if is_part { &volatile } else { &volatile[..1] });
        if !before.is_empty() {
            xml.element("number:text", &[], before);
        }
        xml.empty("number:number", &digits);
        if !signs.is_empty() {
            xml.element("number:text", &[], signs);
        }
        if has_signs && !is_part {
            for (condition, style) in [("value()>0", &styles[0].0), ("value()<0", &styles[1].0)] {
                xml.empty("style:map", &[("style:condition", condition), ("style:apply-style-name", style)]);
            }
        }
        xml.close();
    }
}

fn write_cell_style(xml: &mut Xml, nth: usize, look: &Look, number: Option<usize>, palette: &Palette) {
    let name = format!("ce{nth}");
    let number = number.map(|number| format!("n{number}"));
    let mut style = vec![("style:name", name.as_str()), ("style:family", "table-cell")];
    style.extend(number.as_deref().map(|number| ("style:data-style-name", number)));
    xml.open("style:style", &style);
    let rule = |thick: bool, thin: bool| match (thick, thin) {
        (true, _) => "1.5pt solid #000000",
        (_, true) => "0.5pt solid #000000",
        _ => "none",
    };
    let mut cell = vec![
        ("style:vertical-align", "middle"),
        ("fo:border-top", rule(look.rules.top, false)),
        ("fo:border-bottom", rule(look.rules.bottom, look.rules.thin_bottom)),
        ("fo:wrap-option", if look.wrap { "wrap" } else { "no-wrap" }),
    ];
    if look.rules.diagonal {
        cell.push(("style:diagonal-tl-br", "0.5pt solid #000000"));
    }
    xml.empty("style:table-cell-properties", &cell);
    let align = match look.align {
        Align::Left => "start",
        Align::Centre => "center",
        Align::Right => "end",
    };
    let indent = format!("{:.2}cm", look.indent as f64 * 2.0 * CHARACTER_CM);
    let mut paragraph = vec![("fo:text-align", align)];
    if look.indent > 0 {
        paragraph.push(("fo:margin-left", indent.as_str()));
    }
    xml.empty("style:paragraph-properties", &paragraph);
    let (font, size, weight) = match look.size {
        Size::Title => (&palette.font.workbook_title, TITLE_SIZE, "normal"),
        Size::Strong => (&palette.font.workbook_body, BODY_SIZE, "bold"),
        Size::Body => (&palette.font.workbook_body, BODY_SIZE, "normal"),
        Size::Note => (&palette.font.workbook_body, NOTE_SIZE, "normal"),
    };
    let size = format!("{size}pt");
    xml.empty(
        "style:text-properties",
        &[
            ("fo:font-family", font),
            ("style:font-family-asian", font),
            ("fo:font-size", &size),
            ("style:font-size-asian", &size),
            ("fo:font-weight", weight),
            ("style:font-weight-asian", weight),
        ],
    );
    xml.close();
}

#[derive(Clone, Copy)]
struct Paper {
    landscape: bool,
    page_numbers: bool,
}

fn file(
    body: Xml,
    styles: &Styles,
    palette: &Palette,
    (title, description): (&str, &str),
    paper: Paper,
    keys: &[Keyed],
) -> Result<Vec<u8>, Diagnostic> {
    let mut content = Xml::new();
    content.open("office:document-content", &versioned());
    styles.write(&mut content, palette);
    content.open("office:body", &[]).insert(body);
    pack(&[
        ("mimetype", MIMETYPE.as_bytes().to_vec()),
        ("content.xml", content.finish()),
        ("styles.xml", page_styles(paper)),
        ("meta.xml", meta(palette, title, description)),
        (keys::OPEN_PART, keys::part(keys)),
        ("META-INF/manifest.xml", manifest()),
    ])
}

fn versioned() -> Vec<(&'static str, &'static str)> {
    NAMESPACES.into_iter().chain([("office:version", "1.3")]).collect()
}

/// The page: A4, as wide as the table is, its number below.
fn page_styles(paper: Paper) -> Vec<u8> {
    let (width, height, turned) = match paper.landscape {
        true => ("29.7cm", "21cm", "landscape"),
        false => ("21cm", "29.7cm", "portrait"),
    };
    let mut xml = Xml::new();
    xml.open("office:document-styles", &versioned());
    xml.open("office:styles", &[]);
    xml.open("style:default-style", &[("style:family", "table-cell")]);
    xml.empty(
        "style:text-properties",
        &[("fo:language", "zh"), ("fo:country", "CN"), ("style:language-asian", "zh"), ("style:country-asian", "CN")],
    );
    xml.close().close();
    xml.open("office:automatic-styles", &[]);
    xml.open("style:page-layout", &[("style:name", "paper")]);
    xml.open(
        "style:page-layout-properties",
        &[
            ("fo:page-width", width),
            ("fo:page-height", height),
            ("style:print-orientation", turned),
            ("fo:margin", "1.8cm"),
            ("style:scale-to-X", "1"),
            ("style:table-centering", "horizontal"),
        ],
    );
    xml.close();
    if paper.page_numbers {
        xml.open("style:footer-style", &[])
            .empty("style:header-footer-properties", &[("fo:min-height", "0.6cm")])
            .close();
    }
    xml.close().close();
    xml.open("office:master-styles", &[]);
    xml.open("style:master-page", &[("style:name", "page"), ("style:page-layout-name", "paper")]);
    if paper.page_numbers {
        xml.open("style:footer", &[]).open("text:p", &[]).element("text:page-number", &[], "1").close().close();
    } else {
        xml.empty("style:header", &[("style:display", "false")]).empty("style:footer", &[("style:display", "false")]);
    }
    xml.finish()
}

/// The date is fixed so that the same table gives the same bytes.
fn meta(palette: &Palette, title: &str, description: &str) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open("office:document-meta", &versioned()).open("office:meta", &[]);
    xml.element("dc:title", &[], title).element("dc:description", &[], description);
    xml.element("meta:initial-creator", &[], &palette.publisher).element("dc:creator", &[], &palette.publisher);
    xml.element("meta:creation-date", &[], "2000-01-01T00:00:00").element("dc:language", &[], "zh-CN");
    xml.finish()
}

fn manifest() -> Vec<u8> {
    let mut xml = Xml::new();
    let name = [("xmlns:manifest", "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"), ("manifest:version", "1.3")];
    xml.open("manifest:manifest", &name);
    let parts = ["content.xml", "styles.xml", "meta.xml", keys::OPEN_PART];
    for (path, kind) in [("/", MIMETYPE)].into_iter().chain(parts.map(|part| (part, "text/xml"))) {
        xml.empty("manifest:file-entry", &[("manifest:full-path", path), ("manifest:media-type", kind)]);
    }
    xml.finish()
}
