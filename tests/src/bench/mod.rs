//! How fast the engines are: what `cargo xtask bench` measures (`benches/line.rs` prints it).
//!
//! Everything is measured in one run, so that figures can be compared with one another on any machine. To add a
//! row, write a function that returns a [`Row`] and name it in [`rows`]; [`time`] has the loop.

mod reading;
mod t0;
mod t1;
mod time;

use serde::Serialize;
pub use time::Effort;

/// One figure, and the most it may be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What was measured, in plain words.
    pub name: &'static str,
    /// The figure, in `unit`.
    pub value: f64,
    /// `ns` (nanoseconds per operation), or `ratio`.
    pub unit: &'static str,
    /// The bound: the most that `value` may be. `None`: it is there for comparison.
    pub at_most: Option<f64>,
    /// Whether `value` is within the bound; true without one.
    pub holds: bool,
    /// How it compares with another row of the same run.
    pub compared: Option<Comparison>,
}

/// How many times another row's figure this one is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The other row's name.
    pub with: &'static str,
    /// This figure divided by that one.
    pub ratio: f64,
}

impl Row {
    /// A figure without a bound.
    #[must_use]
    pub const fn new(name: &'static str, value: f64, unit: &'static str) -> Self {
        Self { name, value, unit, at_most: None, holds: true, compared: None }
    }

    /// Sets the bound.
    #[must_use]
    pub fn at_most(self, most: f64) -> Self {
        // A figure that is no number holds nothing.
        Self { at_most: Some(most), holds: self.value <= most, ..self }
    }

    /// Sets the bound to so many million operations a second, at least.
    #[must_use]
    pub fn at_least_millions(self, millions: f64) -> Self {
        self.at_most(1e3 / millions)
    }

    /// Compares it with `other`.
    #[must_use]
    pub fn compared_with(self, other: &Self) -> Self {
        Self { compared: Some(Comparison { with: other.name, ratio: self.value / other.value }), ..self }
    }
}

/// Measures everything. Bounds are those of the project's goals for these engines.
#[must_use]
pub fn rows(effort: Effort) -> Vec<Row> {
    [t1::rows(effort), t0::rows(effort), reading::rows(effort)].concat()
}
