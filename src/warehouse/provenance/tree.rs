//! Why a cell holds what it holds, in plain types: the arithmetic with its numbers, and the cells that only chose the row.

use crate::warehouse::rows::Scalar;

/// A cell of a table: the row counts from 0 in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    pub table: String,
    pub row: usize,
    pub column: String,
}

/// An expression with the value it had for one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    pub value: Scalar,
    pub part: Part,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Stands in the query.
    Literal,
    /// A cell of a table that the model reads.
    Cell(Cell),
    /// A row that is counted, as the rows of the tables it was made from.
    Row(Vec<(String, usize)>),
    /// An operator, function or aggregate; an aggregate has an argument for every row it takes in.
    Apply { name: String, args: Vec<Tree> },
    /// A cast that changes the value: to a number of so many decimals, or to another type.
    Cast { to: String, decimals: Option<i8>, arg: Box<Tree> },
    /// One of several: the branch of a CASE, the first that is not null, the greatest. `because` says why in the words of
    /// the query; `of` how many there were to choose from. Where a constant was taken it is what was looked at that makes
    /// the value: `decided` holds it, and is empty otherwise.
    Choice { name: String, because: Vec<String>, of: usize, arg: Box<Tree>, decided: Vec<Tree> },
}

impl Tree {
    /// Every cell that the value was computed from, in the order of reading, once.
    pub fn cells(&self) -> Vec<&Cell> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a Cell>) {
        match &self.part {
            Part::Cell(cell) if !found.contains(&cell) => found.push(cell),
            Part::Apply { args, .. } => args.iter().for_each(|arg| arg.collect(found)),
            Part::Cast { arg, .. } => arg.collect(found),
            Part::Choice { arg, decided, .. } => {
                arg.collect(found);
                decided.iter().for_each(|tree| tree.collect(found));
            }
            Part::Literal | Part::Row(_) | Part::Cell(_) => {}
        }
    }

    /// Whether it was computed from nothing but what stands in the query.
    pub fn is_constant(&self) -> bool {
        match &self.part {
            Part::Literal => true,
            Part::Cell(_) | Part::Row(_) => false,
            Part::Apply { args, .. } => args.iter().all(Tree::is_constant),
            Part::Cast { arg, .. } => arg.is_constant(),
            Part::Choice { arg, decided, .. } => arg.is_constant() && decided.iter().all(Tree::is_constant),
        }
    }

    /// Every row that is counted.
    pub fn rows(&self) -> Vec<&(String, usize)> {
        match &self.part {
            Part::Row(rows) => rows.iter().collect(),
            Part::Apply { args, .. } => args.iter().flat_map(Tree::rows).collect(),
            Part::Cast { arg, .. } => arg.rows(),
            Part::Choice { arg, decided, .. } => {
                let mut rows = arg.rows();
                rows.extend(decided.iter().flat_map(Tree::rows));
                rows
            }
            Part::Literal | Part::Cell(_) => Vec::new(),
        }
    }
}
