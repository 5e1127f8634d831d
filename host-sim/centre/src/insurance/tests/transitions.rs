//! Every move at every state of a relation, of a line of a slip, and of unmatched money, by the acts (docs/centre.md
//! §6.7.5).

use serde_json::{Value, json};
use strum::VariantArray;

use super::bench::Insurance;
use crate::insurance::relation::{Move, State};
use crate::insurance::slips::LineState;
use crate::insurance::unmatched::UnmatchedState;
use crate::tests::sweep::{Counted, Record, closing, every_step};

impl Insurance {
    fn code(&mut self, act: &str, body: Value) -> Result<Value, String> {
        self.bench.act(super::bench::OFFICER, act, body).map_err(|refusal| refusal.code.to_owned())
    }
}

struct Relation {
    it: Insurance,
    person: String,
    relation: i64,
    month: i32,
}

impl Record for Relation {
    type State = State;
    type Step = Move;

    fn at(state: State, _: Move) -> Option<Self> {
        let mut it = Insurance::new();
        let person = it.person("1990-05-05");
        let relation = it.employ(&person, "2026-03", 487_900)[0];
        let mut relation = Self { it, person, relation, month: 3 };
        match state {
            State::Insured => {}
            State::Paused => _ = relation.take(Move::Pause).unwrap(),
            State::Ended => _ = relation.take(Move::End).unwrap(),
        }
        Some(relation)
    }

    /// Each a month later than the one before.
    fn take(&mut self, moved: Move) -> Result<Value, String> {
        self.month += 1;
        let month = format!("2026-{:02}", self.month);
        self.it.on(&format!("{month}-02"));
        let word: &str = moved.into();
        let body = json!({"relation": self.relation, "from": month});
        self.it.code(&format!("relation.{word}"), body)
    }

    fn state(&mut self) -> State {
        let relations = self.it.done("relation.list", json!({"person": self.person}))["relations"].clone();
        let relation = relations.as_array().unwrap().iter().find(|known| known["relation"] == self.relation).cloned();
        relation.unwrap()["state"].as_str().unwrap().parse().unwrap()
    }
}

/// What happens to a line of a slip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OfLine {
    Collect,
    Withdraw,
}

struct Line {
    it: Insurance,
    slip: String,
    rows: Vec<String>,
}

impl Record for Line {
    type State = LineState;
    type Step = OfLine;

    fn at(state: LineState, _: OfLine) -> Option<Self> {
        let mut it = Insurance::new();
        let person = it.person("1990-05-05");
        it.employ(&person, "2026-03", 487_900);
        let slip = it.assess("2026-03").unwrap();
        let rows = it.rows(&slip, "2026-03-20");
        it.on("2026-03-20");
        let mut line = Self { it, slip, rows };
        match state {
            LineState::Due => {}
            LineState::Collected => _ = line.take(OfLine::Collect).unwrap(),
            LineState::Void => _ = line.take(OfLine::Withdraw).unwrap(),
        }
        Some(line)
    }

    fn take(&mut self, step: OfLine) -> Result<Value, String> {
        match step {
            OfLine::Collect => {
                let file = self.it.file("2026-03-20", &self.rows);
                let collected = self.it.code("premium.collect", json!({"file": file}))?;
                // What fits no line is kept as unmatched.
                let matched = collected["matched"] == self.rows.len();
                assert_eq!(matched, collected["unmatched"] == 0);
                if matched { Ok(collected) } else { Err("unmatched".into()) }
            }
            OfLine::Withdraw => self.it.code("premium.void", json!({"slip": self.slip})),
        }
    }

    fn state(&mut self) -> LineState {
        let lines = self.it.slip(&self.slip)["lines"].clone();
        let states: Vec<_> = lines.as_array().unwrap().iter().map(|line| line["state"].clone()).collect();
        assert!(states.iter().all(|state| *state == states[0]), "{states:?}");
        states[0].as_str().unwrap().parse().unwrap()
    }
}

/// What becomes of unmatched money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OfMoney {
    Return,
    Assign,
}

struct Money {
    it: Insurance,
    slip: String,
}

impl Record for Money {
    type State = UnmatchedState;
    type Step = OfMoney;

    /// The row names a slip that there is not, and pays the first line exactly.
    fn at(state: UnmatchedState, _: OfMoney) -> Option<Self> {
        let mut it = Insurance::new();
        let person = it.person("1990-05-05");
        it.employ(&person, "2026-03", 487_900);
        let slip = it.assess("2026-03").unwrap();
        it.on("2026-03-20");
        let wrong = slip.clone();
        it.unmatched(&slip, "2026-03-20", move |row| row.replacen(&wrong, "X1", 1));
        let mut money = Self { it, slip };
        match state {
            UnmatchedState::Open => {}
            UnmatchedState::Returned => _ = money.take(OfMoney::Return).unwrap(),
            UnmatchedState::Assigned => _ = money.take(OfMoney::Assign).unwrap(),
        }
        Some(money)
    }

    fn take(&mut self, step: OfMoney) -> Result<Value, String> {
        let mut body = json!({"bank": super::bench::BANK, "file": "B0001", "line": 2});
        if step == OfMoney::Assign {
            body["slip"] = json!(self.slip);
            body["slip_line"] = json!(1);
        }
        self.it.code("premium.resolve", body)
    }

    fn state(&mut self) -> UnmatchedState {
        let office = self.it.office();
        let row = office.store().find("SELECT state FROM unmatched", &[]).unwrap().unwrap();
        row.get("state").unwrap()
    }
}

#[test]
fn every_move_at_every_state_does_what_the_tables_say() {
    let relations = every_step::<Relation>(State::VARIANTS, Move::VARIANTS, State::after);
    assert_eq!(relations, Counted { carried_out: 4, refused: 5, unchanged: 0 });
    closing("an insurance relation", relations);
    let lines =
        every_step::<Line>(LineState::VARIANTS, &[OfLine::Collect, OfLine::Withdraw], |state, step| match step {
            OfLine::Collect => state.collected(),
            OfLine::Withdraw => state.withdrawn(),
        });
    assert_eq!(lines, Counted { carried_out: 2, refused: 4, unchanged: 0 });
    closing("a line of a premium slip", lines);
    let money =
        every_step::<Money>(UnmatchedState::VARIANTS, &[OfMoney::Return, OfMoney::Assign], |state, step| match step {
            OfMoney::Return => state.returned(),
            OfMoney::Assign => state.assigned(),
        });
    assert_eq!(money, Counted { carried_out: 2, refused: 4, unchanged: 0 });
    closing("unmatched money", money);
}
