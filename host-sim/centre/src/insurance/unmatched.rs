//! Money that a bank collected and that no line is due for: why, and what becomes of it (docs/centre.md §6.7.5).

use crate::acts::desk::Desk;
use crate::acts::refusal::Refusal;
use crate::store::value::{values, words};

use super::booking;
use super::collection::{File, Row};
use super::faults::{Fault, bent};

words! {
    /// Why money that a bank collected fits no line.
    #[schema(as = UnmatchedWhy)]
    pub enum Why {
        /// The row is of another area than its file.
        OtherArea,
        /// No slip has this number.
        SlipUnknown,
        /// The slip has no line for this person, kind and period.
        LineUnknown,
        /// Somebody else is to pay this slip.
        PayerDiffers,
        /// The period ends on another day.
        PeriodDiffers,
        /// The base is another one.
        BaseDiffers,
        /// Another amount is due.
        AmountDiffers,
        /// Another late fee was due on that day.
        LateFeeDiffers,
        /// It was collected before.
        CollectedBefore,
        /// The slip was withdrawn.
        Withdrawn,
        /// The row is of a later day than its file.
        DayAhead,
        /// The row is of a day before the slip was made.
        BeforeSlip,
        /// A resident's year could not be paid on that day.
        NoCover,
    }
}

words! {
    /// What is to become of unmatched money.
    pub enum UnmatchedState {
        /// It waits for the premium officer.
        Open,
        /// It went back to the bank.
        Returned,
        /// It was credited to a line.
        Assigned,
    }
}

impl UnmatchedState {
    /// The state after it went back.
    #[must_use]
    pub const fn returned(self) -> Option<Self> {
        match self {
            Self::Open => Some(Self::Returned),
            _ => None,
        }
    }

    /// The state after it was assigned.
    #[must_use]
    pub const fn assigned(self) -> Option<Self> {
        match self {
            Self::Open => Some(Self::Assigned),
            _ => None,
        }
    }
}

/// Keeps money that fits no line, and books it as collected and not credited.
///
/// # Errors
/// The database failed.
pub fn keep(desk: &Desk<'_>, file: &File, row: &Row, why: Why) -> Result<(), Refusal> {
    let who = zeroize::Zeroizing::new(format!("{} {} {}", row.payer, row.insured, row.account));
    let amount = row.amount + row.late_fee;
    desk.store().execute(
        "INSERT INTO unmatched (area, bank, file, line, why, slip, kind, amount, day, sealed, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        values![
            desk.area(),
            file.head.bank,
            file.head.number,
            i64::try_from(row.line).unwrap_or(i64::MAX),
            why,
            row.slip,
            row.kind,
            amount,
            row.day,
            desk.seal(&who)?,
            UnmatchedState::Open
        ],
    )?;
    if bent(Fault::UnmatchedNotBooked) {
        return Ok(());
    }
    let reference = format!("{}-{}-{}", file.head.bank, file.head.number, row.line);
    let accounts = (booking::bank(&file.head.bank), booking::uncredited(row.kind));
    booking::transfer(desk, ("premium-unmatched", reference), accounts, (desk.today(), amount))
}
