//! A number that a terminal used, and what the centre's books have under it.

use qiyong_centre::JournalEntry;

use super::deals::Deal;

/// What the books have of a number that a terminal used.
pub(super) struct Pair<'d> {
    pub(super) deal: &'d Deal,
    pub(super) entry: Option<&'d JournalEntry>,
    /// It was approved and is not undone: as the terminal knows, or, where it cannot know, as the centre says.
    pub(super) stands: bool,
    /// It put the card into use.
    pub(super) activates: bool,
}
