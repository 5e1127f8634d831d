//! The card centre (卡管中心): knows every institution and card, decides what terminals ask, and remembers it.
//!
//! [`Centre::handle`] takes one message and gives one answer, [`Centre::handle_bytes`] the same in bytes. The rules are [`qiyong_protocol::rules::decision`]'s; this
//! crate does what they say: `transactions` carries out and undoes, `store` keeps everything in one SQLite database,
//! [`hsm`] holds the keys, [`issue`] makes new cards of them, `journal` is what reports are made from. No messages over a line here, no threads and no
//! clock: time is what the terminal's message says.
#![forbid(unsafe_code)]

mod advice;
mod columns;
mod endpoint;
mod error;
pub mod hsm;
pub mod issue;
mod journal;
mod store;
mod transactions;

use std::fmt;
use std::path::Path;

use qiyong_protocol::card::codes::{CardNumber, IdentCode};
use qiyong_protocol::centre::{Answer, Body, Request, Stan, Standing, TerminalId};
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation, PresentedCard, admit};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::reason::Reason;

pub use endpoint::test_mac_key;
pub use error::{CentreError, Damage};
use hsm::Hsm;
pub use journal::{Activation, DecidedBy, Function, JournalEntry};
use store::{Line, LineKind, Store};

/// The card centre.
pub struct Centre {
    store: Store,
    hsm: Hsm,
}

impl Centre {
    /// The centre whose database is the file `path`. A file that is missing or empty becomes a new centre, with the test
    /// keys; [`Centre::create`] makes one with others.
    pub fn open(path: &Path) -> Result<Self, CentreError> {
        Self::over(Store::open(path)?)
    }

    /// A new centre in the file `path`, which must be missing or empty, with these keys. They are kept in the file.
    pub fn create(path: &Path, hsm: &Hsm) -> Result<Self, CentreError> {
        Self::over(Store::create(path, hsm)?)
    }

    /// A new centre that ends with the program, with the test keys.
    pub fn in_memory() -> Result<Self, CentreError> {
        Self::in_memory_with(&Hsm::test_keys())
    }

    /// A new centre that ends with the program, with these keys.
    pub fn in_memory_with(hsm: &Hsm) -> Result<Self, CentreError> {
        Self::over(Store::in_memory(hsm)?)
    }

    fn over(store: Store) -> Result<Self, CentreError> {
        let hsm = store.hsm()?;
        Ok(Self { store, hsm })
    }

    /// The security module, which issues cards too.
    pub const fn hsm(&self) -> &Hsm {
        &self.hsm
    }

    /// Makes an institution known. Its code must be new.
    pub fn add_institution(&mut self, institution: &Institution) -> Result<(), CentreError> {
        let added = self.store.add_institution(institution)?;
        if added { Ok(()) } else { Err(CentreError::InstitutionExists(institution.code)) }
    }

    /// Makes a card known, as it stands in the record. Its number must be new.
    pub fn add_card(&mut self, card: &CardRecord) -> Result<(), CentreError> {
        let added = self.store.add_card(card)?;
        if added { Ok(()) } else { Err(CentreError::CardExists(card.number)) }
    }

    /// Acts on one message. Every rule that says no is an answer, and on the journal.
    ///
    /// An error means that nothing was done and no answer is to be sent: the database failed, an amount has more digits than
    /// a message, or the terminal used a number twice ([`CentreError::NumberReused`]). A terminal without an answer
    /// repeats or reverses, so that is safe.
    pub fn handle(&mut self, request: &Request<'_>) -> Result<Answer, CentreError> {
        let answer = match &request.body {
            // Strangers are refused here too, but what they say goes on the journal as what it is.
            Body::Transact { stan, card, operation } => {
                transactions::transact(&self.store, request, *stan, card, operation)?
            }
            Body::Report { card, operation, reason } => self.report(request, *card, operation, *reason)?,
            _ if self.store.institution(request.institution)?.is_none() => Answer::Refused(Reason::InstitutionUnknown),
            Body::Authenticate(question) => {
                let (internal, external) = self.hsm.authenticate(question);
                Answer::Authenticated { internal, external }
            }
            Body::Inquire { card, operation } => self.inquire(request, card, operation)?,
            Body::Reverse { stan, card } => transactions::reverse(&self.store, request, *stan, *card)?,
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
        let institution = self.store.institution(request.institution)?;
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

    fn report(
        &self,
        request: &Request<'_>,
        card: Option<CardNumber>,
        operation: &Operation,
        reason: Reason,
    ) -> Result<Answer, CentreError> {
        let institution = self.store.institution(request.institution)?;
        self.store.write(request, &Line { kind: LineKind::Report(reason), card, operation: Some(operation) })?;
        Ok(institution.map_or(Answer::Refused(Reason::InstitutionUnknown), |_| Answer::Done))
    }

    /// Puts a refused message on the journal: a terminal does not report what the centre itself refused.
    fn record_refusal(&self, request: &Request<'_>, reason: Reason) -> Result<(), CentreError> {
        let (stan, card, operation) = match &request.body {
            Body::Authenticate(_) => (None, None, None),
            Body::Inquire { card, operation } => (None, Some(card.number), Some(*operation)),
            Body::Reverse { stan, card } => (Some(*stan), Some(*card), None),
            Body::PinChanged { card, .. } => (None, Some(*card), None),
            // Already there.
            Body::Transact { .. } | Body::Report { .. } => return Ok(()),
        };
        self.store.write(request, &Line { kind: LineKind::Refusal(stan, reason), card, operation })?;
        Ok(())
    }

    /// What the centre knows of a card.
    pub fn card(&self, number: &CardNumber) -> Result<Option<CardRecord>, CentreError> {
        self.store.card(*number)
    }

    /// When and where functions of a card were put into use, oldest first; undone ones are marked. Empty for a card that
    /// was active when it was added.
    pub fn activations(&self, number: &CardNumber) -> Result<Vec<Activation>, CentreError> {
        self.store.activations(*number)
    }

    /// The number of a terminal's next transaction: the one after the last it used, since none may be used again.
    pub fn next_stan(&self, institution: InstitutionCode, terminal: TerminalId) -> Result<Stan, CentreError> {
        let journal = self.journal()?;
        let own = |entry: &&JournalEntry| entry.institution == institution && entry.terminal == terminal.as_str();
        let last = journal.iter().rev().filter(own).find_map(|entry| entry.stan);
        Ok(last.map_or(Stan(1), Stan::next))
    }

    /// Everything that was decided, in the order in which the centre heard of it: transactions, refusals of other messages,
    /// and reports of terminals.
    pub fn journal(&self) -> Result<Vec<JournalEntry>, CentreError> {
        self.store.journal()
    }
}

/// Nothing of what it knows: that belongs to persons, or is secret.
impl fmt::Debug for Centre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Centre")
    }
}

#[cfg(test)]
mod tests;
