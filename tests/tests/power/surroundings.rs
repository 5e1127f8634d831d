//! What is around the terminal in the tests of power cuts: the centre and what arrives there, the till's eyes, the
//! holder and the operator, and a clock. They outlive the terminal's power.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use qiyong::in_process::InProcess;
use qiyong_firmware::terminal::{Clock, NoPin, Operator, WhichPin};
use qiyong_firmware::ui::Screen;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::message::Parts;
use qiyong_protocol::centre::{Body, Stan};
use qiyong_sim::line::SharedCard;
use qiyong_sim::serial::ears::Ears;
use qiyong_sim::serial::till::Passed;
use qiyong_sim::time::VirtualTime;
use qiyong_sim::world::centre::{CentreEnd, CentreFailure};
use qiyong_sim::world::till::TillWatch;

use super::fuse::{Fuse, Point};

/// What happened around the terminal, in order.
pub(crate) type Notes = Rc<RefCell<Vec<String>>>;

/// The PIN with which cards are made here, if everybody knows that one, and the one that the holder chooses.
pub(crate) const INITIAL: &[u8] = b"123456";
pub(crate) const CHOSEN: &[u8] = b"271828";
/// The PIN of a card whose holder has chosen one long ago.
pub(crate) const OWN: &[u8] = b"135790";

/// The centre, and what arrives there.
pub(crate) struct Ear {
    pub(crate) centre: InProcess,
    pub(crate) ears: Ears,
    pub(crate) notes: Notes,
    pub(crate) fuse: Fuse,
    /// Where messages are noted under their own name.
    pub(crate) home: &'static str,
    /// Numbers of the transactions that have arrived.
    pub(crate) transactions: Vec<Stan>,
    /// A number for all that the centre was told so far: the same things in the same order give the same number.
    pub(crate) told: Rc<Cell<u64>>,
}

impl CentreEnd for Ear {
    fn answer(&mut self, message: &[u8]) -> Result<Option<Vec<u8>>, CentreFailure> {
        if !self.fuse.reaches(Point::Message) {
            return Ok(None);
        }
        let (key, mut parts) = (self.key(), Parts::default());
        let request = self.ears.request(message, &key, &mut parts).ok();
        let note = match &request {
            None => "(unreadable)".to_string(),
            Some(request) => match request.body {
                Body::Transact { stan, .. } => {
                    self.transactions.push(stan);
                    format!("send transaction {}", stan.0)
                }
                Body::Reverse { stan, .. } if request.institution.as_str() != self.home => {
                    format!("send reversal {} as {}", stan.0, request.institution)
                }
                Body::Reverse { stan, .. } => format!("send reversal {}", stan.0),
                Body::Confirm { stan, .. } => format!("confirm {}", stan.0),
                Body::Report { reason, .. } => format!("report {reason}"),
                _ => "ask".to_string(),
            },
        };
        self.notes.borrow_mut().push(note);
        let answer = self.centre.answer(message)?;
        let mut told = DefaultHasher::new();
        (self.told.get(), message).hash(&mut told);
        self.told.set(told.finish());
        if let (Some(request), Some(answer)) = (&request, &answer) {
            // What it says is for the terminal; here only the key that it may bring counts.
            let _ = self.ears.answer(answer, message, request, &key);
        }
        Ok(if self.fuse.reaches(Point::Message) { answer } else { None })
    }

    fn set_time(&mut self, now: Timestamp) {
        self.centre.set_time(now);
    }

    fn key(&self) -> X919 {
        self.centre.key()
    }
}

/// What is seen at the till.
pub(crate) struct Watch {
    pub(crate) notes: Notes,
    pub(crate) failed: Rc<RefCell<Option<String>>>,
}

impl TillWatch for Watch {
    fn passed(&mut self, passed: Passed) {
        if passed.answered == "(the message is lost)" {
            self.notes.borrow_mut().push("(lost)".to_string());
        }
    }

    fn centre_failed(&mut self, failure: CentreFailure) {
        self.failed.borrow_mut().get_or_insert(failure.to_string());
    }
}

/// What the holder knows, whatever the terminal has forgotten.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(crate) struct Mind {
    /// How many sales the holder was shown as paid.
    pub(crate) paid: u64,
    /// The new PIN was keyed twice, so that the card may have it.
    pub(crate) has_chosen: bool,
    /// The card has refused the new PIN.
    pub(crate) is_refused: bool,
    /// How often a new PIN was asked for though the card had one.
    pub(crate) asked_in_vain: u32,
}

impl Mind {
    /// The PIN that the holder keys first.
    const fn believed(self) -> &'static [u8] {
        if self.has_chosen && !self.is_refused { CHOSEN } else { INITIAL }
    }
}

/// A holder who knows the PIN, and an operator who writes down the screens.
pub(crate) struct Desk {
    pub(crate) notes: Notes,
    /// Whether there is power: a screen without it is dark.
    pub(crate) is_lit: Box<dyn Fn() -> bool>,
    pub(crate) mind: Rc<Cell<Mind>>,
    pub(crate) card: SharedCard,
    /// The holder's PIN, if it is not the one with which the card was made.
    pub(crate) own: Option<&'static [u8]>,
    /// The present PIN that was keyed first in this visit.
    pub(crate) first: Option<&'static [u8]>,
    /// Set when the transaction is about to be written, if its time is to be mad.
    pub(crate) mad: Rc<Cell<bool>>,
    pub(crate) unsent: bool,
    pub(crate) asked: u32,
}

impl Desk {
    fn learn(&self, learn: impl FnOnce(&mut Mind)) {
        let mut mind = self.mind.get();
        learn(&mut mind);
        self.mind.set(mind);
    }
}

impl Operator for Desk {
    fn show(&mut self, screen: &Screen) {
        if !(self.is_lit)() {
            return;
        }
        match screen {
            // First for the standing of the card, then for the transaction.
            Screen::AskingCentre => {
                self.asked += 1;
                self.mad.set(self.unsent && self.asked == 2);
            }
            Screen::EnterPin { tries_left: Some(_), .. } if self.first == Some(CHOSEN) => {
                self.learn(|mind| mind.is_refused = true);
            }
            Screen::Approved { .. } => self.learn(|mind| mind.paid += 1),
            _ => {}
        }
        if matches!(screen, Screen::Approved { .. } | Screen::NotDone(_)) {
            self.notes.borrow_mut().push(format!("show {}", screen.text().english));
        }
    }

    async fn enter_pin(&mut self, which: WhichPin) -> Result<Pin, NoPin> {
        let keyed = match which {
            WhichPin::Present => match (self.own, self.first) {
                (Some(own), _) => own,
                (None, Some(CHOSEN)) => INITIAL,
                (None, Some(_)) => CHOSEN,
                (None, None) => self.mind.get().believed(),
            },
            WhichPin::New => {
                let in_vain = self.card.borrow().card.pin.value == Pin::new(CHOSEN).ok_or(NoPin::Cancelled)?;
                self.learn(|mind| mind.asked_in_vain += u32::from(in_vain));
                CHOSEN
            }
            WhichPin::NewAgain => {
                self.learn(|mind| (mind.has_chosen, mind.is_refused) = (true, false));
                CHOSEN
            }
        };
        if which == WhichPin::Present {
            self.first.get_or_insert(keyed);
        }
        Pin::new(keyed).ok_or(NoPin::Cancelled)
    }

    async fn cancel(&mut self) {
        pending().await
    }
}

/// A clock that can say an hour that there is not.
pub(crate) struct TestClock {
    pub(crate) time: VirtualTime,
    pub(crate) mad: Rc<Cell<bool>>,
}

impl Clock for TestClock {
    fn now(&mut self) -> Timestamp {
        let now = self.time.timestamp();
        if self.mad.take() { Timestamp { hour: 100, ..now } } else { now }
    }
}
