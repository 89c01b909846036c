//! Units and exact scaling: 万人 → person, 亿元 → yuan.

use rust_decimal::Decimal;

/// A unit of measurement: `value in base = printed × factor`. Read from `pipelines/codes/unit.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Code in specs and in `core_observation.printed_unit`: `10k_person`.
    pub code: String,
    pub name_zh: String,
    /// Code of the base unit, stored in `core_observation.unit`: `person`.
    pub base: String,
    pub factor: Decimal,
}

impl Unit {
    /// The number in the base unit; `None` where it leaves the range of exact decimals.
    pub fn to_base(&self, printed: Decimal) -> Option<Decimal> {
        printed.checked_mul(self.factor).map(|n| n.normalize())
    }

    /// The number as it would be printed in this unit.
    pub fn from_base(&self, value: Decimal) -> Option<Decimal> {
        value.checked_div(self.factor)
    }
}

#[cfg(test)]
mod tests {
    use super::Unit;
    use rust_decimal::Decimal;

    #[test]
    fn scaling_is_exact() {
        let unit =
            Unit { code: "10k_person".into(), name_zh: "万人".into(), base: "person".into(), factor: 10_000.into() };
        let printed: Decimal = "36.7".parse().unwrap();
        assert_eq!(unit.to_base(printed), Some(367_000.into()));
        assert_eq!(unit.from_base(367_000.into()), Some(printed));
    }
}
