//! One figure of the bench with its bounds. How it is measured is for the other files, how it is shown for `report`.

/// One figure, and the most it may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What was measured, in plain words.
    pub name: &'static str,
    /// The figure, in `unit`.
    pub value: f64,
    /// `ns` for nanoseconds per operation; nothing for a number or a ratio.
    pub unit: &'static str,
    /// The bound: the most that `value` may be. `None`: it is there for comparison.
    pub at_most: Option<f64>,
    /// The name of a row of the same run that this one is to be compared with.
    pub compared_with: Option<&'static str>,
    /// The most that this figure divided by that one may be.
    pub ratio_at_most: Option<f64>,
}

impl Row {
    /// Nanoseconds per operation, without a bound.
    #[must_use]
    pub const fn ns(name: &'static str, value: f64) -> Self {
        Self { name, value, unit: "ns", at_most: None, compared_with: None, ratio_at_most: None }
    }

    /// Sets the bound.
    #[must_use]
    pub const fn at_most(self, most: f64) -> Self {
        Self { at_most: Some(most), ..self }
    }

    /// Sets the bound to so many million operations a second, at least.
    #[must_use]
    pub const fn at_least_millions(self, millions: f64) -> Self {
        self.at_most(1e3 / millions)
    }

    /// Has it compared with the row of this name.
    #[must_use]
    pub const fn compared_with(self, name: &'static str) -> Self {
        Self { compared_with: Some(name), ..self }
    }

    /// Sets the most that it may be, divided by the row that it is compared with.
    #[must_use]
    pub const fn ratio_at_most(self, most: f64) -> Self {
        Self { ratio_at_most: Some(most), ..self }
    }

    /// Whether it is within its bounds, among the rows of its run; true without any.
    #[must_use]
    pub fn holds(&self, rows: &[Self]) -> bool {
        self.within(self.at_most, Some(self.value)) && self.within(self.ratio_at_most, self.ratio(rows))
    }

    /// What is no number holds nothing.
    pub(super) fn within(&self, most: Option<f64>, value: Option<f64>) -> bool {
        most.is_none_or(|most| value.is_some_and(|value| value <= most))
    }

    /// This figure divided by that of the row it is compared with.
    #[must_use]
    pub fn ratio(&self, rows: &[Self]) -> Option<f64> {
        let other = rows.iter().find(|row| Some(row.name) == self.compared_with)?;
        Some(self.value / other.value)
    }
}
