//! Many observations in the stretches in which they were read: on several cores at once, and none is moved to join them.

use std::ops::Index;
use std::slice;
use std::vec;

use super::observation::Observation;

#[derive(Clone, Debug, Default)]
pub struct Observations {
    /// None of them is empty.
    stretches: Vec<Vec<Observation>>,
    /// The number of the first of each.
    starts: Vec<usize>,
    count: usize,
}

impl Observations {
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds a stretch at the end.
    pub fn add(&mut self, stretch: Vec<Observation>) {
        if !stretch.is_empty() {
            self.starts.push(self.count);
            self.count += stretch.len();
            self.stretches.push(stretch);
        }
    }

    pub fn append(&mut self, others: Observations) {
        others.stretches.into_iter().for_each(|stretch| self.add(stretch));
    }

    pub fn iter(&self) -> impl Iterator<Item = &Observation> {
        self.into_iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Observation> {
        self.stretches.iter_mut().flatten()
    }

    pub fn get_mut(&mut self, nth: usize) -> Option<&mut Observation> {
        let stretch = self.stretch_of(nth)?;
        self.stretches[stretch].get_mut(nth - self.starts[stretch])
    }

    fn stretch_of(&self, nth: usize) -> Option<usize> {
        self.starts.partition_point(|start| *start <= nth).checked_sub(1)
    }
}

impl Index<usize> for Observations {
    type Output = Observation;

    fn index(&self, nth: usize) -> &Observation {
        let stretch = self.stretch_of(nth).unwrap_or_default();
        &self.stretches[stretch][nth - self.starts[stretch]]
    }
}

impl IntoIterator for Observations {
    type Item = Observation;
    type IntoIter = std::iter::Flatten<vec::IntoIter<Vec<Observation>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.stretches.into_iter().flatten()
    }
}

impl<'o> IntoIterator for &'o Observations {
    type Item = &'o Observation;
    type IntoIter = std::iter::Flatten<slice::Iter<'o, Vec<Observation>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.stretches.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::{Observation, Observations};
    use crate::domain::{CellRef, Code, Origin, PeriodKind, Series, Status, Value};
    use std::sync::Arc;

    #[test]
    fn stretches_are_counted_through() {
        let origin = Origin {
            dataset: String::new(),
            table_id: String::new(),
            edition: String::new(),
            source_file: String::new(),
            source_sha256: String::new(),
            sheet: String::new(),
            addressing: crate::domain::Addressing::A1,
            id_path: String::new(),
        };
        let series = Arc::new(Series {
            origin: Arc::new(origin),
            indicator: Code::total(),
            period: "2012".parse().unwrap(),
            period_kind: PeriodKind::Stock,
            unit: String::new(),
            printed_unit: String::new(),
            column: Arc::default(),
            notes: Arc::default(),
            status: Status::Normal,
        });
        let observation = |row: u32| Observation {
            series: Arc::clone(&series),
            row: Arc::default(),
            at: CellRef { row, col: 0 },
            nth: 0,
            value: Value::Number(row.into()),
            decimals: Some(0),
            printed: row.to_string().into(),
            besides: None,
        };
        let (mut all, mut others) = (Observations::default(), Observations::default());
        all.add(vec![observation(0), observation(1)]);
        others.add(Vec::new());
        others.add(vec![observation(2)]);
        all.append(others);
        all.append(Observations::default());
        assert_eq!((all.len(), all.is_empty()), (3, false));
        all.get_mut(2).unwrap().nth = 7;
        assert!(all.get_mut(3).is_none());
        assert_eq!((0..3).map(|nth| (all[nth].at.row, all[nth].nth)).collect::<Vec<_>>(), [(0, 0), (1, 0), (2, 7)]);
        assert_eq!(all.into_iter().map(|o| o.at.row).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
