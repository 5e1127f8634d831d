//! The acts of this room. An application is filed, read, checked and signed at a clerk's window, in this order, gets its
//! photo in between, and is handed in for review by a second person.

pub mod file;
pub mod list;
pub mod look;
pub mod photo;
pub mod review;
pub mod standing;
pub mod steps;

use crate::acts::entry::{Entry, entry};

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
