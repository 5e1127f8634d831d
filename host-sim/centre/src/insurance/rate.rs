//! A share of an amount, such as 0.5 %: exact, and read as people write it. How a share is rounded says `rounding`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A millionth of the whole, the finest step of a rate: 0.0001 %.
const WHOLE: i64 = 1_000_000;

/// A rate from 0 % to 1000 %, in steps of 0.0001 %, written `0.5%`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, pattern = r"^\d{1,4}(\.\d{1,4})? *%$")]
#[serde(try_from = "String", into = "String")]
pub struct Rate(u32);

/// An amount that need not be a whole number of fen: `numerator` / `denominator` fen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact {
    /// Fen times the denominator.
    pub numerator: i128,
    /// More than zero.
    pub denominator: i128,
}

impl Rate {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// All of it, 100 %.
    pub const WHOLE: Self = Self(1_000_000);

    /// This share of `fen`.
    #[must_use]
    pub fn of(self, fen: i64) -> Exact {
        Exact { numerator: i128::from(fen) * i128::from(self.0), denominator: i128::from(WHOLE) }
    }
}

impl Exact {
    /// This amount times `by`.
    #[must_use]
    pub fn times(self, by: i128) -> Self {
        Self { numerator: self.numerator.saturating_mul(by), ..self }
    }

    /// This amount divided by `by`, which must be more than zero; otherwise the amount stays as it is.
    #[must_use]
    pub fn divided(self, by: i128) -> Self {
        if by > 0 { Self { denominator: self.denominator.saturating_mul(by), ..self } } else { self }
    }

    /// This share of the amount.
    #[must_use]
    pub fn share(self, rate: Rate) -> Self {
        self.times(i128::from(rate.0)).divided(i128::from(WHOLE))
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, fen: i64) -> Self {
        Self { numerator: self.numerator.saturating_add(i128::from(fen).saturating_mul(self.denominator)), ..self }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 10_000, self.0 % 10_000);
        if rest == 0 {
            return write!(f, "{whole}%");
        }
        let decimals = format!("{rest:04}");
        write!(f, "{whole}.{}%", decimals.trim_end_matches('0'))
    }
}

/// The text is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no rate; write it in per cent with at most four decimals, from 0% to 1000%, as 0.5%")]
pub struct NoRate;

impl FromStr for Rate {
    type Err = NoRate;

    fn from_str(text: &str) -> Result<Self, NoRate> {
        let number = text.strip_suffix('%').ok_or(NoRate)?.trim_end();
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(whole, 4) || !digits(decimals, 4) {
            return Err(NoRate);
        }
        let millionths: u32 = format!("{whole}{decimals:0<4}").parse().map_err(|_| NoRate)?;
        if millionths <= 10_000_000 { Ok(Self(millionths)) } else { Err(NoRate) }
    }
}

impl TryFrom<String> for Rate {
    type Error = NoRate;

    fn try_from(text: String) -> Result<Self, NoRate> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rates_are_read_as_people_write_them() {
        for (text, millionths) in
            [("0.5%", 5000), ("16%", 160_000), ("0.05%", 500), ("2 %", 20_000), ("1000%", 10_000_000)]
        {
            assert_eq!(text.parse(), Ok(Rate(millionths)), "{text}");
        }
        for wrong in ["", "%", "5", "0,5%", "-1%", ".5%", "5.%", "0.00001%", "1000.0001%", "99999%", "1e2%", "五%"] {
            assert_eq!(wrong.parse::<Rate>(), Err(NoRate), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(millionths in 0u32..=10_000_000) {
            prop_assert_eq!(Rate(millionths).to_string().parse(), Ok(Rate(millionths)));
        }
    }
}
