//! Error signals, and the repetitions that follow them (clause 7.3).

use super::rule::Rule;
use super::seen::{Character, Span};

/// From the leading edge of a refused character to that of its repetition, in etu: the signal is looked for at 11 etu, and two
/// more go by.
const PAUSE_ETU: u64 = 13;
/// How often a character is repeated, as EMV has it; the standard has no number.
const MOST: u8 = 3;

/// The characters refused of late.
#[derive(Clone, Debug, Default)]
pub(super) struct Repetition {
    /// The terminal's character that the card has refused, and how often that was.
    refused: Option<(u8, u8)>,
    /// How often the terminal has refused the card's last character.
    damaged: u8,
}

impl Repetition {
    /// The card sends a character; `signals`: a receiver signals wrong parity.
    ///
    /// # Errors
    /// The rule that the terminal's signal, or want of one, breaks.
    pub(super) fn card_sends(&mut self, character: Character, parity_ok: bool, signals: bool) -> Result<(), Rule> {
        self.refused = None;
        self.damaged = if character.signal.is_some() { self.damaged.saturating_add(1) } else { 0 };
        match (character.signal, parity_ok) {
            (Some(_), _) if !signals => Err(Rule::SignalInT1),
            (Some(_), true) => Err(Rule::SignalNotDue),
            (None, false) if signals => Err(Rule::SignalDue),
            // Within 0.2 etu, as of every edge (clause 7.2).
            (Some(signal), _) if !(103..=107).contains(&signal.from) => Err(Rule::SignalTime),
            (Some(signal), _) if !(10..=20).contains(&signal.to.saturating_sub(signal.from)) => Err(Rule::SignalLength),
            _ => Ok(()),
        }
    }

    /// Whether the terminal has refused a character as often as anybody does.
    pub(super) const fn hopeless(&self) -> bool {
        self.damaged > MOST
    }

    /// The terminal sends a character, so long after the one before.
    ///
    /// # Errors
    /// The rule that this breaks.
    pub(super) fn terminal_sends(&mut self, character: Character, byte: u8, after: Span) -> Result<(), Rule> {
        self.damaged = 0;
        let before = self.refused.take();
        let times = before.map_or(0, |(_, times)| times);
        if character.signal.is_some() {
            self.refused = Some((byte, times + 1));
        }
        match before {
            Some((refused, _)) if refused != byte => Err(Rule::RepeatsRefused),
            Some(_) if after < character.rate.etu(PAUSE_ETU) => Err(Rule::RepetitionPause),
            Some((_, times)) if times > MOST => Err(Rule::Repetitions),
            _ => Ok(()),
        }
    }
}
