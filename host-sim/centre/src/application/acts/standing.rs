//! What the acts of this room share: which application an act is about, and where it stands afterwards.

use serde::Serialize;
use utoipa::ToSchema;

use crate::acts::desk::Desk;
use crate::acts::fields::Day;
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::agency::jurisdiction::own_outlet;
use crate::application::record::{self, Application};
use crate::application::refused::Refused;
use crate::application::rules::ApplicationRules;
use crate::application::state::{State, Step, Waiting, after};

/// Who accepts applications.
pub(super) const CLERK: &[Role] = &[Role::Clerk];

/// Where an application stands, and what it waits for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApplicationStanding)]
pub struct Standing {
    /// The application's number
    pub number: String,
    /// The version of its form: read, checked and signed is this one
    pub version: u32,
    /// Its state
    pub state: State,
    /// What it waits for; missing if it is closed
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// The last day of its time in this state
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
}

impl Standing {
    pub(super) fn of(application: &Application, rules: &ApplicationRules) -> Self {
        Self {
            number: application.number.clone(),
            version: application.version,
            state: application.state,
            waiting: application.state.waiting(),
            until: application.until(rules).map(Day),
        }
    }

    /// How the application stands now.
    pub(super) fn now(desk: &Desk<'_>, number: &str) -> Result<Self, Refusal> {
        let application = record::get(desk, number)?.ok_or(General::NotFound("application"))?;
        Ok(Self::of(&application, &desk.parameter()?))
    }
}

/// The application with this number, if it belongs to the desk's outlet or one below it.
pub(super) fn own(desk: &mut Desk<'_>, number: &str) -> Result<Application, Refusal> {
    let application = record::find(desk, number)?;
    own_outlet(desk, &application.outlet)?;
    Ok(application)
}

/// The application with this number, if this is the version of its form and its state allows the step.
pub(super) fn open(desk: &mut Desk<'_>, number: &str, version: u32, step: Step) -> Result<Application, Refusal> {
    let application = own(desk, number)?;
    if application.version != version {
        return Err(Refused::Version(application.version).into());
    }
    if after(application.state, step).is_none() {
        return Err(Refused::State(application.state, step).into());
    }
    Ok(application)
}
