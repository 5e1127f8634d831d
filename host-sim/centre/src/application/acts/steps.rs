//! The steps between filling in and review, and the two ways out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CLERK, Standing, open, own};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::application::codes::Applicant;
use crate::application::photo::{PhotoRules, is_needed};
use crate::application::record::Application;
use crate::application::refused::Refused;
use crate::application::rules::ApplicationRules;
use crate::application::state::Step;
use crate::application::{checks, form_rules, record};

/// The applicant has read what was filled in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationRead)]
pub struct Read {
    /// The application's number, 21 digits
    #[schema(pattern = r"^\d{21}$")]
    pub number: String,
    /// The version that was read
    pub version: u32,
}

impl Act for Read {
    const NAME: &'static str = "application.read";
    const ROLES: &'static [Role] = CLERK;
    type Answer = Standing;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Standing, Refusal> {
        open(desk, &self.number, self.version, Step::Read)?;
        record::set_state(desk, &self.number, Step::Read)?;
        Standing::now(desk, &self.number)
    }
}

/// The clerk has compared the form with the originals of all documents and proofs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationCheck)]
pub struct Check {
    /// The application's number, 21 digits
    #[schema(pattern = r"^\d{21}$")]
    pub number: String,
    /// The version that was compared
    pub version: u32,
    /// `true`: all originals were shown and agree with the form
    pub originals_agree: bool,
}

impl Act for Check {
    const NAME: &'static str = "application.check";
    const ROLES: &'static [Role] = CLERK;
    type Answer = Standing;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Standing, Refusal> {
        let application = open(desk, &self.number, self.version, Step::Check)?;
        if !self.originals_agree {
            let (en, zh) = ("true: correct the form first if they do not agree", "须为 true；如不一致请先更正表格");
            return Err(General::not_allowed("originals_agree", en, zh).into());
        }
        still_sound(desk, &application)?;
        record::set_state(desk, &self.number, Step::Check)?;
        Standing::now(desk, &self.number)
    }
}

/// Days have passed since the form was filled in: documents expire, and the person may have got a card.
pub(super) fn still_sound(desk: &Desk<'_>, application: &Application) -> Result<checks::Sound, Refusal> {
    checks::sound(desk, &application.form, application.list.is_some(), Some(&application.number))
}

/// The applicant signs what was read and checked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationSign)]
pub struct Sign {
    /// The application's number, 21 digits
    #[schema(pattern = r"^\d{21}$")]
    pub number: String,
    /// The version that is signed
    pub version: u32,
    /// Who signs: the holder, or the guardian or agent who applies
    pub signed_by: Applicant,
}

impl Act for Sign {
    const NAME: &'static str = "application.sign";
    const ROLES: &'static [Role] = CLERK;
    type Answer = Standing;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Standing, Refusal> {
        let application = open(desk, &self.number, self.version, Step::Sign)?;
        // In an employer's list everybody signs for themselves.
        let signer = match application.form.applicant {
            Applicant::Employer => Applicant::Holder,
            other => other,
        };
        if self.signed_by != signer {
            return Err(Refused::Signer.into());
        }
        record::sign(desk, &application, signer)?;
        record::set_state(desk, &self.number, Step::Sign)?;
        Standing::now(desk, &self.number)
    }
}

/// Hands a signed application in for review.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationSubmit)]
pub struct Submit {
    /// The application's number, 21 digits
    #[schema(pattern = r"^\d{21}$")]
    pub number: String,
    /// The version that is handed in
    pub version: u32,
}

impl Act for Submit {
    const NAME: &'static str = "application.submit";
    const ROLES: &'static [Role] = CLERK;
    type Answer = Standing;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Standing, Refusal> {
        let application = open(desk, &self.number, self.version, Step::Submit)?;
        let sound = still_sound(desk, &application)?;
        needs_photo(desk, &application, &sound)?;
        record::set_reasons(desk, &application, &[])?;
        record::set_state(desk, &self.number, Step::Submit)?;
        Standing::now(desk, &self.number)
    }
}

/// Refuses an application without a photo, unless its holder is too young to need one.
pub(super) fn needs_photo(desk: &Desk<'_>, application: &Application, sound: &checks::Sound) -> Result<(), Refusal> {
    let rules: PhotoRules = desk.parameter()?;
    let born = form_rules::born(&application.form, Some(&sound.holder));
    let needed = born.is_none_or(|born| is_needed(&rules, born, desk.today()));
    if needed && !application.has_photo { Err(Refused::PhotoMissing.into()) } else { Ok(()) }
}

/// Withdraws an application for the applicant. A paid fee must be given back first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationWithdraw)]
pub struct Withdraw {
    /// The application's number, 21 digits
    #[schema(pattern = r"^\d{21}$")]
    pub number: String,
}

impl Act for Withdraw {
    const NAME: &'static str = "application.withdraw";
    const ROLES: &'static [Role] = CLERK;
    type Answer = Standing;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Standing, Refusal> {
        own(desk, &self.number)?;
        record::set_state(desk, &self.number, Step::Withdraw)?;
        Standing::now(desk, &self.number)
    }
}

/// Closes an application whose time is over.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationLapse)]
pub struct Lapse {
    /// The application's number, 21 digits
    #[schema(pattern = r"^\d{21}$")]
    pub number: String,
}

impl Act for Lapse {
    const NAME: &'static str = "application.lapse";
    const ROLES: &'static [Role] = &[Role::Clerk, Role::Reviewer];
    type Answer = Standing;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Standing, Refusal> {
        let application = own(desk, &self.number)?;
        if crate::application::state::after(application.state, Step::Lapse).is_none() {
            return Err(Refused::State(application.state, Step::Lapse).into());
        }
        let until = application.until(&desk.parameter::<ApplicationRules>()?);
        if until.is_none_or(|until| desk.today() <= until) {
            return Err(Refused::NotOver(until).into());
        }
        record::set_state(desk, &self.number, Step::Lapse)?;
        Standing::now(desk, &self.number)
    }
}
