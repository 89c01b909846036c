//! Serial numbers as dates and times: `yyyy-mm-dd`, `yyyy"年"m"月"`, `上午/下午h"时"`, `[h]:mm`, `aaaa`.

use jiff::ToSpan;
use jiff::civil::Date;

use super::figure::Figure;

/// Whether a section shows dates or times.
pub(super) fn is_date(section: &str) -> bool {
    let (mut letters, mut numbers) = (false, false);
    let mut chars = section.chars();
    while let Some(c) = chars.next() {
        match c.to_ascii_lowercase() {
            '"' => chars.by_ref().take_while(|q| *q != '"').for_each(drop),
            '\\' | '!' | '_' | '*' => drop(chars.next()),
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

/// The day of a serial number; what the format shows goes to `out`. There is no date for a time alone, nor for 29
/// February 1900, which spreadsheets count though it never was.
pub(super) fn show(serial: f64, tokens: &[Token], from_1904: bool, out: &mut String) -> Option<Date> {
    // 9999-12-31; anything outside is a number that was given a date format by mistake.
    if !(0.0..2_958_466.0).contains(&serial) {
        Figure::from_f64(serial).general(out);
        return None;
    }
    let seconds = (serial * SECONDS_A_DAY as f64).round() as i64;
    let (day, second) = (seconds / SECONDS_A_DAY, seconds % SECONDS_A_DAY);
    if day == 0 && tokens.iter().all(|token| !matches!(token, Token::Letters('y' | 'd' | 'e', _))) {
        render(tokens, None, seconds, out);
        return None;
    }
    let base = match (from_1904, day) {
        (true, _) => jiff::civil::date(1904, 1, 1),
        (false, 60) => {
            out.push_str("1900-02-29");
            return None;
        }
        (false, ..60) => jiff::civil::date(1899, 12, 31),
        (false, _) => jiff::civil::date(1899, 12, 30),
    };
    let Ok(date) = base.checked_add(day.days()) else {
        Figure::from_f64(serial).general(out);
        return None;
    };
    let elapsed = tokens.iter().any(|token| matches!(token, Token::Elapsed(_)));
    render(tokens, Some(date), if elapsed { seconds } else { second }, out);
    Some(date).filter(|_| !elapsed)
}

#[derive(Clone, Debug)]
pub(super) enum Token {
    /// A run of one of y m d h s e a.
    Letters(char, usize),
    /// `[h]`, `[m]`, `[s]`: not cut at a day, an hour, a minute.
    Elapsed(char),
    HalfDay(&'static str, &'static str),
    Literal(String),
}

pub(super) fn tokens(section: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = section;
    while let Some(c) = rest.chars().next() {
        let lower = c.to_ascii_lowercase();
        let mut used = c.len_utf8();
        if let Some((length, am, pm)) = half_day(rest) {
            tokens.push(Token::HalfDay(am, pm));
            used = length;
        } else if matches!(lower, 'y' | 'm' | 'd' | 'h' | 's' | 'e' | 'a') {
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
        } else if matches!(c, '\\' | '!' | '_' | '*') {
            let next = rest[used..].chars().next();
            used += next.map_or(0, char::len_utf8);
            if matches!(c, '\\' | '!') {
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

fn render(tokens: &[Token], date: Option<Date>, seconds: i64, shown: &mut String) {
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
    shown.push_str(out.trim());
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
    let weekday =
        ["一", "二", "三", "四", "五", "六", "日"][date.weekday().to_monday_zero_offset().unsigned_abs() as usize];
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
        ('a', 1 | 2) => "a".repeat(run),
        ('a', 3) => weekday.to_owned(),
        ('a', _) => format!("星期{weekday}"),
        _ => padded(i64::from(date.day()), run),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
