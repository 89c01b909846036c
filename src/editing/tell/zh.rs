//! Facts in Chinese, as a bureau prints them: terse, with Chinese punctuation, numbers beside their units.

use super::fact::{Addend, Fact, Need, Neighbour, Number, Odd, Policy, Reads, Sum};
use crate::domain::{Dimension, Period, period_zh};
use crate::editing::loose::Loose;
use crate::editing::material::{Material, Reading};
use crate::editing::words::{grouped, shown};
use crate::spec::rules::Comparison;

/// What a finding says of a reading; with the words of the text that states it, where one does.
pub fn sentence(fact: &Fact, at: &Reading, material: &Material) -> String {
    let told = format!("{}：{}", at.subject_zh, clause(fact, at, material));
    let citation = citation(at);
    match citation.is_empty() || told.contains(&citation) {
        true => told,
        false => format!("{told}（原文：{citation}）"),
    }
}

fn clause(fact: &Fact, at: &Reading, material: &Material) -> String {
    let (printed, unit) = (shown(at), &at.unit_name);
    let reading = |cell: &usize| &material.readings[*cell];
    match fact {
        Fact::Unchecked(needs) if needs.is_empty() => format!("{printed}{unit}无法核对，所需数字缺"),
        Fact::Unchecked(needs) => format!("{printed}{unit}无法核对，缺{}", missing(needs)),
        Fact::Unjudged(fact, needs) => {
            let what = if needs.is_empty() { "部分分项".to_owned() } else { format!("另有{}", missing(needs)) };
            format!("{}；{what}缺数，合计无法判定", clause(fact, at, material))
        }
        Fact::Parts { dimension, count, total, off, less } => {
            let word = if *less { "少" } else { "多" };
            format!("按{}分的{count}项合计{total}{unit}，比原刊合计{printed}{word}{off}", axis(dimension))
        }
        Fact::PartAbove { part, total, off } => {
            format!("其中“{}”为{total}{unit}，比总项{printed}多{off}", reading(part).subject_zh)
        }
        Fact::PartsAbove { count, total, off } => {
            format!("其中{count}项合计{total}{unit}，比总项{printed}多{off}")
        }
        Fact::Sum { sum, is, off, less } => {
            let bound = match is {
                Comparison::Equal => "",
                Comparison::AtMost => "应不大于此数，",
                Comparison::AtLeast => "应不小于此数，",
            };
            let word = if *less { "少" } else { "多" };
            let text = added(sum, material);
            let equals = if sum.alone { String::new() } else { format!(" = {}", sum.total) };
            format!("{text}{equals}{unit}，{bound}原刊{printed}，{word}{off}")
        }
        Fact::Loosely { sum, loose, off, short } => {
            let text = format!("{} = {}{unit}，原刊{printed}", added(sum, material), sum.total);
            match (loose, short) {
                (Loose::Rest, true) => format!("{text}；有的分项实数大于所刊，未列明的至多{off}"),
                (Loose::Rest, false) => format!("{text}；有的分项实数小于所刊，多出的至多{off}"),
                (Loose::CutOff, _) => format!("{text}；差额在四舍五入误差之内，但似将尾数截去"),
            }
        }
        Fact::Rate { part, less, whole, computed } => {
            let told = |cell: &Option<usize>| cell.map_or_else(|| "0".to_owned(), |cell| amount(reading(&cell)));
            let part = match less {
                Some(_) => format!("（{} − {}）", told(part), told(less)),
                None => format!("{} ", told(part)),
            };
            format!("{part}÷ {} = {computed}{unit}，原刊{printed}", told(whole))
        }
        Fact::NoBase => "分母为0".to_owned(),
        Fact::Level { persons, each, above, off, bound, bound_each } => {
            let (word, end) = if *above { ("多", "最高") } else { ("少", "最低") };
            format!(
                "{persons}人共{printed}{unit}，人均{each}元，比按{end}标准计算的{bound}{unit}（人均{bound_each}元）{word}{off}"
            )
        }
        Fact::Extreme { stated, is_low } => {
            let stated = reading(stated);
            let (word, end) = if *is_low { ("小于", "最低") } else { ("大于", "最高") };
            let who = match stated.citation.is_empty() {
                true => format!("{}单元格", stated.cell),
                false => citation(stated),
            };
            format!("{printed}{unit}，{word}{who}所述{end}数{}", shown(stated))
        }
        Fact::Places { other } => places(at, reading(other)),
        Fact::Negative => format!("{printed}{unit}，为负数"),
        Fact::Below(low) => format!("{printed}{unit}，小于{low}"),
        Fact::Above(high) => format!("{printed}{unit}，大于{high}"),
        Fact::Odd(odd) => doubted(odd, at, material),
    }
}

/// What is possible and still asks for a look.
fn doubted(odd: &Odd, at: &Reading, material: &Material) -> String {
    let (printed, unit) = (shown(at), &at.unit_name);
    let reading = |cell: &usize| &material.readings[*cell];
    match odd {
        Odd::Growth { before, pct, grows, policies } => {
            let word = if *grows { "增长" } else { "下降" };
            let pct = pct.map_or_else(String::new, |pct| grouped(pct.abs()));
            let policy = |p: &Policy| format!("；自{}起{}", period_zh(&p.day), p.reason_zh);
            let policies: String = policies.iter().map(policy).collect();
            format!("{printed}{unit}，{}{before}，{word}{pct}%{policies}", before_it(at))
        }
        Odd::Peers { base, ratio, persons, middle } => {
            format!("与{}{persons}之比为{ratio}，同类中位数为{middle}", reading(base).indicator_zh())
        }
        Odd::Unit { before, neighbour, factor } => {
            let when = match neighbour {
                Neighbour::Period => before_it(at),
                Neighbour::Edition => "上一版",
            };
            format!("此处{printed}{unit}，{when}{before}，相差约{factor}倍：实际单位可能不是所注单位")
        }
        Odd::Direction { moved, falls, left } => {
            let (word, what) = if *falls { ("下降", "结余") } else { ("上升", "缺口") };
            format!("余额{word}{moved}{unit}，而当期收支{what}{left}{unit}")
        }
        Odd::Coincidence { others, .. } => {
            let others: String = others.iter().map(|cell| format!("“{}”", reading(cell).subject_zh)).collect();
            format!("{printed}{unit}，与{others}完全相同")
        }
        Odd::OutOfRow { expected } => format!("{printed}与同行其他数字不成比例，按比例应为{expected}"),
        Odd::OffBase { row, base, whole, pct } => {
            let pct = pct.map_or_else(String::new, grouped);
            format!("{printed}不等于{}的{row}/{base}，为应有数的{pct}%", shown(reading(whole)))
        }
        Odd::Signs { marks, plus, bare, reads, declared } => {
            let marks: String = marks.iter().map(|mark| format!("“{mark}”")).collect();
            let [with, without] = reads.map(|reads| match reads {
                Reads::Plus => "正数",
                Reads::Minus => "负数",
                Reads::Both => "有正有负",
            });
            let who = if *declared { "读法已经声明" } else { "读法未经声明" };
            format!("本栏{plus}个数字带{marks}，读作{with}；{bare}个不带符号，读作{without}；{who}")
        }
    }
}

fn places(at: &Reading, other: &Reading) -> String {
    let sheet = if other.sheet.is_empty() { String::new() } else { format!("工作表“{}”", other.sheet) };
    let said = |of: &Reading| match of.citation.is_empty() {
        true => String::new(),
        false => format!("（原文：{}）", citation(of)),
    };
    format!(
        "此处{}{}，{}{sheet}单元格{}为{}{}，以后者为准",
        amount(at),
        said(at),
        other.source_file,
        other.cell,
        amount(other),
        said(other)
    )
}

fn amount(reading: &Reading) -> String {
    format!("{}{}", shown(reading), reading.unit_name)
}

/// Section and words of a text, without the blank between them.
fn citation(of: &Reading) -> String {
    of.citation.replacen(" “", "“", 1)
}

/// What the period before the one of a reading is called.
fn before_it(reading: &Reading) -> &'static str {
    match reading.key.period.parse() {
        Ok(Period::Year(_)) => "上年",
        Ok(Period::Month { .. }) => "上月",
        _ => "上年同期",
    }
}

/// A dimension by which parts are told apart.
fn axis(dimension: &str) -> &'static str {
    match Dimension::parse(dimension) {
        Some(Dimension::Indicator) => "指标",
        Some(Dimension::Region) => "地区",
        Some(Dimension::Scheme) => "险种",
        Some(Dimension::Ownership) => "登记注册类型",
        Some(Dimension::Industry) => "行业",
        Some(Dimension::Population) => "人群",
        Some(Dimension::Breakdown) | None => "组",
    }
}

fn missing(needs: &[Need]) -> String {
    let told = |need: &Need| match need {
        Need::Figure(role) => role.zh.clone(),
        Need::Each(role) => format!("{}的人均金额", role.zh),
        Need::Parts(count) => format!("{count}项"),
    };
    needs.iter().map(told).collect::<Vec<_>>().join("、")
}

/// The terms of a sum as they are added up.
fn added(sum: &Sum, material: &Material) -> String {
    sum.written(|Addend { role, number, .. }| match number {
        Number::Plain(number) => format!("{}{number}", role.zh),
        Number::Each { cell, each } => {
            let [count, each] = [cell, each].map(|cell| amount(&material.readings[*cell]));
            format!("{}{count} × {each}", role.zh)
        }
    })
}
