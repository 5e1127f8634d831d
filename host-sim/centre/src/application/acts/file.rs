//! A form is checked, filed, and filled in anew.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CLERK, Standing, open};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::refusal::{Refusal, Words};
use crate::acts::role::Role;
use crate::application::form::Form;
use crate::application::state::Step;
use crate::application::{checks, record};

/// What is wrong with something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApplicationFaults)]
pub struct Faults {
    /// Everything that would refuse it; empty: nothing
    pub faults: Vec<Words>,
}

impl Faults {
    pub(super) fn of(refusals: impl IntoIterator<Item = Refusal>) -> Self {
        Self { faults: refusals.into_iter().map(|refusal| (*refusal).clone()).collect() }
    }
}

/// Says everything that is wrong with a form, and files nothing. Whoever asks is on record, since the answer says whether
/// somebody is known here.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationPreCheck)]
pub struct PreCheck {
    /// The form
    pub form: Form,
}

impl Act for PreCheck {
    const NAME: &'static str = "application.pre-check";
    const ROLES: &'static [Role] = CLERK;
    const READS: bool = true;
    type Answer = Faults;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Faults, Refusal> {
        desk.on_record();
        let in_list = self.form.applicant == crate::application::codes::Applicant::Employer;
        Ok(Faults::of(checks::check(desk, &self.form, in_list, None)?.err().unwrap_or_default()))
    }
}

/// Files an application: fills in its form.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationFile)]
pub struct File {
    /// The form
    pub form: Form,
}

impl Act for File {
    const NAME: &'static str = "application.file";
    const ROLES: &'static [Role] = CLERK;
    type Answer = Standing;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Standing, Refusal> {
        let sound = checks::sound(desk, &self.form, false, None)?;
        let person = sound.person.as_ref().map(|person| person.number.as_str());
        let number = record::add(desk, &self.form, &sound.document, person, None)?;
        desk.subject(format!("application {number}"));
        Standing::now(desk, &number)
    }
}

/// Fills a form in anew, whole: it must be read, checked and signed again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationCorrect)]
pub struct Correct {
    /// The application's number, 21 digits
    #[schema(pattern = r"^\d{21}$")]
    pub number: String,
    /// The version that is corrected
    pub version: u32,
    /// The whole form
    pub form: Form,
}

impl Act for Correct {
    const NAME: &'static str = "application.correct";
    const ROLES: &'static [Role] = CLERK;
    type Answer = Standing;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Standing, Refusal> {
        let application = open(desk, &self.number, self.version, Step::Correct)?;
        let sound = checks::sound(desk, &self.form, application.list.is_some(), Some(&self.number))?;
        let person = sound.person.as_ref().map(|person| person.number.as_str());
        record::replace_form(desk, &application, &self.form, &sound.document, person)?;
        record::set_state(desk, &self.number, Step::Correct)?;
        Standing::now(desk, &self.number)
    }
}
