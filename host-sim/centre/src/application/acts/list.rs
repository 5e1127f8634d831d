//! An employer files for several of its people with one application of the unit (docs/centre.md §6.5.2).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::standing::CLERK;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{Day, Private};
use crate::acts::refusal::{Refusal, Words};
use crate::acts::role::Role;
use crate::application::form::{Employer, Form};
use crate::application::refused::Refused;
use crate::application::{checks, record, unit};
use crate::store::value::values;

/// So many people are in one list at most.
const LINES: usize = 500;

/// Files an employer's list: every line is an application of its own, filed or refused by itself.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationFileList)]
pub struct FileList {
    /// The employer
    pub employer: Employer,
    /// Who answers for the list
    pub contact: Private,
    /// That person's telephone number
    pub telephone: Private,
    /// The day on the seal of the unit's application
    pub sealed: Day,
    /// The forms, 1 to 500
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<Form>,
}

/// What became of a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApplicationListLine)]
pub struct Line {
    /// Its place in the list, from 1
    pub line: usize,
    /// The number of its application
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Everything for which it was refused
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Words>,
}

/// What became of a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApplicationListLines)]
pub struct Lines {
    /// The list's number
    pub list: String,
    /// So many lines were filed
    pub filed: usize,
    /// Every line
    pub lines: Vec<Line>,
}

impl Act for FileList {
    const NAME: &'static str = "application.file-list";
    const ROLES: &'static [Role] = CLERK;
    type Answer = Lines;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Lines, Refusal> {
        if !(1..=LINES).contains(&self.lines.len()) {
            return Err(Refused::ListLength.into());
        }
        if !unit::is_code(&self.employer.code.0) {
            return Err(Refused::ListCode.into());
        }
        if self.sealed.0 > desk.today() {
            return Err(Refused::ListSeal.into());
        }
        let list = format!("L{:09}", desk.next_number("application-list")?);
        desk.subject(format!("list {list}"));
        let mut lines = Vec::new();
        for (at, form) in self.lines.iter().enumerate() {
            lines.push(self.file(desk, &list, at + 1, form)?);
        }
        let filed = lines.iter().filter(|line| line.number.is_some()).count();
        self.keep(desk, &list, filed)?;
        Ok(Lines { list, filed, lines })
    }
}

impl FileList {
    fn file(&self, desk: &Desk<'_>, list: &str, line: usize, form: &Form) -> Result<Line, Refusal> {
        let own = form.employer.as_ref().is_none_or(|employer| employer.code == self.employer.code);
        let refused = |faults: Vec<Refusal>| Line {
            line,
            number: None,
            faults: faults.into_iter().map(|fault| (*fault).clone()).collect(),
        };
        if !own {
            return Ok(refused(vec![Refused::ListEmployer.into()]));
        }
        match checks::check(desk, form, true, None)? {
            Err(faults) => Ok(refused(faults)),
            Ok(sound) => {
                let person = sound.person.as_ref().map(|person| person.number.as_str());
                let number = record::add(desk, form, &sound.document, person, Some(list))?;
                Ok(Line { line, number: Some(number), faults: Vec::new() })
            }
        }
    }

    fn keep(&self, desk: &Desk<'_>, list: &str, filed: usize) -> Result<(), Refusal> {
        let contact = Zeroizing::new(format!("{}\n{}", self.contact.expose(), self.telephone.expose()));
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        desk.store().execute(
            "INSERT INTO application_lists (area, number, employer, sealed, contact, lines, accepted, filed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            values![
                desk.area(),
                list,
                self.employer.code,
                self.sealed,
                desk.seal(&contact)?,
                number(self.lines.len()),
                number(filed),
                desk.now()
            ],
        )?;
        Ok(())
    }
}
