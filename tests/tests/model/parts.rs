//! What the shipped terminal is given in the model: a slot with the simulator's virtual card, a link whose other end is
//! the model's network, a till whose screens are noted, a clock, and random numbers that are none. Where the world
//! decides how it goes on, a part waits for the next [`Input`]; where nothing hangs on it, the answer is given at once.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::Poll;

use qiyong_firmware::slot::{CardSlot, SlotError};
use qiyong_firmware::terminal::{CentreLink, Clock, NoPin, Operator, WhichPin};
use qiyong_firmware::ui::Screen;
use qiyong_protocol::card::commands::ins;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::card::keys::Cryptogram;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::message::response;
use qiyong_protocol::centre::{
    Answer, Batch, Body, Lease, LinkError, Policy, Request, Session, Stan, Standing, WorkingKey,
};
use qiyong_protocol::iso7816::apdu::{Command, Response};
use qiyong_sim::card::os::VirtualCard;

use super::flash::Flash;
use super::people::{pin, time_of, virtual_card};
use super::words::{Event, Input, Message, Numbered, Says, Table, Told, Wait};

/// What all parts share.
pub(crate) struct Bench {
    pub(crate) terminal: u8,
    pub(crate) inputs: VecDeque<Input>,
    pub(crate) wait: Wait,
    pub(crate) events: Vec<Event>,
    pub(crate) messages: Numbered<Message>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) signed_in: bool,
    /// The holder's PIN, and whether the centre has heard of it, are part of the world.
    pub(crate) asks_pin: bool,
    /// So is the lease of the terminal's name.
    pub(crate) signs_in: bool,
    /// What its centre says of what is owed.
    pub(crate) policy: Policy,
    pub(crate) flash: Flash,
    pub(crate) sale: u8,
    pub(crate) card: VirtualCard,
    /// A card that is out of the slot does nothing.
    torn: bool,
    proof: [u8; 8],
    /// The faults of the parts; those of the memory are the memory's.
    pub(crate) verifies_twice: bool,
    pub(crate) late_is_unsent: bool,
    pub(crate) tear_costs_try: bool,
}

pub(crate) type Shared = Rc<RefCell<Bench>>;

impl Bench {
    pub(crate) fn new(terminal: u8, flash: Flash) -> Self {
        Self {
            terminal,
            inputs: VecDeque::new(),
            wait: Wait::Off,
            events: Vec::new(),
            messages: Numbered::default(),
            answers: Vec::new(),
            signed_in: false,
            asks_pin: false,
            signs_in: false,
            policy: Policy::DEFAULT,
            flash,
            sale: 0,
            card: virtual_card(),
            torn: false,
            proof: [0; 8],
            verifies_twice: false,
            late_is_unsent: false,
            tear_costs_try: false,
        }
    }

    pub(crate) fn insert(&mut self, Table { own, left }: Table) {
        self.torn = false;
        self.card.pin.value = pin(own);
        self.card.pin.left = left;
        self.card.reset();
    }

    pub(crate) fn table(&self) -> Table {
        Table { own: self.card.pin.value == pin(true), left: self.card.pin.left }
    }

    /// Notes what was written since the last event.
    pub(crate) fn note_changes(&mut self) {
        let changes = self.flash.take_changes();
        self.events.extend(changes.into_iter().map(Event::Wrote));
    }

    /// The next input, from which on events count.
    pub(crate) fn next(&mut self) -> Option<Input> {
        self.note_changes();
        let input = self.inputs.pop_front()?;
        self.events.clear();
        Some(input)
    }
}

/// Waits for the next input that `takes` takes.
async fn next(bench: &Shared, wait: Wait, takes: impl Fn(Input) -> bool) -> Input {
    poll_fn(|_| {
        let mut bench = bench.borrow_mut();
        match bench.inputs.front() {
            Some(input) if takes(*input) => bench.next().map_or(Poll::Pending, Poll::Ready),
            Some(_) => Poll::Pending,
            None => {
                bench.wait = wait;
                Poll::Pending
            }
        }
    })
    .await
}

pub(crate) struct Slot(pub(crate) Shared);

impl CardSlot for Slot {
    async fn wait_for_card(&mut self, _: u16) -> bool {
        true
    }

    async fn connect(&mut self) -> Result<&[u8], SlotError> {
        // T=0, with the historical bytes from which the card's keys come.
        thread_local!(static ATR: &'static [u8] = Vec::leak(virtual_card().atr));
        self.0.borrow_mut().card.reset();
        Ok(ATR.with(|atr| *atr))
    }

    async fn transmit<'b>(&mut self, command: &Command<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
        let mut torn = None;
        if command.ins == ins::CHANGE_PIN && self.0.borrow().asks_pin {
            torn = match next(&self.0, Wait::Change, |_| true).await {
                Input::Torn(before) => Some(before),
                _ => None,
            };
        }
        let mut bench = self.0.borrow_mut();
        if bench.torn || torn == Some(true) {
            bench.torn = true;
            return Err(SlotError::Removed);
        }
        let (data, sw) = bench.card.process(command);
        if command.ins == ins::VERIFY && bench.verifies_twice {
            bench.card.process(command);
        }
        if torn.is_some() {
            bench.torn = true;
            bench.card.pin.left -= u8::from(bench.tear_costs_try);
            return Err(SlotError::Removed);
        }
        if command.ins == ins::INTERNAL_AUTHENTICATE {
            bench.proof = data.as_slice().try_into().unwrap_or_default();
        }
        let room = buffer.get_mut(..data.len()).expect("room for the answer");
        room.copy_from_slice(&data);
        Ok(Response { data: room, sw })
    }

    async fn removal(&mut self) {
        // It is noticed while a PIN is awaited, which says so.
        poll_fn(|_| {
            let mut bench = self.0.borrow_mut();
            if bench.inputs.front() == Some(&Input::Pulled) {
                bench.next();
                bench.torn = true;
            }
            if bench.torn { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    async fn disconnect(&mut self) {}
}

pub(crate) struct Link(pub(crate) Shared);

impl CentreLink for Link {
    async fn ask(&mut self, request: &Request<'_>) -> Result<Answer, LinkError> {
        let says = match request.body {
            Body::Transact { stan, .. } => Says::Transact { stan, time: request.time },
            Body::Reverse { stan, original } => Says::Reverse { stan, original },
            Body::Confirm { stan, original, result } => Says::Confirm { stan, original, result },
            Body::SignIn { token } if self.0.borrow().signs_in => Says::SignIn { token },
            Body::Inquire { .. } if self.0.borrow().asks_pin => Says::Inquire,
            Body::PinChanged { .. } if self.0.borrow().asks_pin => Says::PinChanged,
            _ => return Ok(self.at_once(&request.body)),
        };
        let wait = {
            let mut bench = self.0.borrow_mut();
            let message = Message { terminal: bench.terminal, batch: request.batch, says };
            Wait::Answer(bench.messages.number(message))
        };
        let input = next(&self.0, wait, |_| true).await;
        let mut bench = self.0.borrow_mut();
        match input {
            Input::Answer(number) => {
                let answer = bench.answers[usize::from(number)].clone();
                bench.signed_in |= matches!(answer, Answer::SignedIn { .. });
                Ok(answer)
            }
            Input::NoAnswer if bench.late_is_unsent && matches!(says, Says::Transact { .. }) => {
                Err(LinkError::Unwritable { field: 0 })
            }
            Input::Rejected => {
                bench.signed_in = false;
                Err(LinkError::Rejected(response::MAC))
            }
            Input::Unsent => Err(LinkError::Unwritable { field: 0 }),
            _ => Err(LinkError::NoAnswer),
        }
    }
}

impl Link {
    /// What changes nothing at the centre, and is not lost here: without it nothing is begun.
    fn at_once(&self, body: &Body<'_>) -> Answer {
        let mut bench = self.0.borrow_mut();
        match body {
            Body::SignIn { .. } => {
                bench.signed_in = true;
                // The least that the centre says of numbers: the terminal has its own count.
                signed_in(Lease { batch: Batch(1), next: Stan(1) }, bench.policy)
            }
            Body::Authenticate(_) => Answer::Authenticated { internal: Cryptogram(bench.proof), external: None },
            Body::Inquire { .. } => Answer::Standing(standing(false, true)),
            _ => Answer::Done,
        }
    }
}

/// What the centre says to a terminal that signs in. Nobody uses the key here.
pub(crate) const fn signed_in(lease: Lease, policy: Policy) -> Answer {
    let key = WorkingKey { enciphered: [0; 16], check: [0; 3] };
    Answer::SignedIn { lease, session: Session { key, time: Timestamp::UNSET, policy: Some(policy) } }
}

/// What the centre says of a card.
pub(crate) const fn standing(pin_is_initial: bool, initial_is_common: bool) -> Standing {
    Standing { status: CardStatus::Inactive, social: false, financial: false, pin_is_initial, initial_is_common }
}

pub(crate) struct Desk(pub(crate) Shared);

impl Operator for Desk {
    fn show(&mut self, screen: &Screen) {
        let told = match screen {
            Screen::Approved { .. } => Told::Done,
            Screen::NotDone(_) => Told::NotDone,
            _ => return,
        };
        let mut bench = self.0.borrow_mut();
        bench.note_changes();
        bench.events.push(Event::Showed(told));
    }

    async fn enter_pin(&mut self, which: WhichPin) -> Result<Pin, NoPin> {
        if which != WhichPin::Present {
            return Ok(pin(true));
        }
        if !self.0.borrow().asks_pin {
            let bench = self.0.borrow();
            return Ok(bench.card.pin.value.clone());
        }
        match next(&self.0, Wait::Pin, |input| matches!(input, Input::Keyed(_))).await {
            Input::Keyed(own) => Ok(pin(own)),
            _ => Err(NoPin::Cancelled),
        }
    }

    async fn cancel(&mut self) {
        pending().await
    }
}

pub(crate) struct Watch(pub(crate) Shared);

impl Clock for Watch {
    fn now(&mut self) -> Timestamp {
        time_of(self.0.borrow().sale)
    }
}

/// Nothing here depends on random numbers.
pub(crate) struct Dice;

impl rand_core::TryRng for Dice {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(7)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(7)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(7);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Dice {}
