//! Runs a test's cases on all cores. Cases that share a file, a port or a counter must not use it.

use std::any::Any;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{available_parallelism, scope};

/// Checks each case, on as many threads as there are cores; returns the results in the order of the cases.
///
/// # Panics
/// If a case panics, after all have been checked; the message names each failed case, with its own message.
pub fn in_parallel<C: Debug + Sync, R: Send>(cases: &[C], check: impl Fn(&C) -> R + Sync) -> Vec<R> {
    in_parallel_on(available_parallelism().map_or(1, usize::from), cases, check)
}

/// The same on so many threads: more than there are cores, where a case mostly waits, as for an emulated board.
///
/// # Panics
/// Like [`in_parallel`].
pub fn in_parallel_on<C: Debug + Sync, R: Send>(threads: usize, cases: &[C], check: impl Fn(&C) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    scope(|scope| {
        for _ in 0..threads.min(cases.len()) {
            scope.spawn(|| {
                while let Some((number, case)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    cases.get(at).map(|case| (at, case))
                } {
                    let result = catch_unwind(AssertUnwindSafe(|| check(case)));
                    results.lock().expect("nobody panics with it").push((number, result));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("nobody panicked with it");
    results.sort_by_key(|(number, _)| *number);
    let mut failed = Vec::new();
    let mut good = Vec::new();
    for (number, result) in results {
        match result {
            Ok(result) => good.push(result),
            Err(panic) => failed.push(format!("{:?}: {}", cases[number], message(&*panic))),
        }
    }
    assert!(failed.is_empty(), "{} of {} cases failed:\n{}", failed.len(), cases.len(), failed.join("\n"));
    good
}

/// The message of a panic.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words")
}
