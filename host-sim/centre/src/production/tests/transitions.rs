//! Every step at every stage, by its act: carried out where the table of stages allows it, and nowhere else.

use serde_json::{Value, json};
use strum::VariantArray;

use super::bench::{BANK_CARD, COUNTER, batch, failure, hand_over, make, open, ready, report, stage};
use crate::production::stage::{Stage, Step};
use crate::slip::tests::acts::APPLICATION;
use crate::tests::acts::Bench;
use crate::tests::closing::closing_line;

/// A card at a stage, and what acts need to name it.
struct Card {
    bench: Bench,
    batch: Value,
    /// The report of the card, once its data was given.
    report: Value,
    number: Value,
}

/// The steps that lead to a stage, the shortest way; the first is always that the bank is asked.
fn way_to(wanted: Stage) -> Vec<Step> {
    let mut ways = vec![(Stage::BankOpening, vec![])];
    let mut at = 0;
    while let Some((here, way)) = ways.get(at).cloned() {
        if here == wanted {
            return way;
        }
        // An instant card comes to the outlet on its own way, which another test goes.
        for step in here.steps().filter(|step| *step != Step::ReportInstant) {
            let next = here.after(step).unwrap();
            if ways.iter().all(|(known, _)| *known != next) {
                ways.push((next, [way.clone(), vec![step]].concat()));
            }
        }
        at += 1;
    }
    panic!("nothing leads to {wanted:?}");
}

impl Card {
    fn at(wanted: Stage) -> Self {
        let mut bench = ready(&|order| order.particulars.unit = Some("U1".into()));
        bench.done("producer", "production.open", json!({"application": APPLICATION}));
        let none = json!({"batch": "none"});
        let mut card =
            Self { bench, batch: none.clone(), report: failure(&none, 1, "production"), number: json!("X00000019") };
        for step in way_to(wanted) {
            assert_eq!(card.take(step), Ok(true), "{step:?} on the way to {wanted:?}");
        }
        let word: &str = wanted.into();
        assert_eq!(stage(&mut card.bench, APPLICATION), word);
        card
    }

    /// Takes a step by its act: whether anything changed, or the refusal.
    fn take(&mut self, step: Step) -> Result<bool, &'static str> {
        let application = json!({"application": APPLICATION});
        let cards = json!({"cards": [self.number]});
        let act = step.act();
        let (operator, body) = match step {
            Step::AskBank | Step::SendBack | Step::GiveUp => ("producer", application),
            Step::BankOpens => (COUNTER, json!({"application": APPLICATION, "bank_card": BANK_CARD})),
            Step::BankRefuses => (COUNTER, json!({"application": APPLICATION, "reason": "risk"})),
            Step::Batch => ("producer", json!({"bank": "95588", "maker": "8651", "applications": [APPLICATION]})),
            Step::Personalise => {
                let key = "0".repeat(64);
                ("producer", json!({"batch": self.batch["batch"], "line": 1, "transport_key": key}))
            }
            Step::ReportMade | Step::ReportInstant => ("producer", self.report.clone()),
            Step::ReportFailed => ("producer", failure(&self.batch, 1, "production")),
            Step::ReportBankFailed => ("producer", failure(&self.batch, 1, "bank")),
            Step::Stock | Step::Destroy => ("producer", cards),
            Step::Dispatch => ("producer", json!({"outlet": "32010201", "cards": [self.number]})),
            Step::Receive => ("issuer", cards),
            Step::Recall => {
                self.bench.clock.set("2026-12-01T09:00:00".parse().unwrap());
                ("issuer", cards)
            }
            Step::Lose => ("issuer", json!({"cards": [self.number], "reason": "lost"})),
            Step::HandOver => ("issuer", hand_over(APPLICATION)),
            Step::HandToUnit => {
                let mut body = hand_over(APPLICATION);
                body["collector"] = json!("unit-agent");
                body["unit"] = json!("U1");
                body["licence"] = json!("F-1");
                body["authority"] = json!("F-2");
                ("issuer", body)
            }
            Step::Distribute => ("issuer", json!({"application": APPLICATION, "receipt": "F-3"})),
            Step::UnitReturns => ("issuer", application),
        };
        let before = stage(&mut self.bench, APPLICATION);
        let answer = self.bench.act(operator, act, body).map_err(|refusal| refusal.code)?;
        match step {
            Step::Batch => {
                self.batch = answer.clone();
                self.number = self.batch["lines"][0]["card"].clone();
            }
            // The data is given as often as the maker asks; what the report says comes from it.
            Step::Personalise => {
                let card = make(&mut self.bench, &self.batch, 1);
                self.report = report(&self.batch, 1, &card);
            }
            _ => {}
        }
        let moved = stage(&mut self.bench, APPLICATION) != before;
        Ok(match &answer["changed"] {
            Value::Bool(changed) => *changed,
            Value::Number(changed) => changed.as_u64() == Some(1),
            _ => moved || step == Step::Personalise,
        })
    }
}

#[test]
fn every_step_at_every_stage_does_what_the_table_says() {
    let (mut allowed, mut refused) = (0, 0);
    for from in Stage::VARIANTS {
        let mut card = Card::at(*from);
        for step in Step::VARIANTS.iter().filter(|step| **step != Step::ReportInstant) {
            // The application that went back must be approved again before the bank is asked; another test does it.
            if from.after(*step).is_some() && (*from, *step) != (Stage::SentBack, Step::AskBank) {
                continue;
            }
            let result = card.take(*step);
            assert_ne!(result, Ok(true), "{from:?} {step:?}");
            let word: &str = from.into();
            assert_eq!(stage(&mut card.bench, APPLICATION), word, "{from:?} {step:?}");
            refused += 1;
        }
        for step in from.steps().filter(|step| *step != Step::ReportInstant && *from != Stage::SentBack) {
            let mut card = Card::at(*from);
            assert_eq!(card.take(step), Ok(true), "{from:?} {step:?}");
            let word: &str = from.after(step).unwrap().into();
            assert_eq!(stage(&mut card.bench, APPLICATION), word, "{from:?} {step:?}");
            allowed += 1;
        }
    }
    assert!(allowed >= 30 && refused >= 270, "{allowed} allowed, {refused} refused");
    closing_line(&format!("transitions of a card in the making: {allowed} carried out, {refused} not"));
}

/// The way that another test of this room goes is the only one that this one leaves out.
#[test]
fn an_instant_batch_is_reported_at_the_outlet() {
    let mut bench = ready(&|_| {});
    open(&mut bench, APPLICATION);
    let batch = batch(&mut bench, true);
    let card = make(&mut bench, &batch, 1);
    bench.done("producer", "production.report", report(&batch, 1, &card));
    assert_eq!(stage(&mut bench, APPLICATION), "at-outlet");
}
