//! Where an application stands, what leads from one state to the next, and for whom each state waits.
//!
//! The acts use [`after`] and nothing else. Fee, production and hand-over belong to other rooms, which move an
//! application with the steps of theirs.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::rules::ApplicationRules;
use crate::acts::role::Role;
use crate::store::value::word_column;

/// Where an application stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[schema(as = ApplicationState)]
pub enum State {
    /// 已填写: the form is filled in
    Draft,
    /// 已阅读: the applicant has read what was filled in
    Read,
    /// 已核对: the clerk has compared it with the originals
    Checked,
    /// 已签名: the applicant has signed
    Signed,
    /// 复核中: handed in for review
    InReview,
    /// 退回: returned with reasons
    Returned,
    /// 已通过: approved; the fee is not settled
    Approved,
    /// 待制卡: approved and paid for, or free
    Ready,
    /// 制卡中: the card is in the making
    InProduction,
    /// 已完成: the card was handed over
    Completed,
    /// 已撤回: withdrawn
    Withdrawn,
    /// 已逾期: nobody went on with it in time
    Lapsed,
}
word_column!(State);

/// What is done to an application.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[schema(as = ApplicationStep)]
pub enum Step {
    /// Filled in
    File,
    /// Filled in anew
    Correct,
    /// Read by the applicant
    Read,
    /// Compared with the originals
    Check,
    /// Signed
    Sign,
    /// A photo was added or replaced
    Photo,
    /// A photo was added, and nothing else was asked for
    PhotoOnly,
    /// Handed in for review
    Submit,
    /// Approved
    Approve,
    /// Returned
    Return,
    /// Withdrawn by the applicant
    Withdraw,
    /// Closed because its time was over
    Lapse,
    /// The fee is paid, or there is none
    Pay,
    /// The payment is undone
    Unpay,
    /// Production has begun
    Produce,
    /// Production sends it back: the bank refuses what is in the form
    SendBack,
    /// Production gives it up: withdrawn before the card was made, or the card was never collected
    GiveUp,
    /// The card was handed over
    HandOver,
}
word_column!(Step);

impl Step {
    /// Whether who does it works on the application: a reviewer must not have. A reviewer who returned one may review it
    /// again.
    pub const fn is_work(self) -> bool {
        matches!(
            self,
            Self::File
                | Self::Correct
                | Self::Read
                | Self::Check
                | Self::Sign
                | Self::Photo
                | Self::PhotoOnly
                | Self::Submit
        )
    }

    /// The act that does it. Steps of one act differ by what is in it.
    pub const fn act(self) -> &'static str {
        match self {
            Self::File => "application.file",
            Self::Correct => "application.correct",
            Self::Read => "application.read",
            Self::Check => "application.check",
            Self::Sign => "application.sign",
            Self::Photo | Self::PhotoOnly => "application.photo",
            Self::Submit => "application.submit",
            Self::Approve | Self::Return => "application.review",
            Self::Withdraw => "application.withdraw",
            Self::Lapse => "application.lapse",
            Self::Pay => "slip.pay",
            Self::Unpay => "slip.cancel",
            Self::Produce => "production.open",
            Self::SendBack => "production.send-back",
            Self::GiveUp => "production.give-up",
            Self::HandOver => "production.hand-over",
        }
    }
}

/// Where a step leads; `None`: it is not allowed here.
pub const fn after(state: State, step: Step) -> Option<State> {
    use State as S;
    Some(match (state, step) {
        (S::Draft | S::Read | S::Checked | S::Signed | S::Returned, Step::Correct) => S::Draft,
        (S::Draft, Step::Read) => S::Read,
        (S::Read, Step::Check) => S::Checked,
        (S::Checked, Step::Sign) => S::Signed,
        (S::Draft | S::Read | S::Checked | S::Signed | S::Returned, Step::Photo) => state,
        // What was signed stays signed if nothing but the photo was to be corrected.
        (S::Returned, Step::PhotoOnly) => S::Signed,
        (S::Signed, Step::Submit) => S::InReview,
        (S::InReview, Step::Approve) => S::Approved,
        (S::InReview, Step::Return) => S::Returned,
        (S::Draft | S::Read | S::Checked | S::Signed | S::InReview | S::Returned | S::Approved, Step::Withdraw) => {
            S::Withdrawn
        }
        (S::Draft | S::Read | S::Checked | S::Signed | S::Returned | S::Approved, Step::Lapse) => S::Lapsed,
        (S::Approved, Step::Pay) => S::Ready,
        (S::Ready, Step::Unpay) => S::Approved,
        (S::Ready, Step::Produce) => S::InProduction,
        (S::InProduction, Step::SendBack) => S::Returned,
        (S::InProduction, Step::GiveUp) => S::Withdrawn,
        (S::InProduction, Step::HandOver) => S::Completed,
        _ => return None,
    })
}

impl State {
    /// Nothing leads from here.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Withdrawn | Self::Lapsed)
    }

    /// For whom an application waits here, and why; `None`: for nobody.
    pub fn waiting(self) -> Option<Waiting> {
        let (who, why_en, why_zh) = match self {
            Self::Draft => (Role::Clerk, "the applicant must read what was filled in", "待申请人阅读所填内容"),
            Self::Read => (Role::Clerk, "the clerk must compare it with the originals", "待受理人员核对证件原件"),
            Self::Checked => (Role::Clerk, "the applicant must sign", "待申请人签名"),
            Self::Signed => (Role::Clerk, "it must be handed in for review", "待提交复核"),
            Self::InReview => (Role::Reviewer, "a second person must review it", "待另一人复核"),
            Self::Returned => (Role::Clerk, "it must be corrected for the reasons given", "待按退回原因更正"),
            Self::Approved => (Role::Cashier, "the fee must be paid", "待缴纳工本费"),
            Self::Ready => (Role::Producer, "the card must be ordered", "待制卡"),
            Self::InProduction => (Role::Producer, "the card must be made and handed over", "待制卡并发放"),
            Self::Completed | Self::Withdrawn | Self::Lapsed => return None,
        };
        Some(Waiting { who, why_en, why_zh, acts: acts_from(self) })
    }

    /// How many days an application may stay here; `None`: another room's term holds.
    pub const fn days(self, rules: &ApplicationRules) -> Option<u16> {
        match self {
            Self::Draft | Self::Read | Self::Checked | Self::Signed => Some(rules.draft_days),
            Self::InReview => Some(rules.review_days),
            Self::Returned => Some(rules.return_days),
            Self::Approved => Some(rules.fee_days),
            _ => None,
        }
    }
}

/// For whom a state waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ApplicationWaiting)]
pub struct Waiting {
    /// Who must act next
    pub who: Role,
    /// Why it waits, in English
    pub why_en: &'static str,
    /// Why it waits, in Chinese
    pub why_zh: &'static str,
    /// The acts that are possible here
    pub acts: Vec<&'static str>,
}

fn acts_from(state: State) -> Vec<&'static str> {
    let mut acts: Vec<_> =
        Step::VARIANTS.iter().filter(|step| after(state, **step).is_some()).map(|step| step.act()).collect();
    acts.dedup();
    acts
}
