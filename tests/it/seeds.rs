//! Facts of the survey papers (`../shared/seeds/observations.csv`) under the names of this warehouse.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rust_decimal::Decimal;

/// A fact's place in the warehouse: table, indicator, period, region, scheme, ownership, population, breakdown.
pub type Key = [String; 8];

/// Facts by table: the beginning of their ids, the table, its ownership.
const TABLES: [(&str, &str, &str); 12] = [
    ("s0.t1.", "qinghai-2005/nonpublic_coverage", "non-public"),
    ("s0.t2.", "qinghai-2005/enrolment", "_T"),
    ("s1.t1.", "shandong-2003/employment", "_T"),
    ("s1.t2.", "shandong-2003/pension_by_base", "_T"),
    ("s4.t1.", "yuxi-2013/medical_financing", "_T"),
    ("s4.t2.", "yuxi-2013/medical_subsidy", "_T"),
    ("s4.t3.", "yuxi-2013/medical_benefit", "_T"),
    ("s4.t4.", "yuxi-2013/unemployment_fund", "_T"),
    ("s4.t5a.", "yuxi-2013/injury_by_county", "enterprise"),
    ("s4.t5b.", "yuxi-2013/injury_by_year", "enterprise"),
    ("s4.qu.", "yuxi-2013/questionnaire_urban", "_T"),
    ("s4.qr.", "yuxi-2013/questionnaire_rural", "_T"),
];

/// Form of the id (`*` is any one part), indicator, population, breakdown (`{2}` is the id's part 2, by `PARTS`).
/// The first form that fits counts.
const FACTS: [(&str, &str, &str, &str); 73] = [
    ("s4.t1.n_*", "", "", ""),
    ("s4.t2.n_*", "", "", ""),
    ("s0.t1.base", "eligible_person", "_T", "_T"),
    ("s0.t1.base_share", "share_of_province_pct", "_T", "_T"),
    ("s0.t1.*.persons", "insured_person", "_T", "_T"),
    ("s0.t1.*.rate", "coverage_pct", "_T", "_T"),
    ("s0.t2.*.*", "insured_person", "_T", "_T"),
    ("s0.t2.*.*.change", "insured_change_person", "_T", "_T"),
    ("s1.t1.*.employed", "employed_person", "_T", "_T"),
    ("s1.t1.*.laid_off", "laid_off_person", "_T", "_T"),
    ("s1.t1.*.self_employed", "employed_person", "self-employed", "_T"),
    ("s1.t1.*.flexible", "employed_person", "flexible", "_T"),
    ("s1.t1.*.unemployed", "unemployed_person", "_T", "_T"),
    ("s1.t2.*.*.basic", "basic_pension_yuan_month", "_T", "base_pct={2};years={3}"),
    ("s1.t2.*.*.account", "account_pension_yuan_month", "_T", "base_pct={2};years={3}"),
    ("s1.t2.*.*.total", "pension_yuan_month", "_T", "base_pct={2};years={3}"),
    ("s4.t1.*.*.persons", "insured_person", "_T", "_T"),
    ("s4.t1.*.*.self_adult", "financing_standard_yuan_person", "adult", "payer=individual"),
    ("s4.t1.*.*.self_child", "financing_standard_yuan_person", "student-child", "payer=individual"),
    ("s4.t1.*.*.sub_adult", "financing_standard_yuan_person", "adult", "payer=government"),
    ("s4.t1.*.*.sub_child", "financing_standard_yuan_person", "student-child", "payer=government"),
    ("s4.t1.*.*.self", "financing_standard_yuan_person", "_T", "payer=individual"),
    ("s4.t1.*.*.sub", "financing_standard_yuan_person", "_T", "payer=government"),
    ("s4.t1.*.*.suba", "financing_standard_yuan_person", "_T", "area=other;payer=government"),
    ("s4.t1.*.*.subb", "financing_standard_yuan_person", "_T", "area=hongta-xinping;payer=government"),
    ("s4.t1.*.*.fund", "fund_total_yuan", "_T", "_T"),
    ("s4.t2.*.persons", "insured_person", "_T", "_T"),
    ("s4.t2.*.adult", "insured_person", "adult", "_T"),
    ("s4.t2.*.child", "insured_person", "student-child", "_T"),
    ("s4.t2.*.college", "insured_person", "college", "_T"),
    ("s4.t2.*.std_adult", "financing_standard_yuan_person", "adult", "_T"),
    ("s4.t2.*.std_child", "financing_standard_yuan_person", "student-child", "_T"),
    ("s4.t2.*.std_college", "financing_standard_yuan_person", "college", "_T"),
    ("s4.t2.*.gap_adult", "financing_gap_yuan_person", "adult", "_T"),
    ("s4.t2.*.gap_child", "financing_gap_yuan_person", "student-child", "_T"),
    ("s4.t2.*.gap_college", "financing_gap_yuan_person", "college", "_T"),
    ("s4.t2.*.sub", "subsidy_increase_yuan", "_T", "_T"),
    ("s4.t2.*.sub_city", "subsidy_increase_yuan", "_T", "payer=city"),
    ("s4.t2.*.sub_county", "subsidy_increase_yuan", "_T", "payer=county"),
    ("s4.t3.*.*.deduct", "deductible_yuan", "_T", "hospital={3}"),
    ("s4.t3.*.*.rate", "reimbursement_pct", "_T", "hospital={3}"),
    ("s4.t3.*.*.cap", "benefit_cap_yuan", "_T", "_T"),
    ("s4.t3.*.*.deduct.a", "deductible_yuan", "_T", "hospital={3};hospital_group=county-kangcheng"),
    ("s4.t3.*.*.deduct.b", "deductible_yuan", "_T", "hospital={3};hospital_group=other"),
    ("s4.t4.*.benef", "beneficiary_person", "_T", "_T"),
    ("s4.t4.*.income", "fund_income_yuan", "_T", "_T"),
    ("s4.t4.*.paid", "fund_expenditure_yuan", "_T", "_T"),
    ("s4.t4.*.balance", "fund_closing_yuan", "_T", "_T"),
    ("s4.qu.3.1.d.*.n", "answer_person", "_T", "option={5};question=3.1.1;survey=yuxi-2013-urban"),
    ("s4.qu.3.1.d.*.p", "answer_pct", "_T", "option={5};question=3.1.1;survey=yuxi-2013-urban"),
    ("s4.qu.4.6.d.*.n", "answer_person", "_T", "option={5};question=4.6.1;survey=yuxi-2013-urban"),
    ("s4.qu.4.6.d.*.p", "answer_pct", "_T", "option={5};question=4.6.1;survey=yuxi-2013-urban"),
    ("s4.qu.5.3.d.*.n", "answer_person", "_T", "option={5};question=5.3.1;survey=yuxi-2013-urban"),
    ("s4.qu.5.3.d.*.p", "answer_pct", "_T", "option={5};question=5.3.1;survey=yuxi-2013-urban"),
    ("s4.qu.*.*.d.*.n", "answer_person", "_T", "option={5};question={2}.{3};survey=yuxi-2013-urban"),
    ("s4.qu.*.*.d.*.p", "answer_pct", "_T", "option={5};question={2}.{3};survey=yuxi-2013-urban"),
    ("s4.qu.*.*.*.n", "answer_person", "_T", "option={4};question={2}.{3};survey=yuxi-2013-urban"),
    ("s4.qu.*.*.*.p", "answer_pct", "_T", "option={4};question={2}.{3};survey=yuxi-2013-urban"),
    ("s4.qr.*.*.n", "answer_person", "_T", "option={3};question={2};survey=yuxi-2013-rural"),
    ("s4.qr.*.*.p", "answer_pct", "_T", "option={3};question={2};survey=yuxi-2013-rural"),
    ("s4.*.*.units", "insured_unit", "_T", "_T"),
    ("s4.*.*.persons", "insured_person", "_T", "_T"),
    ("s4.*.*.migrant", "insured_person", "migrant-worker", "_T"),
    ("s4.*.*.income", "fund_income_yuan", "_T", "_T"),
    ("s4.*.*.recovered", "arrears_recovered_yuan", "_T", "_T"),
    ("s4.*.*.paid", "fund_expenditure_yuan", "_T", "_T"),
    ("s4.*.*.benef", "beneficiary_person", "_T", "_T"),
    ("s4.*.*.dis14", "beneficiary_person", "disability-1-4", "_T"),
    ("s4.*.*.death", "beneficiary_person", "work-death", "_T"),
    ("s4.*.*.depend", "beneficiary_person", "dependant", "_T"),
    ("s4.*.*.balance", "fund_closing_yuan", "_T", "_T"),
    ("s4.*.*.gap", "fund_surplus_yuan", "_T", "_T"),
    ("s4.*.*.aid", "fund_transfer_yuan", "_T", "_T"),
];

/// Parts of ids that have another name here.
const PARTS: [(&str, &str); 5] =
    [("l1", "tier-1"), ("l2", "tier-2"), ("l3", "tier-3"), ("out", "outside"), ("blank", "none")];

/// Where the seeds lie; `None` (and a word about it) where they are absent.
pub fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seeds");
    if !folder.is_dir() {
        eprintln!("skipped: ../shared/seeds is absent");
    }
    folder.is_dir().then_some(folder)
}

/// The facts that stand in cells of the twelve tables, and the ids of those that stand in the prose of their footnotes.
pub fn facts(folder: &Path) -> (BTreeMap<String, (Key, Decimal)>, Vec<String>) {
    let mut facts = BTreeMap::new();
    let mut prose = Vec::new();
    let mut reader = csv::Reader::from_path(folder.join("observations.csv")).expect("the seeds can be read");
    let header = reader.headers().expect("a header").clone();
    for record in reader.records() {
        let record = record.expect("a record");
        let field = |name: &str| &record[header.iter().position(|h| h == name).expect(name)];
        let id = field("id");
        let Some((_, table, ownership)) = TABLES.iter().find(|(start, ..)| id.starts_with(start)) else { continue };
        let Some((_, indicator, population, breakdown)) = FACTS.iter().find(|(form, ..)| fits(form, id)) else {
            panic!("no name for the fact {id}");
        };
        if indicator.is_empty() {
            prose.push(id.to_owned());
            continue;
        }
        let region = match (field("region"), field("region_code")) {
            ("玉溪市本级", _) => "530400-1",
            (_, code) => code,
        };
        let scheme = if field("scheme") == "all" { "_T" } else { field("scheme") };
        let key = [
            table,
            indicator,
            field("period").trim_end_matches("-12"),
            region,
            scheme,
            ownership,
            population,
            &filled(breakdown, id),
        ];
        let value: Decimal = field("value_base").parse().expect("a number");
        facts.insert(id.to_owned(), (key.map(str::to_owned), value * sign(indicator, field("note"))));
    }
    (facts, prose)
}

/// The seeds give magnitudes in the table whose signs have meanings of their own.
fn sign(indicator: &str, note: &str) -> Decimal {
    let plus = note.contains("plus sign");
    let negative = match indicator {
        "fund_surplus_yuan" => !plus,
        "fund_transfer_yuan" => plus,
        _ => false,
    };
    if negative { Decimal::NEGATIVE_ONE } else { Decimal::ONE }
}

fn fits(form: &str, id: &str) -> bool {
    let (form, id): (Vec<&str>, Vec<&str>) = (form.split('.').collect(), id.split('.').collect());
    let part = |f: &str, i: &str| f == i || f.strip_suffix('*').is_some_and(|start| i.starts_with(start));
    form.len() == id.len() && form.iter().zip(&id).all(|(f, i)| part(f, i))
}

fn filled(breakdown: &str, id: &str) -> String {
    let mut text = breakdown.to_owned();
    for (nth, part) in id.split('.').enumerate() {
        let name = PARTS.iter().find(|(seed, _)| *seed == part).map_or(part, |(_, name)| name);
        text = text.replace(&format!("{{{nth}}}"), name);
    }
    text
}
