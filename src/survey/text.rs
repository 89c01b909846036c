//! A survey for the terminal: a screen per table, with its first rows as they look.

use std::fmt::Write as _;

use super::report::{CodesReport, FileReport, TableReport};
use super::{Survey, Table};
use crate::grid::{Document, Grid, column_letters};

/// Columns of the terminal that a screen uses.
const WIDTH: usize = 100;
/// Lines of the body and columns of the sheet that are shown.
const BODY_LINES: usize = 6;
const CELL_WIDTH: usize = 14;

pub fn text(report: &FileReport, document: &Document, survey: &Survey) -> String {
    let mut out = String::new();
    let encoding = report.encoding.as_ref().map_or(String::new(), |e| format!(", {e}"));
    let tables: usize = report.sheets.iter().map(|s| s.tables.len()).sum();
    line(
        &mut out,
        &format!(
            "{}: {}{encoding}, {}, {}",
            report.file,
            report.format,
            count(report.sheets.len(), "sheet"),
            count(tables, "table")
        ),
    );
    for remark in &report.remarks {
        line(&mut out, &format!("  ! {remark}"));
    }
    for ((sheet, found), grid) in report.sheets.iter().zip(&survey.sheets).zip(&document.grids) {
        let hidden = if sheet.hidden { ", hidden" } else { "" };
        let name = if sheet.name.is_empty() { String::new() } else { format!("sheet \"{}\": ", sheet.name) };
        if sheet.rows == 0 {
            line(&mut out, &format!("\n{name}empty{hidden}"));
            continue;
        }
        let tables =
            if sheet.tables.is_empty() { "no table of numbers".to_owned() } else { count(sheet.tables.len(), "table") };
        line(&mut out, &format!("\n{name}{} rows, {} columns, {tables}{hidden}", sheet.rows, sheet.columns));
        for (told, table) in sheet.tables.iter().zip(&found.tables) {
            screen(&mut out, told, table, grid);
        }
    }
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

fn screen(out: &mut String, told: &TableReport, table: &Table, grid: &Grid) {
    let continues = told.continues.map_or(String::new(), |n| format!(", continues table {n}"));
    let rule = format!("── table {} · {}{continues} ", told.number, told.extent);
    line(out, &format!("\n{rule}{}", "─".repeat(WIDTH.saturating_sub(width_of(&rule)))));
    for title in &told.titles {
        fact(out, "title", &format!("{}  {}", title.cell, title.text));
    }
    picture(out, table, grid);
    fact(
        out,
        "body",
        &format!(
            "rows {} to {}, {}, {}",
            told.body.0,
            told.body.1,
            count(told.data_columns, "data column"),
            count(told.numbers, "number")
        ),
    );
    for column in &told.label_columns {
        let header = if column.header.is_empty() { "no header".to_owned() } else { column.header.clone() };
        let codes = column.codes.as_ref().map_or(", no code list fits".to_owned(), |c| format!(", {}", codes(c)));
        fact(out, "labels", &format!("column {} ({header}){codes}", column.column));
    }
    for codes_of in &told.header_codes {
        fact(out, "header", &codes(codes_of));
    }
    list(out, "levels", told.levels.iter().map(|l| (*l).to_owned()).collect());
    list(
        out,
        "units",
        told.units.iter().map(|u| format!("{} ({})", u.name, u.code.as_deref().unwrap_or("no code"))).collect(),
    );
    list(out, "periods", told.periods.clone());
    for note in &told.notes {
        fact(out, "note", &format!("{}  {}", note.cell, note.text));
    }
    for odd in &told.oddities {
        let more = if odd.count > odd.cells.len() { ", …" } else { "" };
        fact(out, "odd", &format!("{} {}: {}{more}  \"{}\"", odd.count, odd.what, odd.cells.join(" "), odd.example));
    }
}

fn codes(fit: &CodesReport) -> String {
    let unknown = match fit.unknown.as_slice() {
        [] => String::new(),
        some => format!("; unknown: {}", some.join(", ")),
    };
    format!("code list {}: {} of {} known{unknown}", fit.list, fit.known, fit.of)
}

fn list(out: &mut String, name: &str, texts: Vec<String>) {
    if !texts.is_empty() {
        fact(out, name, &texts.join(", "));
    }
}

/// A name in a column of its own, its text broken to the width of the screen.
fn fact(out: &mut String, name: &str, text: &str) {
    let mut rest = text;
    let mut head = name;
    while !rest.is_empty() || !head.is_empty() {
        let cut = fitting(rest, WIDTH - 11);
        line(out, &format!("  {head:<8} {}", &rest[..cut]));
        rest = rest[cut..].trim_start();
        head = "";
    }
}

/// How many bytes of a text fit into a width, cut at a blank where there is one.
fn fitting(text: &str, most: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += width_of(c.encode_utf8(&mut [0; 4]));
        if used > most {
            let blank = text[..at].rfind(' ').filter(|b| *b > at / 2);
            return blank.unwrap_or(at).max(c.len_utf8());
        }
    }
    text.len()
}

/// Header and first rows as on the sheet.
fn picture(out: &mut String, table: &Table, grid: &Grid) {
    let all: Vec<u32> = table.label_cols.iter().chain(&table.data_cols).copied().collect();
    let shown: Vec<u32> = all.iter().copied().take((WIDTH - 8) / (CELL_WIDTH + 1)).collect();
    let more = if shown.len() < all.len() { " …" } else { "" };
    let cells = |texts: Vec<String>| texts.iter().map(|t| padded(t)).collect::<Vec<_>>().join(" ");
    let letters = shown.iter().map(|c| column_letters(*c)).collect();
    line(out, &format!("         {}{more}", cells(letters)));
    let text = |row: u32| {
        shown.iter().map(|col| grid.text(row, *col).split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    for row in table.header.clone() {
        line(out, &format!("  {:>5} ┃{}", row + 1, cells(text(row))));
    }
    let full = table.body.clone().filter(|row| shown.iter().any(|col| grid.get(*row, *col).is_some()));
    for row in full.take(BODY_LINES) {
        line(out, &format!("  {:>5} │{}", row + 1, cells(text(row))));
    }
}

/// A text in a cell's width.
fn padded(text: &str) -> String {
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = width_of(c.encode_utf8(&mut [0; 4]));
        if used + wide > CELL_WIDTH - 1 && used + wide < width_of(text) {
            out.push('…');
            used += 1;
            break;
        }
        out.push(c);
        used += wide;
    }
    let _ = write!(out, "{}", " ".repeat(CELL_WIDTH.saturating_sub(used)));
    out
}

/// Columns that a text takes on the terminal.
fn width_of(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { usize::from(!c.is_control()) }).sum()
}

/// East Asian wide and full-width characters.
fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6)
}
