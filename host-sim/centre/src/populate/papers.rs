//! The papers of a person: the application with its form and steps. No photo: it would be most of the file.

use zeroize::Zeroizing;

use super::dice::Dice;
use super::identity::{Someone, guardian};
use super::path::Path;
use super::tables;
use super::unit::Unit;
use crate::acts::fields::{CardNo, Private, Text};
use crate::application::codes::{Applicant, ApplicationKind, Category, Reason, Relation};
use crate::application::documents::Kind;
use crate::application::form::{Document, Employer, Form, Guardian, Holder, Proof, School};
use crate::application::number;
use crate::application::reasons::ReturnReason;
use crate::application::rules::ProofKind;
use crate::application::state::{State, Step};
use crate::error::{CentreError, Damage};
use crate::production::stage::Stage;
use crate::store::bulk::cells;

/// A person on the way, as papers and card need them.
pub(super) struct Applying<'p> {
    /// The place in the seed.
    pub(super) at: u32,
    pub(super) someone: &'p Someone,
    /// The person's number.
    pub(super) person: &'p str,
    /// The keyed hash of the document.
    pub(super) document: &'p [u8; 32],
    pub(super) path: Path,
    /// How many days ago the application was filed.
    pub(super) ago: i32,
    /// The card that is replaced, and why.
    pub(super) old: Option<(CardNo, Reason)>,
    /// The employer's code and name.
    pub(super) employer: &'p (String, String),
    /// The employer's list in which the person stands.
    pub(super) list: Option<&'p str>,
}

/// An application that was filed.
pub(super) struct Filed {
    pub(super) number: String,
    /// Kind and number of the guardian's document.
    pub(super) guardian: Option<(String, String)>,
}

/// Files the application.
pub(super) fn file(unit: &mut Unit<'_>, applying: &Applying<'_>, dice: &mut Dice) -> Result<Filed, CentreError> {
    let filed = unit.day(applying.ago);
    let serial = unit.next(&format!("application-{filed}"))?;
    let full = || CentreError::Defaults("more applications were filed on a day than there are numbers".into());
    let number = number::compose(unit.office.area().as_str(), filed, serial).ok_or_else(full)?;
    let form = form(unit, applying, dice)?;
    let text = Zeroizing::new(serde_json::to_string(&form).map_err(|_| damaged())?);
    let sealed = unit.office.seal(&text)?;
    let (state, steps) = (applying.path.application(), applying.path.steps());
    let signed = steps.contains(&Step::Sign).then(|| <&'static str>::from(form.applicant));
    let returned: &str = match applying.path {
        Path::Filing(State::Returned) => ReturnReason::PhotoQuality.into(),
        Path::Making(Stage::SentBack) => ReturnReason::BankOpening.into(),
        _ => "",
    };
    let (filed_at, since) = (unit.time(applying.ago).to_string(), unit.day(applying.ago - since(applying.path)));
    let old = form.old_card.map(|card| card.to_string());
    unit.add(
        &tables::APPLICATIONS,
        cells![
            &number,
            <&str>::from(state),
            !state.is_final(),
            &since.to_string(),
            &filed_at,
            1_i64,
            <&str>::from(form.kind),
            form.reason.map(<&str>::from),
            &form.bank,
            old.as_deref(),
            unit.outlet,
            applying.list,
            applying.document,
            applying.person,
            &sealed,
            signed,
            returned,
        ],
    )?;
    for (serial, step) in (1_i64..).zip(steps) {
        let time = unit.time(applying.ago - day(*step)).to_string();
        unit.add(&tables::APPLICATION_STEPS, cells![&number, serial, <&str>::from(*step), "-", &time])?;
    }
    let guardian = form.guardian.as_ref();
    let guardian = guardian.map(|guardian| (word(guardian.document.kind), guardian.document.number()));
    Ok(Filed { number, guardian })
}

/// On which day after it was filed a step was taken.
const fn day(step: Step) -> i32 {
    match step {
        Step::Approve | Step::Return => 1,
        Step::Withdraw => 2,
        Step::Lapse => 70,
        _ => 0,
    }
}

/// On which day after it was filed it came to where it stands.
fn since(path: Path) -> i32 {
    match path {
        Path::Paid { .. } => 2,
        Path::Making(Stage::SentBack | Stage::GivenUp) => 6,
        Path::Making(Stage::Destroyed) => 150,
        Path::Making(_) => 3,
        Path::Held(_) => 15,
        _ => path.steps().last().map_or(0, |step| day(*step)),
    }
}

fn word(kind: Kind) -> String {
    <&str>::from(kind).to_owned()
}

fn damaged() -> CentreError {
    CentreError::Damaged(Damage::Column("applications.form".into()))
}

fn id_card(number: &str) -> Document {
    Document { kind: Kind::IdCard, number: Private(number.to_owned()), until: None, long_term: true }
}

fn form(unit: &Unit<'_>, applying: &Applying<'_>, dice: &mut Dice) -> Result<Form, CentreError> {
    let Applying { someone, employer, old, .. } = applying;
    let (applicant, relation, proof) = match (someone.minor, applying.list) {
        (true, _) => (Applicant::Guardian, Some(Relation::Parent), Some(ProofKind::HouseholdRegister)),
        (false, Some(_)) => (Applicant::Employer, None, None),
        (false, None) => (Applicant::Holder, None, None),
    };
    let guardian = match relation {
        Some(relation) => {
            let (number, name) = guardian((unit.office.area(), unit.seed, applying.at), dice)?;
            let number = std::str::from_utf8(number.as_bytes()).unwrap_or_default();
            let telephone = Private(someone.mobile.clone());
            Some(Guardian { name: Private(name), document: id_card(number), relation, telephone })
        }
        None => None,
    };
    let damaged = old.as_ref().is_some_and(|(_, reason)| *reason == Reason::Damage).then_some(ProofKind::DamagedCard);
    let proofs = proof.into_iter().chain(damaged);
    Ok(Form {
        kind: if old.is_some() { ApplicationKind::Replacement } else { ApplicationKind::New },
        reason: old.as_ref().map(|(_, reason)| *reason),
        old_card: old.as_ref().map(|(card, _)| *card),
        bank: unit.bank().to_owned(),
        applicant,
        category: someone.category,
        holder: Holder {
            name: Private(someone.name.clone()),
            document: id_card(someone.id_text()),
            country: "CHN".into(),
            sex: None,
            born: None,
            ethnicity: Some(1),
            household: None,
            household_address: None,
            address: Some(Private(someone.address.clone())),
            mobile: Some(Private(someone.mobile.clone())),
            telephone: None,
            postcode: None,
            email: None,
            occupation: None,
        },
        employer: (someone.category == Category::Employee).then(|| Employer {
            code: Text(employer.0.clone()),
            name: Text(employer.1.clone()),
            department: None,
        }),
        community: None,
        school: (someone.category == Category::Student).then(|| School {
            name: Text("虚构学校".into()),
            department: None,
            class: None,
            university: false,
        }),
        guardian,
        agent: None,
        proofs: proofs.map(|kind| Proof { kind, reference: Text("fictional".into()), until: None }).collect(),
        exemption: None,
        delivery: None,
    })
}
