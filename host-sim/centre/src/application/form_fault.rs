//! What can be wrong between the fields of a form; `form_rules` finds it, `words_form` says it.

use strum::EnumCount;

use super::codes::{ApplicationKind, Category};
use super::documents::{Bearer, Kind};
use super::rules::ProofKind;

/// What is wrong between the fields of a form. A text is the path of the field.
#[derive(Clone, Debug, PartialEq, Eq, EnumCount)]
pub enum FormFault {
    /// A name is not 1 to 50 bytes of letters of GB 18030.
    Name(&'static str),
    /// The country is not three letters.
    Country,
    /// The document is not one of this country's people.
    CountryOfDocument(Bearer),
    /// The kind of document is not accepted here.
    DocumentKind(Kind),
    /// The household register was shown for somebody who is too old for it: years.
    RegisterTooOld(u8),
    /// Neither number nor form has the day of birth.
    BornMissing,
    /// The day of birth is not that of the number.
    BornDiffers,
    /// The day of birth is yet to come.
    NotBorn,
    /// Neither number nor form has the sex.
    SexMissing,
    /// The sex is not that of the number.
    SexDiffers,
    /// The ethnicity is none of GB/T 3304.
    Ethnicity,
    /// A mobile number is not eleven digits that begin with 1.
    Mobile(&'static str),
    /// A telephone number is not 5 to 20 digits, plus or hyphen.
    Telephone(&'static str),
    /// Neither mobile nor telephone number, and no guardian's.
    ContactMissing,
    /// The postcode is not six digits.
    Postcode,
    /// The e-mail address is none.
    Email,
    /// The bank does not issue cards here.
    Bank,
    /// A replacement without reason.
    ReasonMissing,
    /// The reason does not go with what is applied for.
    Reason(ApplicationKind),
    /// A replacement without the old card's number.
    OldCardMissing,
    /// A first card with an old card's number.
    OldCard,
    /// An employee without employer.
    EmployerMissing,
    /// An employer of somebody who is not employed.
    Employer(Category),
    /// The employer's code is none of GB 32100.
    EmployerCode,
    /// A community of somebody who is not a resident.
    Community(Category),
    /// A student without school.
    SchoolMissing,
    /// A school of somebody who is not a student.
    School(Category),
    /// A minor cannot be an employee: years.
    MinorEmployed(u8),
    /// A minor without guardian: years.
    GuardianMissing(u8),
    /// A guardian of somebody who is no minor: years.
    Guardian(u8),
    /// The guardian is a minor, too: years.
    GuardianMinor(u8),
    /// A minor for whom somebody else than the guardian applies.
    MinorApplicant,
    /// An agent applies, and is not named.
    AgentMissing,
    /// An agent is named, and does not apply.
    Agent,
    /// Guardian or agent is the holder.
    SamePerson(&'static str),
    /// An employer applies by a list, and by nothing else.
    EmployerList,
    /// What must be proved, and the sets of proofs of which one must be complete.
    ProofMissing(Situation, Vec<Vec<ProofKind>>),
    /// A proof whose time is over: its place in the list.
    ProofExpired(usize),
}

/// What must be proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// A foreigner works here.
    ForeignWorker,
    /// Somebody of Hong Kong, Macao or Taiwan works here.
    HmtWorker,
    /// A worker of another place works here.
    NonlocalWorker,
    /// An agent acts.
    Agent,
    /// A guardian acts.
    Guardian,
    /// No fee is due.
    Exemption,
    /// The card is damaged.
    Damage,
}
