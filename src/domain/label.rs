//! Printed labels made comparable: width folded, white space dropped, nothing else changed.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The canonical form of a printed label: compatibility composition (full width → half width), all white space
/// removed. `"基\n金 收入（万元）"` and `"基金收入(万元)"` are the same label.
pub fn normalise(printed: &str) -> String {
    let folded: String = printed.nfkc().filter(|c| !is_space(*c)).collect();
    // What white space kept apart may compose now.
    match is_nfc_quick(folded.chars()) {
        IsNormalized::Yes => folded,
        _ => folded.nfc().collect(),
    }
}

/// White space, and characters that show as nothing.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}' | '\u{FEFF}' | '\u{AD}')
}

/// Longest text that is taken for a label when likeness is judged, which takes memory in the square of the length.
pub const LABEL_CHARS_MAX: usize = 500;
/// Texts less like each other are not near.
const LIKENESS_LEAST: f64 = 0.34;

/// The names nearest to a label, best first, at most three; for hints.
pub fn nearest<'a>(label: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
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
            likeness.filter(|likeness| *likeness >= LIKENESS_LEAST).map(|likeness| (likeness, name))
        })
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    ranked.dedup_by(|a, b| a.1 == b.1);
    ranked.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::{nearest, normalise};

    #[test]
    fn labels_compare_without_width_and_space() {
        assert_eq!(normalise("失　　业"), "失业");
        assert_eq!(normalise("参保率 (% )"), "参保率(%)");
        assert_eq!(normalise("险 种\n年\n份"), "险种年份");
        assert_eq!(normalise("基金收入（万元）"), "基金收入(万元)");
        assert_eq!(normalise("e\u{200B}\u{301}"), "\u{e9}");
    }

    #[test]
    fn long_texts_are_no_labels() {
        let text = "注".repeat(1 << 20);
        assert!(nearest(&text, [text.as_str(), "注"]).is_empty());
    }

    #[test]
    fn a_slip_finds_its_name() {
        assert_eq!(nearest("新彊", ["新疆", "西藏", "河南"]), ["新疆"]);
    }
}
