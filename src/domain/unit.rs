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
        self.small_to_base(printed).or_else(|| printed.checked_mul(self.factor).map(|n| n.normalize()))
    }

    /// [`Unit::to_base`] in whole numbers of 64 bits, which nearly all printed ones fit in.
    fn small_to_base(&self, printed: Decimal) -> Option<Decimal> {
        let [printed, factor] = [printed, self.factor].map(|n| Some((i64::try_from(n.mantissa()).ok()?, n.scale())));
        let ((printed, decimals), (factor, more)) = (printed?, factor?);
        let (mut base, mut scale) = (printed.checked_mul(factor)?, decimals + more);
        while scale > 0 && base % 10 == 0 {
            (base, scale) = (base / 10, scale - 1);
        }
        Decimal::try_new(base, scale).ok()
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

    #[test]
    fn small_and_large_numbers_scale_alike() {
        let numbers = [
            "0",
            "0.00",
            "-0.0",
            "1",
            "-36.70",
            "0.00001",
            "123456789012345",
            "9223372036854775807",
            "0.0000000000000000000000000001",
        ];
        for factor in ["1", "10000", "100000000", "0.01", "0.5"] {
            let unit = Unit {
                code: String::new(),
                name_zh: String::new(),
                base: String::new(),
                factor: factor.parse().unwrap(),
            };
            for printed in numbers.map(|n| n.parse::<Decimal>().unwrap()) {
                let expected = printed.checked_mul(unit.factor).map(|n| n.normalize().to_string());
                assert_eq!(unit.to_base(printed).map(|n| n.to_string()), expected, "{printed} by {factor}");
            }
        }
    }
}
