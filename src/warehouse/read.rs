//! Plain rows: what a query answers, without a type of the engine.

use jiff::civil::Date;
use rust_decimal::Decimal;

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Scalar>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Text(String),
    Number(Decimal),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Date(Date),
}
