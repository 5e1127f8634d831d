//! Messages that come under a terminal's name and are not acted on, because they are not believed or not understood: who forges,
//! replays or garbles leaves a trace. They are counted by name, day and cause, and nothing of their contents is kept.
//!
//! Not here: what is believed (`endpoint`), and refusals of what is believed, which stand in the journal.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::rules::institution::InstitutionCode;

use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{Day, InstitutionNo, Moment};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::error::CentreError;
use crate::institution::records::area_of;
use crate::store::database::Database;
use crate::store::value::{Row, values, words};
use crate::terminal::columns::terminal_text;
use crate::terminal::files::Files;
use crate::terminal::refusal::here;

words! {
    /// Why a message was rejected.
    #[schema(as = terminal::Rejected)]
    pub(crate) enum Why {
        /// Its MAC is right under no key of the terminal: forged, changed on the way, or under a key of before.
        WrongMac,
        /// Its MAC is right under a key under which this is not believed: one that has ended, or is for other messages.
        OtherKey,
        /// Its MAC is right, and it is not one complete request.
        NoRequest,
    }
}

/// Counts a rejected message under a name that has, or had, a lease. One under a name that nobody ever had is not kept, since
/// there are as many of these as anybody likes to think of.
///
/// # Errors
/// The database failed.
pub(crate) fn note(
    files: Files<'_>,
    (institution, terminal): (InstitutionCode, TerminalId),
    why: Why,
) -> Result<(), CentreError> {
    let Some(area) = area_of(files.store, institution)? else { return Ok(()) };
    let terminal = terminal_text(terminal);
    let known = files
        .store
        .find("SELECT 1 AS one FROM leases WHERE institution = $1 AND terminal = $2", values![institution, terminal])?;
    if known.is_none() {
        return Ok(());
    }
    files.store.execute(
        "INSERT INTO rejections (area, institution, terminal, day, why, first, last, count)
         VALUES ($1, $2, $3, $4, $5, $6, $6, 1)
         ON CONFLICT (area, institution, day, terminal, why)
         DO UPDATE SET last = excluded.last, count = rejections.count + 1",
        values![area, institution, terminal, files.now.date(), why, files.now],
    )?;
    Ok(())
}

/// Rejected messages of a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = terminal::RejectionLine)]
pub(crate) struct RejectionLine {
    /// The terminal's name
    terminal: String,
    /// Why
    why: Why,
    /// How many
    count: u32,
    /// When the first one came
    first: Moment,
    /// When the last one came
    last: Moment,
}

/// Rejected messages by terminal and cause.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rejections {
    /// The rows
    rejections: Vec<RejectionLine>,
}

/// Lists the messages under the names of an institution's terminals that were rejected on a day, at most 1,000 rows.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListRejections {
    /// The institution's code
    institution: InstitutionNo,
    /// The day, by the centre's clock
    day: Day,
}

impl Act for ListRejections {
    const NAME: &'static str = "terminal.rejections";
    const ROLES: &'static [Role] = &[Role::SettlementOfficer, Role::Auditor];
    const READS: bool = true;
    type Answer = Rejections;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Rejections, Refusal> {
        here(desk, self.institution)?;
        let rows = desk.store().rows(
            "SELECT terminal, why, count, first, last FROM rejections
             WHERE area = $1 AND institution = $2 AND day = $3 ORDER BY terminal, why LIMIT 1000",
            values![desk.area(), self.institution, self.day],
        )?;
        let line = |row: &Row| {
            Ok(RejectionLine {
                terminal: row.get("terminal")?,
                why: row.get("why")?,
                count: row.get("count")?,
                first: row.get("first")?,
                last: row.get("last")?,
            })
        };
        Ok(Rejections { rejections: rows.iter().map(line).collect::<Result<_, Refusal>>()? })
    }
}
