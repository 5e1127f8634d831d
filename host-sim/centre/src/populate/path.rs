//! How far people have come: every state of an application, an order, a slip and a card in the making, each by the steps that
//! lead there. The tables of the rooms say where a step leads.

use crate::application::state::{self, State, Step};
use crate::production::stage::{Stage, Step as Making};

use super::course::{COURSES, Course};

/// How far somebody has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// The application has not been approved: it stands here, or ended here.
    Filing(State),
    /// It was approved, and no slip was issued.
    Approved,
    /// The slip is not paid.
    Unpaid,
    /// The slip was not paid in time: the application has lapsed, and the slip is void.
    Lapsed,
    /// The fee is paid; the outlet has the money, or the finance authority.
    Paid { remitted: bool },
    /// The card is in the making.
    Making(Stage),
    /// The holder has the card, which has come so far.
    Held(&'static Course),
}

/// How many of a thousand people go each of these ways; the others have a card that is in use.
const RARE: &[(u32, Path)] = &[
    (4, Path::Filing(State::Draft)),
    (3, Path::Filing(State::Read)),
    (3, Path::Filing(State::Checked)),
    (3, Path::Filing(State::Signed)),
    (8, Path::Filing(State::InReview)),
    (4, Path::Filing(State::Returned)),
    (3, Path::Filing(State::Withdrawn)),
    (3, Path::Filing(State::Lapsed)),
    (3, Path::Approved),
    (5, Path::Unpaid),
    (3, Path::Lapsed),
    (3, Path::Paid { remitted: false }),
    (3, Path::Paid { remitted: true }),
    (4, Path::Making(Stage::BankOpening)),
    (2, Path::Making(Stage::BankRefused)),
    (3, Path::Making(Stage::BankOpened)),
    (6, Path::Making(Stage::InBatch)),
    (5, Path::Making(Stage::InProduction)),
    (2, Path::Making(Stage::ProductionFailed)),
    (3, Path::Making(Stage::Made)),
    (3, Path::Making(Stage::InStock)),
    (3, Path::Making(Stage::OnTheWay)),
    (8, Path::Making(Stage::AtOutlet)),
    (3, Path::Making(Stage::WithUnit)),
    (1, Path::Making(Stage::Destroyed)),
    (1, Path::Making(Stage::SentBack)),
    (1, Path::Making(Stage::GivenUp)),
];

/// All ways, each once.
pub(super) fn all() -> impl Iterator<Item = Path> {
    RARE.iter().map(|(_, path)| *path).chain(COURSES.iter().map(|(_, course)| Path::Held(course)))
}

impl Path {
    /// The way of the person at this place: the first go every way once, the others by chance, of which `chance` is below
    /// 1000.
    pub(super) fn of(at: u32, chance: u32) -> Self {
        if let Some(path) = all().nth(at as usize).filter(|_| at < 1_000) {
            return path;
        }
        let mut left = chance;
        let ways = RARE.iter().map(|(share, path)| (*share, *path));
        for (share, path) in ways.chain(COURSES.iter().map(|(share, course)| (*share, Path::Held(course)))) {
            if left < share {
                return path;
            }
            left -= share;
        }
        // The first course is that of most people.
        COURSES.first().map_or(Self::Approved, |(_, course)| Self::Held(course))
    }

    /// What was done to the application by its own room.
    pub(super) const fn steps(self) -> &'static [Step] {
        use Step as S;
        match self {
            Self::Filing(State::Draft) => &[S::File],
            Self::Filing(State::Read) => &[S::File, S::Read],
            Self::Filing(State::Checked) => &[S::File, S::Read, S::Check],
            Self::Filing(State::Signed) => &[S::File, S::Read, S::Check, S::Sign],
            Self::Filing(State::InReview) => &[S::File, S::Read, S::Check, S::Sign, S::Submit],
            Self::Filing(State::Returned) => &[S::File, S::Read, S::Check, S::Sign, S::Submit, S::Return],
            Self::Filing(State::Withdrawn) => &[S::File, S::Withdraw],
            Self::Filing(State::Lapsed) => &[S::File, S::Lapse],
            Self::Lapsed => &[S::File, S::Read, S::Check, S::Sign, S::Submit, S::Approve, S::Lapse],
            _ => &[S::File, S::Read, S::Check, S::Sign, S::Submit, S::Approve],
        }
    }

    /// What the rooms after it did, in the application's words.
    const fn later_steps(self) -> &'static [Step] {
        use Step as S;
        match self {
            Self::Filing(_) | Self::Approved | Self::Unpaid | Self::Lapsed => &[],
            Self::Paid { .. } => &[S::Pay],
            Self::Making(Stage::SentBack) => &[S::Pay, S::Produce, S::SendBack],
            Self::Making(Stage::GivenUp | Stage::Destroyed) => &[S::Pay, S::Produce, S::GiveUp],
            Self::Making(_) => &[S::Pay, S::Produce],
            Self::Held(_) => &[S::Pay, S::Produce, S::HandOver],
        }
    }

    /// Where the application stands.
    pub(super) fn application(self) -> State {
        let steps = self.steps().iter().chain(self.later_steps());
        // Filing is no step from anywhere; a step that is not allowed would leave the state as it is.
        steps.skip(1).fold(State::Draft, |state, step| state::after(state, *step).unwrap_or(state))
    }

    /// What was done to the card in the making.
    pub(super) fn making(self) -> Vec<Making> {
        use Making as M;
        /// From the order to the outlet where the holder collects the card.
        const WAY: [Making; 8] =
            [M::AskBank, M::BankOpens, M::Batch, M::Personalise, M::ReportMade, M::Stock, M::Dispatch, M::Receive];
        let (so_far, and_then): (usize, &[Making]) = match self {
            Self::Held(_) => (8, &[M::HandOver]),
            Self::Making(stage) => match stage {
                Stage::BankOpening => (1, &[]),
                Stage::BankRefused => (1, &[M::BankRefuses]),
                Stage::SentBack => (1, &[M::BankRefuses, M::SendBack]),
                Stage::GivenUp => (1, &[M::BankRefuses, M::GiveUp]),
                Stage::BankOpened => (2, &[]),
                Stage::InBatch => (3, &[]),
                Stage::InProduction => (4, &[]),
                Stage::ProductionFailed => (4, &[M::ReportFailed]),
                Stage::Made => (5, &[]),
                Stage::InStock => (6, &[]),
                Stage::OnTheWay => (7, &[]),
                Stage::AtOutlet => (8, &[]),
                Stage::WithUnit | Stage::HandedOver => (8, &[M::HandToUnit]),
                Stage::Destroyed => (8, &[M::Recall, M::Destroy]),
            },
            _ => (0, &[]),
        };
        [&WAY[..so_far], and_then].concat()
    }

    /// Whether the card stands in a batch, or did.
    pub(super) const fn has_line(self) -> bool {
        match self {
            Self::Held(_) => true,
            Self::Making(stage) => !matches!(
                stage,
                Stage::BankOpening | Stage::BankRefused | Stage::BankOpened | Stage::SentBack | Stage::GivenUp
            ),
            _ => false,
        }
    }

    /// How many days ago it was filed, of a person of this thousand: what is under way is recent, what is over is of the
    /// last four years.
    pub(super) fn ago(self, thousand: u32) -> i32 {
        let spread = i32::try_from(thousand % 1_400).unwrap_or(0);
        match self {
            Self::Filing(State::Withdrawn | State::Lapsed) | Self::Lapsed => 120 + spread,
            Self::Filing(_) => 3,
            Self::Approved | Self::Unpaid | Self::Paid { .. } => 5,
            Self::Making(Stage::BankOpening | Stage::BankRefused | Stage::BankOpened) => 6,
            Self::Making(Stage::Destroyed) => 160 + spread,
            Self::Making(_) => RECENT,
            Self::Held(_) => 60 + spread,
        }
    }
}

/// When those were filed that stand in a batch now.
const RECENT: i32 = 17;
/// On which day after its filing a card comes into a batch.
pub(super) const BATCH_DAY: i32 = 5;

/// On which day after the application was filed a step of making was taken.
pub(super) const fn making_day(step: Making) -> i32 {
    match step {
        Making::AskBank => 3,
        Making::BankOpens | Making::BankRefuses => 4,
        Making::Batch => BATCH_DAY,
        Making::SendBack | Making::GiveUp | Making::Personalise => 6,
        Making::ReportMade | Making::ReportFailed => 9,
        Making::Stock => 10,
        Making::Dispatch => 11,
        Making::Receive => 13,
        Making::Recall => 110,
        Making::Destroy => 150,
        // The hand-over, and what people do not go through here.
        _ => 15,
    }
}
