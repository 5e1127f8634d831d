//! The card centre (卡管中心): knows every institution and card, decides about the requests of terminals, and remembers
//! them.
//!
//! [`Centre::handle`] takes one message and gives one answer; [`Centre::handle_bytes`] does the same in bytes. The
//! rules are those of [`qiyong_protocol::rules::decision`]; this crate carries out their decisions. `terminal` is the
//! terminals' path. [`Centre::carry_out`] does what people and other systems do at the centre: [`acts`] says what an act
//! is, each room has its own, `registry` lists them, `dispatch` carries them out. `store` keeps everything in one SQLite
//! database, [`hsm`] holds the keys, [`issue`] makes new cards with them. Not here: lines and threads.
#![forbid(unsafe_code)]

pub mod access;
pub mod acts;
pub mod agency;
pub mod application;
pub mod clock;
pub mod configuration;
mod dispatch;
mod error;
mod founding;
pub mod hsm;
pub mod institution;
pub mod insurance;
pub mod issue;
pub mod ledger;
pub mod life;
pub mod orders;
pub mod parameters;
pub mod persons;
pub mod production;
pub mod registry;
pub mod settlement;
pub mod slip;
pub mod store;
mod terminal;

use std::fmt;
use std::path::Path;

use jiff::civil::DateTime;

use qiyong_protocol::card::codes::{CardNumber, IdentCode, Region};
use qiyong_protocol::centre::{Answer, Body, Request, Stan, Standing, TerminalId};
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation, PresentedCard, admit};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::reason::Reason;

use acts::desk::Operator;
use acts::office::Office;
use acts::refusal::Refusal;
use clock::{Clock, SetClock, SystemClock};
pub use dispatch::Request as ActRequest;
pub use error::{CentreError, Damage};
pub use founding::{ADMINISTRATOR, Founding};
use hsm::Hsm;
pub use store::audit::Chain;
use store::{Line, LineKind, Store, audit};
pub use terminal::endpoint::test_mac_key;
pub use terminal::journal::{Activation, DecidedBy, Function, JournalEntry};
use terminal::{leases, transactions};

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
        Self::over(Store::open(path)?)
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

    fn over(store: Store) -> Result<Self, CentreError> {
        let hsm = store.hsm()?;
        let clock: Box<dyn Clock> = match store.stopped_clock()? {
            Some(time) => Box::new(SetClock::new(time)),
            None => Box::new(SystemClock),
        };
        Ok(Self { store, hsm, clock })
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

    /// Follows the audit chain of each area, and adds up its ledger: the first account or posting that does not add up,
    /// if there is one.
    pub fn verify(&self) -> Result<Vec<(Region, Chain, Option<String>)>, CentreError> {
        let verify = |area| {
            let chain = audit::verify(&self.store, &self.store.vault, area)?;
            Ok((area, chain, ledger::verify(&self.store, area)?))
        };
        self.areas()?.into_iter().map(verify).collect()
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

    /// Registers a card with this record. Its number must be new.
    pub fn add_card(&mut self, card: &CardRecord) -> Result<(), CentreError> {
        let added = self.store.add_card(card)?;
        if added { Ok(()) } else { Err(CentreError::CardExists(card.number)) }
    }

    /// Acts on one message. Every refusal by a rule is an answer, and is recorded in the journal.
    ///
    /// An error means that nothing was done and that no answer must be sent: the database failed, or an amount or a
    /// number has more digits than a message allows. This is safe, since a terminal without an answer repeats or reverses.
    pub fn handle(&mut self, request: &Request<'_>) -> Result<Answer, CentreError> {
        if let Body::Transact { stan, .. } | Body::Reverse { stan, .. } = request.body {
            Stan::new(stan.0).ok_or(CentreError::Number(stan))?;
        }
        let answer = match &request.body {
            // Unknown institutions and terminals without a lease are refused here too, but the journal records these
            // messages as transactions.
            Body::Transact { stan, card, operation } => {
                transactions::transact(&self.store, request, *stan, card, operation)?
            }
            _ if self.store.institution(request.institution, request.time.date)?.is_none() => {
                Answer::Refused(Reason::InstitutionUnknown)
            }
            Body::SignIn { token } => leases::sign_in(&self.store, request, *token)?,
            Body::Reverse { stan, original } => transactions::reverse(&self.store, request, *stan, *original)?,
            _ if !leases::is_held(&self.store, request)? => Answer::Refused(Reason::NotSignedIn),
            Body::Report { card, operation, reason } => {
                let kind = LineKind::Report(*reason);
                self.store.write(request, &Line { kind, card: *card, operation: Some(*operation) })?;
                Answer::Done
            }
            Body::Authenticate(question) => {
                let (internal, external) = self.hsm.authenticate(question);
                Answer::Authenticated { internal, external }
            }
            Body::Inquire { card, operation } => self.inquire(request, card, operation)?,
            Body::PinChanged { card, ident } => self.pin_changed(*card, *ident)?,
        };
        if let Answer::Refused(reason) = answer {
            self.record_refusal(request, reason)?;
        }
        Ok(answer)
    }

    fn inquire(
        &self,
        request: &Request<'_>,
        presented: &PresentedCard,
        operation: &Operation,
    ) -> Result<Answer, CentreError> {
        let institution = self.store.institution(request.institution, request.time.date)?;
        let record = self.store.card(presented.number)?;
        let admitted = admit(operation, request.time.date, institution.as_ref(), presented, record.as_ref());
        Ok(match admitted {
            Ok(card) => Answer::Standing(Standing {
                status: card.status,
                social: card.social,
                financial: card.financial,
                pin_is_initial: card.pin_is_initial,
            }),
            Err(reason) => Answer::Refused(reason),
        })
    }

    fn pin_changed(&self, number: CardNumber, ident: IdentCode) -> Result<Answer, CentreError> {
        self.store.atomically(|store| {
            let Some(mut card) = store.card(number)? else {
                return Ok(Answer::Refused(Reason::CardUnknown));
            };
            if card.ident != ident {
                return Ok(Answer::Refused(Reason::CardNotGenuine));
            }
            card.pin_is_initial = false;
            store.update_card(&card)?;
            Ok(Answer::Done)
        })
    }

    /// Records a refused message in the journal: a terminal does not report what the centre itself has refused.
    fn record_refusal(&self, request: &Request<'_>, reason: Reason) -> Result<(), CentreError> {
        let (stan, card, operation) = match &request.body {
            Body::SignIn { .. } | Body::Authenticate(_) => (None, None, None),
            Body::Inquire { card, operation } => (None, Some(card.number), Some(*operation)),
            Body::Reverse { stan, original } => (Some(*stan), Some(original.card), None),
            Body::PinChanged { card, .. } => (None, Some(*card), None),
            Body::Report { card, operation, .. } => (None, *card, Some(*operation)),
            // The journal already has it.
            Body::Transact { .. } => return Ok(()),
        };
        self.store.write(request, &Line { kind: LineKind::Refusal(stan, reason), card, operation })?;
        Ok(())
    }

    /// What the centre knows of a card.
    pub fn card(&self, number: &CardNumber) -> Result<Option<CardRecord>, CentreError> {
        self.store.card(*number)
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
