//! The application around its visits: does what the till commands over the serial link, one thing after the other.
//!
//! On a board, [`obey`] stands in an endless loop beside [`SerialLink::listen`], which answers what needs no application; the
//! crate's page shows it.

use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::{Event, KeyLoad, Place, Refused};
use qiyong_protocol::rules::institution::InstitutionCode;

use crate::keyring::Keyring;
use crate::link::{Job, Port, SerialLink};
use crate::terminal::{Board, Memory, MemoryError, Report, Terminal};

/// A memory that also keeps where the terminal stands, and its keys: [`Store`](crate::storage::Store) is one.
pub trait Kept: Memory {
    /// Keeps where the terminal stands, and the number of its next transaction if that is ahead of the one that is kept.
    ///
    /// # Errors
    /// When that is not kept; then all is as before.
    fn set_up(&mut self, institution: InstitutionCode, terminal: TerminalId, next: Stan) -> Result<(), MemoryError>;

    /// The number of the next transaction.
    fn next(&self) -> Stan;

    /// The master keys that are kept.
    fn keyring(&self) -> Keyring;

    /// Takes a master key, which comes under the present one or, before the first, under the transport key. It is durable when
    /// this returns, and so is the one before as long as anything is owed under its name.
    ///
    /// # Errors
    /// When it is not taken; then all is as before.
    fn load_key(&mut self, load: &KeyLoad, transport: &X919) -> Result<(), Refused>;
}

impl<M: Kept> Kept for &mut M {
    fn set_up(&mut self, institution: InstitutionCode, terminal: TerminalId, next: Stan) -> Result<(), MemoryError> {
        (**self).set_up(institution, terminal, next)
    }

    fn next(&self) -> Stan {
        (**self).next()
    }

    fn keyring(&self) -> Keyring {
        (**self).keyring()
    }

    fn load_key(&mut self, load: &KeyLoad, transport: &X919) -> Result<(), Refused> {
        (**self).load_key(load, transport)
    }
}

/// Takes a master key and stands where it is for, or says why not.
///
/// Cancel-safety: as [`set_up`].
async fn take_key<P: Port, B: Board<Memory: Kept>>(link: &SerialLink<P>, terminal: &mut Terminal<B>, load: &KeyLoad) {
    let event = match terminal.memory().load_key(load, link.transport()) {
        Ok(()) => {
            terminal.set_up(load.institution, load.terminal);
            let policy = terminal.policy();
            link.install(terminal.memory().keyring(), policy);
            link.stands();
            link.note(terminal.memory().next(), terminal.duties());
            Event::KeyLoaded(load.check)
        }
        Err(why) => Event::Refused(why),
    };
    link.tell(&event).await;
}

/// Stands where the till says, and says so.
///
/// Cancel-safety: dropped midway, the till may not have heard it; it commands it again.
pub async fn set_up<P: Port, B: Board<Memory: Kept>>(link: &SerialLink<P>, terminal: &mut Terminal<B>, place: &Place) {
    let Place { institution, terminal: name, next_stan } = *place;
    // A memory that fails says so in every visit, too.
    let _ = terminal.memory().set_up(institution, name, next_stan);
    terminal.set_up(institution, name);
    link.note(terminal.memory().next(), terminal.duties());
    link.tell_state().await;
}

/// Does what the till commands next; returns the report of a visit. `heard` is told the command first.
///
/// Cancel-safety: as [`Terminal::serve`]. Dropped before a command has come, none is lost. Dropped after the visit, the till may
/// not have heard how it ended; it hears it when it commands the same visit again.
pub async fn obey<P: Port, B: Board<Memory: Kept>>(
    link: &SerialLink<P>,
    terminal: &mut Terminal<B>,
    heard: impl FnOnce(&Job),
) -> Option<Report> {
    let job = link.command().await;
    heard(&job);
    match &job {
        Job::Setup(place) => {
            set_up(link, terminal, place).await;
            None
        }
        Job::LoadKey(load) => {
            take_key(link, terminal, load).await;
            None
        }
        Job::Serve(operation) => {
            // What an await returns straight into a variable lies beside the future; wrapped, in its place.
            let report = Some(terminal.serve(operation).await);
            tell(link, terminal, report.as_ref()).await;
            report
        }
        Job::Attend(what) => {
            let report = Some(terminal.attend(*what).await);
            tell(link, terminal, report.as_ref()).await;
            report
        }
    }
}

/// Tells the till how it ended.
async fn tell<P: Port, B: Board<Memory: Kept>>(
    link: &SerialLink<P>,
    terminal: &mut Terminal<B>,
    report: Option<&Report>,
) {
    link.note(terminal.memory().next(), terminal.duties());
    if let Some(report) = report {
        link.tell_end(report).await;
    }
}
