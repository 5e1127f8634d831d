//! No dead ends: every state of every record is final, or names who must act next, until when, why, and by which acts; one
//! of these acts is theirs, and from every state an end is reached.

use std::collections::BTreeSet;
use std::fmt::Debug;

use jiff::civil::{Date, date};
use strum::VariantArray;

use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::institution::Channel;

use crate::acts::fields::Day;
use crate::acts::role::Role;
use crate::acts::waiting::Waiting;
use crate::insurance::{relation, slips::LineState, states::WaitsFor, unmatched::UnmatchedState};
use crate::life::bank::{BankAct, BankStatus};
use crate::life::card_act::{CardAct, FormalRelease};
use crate::life::place::Place;
use crate::life::transfer::{TransferAct, TransferState};
use crate::production::settings::Terms;
use crate::production::stage::{Stage, Step};
use crate::slip::state::{SlipState, SlipStep};
use crate::tests::closing::closing_line;
use crate::{application, institution, life, registry, settlement};

const TODAY: Date = date(2026, 3, 2);

/// States that wait without a last day, and why there is none.
const WITHOUT_TERM: [(&str, &str, &str); 20] = [
    ("application", "Ready", "the terms of production hold"),
    ("application", "InProduction", "the terms of production hold"),
    ("slip", "Paid", "the outlet hands its money over with the next remittance"),
    ("relation", "Insured", "it goes on until the payer declares a change"),
    ("relation", "Paused", "it is paused until the payer declares a change"),
    ("card", "Inactive", "a card may be put into use as long as it is valid"),
    ("card", "Active", "it is in use as long as it is valid"),
    ("card", "Lost", "its holder replaces it when they come"),
    ("card", "Locked", "its holder has it unlocked when they come"),
    ("card", "Sealed", "the agency decides"),
    ("card", "TemporarilyLost", "an area may let an oral loss hold until it is released or confirmed"),
    ("account", "Inactive", "an account may be put into use as long as the card is valid"),
    ("account", "Active", "it is in use as long as the card is valid"),
    ("account", "TemporarilyLost", "an area may let an oral loss hold until it is released or confirmed"),
    ("account", "Lost", "its holder comes to the bank"),
    ("account of an ended card", "Inactive", "the bank closes it"),
    ("account of an ended card", "Active", "the bank closes it"),
    ("account of an ended card", "TemporarilyLost", "the bank closes it"),
    ("account of an ended card", "Lost", "the bank closes it"),
    ("account of an ended card", "Blocked", "the bank closes it"),
];

/// What a state says of itself.
#[derive(Clone, Debug)]
struct Says {
    who: Role,
    until: Option<Day>,
    why: (&'static str, &'static str),
    acts: Vec<&'static str>,
}

impl From<Waiting> for Says {
    fn from(Waiting { who, until, why_en, why_zh, acts }: Waiting) -> Self {
        Self { who, until, why: (why_en, why_zh), acts }
    }
}

/// A record's graph: its states by name, what each says, and where each leads.
#[derive(Clone, Debug)]
struct Graph {
    record: &'static str,
    states: Vec<(String, Option<Says>, Vec<String>)>,
}

fn graph<S: Copy + Debug>(
    record: &'static str,
    states: &[S],
    says: impl Fn(S) -> Option<Says>,
    leads: impl Fn(S) -> Vec<S>,
) -> Graph {
    let name = |state: S| format!("{state:?}");
    let row = |state: &S| (name(*state), says(*state), leads(*state).into_iter().map(name).collect());
    Graph { record, states: states.iter().map(row).collect() }
}

/// A line or money of insurance has a last day of its own, which stands beside what its state says.
fn of_insurance(waits: Option<WaitsFor>, until: Option<Day>) -> Option<Says> {
    waits.map(|WaitsFor { who, why_en, why_zh, acts }| Says { who, until, why: (why_en, why_zh), acts: acts.to_vec() })
}

fn some_day() -> Option<Day> {
    Some(Day(TODAY))
}

/// The statuses to which acts lead from one, at whatever place.
fn card_leads(formal: FormalRelease) -> impl Fn(CardStatus) -> Vec<CardStatus> {
    move |status| {
        let pairs = CardAct::VARIANTS.iter().flat_map(|act| Place::VARIANTS.iter().map(move |place| (act, *place)));
        let steps = pairs.filter_map(|(act, place)| act.judge(place, status, formal).ok());
        let next = steps.flat_map(|step| [true, false].map(|social| step.after(status, social)));
        next.filter(|next| *next != status).collect()
    }
}

fn bank_leads(ended: bool) -> impl Fn(BankStatus) -> Vec<BankStatus> {
    move |status| {
        let pairs = BankAct::VARIANTS.iter().flat_map(|act| Place::VARIANTS.iter().map(move |place| (act, *place)));
        let steps = pairs.filter_map(|(act, place)| act.judge(place, status, ended).ok());
        steps
            .flat_map(|step| [true, false].map(|used| step.after(status, used)))
            .filter(|next| *next != status)
            .collect()
    }
}

/// Every record that has states.
fn graphs() -> Vec<Graph> {
    use application::state as app;
    let rules = application::rules::ApplicationRules {
        documents: vec![application::documents::Kind::IdCard],
        register_under: 16,
        minor_under: 16,
        draft_days: 30,
        review_days: 5,
        return_days: 30,
        fee_days: 60,
    };
    let terms = Terms { bank: 5, repair: 5, batch: 5, make: 20, transport: 5, collect: 90, distribute: 10 };
    let mut graphs = vec![
        graph(
            "application",
            app::State::VARIANTS,
            |state| {
                let app::Waiting { who, why_en, why_zh, acts } = state.waiting()?;
                Some(Says { who, until: state.days(&rules).and(some_day()), why: (why_en, why_zh), acts })
            },
            |state| app::Step::VARIANTS.iter().filter_map(|step| app::after(state, *step)).collect(),
        ),
        graph(
            "slip",
            SlipState::VARIANTS,
            |state| state.waiting(Day(TODAY)).map(Says::from),
            |state| SlipStep::VARIANTS.iter().filter_map(|step| state.after(*step)).collect(),
        ),
        graph(
            "production",
            Stage::VARIANTS,
            |stage| stage.waiting(TODAY, &terms).map(Says::from),
            |stage| Step::VARIANTS.iter().filter_map(|step| stage.after(*step)).collect(),
        ),
        graph(
            "relation",
            relation::State::VARIANTS,
            |state| of_insurance(state.waits_for(), None),
            |state| relation::Move::VARIANTS.iter().filter_map(|moved| state.after(*moved)).collect(),
        ),
        graph(
            "premium line",
            LineState::VARIANTS,
            |state| of_insurance(state.waits_for(), some_day()),
            |state| [state.collected(), state.withdrawn()].into_iter().flatten().collect(),
        ),
        graph(
            "unmatched money",
            UnmatchedState::VARIANTS,
            |state| of_insurance(state.waits_for(), some_day()),
            |state| [state.returned(), state.assigned()].into_iter().flatten().collect(),
        ),
        graph(
            "change of area",
            TransferState::VARIANTS,
            |state| state.waiting(Some(TODAY)).map(|(_, waiting)| waiting.into()),
            |state| TransferAct::VARIANTS.iter().filter_map(|act| state.after(*act, act.side()).ok()).collect(),
        ),
        graph(
            "agreement",
            institution::agreement::State::VARIANTS,
            |state| state.waiting(Some(TODAY)).map(Says::from),
            |state| {
                let changes = institution::agreement::Change::VARIANTS.iter();
                changes.filter_map(|change| institution::agreement::transition(state, *change)).collect()
            },
        ),
    ];
    for channel in [Channel::Hospital, Channel::Pharmacy] {
        graphs.push(graph(
            "visit",
            settlement::visit::State::VARIANTS,
            |state| state.waiting(channel, TODAY).map(Says::from),
            |state| {
                let changes = settlement::visit::Change::VARIANTS.iter();
                changes.filter_map(|change| settlement::visit::transition(state, *change)).collect()
            },
        ));
    }
    for formal in [false, true].map(|allowed| FormalRelease { allowed }) {
        let says = |status: CardStatus| {
            let (who, why_en, why_zh) = life::acts::ask::social_wait(status)?;
            Some(Says { who, until: None, why: (why_en, why_zh), acts: life::acts::ask::social_acts(status, formal) })
        };
        graphs.push(graph("card", &CardStatus::ALL, says, card_leads(formal)));
    }
    for (record, ended) in [("account", false), ("account of an ended card", true)] {
        let says = |status: BankStatus| {
            let (who, why_en, why_zh) = life::acts::ask::bank_wait(status, ended)?;
            Some(Says { who, until: None, why: (why_en, why_zh), acts: life::acts::ask::bank_acts(status, ended) })
        };
        // The way to its end leads over the end of the card.
        let leads = |status: BankStatus| [bank_leads(ended)(status), bank_leads(true)(status)].concat();
        // It is blocked with the end of the card, and not before.
        let of_living = |status: &BankStatus| ended || *status != BankStatus::Blocked;
        let statuses: Vec<_> = BankStatus::VARIANTS.iter().copied().filter(of_living).collect();
        graphs.push(graph(record, &statuses, says, leads));
    }
    graphs
}

/// What is wrong with a graph; nothing: it has no dead end.
fn dead_ends(graph: &Graph) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut alive: BTreeSet<_> =
        graph.states.iter().filter(|(_, says, _)| says.is_none()).map(|(name, ..)| name).collect();
    for _ in &graph.states {
        let leads = graph.states.iter().filter(|(.., next)| next.iter().any(|next| alive.contains(next)));
        let more: Vec<_> = leads.map(|(name, ..)| name).collect();
        alive.extend(more);
    }
    for (name, says, next) in &graph.states {
        let mut no = |what: &str| wrong.push(format!("{} {name}: {what}", graph.record));
        if !alive.contains(name) {
            no("leads to no end");
        }
        let Some(says) = says else { continue };
        if next.is_empty() {
            no("waits, and nothing leads from it");
        }
        if !says.acts.iter().all(|act| registry::act(act).is_some_and(|entry| !entry.reads)) || says.acts.is_empty() {
            no("names an act that there is not, or none");
        }
        if !says.acts.iter().any(|act| registry::act(act).is_some_and(|entry| entry.roles.contains(&says.who))) {
            no("waits for somebody who may do nothing about it");
        }
        let is_chinese = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
        if says.why.0.is_empty() || !says.why.0.is_ascii() || !says.why.1.chars().any(is_chinese) {
            no("does not say why in both languages");
        }
        let without = WITHOUT_TERM.iter().any(|(record, state, _)| *record == graph.record && state == name);
        if says.until.is_none() != without {
            no("has no last day and no reason, or both");
        }
    }
    wrong
}

#[test]
fn every_state_of_every_record_is_final_or_says_who_must_act_until_when_and_why() {
    let graphs = graphs();
    let wrong: Vec<_> = graphs.iter().flat_map(dead_ends).collect();
    assert_eq!(wrong, Vec::<String>::new());
    for (record, state, reason) in WITHOUT_TERM {
        let stands =
            graphs.iter().any(|graph| graph.record == record && graph.states.iter().any(|(name, ..)| name == state));
        assert!(stands && !reason.is_empty(), "{record} {state}");
    }
    let records: BTreeSet<_> = graphs.iter().map(|graph| graph.record).collect();
    let states: usize = graphs.iter().map(|graph| graph.states.len()).sum();
    closing_line(&format!("states without a dead end: {states} of {} records", records.len()));
}

/// Whatever is taken from a graph is missed.
#[test]
fn each_deliberate_fault_of_a_graph_is_found() {
    let mut mutants = 0;
    for graph in graphs() {
        for at in 0..graph.states.len() {
            let mut try_with = |change: &dyn Fn(&mut Graph)| {
                let mut mutant = graph.clone();
                change(&mut mutant);
                assert_ne!(dead_ends(&mutant), Vec::<String>::new(), "{} {}", graph.record, graph.states[at].0);
                mutants += 1;
            };
            let Some(says) = &graph.states[at].1 else { continue };
            let says = |change: fn(&mut Says)| {
                let mut changed = says.clone();
                change(&mut changed);
                changed
            };
            try_with(&|mutant| mutant.states[at].2.clear());
            try_with(&|mutant| mutant.states[at].1 = Some(says(|says| says.acts.clear())));
            try_with(&|mutant| mutant.states[at].1 = Some(says(|says| says.acts.push("card.forge"))));
            try_with(&|mutant| mutant.states[at].1 = Some(says(|says| says.who = Role::Auditor)));
            try_with(&|mutant| mutant.states[at].1 = Some(says(|says| says.why.1 = "")));
            try_with(&|mutant| {
                mutant.states[at].1 =
                    Some(says(|says| says.until = if says.until.is_none() { some_day() } else { None }));
            });
        }
    }
    closing_line(&format!("faults in states caught: {mutants} of {mutants}"));
}
