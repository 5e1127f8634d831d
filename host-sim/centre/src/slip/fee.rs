//! What a card costs: the parameter `slip.fee` of an area, and how an amount is found in it (docs/centre.md §6.5.11).

use serde::{Deserialize, Serialize};

use crate::configuration::Parameter;
use crate::orders::Exemption;

/// The parameter `slip.fee`: who collects, and the amounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// Who collects.
    pub unit: CollectingUnit,
    /// The item's code at the finance authority, up to 14 characters.
    pub item_code: String,
    /// The item's name.
    pub item_name: String,
    /// How many days a slip can be paid; the day of issue is not counted.
    pub due_days: u16,
    /// The amounts. The first rule that fits a case gives its amount; the last one fits every case.
    pub rules: Vec<FeeRule>,
}

/// The unit that collects (执收单位), and its account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectingUnit {
    /// Its code, up to 30 characters.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The bank that has the account.
    pub bank: String,
    /// In whose name the account is.
    pub account_holder: String,
    /// The account's number.
    pub account: String,
}

/// A line of the table of fees. What is left out fits every case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeeRule {
    /// The kind of application, in its word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The reason of a replacement, in its word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The exemption of the payer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exemption: Option<Exemption>,
    /// Whether the old card is within its validity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_card_valid: Option<bool>,
    /// The amount in fen; 0: free.
    pub amount: i64,
}

/// What the amount depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case<'a> {
    /// The kind of application, in its word.
    pub kind: &'a str,
    /// The reason of a replacement, in its word.
    pub reason: Option<&'a str>,
    /// The exemption that was proven.
    pub exemption: Option<Exemption>,
    /// Whether the old card is within its validity; `None`: there is none.
    pub old_card_valid: Option<bool>,
}

/// The most that a card may cost, in fen. A larger figure is an error of who entered it.
const AMOUNT_MAX: i64 = 100_000;

impl FeeRule {
    /// Whether it has the amount for this case.
    fn fits(&self, case: &Case<'_>) -> bool {
        fn one<T: PartialEq>(rule: Option<T>, case: Option<T>) -> bool {
            rule.is_none() || rule == case
        }
        one(self.kind.as_deref(), Some(case.kind))
            && one(self.reason.as_deref(), case.reason)
            && one(self.exemption, case.exemption)
            && one(self.old_card_valid, case.old_card_valid)
    }

    /// Whether every case that fits `later` fits this one as well.
    fn hides(&self, later: &Self) -> bool {
        fn one<T: PartialEq>(earlier: &Option<T>, later: &Option<T>) -> bool {
            earlier.is_none() || earlier == later
        }
        one(&self.kind, &later.kind)
            && one(&self.reason, &later.reason)
            && one(&self.exemption, &later.exemption)
            && one(&self.old_card_valid, &later.old_card_valid)
    }
}

impl Fee {
    /// The amount of this case in fen; 0: free. `None`: no rule fits, which [`Fee::problem`] excludes.
    pub fn amount(&self, case: &Case<'_>) -> Option<i64> {
        self.rules.iter().find(|rule| rule.fits(case)).map(|rule| rule.amount)
    }

    /// What is wrong with the parameter; `None`: nothing.
    pub fn problem(&self) -> Option<String> {
        let texts = [
            ("unit.code", &self.unit.code, 30),
            ("unit.name", &self.unit.name, 100),
            ("unit.bank", &self.unit.bank, 100),
            ("unit.account_holder", &self.unit.account_holder, 100),
            ("unit.account", &self.unit.account, 40),
            ("item_code", &self.item_code, 14),
            ("item_name", &self.item_name, 100),
        ];
        for (name, text, most) in texts {
            if !(1..=most).contains(&text.chars().count()) || text.chars().any(char::is_control) {
                return Some(format!("{name} must have 1 to {most} characters, none of them a control character"));
            }
        }
        if !(1..=366).contains(&self.due_days) {
            return Some("due_days must be 1 to 366".into());
        }
        if !self.rules.last().is_some_and(|last| last.hides(&FeeRule::default())) {
            return Some("the last rule must fit every case: it has an amount and nothing else".into());
        }
        for (at, rule) in self.rules.iter().enumerate() {
            if !(0..=AMOUNT_MAX).contains(&rule.amount) {
                return Some(format!("rules[{at}].amount must be 0 to {AMOUNT_MAX} fen"));
            }
            if let Some(hiding) = self.rules.iter().take(at).position(|earlier| earlier.hides(rule)) {
                return Some(format!(
                    "rules[{at}] is never used, since rules[{hiding}] fits all its cases; put it first"
                ));
            }
        }
        None
    }
}

impl Parameter for Fee {
    const NAME: &'static str = "slip.fee";

    fn check(&self) -> Result<(), String> {
        self.problem().map_or(Ok(()), Err)
    }
}
