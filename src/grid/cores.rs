//! Many files at once: reading is a pure function of a file, so files are shared out among all cores.

use std::sync::{Mutex, MutexGuard};

/// Applies `work` to every item, on all cores, and returns what it gave in the order of the items.
pub fn on_all_cores<I: Sync, T: Send>(items: &[I], work: impl Fn(&I) -> T + Sync) -> Vec<T> {
    each(items.iter(), items.len(), work)
}

/// As [`on_all_cores`], of items that have to be found one after the other: while one core looks for the next, others work.
pub(super) fn as_found<I: Send, T: Send>(
    items: impl Iterator<Item = I> + Send,
    work: impl Fn(I) -> T + Sync,
) -> Vec<T> {
    each(items, usize::MAX, work)
}

/// Items of which there are `most` at most.
fn each<I: Send, T: Send>(items: impl Iterator<Item = I> + Send, most: usize, work: impl Fn(I) -> T + Sync) -> Vec<T> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(most);
    if cores <= 1 {
        return items.map(work).collect();
    }
    let (items, done) = (Mutex::new(items.enumerate()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                // One at a time: files differ in size by orders of magnitude.
                loop {
                    let Some((nth, item)) = held(&items).next() else { break };
                    let result = work(item);
                    held(&done).push((nth, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(|broken| broken.into_inner());
    done.sort_unstable_by_key(|(nth, _)| *nth);
    done.into_iter().map(|(_, result)| result).collect()
}

/// What a core has for itself, be it that another one failed.
fn held<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(|broken| broken.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(on_all_cores(&items, |i| i * 2), items.iter().map(|i| i * 2).collect::<Vec<_>>());
        assert!(on_all_cores(&[], |i: &usize| *i).is_empty());
        assert_eq!(as_found(0..1000, |i| i * 2), on_all_cores(&items, |i| i * 2));
        assert!(as_found(std::iter::empty(), |i: usize| i).is_empty());
    }
}
