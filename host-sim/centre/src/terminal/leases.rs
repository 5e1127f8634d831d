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
        let last = match store.lease(institution, terminal)? {
            Some(StoredLease { token: Some(holder), .. }) if holder != token => {
                return Ok(Answer::Refused(Reason::NameTaken));
            }
            Some(StoredLease { batch, token: Some(_), settled: false }) => {
                if let Some(next) = next_number(store, institution, terminal, batch)? {
                    return signed_in(Lease { batch, next });
                }
                batch
            }
            Some(StoredLease { batch, .. }) => batch,
            None => Batch::NONE,
        };
        // A new batch, with all its numbers.
        if last == Batch::LAST {
            return Ok(Answer::Refused(Reason::NumbersUsedUp));
        }
        let batch = Batch(last.0 + 1);
        store.set_lease(institution, terminal, (batch, token), time)?;
        signed_in(Lease { batch, next: Stan(1) })
    })
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
pub(crate) enum Hold {
    /// It has not the lease of its name, or names another batch than the lease's.
    None,
    /// It may.
    Held,
    /// It has the lease, whose batch is settled: no transaction is begun in it.
    Settled,
}

/// Whether a request comes from the terminal that has the lease of its name.
pub(crate) fn hold(store: &Store, request: &Request<'_>) -> Result<Hold, CentreError> {
    let lease = store.lease(request.institution, request.terminal)?;
    Ok(match lease {
        Some(StoredLease { batch, token: Some(_), settled }) if batch == request.batch => {
            if settled {
                Hold::Settled
            } else {
                Hold::Held
            }
        }
        _ => Hold::None,
    })
}

/// Whether a request comes from the terminal that has the lease of its name, and is about the lease's batch or one before it.
pub(crate) fn may_settle(store: &Store, request: &Request<'_>) -> Result<bool, CentreError> {
    let lease = store.lease(request.institution, request.terminal)?;
    Ok(lease.is_some_and(|lease| lease.token.is_some() && request.batch <= lease.batch))
}
