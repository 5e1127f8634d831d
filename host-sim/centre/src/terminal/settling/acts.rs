//! What people see of settlements between terminals and the centre (docs/centre.md §22), and the bank's file of a day.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bank_file;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{Day, InstitutionNo, Moment, TerminalNo, Total};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::store::value::{Row, values, words};
use crate::terminal::refusal::{Refused, here};
use crate::terminal::settling::compare::Verdict;

/// Those who see to institutions, and those who look at what they do.
const MAY: &[Role] = &[Role::SettlementOfficer, Role::Auditor];

words! {
    /// Where a batch stands.
    #[schema(as = terminal::BatchState)]
    pub(crate) enum State {
        /// Its terminal is to upload the entries.
        Differs,
        /// Settled: all agrees.
        Balanced,
        /// Settled with a difference.
        Closed,
    }
}

/// A batch that is being settled, or was.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = terminal::SettlementLine)]
pub(crate) struct SettlementLine {
    /// The terminal's name
    terminal: String,
    /// The batch
    batch: u32,
    /// Where it stands
    state: State,
    /// When its first totals came
    opened: Moment,
    /// When it was settled
    closed: Option<Moment>,
}

/// Batches by terminal and number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Settlements {
    /// The batches
    settlements: Vec<SettlementLine>,
}

/// Lists the batches of an institution's terminals that are being settled, or were, by terminal and number, at most 1,000.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListSettlements {
    /// The institution's code
    institution: InstitutionNo,
    /// Only from this terminal on
    from: Option<TerminalNo>,
    /// Of that one only the batches after this one
    #[schema(minimum = 0, maximum = 999_999)]
    after: Option<u32>,
}

impl Act for ListSettlements {
    const NAME: &'static str = "terminal.settlements";
    const ROLES: &'static [Role] = MAY;
    const READS: bool = true;
    type Answer = Settlements;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Settlements, Refusal> {
        here(desk, self.institution)?;
        let from = self.from.map_or(String::new(), |name| name.to_string());
        let rows = desk.store().rows(
            "SELECT terminal, batch, state, opened, closed FROM batch_settlements
             WHERE area = $1 AND institution = $2 AND (terminal, batch) > ($3, $4) ORDER BY terminal, batch LIMIT 1000",
            values![desk.area(), self.institution, from, self.after.unwrap_or(0)],
        )?;
        let line = |row: &Row| {
            Ok(SettlementLine {
                terminal: row.get("terminal")?,
                batch: row.get("batch")?,
                state: row.get("state")?,
                opened: row.get("opened")?,
                closed: row.get("closed")?,
            })
        };
        Ok(Settlements { settlements: rows.iter().map(line).collect::<Result<_, Refusal>>()? })
    }
}

/// The totals of one kind, in fen.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KindTotals {
    /// The kind: apply, settle, purchase
    kind: String,
    /// Whether both have the same
    equal: bool,
    /// How many, as the terminal has told
    terminal_count: i64,
    /// Whole bills, as the terminal has told
    terminal_total: Total,
    /// Paid by accounts, as the terminal has told
    terminal_charge: Total,
    /// How many at the centre
    centre_count: i64,
    /// Whole bills at the centre
    centre_total: Total,
    /// Paid by accounts at the centre
    centre_charge: Total,
}

/// Something that differed, or came after the settlement.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingLine {
    /// 1, 2, 3 of this batch
    number: u32,
    /// When it was noted
    noted: Moment,
    /// The transaction's number; none if it is about the totals
    stan: Option<u32>,
    /// The verdict
    verdict: Verdict,
    /// In words, with the values of both sides
    what: String,
}

/// A settlement with its report.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Settlement {
    /// Where it stands
    state: State,
    /// When its first totals came
    opened: Moment,
    /// When it was settled
    closed: Option<Moment>,
    /// The totals by kind: the terminal's last ones, and the centre's at that time
    totals: Vec<KindTotals>,
    /// How many uploaded entries agreed
    matched: i64,
    /// What differed, by number
    findings: Vec<FindingLine>,
}

/// Shows the settlement of a batch: the totals of both sides, and the report that names each difference, at most 1,000 at a time.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShowSettlement {
    /// The institution's code
    institution: InstitutionNo,
    /// The terminal's name there
    terminal: TerminalNo,
    /// The batch
    #[schema(minimum = 1, maximum = 999_999)]
    batch: u32,
    /// Only the differences after this number
    #[schema(minimum = 0)]
    after: Option<u32>,
}

impl Act for ShowSettlement {
    const NAME: &'static str = "terminal.settlement";
    const ROLES: &'static [Role] = MAY;
    const READS: bool = true;
    type Answer = Settlement;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Settlement, Refusal> {
        here(desk, self.institution)?;
        let (store, terminal) = (desk.store(), self.terminal.to_string());
        let of_batch = values![desk.area(), self.institution, terminal, self.batch];
        let head = store.find(
            "SELECT state, opened, closed, matched FROM batch_settlements
             WHERE area = $1 AND institution = $2 AND terminal = $3 AND batch = $4",
            of_batch,
        )?;
        let head = head.ok_or(Refused::Unsettled)?;
        let totals = store.rows(
            "SELECT deal, told_count, told_total, told_charge, own_count, own_total, own_charge FROM batch_totals
             WHERE area = $1 AND institution = $2 AND terminal = $3 AND batch = $4 ORDER BY deal",
            of_batch,
        )?;
        let findings = store.rows(
            "SELECT number, noted, stan, verdict, what FROM batch_findings
             WHERE area = $1 AND institution = $2 AND terminal = $3 AND batch = $4 AND number > $5
             ORDER BY number LIMIT 1000",
            values![desk.area(), self.institution, terminal, self.batch, self.after.unwrap_or(0)],
        )?;
        Ok(Settlement {
            state: head.get("state")?,
            opened: head.get("opened")?,
            closed: head.get("closed")?,
            totals: totals.iter().map(totals_of).collect::<Result<_, Refusal>>()?,
            matched: head.get("matched")?,
            findings: findings.iter().map(finding_of).collect::<Result<_, Refusal>>()?,
        })
    }
}

fn totals_of(row: &Row) -> Result<KindTotals, Refusal> {
    let (terminal_count, centre_count): (i64, i64) = (row.get("told_count")?, row.get("own_count")?);
    let total = |column| Ok::<_, Refusal>(Total(row.get(column)?));
    let (terminal_total, terminal_charge) = (total("told_total")?, total("told_charge")?);
    let (centre_total, centre_charge) = (total("own_total")?, total("own_charge")?);
    Ok(KindTotals {
        kind: row.get("deal")?,
        equal: (terminal_count, terminal_total, terminal_charge) == (centre_count, centre_total, centre_charge),
        terminal_count,
        terminal_total,
        terminal_charge,
        centre_count,
        centre_total,
        centre_charge,
    })
}

fn finding_of(row: &Row) -> Result<FindingLine, Refusal> {
    Ok(FindingLine {
        number: row.get("number")?,
        noted: row.get("noted")?,
        stan: row.get("stan")?,
        verdict: row.get("verdict")?,
        what: row.get("what")?,
    })
}

/// A file for the bank, with its sums.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = terminal::PostedFile)]
pub(crate) struct PostedFile {
    /// How many transactions
    rows: i64,
    /// Their whole bills
    total: Total,
    /// What accounts paid
    charge: Total,
    /// The file, comma-separated
    file: String,
}

/// Makes the bank's file of a day: every transaction that was posted on it by a card of the area, one a line, with the sums of each
/// institution and of all at the end.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = terminal::BankFile)]
pub(crate) struct BankFile {
    /// The day of posting, by the centre's clock
    day: Day,
}

impl Act for BankFile {
    const NAME: &'static str = "terminal.bank-file";
    const ROLES: &'static [Role] = MAY;
    const READS: bool = true;
    type Answer = PostedFile;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<PostedFile, Refusal> {
        let lines = bank_file::posted(desk.store(), desk.area(), self.day.0)?;
        let (file, paid) = bank_file::write(desk.area(), self.day.0, &lines);
        Ok(PostedFile { rows: paid.rows, total: Total(paid.total), charge: Total(paid.charge), file })
    }
}
