//! The centre of the model and the real one, over its database: the same messages in the same order get the same
//! answers, and leave the same card, account and phases.

use std::collections::BTreeSet;
use std::mem::discriminant;

use jiff::civil::{DateTime, date};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use qiyong_centre::Centre as RealCentre;
use qiyong_centre::Phase;
use qiyong_centre::clock::SetClock;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Answer, Batch, Body, Original, Request, Stan};
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

use super::centre::Centre;
use super::people::{TOKEN, presented, record, time_of};
use super::settings::{PRICE, Scene, Setting};
use super::words::{Message, Says};

const SEQUENCES: u64 = 40;
const MESSAGES: usize = 24;

/// What is compared after each message.
#[derive(Debug, PartialEq)]
struct Left {
    active: bool,
    financial: bool,
    account: Fen,
    phases: Vec<Option<Phase>>,
}

fn morning() -> DateTime {
    date(2026, 3, 2).at(9, 0, 0, 0)
}

pub(crate) fn the_centre_of_the_model_answers_as_the_real_one() {
    let (mut messages, mut kinds) = (0, BTreeSet::new());
    for seed in 0..SEQUENCES {
        // The money is for two sales of three in some, so that a sale is refused.
        let account = Fen(PRICE.0 * if seed % 2 == 0 { 10 } else { 2 });
        let setting = Setting { account, sign_in: true, ..Scene::Shared.setting() };
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let clock = SetClock::new(morning());
        let mut real = real(&setting, &clock);
        let mut model = Centre::new(&setting);
        let mut history = Vec::new();
        for terminal in 0..2 {
            let says = Says::SignIn { token: TOKEN };
            compare(&setting, (&mut real, &mut model), Message { terminal, batch: Batch::NONE, says }, &mut history);
        }
        for _ in 0..MESSAGES {
            if dice.next_u32() % 8 == 0 {
                history.push("three days".to_string());
                clock.set(date(2026, 3, 6).at(9, 0, 0, 0));
                real.expire().expect("the database works");
                clock.set(morning());
                (0..model.rows.len()).for_each(|row| drop(model.expire(&setting.tills, row, None)));
            } else {
                let message = message(&setting, &mut dice);
                let answer = compare(&setting, (&mut real, &mut model), message, &mut history);
                kinds.insert(format!("{:?}", (discriminant(&message.says), word(&answer))));
                messages += 1;
            }
            assert_eq!(left_by(&real), left(&model), "seed {seed}: {history:#?}");
        }
    }
    println!("the model's centre and the real one: {messages} messages, {} kinds of answers, the same\n", kinds.len());
    assert!(kinds.len() >= 12, "{kinds:?}");
}

fn word(answer: &Answer) -> String {
    match answer {
        Answer::Approved(_) => "approved".into(),
        other => format!("{other:?}"),
    }
}

fn real(setting: &Setting, clock: &SetClock) -> RealCentre {
    let mut centre = RealCentre::in_memory().expect("a database in memory");
    centre.set_clock(Box::new(clock.clone()));
    for till in &setting.tills {
        centre.add_institution(&Institution::of_region(till.institution)).expect("a new place");
    }
    let card = CardRecord { account: setting.account, pin_is_initial: false, ..record() };
    centre.add_card(&card).expect("a new card");
    centre
}

/// A message about one of a few numbers and sales.
fn message(setting: &Setting, dice: &mut ChaCha8Rng) -> Message {
    let mut one_of = |count: u32| dice.next_u32() % count;
    let terminal = one_of(2) as u8;
    let till = &setting.tills[usize::from(terminal)];
    let stan = Stan(1 + one_of(3));
    // Mostly the sale of this number; sometimes another one under it.
    let time = time_of(if one_of(8) == 0 { 4 } else { stan.0 as u8 });
    let total = till.operation.bill().map_or(Fen(0), |bill| bill.total());
    let original = Original { card: record().number, total, time };
    let says = match one_of(5) {
        0 | 1 => Says::Transact { stan, time },
        2 => Says::Reverse { stan, original },
        _ => Says::Confirm { stan, original, result: None },
    };
    Message { terminal, batch: Batch(1), says }
}

fn compare(
    setting: &Setting,
    (real, model): (&mut RealCentre, &mut Centre),
    message: Message,
    history: &mut Vec<String>,
) -> Answer {
    let till = &setting.tills[usize::from(message.terminal)];
    let settings = till.settings(message.terminal);
    let (presented, operation): (_, &Operation) = (presented(), &till.operation);
    let mut time: Timestamp = time_of(0);
    let body = match message.says {
        Says::SignIn { token } => Body::SignIn { token },
        Says::Transact { stan, time: asked } => {
            time = asked;
            Body::Transact { stan, card: &presented, operation }
        }
        Says::Reverse { stan, original } => Body::Reverse { stan, original },
        Says::Confirm { stan, original, result } => Body::Confirm { stan, original, result },
        Says::Inquire | Says::PinChanged => unreachable!("not among these"),
    };
    let (institution, terminal, batch) = (settings.institution, settings.terminal, message.batch);
    let answer = real.handle(&Request { institution, terminal, batch, time, body }).expect("the database works");
    let (own, _) = model.hear(&setting.tills, message, None);
    history.push(format!("{message:?}: {answer:?}"));
    match (&answer, &own) {
        (Answer::SignedIn { lease, .. }, Answer::SignedIn { lease: own, .. }) => assert_eq!(lease, own, "{history:#?}"),
        _ => assert_eq!(answer, own, "{history:#?}"),
    }
    answer
}

fn left(model: &Centre) -> Left {
    let card = &model.card;
    Left {
        active: card.social,
        financial: card.financial,
        account: card.account,
        phases: model.rows.iter().map(|row| row.decided.phase).collect(),
    }
}

fn left_by(real: &RealCentre) -> Left {
    let card = real.card(&record().number).expect("the database works").expect("the card");
    let decided =
        real.journal().expect("the database works").into_iter().filter(|line| {
            line.stan.is_some() && line.operation.is_some() && line.reason != Some(Reason::NumberReused)
        });
    Left {
        active: card.social,
        financial: card.financial,
        account: card.account,
        phases: decided.map(|line| line.phase).collect(),
    }
}
