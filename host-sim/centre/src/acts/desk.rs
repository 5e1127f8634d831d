//! Where an act happens: the area's files, and who acts for which outlet.

use std::ops::Deref;

use super::office::Office;
use super::role::Role;

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The operator's name in this area.
    pub id: String,
    /// The role.
    pub role: Role,
    /// The outlet for which the operator acts: an agency's code of 8 digits, or an institution's code.
    pub outlet: String,
}

/// The files of the area, with the operator before them.
pub struct Desk<'a> {
    office: Office<'a>,
    operator: &'a Operator,
    subject: String,
    on_record: bool,
}

impl<'a> Desk<'a> {
    pub(crate) const fn new(office: Office<'a>, operator: &'a Operator) -> Self {
        Self { office, operator, subject: String::new(), on_record: false }
    }

    /// Who acts.
    pub const fn operator(&self) -> &'a Operator {
        self.operator
    }

    /// For which outlet.
    pub fn outlet(&self) -> &'a str {
        &self.operator.outlet
    }

    /// The area's files alone.
    pub const fn office(&self) -> Office<'a> {
        self.office
    }

    /// Says what the act is about, for the audit record: numbers, nothing personal.
    pub fn subject(&mut self, subject: impl Into<String>) {
        self.subject = subject.into();
    }

    /// Says that this act is on record although it only reads: it shows something of a person who was named by a number.
    pub const fn on_record(&mut self) {
        self.on_record = true;
    }

    pub(crate) fn into_subject(self) -> (String, bool) {
        (self.subject, self.on_record)
    }
}

impl<'a> Deref for Desk<'a> {
    type Target = Office<'a>;

    fn deref(&self) -> &Office<'a> {
        &self.office
    }
}
