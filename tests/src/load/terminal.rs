//! What a terminal of a load does: it signs in, and serves one holder after the other. An initial PIN is changed in the visit.
//! When no answer comes it says the sale again or undoes it, until the centre has answered: it begins nothing new before.

use std::time::Instant;

use qiyong_centre::test_mac_key;
use qiyong_protocol::centre::message::{Keys, MESSAGE_MAX};
use qiyong_protocol::centre::{Answer, Batch, Body, Lease, Original, Request, Stan};
use qiyong_protocol::rules::decision::{CardRecord, Operation};
use qiyong_protocol::rules::institution::Channel;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::Reason;

use super::carrier::{Carrier, Heard};
use super::diary::{Asked, Diary, Note, Sale};
use super::dice::Dice;
use super::setting::{Stand, moment, presented};
use super::watch::Watch;

/// One visit in so many is with a card that the terminal has not met, while there are any.
const NEW: u64 = 4;
/// How often a sale is said again at most before it is undone.
const AGAIN: u64 = 2;

/// What else happens, one sale in so many.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// An answered sale is said again, as if its answer had been lost within the terminal.
    pub twice: u64,
    /// An answered sale is undone: its slip could not be printed.
    pub cancelled: u64,
}

/// A terminal.
pub struct Terminal<'s, C> {
    stand: &'s Stand,
    carrier: C,
    dice: Dice,
    habits: Habits,
    watch: &'s Watch,
    diary: Diary,
    keys: Keys,
    lease: Option<Lease>,
    message: Stan,
    /// How many of its cards it has met.
    met: usize,
    /// Which of them still have their initial PINs, as far as it knows.
    initial: Vec<bool>,
}

/// Nobody takes its messages any more: the load is over for it.
struct Over;

impl<'s, C: Carrier> Terminal<'s, C> {
    /// One that has not signed in.
    pub fn new(stand: &'s Stand, carrier: C, dice: Dice, habits: Habits, watch: &'s Watch) -> Self {
        let diary = Diary { institution: stand.institution, terminal: stand.terminal, notes: Vec::new() };
        let initial = stand.cards.iter().map(|card| card.pin_is_initial).collect();
        let keys = Keys::new(test_mac_key());
        Self {
            stand,
            carrier,
            dice,
            habits,
            watch,
            diary,
            keys,
            lease: None,
            message: Stan::of_start(1),
            met: 0,
            initial,
        }
    }

    /// Works until the watch ends it or it has served so many; returns its notes.
    pub fn work(mut self, visits: Option<u64>) -> Diary {
        let mut left = visits.unwrap_or(u64::MAX);
        while left > 0 && !self.watch.is_over() {
            left -= 1;
            if self.visit().is_err() {
                break;
            }
        }
        self.diary
    }

    fn visit(&mut self) -> Result<(), Over> {
        let lease = match self.lease {
            Some(lease) => lease,
            None => self.sign_in()?,
        };
        let fresh = self.met < self.stand.cards.len() && (self.met == 0 || self.dice.one_in(NEW));
        let at = if fresh { self.met } else { self.dice.place(self.met) };
        self.met += usize::from(fresh);
        let stand = self.stand;
        let card = &stand.cards[at];
        if self.initial[at] && !self.change_pin(card)? {
            // The holder comes again.
            return Ok(());
        }
        self.initial[at] = false;
        let operation = self.operation();
        let Some(bill) = operation.bill() else { return Ok(()) };
        let (total, share) = (bill.total(), bill.share());
        let (card_no, time) = (card.number, moment());
        let sale = Sale { stan: lease.next, card: card_no, operation: operation.as_str(), total, share, time };
        // Used up, whatever comes of it.
        self.lease = lease.next.next().map(|next| Lease { next, ..lease });
        self.sell(card, &operation, sale)
    }

    fn sign_in(&mut self) -> Result<Lease, Over> {
        loop {
            let body = Body::SignIn { token: self.stand.token };
            if let Some(Answer::SignedIn { lease, .. }) = self.ask(Batch::NONE, Asked::Lease, body)? {
                self.lease = Some(lease);
                return Ok(lease);
            }
        }
    }

    /// Whether the centre has noted it. Else it is tried again at the next visit.
    fn change_pin(&mut self, card: &CardRecord) -> Result<bool, Over> {
        let (shown, operation) = (presented(card), self.operation());
        let batch = self.batch();
        let inquire = Body::Inquire { card: &shown, operation: &operation };
        let Some(Answer::Standing(_)) = self.ask(batch, Asked::Standing(card.number), inquire)? else {
            return Ok(false);
        };
        let changed = Body::PinChanged { card: card.number, ident: card.ident };
        Ok(self.ask(batch, Asked::PinChanged(card.number), changed)? == Some(Answer::Done))
    }

    /// A sale of this place, of up to 50 yuan.
    fn operation(&mut self) -> Operation {
        let total = self.dice.below(5_000) + 1;
        if self.stand.institution.channel() == Channel::Pharmacy {
            return Operation::Purchase(Bill::new(Fen(total), Fen(0)).expect("a bill"));
        }
        let fund = self.dice.below(total + 1);
        Operation::Settle(Bill::new(Fen(total), Fen(fund)).expect("a bill"))
    }

    fn sell(&mut self, card: &CardRecord, operation: &Operation, sale: Sale) -> Result<(), Over> {
        let shown = presented(card);
        let mut left = if self.dice.one_in(2) { AGAIN } else { 0 };
        let twice = self.dice.one_in(self.habits.twice);
        let cancelled = self.dice.one_in(self.habits.cancelled);
        let mut said = 0;
        let say = |terminal: &mut Self| {
            let body = Body::Transact { stan: sale.stan, card: &shown, operation };
            terminal.ask(terminal.batch(), Asked::Sale(sale), body)
        };
        let answer = loop {
            said += 1;
            match say(self)? {
                // It says nothing of what became of it when it was said before.
                Some(Answer::Refused(Reason::CentreBusy | Reason::RegionDown)) if said > 1 => {}
                Some(answer) => break Some(answer),
                None => {}
            }
            if left == 0 {
                break None;
            }
            left -= 1;
        };
        if twice && answer.is_some() {
            say(self)?;
        }
        if answer.is_none() || cancelled && matches!(answer, Some(Answer::Approved(_))) {
            self.undo(sale)?;
        }
        self.watch.settled();
        Ok(())
    }

    fn undo(&mut self, sale: Sale) -> Result<(), Over> {
        let original = Original { card: sale.card, total: sale.total, time: sale.time };
        loop {
            let body = Body::Reverse { stan: sale.stan, original };
            match self.ask(self.batch(), Asked::Undo(sale), body)? {
                None | Some(Answer::Refused(Reason::CentreBusy | Reason::RegionDown)) => {}
                // Whatever it is, the judge sees it.
                Some(_) => return Ok(()),
            }
        }
    }

    fn batch(&self) -> Batch {
        self.lease.map_or(Batch::NONE, |lease| lease.batch)
    }

    /// Asks, and notes it; the answer, if one came that a terminal takes.
    fn ask(&mut self, batch: Batch, asked: Asked, body: Body<'_>) -> Result<Option<Answer>, Over> {
        self.message = self.message.next_message();
        let Stand { institution, terminal, .. } = *self.stand;
        let request = Request { institution, terminal, batch, time: moment(), body };
        let mut buffer = [0; MESSAGE_MAX];
        let (sent_as, bytes) = self.keys.write(&request, self.message, &mut buffer).expect("a message has room");
        let (sent, begun) = (self.watch.sent(), Instant::now());
        let heard = self.carrier.ask(bytes);
        let (took, heard_at) = (begun.elapsed(), self.watch.heard());
        let answer = match &heard {
            Heard::Answer(bytes) => Some(self.keys.read(bytes, &sent_as).map_err(|error| format!("{error:?}"))),
            Heard::Nothing | Heard::Broken | Heard::Unsent => None,
        };
        let unsent = heard == Heard::Unsent;
        let taken = answer.clone().and_then(Result::ok);
        self.diary.notes.push(Note { sent, heard_at, took, asked, batch, heard, answer });
        if unsent { Err(Over) } else { Ok(taken) }
    }
}
