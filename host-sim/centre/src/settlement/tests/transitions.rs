//! Every change at every state of a visit, by the till's acts or by its time (docs/centre.md §6.8.1).

use serde_json::{Value, json};
use strum::VariantArray;

use super::town::Town;
use crate::settlement::visit::{Change, State, transition};
use crate::tests::sweep::{Counted, Record, closing, every_step};

struct Visit {
    town: Town,
    number: Value,
    /// The settlement, once there was one.
    settled: Value,
    messages: u32,
}

impl Visit {
    fn act(&mut self, act: &str, body: Value) -> Result<Value, String> {
        self.town.bench.act("till-pharmacy", act, body).map_err(|refusal| refusal.code.to_owned())
    }

    fn message(&mut self) -> String {
        self.messages += 1;
        format!("M{}", self.messages)
    }
}

impl Record for Visit {
    type State = State;
    type Step = Change;

    fn at(state: State, change: Change) -> Option<Self> {
        let mut town = Town::new();
        let body = town.body("41", json!({"feedetail": Town::purchase()}));
        let prepared = town.bench.done("till-pharmacy", "settlement.prepare", body);
        let mut visit = Self { town, number: prepared["mdtrt_id"].clone(), settled: Value::Null, messages: 0 };
        // Only what was settled once can be undone; it is open again then.
        if change == Change::Undo || state == State::Settled {
            visit.take(Change::Settle).unwrap();
            if state != State::Settled {
                visit.take(Change::Undo).unwrap();
            }
        }
        match state {
            State::Cancelled => _ = visit.take(Change::Cancel).unwrap(),
            State::Lapsed => _ = visit.take(Change::Lapse).unwrap(),
            State::Open | State::Settled => {}
        }
        Some(visit)
    }

    fn take(&mut self, change: Change) -> Result<Value, String> {
        match change {
            Change::Settle => {
                let more = json!({"mdtrt_id": self.number, "medfee_sumamt": 11_400, "medins_setl_id": self.message()});
                let body = self.town.body("41", more);
                self.settled = self.act("settlement.settle", body)?;
                Ok(Value::Null)
            }
            Change::Undo => {
                let settlement = self.settled["setl_id"].clone();
                let body = json!({"setl_id": settlement, "psn_no": self.town.person, "medins_setl_id": self.message()});
                self.act("settlement.undo", body)
            }
            Change::Cancel => self.act("settlement.unregister", json!({"mdtrt_id": self.number})),
            Change::Lapse => {
                self.town.bench.clock.set("2026-12-01T09:00:00".parse().unwrap());
                Ok(Value::Null)
            }
        }
    }

    fn state(&mut self) -> State {
        let number = self.number.as_i64().unwrap();
        let office = self.town.bench.centre.office(self.town.bench.area);
        crate::settlement::visit::find(&office, number).unwrap().unwrap().state
    }
}

#[test]
fn every_change_at_every_state_does_what_the_table_says() {
    let counted = every_step::<Visit>(State::VARIANTS, Change::VARIANTS, transition);
    assert_eq!(counted, Counted { carried_out: 4, refused: 9, unchanged: 3 });
    closing("a visit", counted);
}
