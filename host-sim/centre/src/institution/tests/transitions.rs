//! Every change at every state of an agreement, by its act or by the day (docs/centre.md §6.6.4).

use serde_json::{Value, json};
use strum::VariantArray;

use crate::institution::agreement::{Change, State, transition};
use crate::tests::acts::Bench;
use crate::tests::sweep::{Counted, Record, closing, every_step};

const HOSPITAL: &str = "H32010200561";
const OFFICER: &str = "settlement-officer";

struct Agreement(Bench);

impl Agreement {
    fn day(&mut self, day: &str) {
        self.0.clock.set(format!("{day}T09:00:00").parse().unwrap());
    }
}

impl Record for Agreement {
    type State = State;
    type Step = Change;

    /// It holds from April 2026 to April 2027.
    fn at(state: State, change: Change) -> Option<Self> {
        let mut bench = Bench::new();
        bench.done(OFFICER, "institution.register", json!({"code": HOSPITAL, "name": "鼓楼医院"}));
        let agreement = json!({
            "code": HOSPITAL, "level": "two", "price_level": "three", "effective": "2026-04-01", "void": "2027-04-01"
        });
        bench.done(OFFICER, "institution.agree", agreement);
        let mut agreement = Self(bench);
        if state == State::Signed {
            // Its last day before the first.
            agreement.day("2026-03-31");
            return Some(agreement);
        }
        // A suspension may last to its term.
        agreement.day(if change == Change::Expire { "2027-03-30" } else { "2026-04-01" });
        match state {
            State::Suspended => _ = agreement.take(Change::Suspend).unwrap(),
            State::Ended => _ = agreement.take(Change::End).unwrap(),
            State::Void => agreement.day("2027-04-01"),
            State::Signed | State::InForce => {}
        }
        Some(agreement)
    }

    fn take(&mut self, change: Change) -> Result<Value, String> {
        let (act, body) = match change {
            Change::Suspend => ("institution.suspend", json!({"code": HOSPITAL, "days": 5, "reason": "x"})),
            Change::Resume => ("institution.resume", json!({"code": HOSPITAL})),
            Change::End => ("institution.end", json!({"code": HOSPITAL, "reason": "x"})),
            // No act: the day comes.
            Change::Begin | Change::Lapse | Change::Expire => {
                let today = self.0.within(|office| office.today());
                let days = match change {
                    Change::Begin => 1,
                    Change::Lapse => 5,
                    _ => 2,
                };
                let day = today.checked_add(jiff::Span::new().days(days)).unwrap();
                self.day(&day.to_string());
                return Ok(Value::Null);
            }
        };
        self.0.act(OFFICER, act, body).map_err(|refusal| refusal.code.to_owned())
    }

    fn state(&mut self) -> State {
        let shown = self.0.done(OFFICER, "institution.show", json!({"code": HOSPITAL}));
        shown["agreements"][0]["state"].as_str().unwrap().parse().unwrap()
    }
}

#[test]
fn every_change_at_every_state_does_what_the_table_says() {
    // Days come at any state; where they mean nothing there is nothing to try.
    let of_the_calendar = |change: &Change| matches!(change, Change::Begin | Change::Lapse | Change::Expire);
    let acts: Vec<_> = Change::VARIANTS.iter().copied().filter(|change| !of_the_calendar(change)).collect();
    let counted = every_step::<Agreement>(State::VARIANTS, &acts, transition);
    assert_eq!(counted, Counted { carried_out: 5, refused: 10, unchanged: 0 });
    let mut by_day = 0;
    for change in Change::VARIANTS.iter().filter(|change| of_the_calendar(change)) {
        let from: Vec<_> =
            State::VARIANTS.iter().copied().filter(|from| transition(*from, *change).is_some()).collect();
        by_day += every_step::<Agreement>(&from, &[*change], transition).carried_out;
    }
    assert_eq!(by_day, 4);
    closing("an agreement", Counted { carried_out: counted.carried_out + by_day, ..counted });
}
