//! The shipped [`Store`] on the model's flash; with a fault, the rule that it leaves out is left out on top of it.

use qiyong_firmware::storage::Store;
use qiyong_firmware::terminal::{Closed, Memory, MemoryError, Owed, Settings, Transaction};
use qiyong_protocol::centre::{Batch, Deal, Lease, Original, Stan, Token};
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

use super::faults::Fault;
use super::flash::{Flash, JOURNAL, PAGES};

pub(crate) type Kept = Store<Flash, PAGES, 0, JOURNAL>;

/// What a faulty memory believes instead of what is kept, until the power fails.
#[derive(Clone, Copy, Debug)]
enum Belief {
    /// This is owed.
    Owed(Owed),
    /// Nothing is.
    Nothing,
}

/// A memory with at most one fault.
pub(crate) struct Bent {
    memory: Kept,
    fault: Option<Fault>,
    belief: Option<Belief>,
    /// What begins when it is answered.
    put_off: Option<(Settings, Original, Deal)>,
}

impl Bent {
    pub(crate) fn new(memory: Kept, fault: Option<Fault>) -> Self {
        Self { memory, fault, belief: None, put_off: None }
    }

    /// What of it would be lost without power.
    pub(crate) fn in_ram(&mut self) -> String {
        let mut parked = Vec::new();
        let _ = self.memory.list(|entry| parked.push(entry.parked));
        format!("{parked:?} {:?}", self.belief)
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// Writes down late what should have been written down before it was sent.
    fn catch_up(&mut self) -> Result<(), MemoryError> {
        if let Some((settings, original, deal)) = self.put_off.take() {
            self.belief = None;
            self.memory.begin(&settings, original, deal)?;
        }
        Ok(())
    }
}

impl Memory for Bent {
    fn begin(&mut self, settings: &Settings, original: Original, kind: Deal) -> Result<(Batch, Stan), MemoryError> {
        let Settings { institution, terminal, .. } = *settings;
        if self.is(Fault::JournalAfterSend)
            && let Some(batch) = self.memory.batch(settings)
        {
            let stan = self.memory.next();
            self.put_off = Some((settings.clone(), original, kind));
            self.belief =
                Some(Belief::Owed(Owed::Reverse(Transaction { institution, terminal, batch, stan, original })));
            return Ok((batch, stan));
        }
        let (batch, stan) = self.memory.begin(settings, original, kind)?;
        if self.is(Fault::NumberReused) {
            return Ok((batch, Stan(1)));
        }
        Ok((batch, stan))
    }

    fn answered(&mut self, charge: Fen) -> Result<(), MemoryError> {
        self.catch_up()?;
        match self.memory.owed()? {
            Some(Owed::Reverse(transaction)) if self.is(Fault::CardResultInRam) => {
                self.belief = Some(Belief::Owed(Owed::Reverse(transaction)));
            }
            _ => {}
        }
        self.memory.answered(charge)
    }

    fn card_result(&mut self, result: Option<Reason>) -> Result<(), MemoryError> {
        if let (true, Some(owed)) = (self.is(Fault::CardResultInRam), self.memory.owed()?) {
            self.belief = Some(Belief::Owed(Owed::Confirm(*owed.transaction(), result)));
            return Ok(());
        }
        if self.is(Fault::ConfirmationForgotten) {
            return self.memory.close(Closed::Confirmed, result);
        }
        self.memory.card_result(result)
    }

    fn close(&mut self, how: Closed, reason: Option<Reason>) -> Result<(), MemoryError> {
        self.catch_up()?;
        if self.is(Fault::ClosedInRam) {
            self.belief = Some(Belief::Nothing);
            return Ok(());
        }
        self.belief = None;
        self.memory.close(how, reason)
    }

    fn missed(&mut self, bound: u8) -> Result<bool, MemoryError> {
        self.catch_up()?;
        if self.is(Fault::ReversalOnce) {
            let closed = match self.memory.owed()? {
                Some(Owed::Reverse(_)) => Closed::Reversed,
                Some(Owed::Confirm(..)) => return self.memory.missed(bound),
                None => return Ok(false),
            };
            self.memory.close(closed, None)?;
            return Ok(true);
        }
        if let (true, Some(Owed::Confirm(transaction, _))) = (self.is(Fault::ConfirmationTurned), self.memory.owed()?) {
            self.belief = Some(Belief::Owed(Owed::Reverse(transaction)));
        }
        self.memory.missed(bound)
    }

    fn owed(&self) -> Result<Option<Owed>, MemoryError> {
        match self.belief {
            Some(Belief::Owed(owed)) => return Ok(Some(owed)),
            Some(Belief::Nothing) => return Ok(None),
            None => {}
        }
        let owed = self.memory.owed()?;
        Ok(owed.and_then(|owed| match owed {
            Owed::Reverse(_) if self.is(Fault::NoReversal) => None,
            Owed::Reverse(transaction) if self.is(Fault::NumberReused) => {
                Some(Owed::Reverse(Transaction { stan: Stan(1), ..transaction }))
            }
            Owed::Confirm(transaction, result) if self.is(Fault::NumberReused) => {
                Some(Owed::Confirm(Transaction { stan: Stan(1), ..transaction }, result))
            }
            owed => Some(owed),
        }))
    }

    fn keep_lease(&mut self, settings: &Settings, lease: Lease) -> Result<(), MemoryError> {
        self.memory.keep_lease(settings, lease)
    }

    fn token(&mut self, fresh: Token) -> Result<Token, MemoryError> {
        self.memory.token(fresh)
    }

    fn batch(&self, settings: &Settings) -> Option<Batch> {
        self.memory.batch(settings)
    }

    fn resume(&mut self) {
        self.memory.resume();
    }

    fn parked(&self) -> usize {
        self.memory.parked()
    }

    qiyong_tests::settles_as_its_memory!();
}
