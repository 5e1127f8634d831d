//! Applications as they are kept: read, added, changed, and moved from state to state.

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime};
use zeroize::Zeroizing;

use super::codes::Applicant;
use super::form::Form;
use super::reasons::ReturnReason;
use super::refused::Refused;
use super::rules::ApplicationRules;
use super::state::{State, Step, after};
use crate::acts::desk::Desk;
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::error::{CentreError, Damage};
use crate::store::value::values;
use crate::store::value::{Row, ToValue};

/// An application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its number.
    pub number: String,
    /// Where it stands.
    pub state: State,
    /// The day of its last step.
    pub since: Date,
    /// When it was accepted.
    pub filed: DateTime,
    /// The version of the form, from 1; each correction adds one.
    pub version: u32,
    /// The outlet that accepted it.
    pub outlet: String,
    /// The employer's list in which it stands.
    pub list: Option<String>,
    /// The number of the person, once one is known: from the approval on, always.
    pub person: Option<String>,
    /// What was filled in.
    pub form: Form,
    /// Who signed this version.
    pub signed_by: Option<Applicant>,
    /// The reasons of the last return, until it is handed in again.
    pub returned: Vec<ReturnReason>,
    /// Whether there is a photo.
    pub has_photo: bool,
}

impl Application {
    /// The last day of its time in this state; `None`: there is none.
    pub fn until(&self, rules: &ApplicationRules) -> Option<Date> {
        self.state.days(rules).map(|days| self.since.saturating_add(i32::from(days).days()))
    }
}

const COLUMNS: &str = "number, state, since, filed, version, outlet, list, person, form, signed_by, returned,
    (photo IS NOT NULL) AS has_photo";

/// The application with this number.
///
/// # Errors
/// The database failed or is damaged.
pub fn get(office: &Office<'_>, number: &str) -> Result<Option<Application>, CentreError> {
    let sql = format!("SELECT {COLUMNS} FROM applications WHERE area = $1 AND number = $2");
    office.store().find(&sql, values![office.area(), number])?.map(|row| read(office, &row)).transpose()
}

/// The application with this number, or the refusal that there is none.
pub(super) fn find(desk: &mut Desk<'_>, number: &str) -> Result<Application, Refusal> {
    // A wrong number may be somebody's ID number, which has no place in the record.
    if !super::number::is_number(number) {
        return Err(General::NotFound("application").into());
    }
    desk.subject(format!("application {number}"));
    get(desk, number)?.ok_or_else(|| General::NotFound("application").into())
}

/// The number of the open application with this document.
pub(super) fn open_with(office: &Office<'_>, document: &[u8; 32]) -> Result<Option<String>, CentreError> {
    let row = office.store().find(
        "SELECT number FROM applications WHERE area = $1 AND document = $2 AND open = 1",
        values![office.area(), document],
    )?;
    row.map(|row| row.get("number")).transpose()
}

/// Applications in some state, or in any, longest waiting first.
pub(super) fn list(
    office: &Office<'_>,
    state: Option<State>,
    list: Option<&str>,
    limit: u16,
) -> Result<Vec<Application>, CentreError> {
    // What is not asked for is not in the statement, which has then an index.
    let mut values = values![office.area()].to_vec();
    let mut wanted = String::new();
    for (column, value) in [("state", state.map(|state| state.to_value())), ("list", list.map(ToValue::to_value))] {
        if let Some(value) = value {
            values.push(value);
            wanted.push_str(&format!(" AND {column} = ${}", values.len()));
        }
    }
    values.push(limit.to_value());
    let last = values.len();
    let sql =
        format!("SELECT {COLUMNS} FROM applications WHERE area = $1{wanted} ORDER BY since, number LIMIT ${last}");
    let rows = office.store().rows(&sql, &values)?;
    rows.iter().map(|row| read(office, row)).collect()
}

fn read(office: &Office<'_>, row: &Row) -> Result<Application, CentreError> {
    let form = office.unseal(&row.get::<Vec<u8>>("form")?)?;
    let returned: String = row.get("returned")?;
    let reasons = returned.split_whitespace().map(str::parse).collect::<Result<_, _>>();
    Ok(Application {
        number: row.get("number")?,
        state: row.get("state")?,
        since: row.get("since")?,
        filed: row.get("filed")?,
        version: row.get("version")?,
        outlet: row.get("outlet")?,
        list: row.get("list")?,
        person: row.get("person")?,
        form: serde_json::from_str(&form).map_err(|_| damaged("form"))?,
        signed_by: row.get("signed_by")?,
        returned: reasons.map_err(|_| damaged("returned"))?,
        has_photo: row.get("has_photo")?,
    })
}

fn damaged(column: &str) -> CentreError {
    CentreError::Damaged(Damage::Column(format!("applications.{column}")))
}

fn sealed(office: &Office<'_>, form: &Form) -> Result<Vec<u8>, CentreError> {
    let text = serde_json::to_string(form).map_err(|_| damaged("form"))?;
    office.seal(&Zeroizing::new(text))
}

/// Adds an application; returns its number.
pub(super) fn add(
    desk: &Desk<'_>,
    form: &Form,
    document: &[u8; 32],
    person: Option<&str>,
    list: Option<&str>,
) -> Result<String, Refusal> {
    let today = desk.today();
    let serial = desk.next_number(&format!("application-{today}"))?;
    let number = super::number::compose(desk.area().as_str(), today, serial).ok_or(Refused::NumbersUsedUp)?;
    desk.store().execute(
        "INSERT INTO applications (area, number, state, open, since, filed, version, kind, reason, bank, old_card,
                outlet, list, document, person, form, returned)
         VALUES ($1, $2, $3, 1, $4, $5, 1, $6, $7, $8, $9, $10, $11, $12, $13, $14, '')",
        values![
            desk.area(),
            number,
            State::Draft,
            today,
            desk.now(),
            form.kind,
            form.reason,
            form.bank,
            form.old_card,
            desk.outlet(),
            list,
            document,
            person,
            sealed(desk, form)?
        ],
    )?;
    note(desk, &number, Step::File)?;
    Ok(number)
}

/// Replaces the form: a new version, which nobody has read, checked or signed.
pub(super) fn replace_form(
    desk: &Desk<'_>,
    application: &Application,
    form: &Form,
    document: &[u8; 32],
    person: Option<&str>,
) -> Result<(), Refusal> {
    desk.store().execute(
        "UPDATE applications SET version = version + 1, kind = $1, reason = $2, bank = $3, old_card = $4, document = $5,
                person = $6, form = $7, signed_by = NULL, returned = ''
         WHERE area = $8 AND number = $9",
        values![
            form.kind,
            form.reason,
            form.bank,
            form.old_card,
            document,
            person,
            sealed(desk, form)?,
            desk.area(),
            application.number
        ],
    )?;
    Ok(())
}

/// Keeps who signed this version.
pub(super) fn sign(desk: &Desk<'_>, application: &Application, by: Applicant) -> Result<(), CentreError> {
    desk.store().execute(
        "UPDATE applications SET signed_by = $1 WHERE area = $2 AND number = $3",
        values![by, desk.area(), application.number],
    )?;
    Ok(())
}

/// Keeps whose application it is.
pub(super) fn set_person(desk: &Desk<'_>, application: &Application, person: &str) -> Result<(), CentreError> {
    desk.store().execute(
        "UPDATE applications SET person = $1 WHERE area = $2 AND number = $3",
        values![person, desk.area(), application.number],
    )?;
    Ok(())
}

/// Keeps a photo; one that was there is gone.
pub(super) fn set_photo(
    desk: &Desk<'_>,
    application: &Application,
    jpeg: &[u8],
    taken: Option<Date>,
) -> Result<(), CentreError> {
    let sealed = desk.vault().seal(jpeg)?;
    desk.store().execute(
        "UPDATE applications SET photo = $1, photo_taken = $2 WHERE area = $3 AND number = $4",
        values![sealed, taken, desk.area(), application.number],
    )?;
    Ok(())
}

/// The photo of an application, a JPEG; `None`: there is none.
///
/// # Errors
/// The database failed or is damaged.
pub fn photo(office: &Office<'_>, number: &str) -> Result<Option<Zeroizing<Vec<u8>>>, CentreError> {
    let row = office.store().find(
        "SELECT photo FROM applications WHERE area = $1 AND number = $2 AND photo IS NOT NULL",
        values![office.area(), number],
    )?;
    row.map(|row| office.vault().unseal(&row.get::<Vec<u8>>("photo")?)).transpose()
}

/// Keeps why an application was returned. A photo that is at fault is dropped, so that none is reviewed twice.
pub(super) fn set_reasons(
    desk: &Desk<'_>,
    application: &Application,
    reasons: &[ReturnReason],
) -> Result<(), CentreError> {
    let words: Vec<&str> = reasons.iter().map(Into::into).collect();
    desk.store().execute(
        "UPDATE applications SET returned = $1 WHERE area = $2 AND number = $3",
        values![words.join(" "), desk.area(), application.number],
    )?;
    if reasons.iter().any(|reason| reason.is_of_photo()) {
        desk.store().execute(
            "UPDATE applications SET photo = NULL, photo_taken = NULL WHERE area = $1 AND number = $2",
            values![desk.area(), application.number],
        )?;
    }
    Ok(())
}

/// Takes an application a step further by the table of states, and keeps who did it.
///
/// # Errors
/// There is no such application, or its state does not allow the step.
pub(super) fn set_state(desk: &Desk<'_>, number: &str, step: Step) -> Result<State, Refusal> {
    let row = desk
        .store()
        .find("SELECT state FROM applications WHERE area = $1 AND number = $2", values![desk.area(), number])?;
    let state: State = row.ok_or(General::NotFound("application"))?.get("state")?;
    let next = after(state, step).ok_or(Refused::State(state, step))?;
    desk.store().execute(
        "UPDATE applications SET state = $1, open = $2, since = $3 WHERE area = $4 AND number = $5",
        values![next, !next.is_final(), desk.today(), desk.area(), number],
    )?;
    note(desk, number, step)?;
    Ok(next)
}

fn note(desk: &Desk<'_>, number: &str, step: Step) -> Result<(), CentreError> {
    desk.store().execute(
        "INSERT INTO application_steps (area, application, serial, step, operator, time)
         SELECT $1, $2, coalesce(max(serial), 0) + 1, $3, $4, $5 FROM application_steps
         WHERE area = $1 AND application = $2",
        values![desk.area(), number, step, desk.operator().id, desk.now()],
    )?;
    Ok(())
}

/// What was done to an application, oldest first: the step, who, and when.
pub(super) fn steps(office: &Office<'_>, number: &str) -> Result<Vec<(Step, String, DateTime)>, CentreError> {
    let rows = office.store().rows(
        "SELECT step, operator, time FROM application_steps WHERE area = $1 AND application = $2 ORDER BY serial
         LIMIT 10000",
        values![office.area(), number],
    )?;
    rows.iter().map(|row| Ok((row.get("step")?, row.get("operator")?, row.get("time")?))).collect()
}
