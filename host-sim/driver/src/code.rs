//! The codes that a caller gets (docs/card.md §1.10, docs/driver.md §A.3): one row a code, with the words of the norm and what
//! they mean in English. What went wrong in one call is a [`super::failure::Failure`], not here.

use qiyong_protocol::iso7816::sw::StatusWord;

macro_rules! codes {
    ($($name:ident = $number:literal, $chinese:literal, $english:literal;)*) => {
        /// A code other than 0, which is success.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $english] $name,)*
            /// The card's status word; its number is the word's, with a minus sign.
            Status(StatusWord),
        }

        impl Code {
            /// Every code but those of status words.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The number that a caller gets: below zero.
            pub const fn number(self) -> i64 {
                match self {
                    $(Self::$name => $number,)*
                    Self::Status(sw) => -(sw.0 as i64),
                }
            }

            /// The words that a caller gets, without what a call adds to them.
            pub const fn chinese(self) -> &'static str {
                match self {
                    $(Self::$name => $chinese,)*
                    Self::Status(_) => "卡片返回错误",
                }
            }

            /// The same for an engineer who reads no Chinese.
            pub const fn english(self) -> &'static str {
                match self {
                    $(Self::$name => $english,)*
                    Self::Status(sw) => sw.meaning(),
                }
            }
        }
    };
}

codes! {
    CardType = -1, "卡类型不正确", "iType is not 1 to 4, or the card is no social security card";
    NoCard = -2, "无卡", "there is no card, or it was taken out";
    NotPowered = -3, "有卡未上电", "the card has no power";
    Mute = -4, "卡无应答", "the card does not answer";
    Library = -5, "加载动态库错误", "the PIN pad's library cannot be loaded";
    Reader = -11, "读卡器连接错误", "the reader or the card file cannot be used, or the settings are wrong";
    NotConnected = -12, "未建立连接", "there is no connection: the reader is gone, or a second step came without its first";
    NotSupported = -13, "(动态库)不支持该命令", "this library does not do that, or not with this card, reader or pad";
    Parameter = -14, "命令参数错误", "a parameter is wrong";
    Check = -15, "信息校验出错", "what the card contains is not what the norm says";
    IdentCode = -20, "卡识别码格式错误", "the card's ident code is wrong, or the card was never personalised";
    NotGenuine = -21, "内部认证失败(用户卡不合法)", "the card is not genuine: its internal authentication failed";
    OtherCard = -22, "传入数据与卡内不符", "it is another card than the caller says";
    BadData = -23, "传入数据不合法", "what the caller passed is not allowed";
    PsamLevel = -24, "PSAM卡密钥级别不够", "the PSAM's keys are of too low a level";
    External = -25, "外部认证失败", "the card refused the external authentication";
    Cancelled = -31, "用户取消密码输入", "the holder cancelled the PIN";
    TimeOver = -32, "密码输入操作超时", "nobody keyed the PIN in time";
    PinLength = -33, "输入密码长度错误", "a PIN has 4 to 16 digits";
    PinsDiffer = -34, "两次输入密码不一致", "the new PIN was keyed differently the second time";
    InitialPin = -35, "初始密码不能交易", "the initial PIN must be changed first";
    ToInitialPin = -36, "不能改为初始密码", "the new PIN is an initial one";
    Character = -41, "运算数据含非法字符", "the result of the security module contains a wrong character";
    Length = -42, "运算数据长度错误", "data has a wrong length, or the answer does not fit 255 bytes";
    PinWrong = -51, "PIN校验失败", "the PIN is wrong";
    PinLocked = -52, "PIN锁定", "the PIN is locked";
    Busy = -103, "读卡器忙", "another thread or program uses the reader or the card";
    NoPki = -111, "卡内无数字证书应用", "the card has no PKI application";
    Certificate = -112, "证书不正确", "the caller's certificate is none, or none of SM2";
    Signature = -113, "验签失败", "the certificate's owner did not sign this data";
    Envelope = -114, "数字信封不能解开", "it is no envelope, is for another card, or was changed";
    Unknown = -999, "未知错误", "something else, among it a fault of this library";
    NoPsam = -2201, "无PSAM卡", "there is no PSAM: take the steps with the security module";
    PsamAlgorithm = -2202, "PSAM算法不支持", "the PSAM has not the card's algorithm";
    PsamKey = -2203, "PSAM无RKssse密钥", "the PSAM has no key RKSSSE, which a card of version 3.00 requires";
    HsmNotNeeded = -2204, "不需要加密机认证", "the card needs no security module: call the function without steps";
}

impl Code {
    /// What a status word is to a caller. `FFxx` are drivers' own words.
    pub fn of_status(sw: StatusWord) -> Self {
        match sw.0 {
            0xFF01 => Self::BadData,
            0xFF10 => Self::NotConnected,
            0xFF11 => Self::Reader,
            0xFF20 => Self::NotPowered,
            0xFF21 => Self::Mute,
            0xFF30 => Self::NoPsam,
            0xFF40 => Self::NotGenuine,
            0xFF41 => Self::External,
            0xFF50 => Self::Parameter,
            0x63C0..=0x63CF => Self::PinWrong,
            _ if sw.meaning() == StatusWord(0).meaning() => Self::Unknown,
            _ => Self::Status(sw),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// docs/card.md §1.10.
    #[test]
    fn numbers_differ_and_fit_a_caller_who_reads_an_int() {
        let numbers: HashSet<_> = Code::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers.len(), Code::ALL.len());
        assert!(numbers.iter().all(|number| (-65_535..0).contains(number)));
    }

    /// docs/driver.md §A.3.
    #[test]
    fn status_words_become_the_codes_that_callers_know() {
        let table: [(u16, i64); 16] = [
            (0xFF10, -12),
            (0xFF11, -11),
            (0xFF20, -3),
            (0xFF21, -4),
            (0xFF30, -2201),
            (0xFF40, -21),
            (0xFF41, -25),
            (0xFF50, -14),
            (0xFF01, -23),
            (0x63C2, -51),
            (0x6982, -27010),
            (0x6A83, -27267),
            (0x9302, -37634),
            (0x6E00, -28160),
            (0x6700, -26368),
            (0x1234, -999),
        ];
        for (sw, number) in table {
            assert_eq!(Code::of_status(StatusWord(sw)).number(), number, "{sw:04X}");
        }
    }
}
