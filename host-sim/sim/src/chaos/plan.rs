//! What happens in a world: a list of steps, each a visit of a card at a terminal after some time, with the trouble that it
//! meets. A plan is a file (TOML), so that a failure can be kept and played again.
//!
//! Nothing here is random; [`super::draw`] draws plans.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::line::PullDuring;
use crate::serial::wire::ByteFault;
use crate::toml_error::explain;
use crate::world::direct::Level;
use crate::world::visit::{CancelAt, LinkTrouble};

use super::words::{CHARACTER_WORDS, word};

/// The most terminals and cards of a world.
pub const MOST: u32 = 200;

/// A world: who takes part follows from `seed` and the two counts, what happens is in the steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What terminals and cards come from.
    pub seed: u64,
    /// How many terminals.
    pub terminals: u32,
    /// How many cards.
    pub cards: u32,
    /// At which level terminals speak to cards.
    #[serde(default, skip_serializing_if = "is_line")]
    pub level: Level,
    /// What happens.
    #[serde(rename = "step", default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_line(level: &Level) -> bool {
    *level == Level::Line
}

/// A visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name, which a smaller plan keeps: new PINs and noise come from it.
    pub id: u32,
    /// So many minutes pass before it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub wait: u64,
    /// At which terminal, from 0.
    pub terminal: u32,
    /// Which card, from 0.
    pub card: u32,
    /// What for.
    pub asks: Asks,
    /// The price or bill, in fen.
    pub fen: u64,
    /// What goes wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trouble: Vec<Trouble>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(minutes: &u64) -> bool {
    *minutes == 0
}

/// What a holder comes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asks {
    /// What the place is for: at a bank the first use, at a hospital a bill, at a pharmacy a purchase.
    Use,
    /// At a bank: the same with another person's document.
    WrongDocument,
    /// How the card stands.
    Query,
}

/// Something that goes wrong during a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Trouble {
    /// On the way to the centre: a word of [`LinkTrouble::WORDS`].
    Link {
        /// The word.
        kind: String,
    },
    /// With one message, by its number in the visit.
    Message {
        /// The number, from 0.
        number: usize,
        /// What becomes of it.
        fate: Fate,
    },
    /// With one byte on the serial line: a word of [`ByteFault::WORDS`].
    Byte {
        /// Whether it goes to the till.
        to_till: bool,
        /// Its number in the visit, from 0.
        at: u64,
        /// The word.
        fault: String,
    },
    /// With one character on the card line: a word of scenario files.
    Character {
        /// Its number in the visit, from 0.
        at: u64,
        /// The word.
        fault: String,
    },
    /// One character in so many is flipped on the card line.
    Noise {
        /// The number.
        one_in: u32,
    },
    /// The card is pulled: a word of [`PullDuring::WORDS`].
    Pull {
        /// The word.
        during: String,
    },
    /// The cancel key is pressed: a word of [`CancelAt::WORDS`].
    Cancel {
        /// The word.
        at: String,
    },
    /// No message gets through, as in the visits around it.
    Partition,
    /// The centre is killed while it acts on one message, by its number in the visit, and starts again.
    CentreKilled {
        /// The number, from 0.
        number: usize,
        /// Before this statement of its database, from 0; at the latest before its answer goes out.
        statement: u32,
    },
    /// Before one message goes to the centre, by its number in the visit, somebody pays at another terminal.
    Meanwhile {
        /// The number, from 0.
        number: usize,
        /// At which terminal.
        terminal: u32,
        /// With which card; if it is that of the visit, with a copy as it was issued.
        card: u32,
    },
    /// The holder keys a wrong PIN first.
    WrongPin,
    /// The till's clock is ahead by so many seconds; behind, if below zero.
    Clock {
        /// The seconds.
        ahead: i64,
    },
    /// The flash takes nothing.
    Worn,
    /// The power of the terminal fails at this moment of the visit.
    PowerAtMoment {
        /// The moment, from 0.
        moment: u64,
    },
    /// The power of the terminal fails while it writes this byte into its flash.
    PowerAtByte {
        /// The byte, from 0.
        byte: u64,
    },
    /// The till is killed at this moment of the visit.
    TillKilled {
        /// The moment, from 0.
        moment: u64,
    },
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// The centre does not get it.
    Lost,
    /// The terminal does not get the answer.
    Unanswered,
    /// The centre gets it with a byte changed.
    Damaged,
    /// The terminal gets the answer with the next one.
    Late,
    /// The terminal gets the answer twice.
    Twice,
}

/// Why a text is no plan.
#[derive(Debug, Error)]
pub enum PlanError {
    /// Not TOML, or not of this shape.
    #[error("{0}")]
    Toml(String),
    /// Too many or too few take part.
    #[error("`terminals` and `cards` must each be 1 to {MOST}")]
    Counts,
    /// A step is about a terminal or card that there is not.
    #[error("step {id}: `terminal` and `card` count from 0, and must be below `terminals` and `cards`")]
    Nobody {
        /// The step.
        id: u32,
    },
    /// What happens meanwhile happens nowhere else.
    #[error("step {id}: what happens `meanwhile` must happen at another terminal, and with a card that there is")]
    Elsewhere {
        /// The step.
        id: u32,
    },
    /// Numbers that no world can have.
    #[error("step {id}: `fen` must be 1 to 100000, and `wait` at most 100000")]
    Number {
        /// The step.
        id: u32,
    },
    /// A word that is none.
    #[error("step {id}: {given:?} must be one of {allowed}")]
    Word {
        /// The step.
        id: u32,
        /// What stands there.
        given: String,
        /// What may stand there.
        allowed: String,
    },
}

impl Plan {
    /// From a file's text.
    ///
    /// # Errors
    /// It is no plan.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let plan: Self = toml::from_str(text).map_err(|error| PlanError::Toml(explain(text, &error)))?;
        plan.check()?;
        Ok(plan)
    }

    /// As a file's text.
    pub fn text(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    fn check(&self) -> Result<(), PlanError> {
        if ![self.terminals, self.cards].iter().all(|count| (1..=MOST).contains(count)) {
            return Err(PlanError::Counts);
        }
        for step in &self.steps {
            let id = step.id;
            if step.terminal >= self.terminals || step.card >= self.cards {
                return Err(PlanError::Nobody { id });
            }
            if !(1..=100_000).contains(&step.fen) || step.wait > 100_000 {
                return Err(PlanError::Number { id });
            }
            let elsewhere = |trouble: &Trouble| match trouble {
                Trouble::Meanwhile { terminal, card, .. } => {
                    *terminal < self.terminals && *terminal != step.terminal && *card < self.cards
                }
                _ => true,
            };
            if !step.trouble.iter().all(elsewhere) {
                return Err(PlanError::Elsewhere { id });
            }
            step.trouble.iter().try_for_each(|trouble| trouble.check(id))?;
        }
        Ok(())
    }
}

impl Trouble {
    /// Its word in files and figures.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Link { .. } => "link",
            Self::Message { .. } => "message",
            Self::Byte { .. } => "byte",
            Self::Character { .. } => "character",
            Self::Noise { .. } => "noise",
            Self::Pull { .. } => "pull",
            Self::Cancel { .. } => "cancel",
            Self::Partition => "partition",
            Self::CentreKilled { .. } => "centre-killed",
            Self::Meanwhile { .. } => "meanwhile",
            Self::WrongPin => "wrong-pin",
            Self::Clock { .. } => "clock",
            Self::Worn => "worn",
            Self::PowerAtMoment { .. } => "power-at-moment",
            Self::PowerAtByte { .. } => "power-at-byte",
            Self::TillKilled { .. } => "till-killed",
        }
    }

    /// Whether every word in it is one.
    fn check(&self, id: u32) -> Result<(), PlanError> {
        match self {
            Self::Link { kind } => known(id, &LinkTrouble::WORDS, kind),
            Self::Byte { fault, .. } => known(id, &ByteFault::WORDS, fault),
            Self::Character { fault, .. } => known(id, &CHARACTER_WORDS, fault),
            Self::Pull { during } => known(id, &PullDuring::WORDS, during),
            Self::Cancel { at } => known(id, &CancelAt::WORDS, at),
            _ => Ok(()),
        }
    }
}

fn known<T: Copy>(id: u32, words: &[(&'static str, T)], given: &str) -> Result<(), PlanError> {
    let allowed = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
    word(words, given).map(|_| ()).ok_or_else(|| PlanError::Word { id, given: given.into(), allowed: allowed() })
}
