//! The acts of this room. An application is filed, read, checked and signed at a clerk's window, in this order, gets its
//! photo in between, and is handed in for review by a second person.

pub mod file;
pub mod list;
pub mod look;
pub mod photo;
pub mod review;
pub mod steps;

use serde::Serialize;
use utoipa::ToSchema;

use super::record::Application;
use super::refused::Refused;
use super::rules::ApplicationRules;
use super::state::{State, Waiting};
use super::{record, state::Step};
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::Day;
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::agency::jurisdiction::own_outlet;

/// The acts of this room.
pub const ACTS: &[Entry] = &[
    entry::<file::PreCheck>(),
    entry::<file::File>(),
    entry::<file::Correct>(),
    entry::<list::FileList>(),
    entry::<steps::Read>(),
    entry::<steps::Check>(),
    entry::<steps::Sign>(),
    entry::<photo::AddPhoto>(),
    entry::<photo::CheckPhoto>(),
    entry::<photo::ShowPhoto>(),
    entry::<steps::Submit>(),
    entry::<review::Review>(),
    entry::<steps::Withdraw>(),
    entry::<steps::Lapse>(),
    entry::<look::Show>(),
    entry::<look::List>(),
];

/// Who accepts applications.
const CLERK: &[Role] = &[Role::Clerk];

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
    fn of(application: &Application, rules: &ApplicationRules) -> Self {
        Self {
            number: application.number.clone(),
            version: application.version,
            state: application.state,
            waiting: application.state.waiting(),
            until: application.until(rules).map(Day),
        }
    }

    /// How the application stands now.
    fn now(desk: &Desk<'_>, number: &str) -> Result<Self, Refusal> {
        let application = record::get(desk, number)?.ok_or(General::NotFound("application"))?;
        Ok(Self::of(&application, &desk.parameter()?))
    }
}

/// The application with this number, if it belongs to the desk's outlet or one below it.
fn own(desk: &mut Desk<'_>, number: &str) -> Result<Application, Refusal> {
    let application = record::find(desk, number)?;
    own_outlet(desk, &application.outlet)?;
    Ok(application)
}

/// The application with this number, if this is the version of its form and its state allows the step.
fn open(desk: &mut Desk<'_>, number: &str, version: u32, step: Step) -> Result<Application, Refusal> {
    let application = own(desk, number)?;
    if application.version != version {
        return Err(Refused::Version(application.version).into());
    }
    if super::state::after(application.state, step).is_none() {
        return Err(Refused::State(application.state, step).into());
    }
    Ok(application)
}
