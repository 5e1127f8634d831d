//! Memories around the shipped one: one that writes down every call, and those that are wrong on purpose.

use qiyong_firmware::application::Kept;
use qiyong_firmware::terminal::{Memory, MemoryError, Settings, Unanswered};
use qiyong_protocol::centre::{Batch, Lease, Original, Stan, TerminalId, Token};
use qiyong_protocol::rules::institution::InstitutionCode;

use super::pharmacy::Notes;

/// A memory that writes down every call, and fails where it is told to.
pub(super) struct Recording<M> {
    pub(super) memory: M,
    pub(super) notes: Notes,
    /// Which call fails, from 0.
    pub(super) fails: Option<usize>,
    pub(super) calls: usize,
}

impl<M> Recording<M> {
    fn note(&mut self, what: &str) -> Result<(), MemoryError> {
        self.notes.borrow_mut().push(what.to_string());
        self.calls += 1;
        if self.fails == Some(self.calls - 1) { Err(MemoryError::Worn) } else { Ok(()) }
    }
}

impl<M: Memory> Memory for Recording<M> {
    fn unanswered(&self) -> Result<Option<Unanswered>, MemoryError> {
        self.memory.unanswered()
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

    fn begin(&mut self, settings: &Settings, original: Original) -> Result<(Batch, Stan), MemoryError> {
        self.note("note transaction")?;
        self.memory.begin(settings, original)
    }

    fn end(&mut self) -> Result<(), MemoryError> {
        self.note("note end")?;
        self.memory.end()
    }
}

impl<M: Kept> Kept for Recording<M> {
    fn set_up(&mut self, institution: InstitutionCode, terminal: TerminalId, next: Stan) -> Result<(), MemoryError> {
        self.memory.set_up(institution, terminal, next)
    }

    fn next(&self) -> Stan {
        self.memory.next()
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
    /// Every transaction has the same number.
    GivesOneNumber,
}

/// Each, and the invariant of docs/design.md §1 that it breaks.
pub(super) const MUTANTS: [(Wrong, u8); 5] = [
    (Wrong::EndsBeforeTheAnswer, 1),
    (Wrong::ForgetsTheReversal, 1),
    (Wrong::NotesInRamOnly, 1),
    (Wrong::EndsInRamOnly, 3),
    (Wrong::GivesOneNumber, 3),
];

/// A memory that is wrong in this way; `None`: in none.
pub(super) struct Mutant<M> {
    pub(super) memory: M,
    pub(super) kind: Option<Wrong>,
    /// What it believes instead of what is kept, until the power fails.
    pub(super) hidden: Option<Option<Unanswered>>,
}

impl<M: Kept> Memory for Mutant<M> {
    fn unanswered(&self) -> Result<Option<Unanswered>, MemoryError> {
        if let Some(hidden) = self.hidden {
            return Ok(hidden);
        }
        let kept = self.memory.unanswered()?;
        Ok(match self.kind {
            Some(Wrong::ForgetsTheReversal) => None,
            Some(Wrong::GivesOneNumber) => kept.map(|due| Unanswered { stan: Stan(1), ..due }),
            _ => kept,
        })
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

    fn begin(&mut self, settings: &Settings, original: Original) -> Result<(Batch, Stan), MemoryError> {
        let (batch, stan) = match (self.kind, self.memory.batch(settings)) {
            (Some(Wrong::NotesInRamOnly), Some(batch)) => {
                let Settings { institution, terminal, .. } = *settings;
                let stan = self.memory.next();
                self.hidden = Some(Some(Unanswered { institution, terminal, batch, stan, original }));
                return Ok((batch, stan));
            }
            _ => self.memory.begin(settings, original)?,
        };
        match self.kind {
            Some(Wrong::EndsBeforeTheAnswer) => self.memory.end().map(|()| (batch, stan)),
            Some(Wrong::GivesOneNumber) => Ok((batch, Stan(1))),
            _ => {
                self.hidden = None;
                Ok((batch, stan))
            }
        }
    }

    fn end(&mut self) -> Result<(), MemoryError> {
        match (self.kind, self.hidden.flatten()) {
            (Some(Wrong::EndsInRamOnly), _) => self.hidden = Some(None),
            (Some(Wrong::NotesInRamOnly), Some(Unanswered { institution, terminal, original, .. })) => {
                self.hidden = Some(None);
                self.memory.begin(&Settings::at(institution, terminal), original)?;
                self.memory.end()?;
            }
            _ => self.memory.end()?,
        }
        Ok(())
    }
}

impl<M: Kept> Kept for Mutant<M> {
    fn set_up(&mut self, institution: InstitutionCode, terminal: TerminalId, next: Stan) -> Result<(), MemoryError> {
        self.memory.set_up(institution, terminal, next)
    }

    fn next(&self) -> Stan {
        self.memory.next()
    }
}
