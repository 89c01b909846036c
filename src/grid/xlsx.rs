//! Excel workbooks of the kind `.xlsx`: one pass over each part, values, formats, merged and hidden cells together.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::archive::{Archive, damaged, resolved};
use super::limit::{self, CellCount};
use super::number_format::{Number, NumberFormat, builtin};
use super::workbook::{Style, Styles, Value, Writer, line_breaks};
use super::xml::{Element, Piece, Xml};
use crate::diag::Diagnostic;
use crate::domain::text::{Shared, Text};

/// What the sheets of a workbook share.
struct Book {
    styles: Styles,
    texts: Vec<Text>,
}

/// A sheet as the workbook lists it.
struct Listed {
    name: String,
    hidden: bool,
    part: String,
}

pub(super) fn read<'c>(bytes: &[u8], count: &'c CellCount) -> Result<Vec<Writer<'c>>, Diagnostic> {
    let mut archive = Archive::open(bytes)?;
    let (path, folder) = main_part(&mut archive)?;
    let relations = relations(&mut archive, &path)?;
    let part_of = |kind: &str, usual: &str| {
        let found = relations.values().find(|r| r.kind.ends_with(kind)).map(|r| r.part.clone());
        found.unwrap_or_else(|| resolved(&folder, usual))
    };
    let (listed, from_1904) = sheets(&archive.text(&path)?, &relations)?;
    let styles = match archive.optional(&part_of("/styles", "styles.xml"))? {
        Some(text) => styles(&text)?,
        None => Styles::new(Vec::new()),
    };
    let texts = match archive.optional(&part_of("/sharedStrings", "sharedStrings.xml"))? {
        Some(text) => texts(&text)?,
        None => Vec::new(),
    };
    let book = Book { styles, texts };
    let read = |sheet: &Listed| {
        let text = archive.clone().text(&sheet.part)?;
        let mut writer = Writer::new(&sheet.name, sheet.hidden, from_1904, count);
        Reading::new(&text, &book, &book.styles).sheet(&mut writer)?;
        Ok(writer)
    };
    // Threads for a few pages cost more than they save.
    const WORTH_SHARING: usize = 1 << 20;
    match bytes.len() > WORTH_SHARING {
        true => super::on_all_cores(&listed, read).into_iter().collect(),
        false => listed.iter().map(read).collect(),
    }
}

fn main_part(archive: &mut Archive<'_>) -> Result<(String, String), Diagnostic> {
    let told = archive.optional("_rels/.rels")?.map(|text| related(&text, "")).transpose()?.unwrap_or_default();
    let named = told.into_values().find(|r| r.kind.ends_with("/officeDocument")).map(|r| r.part);
    let path = named.filter(|p| archive.has(p)).unwrap_or_else(|| "xl/workbook.xml".to_owned());
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    Ok((path, folder))
}

pub(super) struct Relation {
    pub kind: String,
    pub part: String,
}

/// The parts that a part names, by their ids.
pub(super) fn relations(archive: &mut Archive<'_>, path: &str) -> Result<BTreeMap<String, Relation>, Diagnostic> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let list = resolved(folder, &format!("_rels/{name}.rels"));
    Ok(archive.optional(&list)?.map(|text| related(&text, folder)).transpose()?.unwrap_or_default())
}

fn related(text: &str, folder: &str) -> Result<BTreeMap<String, Relation>, Diagnostic> {
    let mut xml = Xml::new(text);
    let mut found = BTreeMap::new();
    while let Some(piece) = xml.next()? {
        if let Piece::Open(e) = piece
            && e.name == "Relationship"
            && let (Some(id), Some(kind), Some(target)) = (e.get("Id"), e.get("Type"), e.get("Target"))
        {
            found.insert(id.into_owned(), Relation { kind: kind.into_owned(), part: resolved(folder, &target) });
        }
    }
    Ok(found)
}

/// The sheets with cells, and whether dates count from 1904.
fn sheets(text: &str, relations: &BTreeMap<String, Relation>) -> Result<(Vec<Listed>, bool), Diagnostic> {
    let mut xml = Xml::new(text);
    let (mut listed, mut from_1904) = (Vec::new(), false);
    while let Some(piece) = xml.next()? {
        let Piece::Open(e) = piece else { continue };
        match e.name {
            "workbookPr" => from_1904 = e.is("date1904"),
            "sheet" => {
                let id = e.local("id").unwrap_or_default();
                let relation = relations.get(&*id);
                // Sheets of charts, dialogs and macros hold no cells; a module of code is listed without a part.
                if id.is_empty() || relation.is_some_and(|r| !r.kind.ends_with("/worksheet")) {
                    continue;
                }
                let name = e.get("name").unwrap_or_default().into_owned();
                let part = relation.map(|r| r.part.clone());
                let part = part.ok_or_else(|| damaged(&format!("nothing says where its sheet \"{name}\" lies")))?;
                let hidden = matches!(e.raw("state"), Some("hidden" | "veryHidden"));
                listed.push(Listed { name, hidden, part });
            }
            _ => {}
        }
    }
    match listed.len() {
        0 => Err(damaged("it lists no sheet with cells")),
        1..=limit::SHEETS => Ok((listed, from_1904)),
        _ => Err(limit::exceeded("sheets", limit::SHEETS as u64)),
    }
}

fn styles(text: &str) -> Result<Styles, Diagnostic> {
    let mut xml = Xml::new(text);
    let mut codes: BTreeMap<u16, String> = BTreeMap::new();
    let (mut fonts, mut list) = (Vec::new(), Vec::new());
    let mut within = "";
    while let Some(piece) = xml.next()? {
        match piece {
            Piece::Open(e) => match e.name {
                "fonts" | "cellXfs" if !e.empty => within = e.name,
                "numFmt" if within.is_empty() => {
                    codes.extend(e.number("numFmtId").zip(e.get("formatCode").map(Cow::into_owned)))
                }
                "font" if within == "fonts" => fonts.push(false),
                "b" if within == "fonts" => {
                    let bold = !matches!(e.raw("val"), Some("0" | "false"));
                    fonts.last_mut().into_iter().for_each(|f| *f = bold);
                }
                "xf" if within == "cellXfs" => {
                    let id = e.number("numFmtId").unwrap_or(0);
                    // Formats with a number below 164 are known by it; their text is that of one language.
                    let code = builtin(id).filter(|_| id < 164).or_else(|| codes.get(&id).map(String::as_str));
                    let font: usize = e.number("fontId").unwrap_or(0);
                    let bold = fonts.get(font).copied().unwrap_or(false);
                    list.push(Style { format: NumberFormat::new(code.unwrap_or("")), bold, indent: 0 });
                }
                "alignment" if within == "cellXfs" => {
                    let indent = e.number("indent").unwrap_or(0);
                    list.last_mut().into_iter().for_each(|s| s.indent = indent);
                }
                _ => {}
            },
            Piece::Close(name) if name == within => within = "",
            _ => {}
        }
    }
    Ok(Styles::new(list))
}

fn texts(text: &str) -> Result<Vec<Text>, Diagnostic> {
    let mut xml = Xml::new(text);
    let (mut texts, mut shared) = (Vec::new(), Shared::default());
    while let Some(piece) = xml.next()? {
        if let Piece::Open(e) = piece
            && e.name == "si"
        {
            texts.push(shared.text(&line_breaks(rich_text(&mut xml, &e)?)));
            if texts.len() as u64 > limit::CELLS {
                return Err(limit::exceeded("texts", limit::CELLS));
            }
        }
    }
    Ok(texts)
}

/// The text of `si` or `is`: its runs together, without the readings of characters.
fn rich_text<'a>(xml: &mut Xml<'a>, element: &Element<'a>) -> Result<Cow<'a, str>, Diagnostic> {
    let mut out = Cow::Borrowed("");
    let mut open = usize::from(!element.empty);
    while open > 0 {
        match xml.next()?.ok_or_else(|| xml.cut_short())? {
            Piece::Open(e) if e.name == "t" => {
                let mut text = xml.text_of(&e)?;
                if e.raw("xml:space") != Some("preserve") {
                    text = Cow::Owned(text.trim_matches([' ', '\t', '\n']).to_owned());
                }
                let text = characters(text);
                if out.is_empty() { out = text } else { out.to_mut().push_str(&text) }
            }
            Piece::Open(e) if e.name == "rPh" => xml.skip(&e)?,
            Piece::Open(e) => open += usize::from(!e.empty),
            Piece::Close(_) => open -= 1,
            _ => {}
        }
    }
    Ok(out)
}

/// `_x000D_` stands for a character that XML cannot hold.
fn characters(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains("_x") {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(start) = rest.find("_x") {
        let code = rest.get(start + 2..start + 6).filter(|_| rest[start + 6..].starts_with('_'));
        let c = code.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        out.push_str(&rest[..start]);
        match c {
            Some(c) => {
                out.push(c);
                rest = &rest[start + 7..];
            }
            None => {
                out.push_str("_x");
                rest = &rest[start + 2..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

struct Reading<'a> {
    xml: Xml<'a>,
    book: &'a Book,
    styles: &'a Styles,
    /// Formulas that several cells share, by their index.
    formulas: BTreeMap<u32, Cow<'a, str>>,
}

impl<'a> Reading<'a> {
    fn new(text: &'a str, book: &'a Book, styles: &'a Styles) -> Reading<'a> {
        Reading { xml: Xml::new(text), book, styles, formulas: BTreeMap::new() }
    }

    fn sheet(&mut self, out: &mut Writer<'_>) -> Result<(), Diagnostic> {
        while let Some(piece) = self.xml.next()? {
            let Piece::Open(e) = piece else { continue };
            match e.name {
                "col" if e.is("hidden") => {
                    if let (Some(first @ 1..), Some(last)) = (e.number::<u32>("min"), e.number::<u32>("max")) {
                        out.hidden.columns(first - 1..last);
                    }
                }
                "sheetData" if !e.empty => self.sheet_data(out)?,
                "mergeCell" => {
                    let corners = e.raw("ref").and_then(|r| r.split_once(':'));
                    if let Some((first, last)) = corners.and_then(|(a, b)| place(a).zip(place(b))) {
                        out.sheet.merge(first, last)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The rows of a sheet; those of a large one are shared out among all cores.
    fn sheet_data(&mut self, out: &mut Writer<'_>) -> Result<(), Diagnostic> {
        if let Some((parts, length)) = parts(self.xml.rest()) {
            let read: Vec<Result<Writer<'_>, Diagnostic>> = super::on_all_cores(&parts, |part| {
                let mut of_part = out.for_part();
                let styles = self.book.styles.apart();
                Reading::new(part, self.book, &styles).rows(&mut of_part)?;
                Ok(of_part)
            });
            for part in read {
                out.append(part?);
            }
            self.xml.go_on(length);
        }
        if self.rows(out)? { Ok(()) } else { Err(self.xml.cut_short()) }
    }

    /// Whether the end of the rows was met before that of the text.
    fn rows(&mut self, out: &mut Writer<'_>) -> Result<bool, Diagnostic> {
        let (mut row, mut col) = (0u32, 0u32);
        while let Some(piece) = self.xml.next()? {
            match piece {
                Piece::Open(e) if e.name == "c" => {
                    let at = match e.raw("r") {
                        Some(name) => {
                            place(name).ok_or_else(|| damaged(&format!("it holds a cell named \"{name}\"")))?
                        }
                        None => (row, col),
                    };
                    (row, col) = (at.0, at.1.saturating_add(1));
                    self.cell(&e, at, out)?;
                }
                Piece::Open(e) if e.name == "row" => {
                    if let Some(number) = e.number::<u32>("r") {
                        row = number.saturating_sub(1);
                    }
                    col = 0;
                    if e.is("hidden") {
                        out.hidden.rows(row..row.saturating_add(1));
                    }
                    if e.empty {
                        row = row.saturating_add(1);
                    }
                }
                Piece::Close("row") => row = row.saturating_add(1),
                Piece::Close("sheetData") => return Ok(true),
                _ => {}
            }
        }
        Ok(false)
    }

    fn cell(&mut self, cell: &Element<'a>, at: (u32, u32), out: &mut Writer<'_>) -> Result<(), Diagnostic> {
        if cell.empty {
            return Ok(());
        }
        out.sheet.check_place(at.0, at.1)?;
        let (mut style, mut kind) = (0, "n");
        for (name, value) in cell.attributes() {
            match name {
                "s" => style = value.parse().unwrap_or(0),
                "t" => kind = value,
                _ => {}
            }
        }
        let (mut value, mut formula) = (None, None);
        loop {
            match self.xml.next()?.ok_or_else(|| self.xml.cut_short())? {
                Piece::Open(e) => match e.name {
                    "v" if kind != "inlineStr" => value = Some(self.xml.text_of(&e)?),
                    "is" => value = Some(rich_text(&mut self.xml, &e)?),
                    "f" => formula = self.formula(&e)?,
                    _ => self.xml.skip(&e)?,
                },
                Piece::Close("c") => break,
                _ => {}
            }
        }
        let style = self.styles.get(style);
        match (value, formula) {
            (Some(value), formula) if !value.is_empty() || formula.is_none() || kind == "str" => {
                self.value(kind, value, at, style, out)
            }
            (_, Some(formula)) if !formula.is_empty() => {
                out.put(at, Value::UnsavedFormula(&format!("={formula}")), style)
            }
            _ => Ok(()),
        }
    }

    fn value(
        &self,
        kind: &str,
        value: Cow<'_, str>,
        at: (u32, u32),
        style: &Style,
        out: &mut Writer<'_>,
    ) -> Result<(), Diagnostic> {
        let wrong = |what: &str| {
            let address = format!("{}{}", super::column_letters(at.1), at.0 + 1);
            damaged(&format!(
                "cell {address} of sheet \"{}\" holds \"{value}\", which is no {what}",
                out.sheet.grid.sheet
            ))
        };
        let value = match kind {
            "n" if value.trim().is_empty() => return Ok(()),
            "n" => match Number::read(&value) {
                Some(number) => Value::Number(number),
                None => return Err(wrong("number")),
            },
            "s" if value.trim().is_empty() => return Ok(()),
            "s" => {
                let text = value.trim().parse().ok().and_then(|nth: usize| self.book.texts.get(nth));
                Value::SharedText(text.ok_or_else(|| wrong("text of the workbook's list"))?)
            }
            "b" => match value.trim() {
                "" => return Ok(()),
                "1" | "true" | "TRUE" => Value::Bool(true),
                "0" | "false" | "FALSE" => Value::Bool(false),
                _ => return Err(wrong("truth value")),
            },
            "e" => Value::Error(&value),
            "d" => Value::IsoDate(&value),
            "inlineStr" => Value::Text(&value),
            "str" => return out.put(at, Value::Text(&characters(value)), style),
            _ => return Err(damaged(&format!("its cells are of an unknown type, \"{kind}\""))),
        };
        out.put(at, value, style)
    }

    /// The formula of a cell; that of others where several share one.
    fn formula(&mut self, element: &Element<'a>) -> Result<Option<Cow<'a, str>>, Diagnostic> {
        let text = self.xml.text_of(element)?;
        let shared = element.number("si").filter(|_| element.raw("t") == Some("shared"));
        let Some(index) = shared else { return Ok(Some(text)) };
        if !text.is_empty() {
            self.formulas.insert(index, text.clone());
            return Ok(Some(text));
        }
        // A formula that stands in another part of the sheet is still one.
        Ok(Some(self.formulas.get(&index).cloned().unwrap_or(Cow::Borrowed("…"))))
    }
}

/// The rows cut into parts of whole rows, each of which says its number, and how long they are together; `None` where that
/// is not worth it or cannot be told.
fn parts(rows: &str) -> Option<(Vec<&str>, usize)> {
    const WORTH_SHARING: usize = 4 << 20;
    // Small parts: one that was put to the others is let go, so that the sheet is never held twice.
    const PARTS_A_CORE: usize = 8;
    if rows.len() < WORTH_SHARING {
        return None;
    }
    let length = rows.rfind("</sheetData>")?;
    let rows = &rows[..length];
    // Only where "<row " is a row and nothing else.
    if rows.contains("<!") {
        return None;
    }
    let parts = PARTS_A_CORE * std::thread::available_parallelism().map_or(1, usize::from);
    let mut cuts = vec![0];
    for nth in 1..parts {
        let from = nth * (rows.len() / parts);
        let cut = from + rows.as_bytes()[from..].windows(5).position(|w| w == b"<row ")?;
        let tag = &rows[cut..cut + rows[cut..].find('>')?];
        if !tag.contains(" r=") {
            return None;
        }
        cuts.push(cut);
    }
    cuts.push(length);
    cuts.dedup();
    Some((cuts.windows(2).map(|cut| &rows[cut[0]..cut[1]]).collect(), length))
}

/// `AB12` → (11, 27).
fn place(name: &str) -> Option<(u32, u32)> {
    let (mut row, mut col) = (0u32, 0u32);
    let bytes = name.as_bytes();
    let mut at = 0;
    while let Some(letter) = bytes.get(at).filter(|b| b.is_ascii_alphabetic()) {
        col = col.checked_mul(26)?.checked_add(u32::from(letter.to_ascii_uppercase() - b'A') + 1)?;
        at += 1;
    }
    for digit in &bytes[at..] {
        row = row.checked_mul(10)?.checked_add(u32::from(digit.checked_sub(b'0').filter(|d| *d < 10)?))?;
    }
    Some((row.checked_sub(1)?, col.checked_sub(1)?))
}
