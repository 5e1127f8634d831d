//! A slot with a card on a bent line, and what is done with it.

use std::cell::RefCell;
use std::rc::Rc;

use embassy_futures::block_on;
use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_firmware::slot::{CardSlot, ContactSlot, SlotConfig};
use qiyong_protocol::card::commands;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_sim::card::contact::{ContactCard, Habits, Misbehaviour};
use qiyong_sim::line::{Hardware, SimulatedLine, VirtualLine};
use qiyong_sim::referee::{Finding, Rule, Seen};
use qiyong_sim::time::VirtualTime;
use qiyong_tests::{commands_of_all_cases, sample_card};

use super::bent::{Bend, Bent, Call, Memory, Mishear, Trouble};

/// What the terminal does with the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Session {
    /// Connects and selects.
    Short,
    /// All commands, a rest and a warm reset among them, and connects two times.
    Long,
    /// A command of 100 bytes, then a response of 300.
    Large,
}

/// A card, the terminal's hardware, and what goes wrong on the line.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) generation: Generation,
    pub(crate) atr: Option<Vec<u8>>,
    pub(crate) habits: Habits,
    pub(crate) misbehaviour: Option<Misbehaviour>,
    /// The IFSC that the card asks for.
    pub(crate) asks_ifsc: Option<u8>,
    pub(crate) hardware: Hardware,
    pub(crate) session: Session,
    pub(crate) trouble: Trouble,
}

impl Setup {
    pub(crate) fn of(atr: &[u8]) -> Self {
        Self {
            generation: Generation::V2,
            atr: Some(atr.to_vec()),
            habits: Habits::default(),
            misbehaviour: None,
            asks_ifsc: None,
            hardware: Hardware::default(),
            session: Session::Long,
            trouble: |_, _| None,
        }
    }
}

/// A fault of the terminal.
#[derive(Clone, Copy)]
pub(crate) struct Twist {
    pub(crate) bend: Bend,
    pub(crate) mishear: Mishear,
    pub(crate) stubborn: u8,
}

/// None.
pub(crate) const STRAIGHT: Twist =
    Twist { bend: |_: &mut Memory, call: Call| vec![call], mishear: |_, byte| byte, stubborn: 0 };

/// Plays it, and returns the rules that the referee found broken, each once, and the number of exchanges that worked.
pub(crate) fn play(setup: &Setup, twist: Twist) -> (Vec<Rule>, usize) {
    let Played { findings, worked, .. } = play_and_keep(setup, twist);
    let mut rules: Vec<Rule> = findings.iter().map(|finding| finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    (rules, worked)
}

/// What came of it.
pub(crate) struct Played {
    /// What the referee found broken.
    pub(crate) findings: Vec<Finding>,
    /// How many exchanges worked.
    pub(crate) worked: usize,
    /// What the line showed, in cycles of 4 MHz.
    pub(crate) seen: Vec<(u64, Seen)>,
}

/// Plays it.
pub(crate) fn play_and_keep(setup: &Setup, twist: Twist) -> Played {
    let mut card = make_card(&sample_card(setup.generation), &Hsm::test_keys()).expect("a card");
    if let Some(atr) = &setup.atr {
        card.atr.clone_from(atr);
    }
    card.habits = setup.habits;
    let mut card = ContactCard::new(card);
    card.misbehaviour = setup.misbehaviour;
    card.asks_ifsc = setup.asks_ifsc;
    let time = VirtualTime::new("2026-03-02T09:00".parse().expect("a time"));
    let mut wire = VirtualLine::of(setup.hardware, time);
    wire.referee().keep();
    wire.set_card(Some(Rc::new(RefCell::new(card))));
    let Twist { bend, mishear, stubborn } = twist;
    let line = Bent { line: wire, trouble: setup.trouble, bend, mishear, stubborn, memory: Memory::default() };
    let mut slot = ContactSlot::new(line, SlotConfig::default());
    let worked = block_on(session(&mut slot, setup.session));
    let wire = &mut slot.line().line;
    Played { findings: wire.findings().to_vec(), worked, seen: wire.referee().kept().to_vec() }
}

async fn session<S: CardSlot + Slot>(slot: &mut S, session: Session) -> usize {
    let mut worked = 0;
    let data = [0x55; 100];
    let short = vec![commands::select_environment()];
    let long = commands_of_all_cases();
    let aid = commands::application_aid(0);
    let large = vec![
        Command::new(0, 0xD6, 0, 0).with_data(&data),
        Command::new(0, 0xA4, 4, 0).with_data(&aid).expecting(256),
        commands::select_file(&[0xEF, 0x16]),
        Command::new(0, 0xB0, 0, 0).expecting(4096),
    ];
    let rounds = if session == Session::Long { 2 } else { 1 };
    for _ in 0..rounds {
        if slot.connect().await.is_err() {
            slot.disconnect().await;
            continue;
        }
        for command in match session {
            Session::Short => &short,
            Session::Long => &long,
            Session::Large => &large,
        } {
            worked += usize::from(slot.transmit(command, &mut [0; 4098]).await.is_ok());
        }
        if session == Session::Long {
            slot.rest().await;
            worked += usize::from(slot.transmit(&short[0], &mut [0; 258]).await.is_ok());
            worked += usize::from(slot.reset().await);
            worked += usize::from(slot.transmit(&short[0], &mut [0; 258]).await.is_ok());
        }
        slot.disconnect().await;
    }
    worked
}

/// A slot that can reset a card without taking its power.
pub(crate) trait Slot {
    async fn reset(&mut self) -> bool;
}

impl<L: qiyong_firmware::slot::CardLine> Slot for ContactSlot<L> {
    async fn reset(&mut self) -> bool {
        self.warm_reset().await.is_ok()
    }
}
