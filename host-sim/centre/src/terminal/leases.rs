//! One terminal works under a name: who gets the lease, who has it, and which numbers go with it (docs/centre.md §12). The
//! working key of its session is made here, too (§18).

use qiyong_protocol::centre::{Answer, Batch, Lease, Request, Session, Stan, TerminalId, Token, WorkingKey};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::reason::Reason;

use crate::error::CentreError;
use crate::institution::records::area_of;
use crate::store::Store;
use crate::store::leases::StoredLease;
use crate::terminal::columns::timestamp;
use crate::terminal::files::Files;
use crate::terminal::keys::Proof;
use crate::terminal::{forwarded, keys, policy};

/// Gives the terminal with this token the lease of its name, unless another terminal has it, and a working key under the key by
/// which it has proved itself. The same message said again gets the same key.
pub(crate) fn sign_in(
    files: Files<'_>,
    request: &Request<'_>,
    token: Token,
    proof: &Proof,
) -> Result<Answer, CentreError> {
    let Request { institution, terminal, time, .. } = *request;
    files.store.atomically(|store| {
        let signed_in = |lease: Lease| {
            let key = keys::begin_session((store, &store.vault), (institution, terminal), proof.asked.as_deref())?;
            let key = WorkingKey::new(&proof.key, &key);
            let (time, policy) = (timestamp(files.now)?, policy::of(files, institution)?);
            Ok(Answer::SignedIn { lease, session: Session { key, time, policy } })
        };
        let lease = store.lease(institution, terminal)?;
        let next = match lease {
            Some(lease) => next_number(store, institution, terminal, lease.batch)?,
            None => None,
        };
        match grant(lease, token, next) {
            Grant::Refused(reason) => Ok(Answer::Refused(reason)),
            Grant::Same(lease) => signed_in(lease),
            Grant::Next(lease) => {
                store.set_lease(institution, terminal, (lease.batch, token), time)?;
                signed_in(lease)
            }
        }
    })
}

/// What a terminal that signs in gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Nothing.
    Refused(Reason),
    /// What it has already.
    Same(Lease),
    /// The next batch, with all its numbers.
    Next(Lease),
}

/// What a terminal with this token gets of a name with this lease; `next` is the lowest number of the lease's batch that was never
/// used, `None` if the last was.
pub fn grant(lease: Option<StoredLease>, token: Token, next: Option<Stan>) -> Grant {
    let last = match lease {
        Some(StoredLease { token: Some(holder), .. }) if holder != token => return Grant::Refused(Reason::NameTaken),
        Some(StoredLease { batch, token: Some(_), settled: false }) => match next {
            Some(next) => return Grant::Same(Lease { batch, next }),
            None => batch,
        },
        Some(StoredLease { batch, .. }) => batch,
        None => Batch::NONE,
    };
    if last == Batch::LAST {
        return Grant::Refused(Reason::NumbersUsedUp);
    }
    Grant::Next(Lease { batch: Batch(last.0 + 1), next: Stan(1) })
}

/// The lowest number that was never used in this batch, here or elsewhere, nor one above it; `None` if the last was used.
fn next_number(
    store: &Store,
    institution: InstitutionCode,
    terminal: TerminalId,
    batch: Batch,
) -> Result<Option<Stan>, CentreError> {
    let Some(next) = store.next_number(institution, terminal, batch)? else { return Ok(None) };
    let Some(area) = area_of(store, institution)? else { return Ok(Some(next)) };
    let passed = forwarded::last(store, area, (institution, terminal, batch))?;
    Ok(Stan::new(next.0.max(passed.saturating_add(1))))
}

/// Whether a terminal may work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It has not the lease of its name, or names another batch than the lease's.
    None,
    /// It may.
    Held,
    /// It has the lease, whose batch is settled: no transaction is begun in it.
    Settled,
}

/// Whether a request comes from the terminal that has the lease of its name.
pub(crate) fn hold(store: &Store, request: &Request<'_>) -> Result<Hold, CentreError> {
    Ok(hold_of(store.lease(request.institution, request.terminal)?, request.batch))
}

/// Whether a message that names this batch comes from the terminal that has this lease of its name.
pub fn hold_of(lease: Option<StoredLease>, batch: Batch) -> Hold {
    match lease {
        Some(lease) if lease.batch == batch && lease.token.is_some() => {
            if lease.settled {
                Hold::Settled
            } else {
                Hold::Held
            }
        }
        _ => Hold::None,
    }
}

/// Whether a request comes from the terminal that has the lease of its name, and is about the lease's batch or one before it.
pub(crate) fn may_settle(store: &Store, request: &Request<'_>) -> Result<bool, CentreError> {
    let lease = store.lease(request.institution, request.terminal)?;
    Ok(lease.is_some_and(|lease| lease.token.is_some() && request.batch <= lease.batch))
}
