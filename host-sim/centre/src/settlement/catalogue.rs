//! What the catalogue says of an item, and the split of a line by it (docs/centre.md §6.8.4, first step). Not here: the
//! catalogue as a table.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::codes::ChargeLevel;
use super::exact::{Count, Fraction, Price, Rounding, Share};
use crate::institution::level::Level;

/// What the catalogue of an area says of an item on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// 甲, 乙 or 丙.
    pub level: ChargeLevel,
    /// What the person pays alone of an item of level 乙, before the fund takes part; 0 of 甲, 1 of 丙.
    pub own_share: Share,
    /// The highest price of one of which the fund takes notice, by the institution's level for
    /// the price limit; a level that is not there has no limit.
    pub limits: Vec<(Level, Price)>,
}

impl Entry {
    /// An item that the catalogue does not know: the person pays all of it.
    pub const fn unlisted() -> Self {
        Self { level: ChargeLevel::C, own_share: Share::WHOLE, limits: Vec::new() }
    }

    /// The price limit at an institution of this level.
    pub fn limit(&self, level: Level) -> Option<Price> {
        self.limits.iter().find(|(of, _)| *of == level).map(|(_, limit)| *limit)
    }
}

/// A line of a bill (`feedetail`, `drugdetail`) with what the catalogue says of its item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The sender's number of the line (`feedetl_sn`).
    pub feedetl_sn: String,
    /// How many (`cnt`).
    pub count: Count,
    /// What is asked for the line (`det_item_fee_sumamt`), in fen and above zero.
    pub amount: i64,
    /// What the catalogue says.
    pub entry: Entry,
}

/// The split of a line, in fen. The last four add up to the line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineSplit {
    /// The sender's number of the line.
    pub feedetl_sn: String,
    /// `det_item_fee_sumamt`: what is asked for the line.
    pub amount: i64,
    /// `fulamt_ownpay_amt`: the whole line, of an item of level 丙.
    pub fulamt_ownpay_amt: i64,
    /// `overlmt_amt`: what exceeds the price limit.
    pub overlmt_amt: i64,
    /// `preselfpay_amt`: what the person pays alone of an item of level 乙.
    pub preselfpay_amt: i64,
    /// `inscp_scp_amt`: what is left, of which the fund takes notice.
    pub inscp_scp_amt: i64,
}

/// Splits one line at an institution of this level for the price limit.
pub fn split(item: &Item, level: Level, rounding: Rounding) -> LineSplit {
    let amount = item.amount;
    let line = LineSplit { feedetl_sn: item.feedetl_sn.clone(), amount, ..LineSplit::default() };
    if item.entry.level == ChargeLevel::C {
        return LineSplit { fulamt_ownpay_amt: amount, ..line };
    }
    let limited = item.entry.limit(level).map(|limit| Fraction::product(limit, item.count).round(rounding, amount));
    let overlmt_amt = amount - limited.unwrap_or(amount);
    let rest = amount - overlmt_amt;
    let own_share = if item.entry.level == ChargeLevel::B { item.entry.own_share } else { Share::NONE };
    let preselfpay_amt = Fraction::part(rest, [own_share, Share::WHOLE]).round(rounding, rest);
    LineSplit { overlmt_amt, preselfpay_amt, inscp_scp_amt: rest - preselfpay_amt, ..line }
}
