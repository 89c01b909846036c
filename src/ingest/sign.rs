//! The signs of hierarchy that one row label carries: its indent, the 其中 or the number before it, bold print.
//!
//! Only signs that the table declares are looked for, and what is found is taken off the label. A number is one only in
//! the forms that documents use (第一章, 一、, （一）, 1., (1), ①): `第一产业`, `一、二级医院` and `1.5万元以下` are labels as
//! they stand. What a row's signs say beside those of other rows is for `hierarchy`.

use std::cmp::Ordering;
use std::fmt;

use crate::grid::Cell;
use crate::spec::table::Levels;

/// How far a label stands from the left edge of its cell. Tabs, blanks and the format's indent have no common measure, so
/// that of two indents one is deeper only if no part of it is less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Indent {
    /// Levels of the cell's format.
    pub format: u32,
    pub tabs: u32,
    /// In halves of a full-width blank.
    pub blanks: u32,
}

impl PartialOrd for Indent {
    fn partial_cmp(&self, other: &Indent) -> Option<Ordering> {
        let parts = [(self.format, other.format), (self.tabs, other.tabs), (self.blanks, other.blanks)];
        let less = parts.iter().any(|(one, other)| one < other);
        let more = parts.iter().any(|(one, other)| one > other);
        match (less, more) {
            (true, true) => None,
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => Some(Ordering::Equal),
        }
    }
}

impl fmt::Display for Indent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts =
            [(self.format, "level", " of the cell's format"), (self.tabs, "tab", ""), (self.blanks, "blank", "")];
        let said = parts.iter().filter(|(n, ..)| *n > 0);
        let said: Vec<String> =
            said.map(|(n, one, of)| format!("{n} {one}{}{of}", if *n == 1 { "" } else { "s" })).collect();
        if said.is_empty() { f.write_str("nothing") } else { f.write_str(&said.join(" and ")) }
    }
}

/// A number before a label: its form, the outermost 0, and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub form: u8,
    pub value: u32,
}

/// What a label says about its place among the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signs {
    /// The label without them; blank where it is nothing but 其中.
    pub text: String,
    pub indent: Indent,
    /// Where the text begins after the signs before it: what is aligned with it stands in the same list.
    pub text_indent: Indent,
    pub of_which: bool,
    pub number: Option<Number>,
    pub bold: bool,
    /// The row has no cell in the columns that are read.
    pub heading: bool,
    /// A heading that stands over the data columns, and so over all rows up to the next one.
    pub banner: bool,
}

/// Read the declared signs off a label; whether its row is a heading is for the caller to say.
pub(super) fn read(levels: Levels, cell: &Cell, printed: &str) -> Signs {
    let label = printed.trim_start();
    let before = &printed[..printed.len() - label.len()];
    let indent = match levels.indent {
        true => Indent { format: u32::from(cell.indent), ..blanks(before) },
        false => Indent::default(),
    };
    let (mut rest, mut is_of_which, mut numbered) = (label, false, None);
    loop {
        if let Some(after) = of_which(rest).filter(|_| levels.of_which && !is_of_which) {
            (is_of_which, rest) = (true, after);
        } else if let Some((found, after)) = number(rest).filter(|_| levels.numbering && numbered.is_none()) {
            (numbered, rest) = (Some(found), after);
        } else {
            break;
        }
    }
    let taken: u32 = label[..label.len() - rest.len()].chars().map(width).sum();
    Signs {
        text: rest.to_owned(),
        indent,
        text_indent: Indent { blanks: indent.blanks + taken, ..indent },
        of_which: is_of_which,
        number: numbered,
        bold: levels.bold && cell.bold,
        heading: false,
        banner: false,
    }
}

impl Signs {
    /// Labels under one text that is merged over several columns are indented by the columns left of them.
    pub(super) fn stand_right(&mut self, levels: Levels, columns: u32) {
        if levels.indent {
            self.indent.format += columns;
            self.text_indent.format += columns;
        }
    }
}

/// The white space before a label, of its last line where it begins with line breaks.
fn blanks(before: &str) -> Indent {
    let line = before.rsplit('\n').next().unwrap_or(before);
    let tabs = line.chars().filter(|c| *c == '\t').count() as u32;
    Indent { format: 0, tabs, blanks: line.chars().filter(|c| *c != '\t').map(width).sum() }
}

/// Columns that a character takes, where a Latin letter takes one.
fn width(c: char) -> u32 {
    let wide = matches!(c, '\u{2003}' | '\u{2460}'..='\u{249B}' | '\u{2E80}'..='\u{FF60}' | '\u{FFE0}'..='\u{FFE6}');
    if wide { 2 } else { 1 }
}

/// The text after its first character, if that is one of these; blanks between do not matter.
fn eat(text: &str, wanted: impl Fn(char) -> bool) -> Option<&str> {
    text.trim_start().strip_prefix(wanted).map(str::trim_start)
}

fn of_which(text: &str) -> Option<&str> {
    if let Some(rest) = eat(text, |c| matches!(c, '#' | '＃')) {
        return Some(rest);
    }
    let rest = eat(eat(text, |c| c == '其')?, |c| c == '中')?;
    Some(eat(rest, |c| matches!(c, ':' | '：' | '、' | ',' | '，')).unwrap_or(rest))
}

/// The number before a label, and the label; a number with nothing after it is the label itself.
fn number(text: &str) -> Option<(Number, &str)> {
    let found = enclosed(text).or_else(|| part(text)).or_else(|| bracketed(text)).or_else(|| pointed(text))?;
    (!found.1.is_empty()).then_some(found)
}

/// Numbers that are one character: ①, ⑴, ⒈, ㈠.
fn enclosed(text: &str) -> Option<(Number, &str)> {
    let first = text.chars().next()?;
    let (form, zero) = match first {
        '\u{2460}'..='\u{2473}' => (7, 0x245F),
        '\u{2474}'..='\u{2487}' => (6, 0x2473),
        '\u{2488}'..='\u{249B}' => (5, 0x2487),
        '\u{3220}'..='\u{3229}' => (4, 0x321F),
        _ => return None,
    };
    Some((Number { form, value: first as u32 - zero }, text[first.len_utf8()..].trim_start()))
}

/// 第一部分, 第一章, 第一节.
fn part(text: &str) -> Option<(Number, &str)> {
    let (value, _, rest) = numeral(eat(text, |c| c == '第')?)?;
    let (form, rest) = if let Some(rest) = eat(rest, |c| c == '部') {
        (0, eat(rest, |c| c == '分')?)
    } else if let Some(rest) = eat(rest, |c| c == '章') {
        (1, rest)
    } else {
        (2, eat(rest, |c| c == '节')?)
    };
    Some((Number { form, value }, eat(rest, |c| matches!(c, '、' | ':' | '：')).unwrap_or(rest)))
}

/// （一）, (1).
fn bracketed(text: &str) -> Option<(Number, &str)> {
    let (value, chinese, rest) = numeral(eat(text, |c| matches!(c, '(' | '（'))?)?;
    let rest = eat(rest, |c| matches!(c, ')' | '）'))?;
    Some((Number { form: if chinese { 4 } else { 6 }, value }, eat(rest, |c| c == '、').unwrap_or(rest)))
}

/// 一、, 1. and 1、; two numbers joined so are none.
fn pointed(text: &str) -> Option<(Number, &str)> {
    let (value, chinese, rest) = numeral(text)?;
    let rest = eat(rest, |c| matches!(c, '、' | '.' | '．'))?;
    let another = numeral(rest).is_some_and(|(_, other, _)| other == chinese);
    (!another).then_some((Number { form: if chinese { 3 } else { 5 }, value }, rest))
}

/// A number at the beginning, whether it is in Chinese, and what follows.
fn numeral(text: &str) -> Option<(u32, bool, &str)> {
    let text = text.trim_start();
    let digit = |c: char| c.to_digit(10).or_else(|| ('０'..='９').contains(&c).then(|| c as u32 - '０' as u32));
    let end = |held: &dyn Fn(char) -> bool| text.find(|c| !held(c)).unwrap_or(text.len());
    let arabic = &text[..end(&|c| digit(c).is_some())];
    if !arabic.is_empty() {
        let short = arabic.chars().count() <= 3;
        return short
            .then(|| (arabic.chars().filter_map(digit).fold(0, |n, d| n * 10 + d), false, &text[arabic.len()..]));
    }
    let place = |c: char| "一二三四五六七八九".chars().position(|d| d == c).map(|n| n as u32 + 1);
    let chinese = &text[..end(&|c| c == '十' || place(c).is_some())];
    let one = |text: &str| {
        let mut chars = text.chars();
        chars.next().and_then(place).filter(|_| chars.next().is_none())
    };
    let value = match chinese.split_once('十') {
        None => one(chinese)?,
        Some((tens, ones)) => {
            let tens = if tens.is_empty() { 1 } else { one(tens)? };
            tens * 10 + if ones.is_empty() { 0 } else { one(ones)? }
        }
    };
    Some((value, true, &text[chinese.len()..]))
}

#[cfg(test)]
mod tests {
    use super::{Indent, read};
    use crate::grid::Cell;
    use crate::spec::table::Levels;

    const ALL: Levels = Levels { indent: true, of_which: true, numbering: true, bold: true, heading: true };

    #[test]
    fn signs_are_taken_off_labels() {
        let check = |printed: &str, text: &str, of_which: bool, number: Option<(u8, u32)>| {
            let signs = read(ALL, &Cell::text(printed), printed);
            let found = (signs.text.as_str(), signs.of_which, signs.number.map(|n| (n.form, n.value)));
            assert_eq!(found, (text, of_which, number), "{printed}");
        };
        check("其中：农民工", "农民工", true, None);
        check("其 中: 农民工", "农民工", true, None);
        check("其中 女", "女", true, None);
        check("＃国有", "国有", true, None);
        check("其中：", "", true, None);
        check("一、企业", "企业", false, Some((3, 1)));
        check("十一、其他", "其他", false, Some((3, 11)));
        check("二十、其他", "其他", false, Some((3, 20)));
        check("（二）机关", "机关", false, Some((4, 2)));
        check("( 二 )、机关", "机关", false, Some((4, 2)));
        check("㈢事业", "事业", false, Some((4, 3)));
        check("1.国有", "国有", false, Some((5, 1)));
        check("１２．国有", "国有", false, Some((5, 12)));
        check("⒊ 国有", "国有", false, Some((5, 3)));
        check("3、一级医院", "一级医院", false, Some((5, 3)));
        check("(1)中央", "中央", false, Some((6, 1)));
        check("⑵地方", "地方", false, Some((6, 2)));
        check("① 男", "男", false, Some((7, 1)));
        check("第一部分 总表", "总表", false, Some((0, 1)));
        check("第三章、基金", "基金", false, Some((1, 3)));
        check("第2节 支出", "支出", false, Some((2, 2)));
        check("其中：1.国有", "国有", true, Some((5, 1)));
        check("2.其中：集体", "集体", true, Some((5, 2)));
        // Labels that only look numbered.
        for label in [
            "第一产业",
            "一、二级医院",
            "1.5万元以下",
            "1、2级",
            "2013年",
            "一级",
            "(三)",
            "1)国有",
            "2000.国有",
            "农民工",
        ] {
            check(label, label, false, None);
        }
        let none = read(Levels::default(), &Cell::text(""), "  其中：1.国有");
        assert_eq!((none.text.as_str(), none.indent, none.of_which), ("其中：1.国有", Indent::default(), false));
    }

    #[test]
    fn indents_compare_where_they_can() {
        let indent = |format: u8, printed: &str| {
            let mut cell = Cell::text(printed);
            cell.indent = format;
            read(ALL, &cell, printed).indent
        };
        assert_eq!(indent(0, "　x"), indent(0, "  x"));
        assert_eq!(indent(0, "\n \u{A0}x"), indent(0, "  x"));
        assert!(indent(0, "x") < indent(0, " x") && indent(0, " x") < indent(0, "　x"));
        assert!(indent(0, "x") < indent(1, "x") && indent(1, "x") < indent(1, "  x"));
        assert_eq!(indent(1, "x").partial_cmp(&indent(0, "  x")), None);
        assert_eq!(indent(0, "\tx").partial_cmp(&indent(0, "  x")), None);
        assert_eq!(indent(1, "　x").to_string(), "1 level of the cell's format and 2 blanks");
        let aligned = read(ALL, &Cell::text(""), "　其中：农民工").text_indent;
        assert_eq!(aligned, indent(0, "　　　　女"));
    }
}
