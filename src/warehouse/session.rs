//! The one factory of DataFusion sessions, and the threads that async work runs on.

use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::error::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::functions;

/// Memory the operators of one session may hold before they spill to disk.
pub const MEMORY_BYTES: usize = 2 << 30;
/// Rows that operators pass on at a time.
pub const BATCH_ROWS: usize = 8192;
/// Depth of nested expressions and subqueries.
pub const SQL_DEPTH: usize = 64;
/// Planning recurses deeply in an unoptimised build; the usual stack of a thread is too small for it.
const STACK_BYTES: usize = 64 << 20;

/// A session whose operators run on as many threads as the machine has.
pub fn parallel() -> Result<SessionContext> {
    with(RuntimeEnvBuilder::new())
}

/// The same for a build: what does not fit into memory goes to a folder of its own.
pub fn building(spill: &Path) -> Result<SessionContext> {
    with(RuntimeEnvBuilder::new().with_temp_file_path(spill))
}

fn with(runtime: RuntimeEnvBuilder) -> Result<SessionContext> {
    let mut config = SessionConfig::new()
        .with_batch_size(BATCH_ROWS)
        .with_target_partitions(threads())
        .with_information_schema(true);
    let options = config.options_mut();
    // `0.5` is a decimal: no figure passes through floating point.
    options.sql_parser.parse_float_as_decimal = true;
    options.sql_parser.collect_spans = true;
    options.set("datafusion.sql_parser.recursion_limit", &SQL_DEPTH.to_string())?;
    let runtime = runtime.with_memory_limit(MEMORY_BYTES, 1.0).build()?;
    let session = SessionContext::new_with_config_rt(config, Arc::new(runtime));
    functions::register(&session);
    Ok(session)
}

/// The same tables seen through one thread, which keeps the order of rows in their files.
pub fn sequential(session: &SessionContext) -> SessionContext {
    let state = session.state();
    // Without the second setting an empty default catalog would take the place of the shared one.
    let config = state.config().clone().with_target_partitions(1).with_create_default_catalog_and_schema(false);
    SessionContext::new_with_state(SessionStateBuilder::new_from_existing(state).with_config(config).build())
}

/// The door between the synchronous world and DataFusion.
pub struct Engine {
    runtime: tokio::runtime::Runtime,
}

impl Engine {
    pub fn start() -> std::io::Result<Engine> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads())
            .thread_stack_size(STACK_BYTES)
            .build()?;
        Ok(Engine { runtime })
    }

    /// Run async work to its end, on a thread with a stack deep enough for planning.
    pub fn block_on<T: Send>(&self, work: impl Future<Output = T> + Send) -> T {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .name("sql".to_owned())
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, || self.runtime.block_on(work))
                .expect("a process that runs can start one more thread");
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// The same work for every item, on as many threads as the machine has; results in the order of the items.
    pub fn block_on_each<'a, I: Sync, T: Send, F: Future<Output = T> + Send>(
        &self,
        items: &'a [I],
        work: impl Fn(&'a I) -> F + Sync,
    ) -> Vec<T> {
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(items.len()));
        let take = || {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            items.get(nth).map(|item| (nth, item))
        };
        std::thread::scope(|scope| {
            for _ in 0..threads().min(items.len()) {
                scope.spawn(|| {
                    while let Some((nth, item)) = take() {
                        let result = self.block_on(work(item));
                        done.lock().unwrap_or_else(PoisonError::into_inner).push((nth, result));
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(nth, _)| *nth);
        done.into_iter().map(|(_, result)| result).collect()
    }
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
