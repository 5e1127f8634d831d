//! The card centre (卡管中心): knows every institution and card, decides about the requests of terminals, and remembers
//! them.
//!
//! [`Centre::handle`] takes one message and gives one answer; [`Centre::handle_bytes`] does the same in bytes. The
//! rules are those of [`qiyong_protocol::rules::decision`]; this crate carries out their decisions. `terminal` is the
//! terminals' path. [`Centre::carry_out`] does what people and other systems do at the centre: [`acts`] says what an act
//! is, each room has its own, `registry` lists them, `dispatch` carries them out. `store` keeps everything in a
//! database of SQLite or PostgreSQL, [`hsm`] holds the keys, [`issue`] makes new cards with them. Not here: lines and threads.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::type_complexity, reason = "tables of faults are arrays of words and functions"))]

pub mod access;
pub mod acts;
pub mod agency;
pub mod application;
mod bench;
pub mod clock;
pub mod configuration;
mod dispatch;
pub mod doctor;
mod error;
mod founding;
pub mod hsm;
pub mod institution;
pub mod insurance;
pub mod issue;
pub mod key_name;
pub mod ledger;
pub mod life;
pub mod orders;
pub mod parameters;
pub mod persons;
pub mod populate;
pub mod production;
pub mod regions;
pub mod registry;
pub mod settlement;
pub mod slip;
pub mod store;
mod terminal;
mod text;

use std::fmt;
use std::path::Path;

use jiff::civil::DateTime;

use qiyong_protocol::card::codes::{CardNumber, Region};
use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::rules::decision::{CardRecord, Institution};
use qiyong_protocol::rules::institution::InstitutionCode;

use acts::desk::Operator;
use acts::office::Office;
use acts::refusal::Refusal;
use clock::{Clock, SetClock, SystemClock};
pub use dispatch::Request as ActRequest;
pub use error::{CentreError, Damage};
pub use founding::{ADMINISTRATOR, Founding};
use hsm::Hsm;
use populate::{PopulateError, Populated, Population};
pub use store::audit::Chain;
pub use store::encryption::EncryptionError;
pub use store::failure::DatabaseError;
pub use store::leases::StoredLease;
pub use store::place::{Place, PlaceError, Server};
pub use store::private::is_open_to_others;
pub use store::work::Work;
use store::{Store, audit};
pub use terminal::endpoint::{Answered, test_mac_key};
use terminal::files::Files;
pub use terminal::journal::{Activation, DecidedBy, Function, JournalEntry, Phase};
pub use terminal::keys::KnownTerminal;
pub use terminal::leases::{Grant, Hold, grant, hold_of};
pub use terminal::number;
pub use terminal::passed::{Asked, Heard, Passed};
pub use terminal::proved::{Proved, refusal};
use terminal::{given, pending};

/// The card centre.
pub struct Centre {
    store: Store,
    hsm: Hsm,
    clock: Box<dyn Clock>,
}

impl Centre {
    /// The centre whose database is the file `path`, which [`Centre::create`] has made. A file that others may read is
    /// refused, since it holds the keys.
    pub fn open(path: &Path) -> Result<Self, CentreError> {
        Self::over(Store::open(path)?).map_err(|error| error.in_file(path))
    }

    /// A new centre in the file `path`, which must be missing or empty, with these keys. The file keeps the keys, and
    /// only its owner may read it.
    pub fn create(path: &Path, hsm: &Hsm) -> Result<Self, CentreError> {
        Self::over(Store::create(path, hsm)?)
    }

    /// A new centre with the test keys, which is gone when the program ends.
    pub fn in_memory() -> Result<Self, CentreError> {
        Self::in_memory_with(&Hsm::test_keys())
    }

    /// A new centre with these keys, which is gone when the program ends.
    pub fn in_memory_with(hsm: &Hsm) -> Result<Self, CentreError> {
        Self::over(Store::in_memory(hsm)?)
    }

    /// The centre whose database is at this place; see [`Centre::open`].
    pub fn open_at(place: &Place) -> Result<Self, CentreError> {
        match place {
            Place::File(path) => Self::open(path),
            Place::Server(server) => Self::over(Store::open_at(server)?).map_err(|error| error.at(place)),
        }
    }

    /// A new centre at this place, with these keys; see [`Centre::create`].
    pub fn create_at(place: &Place, hsm: &Hsm) -> Result<Self, CentreError> {
        match place {
            Place::File(path) => Self::create(path, hsm),
            Place::Server(server) => Self::over(Store::create_at(server, hsm)?),
        }
    }

    fn over(store: Store) -> Result<Self, CentreError> {
        let hsm = store.hsm()?;
        let clock: Box<dyn Clock> = match store.stopped_clock()? {
            Some(time) => Box::new(SetClock::new(time)),
            None => Box::new(SystemClock),
        };
        Ok(Self { store, hsm, clock })
    }

    /// Adds fictional people to a centre with test keys, as many as are missing; `progress` hears how many there are.
    ///
    /// # Errors
    /// The centre has keys of its own, the area lacks a parameter, or the database failed; whole thousands stay.
    pub fn populate(
        &mut self,
        population: Population,
        progress: &mut dyn FnMut(u32),
    ) -> Result<Populated, PopulateError> {
        populate::populate(&self.store, self.office(population.area), population, progress)
    }

    /// What the database has done since it was opened, apart from [`Centre::populate`].
    pub fn work(&self) -> Work {
        self.store.work()
    }

    /// The time, by the centre's clock.
    pub fn now(&self) -> DateTime {
        self.clock.now()
    }

    /// Stops the clock of a test centre at this time, for whoever opens its database from now on.
    ///
    /// # Errors
    /// The centre has keys of its own, and goes by the system's clock; or the database failed.
    pub fn stop_clock(&mut self, time: DateTime) -> Result<(), CentreError> {
        if !self.hsm.has_test_keys() {
            return Err(CentreError::ClockRuns);
        }
        self.store.stop_clock(time)?;
        self.clock = Box::new(SetClock::new(time));
        Ok(())
    }

    /// Takes the time from this clock from now on.
    pub fn set_clock(&mut self, clock: Box<dyn Clock>) {
        self.clock = clock;
    }

    /// Makes an area known, with its agency, its first administrator ([`ADMINISTRATOR`]), and the regions and parameters
    /// that come with this program, if it knows the area. Done again it adds what is missing and changes nothing.
    pub fn found(&mut self, founding: &Founding) -> Result<(), CentreError> {
        let now = self.clock.now();
        self.store.atomically(|store| {
            let office = Office::new(store, (&store.vault, &self.hsm), founding.area, now);
            founding::found(&office, founding)
        })
    }

    /// Carries out an act of [`registry`]: in one transaction, recorded whatever comes of it, and once for each key.
    ///
    /// # Errors
    /// A rule, a field or the operator's role forbids it, or the database failed; then nothing was done.
    pub fn carry_out(&mut self, request: ActRequest<'_>) -> Result<serde_json::Value, Refusal> {
        dispatch::carry_out(&self.store, &self.hsm, self.clock.now(), request)
    }

    /// Who works under this name in an area today.
    pub fn operator(&self, area: Region, id: &str) -> Result<Option<Operator>, CentreError> {
        access::operator(&self.office(area), id)
    }

    /// The area and the operator of a token that is in force.
    pub fn sign_in(&self, token: &str) -> Result<Option<(Region, Operator)>, CentreError> {
        let Some(area) = access::area_of_token(token) else { return Ok(None) };
        Ok(access::by_token(&self.office(area), token)?.map(|operator| (area, operator)))
    }

    /// The areas that were founded here.
    pub fn areas(&self) -> Result<Vec<Region>, CentreError> {
        founding::areas(&self.store)
    }

    /// Looks through the whole database, however large it is, whether its parts fit together. [`Centre::open`] does it
    /// with small files only. Meanwhile other programs can read it, and not write to it.
    ///
    /// # Errors
    /// It is damaged, or the database failed.
    pub fn look_through(&self) -> Result<(), CentreError> {
        self.store.look_through()
    }

    /// Looks through the whole database, follows the audit chain of each area that left anything in it, and the chain of
    /// its ledger, and adds up both the ledger and the years of persons: the first account, posting, settlement or year
    /// that is not as it was written, if there is one.
    ///
    /// # Errors
    /// It is damaged, or the database failed.
    pub fn verify(&self) -> Result<Vec<(Region, Chain, Option<String>)>, CentreError> {
        let found = self.verify_chains()?;
        // The first broken link says more than that rows do not fit together.
        if found.iter().all(|(_, chain, wrong)| matches!(chain, Chain::Whole(_)) && wrong.is_none()) {
            self.look_through()?;
        }
        Ok(found)
    }

    /// The same, and the database as such is not looked through.
    ///
    /// # Errors
    /// The database failed.
    pub fn verify_chains(&self) -> Result<Vec<(Region, Chain, Option<String>)>, CentreError> {
        let verify = |area| {
            let chain = audit::verify(&self.store, &self.store.vault, area)?;
            let wrong = match ledger::check::verify(&self.store, &self.store.vault, area)? {
                None => settlement::records::verify(&self.store, area)?,
                wrong => wrong,
            };
            Ok((area, chain, wrong))
        };
        founding::recorded_areas(&self.store)?.into_iter().map(verify).collect()
    }

    /// The files of an area now, outside a transaction: for reading.
    fn office(&self, area: Region) -> Office<'_> {
        Office::new(&self.store, (&self.store.vault, &self.hsm), area, self.clock.now())
    }

    /// The security module, which also issues cards.
    pub const fn hsm(&self) -> &Hsm {
        &self.hsm
    }

    /// Registers an institution. Its code must be new.
    pub fn add_institution(&mut self, institution: &Institution) -> Result<(), CentreError> {
        let added = institution::records::add_standing(&self.store, institution)?;
        if added { Ok(()) } else { Err(CentreError::InstitutionExists(institution.code)) }
    }

    /// Registers a card with this record, for tests and scenarios: as if it had been applied for, made and handed over. Its
    /// number must be new. The person with the record's document is made known if it is not, and then has what `account`
    /// says; whoever is `insured` stays so without a premium.
    pub fn add_card(&mut self, card: &CardRecord) -> Result<(), CentreError> {
        let files = self.files();
        let added = self.store.atomically(|_| given::add(files, card))?;
        if added { Ok(()) } else { Err(CentreError::CardExists(card.number)) }
    }

    /// What the centre knows of a card.
    pub fn card(&self, number: &CardNumber) -> Result<Option<CardRecord>, CentreError> {
        Ok(self.files().card(*number)?.map(|card| card.record))
    }

    /// What terminals' messages are answered from, now.
    fn files(&self) -> Files<'_> {
        Files { store: &self.store, hsm: &self.hsm, now: self.clock.now() }
    }

    /// When and where functions of a card were put into use, oldest first, including undone ones, which are marked.
    /// Empty for a card that was active when it was added.
    pub fn activations(&self, number: &CardNumber) -> Result<Vec<Activation>, CentreError> {
        self.store.activations(*number)
    }

    /// Ends the lease of a terminal's name, for whoever has ascertained that its terminal works no more: the next terminal
    /// that signs in under this name gets it, with a batch of its own. `false`: nobody had the lease.
    pub fn release(&mut self, institution: InstitutionCode, terminal: TerminalId) -> Result<bool, CentreError> {
        self.store.release(institution, terminal)
    }

    /// Undoes what has been pending for longer than its area allows (`terminal.pending`), because no terminal has confirmed it;
    /// returns how many transactions that were. Each area is a transaction of the database of its own, and so are 200 of one.
    ///
    /// # Errors
    /// The database failed. What was undone before stays so.
    pub fn expire(&mut self) -> Result<u32, CentreError> {
        let mut expired = 0;
        for area in pending::areas(&self.store)? {
            loop {
                let some = self.repeatedly(|centre| pending::expire(centre.files(), area))?;
                expired += some;
                if some < pending::AT_ONCE {
                    break;
                }
            }
        }
        Ok(expired)
    }

    /// How many transactions are pending.
    ///
    /// # Errors
    /// The database failed.
    pub fn pending(&self) -> Result<u32, CentreError> {
        pending::count(&self.store)
    }

    /// All decisions in the order in which the centre learnt of them: transactions, refusals of other messages, and
    /// reports of terminals.
    pub fn journal(&self) -> Result<Vec<JournalEntry>, CentreError> {
        self.store.journal()
    }
}

/// Shows nothing of what the centre knows, which is personal or secret.
impl fmt::Debug for Centre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Centre")
    }
}

#[cfg(test)]
mod tests;
