//! Report back (回盘): what the maker says of each card of a batch. Only here the centre learns ident code and ATR
//! (docs/centre.md §6.5.12).

use jiff::civil::Date;

use qiyong_protocol::card::codes::{CardNumber, IdentCode, Region};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::iso7816::atr::Atr;

use super::refusal::ProductionRefusal;
use crate::hsm::Hsm;
use crate::store::value::words;

/// The most bytes of a reason in the maker's own words, in UTF-8.
pub const REASON_MAX: usize = 50;

words! {
    /// Where making failed (失败环节).
    pub enum FailedAt {
        /// At the bank: its account has to be opened again.
        Bank,
        /// At the maker: the card is made again.
        Production,
    }
}

/// What the maker reports of one line, as it is compared with what was ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reported {
    /// A card was made.
    Made(Made),
    /// None was.
    Failed {
        /// Where.
        at: FailedAt,
        /// Why, in the maker's words.
        reason: String,
    },
}

/// A card as its maker reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The card's number.
    pub number: CardNumber,
    /// The day of issue on the card.
    pub issued: Date,
    /// The last day of validity on the card.
    pub expires: Date,
    /// The ident code.
    pub ident: IdentCode,
    /// The answer to reset, TS first.
    pub atr: Vec<u8>,
    /// The bank card's number, if the card has a bank application.
    pub bank_card: Option<String>,
    /// Where it lies in the box (装箱位置).
    pub box_position: Option<String>,
}

/// What was ordered, and what the report must agree with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// The card's number.
    pub number: CardNumber,
    /// The day of issue.
    pub issued: Date,
    /// The last day of validity.
    pub expires: Date,
    /// The area that issues it.
    pub area: Region,
    /// Its generation.
    pub generation: Generation,
    /// The bank card's number that the bank gave.
    pub bank_card: Option<String>,
}

impl Made {
    /// Whether this is the card that was ordered, made with this centre's keys.
    ///
    /// # Errors
    /// The first value that differs.
    pub fn check(&self, ordered: &Ordered, hsm: &Hsm) -> Result<(), ProductionRefusal> {
        let differs = |field| Err(ProductionRefusal::ReportDiffers { field });
        if self.number != ordered.number {
            return differs("card_number");
        }
        if self.issued != ordered.issued {
            return differs("issued");
        }
        if self.expires != ordered.expires {
            return differs("expires");
        }
        if self.bank_card != ordered.bank_card {
            return differs("bank_card");
        }
        let parsed = Atr::new(&self.atr);
        let historical = parsed.historical();
        if historical.len() < 8 {
            return Err(ProductionRefusal::ReportAtr);
        }
        // Who does not have the keys cannot make this value up (docs/card.md §3.3).
        let (first_twelve, _) = self.ident.split();
        let [.., a, b, c, d] = first_twelve;
        let expected = hsm.issue_ident(ordered.generation.algorithm(), historical, ordered.area, [a, b, c, d]);
        if self.ident != expected {
            return Err(ProductionRefusal::ReportIdent);
        }
        Ok(())
    }
}

impl Reported {
    /// Whether the maker's reason can be kept.
    ///
    /// # Errors
    /// It is empty or too long.
    pub fn check_reason(&self) -> Result<(), ProductionRefusal> {
        match self {
            Self::Failed { reason, .. } if !(1..=REASON_MAX).contains(&reason.len()) => {
                Err(ProductionRefusal::ReportReason)
            }
            _ => Ok(()),
        }
    }
}
