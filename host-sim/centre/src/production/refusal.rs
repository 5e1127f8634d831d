//! Why an act of production or hand-over is refused.

use jiff::civil::Date;

use super::bank::BankReason;
use super::stage::Stage;

/// Why an act of production or hand-over is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProductionRefusal {
    /// There is no card in the making for this application.
    Unknown,
    /// The application is not ready: not approved, or its fee is not paid.
    NotReady,
    /// The application has a card in the making already.
    Begun,
    /// The card is at a stage that does not allow this.
    Stage(Stage),
    /// The bank opens no accounts for cards here.
    Bank,
    /// The bank's card number is none.
    BankCard,
    /// The bank has answered otherwise before.
    BankAnswered,
    /// An answer of the bank needs either a card number or a reason.
    BankAnswer,
    /// The maker is not one of this area's.
    Maker,
    /// The batch would be empty, or too large.
    BatchSize,
    /// An application stands in a batch already.
    InBatchAlready,
    /// There is no such batch, or no such line.
    NoBatch,
    /// The area has no card number left.
    NoNumber,
    /// The holder's name does not fit the card.
    Name,
    /// The transport key has a wrong form.
    TransportKey,
    /// A value of the report differs from what was ordered.
    ReportDiffers {
        /// Which.
        field: &'static str,
    },
    /// The ATR is none of a social security card.
    ReportAtr,
    /// The ident code was not made with this centre's keys for this card.
    ReportIdent,
    /// The maker's reason is empty or too long.
    ReportReason,
    /// A report needs either the card's values or a failure.
    ReportShape,
    /// The line was reported otherwise before.
    ReportedOtherwise,
    /// Another card has this ident code.
    IdentTaken,
    /// The card belongs to another outlet.
    OtherOutlet,
    /// The collector's telephone number is missing or none.
    CollectorPhone,
    /// The document is a copy.
    NoOriginal {
        /// Which document.
        field: &'static str,
    },
    /// The document has expired.
    CollectorDocumentExpired {
        /// Which document.
        field: &'static str,
        /// Its last day.
        last: Date,
    },
    /// The document is somebody else's.
    DocumentOfAnother {
        /// Which document.
        field: &'static str,
    },
    /// The holder is a minor.
    GuardianNeeded {
        /// Below which age.
        below: u8,
    },
    /// The holder is of age, so a guardian has no right.
    HolderIsOfAge {
        /// From which age on.
        below: u8,
    },
    /// The application names another guardian.
    OtherGuardian,
    /// The guardian's proof is missing.
    GuardianProofMissing,
    /// The agent did not bring the holder's document.
    HolderDocumentMissing,
    /// The agent shows the holder's document as the agent's own.
    AgentIsHolder,
    /// The written authority is missing.
    AuthorityMissing,
    /// The unit is not the one that applied.
    OtherUnit,
    /// The copy of the business licence is missing.
    LicenceMissing,
    /// The card was voided meanwhile.
    CardVoid,
    /// The term for collecting has not passed.
    CollectTerm {
        /// Its last day.
        last: Date,
    },
    /// The bank has refused.
    BankRefused(BankReason),
}
