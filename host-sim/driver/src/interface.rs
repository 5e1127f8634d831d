//! With or without contacts: what iType allows, and in which order it is tried (docs/card.md §1.9). Where the card is for each
//! of them is `source`'s.

use crate::code::Code;
use crate::failure::Failure;

/// A side of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// ISO/IEC 7816.
    Contacts,
    /// ISO/IEC 14443.
    Contactless,
}

/// The interfaces that a caller allows, the one to try first in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interfaces(Interface, Option<Interface>);

/// Contacts alone.
impl Default for Interfaces {
    fn default() -> Self {
        Self(Interface::Contacts, None)
    }
}

impl Interfaces {
    /// Of an iType.
    ///
    /// # Errors
    /// It is not 1 to 4.
    pub(crate) fn of_kind(kind: i32) -> Result<Self, Failure> {
        use Interface::{Contactless, Contacts};
        match kind {
            1 => Ok(Self(Contacts, None)),
            2 => Ok(Self(Contactless, None)),
            3 => Ok(Self(Contacts, Some(Contactless))),
            4 => Ok(Self(Contactless, Some(Contacts))),
            _ => Err(Code::CardType.with("iType应为1至4")),
        }
    }

    /// What `try_one` gives for the first interface that has a card. Only where there is none, or nothing to look for one
    /// with, is the other one tried: a card that does not work is an answer. If neither has one, who has a reader says so.
    pub(crate) fn find<T>(self, mut try_one: impl FnMut(Interface) -> Result<T, Failure>) -> Result<T, Failure> {
        let Self(first, second) = self;
        match (try_one(first), second) {
            (Err(failure), Some(second)) if is_nowhere(&failure) => match try_one(second) {
                Err(other) if is_nowhere(&other) && failure.code == Code::NoCard => Err(failure),
                Err(other) if other.code == Code::NotSupported => Err(failure),
                found => found,
            },
            (found, _) => found,
        }
    }
}

/// There is no card, no such reader, or none is set.
fn is_nowhere(failure: &Failure) -> bool {
    matches!(failure.code, Code::NoCard | Code::Reader | Code::NotSupported)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of two interfaces: 0 for a card, otherwise the code.
    fn found(kind: i32, contacts: Option<Code>, contactless: Option<Code>) -> Result<(Interface, u8), Code> {
        let mut tries = 0;
        let found = Interfaces::of_kind(kind).unwrap().find(|interface| {
            tries += 1;
            let outcome = if interface == Interface::Contacts { contacts } else { contactless };
            outcome.map_or(Ok(interface), |code| Err(code.into()))
        });
        found.map(|interface| (interface, tries)).map_err(|failure| failure.code)
    }

    #[test]
    fn each_kind_tries_its_interfaces_in_its_order() {
        use Interface::{Contactless, Contacts};
        let none = Some(Code::NoCard);
        for (kind, contacts, contactless, expected) in [
            (1, None, None, Ok((Contacts, 1))),
            (1, none, None, Err(Code::NoCard)),
            (2, None, None, Ok((Contactless, 1))),
            (2, None, Some(Code::NotSupported), Err(Code::NotSupported)),
            (3, None, None, Ok((Contacts, 1))),
            (3, none, None, Ok((Contactless, 2))),
            (3, Some(Code::Reader), None, Ok((Contactless, 2))),
            (3, Some(Code::Mute), None, Err(Code::Mute)),
            (3, Some(Code::Busy), None, Err(Code::Busy)),
            (3, none, none, Err(Code::NoCard)),
            (3, none, Some(Code::NotSupported), Err(Code::NoCard)),
            (3, Some(Code::Reader), Some(Code::NotSupported), Err(Code::Reader)),
            (3, Some(Code::Reader), none, Err(Code::NoCard)),
            (3, none, Some(Code::Reader), Err(Code::NoCard)),
            (3, none, Some(Code::Mute), Err(Code::Mute)),
            (4, None, None, Ok((Contactless, 1))),
            (4, None, none, Ok((Contacts, 2))),
            (4, None, Some(Code::NotSupported), Ok((Contacts, 2))),
            (4, none, Some(Code::NotSupported), Err(Code::NoCard)),
            (4, none, Some(Code::Mute), Err(Code::Mute)),
        ] {
            assert_eq!(found(kind, contacts, contactless), expected, "{kind} {contacts:?} {contactless:?}");
        }
        for kind in [0, 5, -1, i32::MIN] {
            assert_eq!(Interfaces::of_kind(kind).unwrap_err().code, Code::CardType);
        }
    }
}
