//! What tills and the agency do about settlement, each act with the number of its national transaction.

use crate::acts::entry::{Entry, entry};

pub mod bills;
pub mod catalogue;
pub mod debit;
pub mod statements;
pub mod till;
pub mod visits;

/// The acts of this room.
pub const ACTS: &[Entry] = &[
    entry::<catalogue::SetEntry>(),
    entry::<catalogue::ShowEntry>(),
    entry::<catalogue::GrantAssistance>(),
    entry::<catalogue::EndAssistance>(),
    entry::<visits::AskPerson>(),
    entry::<visits::Register>(),
    entry::<visits::Unregister>(),
    entry::<visits::SendLines>(),
    entry::<visits::DropLines>(),
    entry::<visits::Prepare>(),
    entry::<bills::Trial>(),
    entry::<bills::Settle>(),
    entry::<debit::PayWithCard>(),
    entry::<bills::Undo>(),
    entry::<bills::Reverse>(),
    entry::<bills::Show>(),
    entry::<statements::List>(),
    entry::<statements::Totals>(),
    entry::<statements::Detail>(),
];
