//! What a person is told of deliveries that did not come, each with the row of `core_finding` that says it.

use crate::diag::{Diagnostic, Place};
use crate::domain::{Code, Codebook, Finding, TOTAL, period_zh};
use crate::spec::calendar::OnMissing;

use super::delivery::{Delivery, Set};

/// What is to be said of a set that is not whole.
pub fn of(set: &Set, codes: &Codebook) -> Vec<(Diagnostic, Finding)> {
    let twice = set.deliveries.iter().filter(|d| d.files.len() > 1).map(|d| twice(set, d, codes));
    let (missing, refused): (Vec<&Delivery>, Vec<&Delivery>) =
        set.missing().filter(|d| d.files.len() < 2).partition(|d| d.files.is_empty());
    let incomplete = [
        incomplete(set, &missing, ("delivery-missing", "missing", "缺"), due_shown(set), codes),
        incomplete(set, &refused, ("delivery-refused", "there, but refused", "已到而未采用"), String::new(), codes),
    ];
    twice.chain(incomplete.into_iter().flatten()).collect()
}

/// `玉溪市 红塔区 (530402)`, as a person finds it in the code list.
fn named(region: &Code, codes: &Codebook) -> String {
    name_of(region, codes).map_or_else(|| region.to_string(), |name| format!("{name} ({region})"))
}

/// The same with Chinese punctuation.
fn named_zh(region: &Code, codes: &Codebook) -> String {
    match name_of(region, codes) {
        Some(name) => format!("{name}（{region}）"),
        None if region.as_str() == TOTAL => "全部地区".to_owned(),
        None => region.to_string(),
    }
}

fn name_of<'c>(region: &Code, codes: &'c Codebook) -> Option<&'c str> {
    let entry = codes.lists.get("region")?.get(region.as_str())?;
    (region.as_str() != TOTAL).then_some(entry.name_zh.as_str())
}

/// With the code, how the files are in English and Chinese, and what is to be added.
fn incomplete(
    set: &Set,
    lacking: &[&Delivery],
    (code, how, how_zh): (&'static str, &str, &str),
    more: String,
    codes: &Codebook,
) -> Option<(Diagnostic, Finding)> {
    let (of, name, period) = (set.deliveries.len(), &set.name, set.period);
    let count = lacking.len();
    if count == 0 {
        return None;
    }
    let regions: Vec<String> = lacking.iter().map(|d| named(&d.region, codes)).collect();
    let which = if of == 1 { String::new() } else { format!(": {}", regions.join(", ")) };
    let diagnostic = match set.on_missing {
        OnMissing::Withhold => Diagnostic::error(
            code,
            format!("{name} of {period} is withheld, {count} of {of} files are {how}{more}{which}"),
        )
        .hint("ask for them as they should be; what was published before stays, and the run after they come publishes the period"),
        OnMissing::Partial => Diagnostic::warning(
            code,
            format!("{name} of {period} is partial, {count} of {of} files are {how}{more}{which}"),
        )
        .hint("ask for them as they should be; until they come core_delivery says that the period is partial"),
    };
    let state = match set.on_missing {
        OnMissing::Withhold => "暂不发布",
        OnMissing::Partial => "资料不全",
    };
    let regions: Vec<String> = lacking.iter().map(|d| named_zh(&d.region, codes)).collect();
    let which = if of == 1 { String::new() } else { format!("（{}）", regions.join("、")) };
    let period = period_zh(&period.to_string());
    let diagnostic = diagnostic.zh(format!("{name}，{period}：{state}，应报{of}份，{how_zh}{count}份{which}"));
    let region = if let [one] = lacking { one.region.to_string() } else { String::new() };
    Some(finding(diagnostic, set, region))
}

fn twice(set: &Set, delivery: &Delivery, codes: &Codebook) -> (Diagnostic, Finding) {
    let files: Vec<&str> = delivery.files.iter().map(|f| f.path.as_str()).collect();
    let message = format!(
        "{} of {}, {}: {} files claim to be it, {}; none of them is read",
        set.name,
        set.period,
        named(&delivery.region, codes),
        files.len(),
        files.join(" and ")
    );
    let zh = format!(
        "{}，{}，{}：有{}个文件（{}），均未采用",
        set.name,
        period_zh(&set.period.to_string()),
        named_zh(&delivery.region, codes),
        files.len(),
        files.join("、")
    );
    let diagnostic = Diagnostic::error("delivery-twice", message)
        .zh(zh)
        .at(Place::file(files[0]))
        .hint("leave the one that counts in the input folder and move the others away");
    finding(diagnostic, set, delivery.region.to_string())
}

fn due_shown(set: &Set) -> String {
    set.due_at.map_or(String::new(), |due| format!(" (due until {due})"))
}

fn finding(diagnostic: Diagnostic, set: &Set, region: String) -> (Diagnostic, Finding) {
    let finding =
        Finding { period: set.period.to_string(), region, ..super::reading::finding(&diagnostic, set.name.clone()) };
    (diagnostic, finding)
}
