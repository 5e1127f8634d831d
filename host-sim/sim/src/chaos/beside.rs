//! A visit at another terminal that takes place in the middle of one: between two of its messages. Terminals of a world take turns
//! otherwise.
//!
//! What the auditor says to either visit is in `player`.

use std::cell::RefCell;
use std::rc::Rc;

use qiyong_firmware::terminal::Report;

use super::audit::Seen;
use super::books::Books;
use super::invariant::Broken;
use super::ledger::Occasion;
use super::plan::{Asks, Step, Trouble};
use super::player::{Player, failed, owes};
use crate::card::contact::ContactCard;
use crate::card::os::VirtualCard;
use crate::line::SharedCard;
use crate::world::till::TillError;
use crate::world::visit::Visit;
use crate::world::{WorldTerminal, terminal_id};

/// Visits in the middle of a step are counted from here, by the step.
const FIRST: u32 = 500_000;

/// A visit that may come about.
pub(super) struct Beside {
    place: u32,
    occasion: Occasion,
    card: SharedCard,
    before: u8,
    terminal: Rc<RefCell<Elsewhere>>,
}

/// The other terminal.
struct Elsewhere {
    terminal: WorldTerminal,
    /// How the visit ended; `None`: it has not come about.
    served: Option<Result<Report, TillError>>,
}

impl<C: Books> Player<'_, C> {
    /// Makes the visit that is to take place meanwhile, if there is one, ready to begin.
    pub(super) fn beside(&mut self, step: &Step, here: &mut WorldTerminal) -> Result<Option<Beside>, Broken> {
        let meanwhile = |trouble: &Trouble| match trouble {
            Trouble::Meanwhile { number, terminal, card } => Some((*number, *terminal, *card)),
            _ => None,
        };
        let Some((number, place, at)) = step.trouble.iter().find_map(meanwhile) else { return Ok(None) };
        let trouble = Vec::new();
        let other = Step { id: FIRST + step.id, wait: 0, terminal: place, card: at, asks: Asks::Use, trouble, ..*step };
        let card = if at == step.card { self.copy(at) } else { self.cards.get(at as usize).cloned() };
        let holder = self.holders.get(at as usize);
        let (Some(card), Some(holder)) = (card, holder) else { return Err(failed("no such card")) };
        let (operation, occasion) = self.asked(&other, holder)?;
        let mut visit = Visit::default();
        self.keys(&mut visit, &other, &card, false);
        let before = card.borrow().card.pin.left;
        let taken = self.terminals.get_mut(place as usize).and_then(Option::take);
        let terminal = taken.ok_or_else(|| failed("no such terminal"))?;
        let terminal = Rc::new(RefCell::new(Elsewhere { terminal, served: None }));
        let (shared, presented) = (terminal.clone(), card.clone());
        here.meanwhile(number, move || {
            let Elsewhere { terminal, served } = &mut *shared.borrow_mut();
            *served = Some(terminal.serve(&operation, Some(presented), visit));
        });
        Ok(Some(Beside { place, occasion, card, before, terminal }))
    }

    /// A copy of a card as it was issued.
    fn copy(&self, card: u32) -> Option<SharedCard> {
        let (holder, issued) = (self.holders.get(card as usize)?, self.issued.get(card as usize)?);
        let copy = VirtualCard::personalised(&holder.new, issued);
        Some(Rc::new(RefCell::new(ContactCard::new(copy))))
    }

    /// What is seen of it, if it came about.
    pub(super) fn after_beside(&mut self, beside: Option<Beside>) -> Result<Option<Seen>, Broken> {
        let Some(Beside { place, occasion, card, before, terminal }) = beside else { return Ok(None) };
        let Ok(terminal) = Rc::try_unwrap(terminal) else { return Err(failed("the other visit has no end")) };
        let Elsewhere { mut terminal, served } = terminal.into_inner();
        let shown = served.as_ref().and_then(|_| terminal.approved());
        let owes = owes(&terminal);
        if let Some(place) = self.terminals.get_mut(place as usize) {
            *place = Some(terminal);
        }
        let Some(served) = served else { return Ok(None) };
        let report = served.map_err(failed)?;
        *self.figures.faults.entry("meanwhile").or_default() += 1;
        self.figures.sales += u64::from(shown.is_some());
        self.figures.activations += u64::from(shown.is_some_and(|effects| effects.activates));
        let line = format_args!("end at terminal {place}: {}", report.outcome.as_str());
        self.film.line(self.world.time.cycles(), line);
        let tries = [before, card.borrow().card.pin.left];
        let report = Some(report);
        let terminal = terminal_id(place + 1);
        Ok(Some(Seen { occasion, terminal, shown, report, owed: owes, owes, tries, wrong: 0 }))
    }
}
