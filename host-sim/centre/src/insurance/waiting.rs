//! How long the pool waits after a gap or a missed window (等待期): the parameter `benefit.waiting` (docs/centre.md §6.7.3).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::configuration::Parameter;

use super::faults::{Fault, bent};

/// One step of employees' waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WaitingStep)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// From this many months without insurance.
    pub gap_months: u16,
    /// The pool pays so many months after the new beginning.
    pub waiting_months: u16,
}

/// Residents' waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResidentWaiting {
    /// After a missed window or year.
    pub fixed_months: u16,
    /// For each further missed year; this part can be bought off.
    pub months_per_further_year: u16,
    /// From so many missed years …
    pub many_years: u8,
    /// … it is never less than this.
    pub many_years_months: u16,
}

/// The parameter `benefit.waiting`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BenefitWaiting)]
pub struct Waiting {
    /// Of employees and flexible workers, by rising gap; empty: no waiting.
    #[serde(default)]
    pub employees: Vec<Step>,
    /// Of residents.
    pub residents: ResidentWaiting,
}

impl Waiting {
    /// The waiting in months after `gap` months without insurance.
    #[must_use]
    pub fn after_gap(&self, gap: i32) -> u16 {
        if bent(Fault::WaitingForgotten) {
            return 0;
        }
        self.employees.iter().rev().find(|step| gap >= i32::from(step.gap_months)).map_or(0, |step| step.waiting_months)
    }
}

impl Parameter for Waiting {
    const NAME: &'static str = "benefit.waiting";

    fn check(&self) -> Result<(), String> {
        if self.employees.windows(2).any(|pair| pair[0].gap_months >= pair[1].gap_months) {
            return Err("the steps of employees' waiting stand by rising gap-months".into());
        }
        let months = self.employees.iter().map(|step| step.waiting_months);
        let residents = [self.residents.fixed_months, self.residents.months_per_further_year];
        if months.chain(residents).chain([self.residents.many_years_months]).any(|months| months > 120) {
            return Err("a waiting is at most 120 months".into());
        }
        Ok(())
    }
}

impl ResidentWaiting {
    /// The waiting in months of who missed the window (`late`) or `missed` whole years; for `bought_off` of these years
    /// the changing part was bought off.
    #[must_use]
    pub fn months(&self, late: bool, missed: u8, bought_off: u8) -> u16 {
        if (!late && missed == 0) || bent(Fault::WaitingForgotten) {
            return 0;
        }
        let further = u16::from(missed.saturating_sub(1).saturating_sub(bought_off));
        let months = self.fixed_months.saturating_add(further.saturating_mul(self.months_per_further_year));
        if missed >= self.many_years { months.max(self.many_years_months) } else { months }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting() -> Waiting {
        let step = |gap_months, waiting_months| Step { gap_months, waiting_months };
        Waiting {
            employees: vec![step(4, 2), step(12, 6)],
            residents: ResidentWaiting {
                fixed_months: 3,
                months_per_further_year: 1,
                many_years: 4,
                many_years_months: 6,
            },
        }
    }

    #[test]
    fn the_gap_decides_in_steps() {
        for (gap, months) in [(0, 0), (3, 0), (4, 2), (11, 2), (12, 6), (500, 6), (-1, 0)] {
            assert_eq!(waiting().after_gap(gap), months, "{gap}");
        }
        let mut falling = waiting();
        falling.employees.reverse();
        let mut endless = waiting();
        endless.residents.fixed_months = 121;
        assert!(falling.check().is_err() && endless.check().is_err() && waiting().check().is_ok());
    }

    /// docs/centre.md §6.7.3: 3 months, one more for each further missed year, from four years at least 6.
    #[test]
    fn residents_wait_by_missed_years() {
        let residents = waiting().residents;
        for (late, missed, bought, months) in [
            (false, 0, 0, 0),
            (true, 0, 0, 3),
            (false, 1, 0, 3),
            (false, 2, 0, 4),
            (false, 2, 1, 3),
            (true, 4, 0, 6),
            (true, 5, 5, 6),
            (false, 9, 0, 11),
        ] {
            assert_eq!(residents.months(late, missed, bought), months, "{late} {missed} {bought}");
        }
    }
}
