//! The figures of a table as SDMX-CSV 2.0, and the structure they are described by as SDMX-ML 2.1: dimensions with their code
//! lists, unit, decimals, status and notes as attributes.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::csv::line;
use super::xml::Xml;
use crate::domain::value::{Mark, Status};
use crate::report::definition::stated::CODED;
use crate::report::rows::names::Names;
use crate::report::table::frame::Frame;
use crate::report::table::point::{Point, points};

const AGENCY: &str = "SHEBAO";
const VERSION: &str = "1.0";

/// Attributes of a figure: id, Chinese and English name.
const ATTRIBUTES: [(&str, &str, &str); 8] = [
    ("UNIT_MEASURE", "计量单位", "Unit of measure"),
    ("UNIT_MULT", "单位乘数（10的幂）", "Unit multiplier"),
    ("DECIMALS", "小数位数", "Decimals"),
    ("OBS_STATUS", "观测状态", "Observation status"),
    ("MARK", "缺数原因", "Why there is no number"),
    ("REVISION", "数据性质", "Standing of the figure"),
    ("COMMENT_OBS", "注释", "Notes"),
    ("CELL", "在印刷表中的行列", "Place in the printed table"),
];

/// The table of a report that is described.
pub struct Flow<'a> {
    pub report: &'a str,
    pub frame: &'a Frame,
}

impl Flow<'_> {
    /// `YUXI_2013_INJURY_BY_YEAR`
    fn id(&self) -> String {
        format!("{}_{}", self.report, self.frame.id).to_uppercase().replace('-', "_")
    }
}

/// The figures, one line each; a figure that stands in two cells is one figure.
pub fn render(flow: &Flow<'_>, names: &Names) -> Vec<u8> {
    let points = points(flow.frame);
    let dimensions = dimensions(&points);
    let mut text = String::new();
    let heads = ["STRUCTURE", "STRUCTURE_ID", "ACTION"].into_iter().map(str::to_owned);
    let heads = heads.chain(dimensions.iter().map(|column| id_of(column))).chain(["OBS_VALUE".to_owned()]);
    line(&mut text, heads.chain(ATTRIBUTES.iter().map(|(id, _, _)| (*id).to_owned())));
    let mut lines: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    let mut known: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for point in &points {
        let mut fields = vec!["dataflow".to_owned(), format!("{AGENCY}:{}({VERSION})", flow.id()), "R".to_owned()];
        fields.extend(point.answer.codes.iter().map(|(column, code)| match column.as_str() {
            "period" => time_period(code),
            _ => code.clone(),
        }));
        fields.push(point.value());
        let (unit, power) = measure(&point.answer.unit, names);
        let decimals = point.number.map_or_else(String::new, |_| point.decimals.to_string());
        let notes: Vec<&str> = point.notes.iter().map(|n| flow.frame.numbered[n - 1].as_str()).collect();
        let mark = point.mark.map_or("", Mark::as_str);
        let [unit, status, standing] = [unit.as_str(), status(point), point.status.as_str()].map(str::to_owned);
        fields.extend([unit, power, decimals, status, mark.to_owned(), standing, notes.join(" | ")]);
        let cell = format!("R{}C{}", point.row, point.column);
        let at = *known.entry(fields.clone()).or_insert(lines.len());
        match lines.get_mut(at) {
            Some((_, cells)) => cells.push(cell),
            None => lines.push((fields, vec![cell])),
        }
    }
    for (fields, cells) in lines {
        line(&mut text, fields.into_iter().chain([cells.join(" ")]));
    }
    text.into_bytes()
}

fn dimensions(points: &[Point<'_>]) -> Vec<String> {
    points.first().map_or_else(Vec::new, |point| point.answer.codes.iter().map(|(column, _)| column.clone()).collect())
}

fn id_of(column: &str) -> String {
    if column == "period" { "TIME_PERIOD".to_owned() } else { column.to_uppercase() }
}

/// A period as SDMX writes it: a range of months has a first day and a length.
fn time_period(period: &str) -> String {
    let months = |text: &str| {
        let (year, month) = text.split_once('-')?;
        Some(year.parse::<i64>().ok()? * 12 + month.parse::<i64>().ok()?)
    };
    match period.split_once('/').and_then(|(from, to)| Some((from, months(to)? - months(from)? + 1))) {
        Some((from, length)) => format!("{from}-01/P{length}M"),
        None => period.to_owned(),
    }
}

/// 万人 is person with a multiplier of 4; a unit that no power of ten leads to stands for itself.
fn measure(unit: &str, names: &Names) -> (String, String) {
    let Some(known) = names.unit(unit) else { return (unit.to_owned(), "0".to_owned()) };
    let power = (0..=12_u32).find(|power| Decimal::from(10_u64.pow(*power)) == known.factor);
    power.map_or_else(|| (unit.to_owned(), "0".to_owned()), |power| (known.base.clone(), power.to_string()))
}

/// The code of CL_OBS_STATUS.
fn status(point: &Point<'_>) -> &'static str {
    match (point.mark, point.status) {
        (Some(Mark::NotAvailable), _) => "O",
        (Some(Mark::Nil | Mark::NotApplicable), _) => "M",
        (Some(Mark::Confidential), _) => "Q",
        (Some(Mark::RoundedToZero), _) => "N",
        (None, Status::Provisional) => "P",
        (None, Status::Estimated) => "E",
        (None, Status::Normal | Status::Revised) => "A",
    }
}

/// The codes of CL_OBS_STATUS that are used here.
const OBS_STATUS: [(&str, &str, &str); 7] = [
    ("A", "正常", "Normal value"),
    ("E", "估计数", "Estimated value"),
    ("M", "不存在该数据", "Missing value; data cannot exist"),
    ("N", "不足最小单位", "Not significant"),
    ("O", "缺数", "Missing value"),
    ("P", "初步数", "Provisional value"),
    ("Q", "不公布", "Missing value; suppressed"),
];

type Codes = BTreeMap<String, (String, String)>;

/// The structure: concepts, code lists as far as they are used, the definition, and the flow that names it.
pub fn structure(flow: &Flow<'_>, names: &Names) -> Vec<u8> {
    let points = points(flow.frame);
    let dimensions = dimensions(&points);
    let id = flow.id();
    let mut lists: BTreeMap<String, Codes> = BTreeMap::new();
    for column in dimensions.iter().filter(|column| CODED.contains(&column.as_str())) {
        let used: BTreeSet<&str> = points.iter().flat_map(|p| codes_of(p, column)).collect();
        let named = |code: &&str| {
            ((*code).to_owned(), (names.code(column, code).to_owned(), names.english(column, code).to_owned()))
        };
        lists.insert(id_of(column), used.iter().map(named).collect());
    }
    let status = OBS_STATUS.iter().map(|(code, zh, en)| ((*code).to_owned(), ((*zh).to_owned(), (*en).to_owned())));
    lists.insert("OBS_STATUS".to_owned(), status.collect());
    let mut xml = Xml::new();
    open_message(&mut xml, &id);
    xml.open("str:Dataflows", &[]).open("str:Dataflow", &maintained(&id));
    name(&mut xml, &flow.frame.full_title(), &flow.frame.title_en);
    xml.open("str:Structure", &[]);
    reference(&mut xml, &id, "datastructure", "DataStructure");
    xml.close().close().close();
    xml.open("str:Codelists", &[]);
    for (list, codes) in &lists {
        xml.open("str:Codelist", &maintained(&format!("CL_{list}")));
        name(&mut xml, list, list);
        for (code, (chinese, english)) in codes {
            xml.open("str:Code", &[("id", code)]);
            name(&mut xml, chinese, english);
            xml.close();
        }
        xml.close();
    }
    xml.close();
    xml.open("str:Concepts", &[]).open("str:ConceptScheme", &maintained("CONCEPTS"));
    name(&mut xml, "概念", "Concepts");
    let own = dimensions.iter().map(|column| (id_of(column), column.clone(), column.clone()));
    let common = ATTRIBUTES.iter().map(|(id, zh, en)| ((*id).to_owned(), (*zh).to_owned(), (*en).to_owned()));
    let value = ("OBS_VALUE".to_owned(), "数值".to_owned(), "Value".to_owned());
    for (id, chinese, english) in own.chain(common).chain([value]) {
        xml.open("str:Concept", &[("id", &id)]);
        name(&mut xml, &chinese, &english);
        xml.close();
    }
    xml.close().close();
    xml.open("str:DataStructures", &[]).open("str:DataStructure", &maintained(&id));
    name(&mut xml, &flow.frame.title, &flow.frame.title_en);
    components(&mut xml, &dimensions, &lists);
    xml.finish()
}

fn codes_of<'p>(point: &'p Point<'_>, column: &'p str) -> impl Iterator<Item = &'p str> {
    point.answer.codes.iter().filter(move |(known, _)| known == column).map(|(_, code)| code.as_str())
}

fn components(xml: &mut Xml, dimensions: &[String], lists: &BTreeMap<String, Codes>) {
    xml.open("str:DataStructureComponents", &[]).open("str:DimensionList", &[("id", "DimensionDescriptor")]);
    // The dimension of time stands last in the definition, wherever its column stands.
    let (time, others): (Vec<&String>, Vec<&String>) = dimensions.iter().partition(|column| *column == "period");
    for (nth, column) in others.iter().chain(&time).enumerate() {
        let (id, position) = (id_of(column), (nth + 1).to_string());
        let element = if *column == "period" { "str:TimeDimension" } else { "str:Dimension" };
        xml.open(element, &[("id", &id), ("position", &position)]);
        concept(xml, &id);
        xml.open("str:LocalRepresentation", &[]);
        match (lists.contains_key(&id), *column == "period") {
            (true, _) => enumeration(xml, &id),
            (_, true) => text_format(xml, "ObservationalTimePeriod"),
            _ => text_format(xml, "String"),
        }
        xml.close().close();
    }
    xml.close().open("str:AttributeList", &[("id", "AttributeDescriptor")]);
    for (id, _, _) in ATTRIBUTES {
        xml.open("str:Attribute", &[("id", id), ("assignmentStatus", "Conditional")]);
        concept(xml, id);
        if lists.contains_key(id) {
            xml.open("str:LocalRepresentation", &[]);
            enumeration(xml, id);
            xml.close();
        }
        xml.open("str:AttributeRelationship", &[]).open("str:PrimaryMeasure", &[]);
        xml.empty("Ref", &[("id", "OBS_VALUE")]).close().close().close();
    }
    xml.close()
        .open("str:MeasureList", &[("id", "MeasureDescriptor")])
        .open("str:PrimaryMeasure", &[("id", "OBS_VALUE")]);
    concept(xml, "OBS_VALUE");
    xml.close().close().close();
}

fn open_message(xml: &mut Xml, id: &str) {
    const SCHEMAS: [(&str, &str); 3] = [
        ("xmlns:mes", "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"),
        ("xmlns:str", "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/structure"),
        ("xmlns:com", "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common"),
    ];
    xml.open("mes:Structure", &SCHEMAS).open("mes:Header", &[]);
    xml.element("mes:ID", &[], id).element("mes:Test", &[], "false");
    // Fixed, so that the same table gives the same bytes.
    xml.element("mes:Prepared", &[], "2000-01-01T00:00:00").empty("mes:Sender", &[("id", AGENCY)]).close();
    xml.open("mes:Structures", &[]);
}

fn maintained(id: &str) -> [(&str, &str); 3] {
    [("id", id), ("agencyID", AGENCY), ("version", VERSION)]
}

fn name(xml: &mut Xml, chinese: &str, english: &str) {
    xml.element("com:Name", &[("xml:lang", "zh")], if chinese.is_empty() { english } else { chinese });
    if !english.is_empty() {
        xml.element("com:Name", &[("xml:lang", "en")], english);
    }
}

fn concept(xml: &mut Xml, id: &str) {
    xml.open("str:ConceptIdentity", &[]);
    let parent = [("maintainableParentID", "CONCEPTS"), ("maintainableParentVersion", VERSION)];
    let rest = [("agencyID", AGENCY), ("package", "conceptscheme"), ("class", "Concept")];
    xml.empty("Ref", &[("id", id)].into_iter().chain(parent).chain(rest).collect::<Vec<_>>());
    xml.close();
}

fn enumeration(xml: &mut Xml, id: &str) {
    xml.open("str:Enumeration", &[]);
    reference(xml, &format!("CL_{id}"), "codelist", "Codelist");
    xml.close();
}

fn text_format(xml: &mut Xml, kind: &str) {
    xml.empty("str:TextFormat", &[("textType", kind)]);
}

fn reference(xml: &mut Xml, id: &str, package: &str, class: &str) {
    let rest = [("version", VERSION), ("agencyID", AGENCY), ("package", package), ("class", class)];
    xml.empty("Ref", &[("id", id)].into_iter().chain(rest).collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use super::time_period;

    #[test]
    fn a_range_of_months_has_a_length() {
        assert_eq!(time_period("2004"), "2004");
        assert_eq!(time_period("2004-07"), "2004-07");
        assert_eq!(time_period("2013-01/2013-08"), "2013-01-01/P8M");
        assert_eq!(time_period("2012-11/2013-02"), "2012-11-01/P4M");
    }
}
