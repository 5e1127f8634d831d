//! Every step at every state of a record, by the acts, against the table of the record's room: where the table leads
//! somewhere the act leads there, and everywhere else it changes nothing.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;

use crate::tests::closing::closing_line;

/// A record at a state, with what acts need to name it.
pub(crate) trait Record: Sized {
    /// Its states.
    type State: Copy + Debug + PartialEq;
    /// What is done to it.
    type Step: Copy + Debug + PartialEq;

    /// A new record, brought to a state by acts; `None`: it does not stand so before this step.
    fn at(state: Self::State, step: Self::Step) -> Option<Self>;
    /// Takes a step by its act: the answer, or the code of the refusal.
    fn take(&mut self, step: Self::Step) -> Result<Value, String>;
    /// Where it stands, by an act that reads.
    fn state(&mut self) -> Self::State;
}

/// How many steps were carried out, and how many were refused or answered as done before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Steps that the table allows.
    pub(crate) carried_out: usize,
    /// Steps that it does not: refused by a code.
    pub(crate) refused: usize,
    /// Steps that it does not: answered, and nothing changed.
    pub(crate) unchanged: usize,
}

/// Tries all steps at all states.
pub(crate) fn every_step<R: Record>(
    states: &[R::State],
    steps: &[R::Step],
    after: impl Fn(R::State, R::Step) -> Option<R::State>,
) -> Counted {
    let mut counted = Counted::default();
    for from in states.iter().copied() {
        for step in steps.iter().copied() {
            let Some(mut record) = R::at(from, step) else { continue };
            assert_eq!(record.state(), from, "brought there before {step:?}");
            let answer = record.take(step);
            let now = record.state();
            match (after(from, step), answer) {
                (Some(to), Ok(_)) => {
                    assert_eq!(now, to, "{from:?} {step:?}");
                    counted.carried_out += 1;
                }
                (Some(_), Err(code)) => panic!("{from:?} {step:?}: {code}"),
                (None, answer) => {
                    assert_eq!(now, from, "{from:?} {step:?} is not allowed, and was answered by {answer:?}");
                    assert_ne!(
                        answer.as_ref().map(|answer| &answer["changed"]),
                        Ok(&Value::Bool(true)),
                        "{from:?} {step:?}"
                    );
                    *(if answer.is_err() { &mut counted.refused } else { &mut counted.unchanged }) += 1;
                }
            }
        }
    }
    counted
}

/// Whichever cell of the table is wrong, the sweep finds it; returns how many cells there are.
pub(crate) fn every_wrong_cell_is_found<R: Record>(
    states: &[R::State],
    steps: &[R::Step],
    after: impl Fn(R::State, R::Step) -> Option<R::State>,
) -> usize {
    let mut cells = 0;
    for from in states.iter().copied() {
        for step in steps.iter().copied() {
            let wrong = match after(from, step) {
                Some(_) => None,
                None => states.iter().copied().find(|state| *state != from),
            };
            let table = AssertUnwindSafe(|| every_step::<R>(&[from], &[step], |_, _| wrong));
            assert!(catch_unwind(table).is_err(), "{from:?} {step:?}: {wrong:?} is not found");
            cells += 1;
        }
    }
    cells
}

/// Prints what a room's sweep counted.
pub(crate) fn closing(record: &str, Counted { carried_out, refused, unchanged }: Counted) {
    closing_line(&format!(
        "transitions of {record}: {carried_out} carried out, {refused} refused, {unchanged} answered without a change"
    ));
}
