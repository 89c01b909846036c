//! How a spreadsheet shows a number: format codes such as `0.00`, `#,##0`, `0.0%`, `yyyy"年"m"月"`.
//!
//! Covers what statistical tables use; a code beyond it (fractions, conditions) shows the number as General does, which
//! hides nothing. Colours and fill characters are not shown.

use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};

use super::{Cell, CellValue};

/// Format codes with a fixed number, as Chinese Excel defines them.
pub(super) fn builtin(id: u16) -> Option<&'static str> {
    Some(match id {
        0 => "General",
        1 => "0",
        2 => "0.00",
        3 => "#,##0",
        4 => "#,##0.00",
        5 | 7 => "¥#,##0.00;¥-#,##0.00",
        6 | 8 => "¥#,##0.00;[Red]¥-#,##0.00",
        9 => "0%",
        10 => "0.00%",
        11 => "0.00E+00",
        12 => "# ?/?",
        13 => "# ??/??",
        14 | 30 => "yyyy-mm-dd",
        15 => "d-mmm-yy",
        16 => "d-mmm",
        17 => "mmm-yy",
        18 => "h:mm AM/PM",
        19 => "h:mm:ss AM/PM",
        20 => "h:mm",
        21 => "h:mm:ss",
        22 => "yyyy-mm-dd h:mm",
        27 | 36 | 50 | 52 | 57 => "yyyy\"年\"m\"月\"",
        28 | 29 | 51 | 53 | 54 | 58 => "m\"月\"d\"日\"",
        31 => "yyyy\"年\"m\"月\"d\"日\"",
        32 => "h\"时\"mm\"分\"",
        33 => "h\"时\"mm\"分\"ss\"秒\"",
        34 | 55 => "上午/下午h\"时\"mm\"分\"",
        35 | 56 => "上午/下午h\"时\"mm\"分\"ss\"秒\"",
        37 | 38 => "#,##0;-#,##0",
        39 | 40 => "#,##0.00;-#,##0.00",
        41 | 42 => "_ * #,##0_ ;_ * -#,##0_ ;_ * \"-\"_ ;_ @_ ",
        43 | 44 => "_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * \"-\"??_ ;_ @_ ",
        45 => "mm:ss",
        46 => "[h]:mm:ss",
        47 => "mm:ss.0",
        48 => "##0.0E+0",
        49 => "@",
        _ => return None,
    })
}

/// The cell that a number in a format makes: a date where the format is one of dates.
pub(super) fn cell(value: f64, code: Option<&Arc<String>>, from_1904: bool) -> Cell {
    let code = code.filter(|c| !c.eq_ignore_ascii_case("general") && !c.is_empty());
    let format = code.cloned();
    if let Some(code) = code.filter(|c| is_date(c)) {
        let (date, text) = show_date(value, code, from_1904);
        let value = date.map_or(CellValue::Text, CellValue::Date);
        return Cell { value, text: text.into(), format, bold: false, indent: 0 };
    }
    let text = code.and_then(|code| show(value, code)).unwrap_or_else(|| general(value));
    let value = match Decimal::from_str_exact(&format!("{value}")) {
        Ok(exact) => CellValue::Number(exact),
        // Beyond 28 digits there is no exact decimal; no figure of a table is.
        Err(_) => CellValue::Text,
    };
    Cell { value, text: text.into(), format, bold: false, indent: 0 }
}

/// A number as General shows it in a cell wide enough: 15 significant digits, no trailing zeros.
pub(super) fn general(value: f64) -> String {
    significant(value).map_or_else(|| format!("{value:e}"), |v| v.normalize().to_string())
}

/// The 15 significant digits a spreadsheet keeps of a number.
fn significant(value: f64) -> Option<Decimal> {
    if value == 0.0 {
        return Some(Decimal::ZERO);
    }
    let rounded = Decimal::from_scientific(&format!("{value:.14e}")).ok()?;
    // A number too small to have its digits kept would come out as another number.
    (!rounded.is_zero() && value.abs() > 1e-13).then_some(rounded)
}

/// Sections of a format code, cut at `;` outside quotes, escapes and brackets.
fn sections(code: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut chars = code.chars();
    let (mut quoted, mut bracket) = (false, false);
    while let Some(c) = chars.next() {
        match c {
            ';' if !quoted && !bracket => {
                out.push(String::new());
                continue;
            }
            '"' if !bracket => quoted = !quoted,
            '[' if !quoted => bracket = true,
            ']' if !quoted => bracket = false,
            _ => {}
        }
        let last = out.last_mut().expect("there is always a section");
        last.push(c);
        if !quoted && !bracket && matches!(c, '\\' | '_' | '*') {
            last.extend(chars.next());
        }
    }
    out
}

/// A section of a number format, read.
#[derive(Default)]
struct Section {
    prefix: String,
    suffix: String,
    integer_digits: usize,
    /// Digits after the point: those always shown, and all.
    decimals_shown: usize,
    decimals: usize,
    has_digits: bool,
    grouped: bool,
    percent: u32,
    thousands: u32,
}

/// The number in a format, or `None` where the format is not one of plain numbers.
fn show(value: f64, code: &str) -> Option<String> {
    let exact = significant(value)?;
    let all = sections(code);
    let (body, signed) = match (all.len(), exact.is_sign_negative() && !exact.is_zero(), exact.is_zero()) {
        (1, _, _) | (_, false, false) | (2, _, true) => (&all[0], true),
        (_, true, _) => (&all[1], false),
        _ => (&all[2], false),
    };
    let section = read_section(body)?;
    let scale = Decimal::from(100u64.pow(section.percent)) / Decimal::from(1000u64.pow(section.thousands));
    let rounded =
        (exact.abs() * scale).round_dp_with_strategy(section.decimals as u32, RoundingStrategy::MidpointAwayFromZero);
    let digits = if section.has_digits { show_digits(rounded, &section) } else { String::new() };
    let minus = if signed && exact.is_sign_negative() && !rounded.is_zero() { "-" } else { "" };
    Some(format!("{minus}{}{digits}{}", section.prefix, section.suffix).trim().to_owned())
}

fn read_section(body: &str) -> Option<Section> {
    let mut section = Section::default();
    let (mut after_point, mut digits_done) = (false, false);
    let mut pending_commas = 0;
    let mut chars = body.chars().peekable();
    while let Some(c) = chars.next() {
        let literal = match c {
            '0' | '#' | '?' => {
                if digits_done {
                    return None; // digits on both sides of a literal, as in telephone numbers
                }
                section.grouped |= pending_commas > 0;
                pending_commas = 0;
                section.has_digits = true;
                if after_point {
                    section.decimals += 1;
                    section.decimals_shown = if c == '0' { section.decimals } else { section.decimals_shown };
                } else if c == '0' {
                    section.integer_digits += 1;
                }
                continue;
            }
            '.' if !after_point => {
                (after_point, section.has_digits) = (true, true);
                continue;
            }
            ',' => {
                pending_commas += 1;
                continue;
            }
            '%' => {
                section.percent += 1;
                "%".to_owned()
            }
            '"' => chars.by_ref().take_while(|q| *q != '"').collect(),
            '\\' => chars.next().map(String::from).unwrap_or_default(),
            '_' => chars.next().map(|_| " ".to_owned()).unwrap_or_default(),
            '*' => chars.next().map(|_| String::new()).unwrap_or_default(),
            '[' => {
                let inside: String = chars.by_ref().take_while(|q| *q != ']').collect();
                if inside.starts_with(['<', '>', '=']) {
                    return None;
                }
                let symbol = inside.strip_prefix('$').unwrap_or("");
                symbol.split('-').next().unwrap_or("").to_owned()
            }
            '/' | '@' | 'E' | 'e' | 'G' | 'g' => return None,
            other => other.to_string(),
        };
        digits_done |= section.has_digits;
        if section.has_digits { section.suffix.push_str(&literal) } else { section.prefix.push_str(&literal) }
    }
    section.thousands = if section.has_digits { pending_commas } else { 0 };
    (section.percent <= 2 && section.thousands <= 4).then_some(section)
}

fn show_digits(rounded: Decimal, section: &Section) -> String {
    let plain = rounded.to_string();
    let (integer, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let integer = if integer == "0" { "" } else { integer };
    let integer = format!("{integer:0>width$}", width = section.integer_digits);
    let mut fraction = format!("{fraction:0<width$}", width = section.decimals);
    while fraction.len() > section.decimals_shown && fraction.ends_with('0') {
        fraction.pop();
    }
    let integer = if section.grouped { group(&integer) } else { integer };
    if fraction.is_empty() { integer } else { format!("{integer}.{fraction}") }
}

fn group(integer: &str) -> String {
    let mut out = String::new();
    for (place, digit) in integer.chars().enumerate() {
        if place > 0 && (integer.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Whether a format shows dates or times.
pub(super) fn is_date(code: &str) -> bool {
    let first = sections(code).swap_remove(0);
    let (mut letters, mut numbers) = (false, false);
    let mut chars = first.chars();
    while let Some(c) = chars.next() {
        match c.to_ascii_lowercase() {
            '"' => chars.by_ref().take_while(|q| *q != '"').for_each(drop),
            '\\' | '_' | '*' => drop(chars.next()),
            '[' => {
                let inside: String = chars.by_ref().take_while(|q| *q != ']').collect();
                letters |= ["h", "hh", "m", "mm", "s", "ss"].contains(&inside.to_lowercase().as_str());
            }
            'g' => return false, // General, G/通用格式
            '0' | '#' | '?' => numbers |= !letters,
            'y' | 'm' | 'd' | 'h' | 's' => letters = true,
            _ => {}
        }
    }
    letters && !numbers
}

const SECONDS_A_DAY: i64 = 86_400;

/// The day of a serial number, and what the format shows. There is no date for a time alone, nor for 29 February 1900,
/// which spreadsheets count though it never was.
fn show_date(serial: f64, code: &str, from_1904: bool) -> (Option<Date>, String) {
    // 9999-12-31; anything outside is a number that was given a date format by mistake.
    if !(0.0..2_958_466.0).contains(&serial) {
        return (None, general(serial));
    }
    let seconds = (serial * SECONDS_A_DAY as f64).round() as i64;
    let (day, second) = (seconds / SECONDS_A_DAY, seconds % SECONDS_A_DAY);
    let first = section_tokens(code);
    if first.iter().all(|token| !matches!(token, Token::Letters('y' | 'd' | 'e', _))) && day == 0 {
        return (None, render(&first, None, seconds));
    }
    let base = match (from_1904, day) {
        (true, _) => jiff::civil::date(1904, 1, 1),
        (false, 60) => return (None, "1900-02-29".to_owned()),
        (false, ..60) => jiff::civil::date(1899, 12, 31),
        (false, _) => jiff::civil::date(1899, 12, 30),
    };
    let Ok(date) = base.checked_add(day.days()) else { return (None, general(serial)) };
    let elapsed = first.iter().any(|token| matches!(token, Token::Elapsed(_)));
    (Some(date).filter(|_| !elapsed), render(&first, Some(date), if elapsed { seconds } else { second }))
}

enum Token {
    /// A run of one of y m d h s e.
    Letters(char, usize),
    /// `[h]`, `[m]`, `[s]`: not cut at a day, an hour, a minute.
    Elapsed(char),
    HalfDay(&'static str, &'static str),
    Literal(String),
}

fn section_tokens(code: &str) -> Vec<Token> {
    let section = sections(code).swap_remove(0);
    let mut tokens = Vec::new();
    let mut rest = section.as_str();
    while let Some(c) = rest.chars().next() {
        let lower = c.to_ascii_lowercase();
        let mut used = c.len_utf8();
        if let Some((length, am, pm)) = half_day(rest) {
            tokens.push(Token::HalfDay(am, pm));
            used = length;
        } else if matches!(lower, 'y' | 'm' | 'd' | 'h' | 's' | 'e') {
            let run = rest.chars().take_while(|n| n.to_ascii_lowercase() == lower).count();
            tokens.push(Token::Letters(lower, run));
            used = run;
        } else if c == '"' {
            let inside = rest[1..].split('"').next().unwrap_or("");
            tokens.push(Token::Literal(inside.to_owned()));
            used = (inside.len() + 2).min(rest.len());
        } else if c == '[' {
            let inside = rest[1..].split(']').next().unwrap_or("");
            if let Some(unit @ ('h' | 'm' | 's')) = inside.to_lowercase().chars().next().filter(|_| inside.len() < 3) {
                tokens.push(Token::Elapsed(unit));
            }
            used = (inside.len() + 2).min(rest.len());
        } else if matches!(c, '\\' | '_' | '*') {
            let next = rest[used..].chars().next();
            used += next.map_or(0, char::len_utf8);
            if c == '\\' {
                tokens.extend(next.map(|n| Token::Literal(n.to_string())));
            }
        } else if c != '@' {
            tokens.push(Token::Literal(c.to_string()));
        }
        rest = &rest[used..];
    }
    tokens
}

fn half_day(rest: &str) -> Option<(usize, &'static str, &'static str)> {
    let is = |mark: &str| rest.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    if is("AM/PM") {
        Some((5, "AM", "PM"))
    } else if is("上午/下午") {
        Some(("上午/下午".len(), "上午", "下午"))
    } else {
        None
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn render(tokens: &[Token], date: Option<Date>, seconds: i64) -> String {
    let twelve = tokens.iter().any(|t| matches!(t, Token::HalfDay(..)));
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut out = String::new();
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Literal(text) => out.push_str(text),
            Token::HalfDay(am, pm) => out.push_str(if hour < 12 { am } else { pm }),
            Token::Elapsed('h') => out.push_str(&hour.to_string()),
            Token::Elapsed('m') => out.push_str(&(seconds / 60).to_string()),
            Token::Elapsed(_) => out.push_str(&seconds.to_string()),
            Token::Letters('h', run) => {
                let shown = if twelve { (hour + 11) % 12 + 1 } else { hour };
                out.push_str(&padded(shown, *run));
            }
            Token::Letters('s', run) => out.push_str(&padded(second, *run)),
            Token::Letters('m', run) if *run <= 2 && is_minute(tokens, place) => out.push_str(&padded(minute, *run)),
            Token::Letters(letter, run) => out.push_str(&date.map_or_else(String::new, |d| part(d, *letter, *run))),
        }
    }
    out.trim().to_owned()
}

/// `m` is a minute after an hour and before a second.
fn is_minute(tokens: &[Token], place: usize) -> bool {
    let unit = |token: &Token| match token {
        Token::Letters(letter, _) | Token::Elapsed(letter) => Some(*letter),
        _ => None,
    };
    let before = tokens[..place].iter().rev().find_map(unit);
    let after = tokens[place + 1..].iter().find_map(unit);
    before == Some('h') || after == Some('s')
}

fn padded(value: i64, run: usize) -> String {
    if run >= 2 { format!("{value:02}") } else { value.to_string() }
}

fn part(date: Date, letter: char, run: usize) -> String {
    let month = MONTHS[usize::from(date.month().unsigned_abs()) - 1];
    match (letter, run) {
        ('y', 1 | 2) => format!("{:02}", date.year() % 100),
        ('y' | 'e', _) => date.year().to_string(),
        ('m', 3) => month[..3].to_owned(),
        ('m', 4) => month.to_owned(),
        ('m', 5..) => month[..1].to_owned(),
        ('m', _) => padded(i64::from(date.month()), run),
        ('d', 3) => format!("{:?}", date.weekday())[..3].to_owned(),
        ('d', 4..) => format!("{:?}", date.weekday()),
        _ => padded(i64::from(date.day()), run),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: f64, code: &str, expected: &str) {
        assert_eq!(cell(value, Some(&Arc::new(code.to_owned())), false).text, expected, "{value} in {code}");
    }

    #[test]
    fn numbers_are_shown_as_in_a_spreadsheet() {
        check(7332.3, "General", "7332.3");
        check(660.783071393728, "General", "660.783071393728");
        check(0.1 + 0.2, "General", "0.3");
        check(12998133.0, "General", "12998133");
        check(-0.45, "General", "-0.45");
        check(1e300, "General", "1e300");
        check(64925.3, "0.00", "64925.30");
        check(238952.0, "#,##0", "238,952");
        check(1332810869.0, "#,##0", "1,332,810,869");
        check(0.075, "0.0%", "7.5%");
        check(0.68, "0%", "68%");
        check(0.125, "0.00", "0.13");
        check(-0.125, "0.00", "-0.13");
        check(-0.001, "0.00", "0.00");
        check(0.5, "#.##", ".5");
        check(5.0, "0.0#", "5.0");
        check(-1234.5, "#,##0.00;(#,##0.00)", "(1,234.50)");
        check(1234.5, "_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * \"-\"??_ ;_ @_ ", "1,234.50");
        check(0.0, "_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * \"-\"??_ ;_ @_ ", "-");
        check(12.0, "0\"人\"", "12人");
        check(-3.0, "+0;-0;0", "-3");
        check(3.0, "+0;-0;0", "+3");
        check(1234567.0, "0,", "1235");
        check(1234567.0, "#,##0,", "1,235");
        check(99.0, "[$¥-804]#,##0.00", "¥99.00");
        check(7.0, "000", "007");
        check(0.5, "# ?/?", "0.5");
        check(0.0, "0;;", "");
    }

    #[test]
    fn dates_are_shown_as_in_a_spreadsheet() {
        check(38198.0, "yyyy-mm-dd", "2004-07-30");
        check(38198.0, "yyyy\"年\"m\"月\"d\"日\"", "2004年7月30日");
        check(38198.5, "yyyy/m/d\\ h:mm", "2004/7/30 12:00");
        check(38198.0, "d-mmm-yy", "30-Jul-04");
        check(38198.0, "[$-804]yyyy\"年\"m\"月\";@", "2004年7月");
        check(0.75, "h:mm AM/PM", "6:00 PM");
        check(1.5, "[h]:mm:ss", "36:00:00");
        check(59.0, "yyyy-mm-dd", "1900-02-28");
        check(60.0, "yyyy-mm-dd", "1900-02-29");
        check(61.0, "yyyy-mm-dd", "1900-03-01");
        let in_1904 = cell(36736.0, Some(&Arc::new("yyyy-mm-dd".to_owned())), true);
        assert_eq!(in_1904.value, CellValue::Date(jiff::civil::date(2004, 7, 30)));
    }

    #[test]
    fn date_formats_are_known() {
        for (code, expected) in [
            ("yyyy-mm-dd", true),
            ("mmm yy", true),
            ("[h]:mm", true),
            ("m\"月\"", true),
            ("General", false),
            ("G/通用格式", false),
            ("0.00", false),
            ("[Red]0", false),
            ("0\"d\"", false),
            ("0.00E+00", false),
            ("_ * #,##0", false),
            ("@", false),
        ] {
            assert_eq!(is_date(code), expected, "{code}");
        }
    }
}
