//! Printed labels made comparable: width folded, white space dropped, nothing else changed.

use unicode_normalization::UnicodeNormalization;

/// The canonical form of a printed label: compatibility composition (full width → half width), all white space
/// removed. `"基\n金 收入（万元）"` and `"基金收入(万元)"` are the same label.
pub fn normalise(printed: &str) -> String {
    let folded = printed.chars().map(shield).nfkc().map(unshield);
    folded.filter(|c| !c.is_whitespace() && !matches!(c, '\u{200B}' | '\u{FEFF}' | '\u{AD}')).collect()
}

/// The characters of [`normalise`] for one printed character; none for white space.
pub fn normalised(printed: char) -> impl Iterator<Item = char> {
    let folded = std::iter::once(shield(printed)).nfkc().map(unshield);
    folded.filter(|c| !c.is_whitespace() && !matches!(c, '\u{200B}' | '\u{FEFF}' | '\u{AD}'))
}

/// Circled numbers, which are signs of their own: `人数①` is not `人数1`.
const CIRCLED: (u32, u32) = (0x2460, 0x2473);
/// Where no character is that compatibility would change.
const PRIVATE: u32 = 0xE000;

fn shield(c: char) -> char {
    let of = c as u32;
    let circled = (CIRCLED.0..=CIRCLED.1).contains(&of);
    if circled { char::from_u32(of - CIRCLED.0 + PRIVATE).unwrap_or(c) } else { c }
}

fn unshield(c: char) -> char {
    let of = c as u32;
    let shielded = (PRIVATE..=PRIVATE + CIRCLED.1 - CIRCLED.0).contains(&of);
    if shielded { char::from_u32(of - PRIVATE + CIRCLED.0).unwrap_or(c) } else { c }
}

/// A printed label without the English that follows its Chinese after a blank or a line break: `北 京 Beijing` is `北 京`.
/// What is not English (a number, a unit's sign) stays, and so does a label of one language.
pub fn without_english(printed: &str) -> &str {
    let chinese = |c: char| matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}');
    let Some((at, last)) = printed.char_indices().rfind(|(_, c)| chinese(*c)) else { return printed };
    let mut end = at + last.len_utf8();
    let mut depth = 0_usize;
    for (at, c) in printed[end..].char_indices().map(|(at, c)| (end + at, c)).collect::<Vec<_>>() {
        match c {
            // English starts a word or a bracket of its own.
            _ if depth == 0 && c.is_whitespace() => end = at,
            '(' | '（' => depth += 1,
            ')' | '）' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let word = printed[at..].chars().take_while(|c| c.is_ascii_alphabetic()).count();
        if word > 1 {
            return if printed[end..].starts_with(char::is_whitespace) { printed[..end].trim_end() } else { printed };
        }
    }
    printed
}

/// The names nearest to a label, best first, at most three; for hints.
pub fn nearest<'a>(label: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = normalise(label);
    let mut ranked: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(&wanted, &normalise(name)), name))
        .filter(|(likeness, _)| *likeness >= 0.34)
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    ranked.dedup_by(|a, b| a.1 == b.1);
    ranked.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::{nearest, normalise, without_english};

    #[test]
    fn labels_compare_without_width_and_space() {
        assert_eq!(normalise("失　　业"), "失业");
        assert_eq!(normalise("参保率 (% )"), "参保率(%)");
        assert_eq!(normalise("险 种\n年\n份"), "险种年份");
        assert_eq!(normalise("基金收入（万元）"), "基金收入(万元)");
        assert_eq!(normalise("人数 ①"), "人数①");
    }

    #[test]
    fn english_after_chinese_is_dropped() {
        let check = |printed: &str, expected: &str| assert_eq!(without_english(printed), expected, "{printed}");
        check("北  京  Beijing", "北  京");
        check("养老保险\nPension Insurance", "养老保险");
        check("　城镇职工 Urban Employees (10 000 persons)", "　城镇职工");
        check("参保人数（万人） Insured (10 000 persons)", "参保人数（万人）");
        check("参保人数 (10 000 persons)", "参保人数");
        check("增长 %  Growth (%)", "增长 %");
        check("年末 2010 Year-end 2010", "年末 2010");
        check("R&D 人员 Persons in R&D", "R&D 人员");
        check("北京Beijing", "北京Beijing");
        check("维生素 C", "维生素 C");
        check("参保人数(人)", "参保人数(人)");
        check("合 计", "合 计");
        check("Total", "Total");
        check("", "");
    }

    #[test]
    fn a_slip_finds_its_name() {
        assert_eq!(nearest("新彊", ["新疆", "西藏", "河南"]), ["新疆"]);
    }
}
