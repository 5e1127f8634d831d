//! What the acts of this room share: the card in the making of an application, its holder, and the application that moves on.

use crate::acts::desk::Desk;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::orders::{self, OrderStep};
use crate::persons::{self, Person};
use crate::production::refusal::ProductionRefusal;
use crate::production::rows::{self, Making};

/// Who may see how cards are made.
pub(super) const READERS: &[Role] = &[Role::Producer, Role::Issuer, Role::Clerk, Role::Auditor];

/// The card in the making for this application.
pub(super) fn making(desk: &mut Desk<'_>, application: &str) -> Result<Making, Refusal> {
    desk.subject(format!("application {application}"));
    Ok(rows::get(desk, application)?.ok_or(ProductionRefusal::Unknown)?)
}

/// The person who is to have the card.
pub(super) fn holder(desk: &Desk<'_>, person: &str) -> Result<Person, Refusal> {
    Ok(persons::get(desk, person)?.ok_or(ProductionRefusal::Holder)?)
}

/// Moves the application on.
///
/// # Errors
/// It does not stand where this step begins.
pub(super) fn advance(desk: &Desk<'_>, application: &str, step: OrderStep) -> Result<(), Refusal> {
    if orders::step(desk, application, step)? { Ok(()) } else { Err(ProductionRefusal::NotReady.into()) }
}
