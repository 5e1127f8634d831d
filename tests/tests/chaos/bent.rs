//! A centre that is wrong on purpose: the real one, whose answers or books somebody has bent.

use std::collections::{BTreeMap, HashMap, HashSet};

use qiyong::in_process::InProcess;
use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::card::issue::{IssuedCard, NewCard};
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::message::{MESSAGE_MAX, MessageError, Parts, write_answer};
use qiyong_protocol::centre::{Answer, BatchState, Body, Receipt, Request, Stan, TerminalId};
use qiyong_protocol::rules::decision::{CardRecord, Effects, Institution, Operation};
use qiyong_protocol::rules::money::Fen;
use qiyong_sim::chaos::books::{Books, Entry, Phase};
use qiyong_sim::scenario::centre::{Activation, Centre};
use qiyong_sim::serial::ears::Ears;
use qiyong_sim::time::later;
use qiyong_sim::world::centre::{CentreEnd, CentreFailure};

/// How a centre is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    ChargesTwice,
    ChargesTheBill,
    ChargesWhatItRefuses,
    ChargesAnother,
    ChargesAgainWhenConfirmed,
    ActivatesAtInquiry,
    ActivatesWhatItRefuses,
    ActivatesTheAccount,
    ApprovesAnotherDocument,
    StaysActive,
    SaysReversed,
    SaysConfirmed,
    ApprovesWithoutDoing,
    AnswersAnothers,
    RefundsOnQuery,
    RefundsTheConfirmed,
    ForgetsTheLast,
    KeepsAnotherCharge,
    PostsTheVoided,
    ExpiresTooEarly,
    NeverExpires,
    FindsItsChainBroken,
    TellsTheIdNumber,
    Panics,
    Fails,
    ChargesForTheSecondConfirmation,
    RefundsForTheSecondReversal,
    ActivatesAnother,
    HearsNoReversal,
    ExpiresThePosted,
    TotalsWithoutReversals,
    BelievesTheTerminalsClock,
    KilledHalfway,
    KilledForgetsTheAnswered,
    LosesTheOther,
}

/// The centre.
pub(crate) struct Bent {
    centre: InProcess,
    wrong: Option<Wrong>,
    ears: Ears,
    now: Timestamp,
    /// What stands in an account besides what is right, and whether the card is active whatever is right.
    beside: BTreeMap<CardNumber, (i64, bool, bool)>,
    last: Option<Receipt>,
    messages: u32,
    /// What was undone and what was confirmed, by terminal and number.
    ended: HashSet<(TerminalId, Stan, bool)>,
    /// What each terminal was last told of a card, and what was charged to it since by others.
    told: HashMap<(TerminalId, CardNumber), i64>,
    /// It is killed during the message that comes now.
    is_killed: bool,
}

impl Bent {
    pub(crate) fn new(wrong: Option<Wrong>) -> Self {
        let centre = InProcess::lent().expect("a database in memory");
        let (ears, now, beside) = (Ears::default(), Timestamp::UNSET, BTreeMap::new());
        Self {
            centre,
            wrong,
            ears,
            now,
            beside,
            last: None,
            messages: 0,
            ended: HashSet::new(),
            told: HashMap::new(),
            is_killed: false,
        }
    }

    fn pay(&mut self, card: CardNumber, fen: i64) {
        self.beside.entry(card).or_default().0 += fen;
    }

    fn activate(&mut self, card: CardNumber) {
        self.beside.entry(card).or_default().1 = true;
    }

    /// The bytes of another answer than the right one.
    fn forge(&self, answer: &Answer, message: &[u8]) -> Result<Option<Vec<u8>>, CentreFailure> {
        let mut buffer = [0; MESSAGE_MAX];
        let message = Message::read(message).map_err(MessageError::from)?;
        let key = self.ears.key_of(&message, &self.centre.key());
        Ok(Some(write_answer(answer, &message, &key, &mut buffer)?.to_vec()))
    }

    /// What is wrong before the centre hears a message. `Some`: the answer, and the centre hears nothing.
    fn before(&mut self, request: &Request<'_>, message: &[u8]) -> Result<Option<Vec<u8>>, CentreFailure> {
        match (self.wrong, &request.body) {
            (Some(Wrong::SaysReversed), Body::Reverse { .. }) | (Some(Wrong::SaysConfirmed), Body::Confirm { .. }) => {
                self.forge(&Answer::Done, message)
            }
            (Some(Wrong::ApprovesWithoutDoing), Body::Transact { operation, .. }) => {
                let charge = operation.bill().map(|bill| bill.share()).unwrap_or_default();
                let effects = Effects { activates: false, activates_financial: false, charge };
                self.forge(&Answer::Approved(Receipt { effects, balance: Fen(0) }), message)
            }
            (Some(Wrong::ActivatesAtInquiry), Body::Inquire { card, .. }) => {
                self.activate(card.number);
                Ok(None)
            }
            (Some(Wrong::ActivatesTheAccount), Body::Transact { card, operation: Operation::Purchase(_), .. }) => {
                self.beside.entry(card.number).or_default().2 = true;
                Ok(None)
            }
            (Some(Wrong::TotalsWithoutReversals), Body::SettleBatch { .. })
                if self.ended.iter().any(|(terminal, _, undone)| *undone && *terminal == request.terminal) =>
            {
                self.forge(&Answer::Batch(BatchState::Differs), message)
            }
            (Some(Wrong::RefundsOnQuery), Body::Inquire { card, operation: Operation::Query }) => {
                self.pay(card.number, 1);
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// What is wrong with the answer, or done besides.
    fn after(
        &mut self,
        request: &Request<'_>,
        said: &Answer,
        message: &[u8],
    ) -> Result<Option<Vec<u8>>, CentreFailure> {
        let forged = match (self.wrong, &request.body, said) {
            (Some(Wrong::ChargesTwice), Body::Transact { card, .. }, Answer::Approved(receipt)) => {
                self.pay(card.number, -(receipt.effects.charge.0 as i64));
                None
            }
            (Some(Wrong::ChargesTheBill), Body::Transact { operation, .. }, Answer::Approved(receipt)) => {
                let charge = operation.bill().map(|bill| bill.total()).unwrap_or_default();
                let effects = Effects { charge, ..receipt.effects };
                Some(Answer::Approved(Receipt { effects, ..*receipt }))
            }
            (Some(Wrong::ChargesWhatItRefuses), Body::Transact { card, .. }, Answer::Refused(_)) => {
                self.pay(card.number, -1);
                None
            }
            (Some(Wrong::ActivatesWhatItRefuses), Body::Transact { card, .. }, Answer::Refused(_)) => {
                self.activate(card.number);
                None
            }
            (
                Some(Wrong::ApprovesAnotherDocument),
                Body::Transact { operation: Operation::Apply { .. }, .. },
                Answer::Refused(_),
            ) => {
                let effects = Effects { activates: true, activates_financial: true, charge: Fen(0) };
                Some(Answer::Approved(Receipt { effects, balance: Fen(0) }))
            }
            (Some(Wrong::ChargesAnother), Body::Transact { card, .. }, Answer::Approved(receipt)) => {
                let another = self.beside.keys().find(|other| **other != card.number).copied();
                self.beside.entry(card.number).or_default();
                if let Some(another) = another {
                    self.pay(another, -(receipt.effects.charge.0 as i64) - 1);
                }
                None
            }
            (Some(Wrong::StaysActive), Body::Reverse { original, .. }, Answer::Done) => {
                self.activate(original.card);
                None
            }
            (Some(Wrong::ChargesAgainWhenConfirmed), Body::Confirm { original, .. }, Answer::Done) => {
                self.pay(original.card, -(original.total.0 as i64));
                None
            }
            (Some(Wrong::RefundsTheConfirmed), Body::Confirm { original, .. }, Answer::Done) => {
                self.pay(original.card, original.total.0 as i64);
                None
            }
            (Some(Wrong::ActivatesAnother), Body::Transact { card, .. }, Answer::Approved(receipt)) => {
                self.beside.entry(card.number).or_default();
                let another = self.beside.keys().find(|other| **other != card.number).copied();
                if let Some(another) = another.filter(|_| receipt.effects.activates) {
                    self.activate(another);
                }
                None
            }
            (_, Body::Confirm { stan, original, .. }, Answer::Done) => {
                let is_new = self.ended.insert((request.terminal, *stan, false));
                if self.wrong == Some(Wrong::ChargesForTheSecondConfirmation) && !is_new {
                    self.pay(original.card, -(original.total.0 as i64) - 1);
                }
                None
            }
            (_, Body::Reverse { stan, original }, Answer::Done) => {
                let is_new = self.ended.insert((request.terminal, *stan, true));
                if self.wrong == Some(Wrong::RefundsForTheSecondReversal) && !is_new {
                    self.pay(original.card, original.total.0 as i64 + 1);
                }
                None
            }
            (Some(Wrong::KilledForgetsTheAnswered), Body::Transact { card, .. }, Answer::Approved(receipt))
                if self.is_killed =>
            {
                self.pay(card.number, receipt.effects.charge.0 as i64);
                None
            }
            (Some(Wrong::LosesTheOther), Body::Inquire { card, .. }, _) => {
                self.told.insert((request.terminal, card.number), 0);
                None
            }
            (Some(Wrong::LosesTheOther), Body::Transact { card, .. }, Answer::Approved(receipt)) => {
                // It writes the account as it was when this terminal asked.
                let lost = self.told.get(&(request.terminal, card.number)).copied().unwrap_or_default();
                self.pay(card.number, lost);
                let others = self
                    .told
                    .iter_mut()
                    .filter(|((terminal, of), _)| *terminal != request.terminal && *of == card.number);
                others.for_each(|(_, charged)| *charged += receipt.effects.charge.0 as i64);
                None
            }
            (Some(Wrong::AnswersAnothers), Body::Transact { .. }, Answer::Approved(receipt)) => {
                self.last.replace(*receipt).map(Answer::Approved)
            }
            _ => None,
        };
        forged.map_or(Ok(None), |forged| self.forge(&forged, message))
    }
}

impl CentreEnd for Bent {
    fn answer(&mut self, message: &[u8]) -> Result<Option<Vec<u8>>, CentreFailure> {
        self.messages += 1;
        let (key, mut parts) = (self.key(), Parts::default());
        // Whoever bends it reads as it does.
        let ears = std::mem::take(&mut self.ears);
        let request = ears.request(message, &key, &mut parts);
        let Ok(request) = request else {
            self.ears = ears;
            return self.centre.answer(message);
        };
        match (self.wrong, &request.body) {
            (Some(Wrong::Panics), _) if self.messages == 9 => panic!("the ninth message"),
            (Some(Wrong::Fails), _) if self.messages == 9 => return Err("the database is gone".into()),
            (Some(Wrong::TellsTheIdNumber), Body::Transact { card, .. }) => {
                let id = String::from_utf8_lossy(card.id_number.as_bytes()).into_owned();
                return Err(format!("no row for {id}").into());
            }
            (Some(Wrong::HearsNoReversal), Body::Reverse { .. }) => {
                self.ears = ears;
                return Ok(None);
            }
            (Some(Wrong::BelievesTheTerminalsClock), _) => self.centre.set_time(request.time),
            _ => {}
        }
        self.ears = ears;
        if let Some(forged) = self.before(&request, message)? {
            return Ok(Some(forged));
        }
        let answer = self.centre.answer(message)?;
        if self.is_killed
            && answer.is_none()
            && self.wrong == Some(Wrong::KilledHalfway)
            && let Body::Transact { card, .. } = &request.body
        {
            self.pay(card.number, -1);
        }
        let said = answer.as_ref().map(|answer| self.ears.answer(answer, message, &request, &key));
        let answer = match said {
            Some(Ok(said)) => self.after(&request, &said, message)?.or(answer),
            _ => answer,
        };
        self.is_killed = false;
        Ok(answer)
    }

    fn dies_at(&mut self, statement: u32) {
        self.is_killed = true;
        self.centre.dies_at(statement);
    }

    fn set_time(&mut self, now: Timestamp) {
        self.now = now;
        self.centre.set_time(now);
    }

    fn key(&self) -> X919 {
        self.centre.key()
    }
}

impl Centre for Bent {
    fn add_institution(&mut self, institution: &Institution) -> Result<(), CentreFailure> {
        Centre::add_institution(&mut self.centre, institution)
    }

    fn issue(&self, new: &NewCard) -> Result<IssuedCard, CentreFailure> {
        self.centre.issue(new)
    }

    fn add_card(&mut self, card: &CardRecord) -> Result<(), CentreFailure> {
        Centre::add_card(&mut self.centre, card)
    }

    fn card(&self, number: &CardNumber) -> Result<Option<CardRecord>, CentreFailure> {
        let record = Centre::card(&self.centre, number)?;
        Ok(record.map(|mut record| {
            let (fen, active, financial) = self.beside.get(number).copied().unwrap_or_default();
            record.account = Fen(record.account.0.saturating_add_signed(fen));
            if active {
                (record.status, record.social) = (CardStatus::Active, true);
            }
            record.financial |= financial;
            record
        }))
    }

    fn activations(&self, number: &CardNumber) -> Result<Vec<Activation>, CentreFailure> {
        Centre::activations(&self.centre, number)
    }
}

impl Books for Bent {
    fn expire(&mut self) -> Result<(), CentreFailure> {
        match self.wrong {
            Some(Wrong::NeverExpires) => Ok(()),
            Some(Wrong::ExpiresTooEarly) => {
                let now = self.now;
                self.centre.set_time(later(now, 80 * 3_600));
                let expired = Books::expire(&mut self.centre);
                self.centre.set_time(now);
                expired
            }
            _ => Books::expire(&mut self.centre),
        }
    }

    fn entries(&self) -> Result<Vec<Entry>, CentreFailure> {
        let mut entries = self.centre.entries()?;
        match self.wrong {
            Some(Wrong::ForgetsTheLast) => {
                let last = entries.iter().rposition(|entry| entry.phase.is_some());
                last.map(|last| entries.remove(last));
            }
            Some(Wrong::KeepsAnotherCharge) => {
                entries.iter_mut().filter(|entry| entry.charge != Fen(0)).for_each(|entry| entry.charge.0 += 1);
            }
            Some(Wrong::ExpiresThePosted) => {
                let posted = entries.iter_mut().filter(|entry| entry.phase == Some(Phase::Posted));
                posted.for_each(|entry| entry.phase = Some(Phase::Expired));
            }
            Some(Wrong::PostsTheVoided) => {
                let voided = entries.iter_mut().filter(|entry| entry.phase == Some(Phase::Voided));
                voided.for_each(|entry| entry.phase = Some(Phase::Posted));
            }
            _ => {}
        }
        Ok(entries)
    }

    fn first_wrong(&self) -> Result<Option<String>, CentreFailure> {
        match self.wrong {
            Some(Wrong::FindsItsChainBroken) => Ok(Some("record 7 is not as it was written".into())),
            _ => self.centre.first_wrong(),
        }
    }
}
