//! The vocabulary of the warehouse: pure values, no input or output.
//!
//! - **observation**: one number from one cell, with its dimensions, printed form and origin ([`Observation`])
//! - **indicator**: what is counted (`insured_person`, `fund_income_yuan`), with unit and kind ([`Indicator`])
//! - **dimension**: region, scheme (险种), ownership (登记注册类型), industry (行业), population (人群); what goes beyond
//!   these five is a **breakdown** in canonical text (`payer=employer;tier=3`)
//! - **code list**: the codes a dimension may hold, in versions, with validity dates and parents; labels reach codes through
//!   aliases only
//! - **concordance**: which codes take the place of which, with weights; **break**: where nothing does
//! - **total**: the code `_T`, never a blank, so that a `SUM` cannot double
//! - **stock / flow**: a number at the end of a period, or over it; never mixed
//! - **mark**: why a value is absent or special (not available, nil, not applicable, confidential, rounded to zero)
//! - **status**: what print says of a figure (provisional, revised, estimated)
//! - **passage**: where in a text a figure stands: paper, section, sentence; **qualifier**: how the text bounds it (近, 以上)
//! - **relation**: a whole and its parts, as a table declares them (勾稽关系)
//! - **questionnaire**: what a survey asked, of whom, and what could be answered
//! - **record**: a row of an agency's extract: one person, unit, payment or death ([`RecordTable`])
//! - **finding**: what a check says about cells

pub mod address;
pub mod calendar;
pub mod code;
pub mod concordance;
pub mod few;
pub mod finding;
pub mod fingerprint;
pub mod label;
pub mod observation;
pub mod observations;
pub mod period;
pub mod questionnaire;
pub mod record;
pub mod relation;
pub mod text;
pub mod unit;
pub mod validity;
pub mod value;

pub use address::{Addressing, CellRef};
pub use code::{Alias, Class, Code, CodeEntry, CodeList, Codebook, Indicator, LabelScope, LookupError, TOTAL, Version};
pub use concordance::{Break, BreakKind, Correspondence, Weight};
pub use few::Few;
pub use finding::{Finding, Outcome};
pub use observation::{Besides, Breakdown, Coordinates, Dimension, Dimensions, Observation, Origin, Passage, Series};
pub use observations::Observations;
pub use period::{Period, PeriodKind, period_zh};
pub use questionnaire::{Answer, Question, Questionnaire, Universe};
pub use record::{RECORD_TABLES, RecordColumn, RecordKind, RecordTable, record_table};
pub use relation::{Relation, RelationKind};
pub use text::Text;
pub use unit::Unit;
pub use validity::{Validity, ValidityError};
pub use value::{Mark, Qualifier, Status, Value};
