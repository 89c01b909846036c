//! What texts may mean: which code list fits a row of labels, which unit a bracket names, which period a title speaks of.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::label::normalise;
use crate::domain::{Codebook, Period};

/// Share of the labels that a code list must know to be taken for theirs.
const SHARE_MIN: f64 = 0.5;

/// A code list and how much of some labels it knows.
#[derive(Clone, Debug)]
pub struct ListFit {
    pub list: String,
    pub known: usize,
    pub of: usize,
    /// Labels that it does not know, as printed.
    pub unknown: Vec<String>,
}

impl ListFit {
    pub fn share(&self) -> f64 {
        self.known as f64 / self.of.max(1) as f64
    }
}

/// The list that knows most of the labels, where it knows enough of them.
pub fn best_list(book: &Codebook, labels: &[&str]) -> Option<ListFit> {
    let distinct: BTreeMap<String, &str> = labels.iter().map(|l| (without_unit(l), *l)).collect();
    let lists = book.lists.keys().map(String::as_str).filter(|l| !["mark"].contains(l));
    let fits = lists.map(|list| fit(book, list, &distinct));
    let best = fits.max_by(|a, b| a.known.cmp(&b.known).then_with(|| b.list.cmp(&a.list)))?;
    let enough = best.known >= 2 || best.of == 1;
    (enough && best.share() >= SHARE_MIN).then_some(best)
}

fn fit(book: &Codebook, list: &str, labels: &BTreeMap<String, &str>) -> ListFit {
    let known = |label: &str| is_known(book, list, label);
    let unknown: Vec<String> = labels.iter().filter(|(l, _)| !known(l)).map(|(_, p)| (*p).to_owned()).collect();
    ListFit { list: list.to_owned(), known: labels.len() - unknown.len(), of: labels.len(), unknown }
}

/// Whether everyone's names and aliases of a list hold the label.
pub fn is_known(book: &Codebook, list: &str, label: &str) -> bool {
    code_of(book, list, label).is_some()
}

/// The code that everyone's names and aliases give a label.
pub fn code_of(book: &Codebook, list: &str, label: &str) -> Option<String> {
    book.find(list, label).map(|c| c.to_string())
}

/// A label, normalised, without what stands in brackets at its end.
pub fn without_unit(label: &str) -> String {
    let text = normalise(label);
    match text.strip_suffix(')').and_then(|t| t.rfind('(')) {
        Some(open) if open > 0 => text[..open].to_owned(),
        _ => text.into_owned(),
    }
}

/// What stands in brackets at the end of a label, normalised.
pub fn bracket(label: &str) -> Option<String> {
    let text = normalise(label);
    let inner = text.strip_suffix(')')?;
    let open = inner.rfind('(')?;
    (open + 1 < inner.len()).then(|| inner[open + 1..].to_owned())
}

/// The names after 单位, or in brackets at the end of a title, as printed.
pub fn units_of_line(text: &str) -> Option<Vec<String>> {
    let text = normalise(text);
    let (_, list) = text.split_once("单位:")?;
    let names = list.trim_end_matches(')').split(['、', ',', ';']);
    Some(names.map(str::to_owned).filter(|n| !n.is_empty()).collect())
}

/// The code of a unit's name, where the lists know it.
pub fn unit_code(book: &Codebook, name: &str) -> Option<String> {
    code_of(book, "unit", name)
}

/// Words that name a unit in a language of which the lists know nothing; normalised, lower case.
const UNIT_WORDS: [&str; 24] = [
    "percent",
    "percentage",
    "dollars",
    "thousands",
    "millions",
    "billions",
    "number",
    "ha",
    "t",
    "kg",
    "hl",
    "fr.",
    "chf",
    "km",
    "tonnes",
    "inthousands",
    "inmillions",
    "inbillions",
    "inpercent",
    "thousandsofdollars",
    "millionsofdollars",
    "%",
    "years",
    "persons",
];

pub fn is_unit_word(text: &str) -> bool {
    let text = normalise(text).to_lowercase();
    let core = text.trim_matches(['[', ']', '(', ')']);
    UNIT_WORDS.contains(&core)
}

/// Whether a header speaks of shares.
pub fn is_share(text: &str) -> bool {
    let text = normalise(text).to_lowercase();
    ["%", "percent", "比重", "率", "anteil", "inprozent", "构成", "比例"].iter().any(|w| text.contains(w))
}

/// Whether a header speaks of money and not of persons.
pub fn is_money(text: &str) -> bool {
    let words = ["基金", "收入", "支出", "结余", "金额", "工资", "产值", "缺口", "欠费", "利息", "资金", "元"];
    let text = normalise(text);
    words.iter().any(|w| text.contains(w)) && !["人", "户"].iter().any(|w| text.contains(w))
}

/// The only year that texts speak of.
pub fn only_year(texts: &[&str]) -> Option<Period> {
    let years: BTreeSet<u16> = texts.iter().flat_map(|t| years(t)).collect();
    let year = years.first().filter(|_| years.len() == 1)?;
    year.to_string().parse().ok()
}

/// The four-digit years in a text.
pub fn years(text: &str) -> Vec<u16> {
    use unicode_normalization::UnicodeNormalization;
    let text: String = text.nfkc().collect();
    text.split(|c: char| !c.is_ascii_digit()).filter_map(super::cell::year).collect()
}

/// How a period is captured: the pattern that fits the text.
pub fn period_pattern(text: &str) -> Option<&'static str> {
    let text = normalise(text);
    if super::cell::year(&text).is_some() {
        return Some("{year}");
    }
    let rest = text.get(4..).filter(|_| text.get(..4).is_some_and(|y| super::cell::year(y).is_some()))?;
    let month = |m: &str| (1..=2).contains(&m.len()) && m.parse().is_ok_and(|n: u8| (1..=12).contains(&n));
    match rest {
        "年" => Some("{year}年"),
        "年度" => Some("{year}年度"),
        "年末" => Some("{year}年末"),
        _ if rest.strip_prefix('-').is_some_and(month) => Some("{month}"),
        _ if rest.strip_prefix('年').and_then(|r| r.strip_suffix('月')).is_some_and(month) => Some("{month}"),
        _ => None,
    }
}

/// A period of which a label speaks in its own way: `1996/97`, `2020 6`, `December 2013`.
pub fn loose_period(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let found = years(text);
    let year = found.first()?;
    let lower = normalise(text).to_lowercase();
    let month = MONTHS.iter().position(|m| lower.starts_with(m));
    Some(month.map_or_else(|| year.to_string(), |m| format!("{year}-{:02}", m + 1)))
}

/// stock, flow or rate, by what a name says.
pub fn kind(name: &str, unit: &str) -> &'static str {
    let text = normalise(name).to_lowercase();
    let flow = [
        "收入", "支出", "产值", "新增", "销售", "投资", "总值", "receipt", "expend", "income", "spend", "payment",
        "award", "产量", "消费",
    ];
    if unit == "percent" || is_share(name) {
        "rate"
    } else if flow.iter().any(|w| text.contains(w)) {
        "flow"
    } else {
        "stock"
    }
}

/// A code made of a label: letters and digits, the rest parted by `joint`.
pub fn slug(label: &str, joint: char) -> String {
    use unicode_normalization::UnicodeNormalization;
    let mut out = String::new();
    let mut open = false;
    for c in label.nfkd().filter(|c| !('\u{300}'..='\u{36F}').contains(c)).flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            if open && !out.is_empty() {
                out.push(joint);
            }
            open = false;
            out.push(c);
        } else {
            open = true;
        }
        if out.chars().count() >= 48 {
            break;
        }
    }
    if out.is_empty() { "unnamed".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::{bracket, loose_period, period_pattern, slug, units_of_line, years};

    #[test]
    fn texts_are_guessed() {
        assert_eq!(units_of_line("单位：人、万元"), Some(vec!["人".to_owned(), "万元".to_owned()]));
        assert_eq!(bracket("基金收入（万元）"), Some("万元".to_owned()));
        assert_eq!(years("玉溪市2012年、2013年情况"), [2012, 2013]);
        for (text, expected) in
            [("2013", Some("{year}")), ("2013年", Some("{year}年")), ("2013年7月", Some("{month}")), ("1996/97", None)]
        {
            assert_eq!(period_pattern(text), expected, "{text}");
        }
        assert_eq!(loose_period("December 2013").as_deref(), Some("2013-12"));
        assert_eq!(slug("Zürich (Stadt)", '-'), "zurich-stadt");
        assert_eq!(slug("合计 人", '_'), "合计_人");
    }
}
