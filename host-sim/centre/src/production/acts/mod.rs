//! The acts of production and hand-over, in the order in which a card meets them.

pub mod bank;
pub mod batch;
pub mod hand_over;
mod making;
pub mod reads;
pub mod report;
pub mod ways;

use crate::acts::entry::{Entry, entry};

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
