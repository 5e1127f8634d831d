//! The account on which premiums are collected: the parameter `premium.bank` (docs/centre.md §6.7.5).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::configuration::Parameter;

use super::month::Month;
use super::slips::Slip;

/// Where premiums are paid to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PremiumBank)]
#[serde(deny_unknown_fields)]
pub struct Bank {
    /// The bank's name.
    pub bank: String,
    /// In whose name the account is.
    pub holder: String,
    /// The account's number.
    pub account: String,
    /// Money that fits no line goes back or finds its line within so many days.
    pub unmatched_days: u16,
}

impl Parameter for Bank {
    const NAME: &'static str = "premium.bank";

    fn check(&self) -> Result<(), String> {
        let fits = |text: &str| (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if ![&self.bank, &self.holder, &self.account].into_iter().all(|text| fits(text)) {
            return Err("bank, holder and account have 1 to 100 characters".into());
        }
        Ok(())
    }
}

impl Bank {
    /// A slip that is paid to this account; its number is given when it is kept.
    #[must_use]
    pub fn slip(&self, payer: String, month: Month, made: Date, due: Date) -> Slip {
        let Self { bank, holder, account, .. } = self.clone();
        Slip { number: String::new(), payer, month, made, due, bank, holder, account }
    }
}
