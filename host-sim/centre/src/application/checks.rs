//! What is checked of a form before anybody reviews it: its documents and fields, who is known, and whether the person has an
//! application or a card already (docs/centre.md §6.5.10).

use std::collections::HashSet;

use jiff::civil::Date;

use super::codes::{ApplicationKind, Reason};
use super::documents::numbers::{Checked, is_region, social_security_number};
use super::documents::{self, Kind};
use super::form::{Document, Form};
use super::form_rules::{self, Context};
use super::record;
use super::refused::{Refused, Whose};
use super::rules::{ApplicationRules, Banks, ProofRules};
use super::state::{State, Step};
use crate::acts::desk::Desk;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::error::CentreError;
use crate::life::card_file::{self, CardKind};
use crate::life::replacement::{Validity, may_have_another, replaceable};
use crate::persons::{self, Person};
use crate::store::value::values;

/// A form in which nothing is wrong.
pub(super) struct Sound {
    /// What the holder's number says.
    pub(super) holder: Checked,
    /// By what the holder's applications are found.
    pub(super) document: [u8; 32],
    /// Who is known with this document.
    pub(super) person: Option<Person>,
}

/// Checks a form in the area of the desk, today. `own` is the number of the application that has it, if one has.
///
/// Everything that is wrong with documents and fields is returned at once; who is known is asked only of a form in which
/// nothing else is wrong.
pub(super) fn check(
    desk: &Desk<'_>,
    form: &Form,
    in_list: bool,
    own: Option<&str>,
) -> Result<Result<Sound, Vec<Refusal>>, Refusal> {
    let (rules, proofs, banks): (ApplicationRules, ProofRules, Banks) =
        (desk.parameter()?, desk.parameter()?, desk.parameter()?);
    let known = regions(desk)?;
    let area = desk.area();
    let knows = |region: &str| is_region(region, area.as_str(), &known);
    let mut faults: Vec<Refusal> = Vec::new();
    let mut look = |whose, document: &Document| {
        let (kind, number, today) = (document.kind, document.number(), desk.today());
        let wrong = documents::check(kind, &number, document.validity(), today, &knows).err();
        let wrong = wrong.into_iter().flatten().map(|fault| Refusal::from(Refused::Document(whose, kind, fault)));
        faults.extend(wrong);
        // A right number tells birth and sex even if the document has expired.
        documents::numbers::check(kind, &number, today, &knows).ok()
    };
    let holder = look(Whose::Holder, &form.holder.document);
    let guardian = form.guardian.as_ref().and_then(|guardian| look(Whose::Guardian, &guardian.document));
    let agent = form.agent.as_ref().and_then(|agent| look(Whose::Agent, &agent.document));
    let context = Context {
        rules: &rules,
        proofs: &proofs,
        banks: &banks,
        today: desk.today(),
        in_list,
        holder: holder.as_ref(),
        guardian: guardian.as_ref(),
        agent: agent.as_ref(),
    };
    faults.extend(form_rules::check(form, &context).into_iter().map(|fault| Refusal::from(Refused::Form(fault))));
    let Some(holder) = holder.filter(|_| faults.is_empty()) else { return Ok(Err(faults)) };
    let document = persons::document_hash(desk, family(form.holder.document.kind), &holder.identity);
    let person = person(desk, form, &holder)?;
    match standing(desk, form, &holder, person.as_ref(), (&document, own))? {
        Some(fault) => Ok(Err(vec![fault])),
        None => Ok(Ok(Sound { holder, document, person })),
    }
}

/// The same, and the first fault refuses the act.
pub(super) fn sound(desk: &Desk<'_>, form: &Form, in_list: bool, own: Option<&str>) -> Result<Sound, Refusal> {
    check(desk, form, in_list, own)?.map_err(|faults| {
        // There is always one: a form without a fault is sound.
        faults.into_iter().next().unwrap_or_else(|| Refused::State(State::Draft, Step::File).into())
    })
}

/// The codes of the area's regions, withdrawn ones too.
fn regions(office: &Office<'_>) -> Result<HashSet<String>, CentreError> {
    let rows = office.store().rows("SELECT code FROM regions WHERE area = $1 LIMIT 10000", values![office.area()])?;
    rows.iter().map(|row| row.get("code")).collect()
}

/// The kind under which a person is looked for: a household register has the number of the ID card that follows it.
fn family(kind: Kind) -> &'static str {
    if kind == Kind::HouseholdRegister { Kind::IdCard.into() } else { kind.into() }
}

fn person(office: &Office<'_>, form: &Form, holder: &Checked) -> Result<Option<Person>, CentreError> {
    let kinds: &[Kind] = match form.holder.document.kind {
        Kind::IdCard | Kind::HouseholdRegister => &[Kind::IdCard, Kind::HouseholdRegister],
        ref other => std::slice::from_ref(other),
    };
    for kind in kinds {
        if let Some(person) = persons::find_by_document(office, kind.into(), &holder.identity)? {
            return Ok(Some(person));
        }
    }
    Ok(None)
}

fn standing(
    office: &Office<'_>,
    form: &Form,
    holder: &Checked,
    person: Option<&Person>,
    (document, own): (&[u8; 32], Option<&str>),
) -> Result<Option<Refusal>, Refusal> {
    if let Some(person) = person
        && let Some(fault) = person_fault(form, holder, person, office.today())
    {
        return Ok(Some(fault.into()));
    }
    if let Some(open) = record::open_with(office, document)?
        && own != Some(open.as_str())
    {
        return Ok(Some(Refused::Open(open).into()));
    }
    let document = &form.holder.document;
    if social_security_number(document.kind, &holder.identity, &form.holder.country).is_none() {
        return Ok(Some(Refused::NoSocialSecurityNumber.into()));
    }
    card_fault(office, form, person)
}

/// Whether the form contradicts what is known of the person.
fn person_fault(form: &Form, holder: &Checked, person: &Person, today: Date) -> Option<Refused> {
    let enrolled = person.document_kind.as_str();
    let renamed = form.reason == Some(Reason::ChangeOfData);
    if person.until.is_some_and(|until| until <= today) {
        return Some(Refused::PersonEnded);
    }
    if form.holder.document.kind == Kind::HouseholdRegister && enrolled != <&str>::from(Kind::HouseholdRegister) {
        return Some(Refused::KindDiffers(enrolled.to_owned()));
    }
    if person.particulars.name != form.holder.name.expose() && !renamed {
        return Some(Refused::NameDiffers);
    }
    let born = form_rules::born(form, Some(holder));
    (born != Some(person.particulars.born)).then_some(Refused::PersonBornDiffers)
}

/// One person has one card; a replacement or renewal names it, and its status must allow it (docs/centre.md §6.9).
fn card_fault(office: &Office<'_>, form: &Form, person: Option<&Person>) -> Result<Option<Refusal>, Refusal> {
    let Some(person) = person else {
        return Ok((form.kind != ApplicationKind::New).then(|| Refused::PersonUnknown.into()));
    };
    let cards = card_file::of_person(office, &person.number)?;
    let regular = cards.iter().filter(|card| card.kind == CardKind::Regular);
    let Some((old, reason)) = form.old_card.zip(form.reason) else {
        let status = regular.map(|card| card.status_at(office.now()));
        return Ok(may_have_another(status).err().map(Refusal::from));
    };
    let Some(card) = regular.into_iter().find(|card| card.number == old.0) else {
        return Ok(Some(Refused::OldCard.into()));
    };
    let status = card.status_at(office.now());
    let judged = if form.kind == ApplicationKind::Renewal {
        office.parameter::<Validity>()?.renewable(status, card.expires, office.today())
    } else {
        replaceable(status, reason.of_life())
    };
    Ok(judged.err().map(Refusal::from))
}
