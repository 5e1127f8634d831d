//! Who watches the till of a world's terminal: writes down what goes to the centre, and lets things happen at a message. What they
//! are is not known here.

use std::cell::RefCell;
use std::rc::Rc;

use qiyong_protocol::frame::Peer;

use super::centre::CentreFailure;
use super::event::{Event, Frame, Recorder};
use super::till::TillWatch;
use crate::decode::masked_payload;
use crate::line::{PullDuring, Seat};
use crate::serial::till::{Nonsense, Passed};

/// Writes down what goes to the centre.
pub(super) struct Watch {
    pub(super) recorder: Recorder,
    pub(super) failure: Rc<RefCell<Option<CentreFailure>>>,
    pub(super) seat: Seat,
    pub(super) meanwhile: Meanwhile,
}

/// What happens elsewhere in the world before the message with this number in a visit, from 0, goes to the centre.
pub(super) type Meanwhile = Rc<RefCell<Option<(usize, Box<dyn FnOnce()>)>>>;

impl TillWatch for Watch {
    fn passes(&mut self, number: usize) {
        let due = self.meanwhile.borrow_mut().take_if(|(at, _)| *at == number);
        if let Some((_, happens)) = due {
            happens();
        }
    }

    fn passed(&mut self, passed: Passed) {
        let Passed { transaction, asked, answered, bytes } = passed;
        // The answer still has its way before it.
        if transaction {
            self.seat.comes_to(PullDuring::Transaction);
        }
        self.recorder.note(Event::Message { asked, answered, bytes });
    }

    fn crosses(&mut self, to_terminal: bool, peer: Peer, payload: &[u8]) {
        let payload = masked_payload(peer, payload);
        self.recorder.note(Event::Frame(Box::new(Frame { to_terminal, peer, payload })));
    }

    fn nonsense(&mut self, why: &Nonsense) {
        let (asked, answered) = ("(nothing that can be read)".into(), format!("({why})"));
        self.recorder.note(Event::Message { asked, answered, bytes: [None, None] });
    }

    fn centre_failed(&mut self, failure: CentreFailure) {
        self.failure.borrow_mut().get_or_insert(failure);
    }
}
