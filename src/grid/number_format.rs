//! How a spreadsheet shows a number: format codes such as `0.00`, `#,##0`, `0.0%`, `0!.0,"万元"`, `yyyy"年"m"月"`.
//!
//! A code is read once and then applied to every cell that bears it. Colours and fill characters are not shown, and
//! Chinese numerals (`[DBNum1]`) are shown as digits.

mod date;
mod figure;
mod section;

use std::sync::Arc;

use figure::{Figure, Plain};
use section::Section;

use super::{Cell, CellValue, Shown};

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

/// A number format, read.
#[derive(Clone, Debug)]
pub(super) struct NumberFormat {
    /// `None` for General.
    code: Option<Arc<String>>,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    General,
    Date(Arc<[date::Token]>),
    Number {
        sections: Arc<[Section]>,
        /// The format shows nothing but the number, as most formats of tables do.
        plain: Option<Plain>,
    },
}

impl Default for NumberFormat {
    fn default() -> NumberFormat {
        NumberFormat { code: None, kind: Kind::General }
    }
}

impl NumberFormat {
    pub(super) fn new(code: &str) -> NumberFormat {
        if code.is_empty() || code.eq_ignore_ascii_case("general") || code == "G/通用格式" {
            return NumberFormat::default();
        }
        let sections = sections(code);
        let kind = if date::is_date(&sections[0]) {
            Kind::Date(date::tokens(&sections[0]).into())
        } else {
            // A fourth section is for texts. A number is shown as General does where a section cannot be read.
            sections
                .iter()
                .take(3)
                .map(|s| Section::read(s))
                .collect::<Option<Vec<_>>>()
                .map_or(Kind::General, |s| Kind::Number { plain: section::plain(&s), sections: s.into() })
        };
        NumberFormat { code: Some(Arc::new(code.to_owned())), kind }
    }

    /// The same format, sharing nothing that a cell refers to.
    pub(super) fn apart(&self) -> NumberFormat {
        NumberFormat { code: self.code.as_ref().map(|code| Arc::new(String::clone(code))), kind: self.kind.clone() }
    }

    /// A format by its number, or by its code where the number is not one of the fixed ones.
    pub(super) fn by_id(id: u16, code: Option<&str>) -> NumberFormat {
        NumberFormat::new(code.or_else(|| builtin(id)).unwrap_or(""))
    }

    /// The cell that a number in this format makes: a date where the format is one of dates.
    pub(super) fn cell(&self, number: Figure, from_1904: bool, scratch: &mut String) -> Cell {
        let format = self.code.clone();
        let plain = match &self.kind {
            Kind::General => number.plain_general(),
            Kind::Number { plain, .. } => *plain,
            Kind::Date(_) => None,
        };
        if let Some(plain) = plain
            && let (Some(text), Some(value)) = (number.shown_plain(plain), number.exact())
        {
            let shown = Shown::Plain { decimals: plain.decimals };
            return Cell { value: CellValue::Number(value), text, format, shown, bold: false, indent: 0 };
        }
        scratch.clear();
        let (value, shift) = match &self.kind {
            Kind::Date(tokens) => {
                let day = date::show(number.to_f64(), tokens, from_1904, scratch);
                (day.map_or(CellValue::Text, CellValue::Date), 0)
            }
            kind => {
                let shift = match kind {
                    Kind::Number { sections, .. } => section::show(number, sections, scratch),
                    _ => None,
                };
                if shift.is_none() {
                    number.general(scratch);
                }
                // Beyond 28 digits there is no exact decimal; no figure of a table is.
                (number.exact().map_or(CellValue::Text, CellValue::Number), shift.unwrap_or(0))
            }
        };
        let shown = Shown::Dressed { shift: shift.clamp(i8::MIN.into(), i8::MAX.into()) as i8 };
        Cell { value, text: scratch.as_str().into(), format, shown, bold: false, indent: 0 }
    }
}

pub(super) use figure::Figure as Number;

/// A number without a format.
pub(super) fn general_cell(number: Figure) -> Cell {
    NumberFormat::default().cell(number, false, &mut String::new())
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
        if !quoted && !bracket && matches!(c, '\\' | '!' | '_' | '*') {
            last.extend(chars.next());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: f64, code: &str, expected: &str) {
        let cell = NumberFormat::new(code).cell(Figure::from_f64(value), false, &mut String::new());
        assert_eq!(cell.text, expected, "{value} in {code}");
    }

    #[test]
    fn numbers_are_shown_as_in_a_spreadsheet() {
        check(7332.3, "General", "7332.3");
        check(660.783071393728, "General", "660.783071393728");
        check(0.1 + 0.2, "General", "0.3");
        check(12998133.0, "General", "12998133");
        check(-0.45, "General", "-0.45");
        check(1e300, "General", "1E+300");
        check(5e-324, "General", "4.94065645841247E-324");
        check(0.00001, "General", "0.00001");
        check(123456789012345680.0, "General", "123456789012346000");
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
        check(0.0, "0;;", "");
        check(7.0, ";;;", "");
    }

    #[test]
    fn the_plain_way_shows_what_the_sections_do() {
        let numbers = [0.0, 0.004, 0.005, 0.5, 7.0, 12.345, 999.995, 1234.5, 123_456.0, 999_999_999_999.0, 1e-9];
        for code in ["0", "0.0", "0.00", "#,##0", "#,##0.00", "####0.000", "##,##0.0"] {
            let Kind::Number { sections, plain: Some(plain) } = NumberFormat::new(code).kind else {
                panic!("{code} is plain")
            };
            for number in numbers.into_iter().flat_map(|n| [n, -n]).map(Figure::from_f64) {
                let mut shown = String::new();
                section::show(number, &sections, &mut shown);
                assert_eq!(number.shown_plain(plain).unwrap(), *shown, "{number:?} in {code}");
            }
        }
        for code in [
            "000", "0%", "0,", "#", "#.##", "0.0#", "0\"人\"", "0.", "0;-0", "[>5]0", "0.00E+00", "# ?/?", "0!.0", "+0",
        ] {
            assert!(!matches!(NumberFormat::new(code).kind, Kind::Number { plain: Some(_), .. }), "{code}");
        }
    }

    #[test]
    fn numbers_are_scaled_and_dressed() {
        check(7.5, "0.0\"%\"", "7.5%");
        check(123456.0, "0,\"万\"", "123万");
        check(123456789.0, "0.0,,\"百万\"", "123.5百万");
        check(123456.0, "0!.0,\"万元\"", "12.3万元");
        check(456.0, "0!.0,\"万元\"", "0.0万元");
        check(13800138000.0, "000-0000-0000", "138-0013-8000");
        check(12.0, "G/通用格式\"人\"", "12人");
        check(-12.5, "General\"人\"", "-12.5人");
        check(12345.0, "[>=10000]0!.0,\"万\";0", "1.2万");
        check(9999.0, "[>=10000]0!.0,\"万\";0", "9999");
        check(-5.0, "[Red][<0]0.0;[Blue]0", "-5.0");
        check(5.0, "[=5]\"五\";0", "五");
        check(6.0, "[=5]\"五\";0", "6");
        check(2.0, "[>5]0;[>3]0.0;\"小\"", "小");
    }

    #[test]
    fn fractions_and_powers_of_ten() {
        check(0.5, "# ?/?", "1/2");
        check(2.25, "# ?/?", "2 1/4");
        check(3.0, "# ?/?", "3");
        check(-0.3333, "# ?/?", "-1/3");
        check(0.35, "# ??/??", "7/20");
        check(1.3, "# ?/4", "1 1/4");
        check(2.5, "?/?", "5/2");
        check(12345.678, "0.00E+00", "1.23E+04");
        check(0.00012, "0.0E+00", "1.2E-04");
        check(-9996.0, "0.00E+00", "-1.00E+04");
        check(12345.678, "##0.0E+0", "12.3E+3");
        check(0.0, "0.00E+00", "0.00E+00");
        check(150.0, "0E-0", "2E2");
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
        let in_1904 = NumberFormat::new("yyyy-mm-dd").cell(Figure::from_f64(36736.0), true, &mut String::new());
        assert_eq!(in_1904.value, CellValue::Date(jiff::civil::date(2004, 7, 30)));
    }

    #[test]
    fn the_point_moves_by_the_format_alone() {
        for (code, expected) in [
            ("0.0%", 2),
            ("0.0\"%\"", 0),
            ("#,##0", 0),
            ("0,\"万\"", -3),
            ("0,,", -6),
            ("0!.0,\"万元\"", -4),
            ("0\\.00,", -5),
            ("0.00E+00", 0),
            ("General", 0),
            ("[>=10000]0!.0,;0", -4),
            ("[<10000]0!.0,;0", 0),
        ] {
            let cell = NumberFormat::new(code).cell(Figure::from_f64(20_000.0), false, &mut String::new());
            assert_eq!(cell.shown_shift(), expected, "{code}");
        }
    }
}
