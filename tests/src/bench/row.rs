//! One measured figure with its bounds. The other files measure it, `report` shows it.

/// One figure, and its greatest allowed value.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What was measured, in plain words.
    pub name: &'static str,
    /// The figure, in `unit`.
    pub value: f64,
    /// `ns` for nanoseconds per operation; nothing for a number or a ratio.
    pub unit: &'static str,
    /// The bound: the greatest allowed `value`. `None`: the figure is there for comparison.
    pub at_most: Option<f64>,
    /// The name of a row of the same run with which this one is compared.
    pub compared_with: Option<&'static str>,
    /// The greatest allowed ratio of this figure to the other.
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

    /// Sets the bound to at least so many million operations per second.
    #[must_use]
    pub const fn at_least_millions(self, millions: f64) -> Self {
        self.at_most(1e3 / millions)
    }

    /// Compares the row with the row of this name.
    #[must_use]
    pub const fn compared_with(self, name: &'static str) -> Self {
        Self { compared_with: Some(name), ..self }
    }

    /// Sets the greatest allowed ratio to the other row.
    #[must_use]
    pub const fn ratio_at_most(self, most: f64) -> Self {
        Self { ratio_at_most: Some(most), ..self }
    }

    /// Whether it is within its bounds, given the rows of its run; true if it has no bounds.
    #[must_use]
    pub fn holds(&self, rows: &[Self]) -> bool {
        self.within(self.at_most, Some(self.value)) && self.within(self.ratio_at_most, self.ratio(rows))
    }

    /// A value that is no number is outside every bound.
    pub(super) fn within(&self, most: Option<f64>, value: Option<f64>) -> bool {
        most.is_none_or(|most| value.is_some_and(|value| value <= most))
    }

    /// This figure divided by that of the other row.
    #[must_use]
    pub fn ratio(&self, rows: &[Self]) -> Option<f64> {
        let other = rows.iter().find(|row| Some(row.name) == self.compared_with)?;
        Some(self.value / other.value)
    }
}
