//! The functions SQL models may call beyond DataFusion's own; registered in one place, for any session.
//!
//! Arithmetic is exact: decimals are divided as integers and rounded half away from zero once, at the twelfth decimal;
//! floating-point numbers are refused. A null argument gives null.

mod number;
mod text;

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::prelude::SessionContext;

/// Decimals of a computed number: enough that a percentage printed with ten decimals is still right.
pub const RESULT_SCALE: i8 = 12;
const RESULT: DataType = DataType::Decimal128(38, RESULT_SCALE);

/// Make every function known to a session.
pub fn register(session: &SessionContext) {
    use Argument::{Integer, Number, Text};
    let functions: [(&'static str, &'static [Argument], DataType, Body); 20] = [
        ("exact_div", &[Number, Number], RESULT, number::exact_div),
        ("percent_of", &[Number, Number], RESULT, number::percent_of),
        ("change_pct", &[Number, Number], RESULT, number::change_pct),
        ("annual_growth_pct", &[Number, Number, Integer], RESULT, number::annual_growth_pct),
        ("square_root", &[Number], RESULT, number::square_root),
        ("wilson_low_pct", &[Number, Number], RESULT, number::wilson_low_pct),
        ("wilson_high_pct", &[Number, Number], RESULT, number::wilson_high_pct),
        ("allocated", &[Number, Text, Integer], RESULT, number::allocated),
        ("half_unit", &[Integer, Number], RESULT, number::half_unit),
        ("number_text", &[Number], DataType::Utf8, number::number_text),
        ("number_grouped", &[Number], DataType::Utf8, number::number_grouped),
        ("period_previous", &[Text], DataType::Utf8, text::period_previous),
        ("period_offset", &[Text, Integer], DataType::Utf8, text::period_offset),
        ("period_year", &[Text], DataType::Int64, text::period_year),
        ("period_month_count", &[Text], DataType::Int64, text::period_month_count),
        ("period_zh", &[Text], DataType::Utf8, text::period_zh),
        ("breakdown_value", &[Text, Text], DataType::Utf8, text::breakdown_value),
        ("breakdown_without", &[Text, Text], DataType::Utf8, text::breakdown_without),
        ("slip_distance", &[Text, Text], DataType::Int64, text::slip_distance),
        ("breakdown_with", &[Text, Text, Text], DataType::Utf8, text::breakdown_with),
    ];
    for (name, arguments, result, body) in functions {
        let signature = Signature::user_defined(Volatility::Immutable);
        session.register_udf(ScalarUDF::from(Function { name, arguments, result, body, signature }));
    }
}

type Body = fn(&[ArrayRef]) -> Result<ArrayRef>;

/// What an argument may be; anything else is refused when the query is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Argument {
    /// A decimal or an integer.
    Number,
    Integer,
    Text,
}

impl Argument {
    fn name(self) -> &'static str {
        match self {
            Argument::Number => "a decimal",
            Argument::Integer => "an integer",
            Argument::Text => "text",
        }
    }

    /// The type an argument is read as; `None` where it would lose something or make no sense.
    fn coerce(self, given: &DataType) -> Option<DataType> {
        match self {
            Argument::Number => match given {
                DataType::Decimal128(..) => Some(given.clone()),
                DataType::Null => Some(DataType::Decimal128(38, 6)),
                _ if given.is_integer() => Some(DataType::Decimal128(20, 0)),
                _ => None,
            },
            Argument::Integer => (given.is_integer() || given.is_null()).then_some(DataType::Int64),
            Argument::Text => match given {
                DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => Some(DataType::Utf8),
                _ => None,
            },
        }
    }
}

#[derive(Debug)]
struct Function {
    name: &'static str,
    arguments: &'static [Argument],
    result: DataType,
    body: Body,
    signature: Signature,
}

// The name decides: no two functions share one.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Function {}

impl std::hash::Hash for Function {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.result.clone())
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let wanted = || self.arguments.iter().map(|a| a.name()).collect::<Vec<_>>().join(", ");
        if given.len() != self.arguments.len() {
            return plan_err!("{} takes {} ({})", self.name, count(self.arguments.len()), wanted());
        }
        let mut types = Vec::with_capacity(given.len());
        for (argument, given) in self.arguments.iter().zip(given) {
            match argument.coerce(given) {
                Some(coerced) => types.push(coerced),
                None => return plan_err!("{} takes {}, not {given}; cast it first", self.name, wanted()),
            }
        }
        Ok(types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let all_scalar = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let result = (self.body)(&arrays)?;
        if all_scalar {
            let scalar = datafusion::common::ScalarValue::try_from_array(&result, 0)?;
            return Ok(ColumnarValue::Scalar(scalar));
        }
        Ok(ColumnarValue::Array(Arc::clone(&result)))
    }
}

fn count(arguments: usize) -> String {
    if arguments == 1 { "1 argument".to_owned() } else { format!("{arguments} arguments") }
}
