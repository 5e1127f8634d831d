//! The card centre in the same process: [`qiyong_centre::Centre`] in the form in which simulated terminals and emulated
//! boards reach it.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
#[cfg(boards)]
use std::path::Path;

use jiff::civil::date;

use qiyong_centre::clock::SetClock;
use qiyong_centre::hsm::Hsm;
use qiyong_centre::issue::IssueError;
use qiyong_centre::{Centre, CentreError, Chain, JournalEntry, Phase, test_mac_key};
#[cfg(boards)]
use qiyong_lab::board::Board;
#[cfg(boards)]
use qiyong_lab::stage::Emulated;
use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::card::issue::{IssuedCard, NewCard};
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::rules::decision::{CardRecord, Institution};
use qiyong_sim::card::os::VirtualCard;
use qiyong_sim::chaos::books::{self, Books, Entry};
use qiyong_sim::scenario::centre::{self, Activation};
use qiyong_sim::scenario::file::Scenario;
use qiyong_sim::scenario::run;
use qiyong_sim::scenario::stage::{Played, RunError};
use qiyong_sim::world::centre::{CentreEnd, CentreFailure};

/// A centre in this process; terminals share its test key, unless one brings a key of its own.
#[derive(Debug)]
pub struct InProcess {
    centre: Held,
    key: X919,
    /// The clock that the world sets; `None`: the centre keeps the time itself.
    clock: Option<SetClock>,
    /// Before this statement it is killed, while it acts on the next message.
    dies_at: Option<u32>,
}

/// How many centres a thread keeps to make them new.
const KEPT: usize = 2;

thread_local! {
    static KEEP: RefCell<Vec<Centre>> = const { RefCell::new(Vec::new()) };
}

/// A centre, which goes back to where it was lent.
#[derive(Debug)]
struct Held {
    /// `None` while it is dropped.
    centre: Option<Centre>,
    is_lent: bool,
}

impl Held {
    const fn own(centre: Centre) -> Self {
        Self { centre: Some(centre), is_lent: false }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(centre) = self.centre.take().filter(|_| self.is_lent && !std::thread::panicking()) else { return };
        KEEP.with_borrow_mut(|keep| {
            if keep.len() < KEPT {
                keep.push(centre);
            }
        });
    }
}

impl Deref for Held {
    type Target = Centre;

    fn deref(&self) -> &Centre {
        self.centre.as_ref().unwrap_or_else(|| unreachable!("it is there until it is dropped"))
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut Centre {
        self.centre.as_mut().unwrap_or_else(|| unreachable!("it is there until it is dropped"))
    }
}

/// The clock of a new centre.
fn noon() -> SetClock {
    SetClock::new(date(2026, 3, 2).at(12, 0, 0, 0))
}

impl InProcess {
    /// A new centre with the test keys, which is gone when the program ends. Until the world tells it the time, it is noon
    /// of 2 March 2026.
    ///
    /// # Errors
    /// SQLite cannot make a database in memory.
    pub fn new() -> Result<Self, CentreError> {
        Ok(Self::with_clock(Held::own(Centre::in_memory()?)))
    }

    /// The same for whoever needs thousands, one after the other: one that this thread has used before is made new.
    ///
    /// # Errors
    /// As [`InProcess::new`].
    pub fn lent() -> Result<Self, CentreError> {
        let centre = match KEEP.with_borrow_mut(Vec::pop) {
            Some(mut centre) => centre.renew().map(|()| centre)?,
            None => Centre::renewable()?,
        };
        Ok(Self::with_clock(Held { centre: Some(centre), is_lent: true }))
    }

    fn with_clock(mut centre: Held) -> Self {
        let clock = noon();
        centre.set_clock(Box::new(clock.clone()));
        Self { centre, key: test_mac_key(), clock: Some(clock), dies_at: None }
    }

    /// The same for a terminal that has this key.
    #[must_use]
    pub fn with_key(self, key: X919) -> Self {
        Self { key, ..self }
    }
}

/// A centre that keeps the time itself.
impl From<Centre> for InProcess {
    fn from(centre: Centre) -> Self {
        Self { centre: Held::own(centre), key: test_mac_key(), clock: None, dies_at: None }
    }
}

impl Deref for InProcess {
    type Target = Centre;

    fn deref(&self) -> &Centre {
        &self.centre
    }
}

impl DerefMut for InProcess {
    fn deref_mut(&mut self) -> &mut Centre {
        &mut self.centre
    }
}

impl CentreEnd for InProcess {
    fn answer(&mut self, request: &[u8]) -> Result<Option<Vec<u8>>, CentreFailure> {
        let Some(statement) = self.dies_at.take() else { return Ok(self.centre.handle_bytes(request)?) };
        // As a server acts on messages: all of one in a transaction.
        self.centre.die_after(statement);
        let answers = self.centre.handle_batch(&[request]);
        self.centre.start_again()?;
        Ok(answers.ok().and_then(|answers| answers.into_iter().next()?.ok()).flatten())
    }

    fn dies_at(&mut self, statement: u32) {
        self.dies_at = Some(statement);
    }

    fn set_time(&mut self, now: Timestamp) {
        let Some(clock) = &self.clock else { return };
        let Timestamp { date, hour, minute, second } = now;
        // A world's time is always one of the calendar's.
        if let Ok(now) = format!("{date}T{hour:02}:{minute:02}:{second:02}").parse() {
            clock.set(now);
        }
    }

    fn key(&self) -> X919 {
        self.key.clone()
    }
}

impl centre::Centre for InProcess {
    fn add_institution(&mut self, institution: &Institution) -> Result<(), CentreFailure> {
        Ok(self.centre.add_institution(institution)?)
    }

    fn issue(&self, new: &NewCard) -> Result<IssuedCard, CentreFailure> {
        Ok(self.centre.hsm().issue(new)?)
    }

    fn add_card(&mut self, card: &CardRecord) -> Result<(), CentreFailure> {
        Ok(self.centre.add_card(card)?)
    }

    fn card(&self, number: &CardNumber) -> Result<Option<CardRecord>, CentreFailure> {
        Ok(self.centre.card(number)?)
    }

    fn activations(&self, number: &CardNumber) -> Result<Vec<Activation>, CentreFailure> {
        let activations = self.centre.activations(number)?.into_iter().map(|activation| Activation {
            function: activation.function.as_str(),
            channel: activation.channel,
            institution: activation.institution,
            terminal: activation.terminal,
            time: activation.time,
            reversed: activation.reversed,
        });
        Ok(activations.collect())
    }
}

impl Books for InProcess {
    fn expire(&mut self) -> Result<(), CentreFailure> {
        self.centre.expire()?;
        Ok(())
    }

    fn entries(&self) -> Result<Vec<Entry>, CentreFailure> {
        let entry = |entry: JournalEntry| {
            let JournalEntry { institution, terminal, time, card, charge, phase, .. } = entry;
            let phase = phase.map(|phase| match phase {
                Phase::Pending => books::Phase::Pending,
                Phase::Posted => books::Phase::Posted,
                Phase::Voided => books::Phase::Voided,
                Phase::Expired => books::Phase::Expired,
            });
            Some(Entry { institution, terminal, stan: entry.stan?, time, card, charge, phase })
        };
        Ok(self.centre.journal()?.into_iter().filter_map(entry).collect())
    }

    fn first_wrong(&self) -> Result<Option<String>, CentreFailure> {
        let wrong = |(area, chain, wrong): (_, Chain, Option<String>)| match chain {
            Chain::Whole(_) => wrong,
            chain => Some(format!("the audit chain of {area}: {chain:?}")),
        };
        Ok(self.centre.verify_chains()?.into_iter().find_map(wrong))
    }
}

/// The virtual card that this security module issues for the order `new`.
///
/// # Errors
/// Such a card is impossible.
pub fn make_card(new: &NewCard, hsm: &Hsm) -> Result<VirtualCard, IssueError> {
    Ok(VirtualCard::personalised(new, &hsm.issue(new)?))
}

/// What a centre with this security module knows of this card right after production.
///
/// # Errors
/// Those of [`make_card`].
pub fn record_of(new: &NewCard, hsm: &Hsm) -> Result<CardRecord, IssueError> {
    Ok(new.record(hsm.issue(new)?.ident))
}

/// Plays a scenario in a simulated world.
///
/// # Errors
/// The scenario cannot be played to its end.
pub fn play(scenario: &Scenario) -> Result<Played, RunError> {
    run::play(scenario, new_centre()?)
}

/// Plays a scenario on emulated boards of the kind `B`, which run the image `elf`.
///
/// # Errors
/// Those of [`play`]. Also if the scenario is not for such boards.
#[cfg(boards)]
pub fn play_emulated<B: Board>(scenario: &Scenario, elf: &Path) -> Result<Played, RunError> {
    on_boards::<_, B>(scenario, new_centre()?, elf)
}

/// Plays a scenario on emulated boards that ask this centre.
#[cfg(boards)]
pub(crate) fn on_boards<C: centre::Centre, B: Board>(
    scenario: &Scenario,
    mut centre: C,
    elf: &Path,
) -> Result<Played, RunError> {
    let cards = run::prepare(scenario, &mut centre)?;
    run::play_on(scenario, &mut Emulated::<C, B>::new(scenario, centre, elf)?, &cards)
}

fn new_centre() -> Result<InProcess, RunError> {
    InProcess::new().map_err(|error| RunError::Centre(Box::new(error)))
}
