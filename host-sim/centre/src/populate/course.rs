//! What became of a card after its hand-over: every status of both functions, each by the acts that lead there. The tables of
//! `life` say where an act leads.

use qiyong_protocol::card::status::CardStatus;

use crate::life::bank::{BankAct, BankStatus};
use crate::life::card_act::{CardAct, FormalRelease};
use crate::life::place::Place;

/// Something that was done to a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// To its social function.
    Social(CardAct, Place),
    /// To its bank function.
    Bank(BankAct, Place),
}

/// What was done to a card, in this order, and why the last act was.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Course {
    pub(super) deeds: &'static [Deed],
    pub(super) why: Option<&'static str>,
}

const fn course(deeds: &'static [Deed]) -> Course {
    Course { deeds, why: None }
}

const AT_WINDOW: Deed = Deed::Social(CardAct::Activate, Place::Window);
const AT_BANK: Deed = Deed::Social(CardAct::Activate, Place::Bank);
const ACCOUNT: Deed = Deed::Bank(BankAct::Activate, Place::Bank);
const ORAL: Deed = Deed::Social(CardAct::ReportLoss, Place::Hotline);
const WRITTEN: Deed = Deed::Social(CardAct::ConfirmLoss, Place::Window);
const BLOCK: Deed = Deed::Bank(BankAct::Block, Place::Window);

/// How many of a thousand people have a card of this course; the first is also that of all who are left.
pub(super) static COURSES: &[(u32, Course)] = &[
    (500, course(&[AT_BANK, ACCOUNT])),
    (120, course(&[AT_WINDOW])),
    (80, course(&[])),
    (5, course(&[AT_BANK, ACCOUNT, ORAL])),
    (3, course(&[ORAL])),
    (5, course(&[AT_BANK, ACCOUNT, ORAL, WRITTEN])),
    (3, course(&[AT_WINDOW, Deed::Social(CardAct::Lock, Place::Window)])),
    (3, course(&[AT_BANK, ACCOUNT, Deed::Social(CardAct::Seal, Place::Window)])),
    (4, course(&[AT_BANK, ACCOUNT, Deed::Bank(BankAct::ReportLoss, Place::Bank)])),
    (3, course(&[AT_BANK, ACCOUNT, Deed::Bank(BankAct::ConfirmLoss, Place::Bank)])),
    (4, ended(&[AT_BANK, ACCOUNT, Deed::Social(CardAct::Cancel, Place::Window), BLOCK])),
    (
        4,
        ended(&[
            AT_BANK,
            ACCOUNT,
            Deed::Social(CardAct::Cancel, Place::Window),
            BLOCK,
            Deed::Bank(BankAct::Close, Place::Bank),
        ]),
    ),
];

const fn ended(deeds: &'static [Deed]) -> Course {
    Course { deeds, why: Some("made-wrong") }
}

/// An older card, whose loss was reported or which is damaged, before the new one is handed over.
pub(super) static LOST: Course = course(&[AT_BANK, ACCOUNT, ORAL, WRITTEN]);
pub(super) static DAMAGED: Course = course(&[AT_BANK, ACCOUNT]);
/// The same afterwards.
pub(super) static LOST_REPLACED: Course = replaced(&[AT_BANK, ACCOUNT, ORAL, WRITTEN, SUPERSEDE, BLOCK]);
pub(super) static DAMAGED_REPLACED: Course = replaced(&[AT_BANK, ACCOUNT, SUPERSEDE, BLOCK]);
/// A card that nobody collected.
pub(super) static DESTROYED: Course =
    Course { deeds: &[Deed::Social(CardAct::Cancel, Place::Window), BLOCK], why: Some("never-collected") };
/// A card that nobody has yet.
pub(super) static NEW: Course = course(&[]);

const SUPERSEDE: Deed = Deed::Social(CardAct::Supersede, Place::Window);

const fn replaced(deeds: &'static [Deed]) -> Course {
    Course { deeds, why: Some("replaced") }
}

/// Where both functions of a card stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Functions {
    pub(super) status: CardStatus,
    pub(super) social: bool,
    pub(super) bank: BankStatus,
    pub(super) financial: bool,
}

impl Functions {
    /// Of a card that was made.
    pub(super) const NEW: Self =
        Self { status: CardStatus::Inactive, social: false, bank: BankStatus::Inactive, financial: false };

    /// After a deed; `None`: the tables do not allow it.
    pub(super) fn after(mut self, deed: Deed) -> Option<Self> {
        match deed {
            Deed::Social(act, place) => {
                let step = act.judge(place, self.status, FormalRelease::default()).ok()?;
                self.social |= act == CardAct::Activate;
                self.status = step.after(self.status, self.social);
            }
            Deed::Bank(act, place) => {
                let step = act.judge(place, self.bank, self.status == CardStatus::Cancelled).ok()?;
                self.financial |= act == BankAct::Activate;
                self.bank = step.after(self.bank, self.financial);
            }
        }
        Some(self)
    }
}

impl Deed {
    /// Whether it puts a function into use.
    pub(super) const fn begins(self) -> bool {
        matches!(self, Self::Social(CardAct::Activate, _) | Self::Bank(BankAct::Activate, _))
    }

    /// Whether it ends a function.
    pub(super) const fn ends(self) -> bool {
        matches!(self, Self::Social(CardAct::Cancel | CardAct::Supersede, _) | Self::Bank(BankAct::Block, _))
    }

    /// The act's word, and where it was asked for.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Social(act, place) => (act.into(), place.into()),
            Self::Bank(act, place) => (act.into(), place.into()),
        }
    }
}
