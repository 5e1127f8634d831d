//! What an error asks of whoever meets it. Every error type, and every reason, has a method `advice` that says so.
//!
//! The errors themselves, and their words, are where the bytes are that they speak of.

mod errors;

/// Who can put it right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Advice {
    /// Nobody need do anything: chance had a part in it. The whole of what was begun (a reset and all that follows, a visit)
    /// may be done again, by a program or by the operator, a few times.
    TryAgain,
    /// The people at the terminal: the same again fails again until they do something. They insert the card the right way
    /// round, clean its contacts, show another card or document, correct what was keyed.
    AskHolder,
    /// Whoever maintains the terminal or its programs: a part is broken, keys or versions differ, or a program asks for
    /// what cannot be.
    CallService,
    /// Whoever wrote or chose what the program was given: a file, an option, a name is to be corrected. Only errors of programs
    /// on a computer have it; those of a terminal do not, since nothing is written or chosen there but what a holder keys.
    CorrectInput,
}
