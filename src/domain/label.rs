//! Printed labels made comparable: width folded, white space dropped, nothing else changed.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The canonical form of a printed label: compatibility composition (full width → half width), all white space
/// removed. `"基\n金 收入（万元）"` and `"基金收入(万元)"` are the same label.
pub fn normalise(printed: &str) -> Cow<'_, str> {
    if printed.chars().all(is_normal) {
        return Cow::Borrowed(printed);
    }
    let mut folded = String::with_capacity(printed.len());
    for piece in printed.split_inclusive(is_circled) {
        let text = piece.trim_end_matches(is_circled);
        folded.extend(text.nfkc());
        folded.push_str(&piece[text.len()..]);
    }
    folded.retain(|c| !is_space(c));
    // What white space kept apart may compose now.
    match is_nfc_quick(folded.chars()) {
        IsNormalized::Yes => Cow::Owned(folded),
        _ => Cow::Owned(folded.nfc().collect()),
    }
}

/// Whether a printed text surely lacks a character of a normalised one. Most cells of a sheet are numbers and names, which
/// normalising leaves as they are: they need not be held against `参保人数` at every place.
pub fn lacks(printed: &str, wanted: impl IntoIterator<Item = char>) -> bool {
    let lacks = |c: char| match printed.is_ascii() {
        true => !c.is_ascii() || !printed.contains(c),
        false => !printed.contains(c),
    };
    let plain = printed.is_ascii() || printed.chars().all(|c| is_normal(c) || c.is_ascii());
    plain && wanted.into_iter().any(lacks)
}

/// Whether normalising leaves a character as it is, whatever stands beside it: what nearly all labels are made of.
pub fn is_normal(c: char) -> bool {
    matches!(c, '!'..='~' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}')
}

/// Whether a character is a Chinese one that neither folds nor composes with what stands beside it.
pub fn is_han(c: char) -> bool {
    !c.is_ascii() && is_normal(c)
}

/// The characters of [`normalise`] for one printed character; none for white space.
pub fn normalised(printed: char) -> impl Iterator<Item = char> {
    let whole = (is_normal(printed) || is_circled(printed)).then_some(printed);
    let folded = whole.is_none().then(|| std::iter::once(printed).nfkc());
    whole.into_iter().chain(folded.into_iter().flatten()).filter(|c| !is_space(*c))
}

/// Circled numbers, which are signs of their own: `人数①` is not `人数1`.
fn is_circled(c: char) -> bool {
    matches!(c, '①'..='⑳')
}

/// White space, and characters that show as nothing.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}' | '\u{FEFF}' | '\u{AD}')
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

/// Longest text that is taken for a label when likeness is judged, which takes memory in the square of the length.
pub const LABEL_CHARS_MAX: usize = 500;
/// Texts less like each other are not near.
const LIKENESS_LEAST: f64 = 0.34;

/// Keywords less like each other are other words, not one with a slip.
const SLIP_LIKENESS_LEAST: f64 = 0.6;

/// The names nearest to a label, best first, at most three; for hints.
pub fn nearest<'a>(label: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    nearest_of(label, names, LIKENESS_LEAST)
}

/// The keyword that was meant by one with a slip; `None` where the word is another.
pub fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_of(word, known, SLIP_LIKENESS_LEAST).first().copied()
}

fn nearest_of<'a>(label: &str, names: impl IntoIterator<Item = &'a str>, least: f64) -> Vec<&'a str> {
    let wanted = normalise(label);
    let length = wanted.chars().count();
    let mut ranked: Vec<(f64, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let known = normalise(name);
            // Of lengths that differ much, no more than the shorter one can be alike.
            let (short, long) = (length.min(known.chars().count()), length.max(known.chars().count()));
            let comparable = long <= LABEL_CHARS_MAX && short as f64 >= long as f64 * LIKENESS_LEAST;
            let likeness = comparable.then(|| strsim::normalized_damerau_levenshtein(&wanted, &known));
            likeness.filter(|likeness| *likeness >= least).map(|likeness| (likeness, name))
        })
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    ranked.dedup_by(|a, b| a.1 == b.1);
    ranked.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization;

    use super::{meant, nearest, normalise, without_english};

    #[test]
    fn labels_compare_without_width_and_space() {
        assert_eq!(normalise("失　　业"), "失业");
        assert_eq!(normalise("参保率 (% )"), "参保率(%)");
        assert_eq!(normalise("险 种\n年\n份"), "险种年份");
        assert_eq!(normalise("基金收入（万元）"), "基金收入(万元)");
        assert_eq!(normalise("e\u{200B}\u{301}"), "\u{e9}");
        assert_eq!(normalise("人数 ①"), "人数①");
        assert_eq!(normalise("\u{E000}１"), "\u{E000}1");
    }

    #[test]
    fn what_is_normal_stays_as_it_is() {
        for c in ('\0'..=char::MAX).filter(|c| super::is_normal(*c)) {
            for text in [c.to_string(), format!("a{c}\u{301}")] {
                let composed: String = text.nfkc().collect();
                assert!(composed.contains(c) || c.is_ascii_alphabetic(), "{c}");
                assert_eq!(normalise(&text), composed, "{c}");
            }
        }
    }

    #[test]
    fn long_texts_are_no_labels() {
        let text = "注".repeat(1 << 20);
        assert!(nearest(&text, [text.as_str(), "注"]).is_empty());
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
        assert_eq!(meant("indicater", ["relation", "indicator"]), Some("indicator"));
        assert_eq!(meant("epsilon", ["relation", "linear", "zh"]), None);
    }
}
