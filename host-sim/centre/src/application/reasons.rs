//! Why a reviewer returns an application: a closed list, each with what to do next (docs/centre.md §6.5.10). It is made
//! of what is checked; no source has an official one.

use crate::store::value::words;

words! {
    /// A reason to return an application.
    pub enum ReturnReason {
        /// The document's kind is not the one that was shown
        DocumentKind,
        /// The document's number is not what the original says
        DocumentNumber,
        /// The document's last day is wrong, or over
        DocumentExpiry,
        /// Name and number do not belong to one person
        PersonMismatch,
        /// The person has a card or another application
        Duplicate,
        /// Employer, community or school is wrong
        Belonging,
        /// The guardian is wrong, or not shown to be one
        Guardian,
        /// The agent or the power of attorney is wrong
        Agent,
        /// A proof is missing or not valid
        Proof,
        /// The photo shows somebody else
        PhotoOtherPerson,
        /// Head or face is covered, or an ear is not seen
        PhotoCovered,
        /// Clothes like the background, or a uniform
        PhotoClothes,
        /// Reflections, shadows, or out of focus
        PhotoQuality,
        /// The signature is missing or not the applicant's
        Signature,
        /// The bank is not the one that was wished, or cannot be served
        Bank,
        /// The bank refuses to open the account with these data
        BankOpening,
        /// The old card is not what the form says
        OldCard,
    }
}

impl ReturnReason {
    /// Whether a new photo settles it. Every other reason is settled by correcting the form.
    pub const fn is_of_photo(self) -> bool {
        matches!(self, Self::PhotoOtherPerson | Self::PhotoCovered | Self::PhotoClothes | Self::PhotoQuality)
    }

    /// English: the reason, and what to do next.
    pub const fn en(self) -> (&'static str, &'static str) {
        match self {
            Self::DocumentKind => ("the kind of document is not the one shown", "Enter the kind of the original."),
            Self::DocumentNumber => ("the document's number is not that of the original", "Read it from the original."),
            Self::DocumentExpiry => {
                ("the document's last day is wrong or over", "Enter the day, or show a valid document.")
            }
            Self::PersonMismatch => ("name and number do not belong together", "Compare both with the original."),
            Self::Duplicate => {
                ("the person has a card or an open application", "Withdraw this one, or apply for a replacement.")
            }
            Self::Belonging => {
                ("employer, community or school is wrong", "Correct it, with the employer's or school's paper.")
            }
            Self::Guardian => {
                ("the guardian is not shown to be one", "Show the household register or birth certificate.")
            }
            Self::Agent => ("the agent may not act", "Show both originals and a power of attorney for this matter."),
            Self::Proof => ("a proof is missing or not valid", "Bring the proof and enter it."),
            Self::PhotoOtherPerson => ("the photo shows somebody else", "Take a photo of the holder."),
            Self::PhotoCovered => {
                ("head, face or ears are covered", "Take a photo without hat, with both ears visible.")
            }
            Self::PhotoClothes => {
                ("the clothes are like the background, or a uniform", "Take a photo in dark plain clothes.")
            }
            Self::PhotoQuality => ("the photo has reflections or shadows, or is blurred", "Take another photo."),
            Self::Signature => ("the signature is missing or another's", "Let the applicant read and sign again."),
            Self::Bank => ("the bank is not right", "Choose a bank of the list."),
            Self::BankOpening => ("the bank opens no account with these data", "Compare the data with the document."),
            Self::OldCard => {
                ("the old card is not what the form says", "Read its number from the card, or report its loss.")
            }
        }
    }

    /// Chinese: the reason, and what to do next.
    pub const fn zh(self) -> (&'static str, &'static str) {
        match self {
            Self::DocumentKind => ("证件类型与出示的原件不符", "请按原件填写证件类型。"),
            Self::DocumentNumber => ("证件号码与原件不符", "请按原件填写证件号码。"),
            Self::DocumentExpiry => ("证件有效期有误或已过期", "请更正有效期，或出示有效证件。"),
            Self::PersonMismatch => ("姓名与证件号码不一致", "请与原件核对姓名和号码。"),
            Self::Duplicate => ("本人已有社保卡或在办申请", "请撤回本申请，或改办补换卡。"),
            Self::Belonging => ("单位、社区或学校信息有误", "请凭单位或学校材料更正。"),
            Self::Guardian => ("监护关系未得到证明", "请出示户口簿或出生医学证明。"),
            Self::Agent => ("代办人不符合要求", "请出示双方证件原件和本事项的授权委托书。"),
            Self::Proof => ("证明材料缺失或无效", "请补充证明材料并登记。"),
            Self::PhotoOtherPerson => ("照片非本人", "请拍摄持卡人本人照片。"),
            Self::PhotoCovered => ("头部、面部或耳部有遮挡", "请免冠露双耳重拍。"),
            Self::PhotoClothes => ("着装与背景相近或为制服", "请着深色便装重拍。"),
            Self::PhotoQuality => ("照片有反光、阴影或模糊", "请重新拍摄。"),
            Self::Signature => ("缺少签名或非申请人签名", "请申请人重新阅读并签名。"),
            Self::Bank => ("服务银行有误", "请从银行列表中选择。"),
            Self::BankOpening => ("银行未能按所填信息开户", "请与证件核对所填信息。"),
            Self::OldCard => ("原卡信息与表格不符", "请核对原卡卡号，或先办理挂失。"),
        }
    }
}
