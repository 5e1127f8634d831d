//! One thing after the other: when the board is quiet, what it has done is taken; if it has done nothing, the next thing in
//! time happens to it: a character of the card, a byte on a line, the moment for which the image waits, or what the holder
//! does later.
//!
//! What follows from what the board did is decided elsewhere, before the next step.

use super::EmulatorError;
use super::clock::Words;
use super::holder::Act;
use super::machine::Machine;
use crate::probe::image;
use crate::visit::Happened;

/// Who is next. Of several at the same cycle the first in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Heard,
    Holder,
    Card,
    Till,
    Pad,
    Board,
}

impl Machine {
    /// Waits until the board is quiet.
    pub(super) fn settle(&mut self) -> Result<Words, EmulatorError> {
        self.clock.settle(&mut self.probe, &mut self.qemu)
    }

    /// The board looks at its pins.
    pub(super) fn look_up(&mut self) -> Result<(), EmulatorError> {
        self.settle()?;
        self.clock.tick(self.clock.now(), &mut self.probe)?;
        self.settle().map(drop)
    }

    /// What the board has done since the last step; if nothing, the next thing happens to it.
    pub(super) fn step(&mut self) -> Result<Vec<Happened>, EmulatorError> {
        self.step_until(u64::MAX)?.ok_or(EmulatorError::Idle)
    }

    /// The same, but nothing happens beyond this cycle; `None`: nothing has happened.
    pub(super) fn step_until(&mut self, limit: u64) -> Result<Option<Vec<Happened>>, EmulatorError> {
        let words = self.settle()?;
        match self.take(&words)? {
            (_, false) => self.happens(&words, limit),
            (happened, true) => Ok(Some(happened)),
        }
    }

    /// Takes what the quiet board has done; returns also whether it has done anything.
    fn take(&mut self, words: &Words) -> Result<(Vec<Happened>, bool), EmulatorError> {
        let now = self.clock.now();
        let mut anything = false;
        while let Some(edge) = self.probe.edge()? {
            anything = true;
            self.slot.edge(edge, now)?;
        }
        // A board whose card was just taken out must see that before anything else.
        let present = self.slot.is_occupied();
        anything |= self.slot.hear(now, &mut self.probe)?;
        if present && !self.slot.is_occupied() {
            self.look_up()?;
        }
        let mut all = Vec::new();
        if std::mem::replace(&mut self.shown, words.shown) != words.shown {
            self.log.drain(&mut self.probe)?;
            let text = image::screen(&mut self.probe, self.screen_at)?;
            if let Some(text) = text.filter(|text| self.course.screens.last() != Some(text)) {
                self.course.screens.push(text.clone());
                all.push(Happened::Screen(text));
            }
        }
        if self.pad.hear()? {
            all.push(Happened::PinAwaited);
        }
        self.till.hear(now)?;
        anything |= !all.is_empty();
        Ok((all, anything))
    }

    /// Lets the board do what it does by itself until `end`, in cycles; nobody reacts to it.
    pub(super) fn rest(&mut self, end: u64) -> Result<(), EmulatorError> {
        loop {
            let words = self.settle()?;
            let (_, anything) = self.take(&words)?;
            match words.next {
                _ if anything => {}
                Some(at) if at <= end => self.clock.tick(at.max(self.clock.now()), &mut self.probe)?,
                _ => break,
            }
        }
        self.clock.go_on(end, &mut self.probe)?;
        self.log.drain(&mut self.probe)
    }

    /// The next thing in time happens to the board, or to what it has sent, unless that is beyond `limit`; then `None`.
    fn happens(&mut self, words: &Words, limit: u64) -> Result<Option<Vec<Happened>>, EmulatorError> {
        let now = self.clock.now();
        let card = self.slot.next();
        if card.is_some() && self.slot.is_pulled() {
            return self.remove().map(|()| Some(Vec::new()));
        }
        let times = [
            (self.till.next(), Next::Heard),
            (self.later.map(|later| later.at), Next::Holder),
            (card, Next::Card),
            (self.till.line().next(), Next::Till),
            (self.pad.line().next(), Next::Pad),
            (words.next, Next::Board),
        ];
        let next = times.into_iter().filter_map(|(at, who)| Some((at?.max(now), who))).min();
        let Some((at, who)) = next.filter(|(at, _)| *at <= limit) else { return Ok(None) };
        match who {
            Next::Heard => {
                self.clock.go_on(at, &mut self.probe)?;
                return Ok(Some(self.till.take().map(Happened::Till).into_iter().collect()));
            }
            Next::Holder => {
                self.clock.tick(at, &mut self.probe)?;
                self.settle()?;
                match self.later.take().map(|later| later.what) {
                    Some(Act::PullsCard) => self.remove()?,
                    Some(Act::HoldsCancelKey) => self.cancel_key(true)?,
                    None => {}
                }
            }
            Next::Card => self.slot.deliver(words.listens, &mut self.clock, &mut self.probe)?,
            Next::Till => self.till.line().deliver(&mut self.clock, &mut self.probe)?,
            Next::Pad => self.pad.line().deliver(&mut self.clock, &mut self.probe)?,
            Next::Board => self.clock.tick(at, &mut self.probe)?,
        }
        Ok(Some(Vec::new()))
    }
}
