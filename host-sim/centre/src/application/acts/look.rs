//! What applications there are, and what stands in one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Standing, own};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{Day, Moment, Text};
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::application::codes::{Applicant, ApplicationKind, Category, Reason};
use crate::application::form::Form;
use crate::application::reasons::ReturnReason;
use crate::application::record::{self, Application};
use crate::application::rules::ApplicationRules;
use crate::application::state::{State, Step};

/// A reason of a return, and what to do about it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApplicationReturned)]
pub struct Returned {
    /// The reason, in one word
    pub reason: ReturnReason,
    /// The reason in English
    pub en: &'static str,
    /// The reason in Chinese
    pub zh: &'static str,
    /// What to do next, in English
    pub next_en: &'static str,
    /// What to do next, in Chinese
    pub next_zh: &'static str,
}

impl From<ReturnReason> for Returned {
    fn from(reason: ReturnReason) -> Self {
        let ((en, next_en), (zh, next_zh)) = (reason.en(), reason.zh());
        Self { reason, en, zh, next_en, next_zh }
    }
}

/// Something that was done to an application.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApplicationStepDone)]
pub struct Done {
    /// The step
    pub step: Step,
    /// Who
    pub operator: String,
    /// When
    pub time: Moment,
}

/// An application in whole.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApplicationShown)]
pub struct Shown {
    /// Where it stands
    pub standing: Standing,
    /// When it was accepted
    pub filed: Moment,
    /// The outlet that accepted it
    pub outlet: String,
    /// The employer's list in which it stands
    pub list: Option<String>,
    /// The person's number, once known
    pub person: Option<String>,
    /// Who signed
    pub signed_by: Option<Applicant>,
    /// Why it was returned
    pub returned: Vec<Returned>,
    /// Whether there is a photo
    pub has_photo: bool,
    /// What was filled in; for clerks and reviewers alone
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// What was done to it, oldest first
    pub steps: Vec<Done>,
}

/// Shows an application: to clerks and reviewers those of their outlet, and of those below it, with the form; to others any,
/// without it. Whoever looks is on record, so this is no act that only reads.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationShow)]
pub struct Show {
    /// The application's number, 21 digits
    #[schema(pattern = r"^\d{21}$")]
    pub number: String,
}

/// Who sees that there is an application, and where it stands.
const SEES: &[Role] =
    &[Role::Clerk, Role::Reviewer, Role::Cashier, Role::Producer, Role::Issuer, Role::Hotline, Role::Auditor];

impl Act for Show {
    const NAME: &'static str = "application.show";
    const ROLES: &'static [Role] = SEES;
    type Answer = Shown;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Shown, Refusal> {
        let whole = matches!(desk.operator().role, Role::Clerk | Role::Reviewer);
        let application = if whole { own(desk, &self.number)? } else { record::find(desk, &self.number)? };
        let steps = record::steps(desk, &self.number)?;
        let standing = Standing::of(&application, &desk.parameter()?);
        let Application { filed, outlet, list, person, signed_by, returned, has_photo, form, .. } = application;
        Ok(Shown {
            standing,
            filed: Moment(filed),
            outlet,
            list,
            person,
            signed_by,
            returned: returned.into_iter().map(Returned::from).collect(),
            has_photo,
            form: whole.then_some(form),
            steps: steps
                .into_iter()
                .map(|(step, operator, time)| Done { step, operator, time: Moment(time) })
                .collect(),
        })
    }
}

/// An application in a list: nothing that identifies a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApplicationLine)]
pub struct Line {
    /// Where it stands
    pub standing: Standing,
    /// What is applied for
    pub kind: ApplicationKind,
    /// Why
    pub reason: Option<Reason>,
    /// What the holder is to the insurances
    pub category: Category,
    /// The outlet that accepted it
    pub outlet: String,
    /// The day of its last step
    pub since: Day,
    /// Its time in this state is over
    pub overdue: bool,
}

/// Applications, longest waiting first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApplicationLines)]
pub struct Lines {
    /// The applications
    pub applications: Vec<Line>,
}

/// Lists applications, longest waiting first.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationList)]
pub struct List {
    /// Only those in this state
    pub state: Option<State>,
    /// Only those of this employer's list
    pub list: Option<Text>,
    /// How many, 1 to 1,000; 100 if not said
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

impl Act for List {
    const NAME: &'static str = "application.list";
    const ROLES: &'static [Role] = SEES;
    const READS: bool = true;
    type Answer = Lines;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Lines, Refusal> {
        let limit = self.limit.unwrap_or(100);
        if !(1..=1000).contains(&limit) {
            return Err(General::not_allowed("limit", "1 to 1,000", "1 至 1000").into());
        }
        let rules: ApplicationRules = desk.parameter()?;
        let list = self.list.as_ref().map(|list| list.0.as_str());
        let line = |application: Application| Line {
            standing: Standing::of(&application, &rules),
            kind: application.form.kind,
            reason: application.form.reason,
            category: application.form.category,
            since: Day(application.since),
            overdue: application.until(&rules).is_some_and(|until| until < desk.today()),
            outlet: application.outlet,
        };
        let found = record::list(desk, self.state, list, limit)?;
        Ok(Lines { applications: found.into_iter().map(line).collect() })
    }
}
