//! A section of a format code for numbers: which numbers it is for, and what it shows of them.

use super::figure::{Figure, Plain, rounded, write_digits};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    Unequal,
    GreaterOrEqual,
    Greater,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Literal(String),
    /// A place for a digit before the point: `0`, `#` or `?`.
    Whole(char),
    Point,
    /// A place for a digit after the point.
    Decimal(char),
    /// `E+` (the sign is always shown) or `E-`, and the digits it has at least.
    Exponent {
        plus: bool,
        width: usize,
    },
    /// The places of a fraction's denominator, or the denominator itself.
    Fraction {
        most: u64,
        fixed: bool,
    },
    General,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    condition: Option<(Comparison, f64)>,
    parts: Vec<Part>,
    wholes: usize,
    decimals: usize,
    /// Decimals that are shown even where they are zeros at the end.
    decimals_shown: usize,
    /// The section holds places for digits.
    has_digits: bool,
    grouped: bool,
    percent: i32,
    thousands: i32,
    exponent: bool,
    fraction: bool,
    /// Places for digits behind a point that is a literal: `0!.0` shows tenths.
    behind_literal_point: i32,
    /// Literal text before the digits says that the number is less than zero.
    shows_minus: bool,
}

impl Section {
    /// `None` where the section is not one of numbers.
    pub(super) fn read(code: &str) -> Option<Section> {
        let mut section = Section::default();
        let mut commas = 0;
        let mut chars = code.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '0' | '#' | '?' => {
                    section.grouped |= commas > 0 && section.wholes > 0 && section.decimals == 0;
                    commas = 0;
                    section.digit(c);
                }
                '.' if !section.parts.contains(&Part::Point) => section.parts.push(Part::Point),
                ',' => commas += i32::from(section.has_digits),
                'E' | 'e' if matches!(chars.peek(), Some('+' | '-')) && section.has_digits => {
                    let plus = chars.next() == Some('+');
                    let width = std::iter::from_fn(|| chars.next_if(|d| matches!(d, '0' | '#' | '?'))).count();
                    section.parts.push(Part::Exponent { plus, width });
                    section.exponent = true;
                }
                '/' if section.wholes > 0 && section.decimals == 0 && !section.fraction => {
                    let places: String =
                        std::iter::from_fn(|| chars.next_if(|d| d.is_ascii_digit() || matches!(d, '#' | '?')))
                            .collect();
                    section.denominator(&places)?;
                }
                'G' | 'g' => {
                    let rest: String = chars.clone().collect();
                    let length = ["eneral", "/通用格式"]
                        .into_iter()
                        .find(|w| rest.get(..w.len()).is_some_and(|r| r.eq_ignore_ascii_case(w)))?;
                    chars.by_ref().take(length.chars().count()).for_each(drop);
                    section.parts.push(Part::General);
                }
                '@' => return None,
                '[' => {
                    let inside: String = chars.by_ref().take_while(|q| *q != ']').collect();
                    section.bracket(&inside)?;
                }
                '%' => {
                    section.percent += 1;
                    section.literal("%");
                }
                '"' => section.literal(&chars.by_ref().take_while(|q| *q != '"').collect::<String>()),
                '\\' | '!' => section.literal(&chars.next().map(String::from).unwrap_or_default()),
                '_' => section.literal(chars.next().map_or("", |_| " ")),
                '*' => drop(chars.next()),
                other => section.literal(other.encode_utf8(&mut [0; 4])),
            }
        }
        section.thousands = commas;
        (section.percent <= 4 && commas <= 6 && section.wholes + section.decimals <= 40).then_some(section)
    }

    fn digit(&mut self, c: char) {
        self.has_digits = true;
        if self.parts.contains(&Part::Point) {
            self.decimals += 1;
            self.decimals_shown = if c == '0' { self.decimals } else { self.decimals_shown };
            self.parts.push(Part::Decimal(c));
            return;
        }
        self.wholes += 1;
        let point = self.parts.iter().position(|p| matches!(p, Part::Literal(l) if l == "."));
        let led = point.is_some_and(|at| self.parts[..at].iter().any(|p| matches!(p, Part::Whole(_))));
        self.behind_literal_point += i32::from(led);
        self.parts.push(Part::Whole(c));
    }

    fn literal(&mut self, text: &str) {
        self.shows_minus |= !self.has_digits && text.contains(['-', '(', '−', '－', '（', '△', '▲']);
        self.parts.push(Part::Literal(text.to_owned()));
    }

    /// `# ?/?`, `?/4`: the places before the stroke are those of the numerator.
    fn denominator(&mut self, places: &str) -> Option<()> {
        let most = match places.parse::<u64>() {
            Ok(fixed) if fixed > 0 => Part::Fraction { most: fixed, fixed: true },
            _ if places.is_empty() || places.len() > 5 => return None,
            _ => Part::Fraction { most: 10u64.pow(places.len() as u32) - 1, fixed: false },
        };
        while let Some(Part::Whole(_)) = self.parts.last() {
            self.parts.pop();
            self.wholes -= 1;
        }
        self.fraction = true;
        self.parts.push(most);
        Some(())
    }

    fn bracket(&mut self, inside: &str) -> Option<()> {
        let comparisons = [
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<>", Comparison::Unequal),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
            ("=", Comparison::Equal),
        ];
        if let Some((rest, comparison)) = comparisons.iter().find_map(|(sign, c)| Some((inside.strip_prefix(sign)?, c)))
        {
            self.condition = Some((*comparison, rest.trim().parse().ok()?));
        } else if let Some(symbol) = inside.strip_prefix('$') {
            self.literal(symbol.split('-').next().unwrap_or(""));
        }
        Some(())
    }

    /// By which power of ten the point of the number moves.
    fn shift(&self) -> i32 {
        2 * self.percent - 3 * self.thousands - self.behind_literal_point
    }

    fn holds(&self, value: f64) -> Option<bool> {
        self.condition.map(|(comparison, limit)| match comparison {
            Comparison::Less => value < limit,
            Comparison::LessOrEqual => value <= limit,
            Comparison::Equal => value == limit,
            Comparison::Unequal => value != limit,
            Comparison::GreaterOrEqual => value >= limit,
            Comparison::Greater => value > limit,
        })
    }
}

/// What the only section of a format shows, if that is nothing but the number: `0`, `0.00`, `#,##0.0`.
pub(super) fn plain(sections: &[Section]) -> Option<Plain> {
    let [section] = sections else { return None };
    let is_place = |part: &Part| matches!(part, Part::Whole('0' | '#') | Part::Point | Part::Decimal('0'));
    let (last, before) = section.parts[..section.parts.len().min(section.wholes)].split_last()?;
    let is_plain = section.condition.is_none()
        && section.shift() == 0
        && section.parts.iter().all(is_place)
        && section.parts.contains(&Part::Point) == (section.decimals > 0)
        && *last == Part::Whole('0')
        && before.iter().all(|part| *part == Part::Whole('#'));
    is_plain.then_some(Plain { decimals: u8::try_from(section.decimals).ok()?, grouped: section.grouped })
}

/// Shows the number in the section that is for it; by which power of ten the section moves its point, or `None` where there
/// is none.
pub(super) fn show(number: Figure, sections: &[Section], out: &mut String) -> Option<i32> {
    let (section, signed) = choose(number, sections)?;
    let start = out.len();
    let minus = number.negative && signed;
    if section.parts.contains(&Part::General) {
        show_general(number, section, minus, out);
    } else if section.fraction {
        show_fraction(number, section, minus, out);
    } else if section.exponent {
        show_power(number, section, minus, out);
    } else {
        let digits =
            Digits::round(number.digits, number.scale - 2 * section.percent + 3 * section.thousands, section.decimals);
        if minus && !digits.is_zero() {
            out.push('-');
        }
        digits.show(section, out);
    }
    trim(out, start);
    Some(section.shift())
}

/// The section for a number, and whether a minus is shown for one below zero.
fn choose(number: Figure, sections: &[Section]) -> Option<(&Section, bool)> {
    let sections = &sections[..sections.len().min(3)];
    if sections.iter().any(|s| s.condition.is_some()) {
        let value = number.to_f64();
        let by_default = |nth: usize| match nth {
            0 if sections.len() > 1 => value > 0.0,
            1 if sections.len() > 2 => value < 0.0,
            _ => true,
        };
        let found = sections.iter().enumerate().find(|(nth, s)| s.holds(value).unwrap_or_else(|| by_default(*nth)));
        return found.map(|(_, section)| (section, !section.shows_minus));
    }
    let zero = number.digits == 0;
    Some(match sections {
        [_, negative, ..] if number.negative => (negative, false),
        [_, _, none] if zero => (none, false),
        [all, ..] => (all, true),
        [] => return None,
    })
}

/// Takes away blanks at both ends of what was written from `start` on.
fn trim(out: &mut String, start: usize) {
    out.truncate(start + out[start..].trim_end().len());
    let blanks = out[start..].len() - out[start..].trim_start().len();
    if blanks > 0 {
        out.drain(start..start + blanks);
    }
}

/// A number without sign, rounded: its digits, and how many of them stand before the point.
struct Digits {
    all: String,
    whole: usize,
}

impl Digits {
    /// Halves are rounded away from zero.
    fn round(digits: u64, scale: i32, decimals: usize) -> Digits {
        let drop = scale - decimals as i32;
        let digits = u32::try_from(drop).map_or(digits, |drop| rounded(digits, drop));
        let mut buffer = [0; 20];
        let written = if digits == 0 { "" } else { write_digits(digits, &mut buffer) };
        let zeros = if digits == 0 { 0 } else { (-drop).max(0) as usize };
        let mut all = String::with_capacity(32);
        all.extend(std::iter::repeat_n('0', decimals.saturating_sub(written.len() + zeros)));
        all.push_str(written);
        all.extend(std::iter::repeat_n('0', zeros));
        Digits { whole: all.len() - decimals, all }
    }

    fn is_zero(&self) -> bool {
        self.all.bytes().all(|d| d == b'0')
    }

    fn show(&self, section: &Section, out: &mut String) {
        let fraction = &self.all[self.whole..];
        let shown = fraction.trim_end_matches('0').len().max(section.decimals_shown).min(fraction.len());
        let (mut whole, mut decimal) = (0, 0);
        for part in &section.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Whole(place) => {
                    self.show_place(*place, section.wholes - whole - 1, whole == 0, section.grouped, out);
                    whole += 1;
                }
                Part::Point => {
                    if section.wholes == 0 {
                        self.show_place('#', 0, true, section.grouped, out);
                    }
                    if shown > 0 {
                        out.push('.');
                    }
                }
                Part::Decimal(_) => {
                    if decimal < shown {
                        out.push_str(&fraction[decimal..=decimal]);
                    }
                    decimal += 1;
                }
                _ => {}
            }
        }
    }

    /// The digit with so many places to its right; the first place takes all that are left of it.
    fn show_place(&self, place: char, right: usize, first: bool, grouped: bool, out: &mut String) {
        let digits = self.whole;
        let from = if first { digits.max(right + 1) } else { right + 1 };
        for nth in (right..from).rev() {
            match digits.checked_sub(nth + 1) {
                Some(at) => out.push_str(&self.all[at..=at]),
                None if place == '0' => out.push('0'),
                None if place == '?' => out.push(' '),
                None => continue,
            }
            if grouped && nth > 0 && nth.is_multiple_of(3) {
                out.push(',');
            }
        }
    }
}

fn show_general(number: Figure, section: &Section, minus: bool, out: &mut String) {
    if minus {
        out.push('-');
    }
    for part in &section.parts {
        match part {
            Part::Literal(text) => out.push_str(text),
            Part::General => number.size().general(out),
            _ => {}
        }
    }
}

/// `1.23E+04`: with more than one place before the point the exponent is a multiple of their number.
fn show_power(number: Figure, section: &Section, minus: bool, out: &mut String) {
    let mut buffer = [0; 20];
    let length = write_digits(number.digits, &mut buffer).len() as i32;
    let step = section.wholes.max(1) as i32;
    let mut exponent = if number.digits == 0 { 0 } else { (length - 1 - number.scale).div_euclid(step) * step };
    let mut digits = Digits::round(number.digits, number.scale + exponent, section.decimals);
    if digits.whole as i32 > step {
        exponent += step;
        digits = Digits::round(number.digits, number.scale + exponent, section.decimals);
    }
    if minus {
        out.push('-');
    }
    let parts = |exponents: bool| section.parts.iter().filter(move |p| matches!(p, Part::Exponent { .. }) == exponents);
    digits.show(&Section { parts: parts(false).cloned().collect(), ..section.clone() }, out);
    for part in parts(true) {
        if let Part::Exponent { plus, width } = part {
            let sign = if exponent < 0 {
                "-"
            } else if *plus {
                "+"
            } else {
                ""
            };
            out.push_str(&format!("E{sign}{:0width$}", exponent.abs()));
        }
    }
}

/// `2 1/4`: the nearest fraction whose denominator fits its places.
fn show_fraction(number: Figure, section: &Section, minus: bool, out: &mut String) {
    let value = number.to_f64().abs();
    let whole = if section.wholes > 0 { value.trunc() } else { 0.0 };
    let places = section.parts.iter().find_map(|p| match p {
        Part::Fraction { most, fixed } => Some((*most, *fixed)),
        _ => None,
    });
    let (most, fixed) = places.unwrap_or((9, false));
    let rest = value - whole;
    let distance = |d: &u64| (rest - (rest * *d as f64).round() / *d as f64).abs();
    let least = if fixed { most } else { 1 };
    let denominator = (least..=most).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(1);
    let mut numerator = (rest * denominator as f64).round();
    let mut whole = whole;
    if section.wholes > 0 && numerator == denominator as f64 {
        (whole, numerator) = (whole + 1.0, 0.0);
    }
    if minus && (whole > 0.0 || numerator > 0.0) {
        out.push('-');
    }
    let mut shown_whole = false;
    for part in &section.parts {
        match part {
            Part::Literal(text) if text != " " || shown_whole => out.push_str(text),
            Part::Whole(_) if !shown_whole && (whole > 0.0 || numerator == 0.0) => {
                out.push_str(&format!("{whole}"));
                shown_whole = true;
            }
            Part::Fraction { .. } if numerator > 0.0 || section.wholes == 0 => {
                out.push_str(&format!("{numerator}/{denominator}"));
            }
            _ => {}
        }
    }
}
