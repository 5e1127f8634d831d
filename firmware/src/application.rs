//! The application around its visits: does what the till commands over the serial link, one thing after the other.
//!
//! On a board, [`carry_out`] stands in an endless loop beside [`SerialLink::listen`], which answers what needs no application; the
//! crate's page shows it.

use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::Setup;
use qiyong_protocol::rules::institution::InstitutionCode;
use rand_core::CryptoRng;

use crate::link::{Job, Port, SerialLink};
use crate::slot::CardSlot;
use crate::terminal::{CentreLink, Clock, Memory, MemoryError, Operator, Report, Terminal};

/// A memory that also keeps where the terminal stands: [`Store`](crate::storage::Store) is one.
pub trait Kept: Memory {
    /// Keeps where the terminal stands, and the number of its next transaction if that is ahead of the one that is kept.
    ///
    /// # Errors
    /// When that is not kept; then all is as before.
    fn set_up(&mut self, institution: InstitutionCode, terminal: TerminalId, next: Stan) -> Result<(), MemoryError>;

    /// The number of the next transaction.
    fn next(&self) -> Stan;
}

/// Does what the till commands; returns the report of a visit.
///
/// Cancel-safety: as [`Terminal::serve`]. Dropped after the visit, the till may not have heard how it ended; it hears it when it
/// commands the same visit again.
pub async fn carry_out<P: Port, S: CardSlot, L: CentreLink, O: Operator, C: Clock, R: CryptoRng, M: Kept>(
    link: &SerialLink<P>,
    terminal: &mut Terminal<S, L, O, C, R, M>,
    job: Job,
) -> Option<Report> {
    match job {
        Job::Setup(Setup { institution, terminal: name, next_stan, .. }) => {
            // A memory that fails says so in every visit, too.
            let _ = terminal.memory().set_up(institution, name, next_stan);
            terminal.set_up(institution, name);
            link.note(terminal.memory().next(), terminal.has_unanswered());
            link.tell_state().await;
            None
        }
        Job::Serve(operation) => {
            let report = terminal.serve(&operation).await;
            link.note(terminal.memory().next(), terminal.has_unanswered());
            link.tell_end(&report).await;
            Some(report)
        }
    }
}
