//! The layer that decides when something goes wrong on a line: at given characters, or by chance from a seed.
//!
//! The wire ([`super::Disturbance`]) knows how a fault looks on the contacts.

use std::cell::RefCell;
use std::rc::Rc;

use qiyong_firmware::slot::LineError;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

use super::layers::{Layer, LineEvent};
use super::{Disturbance, SimulatedLine};

/// Something that is to go wrong at a certain character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// How many characters pass before it, in both directions, including the answer to reset and repeated characters.
    pub at: u64,
    /// What goes wrong.
    pub what: Disturbance,
}

/// What goes wrong by chance.
#[derive(Clone, Debug)]
pub struct Noise {
    /// The source of chance.
    pub random: ChaCha8Rng,
    /// One character in so many is disturbed; 0: none.
    pub one_in: u32,
    /// It is disturbed in one of these ways; chance also chooses which moments are inverted.
    pub kinds: Vec<Disturbance>,
}

impl Noise {
    fn next(&mut self) -> Option<Disturbance> {
        if self.one_in == 0 || !self.random.next_u32().is_multiple_of(self.one_in) {
            return None;
        }
        let pick = self.random.next_u32() as usize % self.kinds.len().max(1);
        let kind = *self.kinds.get(pick)?;
        Some(match kind {
            // As many moments as in the kind, at other places among the nine.
            Disturbance::Flip(moments) => {
                let shift = self.random.next_u32() % 9;
                Disturbance::Flip((moments << shift | moments >> (9 - shift)) & 0x1FF)
            }
            other => other,
        })
    }
}

#[derive(Clone, Debug, Default)]
struct Plan {
    /// In the order of [`Fault::at`].
    faults: Vec<Fault>,
    noise: Option<Noise>,
    passed: u64,
    /// How many characters noise has disturbed.
    disturbed: u64,
}

/// What is to go wrong during a visit. Clones are the same plan: one for the layer, one for the code that plays the
/// visit.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan(Rc<RefCell<Plan>>);

impl FaultPlan {
    /// Begins a visit with these faults, in any order, and this noise.
    pub fn begin(&self, mut faults: Vec<Fault>, noise: Option<Noise>) {
        faults.sort_by_key(|fault| fault.at);
        *self.0.borrow_mut() = Plan { faults, noise, passed: 0, disturbed: 0 };
    }

    /// Takes the next fault whose time has come.
    fn due(&self) -> Option<Disturbance> {
        let mut plan = self.0.borrow_mut();
        let due = plan.faults.first().is_some_and(|fault| fault.at <= plan.passed);
        due.then(|| plan.faults.remove(0).what)
    }

    /// What goes wrong with the character that is about to pass.
    pub fn before_character(&self) -> Vec<Disturbance> {
        let due = std::iter::from_fn(|| self.due());
        due.collect::<Vec<_>>().into_iter().chain(self.chance()).collect()
    }

    /// A character has passed.
    pub fn has_passed(&self) {
        self.0.borrow_mut().passed += 1;
    }

    fn chance(&self) -> Option<Disturbance> {
        let mut plan = self.0.borrow_mut();
        let disturbance = plan.noise.as_mut()?.next()?;
        plan.disturbed += 1;
        Some(disturbance)
    }

    /// The faults whose time has not come, in the order of [`Fault::at`].
    pub fn left(&self) -> Vec<Fault> {
        self.0.borrow().faults.clone()
    }

    /// How many characters have passed, and how many of them noise has disturbed.
    pub fn passed(&self) -> (u64, u64) {
        let plan = self.0.borrow();
        (plan.passed, plan.disturbed)
    }
}

/// The layer.
pub struct Faults(pub FaultPlan);

impl Layer for Faults {
    fn before_character(&mut self, line: &mut impl SimulatedLine) -> Result<(), LineError> {
        self.0.before_character().into_iter().for_each(|disturbance| line.disturb(disturbance));
        Ok(())
    }

    fn happened(&mut self, _line: &impl SimulatedLine, event: LineEvent) {
        if matches!(event, LineEvent::ToCard(_) | LineEvent::FromCard(_)) {
            self.0.has_passed();
        }
    }
}
