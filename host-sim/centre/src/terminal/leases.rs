//! One terminal works under a name: who gets the lease, who has it, and which numbers go with it (docs/centre.md §12).

use qiyong_protocol::centre::{Answer, Batch, Lease, Request, Stan, Token};
use qiyong_protocol::rules::reason::Reason;

use crate::error::CentreError;
use crate::store::Store;
use crate::store::leases::StoredLease;

/// Gives the terminal with this token the lease of its name, unless another terminal has it.
pub(crate) fn sign_in(store: &Store, request: &Request<'_>, token: Token) -> Result<Answer, CentreError> {
    let Request { institution, terminal, time, .. } = *request;
    store.atomically(|store| {
        let last = match store.lease(institution, terminal)? {
            Some(StoredLease { token: Some(holder), .. }) if holder != token => {
                return Ok(Answer::Refused(Reason::NameTaken));
            }
            Some(StoredLease { batch, token: Some(_) }) => {
                if let Some(next) = store.next_number(institution, terminal, batch)? {
                    return Ok(Answer::SignedIn(Lease { batch, next }));
                }
                batch
            }
            Some(StoredLease { batch, token: None }) => batch,
            None => Batch::NONE,
        };
        // A new batch, with all its numbers.
        if last == Batch::LAST {
            return Ok(Answer::Refused(Reason::NumbersUsedUp));
        }
        let batch = Batch(last.0 + 1);
        store.set_lease(institution, terminal, (batch, token), time)?;
        Ok(Answer::SignedIn(Lease { batch, next: Stan(1) }))
    })
}

/// Whether a request comes from the terminal that has the lease of its name.
pub(crate) fn is_held(store: &Store, request: &Request<'_>) -> Result<bool, CentreError> {
    let lease = store.lease(request.institution, request.terminal)?;
    Ok(lease.is_some_and(|lease| lease.batch == request.batch && lease.token.is_some()))
}
