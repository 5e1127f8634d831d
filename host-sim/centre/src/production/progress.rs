//! How far a card is, in this project's terms, and the codes of two interfaces for it (docs/centre.md §6.5.9). Each table
//! is written out: no code is computed from another.

use super::stage::Stage;

words! {
    /// How far a card is.
    pub enum Progress {
        /// The application has not been filed.
        NotSubmitted,
        /// The application is filed.
        Submitted,
        /// It stands in a list of the outlet.
        OutletBatch,
        /// It stands in a list of the city.
        CityBatch,
        /// It stands in a list of the province.
        ProvinceBatch,
        /// The bank was asked to open an account.
        OpeningRequested,
        /// The bank examines that.
        OpeningUnderReview,
        /// The bank opens the account.
        BankOpening,
        /// The account is open.
        BankOpened,
        /// The bank opens none.
        OpeningFailed,
        /// The card is being made.
        InProduction,
        /// The card is made, and on the way to the city.
        Produced,
        /// The card could not be made.
        ProductionFailed,
        /// The city's centre has it in stock.
        CityStock,
        /// It is on the way to the outlet.
        OnTheWay,
        /// The outlet has it.
        AtOutlet,
        /// The person has it.
        Collected,
    }
}

/// One line: the term, Jiangsu's code of function 3-7, Hunan's code. An interface that lacks the term shows the code of the
/// nearest one before it, marked `Less`; Hunan has none for what was not filed.
const TABLE: [(Progress, Code<u8>, Code<&str>); 17] = [
    (Progress::NotSubmitted, Own(0), Lacks),
    (Progress::Submitted, Own(1), Own("00")),
    (Progress::OutletBatch, Own(2), Less("00")),
    (Progress::CityBatch, Own(3), Less("00")),
    (Progress::ProvinceBatch, Own(4), Less("00")),
    (Progress::OpeningRequested, Less(4), Own("01")),
    (Progress::OpeningUnderReview, Less(4), Own("02")),
    (Progress::BankOpening, Own(5), Own("03")),
    (Progress::BankOpened, Own(6), Own("04")),
    (Progress::OpeningFailed, Less(5), Own("05")),
    (Progress::InProduction, Own(7), Own("06")),
    (Progress::Produced, Own(8), Own("07")),
    (Progress::ProductionFailed, Less(7), Own("08")),
    (Progress::CityStock, Own(9), Less("07")),
    (Progress::OnTheWay, Own(10), Own("09")),
    (Progress::AtOutlet, Own(11), Less("09")),
    (Progress::Collected, Own(12), Own("10")),
];

/// An interface's code for a term.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Code<T> {
    /// The interface has the term.
    Own(T),
    /// It has not; this is the nearest one before.
    Less(T),
    /// It has none at all.
    Lacks,
}
use crate::store::value::words;
use Code::{Lacks, Less, Own};

impl<T: Copy> Code<T> {
    const fn shown(self) -> Option<T> {
        match self {
            Own(code) | Less(code) => Some(code),
            Lacks => None,
        }
    }
}

impl Progress {
    /// Jiangsu's code.
    pub fn jiangsu(self) -> Option<u8> {
        TABLE.iter().find(|(term, ..)| *term == self).and_then(|(_, code, _)| code.shown())
    }

    /// Hunan's code.
    pub fn hunan(self) -> Option<&'static str> {
        TABLE.iter().find(|(term, ..)| *term == self).and_then(|(.., code)| code.shown())
    }

    /// The term of Jiangsu's code.
    pub fn from_jiangsu(code: u8) -> Option<Self> {
        TABLE.iter().find(|(_, own, _)| *own == Own(code)).map(|(term, ..)| *term)
    }

    /// The term of Hunan's code.
    pub fn from_hunan(code: &str) -> Option<Self> {
        TABLE.iter().find(|(.., own)| *own == Own(code)).map(|(term, ..)| *term)
    }

    /// How far a card at this stage is; `None`: none is on its way any more.
    pub const fn of(stage: Stage) -> Option<Self> {
        Some(match stage {
            Stage::BankOpening => Self::BankOpening,
            Stage::BankRefused => Self::OpeningFailed,
            // This centre makes its batches after the bank has answered.
            Stage::BankOpened | Stage::InBatch => Self::BankOpened,
            Stage::InProduction => Self::InProduction,
            Stage::ProductionFailed => Self::ProductionFailed,
            Stage::Made => Self::Produced,
            Stage::InStock => Self::CityStock,
            Stage::OnTheWay => Self::OnTheWay,
            Stage::AtOutlet | Stage::WithUnit => Self::AtOutlet,
            Stage::HandedOver => Self::Collected,
            Stage::SentBack => Self::Submitted,
            Stage::Destroyed | Stage::GivenUp => return None,
        })
    }
}
