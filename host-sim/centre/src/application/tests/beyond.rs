//! The steps that fee, production and hand-over take with an application, at each of its states, by the acts of those rooms;
//! the steps of this room are in `states`.

use serde_json::{Value, json};
use strum::VariantArray;

use super::filing::{Filed, brought_to, state, without_photos};
use crate::application::state::{State, Step, after};
use crate::production::tests::bench::{batch, deliver, hand_over, made, open};
use crate::slip::tests::acts::payment;
use crate::tests::acts::Bench;
use crate::tests::sweep::{Record, closing, every_step};

/// The steps of the other rooms.
const STEPS: [Step; 6] = [Step::Pay, Step::Unpay, Step::Produce, Step::SendBack, Step::GiveUp, Step::HandOver];

struct Application {
    bench: Bench,
    filed: Filed,
    /// Its slip, once there is one.
    slip: Value,
}

impl Application {
    fn act(&mut self, operator: &str, act: &str, body: Value) -> Result<Value, String> {
        self.bench.act(operator, act, body).map_err(|refusal| refusal.code.to_owned())
    }

    /// A card in the making, as far as the step needs it: at the outlet, refused by the bank, or with an open account.
    fn make(&mut self, step: Step) {
        let number = self.filed.number.clone();
        if step == Step::SendBack {
            self.bench.done("producer", "production.open", json!({"application": number}));
            let refused = json!({"application": number, "reason": "risk"});
            self.bench.done("producer", "production.bank-answer", refused);
            return;
        }
        open(&mut self.bench, &number);
        if step == Step::HandOver {
            let batch = batch(&mut self.bench, false);
            let card = made(&mut self.bench, &batch, 1);
            deliver(&mut self.bench, &card);
        }
    }
}

impl Record for Application {
    type State = State;
    type Step = Step;

    fn at(wanted: State, step: Step) -> Option<Self> {
        let mut bench = Bench::new();
        without_photos(&mut bench);
        let early = [State::Draft, State::Read, State::Checked, State::Signed, State::InReview, State::Returned];
        if early.contains(&wanted) {
            let filed = brought_to(&mut bench, wanted, 11);
            return Some(Self { bench, filed, slip: Value::Null });
        }
        let filed = brought_to(&mut bench, State::Approved, 11);
        let slip = bench.done("cashier", "slip.issue", json!({"application": filed.number}))["slip"].clone();
        let mut application = Self { bench, filed, slip };
        let number = json!({"number": application.filed.number});
        match wanted {
            State::Withdrawn => _ = application.bench.done("clerk", "application.withdraw", number),
            State::Lapsed => {
                application.bench.clock.set("2026-06-02T09:00:00".parse().unwrap());
                application.bench.done("clerk", "application.lapse", number);
            }
            _ => {}
        }
        if matches!(wanted, State::Ready | State::InProduction | State::Completed) {
            application.take(Step::Pay).unwrap();
        }
        match wanted {
            State::InProduction => application.make(step),
            State::Completed => {
                application.make(Step::HandOver);
                application.take(Step::HandOver).unwrap();
            }
            _ => {}
        }
        Some(application)
    }

    fn take(&mut self, step: Step) -> Result<Value, String> {
        let number = self.filed.number.clone();
        match step {
            Step::Pay => {
                let reference = if state(&mut self.bench, &self.filed) == "approved" { "R-1" } else { "R-2" };
                if self.slip.is_null() {
                    return self.act("cashier", "slip.issue", json!({"application": number}));
                }
                self.act("cashier", "slip.pay", payment(&self.slip, reference))
            }
            Step::Unpay if self.slip.is_null() => self.act("cashier", "slip.show", json!({"number": "none"})),
            Step::Unpay => {
                let body = json!({"number": self.slip["number"], "reference": "R-1"});
                self.act("cashier", "slip.cancel", body)
            }
            Step::HandOver => {
                let mut body = hand_over(&number);
                body["document"]["number"] = json!(self.filed.id);
                self.act("issuer", "production.hand-over", body)
            }
            _ => self.act("producer", step.act(), json!({"application": number})),
        }
    }

    fn state(&mut self) -> State {
        state(&mut self.bench, &self.filed).parse().unwrap()
    }
}

#[test]
fn every_step_of_the_other_rooms_at_every_state_does_what_the_table_says() {
    let counted = every_step::<Application>(State::VARIANTS, &STEPS, after);
    assert_eq!((counted.carried_out, counted.refused + counted.unchanged), (6, 66));
    closing("an application by other rooms", counted);
}
