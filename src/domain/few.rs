//! A map of few entries in one short list: what a label says is one or two of them, and there are as many labels as rows.

use std::borrow::Borrow;

/// Entries sorted by key, as in a `BTreeMap`, in as much memory as they take.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Few<K, V>(Vec<(K, V)>);

impl<K: Ord, V> Few<K, V> {
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.iter().find(|(known, _)| known.borrow() == key).map(|(_, value)| value)
    }

    /// Puts an entry in its place, in the stead of one with the same key.
    pub fn insert(&mut self, key: K, value: V) {
        match self.0.binary_search_by(|(known, _)| known.cmp(&key)) {
            Ok(nth) => self.0[nth].1 = value,
            Err(nth) => {
                self.0.reserve_exact(1);
                self.0.insert(nth, (key, value));
            }
        }
    }

    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let nth = self.0.iter().position(|(known, _)| known.borrow() == key)?;
        Some(self.0.remove(nth).1)
    }

    /// These entries, and those of `base` whose keys are not among them.
    #[must_use]
    pub fn over(&self, base: &Few<K, V>) -> Few<K, V>
    where
        K: Clone,
        V: Clone,
    {
        let mut all = self.clone();
        all.fill(base);
        all
    }

    /// Takes from `base` the entries whose keys are not among these.
    pub fn fill(&mut self, base: &Few<K, V>)
    where
        K: Clone,
        V: Clone,
    {
        if self.is_empty() {
            self.0.clone_from(&base.0);
            return;
        }
        for (key, value) in &base.0 {
            if let Err(nth) = self.0.binary_search_by(|(known, _)| known.cmp(key)) {
                self.0.insert(nth, (key.clone(), value.clone()));
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|(key, _)| key)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Few<K, V> {
        Few(Vec::new())
    }
}

impl<K: Ord, V> Extend<(K, V)> for Few<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        entries.into_iter().for_each(|(key, value)| self.insert(key, value));
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Few<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Few<K, V> {
        let mut few = Few::default();
        few.extend(entries);
        few
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for Few<K, V> {
    fn from(entries: [(K, V); N]) -> Few<K, V> {
        entries.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Few;

    #[test]
    fn entries_lie_in_order_and_the_later_holds() {
        let mut few = Few::from([("b", 1), ("a", 2), ("c", 3), ("b", 4)]);
        assert_eq!(few.iter().collect::<Vec<_>>(), [(&"a", &2), (&"b", &4), (&"c", &3)]);
        assert_eq!((few.get("b"), few.get("d")), (Some(&4), None));
        assert_eq!(
            Few::from([("c", 5), ("d", 6)]).over(&few).iter().map(|(_, v)| *v).collect::<Vec<_>>(),
            [2, 4, 5, 6]
        );
        assert_eq!((few.remove("b"), few.remove("b")), (Some(4), None));
    }
}
