//! How fast the engines are: the measurements of `cargo xtask bench` (`report` prints them).
//!
//! Everything is measured in one run, so that figures can be compared with one another on any machine. To add a row,
//! add a function that returns it to `MEASUREMENTS`; `time` has the timing loop.

mod activation;
mod reading;
pub mod report;
mod row;
mod t0;
mod t1;
mod time;
mod worlds;
mod yardstick;

pub use row::Row;
pub use time::Effort;
pub use yardstick::Yardstick;

/// The measurements; every round makes all of them.
const MEASUREMENTS: [fn(Effort) -> Vec<Row>; 5] = [t1::rows, t0::rows, reading::rows, activation::rows, worlds::rows];

/// Measures everything, round after round, so that a moment's work of another program does not affect only one row. The
/// best figure of each row counts.
#[must_use]
pub fn rows(effort: Effort) -> Vec<Row> {
    let round = || MEASUREMENTS.iter().flat_map(|measure| measure(effort)).collect::<Vec<_>>();
    let mut best = round();
    for _ in 1..effort.rounds {
        for (row, again) in best.iter_mut().zip(round()) {
            row.value = row.value.min(again.value);
        }
    }
    best
}
