//! Statements between an institution and the centre: lists, totals (3201) and details (3202) of a time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::till::{self, SettlementView, TILLS};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{Amount, Day};
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::settlement::codes::Insutype;
use crate::settlement::records::{self, Settlement};
use crate::store::value::values;

/// Settlements, and undos with negative amounts.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettlementList {
    /// By number
    pub settlements: Vec<SettlementView>,
}

/// Lists the settlements and undos of the till's institution that were booked on some days, at most 100 at a time.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The first day
    pub stmt_begndate: Day,
    /// The last day
    pub stmt_enddate: Day,
    /// Only those after this number
    #[schema(minimum = 0)]
    pub after: Option<i64>,
}

impl Act for List {
    const NAME: &'static str = "settlement.list";
    const ROLES: &'static [Role] = TILLS;
    const READS: bool = true;
    type Answer = SettlementList;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<SettlementList, Refusal> {
        let institution = till::institution(desk)?;
        let days = (self.stmt_begndate.0, self.stmt_enddate.0);
        let found = records::of_days(desk, institution, days, self.after.unwrap_or(0), 100)?;
        Ok(SettlementList { settlements: found.into_iter().map(SettlementView::from).collect() })
    }
}

/// Totals, in fen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = settlement::Sums)]
pub struct Sums {
    /// Whole bills
    pub medfee_sumamt: Amount,
    /// Funds
    pub fund_pay_sumamt: Amount,
    /// Personal accounts
    pub acct_pay: Amount,
    /// How many settlements and undos
    #[schema(minimum = 0)]
    pub fixmedins_setl_cnt: i64,
}

/// Whether both have the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct TotalsView {
    /// `equal` or `different`
    pub stmt_rslt: String,
    /// What the centre has
    pub centre: Sums,
}

/// Compares the totals of a time and a clearing type (national transaction 3201). An undo counts with negative amounts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Of this insurance
    pub insutype: Insutype,
    /// Of this clearing type: 1 to 6 letters and digits
    #[schema(pattern = "^[0-9A-Za-z]{1,6}$")]
    pub clr_type: String,
    /// The first day of booking
    pub stmt_begndate: Day,
    /// The last day of booking
    pub stmt_enddate: Day,
    /// What the institution has
    pub institution: Sums,
}

impl Act for Totals {
    const NAME: &'static str = "settlement.totals";
    const ROLES: &'static [Role] = TILLS;
    const READS: bool = true;
    const NUMBERS: &'static [&'static str] = &["3201"];
    type Answer = TotalsView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<TotalsView, Refusal> {
        let institution = till::institution(desk)?;
        let row = desk.store().find(
            "SELECT CAST(coalesce(sum(total), 0) AS BIGINT) AS total, CAST(coalesce(sum(fund), 0) AS BIGINT) AS fund,
                    CAST(coalesce(sum(account), 0) AS BIGINT) AS account, count(*) AS count
             FROM settlements
             WHERE area = $1 AND institution = $2 AND day >= $3 AND day <= $4 AND insutype = $5 AND clr_type = $6",
            values![desk.area(), institution, self.stmt_begndate, self.stmt_enddate, self.insutype, self.clr_type],
        )?;
        let row = row.ok_or(General::NotFound("totals"))?;
        let centre = Sums {
            medfee_sumamt: Amount(row.get("total")?),
            fund_pay_sumamt: Amount(row.get("fund")?),
            acct_pay: Amount(row.get("account")?),
            fixmedins_setl_cnt: row.get("count")?,
        };
        let same = centre == self.institution;
        Ok(TotalsView { stmt_rslt: if same { "equal" } else { "different" }.into(), centre })
    }
}

/// What an institution has of one settlement or undo.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DetailLine {
    /// Its number
    pub setl_id: i64,
    /// The whole bill, fen
    pub medfee_sumamt: Amount,
    /// The funds, fen
    pub fund_pay_sumamt: Amount,
    /// The personal account, fen
    pub acct_pay: Amount,
}

/// Where both differ.
#[derive(Debug, Serialize, ToSchema)]
pub struct Difference {
    /// The number
    pub setl_id: i64,
    /// `amounts`: both have it, with other amounts. `centre-only`: the institution does not have it.
    /// `institution-only`: the centre does not have it on these days.
    pub difference: String,
    /// The sender's number of the message, by which it can be reversed (2601)
    pub msgid: Option<String>,
}

/// Where both differ.
#[derive(Debug, Serialize, ToSchema)]
pub struct Differences {
    /// By number; empty: nowhere
    pub differences: Vec<Difference>,
    /// The last number that was compared, if there may be more: ask again with it
    pub after: Option<i64>,
}

/// Compares settlement by settlement (national transaction 3202), at most 1,000 of the centre's at a time.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    /// The first day of booking
    pub stmt_begndate: Day,
    /// The last day of booking
    pub stmt_enddate: Day,
    /// Only those after this number
    #[schema(minimum = 0)]
    pub after: Option<i64>,
    /// What the institution has of these days after this number
    #[schema(max_items = 1000)]
    pub lines: Vec<DetailLine>,
}

/// As many are compared at a time.
const MOST: u16 = 1000;

impl Act for Detail {
    const NAME: &'static str = "settlement.detail";
    const ROLES: &'static [Role] = TILLS;
    const READS: bool = true;
    const NUMBERS: &'static [&'static str] = &["3202"];
    type Answer = Differences;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Differences, Refusal> {
        if self.lines.len() > usize::from(MOST) {
            return Err(General::not_allowed("lines", "at most 1,000", "最多1000条").into());
        }
        let institution = till::institution(desk)?;
        let days = (self.stmt_begndate.0, self.stmt_enddate.0);
        let ours = records::of_days(desk, institution, days, self.after.unwrap_or(0), MOST)?;
        let after = ours.last().filter(|_| ours.len() == usize::from(MOST)).map(|last| last.number);
        // What the institution has beyond the last one compared belongs to the next time.
        let theirs = self.lines.iter().filter(|line| after.is_none_or(|after| line.setl_id <= after));
        let mut differences: Vec<Difference> = ours.iter().filter_map(|ours| self.difference(ours)).collect();
        for line in theirs.filter(|line| ours.iter().all(|ours| ours.number != line.setl_id)) {
            let difference = "institution-only".into();
            differences.push(Difference { setl_id: line.setl_id, difference, msgid: None });
        }
        differences.sort_by_key(|difference| difference.setl_id);
        Ok(Differences { differences, after })
    }
}

impl Detail {
    fn difference(&self, ours: &Settlement) -> Option<Difference> {
        let info = &ours.setlinfo;
        let amounts = [info.medfee_sumamt, info.fund_pay_sumamt, info.acct_pay].map(Amount);
        let difference = match self.lines.iter().find(|line| line.setl_id == ours.number) {
            None => "centre-only",
            Some(line) if [line.medfee_sumamt, line.fund_pay_sumamt, line.acct_pay] != amounts => "amounts",
            Some(_) => return None,
        };
        let msgid = Some(ours.message.clone());
        Some(Difference { setl_id: ours.number, difference: difference.into(), msgid })
    }
}
