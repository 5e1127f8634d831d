//! The long way: the firmware's contact slot on the virtual line, with T=0 or T=1 as the card's ATR says.
//!
//! Line and slot belong to one thread (the simulation is built for one thread), which carries out the jobs that it
//! gets.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use embassy_futures::block_on;
use jiff::civil::DateTime;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use zeroize::Zeroizing;

use qiyong_firmware::slot::{CardSlot, ContactSlot, SlotConfig, SlotError};
use qiyong_protocol::iso7816::apdu::{Command, SHORT_NE_MAX};
use qiyong_protocol::iso7816::sw::StatusWord;

use super::{Slot, SlotFailure};
use qiyong_sim::card::contact::{ContactCard, Misbehaviour};
use qiyong_sim::card::desk::DeskCard;
use qiyong_sim::line::{Disturbance, FaultPlan, Faults, Layered, Noise, SimulatedLine, VirtualLine};
use qiyong_sim::time::VirtualTime;

/// A slot on the virtual line.
pub struct OnLine {
    jobs: Sender<Job>,
    answers: Receiver<Result<Vec<u8>, SlotFailure>>,
}

enum Job {
    Insert(Box<DeskCard>),
    Remove,
    Reset,
    PowerDown,
    /// A command may hold a PIN.
    Transmit(Zeroizing<Vec<u8>>),
}

impl OnLine {
    /// Makes line and slot, which end when this is dropped. One character in `one_in` arrives with an inverted bit,
    /// which parity detects; 0: none.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new(one_in: u32) -> std::io::Result<Self> {
        let (jobs, inbox) = channel();
        let (outbox, answers) = channel();
        thread::Builder::new().name("card line".into()).spawn(move || {
            let mut rig = Rig::new(one_in);
            while let Ok(job) = inbox.recv() {
                if outbox.send(rig.carry_out(job)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { jobs, answers })
    }

    fn ask(&mut self, job: Job) -> Result<Vec<u8>, SlotFailure> {
        self.jobs.send(job).map_err(|_| SlotFailure::LineGone)?;
        self.answers.recv().map_err(|_| SlotFailure::LineGone)?
    }
}

impl Slot for OnLine {
    fn insert(&mut self, card: DeskCard) {
        let _ = self.ask(Job::Insert(Box::new(card)));
    }

    fn remove(&mut self) {
        let _ = self.ask(Job::Remove);
    }

    fn reset(&mut self) -> Result<Vec<u8>, SlotFailure> {
        self.ask(Job::Reset)
    }

    fn power_down(&mut self) {
        let _ = self.ask(Job::PowerDown);
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), SlotFailure> {
        response.extend(self.ask(Job::Transmit(command.to_vec().into()))?);
        Ok(())
    }
}

struct Rig {
    slot: ContactSlot<Layered<VirtualLine, Faults>>,
}

impl Rig {
    fn new(one_in: u32) -> Self {
        let plan = FaultPlan::default();
        // The same numbers each time, so that a failure can be repeated.
        let random = ChaCha8Rng::seed_from_u64(u64::from(one_in));
        plan.begin(Vec::new(), Some(Noise { random, one_in, kinds: vec![Disturbance::Flip(1)] }));
        let line = Layered::new(VirtualLine::new(VirtualTime::new(DateTime::default())), Faults(plan));
        Self { slot: ContactSlot::new(line, SlotConfig::default()) }
    }

    /// The virtual line never waits, so this does not wait either.
    fn carry_out(&mut self, job: Job) -> Result<Vec<u8>, SlotFailure> {
        match job {
            Job::Insert(card) => {
                block_on(self.slot.disconnect());
                let DeskCard { card, mute, .. } = *card;
                let mut card = ContactCard::new(card);
                card.misbehaviour = mute.then_some(Misbehaviour::Mute);
                self.slot.line().set_card(Some(Rc::new(RefCell::new(card))));
                Ok(Vec::new())
            }
            Job::Remove => {
                block_on(self.slot.disconnect());
                self.slot.line().set_card(None);
                Ok(Vec::new())
            }
            Job::Reset => Ok(block_on(self.slot.connect()).map_err(failure)?.to_vec()),
            Job::PowerDown => {
                block_on(self.slot.disconnect());
                Ok(Vec::new())
            }
            Job::Transmit(bytes) => self.transmit(&bytes),
        }
    }

    fn transmit(&mut self, bytes: &[u8]) -> Result<Vec<u8>, SlotFailure> {
        let Ok(command) = Command::decode(bytes) else {
            return Ok(StatusWord::WRONG_LENGTH.0.to_be_bytes().to_vec());
        };
        let mut buffer = vec![0; command.ne.max(SHORT_NE_MAX) + 2];
        let response = block_on(self.slot.transmit(&command, &mut buffer)).map_err(failure)?;
        let mut bytes = response.data.to_vec();
        bytes.extend(response.sw.0.to_be_bytes());
        Ok(bytes)
    }
}

fn failure(error: SlotError) -> SlotFailure {
    match error {
        SlotError::Removed => SlotFailure::Empty,
        SlotError::Mute | SlotError::Silent | SlotError::NotConnected => SlotFailure::Mute,
        error => SlotFailure::Broken(error),
    }
}
