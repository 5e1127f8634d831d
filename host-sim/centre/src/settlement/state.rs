//! Where a visit stands, by its words. What leads from one state to another is the matter of `visit`.

use crate::store::value::words;

words! {
    /// Where a visit stands.
    #[schema(as = settlement::State)]
    pub enum State {
        /// It waits for its settlement, for as many days as the area allows
        Open,
        /// It was settled
        Settled,
        /// It was taken back
        Cancelled,
        /// It was not settled in time
        Lapsed,
    }
}
