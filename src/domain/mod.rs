//! The vocabulary of the warehouse: pure values, no input or output.
//!
//! - **observation**: one number from one cell, with its dimensions, printed form and origin ([`Observation`])
//! - **indicator**: what is counted (`insured_person`, `fund_income_yuan`), with unit and kind ([`Indicator`])
//! - **dimension**: region, scheme (险种), ownership (登记注册类型), industry (行业), population (人群); what goes beyond
//!   these five is a **breakdown** in canonical text (`payer=employer;tier=3`)
//! - **code list**: the codes a dimension may hold, with validity dates and parents; labels reach codes through aliases only
//! - **total**: the code `_T`, never a blank, so that a `SUM` cannot double
//! - **stock / flow**: a number at the end of a period, or over it; never mixed
//! - **mark**: why a value is absent or special (not available, nil, not applicable, confidential, rounded to zero)
//! - **status**: what print says of a figure (provisional, revised, estimated)
//! - **relation**: a whole and its parts, as a table declares them (勾稽关系)
//! - **finding**: what a check says about cells

pub mod address;
pub mod code;
pub mod few;
pub mod finding;
pub mod label;
pub mod observation;
pub mod observations;
pub mod period;
pub mod relation;
pub mod text;
pub mod unit;
pub mod value;

pub use address::{Addressing, CellRef};
pub use code::{Alias, Code, CodeEntry, CodeList, Codebook, Indicator, LookupError, TOTAL};
pub use few::Few;
pub use finding::{Finding, Outcome};
pub use observation::{Breakdown, Coordinates, Dimension, Dimensions, Observation, Origin, Series};
pub use observations::Observations;
pub use period::{Period, PeriodKind};
pub use relation::{Relation, RelationKind};
pub use text::Text;
pub use unit::Unit;
pub use value::{Mark, Status, Value};
