//! What the kinds of Excel workbooks have in common: how a stored value in a style becomes a cell.

use std::borrow::Cow;

use super::hidden::Hidden;
use super::limit::CellCount;
use super::number_format::{Number, NumberFormat};
use super::sheet::Builder;
use super::{Addressing, Cell, CellValue, Document, Format, biff, xlsb, xlsx};
use crate::diag::Diagnostic;
use crate::domain::text::{Shared, Text};

pub(super) fn read(
    bytes: Cow<'_, [u8]>,
    format: Format,
    shown: &str,
    declared: Option<&str>,
) -> Result<Document, Diagnostic> {
    let count = CellCount::default();
    let mut encoding = None;
    let sheets = match format {
        Format::Xls => biff::read(bytes, shown, declared, &count, &mut encoding),
        Format::Xlsb => xlsb::read(&bytes, &count),
        _ => xlsx::read(&bytes, &count),
    }?;
    let (mut grids, mut diagnostics) = (Vec::new(), Vec::new());
    for sheet in sheets {
        let grid = sheet.sheet.finish();
        diagnostics.extend(sheet.hidden.told(&grid, shown));
        grids.push(grid);
    }
    Ok(Document { format, encoding, grids, diagnostics })
}

/// How a cell is dressed.
#[derive(Clone, Debug, Default)]
pub(super) struct Style {
    pub format: NumberFormat,
    pub bold: bool,
    pub indent: u8,
}

/// The styles of a workbook, by index.
pub(super) struct Styles {
    list: Vec<Style>,
    plain: Style,
}

impl Styles {
    pub(super) fn new(list: Vec<Style>) -> Styles {
        Styles { list, plain: Style::default() }
    }

    /// Styles of its own for one core: what cores share they wait for.
    pub(super) fn apart(&self) -> Styles {
        let apart = |style: &Style| Style { format: style.format.apart(), ..*style };
        Styles { list: self.list.iter().map(apart).collect(), plain: apart(&self.plain) }
    }

    pub(super) fn get(&self, index: usize) -> &Style {
        self.list.get(index).unwrap_or(&self.plain)
    }
}

/// What a cell stores.
pub(super) enum Value<'v> {
    Number(Number),
    Text(&'v str),
    /// A text of the workbook's list.
    SharedText(&'v Text),
    Bool(bool),
    Error(&'v str),
    /// `2004-07-30T00:00:00`.
    IsoDate(&'v str),
    UnsavedFormula(&'v str),
}

/// A sheet being read.
pub(super) struct Writer<'c> {
    pub sheet: Builder<'c>,
    from_1904: bool,
    shared: Shared,
    scratch: String,
    pub hidden: Hidden,
}

impl<'c> Writer<'c> {
    pub(super) fn new(name: &str, hidden: bool, from_1904: bool, count: &'c CellCount) -> Writer<'c> {
        let mut sheet = Builder::new(name, Addressing::A1, count);
        sheet.grid.hidden = hidden;
        Writer { sheet, from_1904, shared: Shared::default(), scratch: String::new(), hidden: Hidden::default() }
    }

    /// One for a later part of the same sheet.
    pub(super) fn for_part(&self) -> Writer<'c> {
        Writer::new(&self.sheet.grid.sheet, self.sheet.grid.hidden, self.from_1904, self.sheet.count())
    }

    pub(super) fn append(&mut self, later: Writer<'c>) {
        self.sheet.append(later.sheet);
        self.hidden.append(later.hidden);
    }

    pub(super) fn put(&mut self, at: (u32, u32), value: Value<'_>, style: &Style) -> Result<(), Diagnostic> {
        let mut cell = match value {
            Value::Number(number) => style.format.cell(number, self.from_1904, &mut self.scratch),
            Value::Text(text) => Cell::text(self.shared.text(&line_breaks(text.into()))),
            Value::SharedText(text) => Cell::text(text.clone()),
            Value::Bool(truth) => {
                Cell { value: CellValue::Bool(truth), ..Cell::text(if truth { "TRUE" } else { "FALSE" }) }
            }
            Value::Error(text) => Cell { value: CellValue::Error, ..Cell::text(text) },
            Value::IsoDate(text) => iso_date(text),
            Value::UnsavedFormula(text) => Cell { value: CellValue::UnsavedFormula, ..Cell::text(text) },
        };
        cell.bold = style.bold;
        cell.indent = style.indent;
        self.sheet.put(at.0, at.1, cell)
    }
}

/// Line breaks as one LF, however the file writes them.
pub(super) fn line_breaks(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.contains('\r') {
        true => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
        false => text,
    }
}

fn iso_date(text: &str) -> Cell {
    let date = text.get(..10).and_then(|day| day.parse().ok());
    let shown = text.strip_suffix("T00:00:00").unwrap_or(text).replace('T', " ");
    Cell { value: date.map_or(CellValue::Text, CellValue::Date), ..Cell::text(shown) }
}

/// The text of an error by its number in binary workbooks.
pub(super) fn error_text(code: u8) -> Option<&'static str> {
    Some(match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        0x2A => "#N/A",
        0x2B => "#GETTING_DATA",
        _ => return None,
    })
}

/// A number of 30 bits as binary workbooks pack it: whole or the upper half of a floating one, perhaps a hundredth.
pub(super) fn packed_number(raw: u32) -> Number {
    let (hundredth, whole) = (raw & 1 != 0, raw & 2 != 0);
    if whole {
        return Number::whole(i64::from((raw as i32) >> 2), if hundredth { 2 } else { 0 });
    }
    let value = f64::from_bits(u64::from(raw & !3) << 32);
    Number::from_f64(if hundredth { value / 100.0 } else { value })
}
