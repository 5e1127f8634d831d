//! A terminal's request and the centre's answer to it.

use qiyong_protocol::card::codes::{CardNumber, IdentCode};
use qiyong_protocol::centre::{Answer, Body, Request, Stan, Standing};
use qiyong_protocol::rules::decision::{Institution, Operation, PresentedCard, admit};
use qiyong_protocol::rules::reason::Reason;

use crate::life::card_file;
use crate::production::pin;
use crate::store::{Line, LineKind};
use crate::terminal::endpoint::test_mac_key;
use crate::terminal::files::Files;
use crate::terminal::keys::Proof;
use crate::terminal::origin::Origin;
use crate::terminal::{keys, leases, transactions, visits};
use crate::{Centre, CentreError};

impl Centre {
    /// Acts on one message. Every refusal by a rule is an answer, and is recorded in the journal. What day it is, the
    /// centre's own clock says; the terminal's time is recorded beside it. If the two are too far apart, the terminal gets
    /// nothing that it asks for; what it tells (a reversal, a confirmation, a report, a changed PIN) is heard, and a card is authenticated.
    ///
    /// # Errors
    /// Nothing was done, and no answer must be sent: the database failed, or an amount or a number has more digits than a
    /// message allows. This is safe, since a terminal without an answer repeats or reverses.
    pub fn handle(&mut self, request: &Request<'_>) -> Result<Answer, CentreError> {
        self.repeatedly(|centre| centre.decide(request, Origin::Here, &centre.proof_of(request)?))
    }

    /// What proves a request that never was bytes: the key that its terminal has.
    fn proof_of(&self, request: &Request<'_>) -> Result<Proof, CentreError> {
        let known = match request.body {
            Body::SignIn { .. } => self.master_keys(request.institution, request.terminal)?.into_iter().next(),
            // Nothing is given under it.
            _ => None,
        };
        Ok(Proof { key: known.map_or_else(test_mac_key, |known| known.key), asked: None })
    }

    pub(super) fn decide(
        &self,
        request: &Request<'_>,
        origin: Origin<'_>,
        proof: &Proof,
    ) -> Result<Answer, CentreError> {
        if let Body::Transact { stan, .. } | Body::Reverse { stan, .. } | Body::Confirm { stan, .. } = request.body {
            Stan::new(stan.0).ok_or(CentreError::Number(stan))?;
        }
        let files = self.files();
        let place = match request.body {
            // It looks within its own transaction, and the journal records unknown institutions and terminals without a lease
            // as transactions.
            Body::Transact { .. } => None,
            _ => origin.institution(files, request)?,
        };
        let clock_is_wrong =
            |place: &Institution| Ok::<_, CentreError>(!origin.has_right_clock(files, place, request)?);
        let answer = match (&request.body, place) {
            (Body::Transact { stan, card, operation }, _) => {
                transactions::transact(files, (request, origin), *stan, card, operation)?
            }
            (_, None) => Answer::Refused(Reason::InstitutionUnknown),
            (Body::SignIn { .. }, Some(place)) if clock_is_wrong(&place)? => Answer::Refused(Reason::ClockWrong),
            (Body::SignIn { token }, _) => leases::sign_in(files, request, *token, proof)?,
            (Body::SignOff, _) => {
                keys::end_session(files.store, (request.institution, request.terminal), files.now)?;
                Answer::Done
            }
            (Body::Reverse { stan, original }, _) => transactions::reverse(files, request, *stan, *original)?,
            (Body::Confirm { stan, original, result }, _) => {
                transactions::confirm(files, request, (*stan, *original), *result)?
            }
            _ if !origin.is_held(files, request)? => Answer::Refused(Reason::NotSignedIn),
            (Body::Echo, _) => Answer::Done,
            (Body::Report { card, operation, reason }, _) => {
                let kind = LineKind::Report(*reason);
                files.store.write(request, files.now, &Line { kind, card: *card, operation: Some(*operation) })?;
                Answer::Done
            }
            (Body::Authenticate(question), _) => {
                let (internal, external) = files.hsm.authenticate(question);
                Answer::Authenticated { internal, external }
            }
            (Body::Inquire { .. }, Some(place)) if clock_is_wrong(&place)? => Answer::Refused(Reason::ClockWrong),
            (Body::Inquire { card, operation }, Some(place)) => inquire(files, request, (card, operation), &place)?,
            (Body::PinChanged { card, ident }, _) => pin_changed(files, request, *card, *ident)?,
        };
        if let Answer::Refused(reason) = answer {
            record_refusal(files, request, reason)?;
        }
        Ok(answer)
    }
}

fn inquire(
    files: Files<'_>,
    request: &Request<'_>,
    (presented, operation): (&PresentedCard, &Operation),
    place: &Institution,
) -> Result<Answer, CentreError> {
    let known = match files.card_for(presented.number, operation, Some(place))? {
        Ok(known) => known,
        Err(reason) => return Ok(Answer::Refused(reason)),
    };
    let record = known.as_ref().map(|known| &known.record);
    let card = match admit(operation, files.today()?, Some(place), presented, record) {
        Ok(card) => card,
        Err(reason) => return Ok(Answer::Refused(reason)),
    };
    // Only an initial PIN is changed here, so that most inquiries write nothing.
    let mut initial_is_common = false;
    if card.pin_is_initial {
        visits::begin(&files.office(card.area), request, card.ident)?;
        initial_is_common = pin::initial_is_common(files.store, card)?;
    }
    Ok(Answer::Standing(Standing {
        status: card.status,
        social: card.social,
        financial: card.financial,
        pin_is_initial: card.pin_is_initial,
        initial_is_common,
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
        Body::SignIn { .. } | Body::SignOff | Body::Echo | Body::Authenticate(_) => (None, None, None),
        Body::Inquire { card, operation } => (None, Some(card.number), Some(*operation)),
        Body::Reverse { stan, original } | Body::Confirm { stan, original, .. } => {
            (Some(*stan), Some(original.card), None)
        }
        Body::PinChanged { card, .. } => (None, Some(*card), None),
        Body::Report { card, operation, .. } => (None, *card, Some(*operation)),
        // The journal already has it.
        Body::Transact { .. } => return Ok(()),
    };
    files.store.write(request, files.now, &Line { kind: LineKind::Refusal(stan, reason), card, operation })?;
    Ok(())
}
