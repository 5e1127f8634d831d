//! Trouble in the form in which a world plays it. What the words mean is for the modules of the lines.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::plan::{Fate, Step, Trouble};
use super::words::{CHARACTER_WORDS, word};
use crate::line::{Disturbance, Fault, Noise, PullDuring};
use crate::serial::wire::ByteFault;
use crate::world::interruption::Interruption;
use crate::world::visit::{CancelAt, Delivery, LinkTrouble, Unplayed, Visit};

/// What a world is given of a step's trouble; who keys which PIN is for the player.
pub(super) fn set(step: &Step, seed: u64) -> (Visit, Interruption) {
    let mut visit = Visit::default();
    let mut interruption = Interruption::Never;
    for trouble in &step.trouble {
        match trouble {
            Trouble::Link { kind } => visit.trouble = word(&LinkTrouble::WORDS, kind).unwrap_or_default(),
            Trouble::Message { number, fate } => {
                visit.messages.insert(*number, fate.delivery());
            }
            Trouble::Byte { to_till, at, fault } => {
                let list = if *to_till { &mut visit.to_till } else { &mut visit.to_terminal };
                list.extend(word(&ByteFault::WORDS, fault).map(|fault| (*at, fault)));
            }
            Trouble::Character { at, fault } => {
                visit.faults.extend(word(&CHARACTER_WORDS, fault).map(|what| Fault { at: *at, what }));
            }
            Trouble::Noise { one_in } => {
                let random = ChaCha8Rng::seed_from_u64(seed ^ u64::from(step.id) << 32);
                visit.noise = Some(Noise { random, one_in: *one_in, kinds: vec![Disturbance::Flip(1)] });
            }
            Trouble::Pull { during } => visit.pull_during = word(&PullDuring::WORDS, during),
            Trouble::Cancel { at } => visit.cancel = word(&CancelAt::WORDS, at),
            Trouble::Partition => visit.trouble = LinkTrouble::Down,
            Trouble::CentreKilled { number, statement } => {
                visit.messages.insert(*number, Delivery::killed(*statement));
            }
            Trouble::WrongPin | Trouble::Meanwhile { .. } => {}
            Trouble::Clock { ahead } => visit.clock_ahead = *ahead,
            Trouble::Worn => visit.storage_worn = true,
            Trouble::PowerAtMoment { moment } => interruption = Interruption::PowerAtMoment(*moment),
            Trouble::PowerAtByte { byte } => interruption = Interruption::PowerAtByte(*byte),
            Trouble::TillKilled { moment } => interruption = Interruption::TillAtMoment(*moment),
        }
    }
    (visit, interruption)
}

impl Fate {
    const fn delivery(self) -> Delivery {
        match self {
            Self::Lost => Delivery::LOST,
            Self::Unanswered => Delivery::UNANSWERED,
            Self::Damaged => Delivery::DAMAGED,
            Self::Late => Delivery { late: true, ..Delivery::WHOLE },
            Self::Twice => Delivery { twice: true, ..Delivery::WHOLE },
        }
    }
}

/// The trouble that came to nothing, by its words.
pub(super) fn words_of(unplayed: &Unplayed) -> &'static [&'static str] {
    match unplayed {
        Unplayed::Fault { .. } | Unplayed::Spell => &["character"],
        Unplayed::Noise { .. } => &["noise"],
        Unplayed::Pins { .. } | Unplayed::NewPins { .. } => &[],
        Unplayed::Cancel => &["cancel"],
        Unplayed::Pull => &["pull"],
        Unplayed::Link => &["link", "message", "partition"],
        Unplayed::Byte { .. } => &["byte"],
        Unplayed::Storage => &["worn"],
    }
}
