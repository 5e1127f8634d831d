//! What must be true at a place after whatever was cut, once the holder was served to the end: by what the holder saw,
//! what the card has, and the centre's books. Of the terminal's own words only its totals are taken, to be compared.

use std::fmt;

use qiyong_centre::{JournalEntry, Phase};
use qiyong_firmware::application::Kept;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::{Deal, Stan, Totals};
use qiyong_protocol::rules::reason::Outcome;
use qiyong_sim::world::visit::Visit;

use super::place::{ACCOUNT, Place};
use super::surroundings::CHOSEN;

/// A broken invariant of docs/design.md §1, by its number there.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) invariant: u8,
    what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invariant {}: {}", self.invariant, self.what)
    }
}

impl Place {
    /// Whatever happened before: serves the holder once more, undisturbed, and judges what is then.
    pub(crate) fn settle<M: Kept>(&self, memory: impl Fn() -> M) -> Result<(), Broken> {
        // Each start finds out anew which PIN holds.
        let tries = self.card.borrow().card.pin.clone();
        let last = self.serve(memory(), &Visit::default());
        let judged = if let Some(failure) = self.failed.take() {
            Err((1, format!("the centre could not tell two transactions apart: {failure}")))
        } else if tries.left + self.cuts.get() < tries.tries {
            Err((6, format!("{} cuts have left {} tries of {}", self.cuts.get(), tries.left, tries.tries)))
        } else if last.outcome != Outcome::Approved {
            Err((3, format!("with all links whole a visit ends with {last:?}")))
        } else {
            self.judge(&memory())
        };
        judged.map_err(|(invariant, what)| Broken { invariant, what: format!("{what}; {:?}", self.notes.borrow()) })
    }

    /// What is true when a visit has come to its end.
    fn judge(&self, memory: &impl Kept) -> Result<(), (u8, String)> {
        // The holder pays for what the screen said, no more and no less.
        let (price, shown) = (self.errand.price().0, self.mind.get().paid);
        let (paid, charged) = (price * shown, ACCOUNT.0 - self.account().0);
        if charged != paid {
            let invariant = if charged > paid { 1 } else { 3 };
            return Err((invariant, format!("{charged} charged, {paid} shown as paid")));
        }
        let ear = self.centre.borrow();
        if !ear.transactions.windows(2).all(|pair| pair[0] < pair[1]) {
            return Err((1, format!("numbers go back: {:?}", ear.transactions)));
        }
        let journal = ear.centre.journal().unwrap();
        let in_force = journal.iter().filter(|entry| entry.stan.is_some() && !entry.reversed);
        let approved: Vec<_> = in_force.filter(|entry| entry.outcome == Outcome::Approved).collect();
        if approved.len() as u64 != shown || memory.owed() != Ok(None) {
            return Err((3, format!("the journal keeps open what the terminal has closed: {approved:?}")));
        }
        // A centre that was not told so undoes them after a time.
        if let Some(entry) = approved.iter().find(|entry| entry.phase != Some(Phase::Posted)) {
            return Err((3, format!("the holder has the receipt, and the centre has not heard so: {entry:?}")));
        }
        let (ours, theirs) = (memory.totals(), totals(&approved));
        if ours != theirs {
            return Err((3, format!("the terminal's books have {ours:?}, the centre's {theirs:?}")));
        }
        let activations = ear.centre.activations(&self.number).unwrap();
        let active: Vec<_> = activations.iter().filter(|activation| !activation.reversed).collect();
        let has_cause = |stan: Stan| approved.iter().any(|entry| entry.stan == Some(stan));
        if active.is_empty() == self.errand.activates() || !active.iter().all(|activation| has_cause(activation.stan)) {
            return Err((2, format!("active by {active:?}, paid by {approved:?}")));
        }
        let mut functions: Vec<_> = active.iter().map(|activation| activation.function.as_str()).collect();
        functions.sort_unstable();
        functions.dedup();
        if functions.len() != active.len() {
            return Err((2, format!("active twice by {active:?}")));
        }
        drop(ear);
        if self.record().status != CardStatus::Active {
            return Err((2, "a card that was paid with is not active".to_string()));
        }
        self.judge_pin()
    }

    /// One PIN holds, which the holder knows, the card and the centre; and no cut has cost the card a try.
    fn judge_pin(&self) -> Result<(), (u8, String)> {
        let card = self.card.borrow();
        let (pin, mind) = (&card.card.pin, self.mind.get());
        if pin.left != pin.tries {
            return Err((6, format!("the card has {} tries of {}", pin.left, pin.tries)));
        }
        if !self.errand.replaces_pin() {
            return Ok(());
        }
        if pin.value != Pin::new(CHOSEN).unwrap() {
            return Err((3, "the card still has the initial PIN, and the visit is over".to_string()));
        }
        if self.record().pin_is_initial {
            return Err((3, "the centre takes the PIN for the initial one".to_string()));
        }
        if mind.asked_in_vain > 0 {
            return Err((6, format!("asked {} times for a new PIN after the card had one", mind.asked_in_vain)));
        }
        Ok(())
    }
}

/// The centre's books, added up by kind.
fn totals(entries: &[&JournalEntry]) -> Totals {
    entries.iter().fold(Totals::default(), |sum, entry| {
        let deal = entry.operation.as_deref().and_then(Deal::from_word).expect("a transaction has a kind");
        sum.and(deal, entry.total, entry.charge).expect("a few sales")
    })
}
