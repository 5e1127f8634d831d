//! Holder and operator, played by a script: what they see and key, and when they cancel or pull the card.

use std::collections::VecDeque;

use qiyong_firmware::terminal::{NoPin, Operator, WhichPin};
use qiyong_firmware::ui::Screen;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::rules::decision::Effects;

use super::event::{Event, Recorder};
use super::visit::{CancelAt, Unplayed};
use crate::line::{PullDuring, Seat};
use crate::time::CLOCK_HZ;

/// How long a holder takes for keying a PIN, in seconds.
const KEYING: u64 = 4;
/// How long a terminal waits for a PIN, in seconds.
const KEYING_WAIT: u64 = 60;
/// How long a byte to the PIN pad takes, in cycles: ten bits at 9600 bits a second.
const PAD_BYTE: u64 = 10 * CLOCK_HZ / 9600;

/// Screen and keys.
pub(super) struct Script {
    recorder: Recorder,
    pins: VecDeque<Pin>,
    new_pins: VecDeque<Pin>,
    last_new: Option<Pin>,
    cancel: Option<CancelAt>,
    seat: Seat,
    cancelled: bool,
    approved: Option<Effects>,
}

impl Script {
    pub(super) const fn new(recorder: Recorder, seat: Seat) -> Self {
        Self {
            recorder,
            pins: VecDeque::new(),
            new_pins: VecDeque::new(),
            last_new: None,
            cancel: None,
            seat,
            cancelled: false,
            approved: None,
        }
    }

    /// A visit begins, with these actions.
    pub(super) fn begin(&mut self, pins: VecDeque<Pin>, new_pins: VecDeque<Pin>, cancel: Option<CancelAt>) {
        (self.pins, self.new_pins, self.cancel, self.last_new) = (pins, new_pins, cancel, None);
        (self.cancelled, self.approved) = (false, None);
    }

    /// What the holder was shown as done in this visit, if anything was.
    pub(super) const fn approved(&self) -> Option<Effects> {
        self.approved
    }

    /// What of the visit's actions has not come about. Whether the card was pulled is known to the [`Seat`].
    pub(super) fn left(&self, approved: bool) -> Vec<Unplayed> {
        let (pins, new_pins) = if approved { (self.pins.len(), self.new_pins.len()) } else { (0, 0) };
        let left = [
            (pins > 0).then_some(Unplayed::Pins { left: pins }),
            (new_pins > 0).then_some(Unplayed::NewPins { left: new_pins }),
            (self.cancel.is_some() && !self.cancelled).then_some(Unplayed::Cancel),
        ];
        left.into_iter().flatten().collect()
    }
}

impl Operator for Script {
    fn show(&mut self, screen: &Screen) {
        if let Screen::Approved { effects, .. } = screen {
            self.approved = Some(*effects);
        }
        self.recorder.note(Event::Screen(screen.text()));
    }

    async fn enter_pin(&mut self, which: WhichPin) -> Result<Pin, NoPin> {
        let cancel = match which {
            WhichPin::Present => CancelAt::Pin,
            WhichPin::New | WhichPin::NewAgain => CancelAt::NewPin,
        };
        let pull = if which == WhichPin::Present { PullDuring::Pin } else { PullDuring::NewPin };
        if self.seat.comes_to(pull) {
            self.recorder.time.advance_seconds(KEYING);
            // The slot is looked at once more.
            embassy_futures::yield_now().await;
            return std::future::pending().await;
        }
        self.cancelled |= self.cancel == Some(cancel);
        let pin = match which {
            _ if self.cancel == Some(cancel) => Err(NoPin::Cancelled),
            WhichPin::Present => self.pins.pop_front().ok_or(NoPin::TimedOut),
            WhichPin::New => {
                self.last_new = self.new_pins.pop_front();
                self.last_new.clone().ok_or(NoPin::TimedOut)
            }
            WhichPin::NewAgain => self.last_new.clone().ok_or(NoPin::TimedOut),
        };
        match pin {
            // The PIN pad is told first that a PIN is awaited.
            Err(NoPin::TimedOut) => self.recorder.time.advance(KEYING_WAIT * CLOCK_HZ + PAD_BYTE),
            _ => self.recorder.time.advance_seconds(KEYING),
        }
        self.recorder.note(match &pin {
            Ok(_) => Event::Keyed(which),
            Err(no_pin) => Event::NotKeyed(*no_pin),
        });
        pin
    }

    async fn cancel(&mut self) {
        if self.cancel != Some(CancelAt::Card) {
            core::future::pending().await
        }
        self.cancelled = true;
    }
}
