//! When a card may be replaced or renewed, and that a person has one card (docs/centre.md §6.9).

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::card::status::CardStatus;

use super::refusal::LifeRefusal;
use crate::configuration::Parameter;
use crate::store::value::words;

/// When cards are renewed, and of what use they are after their last day; the parameter `card.validity`. For how many years a
/// card is made is `production`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// The months before the last day from which a card may be renewed because of expiry: 1 to 12
    pub renew_months: u8,
    /// An expired card still settles and pays. Cards often go on working (docs/centre.md §11, `card.expired_usable`).
    pub expired_social_usable: bool,
    /// An expired card can still be put into use at a bank.
    pub expired_bank_usable: bool,
}

words! {
    /// Why a card is to be replaced.
    pub enum ReplaceReason {
        /// 遗失.
        Loss,
        /// 损坏.
        Damage,
        /// 到期.
        Expiry,
        /// 更换银行.
        ChangeOfBank,
        /// 信息变更.
        ChangeOfData,
    }
}

impl Parameter for Validity {
    const NAME: &'static str = "card.validity";

    fn check(&self) -> Result<(), String> {
        if (1..=12).contains(&self.renew_months) { Ok(()) } else { Err("renew_months: 1 to 12".into()) }
    }
}

impl Validity {
    /// The first day on which a card may be renewed because of expiry.
    pub fn renewable_from(&self, last_day: Date) -> Date {
        last_day.saturating_sub(i64::from(self.renew_months).months())
    }

    /// Whether a card may be renewed today because of expiry. An expired one may.
    ///
    /// # Errors
    /// It is too early; or the status does not allow it.
    pub fn renewable(&self, status: CardStatus, last_day: Date, today: Date) -> Result<(), LifeRefusal> {
        replaceable(status, ReplaceReason::Expiry)?;
        let from = self.renewable_from(last_day);
        if today < from { Err(LifeRefusal::RenewTooEarly(from)) } else { Ok(()) }
    }
}

/// Whether a card in this status may be replaced for this reason; a renewal must also be in time
/// ([`Validity::renewable`]).
///
/// # Errors
/// Why not, and what comes before.
pub const fn replaceable(status: CardStatus, reason: ReplaceReason) -> Result<(), LifeRefusal> {
    match (status, reason) {
        // Whoever lost the card and then wants another for damage has no card to hand in: it is replaced as lost.
        (CardStatus::Lost, ReplaceReason::Loss) => Ok(()),
        (CardStatus::Lost, _) => Err(LifeRefusal::Lost),
        (CardStatus::TemporarilyLost, _) => Err(LifeRefusal::ReplaceNeedsFormal),
        (CardStatus::Cancelled, _) => Err(LifeRefusal::ReplaceIsNew),
        (CardStatus::Locked, _) => Err(LifeRefusal::Locked),
        (CardStatus::Sealed, _) => Err(LifeRefusal::Sealed),
        (CardStatus::Inactive | CardStatus::Active, ReplaceReason::Loss) => Err(LifeRefusal::ReplaceNeedsReport),
        (CardStatus::Inactive | CardStatus::Active, _) => Ok(()),
    }
}

/// Whether a person whose cards in the province have these statuses may apply for a new card: one person, one card. Temporary
/// cards are not among them.
///
/// # Errors
/// One of the cards has not ended.
pub fn may_have_another(cards: impl IntoIterator<Item = CardStatus>) -> Result<(), LifeRefusal> {
    let ended = cards.into_iter().all(|status| status == CardStatus::Cancelled);
    if ended { Ok(()) } else { Err(LifeRefusal::HasCard) }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    const RULE: Validity = Validity { renew_months: 1, expired_social_usable: false, expired_bank_usable: false };

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_card_is_renewed_from_a_month_before_its_last_day() {
        // The day of docs/centre.md §6.9's source, and two days that not every month has.
        let rows = [("2028-09-29", "2028-08-29"), ("2034-02-28", "2034-01-28"), ("2031-03-31", "2031-02-28")];
        for (last, from) in rows {
            assert_eq!(RULE.renewable_from(day(last)), day(from));
            let renewable = |today: Date| RULE.renewable(CardStatus::Active, day(last), today);
            assert_eq!(renewable(day(from)), Ok(()));
            assert_eq!(renewable(day("2099-01-01")), Ok(()), "an expired card is renewed, too");
            let before = day(from).yesterday().unwrap();
            assert_eq!(renewable(before), Err(LifeRefusal::RenewTooEarly(day(from))));
        }
        assert_eq!(
            RULE.renewable(CardStatus::TemporarilyLost, day("2028-09-29"), day("2028-09-29")),
            Err(LifeRefusal::ReplaceNeedsFormal)
        );
        for renew_months in [0, 13] {
            assert!(Validity { renew_months, ..RULE }.check().unwrap_err().contains("renew_months"));
        }
        assert_eq!(RULE.check(), Ok(()));
    }

    /// What a kiosk answers (docs/centre.md §6.5.3): 1 or 4 report the loss first, 2 replacement, 9 may apply anew, 3
    /// refused.
    #[test]
    fn each_status_and_reason_is_judged_as_a_kiosk_does() {
        use CardStatus as S;
        use LifeRefusal as R;
        let rows = [
            (S::Inactive, Err(R::ReplaceNeedsReport), Ok(())),
            (S::Active, Err(R::ReplaceNeedsReport), Ok(())),
            (S::Lost, Ok(()), Err(R::Lost)),
            (S::TemporarilyLost, Err(R::ReplaceNeedsFormal), Err(R::ReplaceNeedsFormal)),
            (S::Locked, Err(R::Locked), Err(R::Locked)),
            (S::Sealed, Err(R::Sealed), Err(R::Sealed)),
            (S::Cancelled, Err(R::ReplaceIsNew), Err(R::ReplaceIsNew)),
        ];
        for (status, for_loss, otherwise) in rows {
            for reason in ReplaceReason::VARIANTS {
                let expected = if *reason == ReplaceReason::Loss { &for_loss } else { &otherwise };
                assert_eq!(replaceable(status, *reason), *expected, "{status:?} {reason:?}");
            }
        }
    }

    #[test]
    fn a_person_has_one_card() {
        assert_eq!(may_have_another([]), Ok(()));
        for status in CardStatus::ALL {
            let expected = if status == CardStatus::Cancelled { Ok(()) } else { Err(LifeRefusal::HasCard) };
            assert_eq!(may_have_another([CardStatus::Cancelled, status]), expected);
        }
    }
}
