//! Memories around the shipped one: one that writes down every call, and those that are wrong on purpose.

use qiyong_firmware::application::Kept;
use qiyong_firmware::keyring::Keyring;
use qiyong_firmware::terminal::{Closed, Memory, MemoryError, Owed, Settings, Transaction};
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::{Batch, Deal, Lease, Original, Stan, TerminalId, Token};
use qiyong_protocol::ecr::{KeyLoad, Refused};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

use super::surroundings::Notes;

/// A memory that writes down every call, and fails where it is told to.
pub(crate) struct Recording<M> {
    pub(crate) memory: M,
    pub(crate) notes: Notes,
    /// Which call fails, from 0.
    pub(crate) fails: Option<usize>,
    pub(crate) calls: usize,
}

impl<M> Recording<M> {
    fn note(&mut self, what: &str) -> Result<(), MemoryError> {
        self.notes.borrow_mut().push(what.to_string());
        self.calls += 1;
        if self.fails == Some(self.calls - 1) { Err(MemoryError::Worn) } else { Ok(()) }
    }
}

impl<M: Memory> Memory for Recording<M> {
    qiyong_tests::settles_as_its_memory!();

    fn owed(&self) -> Result<Option<Owed>, MemoryError> {
        self.memory.owed()
    }

    fn parked(&self) -> usize {
        self.memory.parked()
    }

    fn resume(&mut self) {
        self.memory.resume();
    }

    fn token(&mut self, fresh: Token) -> Result<Token, MemoryError> {
        self.memory.token(fresh)
    }

    fn keep_lease(&mut self, settings: &Settings, lease: Lease) -> Result<(), MemoryError> {
        self.memory.keep_lease(settings, lease)
    }

    fn batch(&self, settings: &Settings) -> Option<Batch> {
        self.memory.batch(settings)
    }

    fn begin(&mut self, settings: &Settings, original: Original, kind: Deal) -> Result<(Batch, Stan), MemoryError> {
        self.note("note transaction")?;
        self.memory.begin(settings, original, kind)
    }

    fn answered(&mut self, charge: Fen) -> Result<(), MemoryError> {
        self.note("note answer")?;
        self.memory.answered(charge)
    }

    fn card_result(&mut self, result: Option<Reason>) -> Result<(), MemoryError> {
        self.note("note card")?;
        self.memory.card_result(result)
    }

    fn close(&mut self, how: Closed, reason: Option<Reason>) -> Result<(), MemoryError> {
        self.note("note end")?;
        self.memory.close(how, reason)
    }

    fn missed(&mut self, bound: u8) -> Result<bool, MemoryError> {
        self.note("note miss")?;
        self.memory.missed(bound)
    }
}

impl<M: Kept> Kept for Recording<M> {
    fn set_up(&mut self, institution: InstitutionCode, terminal: TerminalId, next: Stan) -> Result<(), MemoryError> {
        self.memory.set_up(institution, terminal, next)
    }

    fn next(&self) -> Stan {
        self.memory.next()
    }

    fn keyring(&self) -> Keyring {
        self.memory.keyring()
    }

    fn load_key(&mut self, load: &KeyLoad, transport: &X919) -> Result<(), Refused> {
        self.memory.load_key(load, transport)
    }
}

/// How a memory is wrong.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wrong {
    /// The end is noted before the answer is there.
    EndsBeforeTheAnswer,
    /// The duty to reverse is forgotten, at once.
    ForgetsTheReversal,
    /// The duty to reverse is forgotten when the power fails.
    NotesInRamOnly,
    /// The end is forgotten when the power fails.
    EndsInRamOnly,
    /// That the holder has seen the end is forgotten when the power fails.
    CardInRamOnly,
    /// A confirmation counts as heard before it is sent.
    ForgetsTheConfirmation,
    /// Every transaction has the same number.
    GivesOneNumber,
    /// The card counts as done with as soon as the answer is there.
    CardBeforeItIsDone,
    /// After the second power cut nothing is owed any more.
    NothingAfterTheSecondCut,
    /// What the holder has seen is taken for unfinished.
    UndoesWhatWasShown,
    /// What the account pays is not noted.
    ForgetsTheCharge,
}

/// Each, and the invariant of docs/design.md §1 that it breaks.
pub(super) const MUTANTS: [(Wrong, u8); 7] = [
    (Wrong::EndsBeforeTheAnswer, 1),
    (Wrong::ForgetsTheReversal, 1),
    (Wrong::NotesInRamOnly, 1),
    (Wrong::EndsInRamOnly, 3),
    (Wrong::CardInRamOnly, 3),
    (Wrong::ForgetsTheConfirmation, 3),
    (Wrong::GivesOneNumber, 3),
];

/// Those that are found by cuts everywhere, and again.
pub(super) const EVERYWHERE: [(Wrong, u8); 5] = [
    (Wrong::CardBeforeItIsDone, 3),
    (Wrong::NothingAfterTheSecondCut, 1),
    (Wrong::UndoesWhatWasShown, 3),
    (Wrong::ForgetsTheCharge, 3),
    (Wrong::NotesInRamOnly, 1),
];

/// A memory that is wrong in this way; `None`: in none.
pub(super) struct Mutant<M> {
    pub(super) memory: M,
    pub(super) kind: Option<Wrong>,
    /// What it believes instead of what is kept, until the power fails.
    pub(super) hidden: Option<Option<Owed>>,
    /// How often the power has failed.
    pub(super) cuts: u8,
}

impl<M: Kept> Memory for Mutant<M> {
    qiyong_tests::settles_as_its_memory!();

    fn owed(&self) -> Result<Option<Owed>, MemoryError> {
        if let Some(hidden) = self.hidden {
            return Ok(hidden);
        }
        let kept = self.memory.owed()?;
        Ok(match (self.kind, kept) {
            (Some(Wrong::ForgetsTheReversal), Some(Owed::Reverse(_))) => None,
            (Some(Wrong::NothingAfterTheSecondCut), _) if self.cuts > 1 => None,
            (Some(Wrong::UndoesWhatWasShown), Some(Owed::Confirm(due, _))) => Some(Owed::Reverse(due)),
            (Some(Wrong::GivesOneNumber), Some(Owed::Reverse(due))) => {
                Some(Owed::Reverse(Transaction { stan: Stan(1), ..due }))
            }
            _ => kept,
        })
    }

    fn parked(&self) -> usize {
        self.memory.parked()
    }

    fn resume(&mut self) {
        self.memory.resume();
    }

    fn token(&mut self, fresh: Token) -> Result<Token, MemoryError> {
        self.memory.token(fresh)
    }

    fn keep_lease(&mut self, settings: &Settings, lease: Lease) -> Result<(), MemoryError> {
        self.memory.keep_lease(settings, lease)
    }

    fn batch(&self, settings: &Settings) -> Option<Batch> {
        self.memory.batch(settings)
    }

    fn begin(&mut self, settings: &Settings, original: Original, kind: Deal) -> Result<(Batch, Stan), MemoryError> {
        let (batch, stan) = match (self.kind, self.memory.batch(settings)) {
            (Some(Wrong::NotesInRamOnly), Some(batch)) => {
                let Settings { institution, terminal, .. } = *settings;
                let stan = self.memory.next();
                self.hidden = Some(Some(Owed::Reverse(Transaction { institution, terminal, batch, stan, original })));
                return Ok((batch, stan));
            }
            _ => self.memory.begin(settings, original, kind)?,
        };
        match self.kind {
            Some(Wrong::EndsBeforeTheAnswer) => self.memory.close(Closed::Refused, None).map(|()| (batch, stan)),
            Some(Wrong::GivesOneNumber) => Ok((batch, Stan(1))),
            _ => {
                self.hidden = None;
                Ok((batch, stan))
            }
        }
    }

    fn answered(&mut self, charge: Fen) -> Result<(), MemoryError> {
        match self.kind {
            Some(Wrong::NotesInRamOnly | Wrong::EndsBeforeTheAnswer) => Ok(()),
            Some(Wrong::ForgetsTheCharge) => self.memory.answered(Fen(0)),
            Some(Wrong::CardBeforeItIsDone) => {
                self.memory.answered(charge)?;
                self.memory.card_result(None)
            }
            _ => self.memory.answered(charge),
        }
    }

    fn card_result(&mut self, result: Option<Reason>) -> Result<(), MemoryError> {
        match (self.kind, self.hidden.flatten(), self.memory.owed()?) {
            (Some(Wrong::NotesInRamOnly), Some(owed), _) => {
                self.hidden = Some(Some(Owed::Confirm(*owed.transaction(), result)));
                Ok(())
            }
            (Some(Wrong::CardInRamOnly), _, Some(owed)) => {
                self.hidden = Some(Some(Owed::Confirm(*owed.transaction(), result)));
                Ok(())
            }
            (Some(Wrong::EndsBeforeTheAnswer | Wrong::CardBeforeItIsDone), ..) => Ok(()),
            (Some(Wrong::ForgetsTheConfirmation), ..) => self.memory.close(Closed::Confirmed, result),
            _ => self.memory.card_result(result),
        }
    }

    fn close(&mut self, how: Closed, reason: Option<Reason>) -> Result<(), MemoryError> {
        match (self.kind, self.hidden.flatten()) {
            (Some(Wrong::EndsInRamOnly), _) => self.hidden = Some(None),
            (Some(Wrong::NotesInRamOnly), Some(owed)) => {
                let Transaction { institution, terminal, original, .. } = *owed.transaction();
                self.hidden = Some(None);
                self.memory.begin(&Settings::at(institution, terminal), original, Deal::Purchase)?;
                self.memory.close(how, reason)?;
            }
            (Some(Wrong::EndsBeforeTheAnswer), _) => {}
            _ => {
                self.memory.close(how, reason)?;
                self.hidden = None;
            }
        }
        Ok(())
    }

    fn missed(&mut self, bound: u8) -> Result<bool, MemoryError> {
        if self.hidden.is_some() { Ok(false) } else { self.memory.missed(bound) }
    }
}

impl<M: Kept> Kept for Mutant<M> {
    fn set_up(&mut self, institution: InstitutionCode, terminal: TerminalId, next: Stan) -> Result<(), MemoryError> {
        self.memory.set_up(institution, terminal, next)
    }

    fn next(&self) -> Stan {
        self.memory.next()
    }

    fn keyring(&self) -> Keyring {
        self.memory.keyring()
    }

    fn load_key(&mut self, load: &KeyLoad, transport: &X919) -> Result<(), Refused> {
        self.memory.load_key(load, transport)
    }
}
