//! Record tables: what agencies' extracts become, row for row. The names and types of their columns are a contract with
//! those who ask SQL of them; how a file prints them is declared in `pipelines/`.
//!
//! Every table has a `month` and a `region`, by which its files are put away and replaced.

/// What a column of a record table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// Any words.
    Text,
    /// A code of the list of this name.
    Code(&'static str),
    /// `2026-10`.
    Month,
    Date,
    /// Money, exact to the fen.
    Yuan,
    /// A whole number.
    Count,
    /// A personal number, which is kept as a keyed hash and never as it is.
    Person,
    /// The number of an insured unit.
    Unit,
}

/// One column of a record table.
#[derive(Clone, Copy, Debug)]
pub struct RecordColumn {
    pub name: &'static str,
    pub kind: RecordKind,
    /// Whether a record may be without it.
    pub optional: bool,
    pub doc: &'static str,
}

/// A kind of record.
#[derive(Debug)]
pub struct RecordTable {
    pub name: &'static str,
    pub doc: &'static str,
    /// In the order in which files are sorted by them.
    pub columns: &'static [RecordColumn],
    /// Whether a record counts a group, so that its codes may be totals; a person or a unit is no total.
    pub counts: bool,
}

impl RecordTable {
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// The record table of this name.
pub fn record_table(name: &str) -> Option<&'static RecordTable> {
    RECORD_TABLES.iter().find(|table| table.name == name)
}

/// The columns by which files are put away.
pub const MONTH: &str = "month";
pub const REGION: &str = "region";
/// The column that every record table has beside its own: which submission brought the record.
pub const SUBMISSION: &str = "submission";

const fn column(name: &'static str, kind: RecordKind, doc: &'static str) -> RecordColumn {
    RecordColumn { name, kind, optional: false, doc }
}

const fn optional(name: &'static str, kind: RecordKind, doc: &'static str) -> RecordColumn {
    RecordColumn { name, kind, optional: true, doc }
}

const OF_MONTH: RecordColumn = column(MONTH, RecordKind::Month, "期间, such as 2026-10");
const OF_REGION: RecordColumn = column(REGION, RecordKind::Code("region"), "行政区划代码");
const OF_SCHEME: RecordColumn = column("scheme", RecordKind::Code("scheme"), "险种");
const OF_UNIT: RecordColumn = column("unit_id", RecordKind::Unit, "单位编号");
const OF_PERSON: RecordColumn = column("person_id", RecordKind::Person, "个人编号, as a keyed hash");

pub static RECORD_TABLES: [RecordTable; 5] = [
    RecordTable {
        name: "core_unit",
        doc: "参保单位: the register of insured units, month by month",
        columns: &[
            OF_MONTH,
            OF_REGION,
            OF_UNIT,
            optional("unit_name", RecordKind::Text, "单位名称"),
            optional("industry", RecordKind::Code("industry"), "行业代码 (GB/T 4754)"),
            optional("ownership", RecordKind::Code("ownership"), "登记注册类型"),
            optional("insured_date", RecordKind::Date, "参保日期"),
            optional("cancelled_date", RecordKind::Date, "注销日期"),
            column("unit_status", RecordKind::Code("unit_status"), "状态"),
        ],
        counts: false,
    },
    RecordTable {
        name: "core_contribution",
        doc: "缴费明细: what was due and paid for a person under a scheme in a month",
        columns: &[
            RecordColumn { doc: "费款所属期, such as 2026-10", ..OF_MONTH },
            OF_SCHEME,
            OF_REGION,
            OF_UNIT,
            OF_PERSON,
            column("base_yuan", RecordKind::Yuan, "缴费基数"),
            column("unit_due_yuan", RecordKind::Yuan, "单位应缴"),
            column("person_due_yuan", RecordKind::Yuan, "个人应缴"),
            column("paid_yuan", RecordKind::Yuan, "实缴"),
            optional("paid_date", RecordKind::Date, "到账日期"),
            column("payment_status", RecordKind::Code("payment_status"), "缴费状态"),
        ],
        counts: false,
    },
    RecordTable {
        name: "core_benefit",
        doc: "待遇发放: what was paid to a person",
        columns: &[
            RecordColumn { doc: "发放年月, such as 2026-10", ..OF_MONTH },
            OF_SCHEME,
            OF_REGION,
            OF_PERSON,
            column("benefit_kind", RecordKind::Code("benefit_kind"), "待遇类别"),
            column("amount_yuan", RecordKind::Yuan, "金额"),
        ],
        counts: false,
    },
    RecordTable {
        name: "core_death",
        doc: "死亡信息: deaths by the month in which they were told",
        columns: &[OF_MONTH, OF_REGION, OF_PERSON, column("death_date", RecordKind::Date, "死亡日期")],
        counts: false,
    },
    RecordTable {
        name: "core_workforce",
        doc: "从业人员: persons at work, by group",
        columns: &[
            OF_MONTH,
            OF_REGION,
            column("industry", RecordKind::Code("industry"), "行业"),
            column("ownership", RecordKind::Code("ownership"), "登记注册类型"),
            column("population", RecordKind::Code("population"), "人群"),
            column("workforce_person", RecordKind::Count, "人数"),
        ],
        counts: true,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_a_month_and_a_region() {
        for table in &RECORD_TABLES {
            assert_eq!(table.column(MONTH), Some(0), "{}: files are cut by month, so it sorts first", table.name);
            assert!(table.column(REGION).is_some(), "{}", table.name);
            assert_eq!(table.column(SUBMISSION), None, "{}", table.name);
        }
    }
}
