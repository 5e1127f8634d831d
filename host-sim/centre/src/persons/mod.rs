//! Who is known in an area: one row a person, found by the keyed hash of the identity document. What identifies a person
//! is sealed. What a document's number must look like is decided where it is first taken (`application`).

pub mod proof;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::acts::office::Office;
use crate::error::{CentreError, Damage};
use crate::store::value::Row;
use crate::store::value::values;

/// What identifies a person, as it is sealed. Prints as `***`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    /// The name, in characters.
    pub name: String,
    /// The identity document's number.
    pub document: String,
    /// 1 male, 2 female, 9 not said.
    pub sex: u8,
    /// The day of birth.
    pub born: Date,
    /// Where post reaches the person; empty if not said.
    pub address: String,
    /// Empty if not said.
    pub telephone: String,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The area's number of the person: nine digits after a P.
    pub number: String,
    /// The kind of the identity document, in the word of `application`'s table.
    pub document_kind: String,
    /// The document's last day; `None`: for ever.
    pub document_until: Option<Date>,
    /// What the person is to the insurances: employee, flexible, resident, student, retired.
    pub category: String,
    /// Since when the person is known.
    pub since: Date,
    /// The day of death or of leaving the area.
    pub until: Option<Date>,
    /// What identifies the person.
    pub particulars: Particulars,
}

impl std::fmt::Debug for Particulars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Drop for Particulars {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        self.name.zeroize();
        self.document.zeroize();
        self.address.zeroize();
        self.telephone.zeroize();
    }
}

/// By what a document is looked up: letters as upper case.
pub fn document_hash(office: &Office<'_>, kind: &str, number: &str) -> [u8; 32] {
    office.hash("document", &format!("{kind} {}", number.to_ascii_uppercase()))
}

/// The person with this document.
///
/// # Errors
/// The database failed or is damaged.
pub fn find_by_document(office: &Office<'_>, kind: &str, number: &str) -> Result<Option<Person>, CentreError> {
    let hash = document_hash(office, kind, number);
    let row =
        office.store().find("SELECT * FROM persons WHERE area = $1 AND document = $2", values![office.area(), hash])?;
    row.map(|row| read(office, &row)).transpose()
}

/// The person with this number.
///
/// # Errors
/// The database failed or is damaged.
pub fn get(office: &Office<'_>, number: &str) -> Result<Option<Person>, CentreError> {
    let row =
        office.store().find("SELECT * FROM persons WHERE area = $1 AND number = $2", values![office.area(), number])?;
    row.map(|row| read(office, &row)).transpose()
}

/// Makes a person known; returns the number. The document must be new in the area.
///
/// # Errors
/// The database failed, or the document is another person's.
pub fn add(
    office: &Office<'_>,
    particulars: &Particulars,
    (document_kind, document_until): (&str, Option<Date>),
    category: &str,
) -> Result<String, CentreError> {
    let number = format!("P{:09}", office.next_number("person")?);
    let hash = document_hash(office, document_kind, &particulars.document);
    office.store().execute(
        "INSERT INTO persons (area, number, document, sealed, document_kind, document_until, category, since)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        values![
            office.area(),
            number,
            hash,
            seal(office, particulars)?,
            document_kind,
            document_until,
            category,
            office.today()
        ],
    )?;
    Ok(number)
}

/// Changes what is known of a person whose number stays.
///
/// # Errors
/// The database failed, or the document is another person's.
pub fn update(office: &Office<'_>, person: &Person) -> Result<(), CentreError> {
    let hash = document_hash(office, &person.document_kind, &person.particulars.document);
    office.store().execute(
        "UPDATE persons SET document = $1, sealed = $2, document_kind = $3, document_until = $4, category = $5,
                until = $6
         WHERE area = $7 AND number = $8",
        values![
            hash,
            seal(office, &person.particulars)?,
            person.document_kind,
            person.document_until,
            person.category,
            person.until,
            office.area(),
            person.number
        ],
    )?;
    Ok(())
}

/// A person's particulars as they are kept.
pub(crate) fn seal(office: &Office<'_>, particulars: &Particulars) -> Result<Vec<u8>, CentreError> {
    let text = serde_json::to_string(particulars).map_err(|_| damaged())?;
    office.seal(&Zeroizing::new(text))
}

fn read(office: &Office<'_>, row: &Row) -> Result<Person, CentreError> {
    let sealed = office.unseal(&row.get::<Vec<u8>>("sealed")?)?;
    Ok(Person {
        number: row.get("number")?,
        document_kind: row.get("document_kind")?,
        document_until: row.get("document_until")?,
        category: row.get("category")?,
        since: row.get("since")?,
        until: row.get("until")?,
        particulars: serde_json::from_str(&sealed).map_err(|_| damaged())?,
    })
}

fn damaged() -> CentreError {
    CentreError::Damaged(Damage::Column("persons.sealed".into()))
}

/// An identity number as lists show it: its first three and last two characters, if it has at least ten.
pub fn masked(number: &str) -> String {
    let characters: Vec<char> = number.chars().collect();
    let hidden = characters.len().saturating_sub(5);
    if hidden < 5 {
        return "***".into();
    }
    let (head, tail) = (characters.iter().take(3), characters.iter().skip(characters.len().saturating_sub(2)));
    head.copied().chain(std::iter::repeat_n('*', hidden)).chain(tail.copied()).collect()
}
