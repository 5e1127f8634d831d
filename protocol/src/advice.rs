//! What an error asks of the person or program that meets it. Every error type has a method `advice` that says so, and
//! so has every reason.
//!
//! An error type itself, with its words, is in the module that reads or writes the bytes concerned, not here.

mod errors;
#[cfg(any(test, feature = "testing"))]
mod table;

/// Who can put it right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Advice {
    /// Nobody need do anything: the failure was partly chance. A program or the operator may repeat, a few times, all
    /// that was begun (a reset and everything after it, or a visit).
    TryAgain,
    /// The people at the terminal: a repetition fails until they do something. They insert the card the right way
    /// round, clean its contacts, show another card or document, or correct what was keyed.
    AskHolder,
    /// Whoever maintains the terminal or its programs: a part is broken, keys or versions differ, or a program asks for
    /// something impossible.
    CallService,
    /// Whoever wrote or chose what the program was given: a file, an option, a name is to be corrected. Only errors of programs
    /// on a computer have it; those of a terminal do not, since nothing is written or chosen there but what a holder keys.
    CorrectInput,
}
