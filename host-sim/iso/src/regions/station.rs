//! A region's decider: its centre, which it opens when it is first needed and again when it was lost, and what is said while
//! it is down.

use std::sync::Arc;
use std::time::Instant;

use qiyong_centre::regions::Own;
use qiyong_centre::{Asked, Centre, CentreError, Heard, KnownTerminal, Proved};
use qiyong_protocol::rules::reason::Reason;

use super::front::Front;
use super::gate::{Gate, Ticker};
use crate::decider::{Errand, Said, Stationed};
use crate::region_figures::RegionFigures;

/// What a station asks of its region's centre.
pub trait Region: Send + 'static {
    /// Decides, as [`Centre::handle_asked`].
    ///
    /// # Errors
    /// As there.
    fn ask(&mut self, own: &Own, batch: &[Asked]) -> Result<Vec<Result<Heard, CentreError>>, CentreError>;

    /// The terminals that have a key in force there, as [`Centre::known_terminals`].
    ///
    /// # Errors
    /// As there.
    fn terminals(&self) -> Result<Vec<KnownTerminal>, CentreError>;
}

impl Region for Centre {
    fn ask(&mut self, own: &Own, batch: &[Asked]) -> Result<Vec<Result<Heard, CentreError>>, CentreError> {
        self.handle_asked(own, batch)
    }

    fn terminals(&self) -> Result<Vec<KnownTerminal>, CentreError> {
        self.known_terminals()
    }
}

/// Opens a region's centre; `None`: it cannot be opened now, and it was said why.
pub type Open<R> = Box<dyn FnMut() -> Option<R> + Send>;

/// The decider of one region.
pub struct Station<R> {
    front: Front,
    region: usize,
    own: Own,
    open: Open<R>,
    centre: Option<R>,
    gate: Gate,
    figures: RegionFigures,
    /// Whether it has said its terminals since it was reached.
    has_said: bool,
}

impl<R: Region> Station<R> {
    /// The station of the region in this place of the table. `centre`: it is open already.
    pub fn new(front: &Front, region: usize, centre: Option<R>, open: Open<R>) -> Self {
        Self::with_ticker(front, region, centre, open, Arc::new(Instant::now))
    }

    /// The same, with another clock.
    pub fn with_ticker(front: &Front, region: usize, centre: Option<R>, open: Open<R>, now: Ticker) -> Self {
        let own = Own::new(front.table().clone(), region);
        let name = front.table().regions().get(region).map_or("", |region| region.name.as_str());
        let figures = front.figures().of(name);
        figures.up(centre.is_some());
        let (front, gate) = (front.clone(), Gate::new(now));
        let mut new = Self { front, region, own, open, centre, gate, figures, has_said: false };
        new.say_terminals();
        new
    }

    /// Tells the front which terminals the region has, unless it was told since the region was reached: they are told in words
    /// then if it is not reached any more.
    fn say_terminals(&mut self) {
        let Some(centre) = self.centre.as_ref().filter(|_| !self.has_said) else { return };
        match centre.terminals() {
            Ok(terminals) => {
                self.front.known(self.region, terminals);
                self.has_said = true;
            }
            Err(error) => tracing::error!(region = self.figures.name(), %error, "a region does not say its terminals"),
        }
    }

    /// The place of its region in the table, which is that of its queue.
    pub(crate) const fn place(&self) -> usize {
        self.region
    }

    /// Asks the centre; `None`: the region is down, and nothing was done.
    fn ask(&mut self, batch: &[Asked]) -> Option<Vec<Result<Heard, CentreError>>> {
        if self.gate.is_closed() {
            return None;
        }
        let begun = self.gate.now();
        if self.centre.is_none() {
            self.centre = (self.open)();
        }
        let heard = match &mut self.centre {
            Some(centre) => centre.ask(&self.own, batch),
            None => {
                self.gate.close(begun);
                return None;
            }
        };
        match heard {
            Ok(heard) => {
                self.gate.open();
                self.say_terminals();
                Some(heard)
            }
            Err(error @ CentreError::Unreachable { .. }) => {
                tracing::error!(region = self.figures.name(), %error, "a region is down");
                self.gate.close(begun);
                self.has_said = false;
                None
            }
            Err(error) => {
                tracing::error!(region = self.figures.name(), %error, "a region could not decide");
                Some(Vec::new())
            }
        }
    }

    /// What is said while the region is down.
    fn down(&self, errand: &Errand) -> Said {
        match &errand.asked {
            Asked::Message(_) => self.front.elsewhere(self.region, errand, true),
            Asked::Stranger(message) => Said::Answer(self.front.down(message)),
            Asked::Passed(passed) => Said::Answer(passed.refusal(Reason::RegionDown)),
        }
    }

    fn said(&self, errand: &Errand, heard: Result<Heard, CentreError>) -> Said {
        match heard {
            Ok(Heard::Answer { bytes, proved }) => {
                if !proved.is_none() {
                    self.front.learn(errand.asked.bytes(), self.region, &proved);
                }
                Said::Answer(bytes)
            }
            Ok(Heard::Pass(passed)) => {
                // The key may be one that has ended: a reversal is believed under such a one, too.
                self.front.learn(passed.bytes(), self.region, &Proved::default());
                match self.front.table().of_area(passed.area()) {
                    Some(to) => Said::Give { to, errand: Errand::new(Asked::Passed(passed)) },
                    None => Said::Answer(None),
                }
            }
            Ok(Heard::NotHere) => self.front.elsewhere(self.region, errand, false),
            Err(CentreError::Unreachable { .. }) => self.down(errand),
            Err(error) => {
                tracing::error!(region = self.figures.name(), %error, "the centre could not act on a message");
                Said::Answer(None)
            }
        }
    }
}

impl<R: Region> Stationed for Station<R> {
    fn decide(&mut self, batch: &[Errand]) -> Vec<Said> {
        let asked: Vec<Asked> = batch.iter().map(|errand| errand.asked.clone()).collect();
        let heard = self.ask(&asked);
        self.figures.up(heard.is_some());
        let said: Vec<Said> = match heard {
            None => batch.iter().map(|errand| self.down(errand)).collect(),
            Some(heard) => {
                let mut heard = heard.into_iter();
                let silence = || Ok(Heard::Answer { bytes: None, proved: Proved::default() });
                batch.iter().map(|errand| self.said(errand, heard.next().unwrap_or_else(silence))).collect()
            }
        };
        said.iter().for_each(|said| self.figures.said(said));
        said
    }
}
