//! Why an act about a slip is refused.

use jiff::civil::Date;

/// Why an act about a slip is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlipRefusal {
    /// There is no slip with this number or payment code.
    Unknown,
    /// The number check does not belong to the number.
    NumberCheck,
    /// The whole-slip check is not that of this slip.
    WholeCheck,
    /// The payment's reference has a wrong form.
    Reference,
    /// Another amount is due.
    Amount {
        /// In fen.
        due: i64,
    },
    /// It was paid too late.
    Overdue {
        /// The last day.
        due: Date,
    },
    /// Nobody can have paid on this day.
    PaymentDay {
        /// The slip's day of issue.
        issued: Date,
        /// The centre's day.
        today: Date,
    },
    /// The slip was withdrawn.
    Void,
    /// Another payment pays this slip.
    PaidOtherwise,
    /// This payment was cancelled.
    PaymentCancelled,
    /// The same reference came before with another amount.
    PaymentDiffers,
    /// The card has been made, and the fee is used up.
    FeeUsed,
    /// The application does not wait for its fee.
    NotDue,
    /// No rule of the table of fees fits.
    NoRate,
    /// The slip does not allow this now.
    State,
}
