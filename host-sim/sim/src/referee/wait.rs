//! How long the terminal must wait for the card, and how long it may.

use super::clock::Time;
use super::note::Notes;
use super::remark::Remark;
use super::rule::Rule;
use super::seen::{Rate, Span};

/// Beyond the limit a terminal may wait for a quarter of it and this many etu of 372 cycles more.
const SLACK_ETU: u64 = 32;
/// Nobody need be patient with one exchange for longer, whatever waiting times and extensions add up to.
const PATIENCE_MS: u64 = 10_000;

/// A character of the card is awaited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait {
    /// From this tick on: the leading edge of the last character, or RST going high.
    pub(super) since: u64,
    /// For at least this long.
    pub(super) least: Span,
    /// The rule against giving up before.
    pub(super) early: Rule,
    /// The rule against waiting much longer.
    pub(super) late: Rule,
    /// Sending is giving up, too. Elsewhere the terminal sends in its turn, or another rule is against it: then only a reset,
    /// or the end of power, is giving up.
    pub(super) sends: bool,
}

/// What ends the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The card's character.
    Card,
    /// The terminal's.
    Terminal,
    /// A reset, or the end of power.
    Reset,
}

impl Wait {
    /// Judges the end of the wait at `at`, in an exchange that began in the tick `began`. `false`: a rule is broken.
    pub(super) fn ends(self, at: u64, end: End, began: u64, time: Time, notes: &mut Notes) -> bool {
        let waited = time.longest(self.since, at);
        let too_long = time.shortest(self.since, at) > self.least;
        let patient = time.ms(began, at) >= PATIENCE_MS;
        let gives_up = end == End::Reset || (end == End::Terminal && self.sends);
        let early = gives_up && waited < self.least && !patient;
        let late = waited > self.least + self.least / 4 + Rate::DEFAULT.etu(SLACK_ETU);
        let late = late && (gives_up || end == End::Card);
        let remark = match end {
            End::Card if too_long => Some(self.came_late()),
            End::Reset | End::Terminal if gives_up && waited >= self.least => self.never_came(),
            _ => None,
        };
        remark.into_iter().for_each(|remark| notes.remark(remark, at));
        notes.expect(!early, self.early, at);
        notes.expect(!late, self.late, at);
        !early && !late
    }

    /// What it means that the card's character came after this wait.
    const fn came_late(self) -> Remark {
        match self.early {
            Rule::FirstCharacter => Remark::AtrLate,
            Rule::AtrWait => Remark::AtrGap,
            Rule::BlockWait => Remark::BlockLate,
            Rule::CharacterWait => Remark::BlockCut,
            _ => Remark::Late,
        }
    }

    /// What it means that no character came in it. That a card is mute may have other causes than the card.
    const fn never_came(self) -> Option<Remark> {
        match self.early {
            Rule::FirstCharacter => None,
            Rule::AtrWait => Some(Remark::AtrCut),
            Rule::PpsWait => Some(Remark::PpsSilent),
            Rule::CharacterWait => Some(Remark::BlockCut),
            _ => Some(Remark::Silent),
        }
    }
}
