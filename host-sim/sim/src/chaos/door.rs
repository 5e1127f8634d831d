//! The centre's door: what terminals say there and what they are answered, as whoever watches the line and knows the keys has
//! read it.
//!
//! Not here: what it means for anybody's money; that is the auditor's.

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::{Answer, Body, Request, Stan, TerminalId};
use qiyong_protocol::rules::decision::Effects;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::reason::Reason;

use crate::time::VirtualTime;
use crate::world::centre::{CentreEnd, CentreFailure};

/// A transaction's name at the centre's door: which terminal, which number, and when by its clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The institution.
    pub institution: InstitutionCode,
    /// The terminal.
    pub terminal: TerminalId,
    /// The number.
    pub stan: Stan,
    /// When it was sent.
    pub time: Timestamp,
    /// The card.
    pub card: CardNumber,
}

/// What somebody says about a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Carry it out.
    Transact,
    /// Undo it.
    Reverse,
    /// It is done.
    Confirm,
}

/// What the centre answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It was carried out.
    Approved(Effects),
    /// It is so.
    Done,
    /// It is not so.
    Refused(Reason),
    /// Nothing that can be read.
    Nothing,
}

/// Something that was said about a transaction, and the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// About which.
    pub named: Named,
    /// What.
    pub said: Said,
    /// The answer, whether it arrived or not.
    pub told: Told,
    /// When, in seconds of the world.
    pub at: u32,
}

/// The centre behind its door.
pub struct Door<C> {
    /// The centre.
    pub centre: C,
    time: VirtualTime,
    crossings: Vec<Crossing>,
    /// How many messages have come.
    pub messages: u64,
    /// How often it was killed.
    pub kills: u64,
}

impl<C: CentreEnd> Door<C> {
    /// The door of this centre.
    pub fn of(centre: C, time: VirtualTime) -> Self {
        Self { centre, time, crossings: Vec::new(), messages: 0, kills: 0 }
    }

    /// What has been said since the last time that somebody asked.
    pub fn take(&mut self) -> Vec<Crossing> {
        std::mem::take(&mut self.crossings)
    }
}

fn named(request: &Request<'_>) -> Option<(Said, Named)> {
    let (said, stan, time, card) = match &request.body {
        Body::Transact { stan, card, .. } => (Said::Transact, *stan, request.time, card.number),
        Body::Reverse { stan, original } => (Said::Reverse, *stan, original.time, original.card),
        Body::Confirm { stan, original, .. } => (Said::Confirm, *stan, original.time, original.card),
        _ => return None,
    };
    let (institution, terminal) = (request.institution, request.terminal);
    Some((said, Named { institution, terminal, stan, time, card }))
}

impl<C: CentreEnd> CentreEnd for Door<C> {
    fn answer(&mut self, message: &[u8]) -> Result<Option<Vec<u8>>, CentreFailure> {
        self.messages += 1;
        self.centre.answer(message)
    }

    fn dies_at(&mut self, statement: u32) {
        self.kills += 1;
        self.centre.dies_at(statement);
    }

    fn overheard(&mut self, request: &Request<'_>, answer: Option<&Answer>) {
        let told = match answer {
            Some(Answer::Approved(receipt)) => Told::Approved(receipt.effects),
            Some(Answer::Done) => Told::Done,
            Some(Answer::Refused(reason)) => Told::Refused(*reason),
            _ => Told::Nothing,
        };
        let at = self.time.seconds();
        self.crossings.extend(named(request).map(|(said, named)| Crossing { named, said, told, at }));
    }

    fn set_time(&mut self, now: Timestamp) {
        self.centre.set_time(now);
    }

    fn key(&self) -> X919 {
        self.centre.key()
    }
}
