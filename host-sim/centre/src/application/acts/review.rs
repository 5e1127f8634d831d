//! The review by a second person: an application is approved, or returned with reasons.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::standing::{Standing, open};
use super::steps::{needs_photo, still_sound};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::application::checks::Sound;
use crate::application::documents::numbers::social_security_number;
use crate::application::form_rules;
use crate::application::reasons::ReturnReason;
use crate::application::record::{self, Application};
use crate::application::refused::Refused;
use crate::application::state::Step;
use crate::orders::{self, NewOrder};
use crate::persons::{self, Particulars};

/// What a review comes to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[schema(as = ReviewOutcome)]
pub enum Outcome {
    /// 通过
    Approve,
    /// 退回
    Return,
}

/// Reviews an application: approves it, or returns it with reasons. Nobody reviews what they worked on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationReview)]
pub struct Review {
    /// The application's number, 21 digits
    #[schema(pattern = r"^\d{21}$")]
    pub number: String,
    /// The version that was reviewed
    pub version: u32,
    /// What the review comes to
    pub outcome: Outcome,
    /// Why it is returned: at least one
    #[serde(default)]
    pub reasons: Vec<ReturnReason>,
}

impl Act for Review {
    const NAME: &'static str = "application.review";
    const ROLES: &'static [Role] = &[Role::Reviewer];
    type Answer = Standing;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Standing, Refusal> {
        let step = match self.outcome {
            Outcome::Approve => Step::Approve,
            Outcome::Return => Step::Return,
        };
        let application = open(desk, &self.number, self.version, step)?;
        let workers: Vec<String> = record::steps(desk, &self.number)?
            .into_iter()
            .filter(|(step, ..)| step.is_work())
            .map(|(_, who, _)| who)
            .collect();
        if !may_review(&workers, &desk.operator().id) {
            return Err(Refused::SamePerson.into());
        }
        match self.outcome {
            Outcome::Return => {
                let mut once = self.reasons.clone();
                once.sort_unstable();
                once.dedup();
                if once.is_empty() || once.len() != self.reasons.len() {
                    return Err(Refused::ReasonsMissing.into());
                }
                record::set_reasons(desk, &application, &self.reasons)?;
                record::set_state(desk, &self.number, step)?;
            }
            Outcome::Approve => {
                if !self.reasons.is_empty() {
                    return Err(Refused::ReasonsOfApproval.into());
                }
                let sound = still_sound(desk, &application)?;
                needs_photo(desk, &application, &sound)?;
                record::set_state(desk, &self.number, step)?;
                approve(desk, &application, &sound)?;
            }
        }
        Standing::now(desk, &self.number)
    }
}

/// Whether somebody may review what these operators worked on.
pub(in crate::application) fn may_review(workers: &[String], reviewer: &str) -> bool {
    workers.iter().all(|worker| worker != reviewer)
}

/// Makes the person known, or what is known of the person newer, and places the order for the card.
fn approve(desk: &Desk<'_>, application: &Application, sound: &Sound) -> Result<(), Refusal> {
    let form = &application.form;
    let holder = &form.holder;
    let damaged = || Refused::Form(crate::application::form_fault::FormFault::BornMissing);
    let born = form_rules::born(form, Some(&sound.holder)).ok_or_else(damaged)?;
    let sex = form_rules::sex(form, Some(&sound.holder)).map_or(9, |sex| sex.code());
    let text =
        |field: Option<&crate::acts::fields::Private>| field.map(|text| text.expose().to_owned()).unwrap_or_default();
    let guardian = form.guardian.as_ref();
    let telephone =
        holder.mobile.as_ref().or(holder.telephone.as_ref()).or(guardian.map(|guardian| &guardian.telephone));
    let particulars = Particulars {
        name: holder.name.expose().to_owned(),
        document: sound.holder.identity.clone(),
        sex,
        born,
        address: text(holder.address.as_ref().or(holder.household_address.as_ref())),
        telephone: text(telephone),
    };
    let kind: &str = holder.document.kind.into();
    let until: Option<Date> = holder.document.until.map(|day| day.0);
    let category: &str = form.category.into();
    let person = match &sound.person {
        None => persons::add(desk, &particulars, (kind, until), category)?,
        Some(known) => {
            let mut newer = known.clone();
            newer.document_kind = kind.to_owned();
            newer.document_until = until;
            newer.category = category.to_owned();
            newer.particulars = particulars;
            persons::update(desk, &newer)?;
            newer.number
        }
    };
    record::set_person(desk, application, &person)?;
    place(desk, application, sound, person)
}

fn place(desk: &Desk<'_>, application: &Application, sound: &Sound, person: String) -> Result<(), Refusal> {
    let form = &application.form;
    let document = &form.holder.document;
    let number = social_security_number(document.kind, &sound.holder.identity, &form.holder.country);
    let number = number.ok_or(Refused::NoSocialSecurityNumber)?;
    let word = |kind: &str| kind.to_owned();
    let order = NewOrder {
        application: application.number.clone(),
        person,
        kind: word(form.kind.into()),
        reason: form.reason.map(|reason| word(reason.into())),
        exemption: form.exemption,
        old_card: form.old_card.map(|card| card.to_string()),
        bank: form.bank.clone(),
        outlet: application.outlet.clone(),
        particulars: orders::Particulars {
            id_number: String::from_utf8_lossy(number.as_bytes()).into_owned(),
            ethnicity: form.holder.ethnicity.unwrap_or(97),
            guardian: form
                .guardian
                .as_ref()
                .map(|guardian| (word(guardian.document.kind.into()), guardian.document.number())),
            unit: application.list.as_ref().and(form.employer.as_ref()).map(|employer| employer.code.0.clone()),
        },
    };
    orders::place(desk, &order)?;
    Ok(())
}
