//! Any sequence of messages against a model, which keeps a list of the valid transactions and computes everything else
//! from it.
//!
//! Each terminal has a plan: the meaning of its numbers. A sequence sends and reverses the numbers of the plans in any
//! order. So repetitions, reversals, originals after their reversal, and activations that pass to another transaction
//! come about by themselves.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use qiyong_protocol::rules::decision::decide;

use super::*;

const PLACES: [&str; 4] = [BANK, HOSPITAL, PHARMACY, SUZHOU];
const NUMBERS: usize = 5;

/// The meaning of a number.
#[derive(Clone, Debug)]
struct Planned {
    card: usize,
    total: u64,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Transact,
    Reverse,
    /// Uses the number again, for another amount.
    Misuse,
}

/// Institution and number.
type Key = (usize, usize);

/// The cards at the beginning, the answers, and the reversed numbers.
struct Model {
    initial: Vec<CardRecord>,
    answers: HashMap<Key, Answer>,
    reversed: HashSet<Key>,
}

impl Model {
    /// The approved transactions with a card that are not reversed.
    fn standing<'a>(&'a self, plans: &'a Plans, card: usize) -> impl Iterator<Item = (Key, Receipt)> + 'a {
        self.answers.iter().filter_map(move |(key, answer)| match answer {
            Answer::Approved(receipt) if !self.reversed.contains(key) && plans[key.0][key.1].card == card => {
                Some((*key, *receipt))
            }
            _ => None,
        })
    }

    /// The card as it must be: everything is computed from the valid transactions.
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
            Some(Answer::Approved(_)) if self.reversed.contains(&key) => {
                return Answer::Refused(Reason::AlreadyReversed);
            }
            Some(answer) => return answer.clone(),
            None => {}
        }
        let card = self.card(plans, planned.card);
        let place = institution(PLACES[key.0]);
        let operation = operation(key.0, &card, planned.total);
        let decision = decide(&operation, noon().date, Some(&place), &presented(&card), Some(&card));
        let answer = match decision {
            _ if self.reversed.contains(&key) => Answer::Refused(Reason::AlreadyReversed),
            Ok(effects) => Answer::Approved(Receipt { effects, balance: Fen(card.account.0 - effects.charge.0) }),
            Err(reason) => Answer::Refused(reason),
        };
        self.answers.insert(key, answer.clone());
        answer
    }
}

type Plans = Vec<Vec<Planned>>;

/// The operation of the institution's terminal; at a bank the amount is ignored.
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

/// Checks that each function recorded as in use has a valid transaction as its cause.
fn check_activations(centre: &Centre, model: &Model, plans: &Plans, card: usize) -> Result<(), TestCaseError> {
    let record = now(centre, &model.initial[card]);
    let standing: HashSet<Key> = model.standing(plans, card).map(|(key, _)| key).collect();
    let in_force: Vec<_> =
        centre.activations(&record.number).unwrap().into_iter().filter(|activation| !activation.reversed).collect();
    for activation in &in_force {
        let place = PLACES.iter().position(|code| *code == activation.institution.as_str()).unwrap();
        prop_assert!(standing.contains(&(place, activation.stan.0 as usize - 1)));
    }
    let count = |function| in_force.iter().filter(|activation| activation.function == function).count();
    let initial = &model.initial[card];
    prop_assert_eq!(count(Function::Social) == 1, record.social && !initial.social);
    prop_assert_eq!(count(Function::Financial) == 1, record.financial && !initial.financial);
    prop_assert_eq!(record.status == CardStatus::Active, record.social);
    Ok(())
}

proptest! {
    /// docs/design.md §1, invariants 1 and 2: charged at most once, money conserved, active only by a valid
    /// transaction.
    #[test]
    fn whatever_is_repeated_reversed_or_reordered(plans in plans(), steps in steps()) {
        let mut model = Model { initial: cards(), answers: HashMap::new(), reversed: HashSet::new() };
        let mut centre = at_noon(Centre::in_memory().unwrap());
        known_places(&mut centre);
        for card in &model.initial {
            centre.add_card(card).unwrap();
        }
        for (step, key) in steps {
            let (place, stan) = (PLACES[key.0], key.1 as u32 + 1);
            let planned = &plans[key.0][key.1];
            let card = model.initial[planned.card].clone();
            match step {
                Step::Transact => {
                    let asked = operation(key.0, &card, planned.total);
                    let answer = transact(&mut centre, place, stan, &card, &asked);
                    prop_assert_eq!(answer, model.transact(&plans, key));
                }
                Step::Reverse => {
                    let bill = operation(key.0, &card, planned.total).bill().map(Bill::total);
                    let original = Original { card: card.number, total: bill.unwrap_or_default(), time: noon() };
                    let body = Body::Reverse { stan: Stan(stan), original };
                    prop_assert_eq!(send(&mut centre, place, body).unwrap(), Answer::Done);
                    model.reversed.insert(key);
                }
                // A number under which nothing has come yet cannot be misused.
                Step::Misuse if model.answers.contains_key(&key) => {
                    let (card, operation) = (presented(&card), Operation::Settle(Bill::new(Fen(9), Fen(9)).unwrap()));
                    let body = Body::Transact { stan: Stan(stan), card: &card, operation: &operation };
                    let result = send(&mut centre, place, body);
                    prop_assert_eq!(result.unwrap(), Answer::Refused(Reason::NumberReused));
                }
                Step::Misuse => {}
            }
            prop_assert_eq!(now(&centre, &card), model.card(&plans, planned.card));
            check_activations(&centre, &model, &plans, planned.card)?;
        }
        // The journal agrees: what it says was charged and not reversed is missing from the accounts.
        let journal = centre.journal().unwrap();
        for card in &model.initial {
            let of_card = journal.iter().filter(|line| line.card == Some(card.number) && !line.reversed);
            let charged: u64 = of_card.map(|line| line.charge.0).sum();
            prop_assert_eq!(card.account.0 - charged, now(&centre, card).account.0);
        }
    }
}
