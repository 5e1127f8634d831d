//! Settlement between a terminal and the centre (docs/centre.md §22): totals are compared, and if they differ every entry.
//!
//! | What comes | The batch is | What happens | Answer |
//! |---|---|---|---|
//! | totals | not settled, and they are the centre's, and nothing is pending | settled | balanced |
//! | totals | not settled, and anything else | kept; what was uploaded before is forgotten | differs |
//! | the same totals again | settled | nothing | balanced, closed |
//! | other totals | settled | nothing; in the journal | refused, batch settled |
//! | entries | without totals | nothing | open |
//! | entries | differing | kept by their places; said again they stand there already | differs |
//! | the end of the upload | differing, and a place is missing | nothing | differs |
//! | the end of the upload | differing, and all is there | compared, settled | balanced, closed |
//! | entries, the end of the upload | settled | nothing | balanced, closed |
//!
//! A message of a terminal that has not the lease of its name, or about a batch after the lease's, is refused as not signed in.
//!
//! `compare` says what differs, and touches no database; `rows` reads and writes; `after` is what follows of a settlement
//! for transactions; `faults` proves that the tests can fail; `bank_file` has the bank's file of a day; `acts` is
//! what people see.

pub(crate) mod acts;
pub(crate) mod after;
mod bank_file;
pub(crate) mod compare;
pub(crate) mod faults;
mod rows;

use qiyong_protocol::centre::{Answer, BatchState, Ended, Entry, Request, Totals};
use qiyong_protocol::rules::reason::Reason;

use crate::error::CentreError;
use crate::institution::records::area_of;
use crate::store::Store;
use crate::terminal::files::Files;
use crate::terminal::{leases, transactions};
use compare::{Finding, Recorded};
use faults::{Fault, bent};
use rows::Key;

/// Compares a terminal's totals with the centre's, and settles the batch if they are equal.
pub(crate) fn settle(files: Files<'_>, request: &Request<'_>, totals: &Totals) -> Result<Answer, CentreError> {
    within(files, request, |store, key| {
        if let Some((state, told)) = rows::find(store, key)?
            && state.is_settled()
            && !bent(Fault::SettledAgain)
        {
            let again = told == *totals;
            return Ok(if again { Answer::Batch(state) } else { Answer::Refused(Reason::BatchSettled) });
        }
        let (own, pending) = rows::own_totals(store, key)?;
        rows::begin(store, key, (*totals, own), files.now)?;
        if own != *totals || pending {
            return Ok(Answer::Batch(BatchState::Differs));
        }
        rows::close(store, key, (BatchState::Balanced, own), &[], files.now)?;
        Ok(Answer::Batch(BatchState::Balanced))
    })
}

/// Keeps entries of a batch whose totals differ.
pub(crate) fn upload(
    files: Files<'_>,
    request: &Request<'_>,
    from: u32,
    entries: &[Entry],
) -> Result<Answer, CentreError> {
    within(files, request, |store, key| {
        let Some((BatchState::Differs, _)) = rows::find(store, key)? else { return state_of(store, key) };
        for (place, entry) in (from..).zip(entries) {
            rows::keep(store, key, place, entry)?;
        }
        Ok(Answer::Batch(BatchState::Differs))
    })
}

/// Compares what was uploaded, entry by entry, and settles the batch.
pub(crate) fn done(files: Files<'_>, request: &Request<'_>, count: u32) -> Result<Answer, CentreError> {
    within(files, request, |store, key| {
        let Some((BatchState::Differs, told)) = rows::find(store, key)? else { return state_of(store, key) };
        let Some(entries) = rows::uploaded(store, key, count)? else {
            // Something was lost on the way: once more.
            return Ok(Answer::Batch(BatchState::Differs));
        };
        let mut findings = resolve(files, request, &entries, &rows::recorded(store, key)?)?;
        let elsewhere = rows::elsewhere(store, key)?;
        findings.extend(compare::compare(&entries, &rows::recorded(store, key)?, &elsewhere, &told));
        let (own, pending) = rows::own_totals(store, key)?;
        let agree = own == told && !pending && findings.iter().all(|finding| !finding.verdict.is_difference());
        let state = if agree { BatchState::Balanced } else { BatchState::Closed };
        rows::close(store, key, (state, own), &findings, files.now)?;
        Ok(Answer::Batch(state))
    })
}

/// What the pending transactions become by the terminal's word. An entry is as good as a confirmation or a reversal: the same
/// terminal says so under its key, and all that these name, and more, must agree.
fn resolve(
    files: Files<'_>,
    request: &Request<'_>,
    entries: &[Entry],
    recorded: &[Recorded],
) -> Result<Vec<Finding>, CentreError> {
    let mut findings = Vec::new();
    for entry in compare::resolving(entries, recorded) {
        let answer = match entry.ended {
            Ended::Confirmed => transactions::confirm(files, request, (entry.stan, entry.original), None)?,
            Ended::Reversed => transactions::reverse(files, request, entry.stan, entry.original)?,
        };
        if answer == Answer::Done {
            findings.push(Finding::resolved(entry));
        }
    }
    Ok(findings)
}

/// Does all of it in one transaction, for a terminal that may settle.
fn within(
    files: Files<'_>,
    request: &Request<'_>,
    work: impl FnOnce(&Store, &Key) -> Result<Answer, CentreError>,
) -> Result<Answer, CentreError> {
    files.store.atomically(|store| {
        let Some(area) = area_of(store, request.institution)? else {
            return Ok(Answer::Refused(Reason::InstitutionUnknown));
        };
        if !leases::may_settle(store, request)? && !bent(Fault::AnybodySettles) {
            return Ok(Answer::Refused(Reason::NotSignedIn));
        }
        work(store, &Key::new(area, (request.institution, request.terminal, request.batch)))
    })
}

fn state_of(store: &Store, key: &Key) -> Result<Answer, CentreError> {
    Ok(Answer::Batch(rows::find(store, key)?.map_or(BatchState::Open, |(state, _)| state)))
}
