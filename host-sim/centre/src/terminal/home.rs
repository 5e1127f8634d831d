//! At a terminal's home: whether its request is decided here or by the home of the card, and what that is told.
//!
//! | The request | goes to the card's home if that is another region |
//! |---|---|
//! | sign in, sign off, echo, report | never: the first three are about the terminal, and the number of a card tells no area |
//! | settle a batch, upload, upload done | never: what was passed on is named there, and compared by people |
//! | authenticate, inquire, PIN changed | by the area in the ident code; the lease is looked at here, and the clock for an inquiry |
//! | transact | by the area in the ident code, if its number was never used here; noted in `forwarded` within the same transaction |
//! | reverse, confirm | if its number was passed on, to where it went |
//!
//! What is refused for the lease or the clock is refused here. A number goes to one place for ever: one that was passed on is
//! never decided here, and one that has met its end here is never passed on. A repetition of what was passed on is passed on
//! again, and marked: the card's home answers it if it knows it, and never decides it anew, since the terminal may have been told
//! that nothing was done.

use qiyong_protocol::card::codes::{IdentCode, Region};
use qiyong_protocol::centre::{Body, Request};

use crate::error::CentreError;
use crate::regions::Own;
use crate::terminal::files::Files;
use crate::terminal::forwarded::{self, Forwarded};
use crate::terminal::leases::Hold;
use crate::terminal::origin::{Origin, Told};
use crate::terminal::transactions::identify;

/// Where a request of a terminal that is proved goes, and what is said of it there; `None`: it is decided here. Changes are made
/// within the transaction that is open.
pub(crate) fn elsewhere(
    files: Files<'_>,
    own: &Own,
    request: &Request<'_>,
) -> Result<Option<(Region, Told)>, CentreError> {
    let Some(institution) = Origin::Here.institution(files, request)? else { return Ok(None) };
    let foreign = |ident: IdentCode| Some(ident.region()).filter(|area| own.is_elsewhere(*area));
    let held = || Origin::Here.is_held(files, request);
    let may_begin = || Ok(Origin::Here.hold(files, request)? == Hold::Held);
    let right = || Origin::Here.has_right_clock(files, &institution, request);
    let mut again = false;
    let area = match &request.body {
        Body::SignIn { .. }
        | Body::SignOff
        | Body::Echo
        | Body::Report { .. }
        | Body::SettleBatch { .. }
        | Body::Upload { .. }
        | Body::UploadDone { .. } => None,
        Body::Authenticate(question) => foreign(question.ident).filter_by(held)?,
        Body::PinChanged { ident, .. } => foreign(*ident).filter_by(held)?,
        Body::Inquire { card, .. } => foreign(card.ident).filter_by(held)?.filter_by(right)?,
        Body::Transact { stan, card, .. } => {
            let id = identify(request, *stan);
            let to = foreign(card.ident).map(|area| Forwarded { area, card: card.number });
            match forwarded::find(files.store, institution.area, id)? {
                Some(before) => {
                    again = true;
                    (to == Some(before)).then_some(before.area)
                }
                None => {
                    let is_new = || Ok(files.store.transaction(id)?.is_none() && files.store.reversal(id)?.is_none());
                    let to = to.filter_by(is_new)?.filter_by(may_begin)?.filter_by(right)?;
                    if let Some(to) = to {
                        forwarded::add(files.store, institution.area, id, to)?;
                    }
                    to.map(|to| to.area)
                }
            }
        }
        Body::Reverse { stan, .. } | Body::Confirm { stan, .. } => {
            let before = forwarded::find(files.store, institution.area, identify(request, *stan))?;
            // It may have been its own before the regions were cut anew.
            before.map(|before| before.area).filter(|area| own.is_elsewhere(*area))
        }
    };
    Ok(area.map(|area| (area, Told { institution, again })))
}

/// An option that stays if a question, which may fail, is answered with yes.
trait FilterBy: Sized {
    fn filter_by(self, question: impl FnOnce() -> Result<bool, CentreError>) -> Result<Self, CentreError>;
}

impl<T> FilterBy for Option<T> {
    fn filter_by(self, question: impl FnOnce() -> Result<bool, CentreError>) -> Result<Self, CentreError> {
        match self {
            Some(_) if question()? => Ok(self),
            _ => Ok(None),
        }
    }
}
