//! What waits for somebody: overdue lines and money that fits none, each with who, until when, and why.

use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::limit;
use super::unmatched::open;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::Day;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::insurance::bank::Bank;
use crate::insurance::slips;
use crate::insurance::states::WaitsFor;

/// The acts of this file.
pub const ACTS: &[Entry] = &[entry::<ListWork>()];

/// Something that waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct InsuranceWork {
    /// A line of a slip as SLIP-LINE, or a row of a bank's file as BANK-FILE-LINE
    pub reference: String,
    /// Until when
    pub until: Day,
    /// For whom, and why
    pub waits_for: WaitsFor,
}

/// What waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct InsuranceQueue {
    /// Unmatched money first, then overdue lines, oldest first
    pub work: Vec<InsuranceWork>,
}

/// Lists what waits for somebody.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ListInsuranceWork)]
pub struct ListWork {
    /// At most so many of each kind; 100 if missing
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

impl Act for ListWork {
    const NAME: &'static str = "insurance.work";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer, Role::Auditor];
    const READS: bool = true;
    type Answer = InsuranceQueue;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<InsuranceQueue, Refusal> {
        let bank: Bank = desk.parameter()?;
        let limit = limit(self.limit);
        let mut work = Vec::new();
        for row in open(desk, limit)? {
            if let Some(waits_for) = row.state.waits_for() {
                let reference = format!("{}-{}-{}", row.bank, row.file, row.line);
                let until = Day(row.day.0.saturating_add(i32::from(bank.unmatched_days).days()));
                work.push(InsuranceWork { reference, until, waits_for });
            }
        }
        for line in slips::overdue(desk, desk.today(), limit)? {
            if let Some(waits_for) = line.state.waits_for() {
                let reference = format!("{}-{}", line.slip, line.line);
                work.push(InsuranceWork { reference, until: Day(line.due), waits_for });
            }
        }
        Ok(InsuranceQueue { work })
    }
}
