//! The centre of the model. What a message means is decided by the centre's own rules ([`qiyong_centre::number`],
//! leases, and [`qiyong_protocol::rules::decision`]); here it is carried out on a few values in place of a database.
//! `conformity` compares it with the real one.

use qiyong_centre::number::{Coming, Confirming, Decided, Number, Reversing, Subject};
use qiyong_centre::{Function, Grant, Hold, Phase, StoredLease, grant, hold_of};
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::{Answer, Batch, Original, Receipt, Stan, Token};
use qiyong_protocol::rules::decision::{CardRecord, Institution, decide};
use qiyong_protocol::rules::reason::Reason;

use super::faults::Fault;
use super::parts::{signed_in, standing};
use super::people::{presented, record, today};
use super::settings::{Setting, Till};
use super::words::{Message, Says};

/// A terminal and the number that it gave a sale.
type Id = (u8, Batch, Stan);

/// What a message did, as whoever keeps the accounts sees it. The sale is known by its terminal and its time, not by
/// its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    /// The personal account paid this sale, or the bank's window verified its person.
    Charged(u8, u8),
    /// It got that back.
    GaveBack(u8, u8),
    /// The centre has undone it, since nobody confirmed it.
    Expired(u8, u8),
}

/// A transaction in the order of arrival.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: Id,
    pub(crate) decided: Decided,
}

/// What the centre has recorded.
#[derive(Clone, Debug)]
pub(crate) struct Centre {
    pub(crate) rows: Vec<Row>,
    reversals: Vec<(Id, Original)>,
    pub(crate) card: CardRecord,
    /// Which row has put a function into use.
    activations: Vec<(usize, Function)>,
    /// Of each terminal's name.
    leases: Vec<Option<StoredLease>>,
    /// Whose inquiry was the last one.
    serving: Option<u8>,
}

impl Centre {
    pub(crate) fn new(setting: &Setting) -> Self {
        let card = CardRecord { account: setting.account, pin_is_initial: setting.pin, ..record() };
        // Where nobody signs in over the network, each terminal has.
        let lease = (!setting.sign_in).then_some(StoredLease {
            batch: Batch(1),
            token: Some(super::people::TOKEN),
            settled: false,
        });
        let leases = vec![lease; setting.tills.len()];
        Self { rows: Vec::new(), reversals: Vec::new(), card, activations: Vec::new(), leases, serving: None }
    }

    /// What tells it from another one.
    pub(crate) fn key(&self) -> String {
        let Self { rows, reversals, card, activations, leases, serving } = self;
        let card = (card.status, card.social, card.financial, card.account, card.pin_is_initial);
        format!("{rows:?} {reversals:?} {card:?} {activations:?} {leases:?} {serving:?}")
    }

    fn find(&self, id: Id) -> Option<usize> {
        self.rows.iter().position(|row| row.id == id)
    }

    fn number(&self, id: Id) -> Number<'_> {
        let reversal = self.reversals.iter().find(|(other, _)| *other == id).map(|(_, original)| *original);
        Number { decided: self.find(id).map(|place| &self.rows[place].decided), reversal }
    }

    /// Carries out a message.
    pub(crate) fn hear(&mut self, tills: &[Till], message: Message, fault: Option<Fault>) -> (Answer, Vec<Happened>) {
        let Message { terminal, batch, says } = message;
        let mut happened = Vec::new();
        let answer = match says {
            Says::Transact { stan, time } => {
                let subject = Subject::new(self.card.number, &tills[usize::from(terminal)].operation, time);
                self.transact(tills, (terminal, batch, stan), subject, fault, &mut happened)
            }
            Says::Reverse { stan, original } => {
                self.reverse(tills, (terminal, batch, stan), original, fault, &mut happened)
            }
            Says::Confirm { stan, original, .. } => self.confirm((terminal, batch, stan), original, fault),
            Says::SignIn { token } => self.sign_in(tills, terminal, token),
            Says::Inquire => {
                self.serving = Some(terminal);
                Answer::Standing(standing(self.card.pin_is_initial, fault != Some(Fault::InitialUnknown)))
            }
            Says::PinChanged if !self.card.pin_is_initial => Answer::Done,
            Says::PinChanged if self.serving == Some(terminal) => {
                (self.card.pin_is_initial, self.serving) = (false, None);
                Answer::Done
            }
            Says::PinChanged => Answer::Refused(Reason::InitialPinUnchanged),
        };
        (answer, happened)
    }

    fn sign_in(&mut self, tills: &[Till], terminal: u8, token: Token) -> Answer {
        let lease = self.leases[usize::from(terminal)];
        let policy = tills[usize::from(terminal)].policy();
        let used = self.rows.iter().map(|row| row.id).chain(self.reversals.iter().map(|(id, _)| *id));
        let last = used.filter(|id| id.0 == terminal).map(|id| id.2.0).max().unwrap_or(0);
        match grant(lease, token, Stan::new(last + 1)) {
            Grant::Refused(reason) => Answer::Refused(reason),
            Grant::Same(lease) => signed_in(lease, policy),
            Grant::Next(lease) => {
                let held = StoredLease { batch: lease.batch, token: Some(token), settled: false };
                self.leases[usize::from(terminal)] = Some(held);
                signed_in(lease, policy)
            }
        }
    }

    fn transact(
        &mut self,
        tills: &[Till],
        id: Id,
        subject: Subject,
        fault: Option<Fault>,
        happened: &mut Vec<Happened>,
    ) -> Answer {
        match self.number(id).comes(&subject) {
            Coming::New => {}
            Coming::Again(answer) => {
                if fault == Some(Fault::RepetitionCharged)
                    && let Answer::Approved(receipt) = answer
                {
                    self.pay(sale_of(id, &subject), receipt, happened);
                }
                return answer;
            }
            Coming::Late => return self.end(id, subject, Reason::AlreadyReversed),
            Coming::Other => return Answer::Refused(Reason::NumberReused),
        }
        match hold_of(self.leases[usize::from(id.0)], id.1) {
            Hold::Held => {}
            Hold::Settled => return Answer::Refused(Reason::BatchSettled),
            Hold::None => return Answer::Refused(Reason::NotSignedIn),
        }
        let till = &tills[usize::from(id.0)];
        let place = Institution::of_region(till.institution);
        if fault == Some(Fault::ActivationBeforePayment) {
            (self.card.status, self.card.social) = (CardStatus::Active, true);
        }
        let decided = decide(&till.operation, today(), Some(&place), &presented(), Some(&self.card));
        let effects = match decided {
            Ok(effects) => effects,
            Err(reason) => return self.end(id, subject, reason),
        };
        let Some(balance) = self.card.account.checked_sub(effects.charge) else {
            return self.end(id, subject, Reason::InsufficientFunds);
        };
        let receipt = Receipt { effects, balance };
        self.pay(sale_of(id, &subject), receipt, happened);
        self.card.account.0 -= u64::from(fault == Some(Fault::ChargedMore));
        let decided = Decided { subject, result: Ok(receipt), reversed: false, phase: Some(Phase::Pending) };
        self.rows.push(Row { id, decided });
        let row = self.rows.len() - 1;
        if effects.activates {
            self.put_into_use(row, Function::Social);
        }
        if effects.activates_financial {
            self.put_into_use(row, Function::Financial);
        }
        Answer::Approved(receipt)
    }

    /// A decision that nothing is done.
    fn end(&mut self, id: Id, subject: Subject, reason: Reason) -> Answer {
        let reversed = self.number(id).reversal.is_some();
        self.rows.push(Row { id, decided: Decided { subject, result: Err(reason), reversed, phase: None } });
        Answer::Refused(reason)
    }

    fn pay(&mut self, (terminal, sale): (u8, u8), receipt: Receipt, happened: &mut Vec<Happened>) {
        self.card.account.0 -= receipt.effects.charge.0;
        happened.push(Happened::Charged(terminal, sale));
    }

    fn put_into_use(&mut self, row: usize, function: Function) {
        self.activations.push((row, function));
        match function {
            Function::Social => (self.card.status, self.card.social) = (CardStatus::Active, true),
            Function::Financial => self.card.financial = true,
        }
    }

    fn reverse(
        &mut self,
        tills: &[Till],
        id: Id,
        original: Original,
        fault: Option<Fault>,
        happened: &mut Vec<Happened>,
    ) -> Answer {
        let again = fault == Some(Fault::RefundedTwice) && self.number(id).reversal.is_some();
        let undone = match self.number(id).is_reversed(original) {
            Reversing::Nothing(_) if again => self.number(id).decided.and_then(|decided| decided.result.ok()),
            Reversing::Nothing(answer) => return answer,
            Reversing::Undo(undone) => undone,
        };
        if fault == Some(Fault::ReversalForgotten) && self.find(id).is_none() {
            return Answer::Done;
        }
        if !again {
            self.reversals.push((id, original));
        }
        if let Some(row) = self.find(id) {
            self.rows[row].decided.reversed = true;
            if let Some(receipt) = undone {
                self.rows[row].decided.phase = Some(Phase::Voided);
                self.undo(tills, row, receipt, fault, happened);
            }
        }
        Answer::Done
    }

    fn confirm(&mut self, id: Id, original: Original, fault: Option<Fault>) -> Answer {
        match self.number(id).is_confirmed(original) {
            Confirming::Post => {
                if let Some(row) = self.find(id) {
                    self.rows[row].decided.phase = Some(Phase::Posted);
                }
                Answer::Done
            }
            Confirming::Nothing(Answer::Done) if fault == Some(Fault::ConfirmationNotIdempotent) => {
                Answer::Refused(Reason::UnknownTransaction)
            }
            Confirming::Nothing(Answer::Refused(Reason::Expired)) if fault == Some(Fault::ExpiredIsConfirmed) => {
                Answer::Done
            }
            Confirming::Nothing(answer) => answer,
        }
    }

    /// Undoes the transaction in this row, which nobody has confirmed in time. False: there is nothing to undo.
    pub(crate) fn expire(&mut self, tills: &[Till], row: usize, fault: Option<Fault>) -> Option<Vec<Happened>> {
        let decided = &self.rows[row].decided;
        let posted = fault == Some(Fault::PostedExpires) && decided.phase == Some(Phase::Posted);
        let receipt = decided.expires().or_else(|| decided.result.ok().filter(|_| posted))?;
        let (terminal, sale) = sale_of(self.rows[row].id, &decided.subject);
        let mut happened = vec![Happened::Expired(terminal, sale)];
        self.rows[row].decided.phase = Some(Phase::Expired);
        self.undo(tills, row, receipt, fault, &mut happened);
        Some(happened)
    }

    fn undo(
        &mut self,
        tills: &[Till],
        row: usize,
        receipt: Receipt,
        fault: Option<Fault>,
        happened: &mut Vec<Happened>,
    ) {
        if fault != Some(Fault::ReversedNotRefunded) {
            let (terminal, sale) = sale_of(self.rows[row].id, &self.rows[row].decided.subject);
            self.card.account.0 += receipt.effects.charge.0;
            happened.push(Happened::GaveBack(terminal, sale));
        }
        let undone: Vec<Function> =
            self.activations.iter().filter(|(by, _)| *by == row).map(|(_, function)| *function).collect();
        self.activations.retain(|(by, _)| *by != row);
        if fault == Some(Fault::UndoneStaysActive) {
            return;
        }
        for function in undone {
            let keeps = |row: &Row| {
                let institution = tills[usize::from(row.id.0)].institution;
                let local = Institution::of_region(institution).area == self.card.area;
                row.decided.keeps_in_use(function, institution.channel(), local) && fault != Some(Fault::HeirForgotten)
            };
            match self.rows.iter().position(keeps) {
                Some(heir) => self.activations.push((heir, function)),
                None if function == Function::Social => {
                    (self.card.status, self.card.social) = (CardStatus::Inactive, false);
                }
                None => self.card.financial = false,
            }
        }
    }
}

fn sale_of(id: Id, subject: &Subject) -> (u8, u8) {
    (id.0, subject.time.minute)
}
