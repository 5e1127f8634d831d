//! The graph of states: every transition carried out or refused by its act, no dead ends, and deliberate faults of both.

use serde_json::{Value, json};
use strum::VariantArray as _;

use super::filing::{Filed, brought_to, photo, state, with, without_photos};
use crate::application::rules::ApplicationRules;
use crate::application::state::{State, Step, after};
use crate::orders::{OrderState, OrderStep};
use crate::tests::acts::Bench;
use crate::tests::closing::closing_line;

type Table = fn(State, Step) -> Option<State>;

/// The states from which no way leads to a final one, and the states that nothing reaches.
fn dead_ends(table: &dyn Fn(State, Step) -> Option<State>) -> Vec<State> {
    let leads = |from: State| Step::VARIANTS.iter().filter_map(move |step| table(from, *step));
    let mut alive: Vec<State> = State::VARIANTS.iter().copied().filter(|state| state.is_final()).collect();
    let mut reached = vec![State::Draft];
    for _ in State::VARIANTS {
        let more = State::VARIANTS.iter().copied().filter(|from| leads(*from).any(|to| alive.contains(&to)));
        let more: Vec<State> = more.filter(|from| !alive.contains(from)).collect();
        alive.extend(more);
        let more: Vec<State> =
            reached.iter().flat_map(|from| leads(*from)).filter(|to| !reached.contains(to)).collect();
        reached.extend(more);
    }
    let stuck = |state: &State| !alive.contains(state) || !reached.contains(state);
    State::VARIANTS.iter().copied().filter(stuck).collect()
}

#[test]
fn every_state_is_final_or_says_who_acts_next_and_leads_to_a_final_one() {
    assert_eq!(dead_ends(&after), []);
    for state in State::VARIANTS {
        let waiting = state.waiting();
        assert_eq!(waiting.is_none(), state.is_final(), "{state:?}");
        let leaves = Step::VARIANTS.iter().any(|step| after(*state, *step).is_some());
        assert_eq!(leaves, !state.is_final(), "{state:?}");
        if let Some(waiting) = waiting {
            assert!(!waiting.acts.is_empty() && !waiting.why_en.is_empty() && !waiting.why_zh.is_empty());
        }
    }
    // Everything that waits for a clerk or reviewer has a term.
    let rules = ApplicationRules {
        documents: Vec::new(),
        register_under: 16,
        minor_under: 16,
        draft_days: 30,
        review_days: 5,
        return_days: 31,
        fee_days: 60,
    };
    let days: Vec<_> = State::VARIANTS.iter().filter_map(|state| state.days(&rules)).collect();
    assert_eq!(days, [30, 30, 30, 30, 5, 31, 60]);
}

#[test]
fn a_table_without_the_ways_out_of_a_state_has_a_dead_end() {
    for cut in State::VARIANTS.iter().copied().filter(|state| !state.is_final()) {
        let mutant = move |from: State, step: Step| after(from, step).filter(|_| from != cut);
        assert!(dead_ends(&mutant).contains(&cut), "{cut:?}");
        let unreached = move |from: State, step: Step| after(from, step).filter(|to| *to != cut || from == cut);
        assert_eq!(dead_ends(&unreached).is_empty(), cut == State::Draft, "{cut:?}");
    }
    let table: Table = after;
    let circle = |from: State, step: Step| table(from, step).map(|to| if to.is_final() { State::Draft } else { to });
    assert!(dead_ends(&circle).contains(&State::Completed));
}

#[test]
fn an_order_takes_the_steps_of_the_same_table() {
    let steps = [
        (OrderStep::Pay, Step::Pay),
        (OrderStep::Unpay, Step::Unpay),
        (OrderStep::Produce, Step::Produce),
        (OrderStep::SendBack, Step::SendBack),
        (OrderStep::GiveUp, Step::GiveUp),
        (OrderStep::HandOver, Step::HandOver),
    ];
    assert_eq!(steps.len(), OrderStep::VARIANTS.len());
    for order in OrderState::VARIANTS {
        let same: State = <&str>::from(order).parse().expect("one word for one state");
        for (step, own) in steps {
            let word = order.after(step).map(<&str>::from);
            assert_eq!(word, after(same, own).map(|state| state.into()), "{order:?} {step:?}");
        }
    }
}

/// Who takes a step, and the body of its act.
fn act_of(step: Step, filed: &Filed) -> (&'static str, Value) {
    let body = match step {
        Step::Correct => filed.and(&[("form", with(&[("/holder/document/number", json!(filed.id))]))]),
        Step::Check => filed.and(&[("originals_agree", json!(true))]),
        Step::Sign => filed.and(&[("signed_by", json!("holder"))]),
        Step::Photo => photo(&filed.number),
        Step::Approve => filed.and(&[("outcome", json!("approve"))]),
        Step::Return => filed.and(&[("outcome", json!("return")), ("reasons", json!(["proof"]))]),
        Step::Read | Step::Submit => filed.body(),
        _ => json!({"number": filed.number}),
    };
    let who = if matches!(step, Step::Approve | Step::Return) { "reviewer" } else { "clerk" };
    (who, body)
}

/// Every act in every state: what the table forbids is refused and changes nothing.
#[test]
pub(crate) fn every_act_is_carried_out_where_the_table_says_so_and_nowhere_else() {
    let mut bench = Bench::new();
    without_photos(&mut bench);
    let own = |step: &Step| step.act().starts_with("application.") && !matches!(step, Step::File | Step::PhotoOnly);
    let mut sequence = 100;
    let (mut allowed, mut refused) = (0, 0);
    let mut count = |carried_out: bool| *(if carried_out { &mut allowed } else { &mut refused }) += 1;
    for from in State::VARIANTS.iter().copied().filter(|state| *state != State::Lapsed) {
        for step in Step::VARIANTS.iter().copied().filter(own) {
            sequence += 1;
            let filed = brought_to(&mut bench, from, sequence);
            count(try_step(&mut bench, from, step, &filed));
        }
    }
    let filed = brought_to(&mut bench, State::Draft, 99);
    bench.clock.set("2026-04-02T09:00:00".parse().expect("a time"));
    bench.done("clerk", "application.lapse", json!({"number": filed.number}));
    for step in Step::VARIANTS.iter().copied().filter(own) {
        count(try_step(&mut bench, State::Lapsed, step, &filed));
    }
    closing_line(&format!("transitions of an application: {allowed} carried out, {refused} refused"));
}

/// Whether it was carried out.
fn try_step(bench: &mut Bench, from: State, step: Step, filed: &Filed) -> bool {
    let (who, body) = act_of(step, filed);
    let result = bench.act(who, step.act(), body);
    let carried_out = result.is_ok();
    match (after(from, step), result) {
        (None, Err(refusal)) => assert_eq!(refusal.code, "application-state", "{from:?} {step:?}"),
        (None, Ok(answer)) => panic!("{from:?} {step:?}: {answer}"),
        // Its time is not over.
        (Some(_), Err(refusal)) if step == Step::Lapse => assert_eq!(refusal.code, "application-in-time", "{from:?}"),
        (Some(_), Err(refusal)) => panic!("{from:?} {step:?}: {refusal}"),
        (Some(to), Ok(_)) => assert_eq!(state(bench, filed), <&str>::from(to), "{from:?} {step:?}"),
    }
    carried_out
}
