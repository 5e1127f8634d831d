//! A terminal's request and the centre's answer to it.

use qiyong_protocol::card::codes::{CardNumber, IdentCode};
use qiyong_protocol::centre::{Answer, Body, Request, Stan, Standing};
use qiyong_protocol::rules::decision::{Operation, PresentedCard, admit};
use qiyong_protocol::rules::reason::Reason;

use crate::life::card_file;
use crate::store::{Line, LineKind};
use crate::terminal::files::Files;
use crate::terminal::origin::Origin;
use crate::terminal::{leases, transactions, visits};
use crate::{Centre, CentreError};

impl Centre {
    /// Acts on one message. Every refusal by a rule is an answer, and is recorded in the journal. What day it is, the
    /// centre's own clock says; the terminal's time is recorded beside it. If the two are too far apart, the terminal gets
    /// nothing that it asks for; what it tells (a reversal, a report, a changed PIN) is heard, and a card is authenticated.
    ///
    /// # Errors
    /// Nothing was done, and no answer must be sent: the database failed, or an amount or a number has more digits than a
    /// message allows. This is safe, since a terminal without an answer repeats or reverses.
    pub fn handle(&mut self, request: &Request<'_>) -> Result<Answer, CentreError> {
        self.repeatedly(|centre| centre.decide(request, Origin::Here))
    }

    pub(super) fn decide(&self, request: &Request<'_>, origin: Origin<'_>) -> Result<Answer, CentreError> {
        if let Body::Transact { stan, .. } | Body::Reverse { stan, .. } = request.body {
            Stan::new(stan.0).ok_or(CentreError::Number(stan))?;
        }
        let files = self.files();
        let answer = match &request.body {
            // Unknown institutions and terminals without a lease are refused here too, but the journal records these
            // messages as transactions.
            Body::Transact { stan, card, operation } => {
                transactions::transact(files, (request, origin), *stan, card, operation)?
            }
            _ if origin.institution(files, request)?.is_none() => Answer::Refused(Reason::InstitutionUnknown),
            Body::SignIn { .. } if !origin.has_right_clock(files, request)? => Answer::Refused(Reason::ClockWrong),
            Body::SignIn { token } => leases::sign_in(files.store, request, *token)?,
            Body::Reverse { stan, original } => transactions::reverse(files, request, *stan, *original)?,
            _ if !origin.is_held(files, request)? => Answer::Refused(Reason::NotSignedIn),
            Body::Report { card, operation, reason } => {
                let kind = LineKind::Report(*reason);
                files.store.write(request, files.now, &Line { kind, card: *card, operation: Some(*operation) })?;
                Answer::Done
            }
            Body::Authenticate(question) => {
                let (internal, external) = files.hsm.authenticate(question);
                Answer::Authenticated { internal, external }
            }
            Body::Inquire { .. } if !origin.has_right_clock(files, request)? => Answer::Refused(Reason::ClockWrong),
            Body::Inquire { card, operation } => inquire(files, (request, origin), card, operation)?,
            Body::PinChanged { card, ident } => pin_changed(files, request, *card, *ident)?,
        };
        if let Answer::Refused(reason) = answer {
            record_refusal(files, request, reason)?;
        }
        Ok(answer)
    }
}

fn inquire(
    files: Files<'_>,
    (request, origin): (&Request<'_>, Origin<'_>),
    presented: &PresentedCard,
    operation: &Operation,
) -> Result<Answer, CentreError> {
    let institution = origin.institution(files, request)?;
    let known = match files.card_for(presented.number, operation, institution.as_ref())? {
        Ok(known) => known,
        Err(reason) => return Ok(Answer::Refused(reason)),
    };
    let record = known.as_ref().map(|known| &known.record);
    let card = match admit(operation, files.today()?, institution.as_ref(), presented, record) {
        Ok(card) => card,
        Err(reason) => return Ok(Answer::Refused(reason)),
    };
    // Only an initial PIN is changed here, so that most inquiries write nothing.
    if card.pin_is_initial {
        visits::begin(&files.office(card.area), request, card.ident)?;
    }
    Ok(Answer::Standing(Standing {
        status: card.status,
        social: card.social,
        financial: card.financial,
        pin_is_initial: card.pin_is_initial,
    }))
}

fn pin_changed(
    files: Files<'_>,
    request: &Request<'_>,
    number: CardNumber,
    ident: IdentCode,
) -> Result<Answer, CentreError> {
    files.store.atomically(|store| {
        let Some(mut card) = card_file::find(store, &store.vault, number)? else {
            return Ok(Answer::Refused(Reason::CardUnknown));
        };
        if card.ident != ident {
            return Ok(Answer::Refused(Reason::CardNotGenuine));
        }
        if !card.pin_is_initial {
            return Ok(Answer::Done);
        }
        let office = files.office(card.area);
        if !visits::end(&office, request, ident)? {
            return Ok(Answer::Refused(Reason::InitialPinUnchanged));
        }
        card.pin_is_initial = false;
        card_file::update(&office, &card)?;
        Ok(Answer::Done)
    })
}

/// Records a refused message in the journal: a terminal does not report what the centre itself has refused.
fn record_refusal(files: Files<'_>, request: &Request<'_>, reason: Reason) -> Result<(), CentreError> {
    let (stan, card, operation) = match &request.body {
        Body::SignIn { .. } | Body::Authenticate(_) => (None, None, None),
        Body::Inquire { card, operation } => (None, Some(card.number), Some(*operation)),
        Body::Reverse { stan, original } => (Some(*stan), Some(original.card), None),
        Body::PinChanged { card, .. } => (None, Some(*card), None),
        Body::Report { card, operation, .. } => (None, *card, Some(*operation)),
        // The journal already has it.
        Body::Transact { .. } => return Ok(()),
    };
    files.store.write(request, files.now, &Line { kind: LineKind::Refusal(stan, reason), card, operation })?;
    Ok(())
}
