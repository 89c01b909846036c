//! Work on many things at once: as many threads as there are cores, results in the order of the things.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// The results of `work`, one per item; `done` is told of each as it is finished, in the caller's thread.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync, mut done: impl FnMut(&T)) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        let (sender, finished) = mpsc::channel();
        for _ in 0..cores.min(items.len()) {
            let (sender, work, next) = (sender.clone(), &work, &next);
            scope.spawn(move || {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(nth) else { return };
                    // Nobody listens once the caller has panicked.
                    if sender.send((nth, work(item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (nth, result) in finished {
            done(&items[nth]);
            results[nth] = Some(result);
        }
    });
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<u64> = (0..100).collect();
        let mut told = Vec::new();
        let squares = super::map(&items, |n| n * n, |n| told.push(*n));
        assert_eq!(squares, items.iter().map(|n| n * n).collect::<Vec<_>>());
        told.sort_unstable();
        assert_eq!(told, items);
    }
}
