//! Pays what is owed to the centre: reversals, and confirmations that the centre has not acknowledged (docs/centre.md §21). How a
//! transaction comes to be owed is the visit's; where it is kept, the memory's.

use qiyong_protocol::advice::Advice;
use qiyong_protocol::centre::{Answer, Body, Policy, Request};
use qiyong_protocol::rules::reason::Reason;

use super::{Board, CentreLink, Clock, Closed, Memory, Operator, Owed, Stop, Terminal};
use crate::ui::Screen;

/// What the centre's answer to a reversal or confirmation means.
enum Heard {
    /// It is paid. With a reason, the centre says other than "done".
    Paid(Closed, Option<Reason>),
    /// It stays owed. Said again now it would fare no better, and a centre that is busy would have even more to do.
    Refused(Stop),
    /// Nobody answers, or says something else.
    Nothing,
}

impl<B: Board> Terminal<B> {
    /// Pays all that is owed. After a start, and after a sign-off, what is parked has one more round.
    pub(super) async fn pay_all(&mut self) -> Result<(), Stop> {
        if !self.signed_in {
            self.memory.resume();
        }
        while self.pay_owed().await? {}
        Ok(())
    }

    /// Pays what is owed first, if anything is; returns whether anything was. While it is neither paid nor parked nothing else may
    /// be done.
    pub(super) async fn pay_owed(&mut self) -> Result<bool, Stop> {
        let Some(owed) = self.memory.owed()? else { return Ok(false) };
        self.operator.show(&match owed {
            Owed::Reverse(_) => Screen::Reversing,
            Owed::Confirm(..) => Screen::AskingCentre,
        });
        let mut last = Stop::here(Reason::NoAnswer);
        let Policy { tries, rounds, pause, .. } = self.settings.policy;
        for number in 0..tries {
            if number > 0 && pause > 0 {
                self.link.rest(pause).await;
            }
            match self.tell(&owed).await {
                Heard::Paid(how, reason) => {
                    self.memory.close(how, reason)?;
                    return match (owed, reason) {
                        // The operator learns of it by the end of this visit: what was sold then is not booked.
                        (Owed::Confirm(..), Some(reason)) => Err(Stop::centre(reason)),
                        _ => Ok(true),
                    };
                }
                Heard::Refused(stop) => {
                    last = stop;
                    break;
                }
                Heard::Nothing => {}
            }
        }
        if self.memory.missed(rounds)? { Ok(true) } else { Err(last) }
    }

    /// Confirms what was approved in this visit, once: the holder has the receipt. If the centre does not hear it, the next visit
    /// says it again, and so on.
    pub(super) async fn confirm(&mut self) {
        let Ok(Some(owed @ Owed::Confirm(..))) = self.memory.owed() else { return };
        if let Heard::Paid(how, reason) = self.tell(&owed).await {
            // What is not kept is said again.
            let _ = self.memory.close(how, reason);
            if let Some(reason) = reason {
                self.operator.show(&Screen::NotDone(reason));
            }
        }
    }

    /// Tells the centre of a transaction, once.
    async fn tell(&mut self, owed: &Owed) -> Heard {
        let transaction = *owed.transaction();
        let (stan, original) = (transaction.stan, transaction.original);
        let body = match *owed {
            Owed::Reverse(_) => Body::Reverse { stan, original },
            Owed::Confirm(_, result) => Body::Confirm { stan, original, result },
        };
        let time = self.clock.now();
        let (institution, terminal, batch) = (transaction.institution, transaction.terminal, transaction.batch);
        let answer = self.send(&Request { institution, terminal, batch, time, body }).await;
        let Err(stop) = answer else {
            let closed = if matches!(owed, Owed::Reverse(_)) { Closed::Reversed } else { Closed::Confirmed };
            // A centre that answers something else has not answered.
            return if matches!(answer, Ok(Answer::Done)) { Heard::Paid(closed, None) } else { Heard::Nothing };
        };
        match (owed, stop.reason) {
            // The number is another transaction's, so that the centre has never carried out ours, and never will.
            (Owed::Reverse(_), Reason::NumberReused) if stop.by_centre => {
                Heard::Paid(Closed::Reversed, Some(stop.reason))
            }
            // Nothing of what was confirmed can be undone.
            (Owed::Reverse(_), Reason::AlreadyConfirmed) if stop.by_centre => {
                Heard::Paid(Closed::Confirmed, Some(stop.reason))
            }
            // The centre has undone it, or has never heard of it: it is not booked, and never will be.
            (Owed::Confirm(..), Reason::AlreadyReversed | Reason::Expired | Reason::UnknownTransaction)
                if stop.by_centre =>
            {
                Heard::Paid(Closed::Reversed, Some(stop.reason))
            }
            _ if stop.by_centre || stop.reason.advice() != Advice::TryAgain => Heard::Refused(stop),
            _ => Heard::Nothing,
        }
    }
}
