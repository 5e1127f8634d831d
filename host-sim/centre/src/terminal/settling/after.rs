//! What a settlement means for the transactions of its batch: nothing new is begun in it, and what is resolved later is noted
//! (docs/centre.md §22). How a batch is settled is not known here.

use super::compare::{Finding, Verdict};
use super::faults::{Fault, bent};
use super::rows::{self, Key};
use crate::error::CentreError;
use crate::institution::records::area_of;
use crate::store::{Store, TransactionId};
use crate::terminal::files::Files;

/// Whether the batch of this transaction is settled.
pub(crate) fn is_settled(store: &Store, id: TransactionId) -> Result<bool, CentreError> {
    let Some(area) = area_of(store, id.institution)? else { return Ok(false) };
    let state = rows::find(store, &Key::new(area, (id.institution, id.terminal, id.batch)))?;
    Ok(state.is_some_and(|(state, _)| state.is_settled()) && !bent(Fault::OldBatchForgotten))
}

/// Notes that the transaction in this row of the journal was resolved after its batch was settled, if it was.
pub(crate) fn note_late(files: Files<'_>, row: i64, verdict: Verdict) -> Result<(), CentreError> {
    let Some((key, stan)) = rows::settled_batch_of(files.store, row)? else { return Ok(()) };
    if bent(Fault::LateUnnoted) {
        return Ok(());
    }
    let finding = Finding { stan: Some(stan), verdict, what: "after the settlement".into() };
    rows::note(files.store, &key, &[finding], files.now)
}
