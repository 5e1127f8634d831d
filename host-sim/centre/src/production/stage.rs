//! Where a card stands between its application and its holder, and what leads from one stage to the next. The acts use
//! this table and nothing else.

use jiff::ToSpan;
use jiff::civil::Date;
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::settings::Terms;
use crate::acts::fields::Day;
use crate::acts::role::Role;
use crate::acts::waiting::Waiting;
use crate::store::value::word_column;
use crate::store::value::words;

words! {
    /// Where a card in the making stands.
    pub enum Stage {
        /// The bank was asked to open the account (银行预开户).
        BankOpening,
        /// The bank opens none, for a reason.
        BankRefused,
        /// The bank has opened the account.
        BankOpened,
        /// The card stands in a batch and has its number.
        InBatch,
        /// The maker has the data.
        InProduction,
        /// The maker could not make it, or the card was lost on its way; it is to be made again.
        ProductionFailed,
        /// The maker has made it, and it is on the way to the centre.
        Made,
        /// The centre has it in stock.
        InStock,
        /// It is on the way to the outlet.
        OnTheWay,
        /// It lies at the outlet.
        AtOutlet,
        /// The unit's agent has it and distributes it.
        WithUnit,
        /// Its holder has it.
        HandedOver,
        /// Nobody collected it, and it was destroyed.
        Destroyed,
        /// The application went back to be corrected, since the bank refuses what it says. It waits there, and begins here
        /// anew when it is approved again.
        SentBack,
        /// It was given up before a card was made.
        GivenUp,
    }
}

/// What happens to a card in the making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Step {
    /// The bank is asked, or asked again.
    AskBank,
    /// The bank opens the account.
    BankOpens,
    /// The bank refuses.
    BankRefuses,
    /// It comes into a batch.
    Batch,
    /// The maker gets the data, or gets them again.
    Personalise,
    /// The maker reports a card that goes to the centre.
    ReportMade,
    /// The outlet itself reports a card that it made (即制卡).
    ReportInstant,
    /// The maker reports that making failed.
    ReportFailed,
    /// The maker reports that it failed at the bank.
    ReportBankFailed,
    /// The centre takes it into stock.
    Stock,
    /// It leaves for the outlet.
    Dispatch,
    /// The outlet has received it.
    Receive,
    /// It is lost or damaged.
    Lose,
    /// It is handed to its holder, or to who may take it for the holder.
    HandOver,
    /// It is handed to the unit's agent.
    HandToUnit,
    /// The unit's agent has given it to its holder.
    Distribute,
    /// The unit's agent brings it back.
    UnitReturns,
    /// Nobody collects it, and it goes back to the centre.
    Recall,
    /// The centre destroys it.
    Destroy,
    /// The application goes back to be corrected.
    SendBack,
    /// It is given up.
    GiveUp,
}

word_column!(Step);

impl Stage {
    /// Where `step` leads from here; `None`: it is not allowed here.
    pub const fn after(self, step: Step) -> Option<Self> {
        use Step as S;
        Some(match (self, step) {
            (Self::BankOpening | Self::BankRefused | Self::SentBack, S::AskBank) => Self::BankOpening,
            (Self::BankOpening, S::BankOpens) => Self::BankOpened,
            (Self::BankOpening, S::BankRefuses) => Self::BankRefused,
            (Self::BankOpened | Self::ProductionFailed, S::Batch) => Self::InBatch,
            (Self::InBatch | Self::InProduction, S::Personalise) => Self::InProduction,
            (Self::InProduction, S::ReportMade) => Self::Made,
            (Self::InProduction, S::ReportInstant) => Self::AtOutlet,
            (Self::InProduction, S::ReportFailed) => Self::ProductionFailed,
            (Self::InProduction, S::ReportBankFailed) => Self::BankRefused,
            (Self::Made, S::Stock) => Self::InStock,
            (Self::InStock, S::Dispatch) => Self::OnTheWay,
            (Self::OnTheWay, S::Receive) => Self::AtOutlet,
            (Self::Made | Self::InStock | Self::OnTheWay | Self::AtOutlet, S::Lose) => Self::ProductionFailed,
            (Self::AtOutlet, S::HandOver) => Self::HandedOver,
            (Self::AtOutlet, S::HandToUnit) => Self::WithUnit,
            (Self::WithUnit, S::Distribute) => Self::HandedOver,
            (Self::WithUnit, S::UnitReturns) => Self::AtOutlet,
            (Self::AtOutlet, S::Recall) => Self::InStock,
            (Self::InStock, S::Destroy) => Self::Destroyed,
            (
                Self::BankOpening | Self::BankRefused | Self::BankOpened | Self::InBatch | Self::ProductionFailed,
                S::GiveUp,
            ) => Self::GivenUp,
            (Self::BankRefused, S::SendBack) => Self::SentBack,
            _ => return None,
        })
    }

    /// Whether nobody needs to do anything any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::HandedOver | Self::Destroyed | Self::GivenUp | Self::SentBack)
    }

    /// Whether a card exists.
    pub const fn has_card(self) -> bool {
        matches!(
            self,
            Self::Made
                | Self::InStock
                | Self::OnTheWay
                | Self::AtOutlet
                | Self::WithUnit
                | Self::HandedOver
                | Self::Destroyed
        )
    }

    /// For whom a card waits that came here on the day `since`; `None`: for nobody.
    pub fn waiting(self, since: Date, terms: &Terms) -> Option<Waiting> {
        let (who, days, why_en, why_zh) = match self {
            Self::BankOpening => {
                (Role::BankCounter, terms.bank, "the bank must open the account or say why not", "待银行预开户")
            }
            Self::BankRefused => {
                (Role::Producer, terms.repair, "the bank's reason must be dealt with", "待处理银行预开户失败原因")
            }
            Self::BankOpened => (Role::Producer, terms.batch, "it must come into a batch", "待加入批次"),
            Self::InBatch => (Role::Producer, terms.batch, "the maker must get the data", "待发送制卡数据"),
            Self::InProduction => (Role::Producer, terms.make, "the maker must report back", "待制卡商回盘"),
            Self::ProductionFailed => (Role::Producer, terms.repair, "it must be made again", "待重新制卡"),
            Self::Made => (Role::Producer, terms.transport, "the centre must take it into stock", "待中心入库"),
            Self::InStock => (Role::Producer, terms.transport, "it must leave for the outlet", "待出库寄往网点"),
            Self::OnTheWay => (Role::Issuer, terms.transport, "the outlet must receive it", "待网点接收"),
            Self::AtOutlet => (Role::Issuer, terms.collect, "the holder must collect it", "待持卡人领卡"),
            Self::WithUnit => (Role::Issuer, terms.distribute, "the unit's agent must distribute it", "待单位发放"),
            Self::HandedOver | Self::Destroyed | Self::GivenUp | Self::SentBack => return None,
        };
        let mut acts: Vec<_> = self.steps().map(Step::act).collect();
        acts.dedup();
        let until = Some(Day(since.saturating_add(i32::from(days).days())));
        Some(Waiting { who, until, why_en, why_zh, acts })
    }

    /// The steps that are allowed here.
    pub fn steps(self) -> impl Iterator<Item = Step> {
        Step::VARIANTS.iter().copied().filter(move |step| self.after(*step).is_some())
    }
}

impl Step {
    /// The act that takes this step.
    pub const fn act(self) -> &'static str {
        match self {
            Self::AskBank => "production.open",
            Self::BankOpens | Self::BankRefuses => "production.bank-answer",
            Self::Batch => "production.batch",
            Self::Personalise => "production.personalise",
            Self::ReportMade | Self::ReportInstant | Self::ReportFailed | Self::ReportBankFailed => "production.report",
            Self::Stock => "production.stock",
            Self::Dispatch => "production.dispatch",
            Self::Receive => "production.receive",
            Self::Lose => "production.lose",
            Self::HandOver | Self::HandToUnit => "production.hand-over",
            Self::Distribute => "production.distribute",
            Self::UnitReturns => "production.take-back",
            Self::Recall => "production.recall",
            Self::Destroy => "production.destroy",
            Self::SendBack => "production.send-back",
            Self::GiveUp => "production.give-up",
        }
    }
}
