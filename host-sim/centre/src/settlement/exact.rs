//! Exact decimals and their rounding. Not here: amounts of money, which are whole fen in an `i64`.
//!
//! A kept decimal crate rounds in silence when it runs out of digits, or has an error for it. A share, a count and a
//! price have few digits, so that their products with any amount fit into an `i128`: nothing here can fail or round
//! where no rule says so.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::store::value::words;

/// A number that is never negative, with at most `D` decimals; it counts units of 10⁻ᴰ. Its text is decimal, as `0.85`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fixed<const D: u32>(u64);

/// How many of a thing: `cnt` has four decimals (docs/centre.md §6.8.1).
pub type Count = Fixed<4>;

/// The price of one, in yuan: `pric` and `pric_uplmt_amt` have six decimals.
pub type Price = Fixed<6>;

/// A number has at most so many digits before the point.
const DIGITS: usize = 9;

impl<const D: u32> Fixed<D> {
    /// How many units make one.
    pub const ONE: u64 = 10u64.pow(D);

    /// So many units of 10⁻ᴰ, at most 10⁹ whole ones.
    pub fn of_units(units: u64) -> Self {
        Self(units.min(10u64.pow(DIGITS as u32) * Self::ONE))
    }

    /// The number of units of 10⁻ᴰ.
    pub const fn units(self) -> u64 {
        self.0
    }
}

/// Why a text is no such number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {what}, without sign, of at most {decimals} decimals")]
pub struct NotFixed {
    /// As many decimals are allowed.
    pub decimals: u32,
    /// What is allowed.
    pub what: &'static str,
}

impl<const D: u32> FromStr for Fixed<D> {
    type Err = NotFixed;

    fn from_str(text: &str) -> Result<Self, NotFixed> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let parsed = (digits(whole, DIGITS) && digits(decimals, D as usize)).then(|| {
            let scale = 10u64.pow(D.saturating_sub(decimals.len() as u32));
            Some(whole.parse::<u64>().ok()? * Self::ONE + decimals.parse::<u64>().ok()? * scale)
        });
        parsed.flatten().map(Self).ok_or(NotFixed { decimals: D, what: "a number of at most nine digits" })
    }
}

impl<const D: u32> fmt::Display for Fixed<D> {
    /// Without zeros at the end: `0.85`, `1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:0width$}", self.0 % Self::ONE, width = D as usize);
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{}", self.0 / Self::ONE),
            decimals => write!(f, "{}.{decimals}", self.0 / Self::ONE),
        }
    }
}

impl<const D: u32> Serialize for Fixed<D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const D: u32> Deserialize<'de> for Fixed<D> {
    fn deserialize<T: Deserializer<'de>>(deserializer: T) -> Result<Self, T::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl<const D: u32> PartialSchema for Fixed<D> {
    fn schema() -> RefOr<Schema> {
        decimal(&format!(r"^\d{{1,{DIGITS}}}(\.\d{{1,{D}}})?$"), &format!("a number with at most {D} decimals"))
    }
}
impl<const D: u32> ToSchema for Fixed<D> {}

fn decimal(pattern: &str, what: &str) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).description(Some(what)).into()
}

/// A part of one: from 0 to 1, with at most four decimals (`selfpay_prop` 5,4). Its text is decimal, as `0.85`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Share(Fixed<4>);

impl Share {
    /// Nothing.
    pub const NONE: Self = Self(Fixed(0));
    /// All.
    pub const WHOLE: Self = Self(Fixed(Fixed::<4>::ONE));

    /// So many ten-thousandths; more than all is all.
    pub const fn of_ten_thousandths(number: u64) -> Self {
        if number > Fixed::<4>::ONE { Self::WHOLE } else { Self(Fixed(number)) }
    }

    /// In ten-thousandths: 8500 for 85 %.
    pub const fn ten_thousandths(self) -> u64 {
        self.0.0
    }

    /// This share of that share, in ten-thousandths and rounded half up: for showing only, since amounts are calculated
    /// from both.
    pub const fn times(self, other: Self) -> Self {
        // At most one, as both are.
        Self(Fixed((self.0.0 * other.0.0 + Fixed::<4>::ONE / 2) / Fixed::<4>::ONE))
    }
}

impl FromStr for Share {
    type Err = NotFixed;

    fn from_str(text: &str) -> Result<Self, NotFixed> {
        let most = NotFixed { decimals: 4, what: "a number from 0 to 1" };
        let number: Fixed<4> = text.parse().map_err(|_| most)?;
        if number.0 <= Fixed::<4>::ONE { Ok(Self(number)) } else { Err(most) }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<T: Deserializer<'de>>(deserializer: T) -> Result<Self, T::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl PartialSchema for Share {
    fn schema() -> RefOr<Schema> {
        decimal(r"^(0(\.\d{1,4})?|1(\.0{1,4})?)$", "a part of one, from 0 to 1, with at most four decimals")
    }
}
impl ToSchema for Share {}

/// What becomes of the fractions of a fen, or of a jiao.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = settlement::Rounding)]
pub struct Rounding {
    /// In which direction.
    pub mode: Mode,
    /// To which coin.
    pub to: Coin,
}

words! {
    /// In which direction a fraction is rounded.
    #[derive(Default)]
    #[schema(as = settlement::Mode)]
    pub enum Mode {
        /// To the nearest coin, a half upwards (docs/centre.md §6.7.2).
        #[default]
        HalfUp,
        /// To the nearest coin, a half to the even one.
        HalfEven,
        /// Downwards.
        Down,
        /// Upwards.
        Up,
    }
}

words! {
    /// The coin that amounts are rounded to.
    #[derive(Default)]
    #[schema(as = settlement::Coin)]
    pub enum Coin {
        /// A hundredth of a yuan.
        #[default]
        Fen,
        /// A tenth of a yuan.
        Jiao,
    }
}

/// An amount that is not rounded yet: fen as a fraction.
#[derive(Clone, Copy, Debug)]
pub struct Fraction {
    numerator: i128,
    denominator: i128,
}

impl Fraction {
    /// `amount` fen, never negative, times all of `shares`.
    pub fn part(amount: i64, shares: [Share; 2]) -> Self {
        let one = i128::from(Fixed::<4>::ONE);
        let [a, b] = shares.map(|share| i128::from(share.ten_thousandths()));
        Self { numerator: i128::from(amount) * a * b, denominator: one * one }
    }

    /// The sum of `parts`, each an amount in fen times a share.
    pub fn sum(parts: impl Iterator<Item = (i64, Share)>) -> Self {
        let numerator = parts.map(|(amount, share)| i128::from(amount) * i128::from(share.ten_thousandths())).sum();
        Self { numerator, denominator: i128::from(Fixed::<4>::ONE) }
    }

    /// `price`, in units of 10⁻⁶ yuan, times `count`.
    pub fn product(price: Price, count: Count) -> Self {
        // 10⁻⁶ yuan are 10⁻⁴ fen.
        let denominator = i128::from(Fixed::<4>::ONE) * i128::from(Count::ONE);
        Self { numerator: i128::from(price.units()) * i128::from(count.units()), denominator }
    }

    /// In whole coins, as an amount in fen that is at most `most`: rounding upwards never makes a part more than its
    /// whole.
    pub fn round(self, rounding: Rounding, most: i64) -> i64 {
        let coin = match rounding.to {
            Coin::Fen => 1,
            Coin::Jiao => 10,
        };
        let unit = self.denominator * coin;
        let (whole, rest) = (self.numerator / unit, self.numerator % unit);
        let up = match rounding.mode {
            Mode::HalfUp => 2 * rest >= unit,
            Mode::HalfEven => 2 * rest > unit || (2 * rest == unit && whole % 2 == 1),
            Mode::Down => false,
            Mode::Up => rest > 0,
        };
        let fen = (whole + i128::from(up)) * coin;
        i64::try_from(fen).unwrap_or(i64::MAX).min(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use strum::VariantArray as _;

    #[test]
    fn texts_and_their_errors() {
        assert_eq!("0.85".parse::<Share>().unwrap().ten_thousandths(), 8500);
        for (text, shown) in [("1", "1"), ("1.0000", "1"), ("0.0001", "0.0001"), ("0", "0")] {
            assert_eq!(text.parse::<Share>().unwrap().to_string(), shown);
        }
        for text in ["", ".", "1.", ".5", "1.0001", "0.85001", "-0.1", "+1", "85%", "1e0", "0,5", "99999999999", "٥"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
        assert_eq!("2.5".parse::<Count>().unwrap().units(), 25_000);
        assert!("1234567890".parse::<Count>().is_err());
        assert_eq!("20000.000001".parse::<Price>().unwrap().units(), 20_000_000_001);
    }

    #[test]
    fn roundings() {
        let part = |fen, mode, to| {
            Fraction::part(fen, [Share::of_ten_thousandths(5000), Share::WHOLE]).round(Rounding { mode, to }, fen)
        };
        let table = [
            (Mode::HalfUp, [1, 2, 3, 10]),
            (Mode::HalfEven, [0, 2, 2, 10]),
            (Mode::Down, [0, 1, 2, 10]),
            (Mode::Up, [1, 2, 3, 10]),
        ];
        for (mode, expected) in table {
            assert_eq!([1, 3, 5, 20].map(|fen| part(fen, mode, Coin::Fen)), expected, "{mode:?}");
        }
        assert_eq!(part(22, Mode::Up, Coin::Jiao), 20);
        // A part is never more than its whole.
        assert_eq!(part(3, Mode::Up, Coin::Jiao), 3);
        // 4,879 yuan times 0.5 % are 24.395: docs/centre.md §6.7.2.
        let rate = Fraction::part(487_900, [Share::of_ten_thousandths(50), Share::WHOLE]);
        assert_eq!(rate.round(Rounding::default(), i64::MAX), 2440);
        // Two halves and a half at 0.333333 yuan.
        assert_eq!(
            Fraction::product(Price::of_units(333_333), "2.5".parse().unwrap()).round(Rounding::default(), i64::MAX),
            83
        );
    }

    proptest! {
        /// No number makes the arithmetic overflow, and what is rounded lies less than a coin beside the exact value.
        #[test]
        fn nothing_overflows(amount in 0..=i64::MAX, a in 0u64..=10_000, b in 0u64..=10_000, mode in 0usize..4) {
            let [a, b] = [a, b].map(Share::of_ten_thousandths);
            let rounding = Rounding { mode: Mode::VARIANTS[mode], to: Coin::Fen };
            let fen = i128::from(Fraction::part(amount, [a, b]).round(rounding, amount));
            let exact = i128::from(amount) * i128::from(a.ten_thousandths()) * i128::from(b.ten_thousandths());
            prop_assert!((fen * 100_000_000 - exact).abs() < 100_000_000);
        }

        #[test]
        fn text_is_read_back(units in 0u64..=9_999_999_999_999) {
            let number = Fixed::<4>::of_units(units);
            prop_assert_eq!(number.to_string().parse::<Fixed<4>>().unwrap(), number);
        }
    }
}
