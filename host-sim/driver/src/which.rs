//! Which card a caller means: pCardInfo, `ident code|card number|`, of which either may be empty. Then it is not compared.

use qiyong_protocol::card::files::{Df, EF05, tag};

use crate::answer::without_filling;
use crate::card::Powered;
use crate::code::Code;
use crate::failure::Failure;

/// The card that is meant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Which {
    ident: String,
    number: Vec<u8>,
}

impl Which {
    pub(crate) fn parse(card: &[u8]) -> Self {
        let mut fields = card.split(|byte| *byte == b'|');
        let mut field = || fields.next().unwrap_or_default();
        let (ident, number) = (field(), field());
        Self { ident: String::from_utf8_lossy(ident).into_owned(), number: number.into() }
    }

    /// Its number, as the caller gave it.
    pub(crate) fn number(&self) -> &[u8] {
        &self.number
    }

    /// Whether it is this one, by the ident code.
    ///
    /// # Errors
    /// It is another: -22.
    pub(crate) fn compare_ident(&self, card: &Powered) -> Result<(), Failure> {
        let same = self.ident.is_empty() || self.ident.eq_ignore_ascii_case(&card.ident_hex());
        if same { Ok(()) } else { Err(Code::OtherCard.into()) }
    }

    /// The same by its number, where the card shows it.
    pub(crate) fn compare_number(&self, card: &mut Powered) -> Result<(), Failure> {
        if self.number.is_empty() {
            return Ok(());
        }
        card.enter(Df::Ssse)?;
        card.select(EF05)?;
        let there = card.value(EF05, tag::CARD_NUMBER)?;
        if without_filling(&there) == self.number { Ok(()) } else { Err(Code::OtherCard.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_part_may_be_left_out() {
        let which = |text: &str| Which::parse(text.as_bytes());
        let both = Which { ident: "ABCD".into(), number: b"X00000019".into() };
        assert_eq!(which("ABCD|X00000019|"), both);
        assert_eq!(which("|X00000019"), Which { ident: String::new(), ..both });
        assert_eq!(which(""), Which { ident: String::new(), number: vec![] });
    }
}
