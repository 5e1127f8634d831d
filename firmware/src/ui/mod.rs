//! What the operator's and holder's screen says, in English and Chinese.
//!
//! Screens are data: the application names one, a display draws it. All texts stand in [`Screen::text`] and
//! [`reason_text`]; they are written for a 128 × 64 pixel display, 16 Latin or 8 Chinese characters a line. [`draw`] draws
//! them with the glyphs in [`font`], as into a [`framebuffer`], which [`panel`] sends to a display.

pub mod draw;
pub mod font;
pub mod framebuffer;
pub mod panel;

use heapless::String;

use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::Standing;
use qiyong_protocol::ecr::Formality;
use qiyong_protocol::rules::decision::Effects;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

/// One screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Screen {
    /// Waiting for a card.
    InsertCard,
    /// Talking to the card.
    ReadingCard,
    /// Waiting for the centre.
    AskingCentre,
    /// The holder keys the PIN.
    EnterPin {
        /// What is about to be paid.
        amount: Fen,
        /// After a wrong one: how many tries the card still allows.
        tries_left: Option<u8>,
    },
    /// The initial PIN must go: the holder keys a new one.
    EnterNewPin,
    /// The new PIN once more.
    RepeatNewPin,
    /// The new PIN is the old one, or one of those that regions hand out: the holder keys another.
    NewPinUnsuitable,
    /// The two new PINs differ: the holder keys a new one again.
    NewPinsDiffer,
    /// A bank offers to replace the initial PIN, which needs the present one; cancel skips it.
    OfferPinChange,
    /// An unanswered transaction is being reversed.
    Reversing,
    /// Done.
    Approved {
        /// What it did.
        effects: Effects,
        /// Whether something was paid, if only by the pooled fund.
        paid: bool,
        /// The personal account's balance.
        balance: Fen,
    },
    /// What was to be settled with the centre is settled.
    Attended(Formality),
    /// The answer to a query.
    Standing(Standing),
    /// Not done, and why.
    NotDone(Reason),
}

/// A screen's words. The two languages say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// English, at most two lines of 16 characters.
    pub english: &'static str,
    /// Chinese, at most two lines of 8 characters.
    pub chinese: &'static str,
    /// A number that needs no language: an amount, or tries left.
    pub detail: String<16>,
}

/// What the lights say while a screen is shown, for those who stand too far off to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Signal {
    /// It is the holder's or operator's turn, and nothing is wrong.
    Ready,
    /// The terminal works with card or centre: the card stays in.
    Busy,
    /// Something is wrong, or was not done.
    Wrong,
}

impl Screen {
    /// What the lights say meanwhile.
    pub const fn signal(&self) -> Signal {
        match self {
            Self::ReadingCard | Self::AskingCentre | Self::Reversing => Signal::Busy,
            Self::NotDone(_)
            | Self::NewPinUnsuitable
            | Self::NewPinsDiffer
            | Self::EnterPin { tries_left: Some(_), .. } => Signal::Wrong,
            Self::InsertCard
            | Self::EnterPin { tries_left: None, .. }
            | Self::EnterNewPin
            | Self::RepeatNewPin
            | Self::OfferPinChange
            | Self::Approved { .. }
            | Self::Attended(_)
            | Self::Standing(_) => Signal::Ready,
        }
    }

    /// Its words.
    pub fn text(&self) -> Text {
        let (english, chinese) = self.words();
        Text { english, chinese, detail: self.detail() }
    }

    fn detail(&self) -> String<16> {
        let mut detail = String::new();
        // A full buffer only cuts it short.
        let mut put = |character| drop(detail.push(character));
        match self {
            Self::EnterPin { tries_left: Some(tries), .. } => {
                put('x');
                if *tries > 9 {
                    put(char::from(b'0' + tries / 10 % 10));
                }
                put(char::from(b'0' + tries % 10));
            }
            Self::EnterPin { amount, .. } | Self::Approved { balance: amount, .. } => amount.spell(put),
            _ => {}
        }
        detail
    }

    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::InsertCard => ("Insert card", "请插卡"),
            Self::ReadingCard => ("Reading card, do not remove", "正在读卡，请勿拔卡"),
            Self::AskingCentre => ("Asking the centre", "正在联机"),
            Self::EnterPin { tries_left: Some(_), .. } => ("Wrong PIN, tries left:", "密码错误，剩余次数："),
            Self::EnterPin { tries_left: None, .. } => ("Enter PIN", "请输入密码"),
            Self::EnterNewPin => ("Initial PIN: key a new one", "初始密码，请输入新密码"),
            Self::RepeatNewPin => ("New PIN again", "请再次输入新密码"),
            Self::NewPinUnsuitable => ("Choose another PIN", "不能用此密码"),
            Self::NewPinsDiffer => ("PINs differ, start again", "两次密码不一致"),
            Self::OfferPinChange => ("Change initial PIN? Key it", "修改初始密码？请输入原密码"),
            Self::Reversing => ("Reversing, please wait", "正在冲正，请稍候"),
            Self::Approved { effects, paid, .. } => match (effects.activates, effects.activates_financial, *paid) {
                (true, _, true) => ("Paid, card activated", "支付成功，卡已启用"),
                (true, true, false) => ("Card and account activated", "卡及金融账户已启用"),
                (true, false, false) => ("Card activated", "卡已启用"),
                (false, _, true) => ("Paid", "支付成功"),
                (false, true, false) => ("Bank account activated", "金融账户已启用"),
                (false, false, false) => ("Already active", "此卡已启用"),
            },
            Self::Attended(Formality::SignOff) => ("Signed off", "终端已签退"),
            Self::Attended(Formality::Echo) => ("The centre answers", "中心已应答"),
            Self::Standing(standing) => status_text(standing.status),
            Self::NotDone(reason) => reason_text(*reason),
        }
    }
}

/// A card's status in words.
pub const fn status_text(status: CardStatus) -> (&'static str, &'static str) {
    match status {
        CardStatus::Inactive => ("Not activated", "未启用"),
        CardStatus::Active => ("Active", "已启用"),
        CardStatus::Lost => ("Reported lost", "已正式挂失"),
        CardStatus::TemporarilyLost => ("Reported lost for now", "已临时挂失"),
        CardStatus::Locked => ("Locked", "应用已锁定"),
        CardStatus::Sealed => ("Sealed", "已封存"),
        CardStatus::Cancelled => ("Cancelled", "已注销"),
    }
}

/// A reason in words.
pub const fn reason_text(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::InstitutionUnknown => ("This place is not registered", "机构未登记"),
        Reason::InstitutionNotDesignated => ("Place is not designated", "非定点机构"),
        Reason::BankNotOfArea => ("Bank issues no cards here", "非本地发卡银行"),
        Reason::DocumentMismatch => ("Document does not match", "证件与卡不符"),
        Reason::DocumentExpired => ("Document has expired", "证件已过期"),
        Reason::DocumentMissing => ("Show an identity document", "请出示有效证件"),
        Reason::CardExpired => ("Card has expired", "卡已过有效期"),
        Reason::CardLost => ("Card is reported lost", "卡已挂失"),
        Reason::CardLocked => ("Card is locked", "卡应用已锁定"),
        Reason::CardSealed => ("Card is sealed", "卡已封存"),
        Reason::CardCancelled => ("Card is cancelled", "卡已注销"),
        Reason::OtherArea => ("Card of another area", "异地卡不能启用"),
        Reason::CardUnknown => ("Card unknown to the centre", "中心无此卡"),
        Reason::NotInsured => ("Holder is not insured", "未参加医疗保险"),
        Reason::InsufficientFunds => ("Account does not cover it", "账户余额不足"),
        Reason::PinWrong => ("Wrong PIN", "密码错误"),
        Reason::PinBlocked => ("PIN is blocked, go to the agency", "密码已锁定，请到社保窗口"),
        Reason::InitialPinUnchanged => ("Initial PIN must be changed", "初始密码未修改"),
        Reason::CardNotGenuine => ("Card is not genuine", "卡认证失败"),
        Reason::CardUnreadable => ("Card cannot be read", "读卡失败"),
        Reason::CardRemoved => ("Card was removed too early", "卡被提前拔出"),
        Reason::NoAnswer => ("No answer from the centre", "中心无应答"),
        Reason::CancelledByOperator => ("Cancelled", "已取消"),
        Reason::StorageFailed => ("Storage worn, call service", "存储器故障，请报修"),
        Reason::NotSent => ("Not sent, call service", "联机未发出，请报修"),
        Reason::Rejected => ("Centre error, call service", "中心报错，请报修"),
        Reason::OperationNotHere => ("Not offered at this place", "本机构不办此业务"),
        Reason::NobodyCame => ("Nobody inserted a card", "超时未插卡"),
        Reason::PinNotKeyed => ("No PIN was keyed in time", "超时未输入密码"),
        Reason::NameTaken => ("Terminal name is taken", "终端号已被占用，请报修"),
        Reason::NotSignedIn => ("Signed off, try again", "终端已签退，请重试"),
        Reason::NumbersUsedUp => ("Numbers used up, call service", "流水号已用完，请报修"),
        Reason::NumberReused => ("Number was used, call service", "流水号重复，请报修"),
        Reason::AlreadyReversed => ("Already reversed", "交易已冲正"),
        Reason::ClockWrong => ("Clock is wrong, call service", "终端时间不准，请报修"),
        Reason::CentreBusy => ("Centre is busy, try again", "中心繁忙，请重试"),
        Reason::RegionDown => ("Centre of area down, try later", "区域中心不通，请重试"),
        Reason::WorkingKeyWrong => ("Wrong key, call service", "终端认证失败，请报修"),
        Reason::Expired => ("Sale expired, sell anew", "交易已过期"),
        Reason::UnknownTransaction => ("Centre lacks this sale", "中心无此交易"),
        Reason::AlreadyConfirmed => ("Sale was confirmed", "交易已成功"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// The greatest number of 16-character lines that word-wrapped `text` fills.
    fn lines(text: &str, width: usize) -> usize {
        let mut lines = 1;
        let mut used = 0;
        for word in text.split(' ') {
            let space = usize::from(used > 0);
            if used + space + word.len() > width {
                (lines, used) = (lines + 1, word.len());
            } else {
                used += space + word.len();
            }
        }
        lines
    }

    /// Screens with every text, and with details as long as they get.
    pub(super) fn every_screen() -> Vec<Screen> {
        let mut screens: Vec<Screen> = Reason::ALL.iter().map(|reason| Screen::NotDone(*reason)).collect();
        screens.extend(CardStatus::ALL.map(|status| {
            let standing =
                Standing { status, social: true, financial: false, pin_is_initial: false, initial_is_common: false };
            Screen::Standing(standing)
        }));
        for case in 0..8 {
            let [activates, activates_financial, paid] = [1, 2, 4].map(|bit| case & bit != 0);
            let effects = Effects { activates, activates_financial, charge: Fen(0) };
            screens.push(Screen::Approved { effects, paid, balance: Fen::MAX });
        }
        screens.extend([
            Screen::InsertCard,
            Screen::ReadingCard,
            Screen::AskingCentre,
            Screen::EnterPin { amount: Fen::MAX, tries_left: None },
            Screen::EnterPin { amount: Fen::MAX, tries_left: Some(2) },
            Screen::EnterPin { amount: Fen::MAX, tries_left: Some(15) },
            Screen::EnterNewPin,
            Screen::RepeatNewPin,
            Screen::NewPinUnsuitable,
            Screen::NewPinsDiffer,
            Screen::OfferPinChange,
            Screen::Reversing,
        ]);
        screens.extend(Formality::ALL.map(Screen::Attended));
        screens
    }

    #[test]
    fn every_text_fits_two_lines_of_a_small_display() {
        for screen in every_screen() {
            let text = screen.text();
            assert!(lines(text.english, 16) <= 2, "{}", text.english);
            assert!((1..=16).contains(&text.chinese.chars().count()), "{}", text.chinese);
            match screen {
                Screen::EnterPin { tries_left: Some(tries), .. } => {
                    assert_eq!(text.detail.as_str(), std::format!("x{tries}"));
                }
                Screen::EnterPin { amount, .. } | Screen::Approved { balance: amount, .. } => {
                    assert_eq!(text.detail.as_str(), std::format!("{amount}"));
                }
                _ => assert_eq!(text.detail.as_str(), ""),
            }
        }
    }

    #[test]
    fn no_two_reasons_read_alike() {
        let mut seen = std::collections::HashSet::new();
        for reason in Reason::ALL {
            let (english, chinese) = reason_text(*reason);
            assert!(seen.insert(english) && seen.insert(chinese), "{english} {chinese}");
        }
    }
}
