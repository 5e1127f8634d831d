//! Why an act of production or hand-over is refused.

use jiff::civil::Date;
use strum::EnumCount;

use super::stage::Stage;
use crate::acts::refusal::RefusalKind;
use crate::acts::words::{Worded, Words};

/// Why an act of production or hand-over is refused.
#[derive(Clone, Debug, PartialEq, Eq, EnumCount)]
pub enum ProductionRefusal {
    /// There is no card in the making for this application, or with this number.
    Unknown,
    /// The application is not ready: not approved, or its fee is not paid.
    NotReady,
    /// The card is at a stage that does not allow this.
    Stage(Stage),
    /// The bank opens no accounts for cards here.
    Bank,
    /// An answer of the bank needs either a card number or a reason.
    BankAnswer,
    /// The bank's card number is none.
    BankCard,
    /// The bank has answered otherwise before.
    BankAnswered,
    /// The counter is another bank's.
    OtherBank,
    /// The maker is not one of this area's.
    Maker,
    /// The batch would be empty, or too large.
    BatchSize,
    /// An application stands in a batch already.
    InBatchAlready,
    /// There is no such batch, or no such line.
    NoBatch,
    /// The line is over: it failed, or another attempt took its place.
    LineOver,
    /// The area has no card number left.
    NoNumber,
    /// Another card got this number since the batch was made.
    NumberTaken,
    /// What the centre knows of the holder does not fit the card.
    Holder,
    /// The transport key has a wrong form.
    TransportKey,
    /// A report needs either the card's values or a failure.
    ReportShape,
    /// A value of the report has a wrong form.
    ReportForm {
        /// Which.
        field: &'static str,
    },
    /// A value of the report differs from what was ordered.
    ReportDiffers {
        /// Which.
        field: &'static str,
    },
    /// The ATR is none of a social security card.
    ReportAtr,
    /// The ident code was not made with this centre's keys for this card.
    ReportIdent,
    /// The maker's reason is empty or too long.
    ReportReason,
    /// The line was reported otherwise before.
    ReportedOtherwise,
    /// The card belongs to another outlet.
    OtherOutlet,
    /// The card was put into use already, which nobody may do before it is handed over.
    CardInUse,
    /// The collector's telephone number is missing or none.
    CollectorPhone,
    /// The document is a copy.
    NoOriginal {
        /// Which document.
        field: &'static str,
    },
    /// The document has expired.
    CollectorDocumentExpired {
        /// Which document.
        field: &'static str,
        /// Its last day.
        last: Date,
    },
    /// The document is somebody else's.
    DocumentOfAnother {
        /// Which document.
        field: &'static str,
    },
    /// The holder is a minor.
    GuardianNeeded {
        /// Below which age.
        below: u8,
    },
    /// The holder is of age, so a guardian has no right.
    HolderIsOfAge {
        /// From which age on.
        below: u8,
    },
    /// The application names another guardian.
    OtherGuardian,
    /// The guardian's proof is missing.
    GuardianProofMissing,
    /// The agent did not bring the holder's document.
    HolderDocumentMissing,
    /// The agent shows the holder's document as the agent's own.
    AgentIsHolder,
    /// The written authority is missing.
    AuthorityMissing,
    /// The unit is not the one that applied.
    OtherUnit,
    /// The copy of the business licence is missing.
    LicenceMissing,
    /// The term for collecting has not passed.
    CollectTerm {
        /// Its last day.
        last: Date,
    },
}

impl ProductionRefusal {
    /// Every code.
    pub const ALL: &[&str; Self::COUNT] = &[
        "production-unknown",
        "production-not-ready",
        "production-stage",
        "production-bank",
        "production-bank-answer",
        "production-bank-card",
        "production-bank-answered",
        "production-other-bank",
        "production-maker",
        "production-batch-size",
        "production-in-batch",
        "production-no-batch",
        "production-line-over",
        "production-no-number",
        "production-number-taken",
        "production-holder",
        "production-transport-key",
        "production-report-shape",
        "production-report-form",
        "production-report-differs",
        "production-report-atr",
        "production-report-ident",
        "production-report-reason",
        "production-reported-otherwise",
        "production-other-outlet",
        "production-card-in-use",
        "production-phone",
        "production-no-original",
        "production-document-expired",
        "production-document-of-another",
        "production-guardian-needed",
        "production-holder-of-age",
        "production-other-guardian",
        "production-guardian-proof",
        "production-holder-document",
        "production-agent-is-holder",
        "production-authority",
        "production-other-unit",
        "production-licence",
        "production-collect-term",
    ];
}

impl Worded for ProductionRefusal {
    fn words(&self) -> Words {
        match self {
            Self::Unknown => Words::new(
                "production-unknown",
                "this area makes no card under this number",
                "本统筹区没有该编号的制卡记录",
            )
            .kind(RefusalKind::Missing)
            .next(
                "Compare the number; the card begins with production.open.",
                "请核对编号；制卡从 production.open 开始。",
            ),
            Self::NotReady => Words::new(
                "production-not-ready",
                "the application is not approved, or its fee is not settled",
                "申请未通过审核或费用未结清",
            )
            .field("application")
            .next(
                "Have it reviewed, then settle the fee (slip.issue, slip.pay).",
                "请先完成审核并结清费用 (slip.issue, slip.pay)。",
            ),
            Self::Stage(stage) => Words::new(
                "production-stage",
                format!("this is not possible while the card is {}", word(*stage)),
                format!("卡片当前阶段为 {}，不能办理", word(*stage)),
            )
            .next(
                "See production.show for the acts that are possible now.",
                "请用 production.show 查看当前可办理的业务。",
            ),
            Self::Bank => Words::new(
                "production-bank",
                "this bank opens no accounts for cards in this area",
                "该银行不在本统筹区的服务银行名单内",
            )
            .field("bank")
            .kind(RefusalKind::Input)
            .next(
                "Choose one of the banks of the parameter application.banks.",
                "请选择参数 application.banks 中的服务银行。",
            ),
            Self::BankAnswer => Words::new(
                "production-bank-answer",
                "a bank answers with a card number or with a reason, not with both",
                "银行应答应为卡号或失败原因之一",
            )
            .field("bank_card")
            .kind(RefusalKind::Input)
            .next("Enter one of the two.", "请录入其中一项。"),
            Self::BankCard => Words::new(
                "production-bank-card",
                "a bank card's number has 16 to 19 digits with a check digit",
                "银行卡号为 16 至 19 位数字并含校验位",
            )
            .field("bank_card")
            .kind(RefusalKind::Input)
            .next("Key the number in again.", "请重新录入卡号。"),
            Self::BankAnswered => Words::new(
                "production-bank-answered",
                "the bank has answered otherwise before",
                "银行此前已作出不同应答",
            )
            .field("application")
            .next(
                "Ask the bank which answer holds; to begin anew, ask it again (production.open).",
                "请与银行核实；如需重新开始，请重新预开户 (production.open)。",
            ),
            Self::Maker => {
                Words::new("production-maker", "this maker makes no cards for this area", "该制卡商不在本统筹区名单内")
                    .field("maker")
                    .kind(RefusalKind::Input)
                    .next(
                        "Choose one of the makers of the parameter production.settings.",
                        "请选择参数 production.settings 中的制卡商。",
                    )
            }
            Self::BatchSize => Words::new(
                "production-batch-size",
                "a batch has 1 to 1000 cards, and no card of this bank waits for one",
                "批次应有 1 至 1000 张卡，且须有该银行待制的卡",
            )
            .field("applications")
            .next(
                "Wait until the bank has opened accounts, or name fewer applications.",
                "请等待银行开户完成或减少申请数量。",
            ),
            Self::InBatchAlready => {
                Words::new("production-in-batch", "an application stands in a batch already", "申请已在批次中")
                    .field("applications")
                    .next("See production.show for its batch.", "请用 production.show 查看所在批次。")
            }
            Self::NoBatch => {
                Words::new("production-no-batch", "this area has no such batch or line", "本统筹区没有该批次或序号")
                    .field("batch")
                    .kind(RefusalKind::Missing)
                    .next(
                        "Compare batch and line with the list of the batch (production.batch-show).",
                        "请与批次清单核对 (production.batch-show)。",
                    )
            }
            Self::LineOver => Words::new(
                "production-line-over",
                "this line is over: it was reported or its application was given up",
                "该序号已结束：已回盘或申请已终止",
            )
            .field("line")
            .next("See production.show for the line that is in force.", "请用 production.show 查看有效序号。"),
            Self::NoNumber => Words::new(
                "production-no-number",
                "all card numbers with this area's prefix are used",
                "本统筹区卡号前缀下的卡号已用完",
            )
            .next(
                "Ask the administrator for a new prefix in production.settings.",
                "请管理员在 production.settings 中设置新前缀。",
            ),
            Self::NumberTaken => {
                Words::new("production-number-taken", "another card has this number", "该卡号已被其他卡片占用")
                    .field("made.number")
                    .next("Destroy the card and report the line as failed.", "请销毁该卡并将该序号回报为失败。")
            }
            Self::Holder => Words::new(
                "production-holder",
                "a name or number of a holder does not fit on a card",
                "持卡人姓名或号码无法写入卡片",
            )
            .field("applications")
            .next(
                "Send the application back to be corrected (production.send-back), or give it up.",
                "请退回更正 (production.send-back) 或终止。",
            ),
            Self::TransportKey => Words::new(
                "production-transport-key",
                "a transport key is 64 hexadecimal digits",
                "传输密钥为 64 位十六进制数字",
            )
            .field("transport_key")
            .kind(RefusalKind::Input)
            .next("Draw a new key for each card.", "请为每张卡生成新的密钥。"),
            Self::ReportShape => {
                Words::new("production-report-shape", "a line was made or failed, not both", "回盘应为制成或失败之一")
                    .field("made")
                    .kind(RefusalKind::Input)
                    .next("Report one of the two.", "请只回报其中一项。")
            }
            Self::ReportForm { field } => {
                Words::new("production-report-form", "this value has a wrong form", "该值格式不正确")
                    .field(*field)
                    .kind(RefusalKind::Input)
                    .next("Report what is on the card.", "请按卡片内容回报。")
            }
            Self::ReportDiffers { field } => Words::new(
                "production-report-differs",
                "this value is not the one that was ordered",
                "该值与制卡数据不一致",
            )
            .field(*field)
            .next("Destroy the card and report the line as failed.", "请销毁该卡并将该序号回报为失败。"),
            Self::ReportAtr => Words::new(
                "production-report-atr",
                "this is no answer to reset of a social security card",
                "该复位信息不是社会保障卡的复位信息",
            )
            .field("made.atr")
            .next("Read the card again.", "请重新读卡。"),
            Self::ReportIdent => Words::new(
                "production-report-ident",
                "the ident code was not made with this centre's keys for this card",
                "卡识别码不是用本中心密钥为该卡生成的",
            )
            .field("made.ident")
            .next(
                "Read the card again; if it stays so, destroy it and report the line as failed.",
                "请重新读卡；若仍不符，请销毁该卡并回报失败。",
            ),
            Self::ReportReason => {
                Words::new("production-report-reason", "a reason has 1 to 50 bytes", "失败原因为 1 至 50 字节")
                    .field("failed.reason")
                    .kind(RefusalKind::Input)
                    .next("Shorten the reason.", "请缩短失败原因。")
            }
            Self::ReportedOtherwise => Words::new(
                "production-reported-otherwise",
                "this line was reported otherwise before",
                "该序号此前已作不同回盘",
            )
            .field("line")
            .next(
                "Ask the maker which report holds; a card that was lost afterwards is production.lose.",
                "请与制卡商核实；制成后丢失请用 production.lose。",
            ),
            Self::OtherBank => Words::new(
                "production-other-bank",
                "this counter is none of the bank that opens the account",
                "本柜面不属于该卡的开户银行",
            )
            .kind(RefusalKind::Forbidden)
            .next(
                "Leave the answer to that bank; the administrator names its counters in application.banks.",
                "请由开户银行答复；其柜面由管理员在参数 application.banks 中登记。",
            ),
            Self::OtherOutlet => {
                Words::new("production-other-outlet", "a card belongs to another outlet", "卡片属于其他网点")
                    .field("cards")
                    .next("Send it to its outlet.", "请转送至所属网点。")
            }
            Self::CardInUse => Words::new(
                "production-card-in-use",
                "the card is in use already, so its holder has it",
                "卡片已启用，说明持卡人已持有",
            )
            .field("cards")
            .next("Look into it: nobody handed it over.", "请核查：该卡未办理发放。"),
            Self::CollectorPhone => Words::new(
                "production-phone",
                "the collector's telephone number has 5 to 20 digits",
                "领卡人电话为 5 至 20 位数字",
            )
            .field("phone")
            .kind(RefusalKind::Input)
            .next("Ask for the number.", "请询问领卡人电话。"),
            Self::NoOriginal { field } => Words::new(
                "production-no-original",
                "a copy is not enough: the original must be shown",
                "须出示证件原件，复印件无效",
            )
            .field(*field)
            .next("Have the original brought.", "请持原件办理。"),
            Self::CollectorDocumentExpired { field, last } => Words::new(
                "production-document-expired",
                format!("the document expired on {last}"),
                format!("证件已于 {last} 到期"),
            )
            .field(*field)
            .next("Have a valid document brought.", "请持有效证件办理。"),
            Self::DocumentOfAnother { field } => Words::new(
                "production-document-of-another",
                "this is not the document of the person who may take the card",
                "该证件不是有权领卡人的证件",
            )
            .field(*field)
            .next("Keep the card; ask whose it is.", "请勿发卡；请核实身份。"),
            Self::GuardianNeeded { below } => Words::new(
                "production-guardian-needed",
                format!("only the guardian takes the card of a holder below {below}"),
                format!("未满 {below} 周岁须由监护人领卡"),
            )
            .field("collector")
            .next("Hand it to the guardian, with proof.", "请由监护人持证明领取。"),
            Self::HolderIsOfAge { below } => Words::new(
                "production-holder-of-age",
                format!("the holder is {below} or older, so a guardian has no right to the card"),
                format!("持卡人已满 {below} 周岁，监护人无权代领"),
            )
            .field("collector")
            .next("Hand it to the holder or to an agent with authority.", "请由本人或持授权书的代办人领取。"),
            Self::OtherGuardian => Words::new(
                "production-other-guardian",
                "the application names another guardian",
                "申请中登记的监护人不是此人",
            )
            .field("document")
            .next("Hand it to the guardian of the application.", "请由申请中登记的监护人领取。"),
            Self::GuardianProofMissing => Words::new(
                "production-guardian-proof",
                "a guardian proves it by household register or birth certificate",
                "监护人须出示户口簿或出生医学证明",
            )
            .field("proof")
            .next("Have the proof brought.", "请持证明办理。"),
            Self::HolderDocumentMissing => Words::new(
                "production-holder-document",
                "an agent brings the holder's document too",
                "代办人须同时出示持卡人证件",
            )
            .field("holder_document")
            .next("Have both documents brought.", "请持双方证件办理。"),
            Self::AgentIsHolder => Words::new(
                "production-agent-is-holder",
                "the agent's own document is needed, not the holder's twice",
                "须出示代办人本人证件",
            )
            .field("document")
            .next("Have the agent's own document shown.", "请出示代办人本人证件。"),
            Self::AuthorityMissing => {
                Words::new("production-authority", "the written authority is missing", "缺少书面授权")
                    .field("authority")
                    .next("Have the authority brought, and enter where it is filed.", "请提交授权书并录入归档号。")
            }
            Self::OtherUnit => {
                Words::new("production-other-unit", "this unit did not apply for the card", "该卡不是由该单位申请")
                    .field("unit")
                    .next("Hand it to the holder, or to the unit that applied.", "请由本人或申请单位领取。")
            }
            Self::LicenceMissing => Words::new(
                "production-licence",
                "a unit's agent brings a sealed copy of the business licence",
                "单位经办人须提交加盖公章的营业执照复印件",
            )
            .field("licence")
            .next("Have the copy brought, and enter where it is filed.", "请提交复印件并录入归档号。"),
            Self::CollectTerm { last } => Words::new(
                "production-collect-term",
                format!("the holder may collect the card until {last}"),
                format!("持卡人可在 {last} 前领卡"),
            )
            .field("cards")
            .next("Wait until the day has passed.", "请在期限届满后办理。"),
        }
    }
}

fn word(stage: Stage) -> &'static str {
    stage.into()
}
