//! Why an act about a slip is refused.

use jiff::civil::Date;
use strum::EnumCount;

use super::print::yuan;
use crate::acts::refusal::RefusalKind;
use crate::acts::words::{Worded, Words};

/// Why an act about a slip is refused.
#[derive(Clone, Debug, PartialEq, Eq, EnumCount)]
pub enum SlipRefusal {
    /// There is no slip with this number or payment code.
    Unknown,
    /// The application was not approved here.
    NotApproved,
    /// The number check does not belong to the number.
    NumberCheck,
    /// The whole-slip check is not that of this slip.
    WholeCheck,
    /// The payment's reference has a wrong form.
    Reference,
    /// Another amount is due.
    Amount {
        /// In fen.
        due: i64,
    },
    /// It was paid too late.
    Overdue {
        /// The last day.
        due: Date,
    },
    /// Nobody can have paid on this day.
    PaymentDay {
        /// The slip's day of issue.
        issued: Date,
        /// The centre's day.
        today: Date,
    },
    /// The slip was withdrawn.
    Void,
    /// Another payment pays this slip.
    PaidOtherwise,
    /// This payment was cancelled.
    PaymentCancelled,
    /// The same reference came before with another amount.
    PaymentDiffers,
    /// The card is being made or exists, and the fee is used up.
    FeeUsed,
    /// A slip that is paid cannot be withdrawn.
    Paid,
    /// The reference belongs to another slip.
    ReferenceUsed,
    /// No rule of the table of fees fits.
    NoRate,
    /// The area has issued as many slips this year as it has numbers.
    NoNumber,
}

impl SlipRefusal {
    /// Every code.
    pub const ALL: &[&str; Self::COUNT] = &[
        "slip-unknown",
        "slip-not-approved",
        "slip-number-check",
        "slip-whole-check",
        "slip-reference",
        "slip-amount",
        "slip-overdue",
        "slip-payment-day",
        "slip-void",
        "slip-paid-otherwise",
        "slip-payment-cancelled",
        "slip-payment-differs",
        "slip-fee-used",
        "slip-paid",
        "slip-reference-used",
        "slip-no-rate",
        "slip-no-number",
    ];
}

impl Worded for SlipRefusal {
    fn words(&self) -> Words {
        match self {
            Self::Unknown => Words::new("slip-unknown", "this area has no such slip", "本统筹区没有该缴款通知书")
                .field("number")
                .kind(RefusalKind::Missing)
                .next("Compare the number with the slip.", "请核对通知书号码。"),
            Self::NotApproved => Words::new(
                "slip-not-approved",
                "a fee is due only once the application is approved",
                "申请审核通过后才产生费用",
            )
            .field("application")
            .next("Have the application reviewed first.", "请先完成审核。"),
            Self::NumberCheck => Words::new(
                "slip-number-check",
                "these five digits do not check this number: one of them was mistyped",
                "号码校验码与通知书号码不符",
            )
            .field("number_check")
            .kind(RefusalKind::Input)
            .next("Key both in again from the slip.", "请按通知书重新录入。"),
            Self::WholeCheck => Words::new(
                "slip-whole-check",
                "this slip was not issued so: a field of it was altered, or it is a forgery",
                "通知书内容与本中心开具的不一致，可能被涂改或伪造",
            )
            .field("whole_check")
            .next("Take no money; print the slip anew and report the paper.", "请勿收款；重新打印通知书并上报该凭证。"),
            Self::Reference => Words::new(
                "slip-reference",
                "a payment's reference has 1 to 40 letters, digits and hyphens",
                "缴款流水号为 1 至 40 位字母、数字或连字符",
            )
            .field("reference")
            .kind(RefusalKind::Input)
            .next("Enter the reference of the bank's receipt.", "请录入银行回单上的流水号。"),
            Self::Amount { due } => Words::new(
                "slip-amount",
                format!("exactly CNY {} is due", yuan(*due)),
                format!("应缴金额为 {} 元", yuan(*due)),
            )
            .field("amount")
            .next("Give the money back, or collect the exact amount.", "请退回款项或按应缴金额收取。"),
            Self::Overdue { due } => {
                Words::new("slip-overdue", format!("the slip could be paid until {due}"), format!("缴款期限为 {due}"))
                    .field("paid")
                    .next("Issue the slip again (slip.issue).", "请重新开具通知书 (slip.issue)。")
            }
            Self::PaymentDay { issued, today } => Words::new(
                "slip-payment-day",
                format!("the day of payment lies between {issued} and {today}"),
                format!("缴款日期应在 {issued} 至 {today} 之间"),
            )
            .field("paid")
            .kind(RefusalKind::Input)
            .next("Enter the day of the bank's receipt.", "请录入银行回单日期。"),
            Self::Void => Words::new("slip-void", "the slip was withdrawn", "该通知书已作废")
                .field("number")
                .next("Ask for the slip that is in force (slip.issue).", "请使用有效的通知书 (slip.issue)。"),
            Self::PaidOtherwise => {
                Words::new("slip-paid-otherwise", "another payment has paid this slip", "该通知书已由另一笔缴款缴清")
                    .field("reference")
                    .next("Give this money back: it was collected twice.", "属于重复收款，请退款。")
            }
            Self::PaymentCancelled => Words::new(
                "slip-payment-cancelled",
                "this payment was cancelled, and does not come back",
                "该笔缴款已撤销，不能再登记",
            )
            .field("reference")
            .next("Pay anew, under a new reference.", "请以新的流水号重新缴款。"),
            Self::PaymentDiffers => Words::new(
                "slip-payment-differs",
                "this reference was registered with another amount",
                "该流水号已按其他金额登记",
            )
            .field("amount")
            .next("Compare with the bank's receipt.", "请核对银行回单。"),
            Self::FeeUsed => Words::new(
                "slip-fee-used",
                "the card is in production or made, so its fee is used up",
                "卡片已进入制卡或已制成，费用不能撤销",
            )
            .field("number")
            .next("Withdraw the card first, if it is not made yet.", "若尚未制成，请先撤回制卡。"),
            Self::Paid => Words::new("slip-paid", "a slip that is paid cannot be withdrawn", "已缴款的通知书不能作废")
                .field("number")
                .next("Cancel the payment first (slip.cancel).", "请先撤销缴款 (slip.cancel)。"),
            Self::ReferenceUsed => Words::new(
                "slip-reference-used",
                "this reference belongs to another slip: one payment pays one slip",
                "该流水号属于另一份通知书，一笔缴款只对应一份通知书",
            )
            .field("reference")
            .next("Compare both slips with the bank's receipt.", "请将两份通知书与银行回单核对。"),
            Self::NoRate => Words::new(
                "slip-no-rate",
                "the table of fees has no amount for this application",
                "收费标准中没有适用于该申请的金额",
            )
            .field("application")
            .next("Ask the administrator to set the parameter slip.fee.", "请管理员设置参数 slip.fee。"),
            Self::NoNumber => {
                Words::new("slip-no-number", "all slip numbers of this year are used", "本年度通知书号码已用完")
                    .next("Call the centre's engineer.", "请联系卡管中心工程师。")
            }
        }
    }
}
