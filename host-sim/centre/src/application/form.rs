//! The form of an application: what is filled in, read, checked and signed (docs/centre.md §6.5.1, §6.5.2).
//!
//! The fields are those of the sources, by the centre's own names; codes of other systems are in `codes`, the rules
//! between fields in `form_rules`. Everything that identifies a person is [`Private`].

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::codes::{Applicant, ApplicationKind, Category, Household, Occupation, Reason, Relation, SexWord};
use super::documents::{Kind, Validity};
use super::rules::ProofKind;
use crate::acts::fields::{CardNo, Day, Private, Text};
use crate::orders::Exemption;

/// An application as it is filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationForm)]
pub struct Form {
    /// What is applied for
    pub kind: ApplicationKind,
    /// Why, unless it is a first card
    pub reason: Option<Reason>,
    /// The number of the card that is replaced, unless it is a first card
    pub old_card: Option<CardNo>,
    /// The code of the bank, five digits
    pub bank: String,
    /// Who applies
    pub applicant: Applicant,
    /// What the holder is to the insurances
    pub category: Category,
    /// The holder
    pub holder: Holder,
    /// The employer, of an employee
    pub employer: Option<Employer>,
    /// The community (社区, 村), of a resident, if known
    pub community: Option<Community>,
    /// The school, of a student
    pub school: Option<School>,
    /// The guardian, of a minor
    pub guardian: Option<Guardian>,
    /// The agent, if one applies
    pub agent: Option<Agent>,
    /// What was brought along beside the documents
    #[serde(default)]
    pub proofs: Vec<Proof>,
    /// Why no fee is due, if the holder claims so
    pub exemption: Option<Exemption>,
    /// Where the card is sent, unless it is collected at the outlet
    pub delivery: Option<Delivery>,
}

/// An identity document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdentityDocument)]
pub struct Document {
    /// Its kind
    pub kind: Kind,
    /// Its number
    pub number: Private,
    /// Its last day, if it has one
    pub until: Option<Day>,
    /// 长期: it is valid without end
    #[serde(default)]
    pub long_term: bool,
}

impl Document {
    /// Until when it is valid.
    pub const fn validity(&self) -> Validity {
        match (self.until, self.long_term) {
            (Some(day), _) => Validity::Until(day.0),
            (None, true) => Validity::LongTerm,
            (None, false) => Validity::NotStated,
        }
    }

    /// Its number as it is compared.
    pub fn number(&self) -> String {
        super::documents::numbers::normal(self.number.expose())
    }
}

/// Whose card it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationHolder)]
pub struct Holder {
    /// The name as the document has it, 1 to 50 bytes of GB 18030
    pub name: Private,
    /// The document
    pub document: Document,
    /// The country or region, three letters (GB/T 2659.1): CHN, HKG, MAC, TWN, DEU and so on
    pub country: String,
    /// The sex, unless the document's number has it
    pub sex: Option<SexWord>,
    /// The day of birth, unless the document's number has it
    pub born: Option<Day>,
    /// The ethnicity (GB/T 3304): 1 to 56, 97 other, 98 naturalised
    #[schema(minimum = 1, maximum = 98)]
    pub ethnicity: Option<u8>,
    /// The kind of household
    pub household: Option<Household>,
    /// The address of the household
    pub household_address: Option<Private>,
    /// Where post reaches the holder
    pub address: Option<Private>,
    /// The mobile number, eleven digits
    pub mobile: Option<Private>,
    /// Another telephone number
    pub telephone: Option<Private>,
    /// The postcode, six digits
    pub postcode: Option<Private>,
    /// The e-mail address
    pub email: Option<Private>,
    /// The occupation
    pub occupation: Option<Occupation>,
}

/// An employer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationEmployer)]
pub struct Employer {
    /// 统一社会信用代码, 18 characters
    pub code: Text,
    /// Its name
    pub name: Text,
    /// The department
    pub department: Option<Text>,
}

/// A community or village.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationCommunity)]
pub struct Community {
    /// Its number
    pub number: Option<Text>,
    /// Its name
    pub name: Text,
}

/// A school.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationSchool)]
pub struct School {
    /// Its name
    pub name: Text,
    /// The department of a university
    pub department: Option<Text>,
    /// The class
    pub class: Option<Text>,
    /// Whether it is a university
    #[serde(default)]
    pub university: bool,
}

/// Who acts for a minor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationGuardian)]
pub struct Guardian {
    /// The name
    pub name: Private,
    /// The document
    pub document: Document,
    /// What the guardian is to the minor
    pub relation: Relation,
    /// The telephone number
    pub telephone: Private,
}

/// Who acts for the holder by a power of attorney.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationAgent)]
pub struct Agent {
    /// The name
    pub name: Private,
    /// The document
    pub document: Document,
    /// The telephone number
    pub telephone: Private,
}

/// Something that was brought along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationProof)]
pub struct Proof {
    /// What it is
    pub kind: ProofKind,
    /// Its number, or where it is filed
    pub reference: Text,
    /// Its last day, if it has one
    pub until: Option<Day>,
}

/// Where the card is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationDelivery)]
pub struct Delivery {
    /// The address
    pub address: Private,
    /// Who receives it
    pub receiver: Private,
    /// The receiver's telephone number
    pub telephone: Private,
    /// The carrier, if one was wished
    pub carrier: Option<Text>,
}
