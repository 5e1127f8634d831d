//! The level of an institution, as agreements and benefits count it. Not here: who has which level (that is an agreement).

use crate::store::value::words;

words! {
    /// The level of a hospital (docs/centre.md §6.6.4, §6.8.4), lowest first. An agreement has two of them: one decides the
    /// deductible and the fund's share, the other the price limit.
    #[schema(as = institution::Level)]
    pub enum Level {
        /// No level: pharmacies and bank outlets.
        Unrated,
        /// A community's place, below level 1.
        Community,
        /// Level 1.
        One,
        /// Level 2.
        Two,
        /// Level 3.
        Three,
    }
}
