//! A world under way: one step after the other on real bytes, and what the auditor is shown of it.
//!
//! What is asked of which step is in the plan; how a world ends is in `ending`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use qiyong_firmware::terminal::Report;
use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::issue::IssuedCard;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::rules::decision::{Institution, Operation};
use qiyong_protocol::rules::institution::Channel;
use qiyong_protocol::rules::money::{Bill, Fen};

use super::audit::{Auditor, Seen};
use super::books::Books;
use super::cast::{self, ACCOUNT, Holder};
use super::door::Door;
use super::figures::Figures;
use super::film::Film;
use super::invariant::{Broken, Invariant};
use super::ledger::Occasion;
use super::plan::{Asks, Plan, Step, Trouble};
use super::trouble::{set, words_of};
use crate::card::contact::ContactCard;
use crate::card::os::VirtualCard;
use crate::flash::memory::Flash;
use crate::line::SharedCard;
use crate::time::VirtualTime;
use crate::world::interruption::Interruption;
use crate::world::till::TillError;
use crate::world::visit::Visit;
use crate::world::{PAGE, World, WorldTerminal, terminal_id};

/// When a world begins.
const BEGIN: jiff::civil::DateTime = jiff::civil::date(2026, 3, 2).at(9, 0, 0, 0);

/// Somebody who makes cards and flashes wrong on purpose, to see whether the auditor notices.
pub trait Meddler {
    /// A card comes out of a terminal after this step; it had so many PIN tries before.
    fn leaves(&mut self, step: &Step, card: &mut VirtualCard, tries: u8) {
        let _ = (step, card, tries);
    }

    /// A visit is about to begin at a terminal with this flash. Terminals count from 0.
    fn begins(&mut self, terminal: usize, flash: &Flash<PAGE>) {
        let _ = (terminal, flash);
    }

    /// A terminal is about to start again with this flash after a power cut. Terminals count from 0.
    fn starts(&mut self, terminal: usize, flash: &Flash<PAGE>) {
        let _ = (terminal, flash);
    }

    /// What more somebody writes into the film of a step.
    fn writes(&mut self, holder: &Holder) -> Option<String> {
        let _ = holder;
        None
    }
}

/// Nobody meddles.
pub struct Nobody;

impl Meddler for Nobody {}

/// A world under way.
pub(super) struct Player<'p, C> {
    pub(super) plan: &'p Plan,
    pub(super) world: World<Door<C>>,
    pub(super) terminals: Vec<Option<WorldTerminal>>,
    pub(super) cards: Vec<SharedCard>,
    pub(super) holders: Vec<Holder>,
    /// The cards as they were issued.
    pub(super) issued: Vec<IssuedCard>,
    /// The cards by their numbers.
    numbers: BTreeMap<CardNumber, usize>,
    /// Cards of which something was said or undone, and that nobody has looked up since.
    concerned: BTreeSet<usize>,
    /// The card that was looked up last for no reason.
    turn: usize,
    pub(super) auditor: Auditor,
    meddler: &'p mut dyn Meddler,
    pub(super) film: &'p mut Film,
    pub(super) figures: &'p mut Figures,
}

/// Whether a terminal owes the centre anything.
pub(super) fn owes(terminal: &WorldTerminal) -> bool {
    !terminal.duties().is_none()
}

/// The world itself failed, which no trouble in it explains.
pub(super) fn failed(error: impl ToString) -> Broken {
    Broken { invariant: Invariant::NoPanicNoHang, what: error.to_string() }
}

impl<'p, C: Books> Player<'p, C> {
    /// The world of a plan, before its first step.
    pub(super) fn new(
        plan: &'p Plan,
        mut centre: C,
        meddler: &'p mut dyn Meddler,
        film: &'p mut Film,
        figures: &'p mut Figures,
    ) -> Result<Self, Broken> {
        let holders = cast::holders(plan).ok_or_else(|| failed("no such cards"))?;
        let time = VirtualTime::new(BEGIN);
        centre.set_time(time.timestamp());
        let mut secrets = vec![hex::encode_upper(centre.key().expose()), hex::encode(centre.key().expose())];
        let places = (0..plan.terminals).map(cast::institution).collect::<Option<Vec<_>>>();
        let places = places.ok_or_else(|| failed("no such institution"))?;
        for place in &places {
            centre.add_institution(&Institution::of_region(*place)).map_err(failed)?;
        }
        let (mut cards, mut all_issued) = (Vec::<SharedCard>::new(), Vec::new());
        for holder in &holders {
            let issued = centre.issue(&holder.new).map_err(failed)?;
            let mut record = holder.new.record(issued.ident);
            (record.account, record.pin_is_initial) = (ACCOUNT, holder.pin_is_initial);
            centre.add_card(&record).map_err(failed)?;
            let id = holder.new.id_number.as_bytes();
            let shown = String::from_utf8_lossy(id).into_owned();
            secrets.extend([shown, hex::encode_upper(id), digits(&holder.new.pin)]);
            let card = VirtualCard::personalised(&holder.new, &issued);
            cards.push(Rc::new(RefCell::new(ContactCard::new(card))));
            all_issued.push(issued);
        }
        let mut world = World::new(time.clone(), Door::of(centre, time));
        world.traces_line = false;
        world.level = plan.level;
        let numbered = (1..).zip(&places);
        let terminals = numbered.map(|(number, place)| Some(world.terminal(*place, number, plan.seed))).collect();
        Ok(Self {
            plan,
            world,
            terminals,
            cards,
            numbers: holders.iter().enumerate().map(|(card, holder)| (holder.new.number, card)).collect(),
            concerned: BTreeSet::new(),
            turn: 0,
            holders,
            issued: all_issued,
            auditor: Auditor::new(secrets),
            meddler,
            film,
            figures,
        })
    }

    /// Counts what is counted at the end.
    pub(super) fn count(&mut self) {
        self.figures.messages = self.world.centre.borrow().messages;
        let kills = self.world.centre.borrow().kills;
        if kills > 0 {
            self.figures.faults.insert("centre-killed", kills);
        }
        self.figures.unheard = self.auditor.ledger.unheard;
        self.figures.unshown = self.auditor.ledger.unshown;
        self.figures.seconds = u64::from(self.world.time.seconds());
        let findings = self.terminals.iter_mut().flatten().map(|terminal| terminal.findings().len() as u64);
        self.figures.findings += findings.sum::<u64>();
    }

    /// Time passes, and the centre looks what is overdue.
    pub(super) fn wait(&mut self, minutes: u64) -> Result<(), Broken> {
        self.world.time.advance_seconds(60 * minutes);
        let mut door = self.world.centre.borrow_mut();
        door.centre.set_time(self.world.time.timestamp());
        door.centre.expire().map_err(failed)?;
        if !self.auditor.ledger.has_open() {
            return Ok(());
        }
        let entries = door.centre.entries().map_err(failed)?;
        self.concerned.extend(self.auditor.ledger.expire(&entries, self.world.time.seconds())?);
        Ok(())
    }

    /// A visit, and what the auditor says to it. Returns the report, unless the visit was cut.
    pub(super) fn step(&mut self, step: &Step) -> Result<Option<Report>, Broken> {
        if step.wait > 0 {
            self.wait(step.wait)?;
        }
        self.figures.steps += 1;
        self.film.begin();
        self.film.step(self.world.time.cycles(), step);
        let (card, place) = (step.card as usize, step.terminal as usize);
        let (Some(shared), Some(holder)) = (self.cards.get(card).cloned(), self.holders.get(card)) else {
            return Err(failed("no such card"));
        };
        let taken = self.terminals.get_mut(place).and_then(Option::take);
        let mut terminal = taken.ok_or_else(|| failed("no such terminal"))?;
        let (operation, occasion) = self.asked(step, holder)?;
        let (mut visit, interruption) = set(step, self.plan.seed);
        let wrong = u8::from(step.trouble.contains(&Trouble::WrongPin));
        let before = shared.borrow().card.pin.left;
        self.keys(&mut visit, step, &shared, wrong > 0);
        self.meddler.begins(place, terminal.flash());
        let beside = self.beside(step, &mut terminal)?;
        let served = terminal.serve_unless(interruption, &operation, Some(shared.clone()), visit);
        let (report, mut terminal) = match served {
            Ok(report) => {
                self.note(step, &terminal);
                (Some(report), terminal)
            }
            Err(error @ (TillError::PowerCut | TillError::TillKilled)) => {
                self.note_cut(interruption, &error);
                (None, terminal)
            }
            Err(error) => return Err(failed(error)),
        };
        let (shown, owed) = (terminal.approved(), owes(&terminal));
        if report.is_none() && !matches!(interruption, Interruption::TillAtMoment(_)) {
            self.figures.findings += terminal.findings().len() as u64;
            self.meddler.starts(place, terminal.flash());
            terminal = self.world.restart(terminal);
        }
        self.meddler.leaves(step, &mut shared.borrow_mut().card, before);
        let tries = [before, shared.borrow().card.pin.left];
        let owes = owes(&terminal);
        let at = terminal_id(step.terminal + 1);
        let seen = Seen { occasion, terminal: at, shown, report: report.clone(), owed, owes, tries, wrong };
        self.figures.sales += u64::from(shown.is_some());
        self.figures.activations += u64::from(shown.is_some_and(|effects| effects.activates));
        if let Some(terminals) = self.terminals.get_mut(place) {
            *terminals = Some(terminal);
        }
        self.tell(report.as_ref(), card);
        let beside = self.after_beside(beside)?;
        self.judge(seen, beside)?;
        Ok(report)
    }

    /// What a step asks the terminal to do, and what the auditor expects of it.
    pub(super) fn asked(&self, step: &Step, holder: &Holder) -> Result<(Operation, Occasion), Broken> {
        let channel = cast::institution(step.terminal).map(|place| place.channel());
        let total = Fen(step.fen);
        let own = step.asks != Asks::WrongDocument;
        let operation = match (step.asks, channel) {
            (Asks::Query, _) => Operation::Query,
            (_, Some(Channel::Bank)) if own => Operation::Apply { document: holder.document() },
            (_, Some(Channel::Bank)) => {
                let others = self.holders.iter().find(|other| other.new.number != holder.new.number);
                Operation::Apply { document: others.and_then(Holder::document) }
            }
            (_, Some(Channel::Hospital)) => {
                Operation::Settle(Bill::new(total, Fen(step.fen / 2)).ok_or_else(|| failed("no such bill"))?)
            }
            _ => Operation::Purchase(Bill::new(total, Fen(0)).ok_or_else(|| failed("no such bill"))?),
        };
        let at_bank = channel == Some(Channel::Bank);
        let price = match channel {
            Some(Channel::Bank) => Fen(0),
            Some(Channel::Hospital) => Fen(step.fen - step.fen / 2),
            _ => total,
        };
        let occasion = Occasion { step: step.id, card: step.card as usize, at_bank, price, is_cause: own || !at_bank };
        Ok((operation, occasion))
    }

    /// What the holder keys: the card's PIN of the day, after a wrong one if the plan says so.
    pub(super) fn keys(&mut self, visit: &mut Visit, step: &Step, card: &SharedCard, wrong: bool) {
        let right = card.borrow().card.pin.value.clone();
        let new = cast::new_pin(self.plan.seed, step.id);
        [Some(&right), new.as_ref()].into_iter().flatten().for_each(|pin| self.auditor.learn(digits(pin)));
        let first = if wrong { cast::wrong_pin() } else { None };
        visit.pins = first.into_iter().chain([right.clone(), right]).collect();
        visit.new_pins = new.into_iter().collect();
    }

    /// Counts the trouble that came about.
    fn note(&mut self, step: &Step, terminal: &WorldTerminal) {
        let nothing: Vec<_> = terminal.unplayed().iter().flat_map(words_of).copied().collect();
        // Those that are counted where they come about.
        let cut = |word: &str| {
            ["power-at-moment", "power-at-byte", "till-killed", "centre-killed", "meanwhile"].contains(&word)
        };
        let came = step.trouble.iter().map(Trouble::as_str).filter(|word| !nothing.contains(word) && !cut(word));
        came.for_each(|word| *self.figures.faults.entry(word).or_default() += 1);
    }

    fn note_cut(&mut self, interruption: Interruption, error: &TillError) {
        let word = match interruption {
            Interruption::PowerAtByte(_) => "power-at-byte",
            Interruption::TillAtMoment(_) => "till-killed",
            Interruption::PowerAtMoment(_) | Interruption::Never => "power-at-moment",
        };
        *self.figures.faults.entry(word).or_default() += 1;
        self.figures.power_cuts += u64::from(*error == TillError::PowerCut);
    }

    /// Writes into the film what has happened.
    fn tell(&mut self, report: Option<&Report>, card: usize) {
        self.tell_of(report);
        let now = self.world.time.cycles();
        if let Some(text) = self.holders.get(card).and_then(|holder| self.meddler.writes(holder)) {
            self.film.line(now, format_args!("{text}"));
        }
    }

    /// The same of what no holder took part in.
    pub(super) fn tell_of(&mut self, report: Option<&Report>) {
        for (cycle, event) in self.world.events.borrow_mut().drain(..) {
            self.film.event(cycle, &event);
        }
        let reason = report.and_then(|report| report.reason).map_or(String::new(), |reason| format!(": {reason}"));
        let outcome = report.map_or("cut off", |report| report.outcome.as_str());
        self.film.line(self.world.time.cycles(), format_args!("end: {outcome}{reason}"));
    }

    /// Lets the auditor look.
    pub(super) fn judge(&mut self, seen: Seen, beside: Option<Seen>) -> Result<(), Broken> {
        if let Some(failure) = self.world.centre_failure.borrow_mut().take() {
            let text = failure.to_string();
            self.auditor.look_at(&[&text])?;
            return Err(failed(text));
        }
        self.auditor.look_at(&[self.film.recent()])?;
        let crossings = self.world.centre.borrow_mut().take();
        for crossing in crossings {
            self.concerned.extend(self.numbers.get(&crossing.named.card));
            let elsewhere = beside.as_ref().filter(|beside| beside.terminal == crossing.named.terminal);
            self.auditor.ledger.hear(crossing, elsewhere.unwrap_or(&seen).occasion)?;
        }
        for seen in [Some(&seen), beside.as_ref()].into_iter().flatten() {
            self.auditor.show(seen)?;
        }
        for seen in beside.into_iter().chain([seen]) {
            self.concerned.insert(seen.occasion.card);
            self.auditor.visited(seen)?;
        }
        self.look_up()
    }

    /// The auditor looks up the cards of which something was said or undone, and another one, so that each has its turn.
    fn look_up(&mut self) -> Result<(), Broken> {
        let mut concerned = std::mem::take(&mut self.concerned);
        self.turn = (self.turn + 1) % self.holders.len().max(1);
        concerned.insert(self.turn);
        concerned.into_iter().try_for_each(|card| self.look_up_card(card))
    }

    /// The auditor looks up every card.
    pub(super) fn look_up_all(&mut self) -> Result<(), Broken> {
        (0..self.holders.len()).try_for_each(|card| self.look_up_card(card))
    }

    fn look_up_card(&mut self, card: usize) -> Result<(), Broken> {
        let Some(holder) = self.holders.get(card) else { return Ok(()) };
        let record = self.world.centre.borrow().centre.card(&holder.new.number).map_err(failed)?;
        let record = record.ok_or_else(|| failed("the centre has lost a card"))?;
        let line = format_args!("books: card {card}: {}, {}", record.account, record.status.as_str());
        self.film.line(self.world.time.cycles(), line);
        self.auditor.recorded(card, &record)
    }
}

/// A PIN's digits, for the auditor alone.
fn digits(pin: &Pin) -> String {
    hex::encode_upper(pin.card_block().as_bytes()).trim_end_matches('F').to_string()
}
