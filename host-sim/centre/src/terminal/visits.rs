//! Which card a terminal is serving. A change of the initial PIN is believed from the terminal that inquired for this
//! card a short while ago, and from nobody else: the message proves no PIN.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::card::codes::IdentCode;
use qiyong_protocol::centre::Request;

use crate::acts::office::Office;
use crate::configuration::{self, Parameter};
use crate::error::CentreError;
use crate::store::value::values;
use crate::terminal::columns::terminal_text;

/// How long after its inquiry a terminal may report a changed PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VisitBound {
    /// Minutes, 1 to 60
    pub minutes: u8,
}

impl Parameter for VisitBound {
    const NAME: &'static str = "terminal.visit";

    fn check(&self) -> Result<(), String> {
        if (1..=60).contains(&self.minutes) { Ok(()) } else { Err("minutes: 1 to 60".into()) }
    }
}

/// In an area that sets nothing: longer than a holder needs for a PIN keyed twice.
const DEFAULT: VisitBound = VisitBound { minutes: 10 };

/// Notes that the terminal of this request serves this card now.
pub(crate) fn begin(office: &Office<'_>, request: &Request<'_>, ident: IdentCode) -> Result<(), CentreError> {
    office.store().execute(
        "INSERT INTO terminal_visits (area, institution, terminal, ident, since) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (area, institution, terminal) DO UPDATE SET ident = excluded.ident, since = excluded.since",
        values![
            office.area(),
            request.institution,
            terminal_text(request.terminal),
            ident.as_bytes().as_slice(),
            office.now()
        ],
    )?;
    Ok(())
}

/// Whether the terminal of this request serves this card; the visit is over then, as far as a PIN is concerned.
pub(crate) fn end(office: &Office<'_>, request: &Request<'_>, ident: IdentCode) -> Result<bool, CentreError> {
    let bound = configuration::on::<VisitBound>(office.store(), office.area(), office.today())?.unwrap_or(DEFAULT);
    let bound = SignedDuration::from_mins(bound.minutes.into());
    let earliest = office.now().checked_sub(bound).unwrap_or(office.now());
    let ended = office.store().execute(
        "DELETE FROM terminal_visits
         WHERE area = $1 AND institution = $2 AND terminal = $3 AND ident = $4 AND since >= $5 AND since <= $6",
        values![
            office.area(),
            request.institution,
            terminal_text(request.terminal),
            ident.as_bytes().as_slice(),
            earliest,
            office.now()
        ],
    )?;
    Ok(ended == 1)
}
