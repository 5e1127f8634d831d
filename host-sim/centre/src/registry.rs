//! Every act that there is. A room is known to all faces once its `ACTS` stand here.

use crate::acts::entry::Entry;
use crate::insurance::acts as insurance;
use crate::{
    access, agency, application, institution, ledger, life, parameters, production, settlement, slip, terminal,
};

/// The acts of all rooms.
pub const ROOMS: &[&[Entry]] = &[
    access::acts::ACTS,
    agency::ACTS,
    ledger::acts::ACTS,
    parameters::ACTS,
    application::acts::ACTS,
    institution::acts::ACTS,
    insurance::payers::ACTS,
    insurance::relations::ACTS,
    insurance::moves::ACTS,
    insurance::assessing::ACTS,
    insurance::slips::ACTS,
    insurance::collecting::ACTS,
    insurance::unmatched::ACTS,
    insurance::residents::ACTS,
    insurance::accounts::ACTS,
    insurance::credits::ACTS,
    insurance::pooling::ACTS,
    insurance::work::ACTS,
    life::acts::ACTS,
    production::acts::ACTS,
    settlement::acts::ACTS,
    slip::ACTS,
    terminal::acts::ACTS,
];

/// Every act.
pub fn acts() -> impl Iterator<Item = &'static Entry> {
    ROOMS.iter().copied().flatten()
}

/// The act with this name.
pub fn act(name: &str) -> Option<&'static Entry> {
    acts().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_act_has_somebody_who_may() {
        let mut names: Vec<_> = acts().map(|entry| entry.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for entry in acts() {
            assert!(!entry.roles.is_empty(), "{}", entry.name);
            let (room, verb) = entry.name.split_once('.').unwrap();
            assert!(!room.is_empty() && !verb.is_empty(), "{}", entry.name);
            // Under this room the face on HTTP has the national transactions.
            assert_ne!(room, "national");
        }
    }

    /// docs/card.md §2.8: each number stands for one act.
    #[test]
    fn national_numbers_are_unique() {
        let mut numbers: Vec<_> = acts().flat_map(|entry| entry.numbers).collect();
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!((numbers.len(), count), (count, 19));
    }
}
