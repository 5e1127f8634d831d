//! Any sequence of messages against a model that keeps a list of what stands and recomputes everything from it.
//!
//! Each terminal has a plan: what its numbers stand for. A sequence sends and reverses numbers of the plans in any order, so
//! that repetitions, reversals, originals after their reversal and activations that are taken over come by themselves.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use qiyong_protocol::rules::decision::decide;

use super::*;

const PLACES: [&str; 4] = [BANK, HOSPITAL, PHARMACY, SUZHOU];
const NUMBERS: usize = 5;

/// What a number stands for.
#[derive(Clone, Debug)]
struct Planned {
    card: usize,
    total: u64,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Transact,
    Reverse,
    /// The number again, for another amount.
    Misuse,
}

/// Place and number.
type Key = (usize, usize);

/// The cards as they were, what was answered, what was reversed.
struct Model {
    initial: Vec<CardRecord>,
    answers: HashMap<Key, Answer>,
    reversed: HashSet<Key>,
}

impl Model {
    /// The approved and not reversed transactions with a card.
    fn standing<'a>(&'a self, plans: &'a Plans, card: usize) -> impl Iterator<Item = (Key, Receipt)> + 'a {
        self.answers.iter().filter_map(move |(key, answer)| match answer {
            Answer::Approved(receipt) if !self.reversed.contains(key) && plans[key.0][key.1].card == card => {
                Some((*key, *receipt))
            }
            _ => None,
        })
    }

    /// The card as it must be: nothing is remembered, all follows from what stands.
    fn card(&self, plans: &Plans, card: usize) -> CardRecord {
        let initial = &self.initial[card];
        let local = |(place, _): Key| PLACES[place] != SUZHOU;
        let used = self.standing(plans, card).any(|(key, _)| local(key));
        let at_bank = self.standing(plans, card).any(|(key, _)| PLACES[key.0] == BANK);
        let charged: u64 = self.standing(plans, card).map(|(_, receipt)| receipt.effects.charge.0).sum();
        let active = initial.status == CardStatus::Active || used;
        CardRecord {
            status: if active { CardStatus::Active } else { CardStatus::Inactive },
            social: initial.social || used,
            financial: initial.financial || at_bank,
            account: Fen(initial.account.0 - charged),
            ..initial.clone()
        }
    }

    fn transact(&mut self, plans: &Plans, key: Key) -> Answer {
        let planned = &plans[key.0][key.1];
        match self.answers.get(&key) {
            Some(Answer::Approved(_)) if self.reversed.contains(&key) => return Answer::Refused(Reason::NoAnswer),
            Some(answer) => return answer.clone(),
            None => {}
        }
        let card = self.card(plans, planned.card);
        let place = institution(PLACES[key.0]);
        let operation = operation(key.0, &card, planned.total);
        let decision = decide(&operation, noon().date, Some(&place), &presented(&card), Some(&card));
        let answer = match decision {
            _ if self.reversed.contains(&key) => Answer::Refused(Reason::NoAnswer),
            Ok(effects) => Answer::Approved(Receipt { effects, balance: Fen(card.account.0 - effects.charge.0) }),
            Err(reason) => Answer::Refused(reason),
        };
        self.answers.insert(key, answer.clone());
        answer
    }
}

type Plans = Vec<Vec<Planned>>;

/// What the place's terminal does; at a bank the amount says nothing.
fn operation(place: usize, card: &CardRecord, total: u64) -> Operation {
    match PLACES[place] {
        BANK => apply(card),
        HOSPITAL => Operation::Settle(Bill::new(Fen(total), Fen(total / 3)).unwrap()),
        _ => purchase(total),
    }
}

fn cards() -> Vec<CardRecord> {
    let small = CardRecord { account: Fen(300), ..inactive(b"A12345674") };
    let active = CardRecord { status: CardStatus::Active, social: true, ..inactive(b"AB1234565") };
    vec![CardRecord { account: Fen(900), ..inactive(b"X00000019") }, small, active]
}

fn plans() -> impl Strategy<Value = Plans> {
    let planned = (0..3usize, 1..300u64).prop_map(|(card, total)| Planned { card, total });
    prop::collection::vec(prop::collection::vec(planned, NUMBERS), PLACES.len())
}

fn steps() -> impl Strategy<Value = Vec<(Step, Key)>> {
    let step = prop_oneof![5 => Just(Step::Transact), 3 => Just(Step::Reverse), 1 => Just(Step::Misuse)];
    prop::collection::vec((step, (0..PLACES.len(), 0..NUMBERS)), 1..60)
}

/// The functions in use by the record of activations, each through a transaction that stands.
fn check_activations(centre: &Centre, model: &Model, plans: &Plans, card: usize) -> Result<(), TestCaseError> {
    let record = now(centre, &model.initial[card]);
    let standing: HashSet<Key> = model.standing(plans, card).map(|(key, _)| key).collect();
    let in_force: Vec<_> =
        centre.activations(&record.number).unwrap().into_iter().filter(|activation| !activation.reversed).collect();
    for activation in &in_force {
        let place = PLACES.iter().position(|code| *code == activation.institution.as_str()).unwrap();
        prop_assert!(standing.contains(&(place, activation.stan.0 as usize)));
    }
    let count = |function| in_force.iter().filter(|activation| activation.function == function).count();
    let initial = &model.initial[card];
    prop_assert_eq!(count(Function::Social) == 1, record.social && !initial.social);
    prop_assert_eq!(count(Function::Financial) == 1, record.financial && !initial.financial);
    prop_assert_eq!(record.status == CardStatus::Active, record.social);
    Ok(())
}

proptest! {
    /// docs/design.md §1, invariants 1 and 2: charged at most once, money conserved, active only for a cause that
    /// stands.
    #[test]
    fn whatever_is_repeated_reversed_or_reordered(plans in plans(), steps in steps()) {
        let mut model = Model { initial: cards(), answers: HashMap::new(), reversed: HashSet::new() };
        let mut centre = Centre::in_memory().unwrap();
        known_places(&mut centre);
        for card in &model.initial {
            centre.add_card(card).unwrap();
        }
        for (step, key) in steps {
            let (place, stan) = (PLACES[key.0], key.1 as u32);
            let planned = &plans[key.0][key.1];
            let card = model.initial[planned.card].clone();
            match step {
                Step::Transact => {
                    let asked = operation(key.0, &card, planned.total);
                    let answer = transact(&mut centre, place, stan, &card, &asked);
                    prop_assert_eq!(answer, model.transact(&plans, key));
                }
                Step::Reverse => {
                    prop_assert_eq!(reverse(&mut centre, place, stan), Answer::Done);
                    model.reversed.insert(key);
                }
                // A number that nothing came under yet cannot be misused.
                Step::Misuse if model.answers.contains_key(&key) => {
                    let (card, operation) = (presented(&card), Operation::Settle(Bill::new(Fen(9), Fen(9)).unwrap()));
                    let body = Body::Transact { stan: Stan(stan), card: &card, operation: &operation };
                    let result = send(&mut centre, place, body);
                    prop_assert!(matches!(result, Err(CentreError::NumberReused { .. })), "{:?}", result);
                }
                Step::Misuse => {}
            }
            prop_assert_eq!(now(&centre, &card), model.card(&plans, planned.card));
            check_activations(&centre, &model, &plans, planned.card)?;
        }
        // The journal tells the same story: what it says was charged and not reversed is what is missing.
        let journal = centre.journal().unwrap();
        for card in &model.initial {
            let of_card = journal.iter().filter(|line| line.card == Some(card.number) && !line.reversed);
            let charged: u64 = of_card.map(|line| line.charge.0).sum();
            prop_assert_eq!(card.account.0 - charged, now(&centre, card).account.0);
        }
    }
}
