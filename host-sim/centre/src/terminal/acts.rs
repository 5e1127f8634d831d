//! What is done about terminals, and looked up: each gets a key of its own, a new one, or none any more (docs/centre.md §18). A key is shown
//! once, in the clear or enciphered, to whoever puts it into the terminal, and to nobody later.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::ecr::{Command, KeyLoad};

use super::keys;
use super::refusal::{Refused, here};
use super::rejections::ListRejections;
use super::settling::acts::{BankFile, ListSettlements, ShowSettlement};
use crate::access::acts::Done;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Amount, InstitutionNo, Moment, Private, TerminalNo};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::store::value::values;
use crate::terminal::journal::Phase;

/// The acts of this room.
pub(crate) const ACTS: &[Entry] = &[
    entry::<RegisterTerminal>(),
    entry::<RekeyTerminal>(),
    entry::<RetireTerminal>(),
    entry::<ListTerminals>(),
    entry::<ShowJournal>(),
    entry::<ListSettlements>(),
    entry::<ShowSettlement>(),
    entry::<BankFile>(),
    entry::<ListRejections>(),
];

/// Those who see to institutions.
const MAY: &[Role] = &[Role::SettlementOfficer];

/// A key, which is shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct IssuedKey {
    /// The institution's code
    institution: InstitutionNo,
    /// The terminal's name
    terminal: TerminalNo,
    /// The key, 32 hex digits: for the file of `qiyong terminal --key`, or for the device that loads terminals. Not shown when
    /// it was asked for sealed
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^[0-9A-F]{32}$")]
    key: Option<Private>,
    /// The key as a till's command has it, enciphered under the terminal's key before: for `qiyong terminal load-key --sealed`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9A-F]{96}$")]
    sealed: Option<String>,
    /// Its check value: the first three bytes of eight zeros enciphered under it, 6 hex digits
    #[schema(pattern = "^[0-9A-F]{6}$")]
    kcv: String,
    /// Since when it is in force
    since: Moment,
}

/// Registers a terminal: makes a key for it, which is shown once.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterTerminal {
    /// The institution's code
    institution: InstitutionNo,
    /// The terminal's name there
    terminal: TerminalNo,
}

impl Act for RegisterTerminal {
    const NAME: &'static str = "terminal.register";
    const ROLES: &'static [Role] = MAY;
    type Answer = IssuedKey;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<IssuedKey, Refusal> {
        let name = (self.institution, self.terminal);
        match known(desk, name)? {
            Some((_, None)) => Err(Refused::Registered.into()),
            last => issue(desk, name, last.map_or(0, |(number, _)| number), None),
        }
    }
}

/// Gives a terminal a new key, which is shown once. From now on the one before opens nothing but the reversal of what was
/// begun under it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RekeyTerminal {
    /// The institution's code
    institution: InstitutionNo,
    /// The terminal's name there
    terminal: TerminalNo,
    /// Show the key enciphered under the one before, so that who loads it does not see it
    sealed: Option<bool>,
}

impl Act for RekeyTerminal {
    const NAME: &'static str = "terminal.rekey";
    const ROLES: &'static [Role] = MAY;
    type Answer = IssuedKey;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<IssuedKey, Refusal> {
        let name = (self.institution, self.terminal);
        let Some((number, None)) = known(desk, name)? else { return Err(Refused::Unknown.into()) };
        let mut before = None;
        if self.sealed == Some(true) {
            before =
                keys::of((desk.store(), desk.vault()), name.0.0, name.1.0)?.into_iter().next().map(|last| last.key);
        }
        keys::end(desk, name.0.0, name.1.0)?;
        issue(desk, name, number, before.as_ref())
    }
}

/// Retires a terminal: its key opens nothing any more but the reversal of what was begun under it. Done again it changes
/// nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetireTerminal {
    /// The institution's code
    institution: InstitutionNo,
    /// The terminal's name there
    terminal: TerminalNo,
}

impl Act for RetireTerminal {
    const NAME: &'static str = "terminal.retire";
    const ROLES: &'static [Role] = MAY;
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        if known(desk, (self.institution, self.terminal))?.is_none() {
            return Err(Refused::Unknown.into());
        }
        Ok(Done { changed: keys::end(desk, self.institution.0, self.terminal.0)? })
    }
}

/// A terminal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TerminalLine {
    /// Its name
    terminal: TerminalNo,
    /// How many keys it has had
    keys: i64,
    /// The check value of the last one, 6 hex digits
    kcv: String,
    /// Since when that was in force
    since: Moment,
    /// When it ended: the terminal is retired
    ended: Option<Moment>,
}

/// Terminals by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Terminals {
    /// The terminals
    terminals: Vec<TerminalLine>,
}

/// Lists the terminals of an institution by name, at most 1,000.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListTerminals {
    /// The institution's code
    institution: InstitutionNo,
    /// Only those after this name
    after: Option<TerminalNo>,
}

impl Act for ListTerminals {
    const NAME: &'static str = "terminal.list";
    const ROLES: &'static [Role] = &[Role::Administrator, Role::SettlementOfficer, Role::Auditor];
    const READS: bool = true;
    type Answer = Terminals;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Terminals, Refusal> {
        here(desk, self.institution)?;
        let after = self.after.map_or(String::new(), |name| name.to_string());
        let rows = desk.store().rows(
            "SELECT terminal, number, sealed, since, ended FROM terminal_keys AS last
             WHERE area = $1 AND institution = $2 AND terminal > $3 AND NOT EXISTS (
                 SELECT number FROM terminal_keys AS next WHERE next.area = last.area
                   AND next.institution = last.institution AND next.terminal = last.terminal
                   AND next.number > last.number)
             ORDER BY terminal LIMIT 1000",
            values![desk.area(), self.institution, after],
        )?;
        let line = |row: &crate::store::value::Row| {
            Ok(TerminalLine {
                terminal: row.get("terminal")?,
                keys: row.get("number")?,
                kcv: keys::check_value(&keys::open(desk.vault(), row)?),
                since: row.get("since")?,
                ended: row.get("ended")?,
            })
        };
        Ok(Terminals { terminals: rows.iter().map(line).collect::<Result<_, Refusal>>()? })
    }
}

/// A transaction of a terminal, as the centre has it on record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransactionLine {
    /// Its number in the batch
    stan: i64,
    /// When it was sent, by the terminal's clock
    time: String,
    /// When it came, by the centre's clock
    received: Option<Moment>,
    /// The whole bill or price
    total: Amount,
    /// What the personal account paid
    charge: Amount,
    /// Why it was not approved
    reason: Option<String>,
    /// What became of it, if it was approved
    phase: Option<Phase>,
    /// When that was, by the centre's clock
    resolved: Option<Moment>,
    /// What failed on the card after the approval, as the terminal said
    result: Option<String>,
}

/// Transactions by number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransactionLines {
    /// The transactions
    transactions: Vec<TransactionLine>,
}

/// Shows the transactions of a terminal in a batch by number, at most 1,000, and what became of each: pending, posted, voided,
/// expired.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShowJournal {
    /// The institution's code
    institution: InstitutionNo,
    /// The terminal's name there
    terminal: TerminalNo,
    /// The batch
    #[schema(minimum = 1, maximum = 999_999)]
    batch: u32,
    /// Only those after this number
    #[schema(minimum = 1, maximum = 999_999)]
    after: Option<u32>,
}

impl Act for ShowJournal {
    const NAME: &'static str = "terminal.journal";
    const ROLES: &'static [Role] = &[Role::SettlementOfficer, Role::Auditor];
    const READS: bool = true;
    type Answer = TransactionLines;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<TransactionLines, Refusal> {
        here(desk, self.institution)?;
        let rows = desk.store().rows(
            "SELECT journal.stan, journal.time, received, total, coalesce(charge, 0) AS charge, reason,
                    balance IS NOT NULL AS approved, reversals.stan IS NOT NULL AS reversed,
                    phases.state, phases.resolved, phases.result
             FROM journal LEFT JOIN reversals USING (institution, terminal, batch, stan)
             LEFT JOIN phases ON phases.journal_id = journal.id
             WHERE kind = 'transaction' AND institution = $1 AND terminal = $2 AND batch = $3 AND journal.stan > $4
             ORDER BY journal.stan LIMIT 1000",
            values![self.institution, self.terminal.to_string(), self.batch, self.after.unwrap_or(0)],
        )?;
        let line = |row: &crate::store::value::Row| {
            Ok(TransactionLine {
                stan: row.get("stan")?,
                time: row.get("time")?,
                received: row.get("received")?,
                total: Amount(row.get("total")?),
                charge: Amount(row.get("charge")?),
                reason: row.get("reason")?,
                phase: Phase::of(row)?,
                resolved: row.get("resolved")?,
                result: row.get("result")?,
            })
        };
        Ok(TransactionLines { transactions: rows.iter().map(line).collect::<Result<_, Refusal>>()? })
    }
}

/// The last key of a name: its number, and when it ended. The act is about that terminal.
fn known(
    desk: &mut Desk<'_>,
    (institution, terminal): (InstitutionNo, TerminalNo),
) -> Result<Option<(i64, Option<jiff::civil::DateTime>)>, Refusal> {
    desk.subject(format!("terminal {institution}-{terminal}"));
    here(desk, institution)?;
    Ok(keys::last(desk, institution.0, terminal.0)?)
}

/// Makes the key after the one with this number, and shows it: in the clear, or enciphered `under` another.
fn issue(
    desk: &Desk<'_>,
    (institution, terminal): (InstitutionNo, TerminalNo),
    last: i64,
    under: Option<&X919>,
) -> Result<IssuedKey, Refusal> {
    let key: X919 = keys::add(desk, (institution.0, terminal.0), last.saturating_add(1))?;
    let kcv = keys::check_value(&key);
    let sealed = under.map(|under| {
        let load = KeyLoad::seal(institution.0, terminal.0, &key, under);
        hex::encode_upper(&*Command::LoadKey(load).encode())
    });
    let key = if sealed.is_none() { Some(Private(hex::encode_upper(key.expose()))) } else { None };
    Ok(IssuedKey { institution, terminal, key, sealed, kcv, since: Moment(desk.now()) })
}
