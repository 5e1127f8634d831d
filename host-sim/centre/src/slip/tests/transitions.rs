//! Every step at every state of a slip, by its act (docs/centre.md §6.5.11: paid, cancelled, done before).

use serde_json::{Value, json};
use strum::VariantArray;

use super::acts::{APPLICATION, approve, payment};
use crate::slip::state::{SlipState, SlipStep};
use crate::tests::acts::Bench;
use crate::tests::sweep::{Counted, Record, closing, every_step, every_wrong_cell_is_found};

struct Slip {
    bench: Bench,
    slip: Value,
    /// The reference of the payment that stands, or of the next one.
    reference: &'static str,
}

impl Record for Slip {
    type State = SlipState;
    type Step = SlipStep;

    fn at(state: SlipState, _: SlipStep) -> Option<Self> {
        let mut bench = Bench::new();
        approve(&mut bench, APPLICATION, &|_| {});
        let slip = bench.done("cashier", "slip.issue", json!({"application": APPLICATION}))["slip"].clone();
        let mut slip = Self { bench, slip, reference: "R-1" };
        let steps: &[SlipStep] = match state {
            SlipState::Unpaid => &[],
            SlipState::Paid => &[SlipStep::Register],
            SlipState::Remitted => &[SlipStep::Register, SlipStep::Remit],
            SlipState::Void => &[SlipStep::Void],
        };
        for step in steps {
            slip.take(*step).unwrap();
        }
        Some(slip)
    }

    fn take(&mut self, step: SlipStep) -> Result<Value, String> {
        let number = json!({"number": self.slip["number"]});
        let body = match step {
            SlipStep::Register if self.state() == SlipState::Unpaid => payment(&self.slip, self.reference),
            // Somebody pays once more.
            SlipStep::Register => payment(&self.slip, "R-2"),
            SlipStep::Cancel => json!({"number": self.slip["number"], "reference": self.reference}),
            SlipStep::Remit => json!({}),
            SlipStep::Void => number,
        };
        self.bench.act("cashier", step.act(), body).map_err(|refusal| refusal.code.to_owned())
    }

    fn state(&mut self) -> SlipState {
        let shown = self.bench.done("cashier", "slip.show", json!({"number": self.slip["number"]}));
        shown["state"].as_str().unwrap().parse().unwrap()
    }
}

#[test]
pub(crate) fn every_step_at_every_state_does_what_the_table_says() {
    let counted = every_step::<Slip>(SlipState::VARIANTS, SlipStep::VARIANTS, SlipState::after);
    assert_eq!(counted, Counted { carried_out: 5, refused: 5, unchanged: 6 });
    closing("a slip", counted);
}

#[test]
fn a_wrong_table_is_found() {
    assert_eq!(every_wrong_cell_is_found::<Slip>(SlipState::VARIANTS, SlipStep::VARIANTS, SlipState::after), 16);
}
