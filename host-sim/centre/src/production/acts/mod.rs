//! The acts of production and hand-over, in the order in which a card meets them.

pub mod bank;
pub mod batch;
pub mod hand_over;
pub mod reads;
pub mod report;
pub mod ways;

use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::orders::{self, OrderStep};
use crate::persons::{self, Person};
use crate::production::refusal::ProductionRefusal;
use crate::production::rows::{self, Making};

/// The room's acts.
pub const ACTS: &[Entry] = &[
    entry::<bank::OpenProduction>(),
    entry::<bank::BankAnswers>(),
    entry::<bank::SendBack>(),
    entry::<bank::GiveUp>(),
    entry::<batch::MakeBatch>(),
    entry::<batch::PersonaliseCard>(),
    entry::<batch::ShowBatch>(),
    entry::<report::ReportLine>(),
    entry::<ways::StockCards>(),
    entry::<ways::DispatchCards>(),
    entry::<ways::ReceiveCards>(),
    entry::<ways::LoseCards>(),
    entry::<ways::RecallCards>(),
    entry::<ways::DestroyCards>(),
    entry::<hand_over::HandOverCard>(),
    entry::<hand_over::DistributeCard>(),
    entry::<hand_over::TakeBackCard>(),
    entry::<reads::ShowProduction>(),
    entry::<reads::ListProductions>(),
    entry::<reads::ShowProgress>(),
];

/// Who may see how cards are made.
const READERS: &[Role] = &[Role::Producer, Role::Issuer, Role::Clerk, Role::Auditor];

/// The card in the making for this application.
fn making(desk: &mut Desk<'_>, application: &str) -> Result<Making, Refusal> {
    desk.subject(format!("application {application}"));
    Ok(rows::get(desk, application)?.ok_or(ProductionRefusal::Unknown)?)
}

/// The person who is to have the card.
fn holder(desk: &Desk<'_>, person: &str) -> Result<Person, Refusal> {
    Ok(persons::get(desk, person)?.ok_or(ProductionRefusal::Holder)?)
}

/// Moves the application on.
///
/// # Errors
/// It does not stand where this step begins.
fn advance(desk: &Desk<'_>, application: &str, step: OrderStep) -> Result<(), Refusal> {
    if orders::step(desk, application, step)? { Ok(()) } else { Err(ProductionRefusal::NotReady.into()) }
}
