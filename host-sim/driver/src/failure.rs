//! Why a call failed, and the text for the caller's buffer. The codes are in [`super::code`].

use encoding_rs::GBK;
use qiyong_protocol::iso7816::sw::StatusWord;

use crate::code::Code;

/// The most bytes of a text in a caller's buffer, without the NUL: callers have 256 bytes (docs/driver.md §A.2).
pub const TEXT_MAX: usize = 255;

/// Why a call failed. Its text contains no PIN, no key and no ID number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the caller gets as result.
    pub code: Code,
    /// What is added to the code's words; may be empty.
    detail: String,
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self { code, detail: String::new() }
    }
}

/// A status word where another was due.
impl From<StatusWord> for Failure {
    fn from(sw: StatusWord) -> Self {
        let code = Code::of_status(sw);
        match sw.verification_tries() {
            Some(left) => code.with(format!("剩余次数{left}")),
            None => code.with(format!("SW={sw}")),
        }
    }
}

impl Code {
    /// The same with more words.
    pub fn with(self, detail: impl Into<String>) -> Failure {
        Failure { code: self, detail: detail.into() }
    }
}

impl Failure {
    /// The same, and more words.
    pub(crate) fn and(mut self, more: &str) -> Self {
        self.detail = if self.detail.is_empty() { more.into() } else { format!("{},{more}", self.detail) };
        self
    }

    /// The text for the buffer in GBK: at most [`TEXT_MAX`] bytes, cut between characters.
    pub fn gbk(&self) -> Vec<u8> {
        let mut text = self.code.chinese().to_string();
        if !self.detail.is_empty() {
            text = format!("{text}:{}", self.detail);
        }
        let mut bytes = Vec::new();
        // What GBK lacks would become a numeric reference.
        for character in text.chars().filter(|character| !character.is_control()) {
            let mut place = [0; 4];
            let (encoded, _, unmappable) = GBK.encode(character.encode_utf8(&mut place));
            let encoded: &[u8] = if unmappable { b"?" } else { &encoded };
            if bytes.len() + encoded.len() > TEXT_MAX {
                break;
            }
            bytes.extend_from_slice(encoded);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_code_and_detail_and_fits() {
        let text = |failure: Failure| GBK.decode(&failure.gbk()).0.into_owned();
        assert_eq!(text(Code::NoCard.into()), "无卡");
        assert_eq!(text(StatusWord(0x63C2).into()), "PIN校验失败:剩余次数2");
        assert_eq!(text(StatusWord(0x6A82).into()), "卡片返回错误:SW=6A82");
        assert_eq!(text(Code::Reader.with("a\0\n😀b")), "读卡器连接错误:a?b");
        // 15 bytes before the detail, so that a character of two bytes would end at 256.
        let long = Code::Reader.with("卡".repeat(300)).gbk();
        assert_eq!(long.len(), TEXT_MAX);
        assert_eq!(GBK.decode(&long).0.chars().last(), Some('卡'));
    }
}
