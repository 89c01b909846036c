//! What a node of a plan made: its rows, and which rows of its inputs each was made from.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::common::DFSchema;
use datafusion::logical_expr::Expr;

/// A node with its rows.
pub struct Step {
    pub node: Node,
    pub schema: Arc<DFSchema>,
    pub rows: RecordBatch,
    pub inputs: Vec<Arc<Step>>,
}

/// Which rows of the inputs each row was made from.
pub enum Node {
    /// Row n of the table, counted from the first that was given.
    Scan {
        table: String,
        first: u32,
    },
    /// Written in the query.
    Given,
    /// Row n of the input under another name.
    Same,
    /// One row of the input, let through by the conditions.
    Some {
        rows: Vec<u32>,
        conditions: Vec<Expr>,
    },
    Projection(Vec<Expr>),
    /// A row of either side; none on the empty side of an outer join.
    Join {
        pairs: Vec<(Option<u32>, Option<u32>)>,
        conditions: Vec<Expr>,
        /// Whether a row of either side stays without a partner.
        stays: [bool; 2],
    },
    /// A row of the first input, let through (or marked) by rows of the second.
    Semi {
        rows: Vec<u32>,
        matches: Vec<Vec<u32>>,
    },
    /// The rows of a group; the columns are the keys, then the aggregates.
    Group {
        groups: Vec<Vec<u32>>,
        keys: Vec<Expr>,
        aggregates: Vec<Expr>,
    },
    /// Row n of the input, and for each function the rows it reads.
    Window {
        functions: Vec<Expr>,
        reads: Vec<Vec<Vec<u32>>>,
    },
    /// A row of one of the inputs.
    Union(Vec<(u32, u32)>),
    /// An element of a list of the input's row.
    Unnest {
        rows: Vec<u32>,
        columns: Vec<usize>,
    },
}

impl Step {
    pub fn len(&self) -> usize {
        self.rows.num_rows()
    }
}
