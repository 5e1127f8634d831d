//! What a bank answers when it is asked to open the account of a card: a number, or a reason.

use crate::store::value::words;

words! {
    /// Why a bank opens no account. The published interfaces have free text only; the list is this project's own.
    pub enum BankReason {
        /// The police register does not know the person.
        PersonUnknown,
        /// The name is not the one that belongs to the number.
        NameDiffers,
        /// The document has expired, or is none that the bank takes.
        Document,
        /// The person has as many accounts of this class as the bank allows.
        TooManyAccounts,
        /// The bank's risk rules forbid it.
        Risk,
        /// The bank serves no cards in this area.
        NotServed,
        /// The bank's system failed.
        Technical,
        /// The bank has not answered in its term.
        NoAnswer,
    }
}

impl BankReason {
    /// What the applicant or the clerk does next: in English and in Chinese.
    pub const fn next(self) -> (&'static str, &'static str) {
        match self {
            Self::PersonUnknown | Self::NameDiffers => (
                "Compare name and number with the document, correct the application, and ask the bank again.",
                "核对证件上的姓名和号码，更正申请后重新预开户。",
            ),
            Self::Document => ("Bring a valid document, then ask the bank again.", "请提供有效证件后重新预开户。"),
            Self::TooManyAccounts => (
                "The holder closes an account at this bank, or chooses another bank; then ask again.",
                "请持卡人销去该行一个账户或改选银行后重新预开户。",
            ),
            Self::Risk | Self::NotServed => ("Choose another bank and ask it.", "请改选银行后重新预开户。"),
            Self::Technical | Self::NoAnswer => ("Ask the bank again.", "请重新向银行预开户。"),
        }
    }
}

/// Whether this can be a bank card's number: 16 to 19 digits, the last of which is the check digit of ISO/IEC 7812-1
/// (Luhn).
pub fn is_bank_card(number: &str) -> bool {
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum();
    digits && (16..=19).contains(&number.len()) && sum.is_multiple_of(10)
}
