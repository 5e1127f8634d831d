//! Who somebody is, in numbers and names that belong to nobody (docs/centre.md §17).
//!
//! An identity number is the province of the area, `99`, the two digits of the seed, the day of birth, three digits, and the
//! check character. GB/T 2260 numbers the prefectures of a province 01 to 70 and the counties directly under it 90: no
//! place has 99, so that no real number begins so, while every check that an act makes of a number holds. From seed and
//! place follows a number that nobody else has.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use qiyong_protocol::card::codes::{IdNumber, Region};

use super::dice::Dice;
use crate::application::codes::Category;
use crate::application::unit;
use crate::error::CentreError;

/// The days of birth: so many from 1930-01-01 on, to 2019-09-18. A power of two.
const DAYS: u32 = 1 << 15;
/// How many people a seed has: 250 of each day, with one of two numbers by their sex.
pub(super) const PEOPLE_MAX: u32 = DAYS * 250;
/// The sequence numbers from here on belong to guardians, who are in no register.
const GUARDIANS: u32 = 500;

/// A person who does not exist.
pub(super) struct Someone {
    /// The identity number.
    pub(super) id: IdNumber,
    pub(super) name: String,
    /// 1 male, 2 female.
    pub(super) sex: u8,
    pub(super) born: Date,
    pub(super) mobile: String,
    pub(super) address: String,
    pub(super) category: Category,
    /// Whose number no application accepts without a guardian.
    pub(super) minor: bool,
}

/// The region that no number of a real person begins with.
fn region(area: Region, seed: u8) -> String {
    format!("{}99{seed:02}", area.as_str().get(..2).unwrap_or("32"))
}

/// The first day of birth.
const fn first_day() -> Date {
    date(1930, 1, 1)
}

impl Someone {
    /// The person at this place; those who are younger than `minor_under` years on `today` are minors.
    pub(super) fn new(
        (area, seed, at): (Region, u8, u32),
        dice: &mut Dice,
        minor_under: u8,
        today: Date,
    ) -> Result<Self, CentreError> {
        // A permutation of the days, another for each round: all of a round are born on different days.
        let round = at / DAYS;
        let day = (at % DAYS).wrapping_mul(12_345).wrapping_add(round.wrapping_mul(7_919)) % DAYS;
        let born = first_day().saturating_add(i64::from(day).days());
        let sex = 1 + u8::from(dice.percent(50));
        let sequence = 2 * round + u32::from(sex % 2);
        let age = years(born, today);
        Ok(Self {
            id: number(&region(area, seed), born, sequence)?,
            name: name(dice),
            sex,
            born,
            // No network has numbers that begin with 12.
            mobile: format!("12{:02}{:07}", seed, at % 10_000_000),
            address: format!("虚构路{}号", at + 1),
            category: category(age, dice),
            minor: age < i32::from(minor_under),
        })
    }

    /// The identity number as text.
    pub(super) fn id_text(&self) -> &str {
        std::str::from_utf8(self.id.as_bytes()).unwrap_or_default()
    }
}

/// A guardian: the identity number, and the name.
pub(super) fn guardian(
    (area, seed, at): (Region, u8, u32),
    dice: &mut Dice,
) -> Result<(IdNumber, String), CentreError> {
    let born = date(1980, 1, 1).saturating_add(i64::from(at % 3_000).days());
    Ok((number(&region(area, seed), born, GUARDIANS + at % 500)?, name(dice)))
}

/// An employer's code of GB 32100: registered (9, enterprise 1) in the region that there is not.
pub(super) fn employer(area: Region, seed: u8, at: u32) -> String {
    let body = format!("91{}{at:09}", region(area, seed));
    let check = unit::check_character(&body).map_or('0', char::from);
    format!("{body}{check}")
}

/// A bank card's number: 99, which no bank has, seed, place, and Luhn's digit.
pub(super) fn bank_card(seed: u8, at: u32) -> String {
    let body = format!("9900{seed:02}{at:012}");
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            if at % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

fn number(region: &str, born: Date, sequence: u32) -> Result<IdNumber, CentreError> {
    let digits = format!("{region}{:04}{:02}{:02}{sequence:03}", born.year(), born.month(), born.day());
    let check = char::from(IdNumber::check_character(digits.as_bytes()));
    // Region and sequence are digits, and the day exists.
    let wrong = |_| CentreError::Defaults("a fictional identity number is none".into());
    IdNumber::new(format!("{digits}{check}").as_bytes()).map_err(wrong)
}

fn years(born: Date, today: Date) -> i32 {
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    i32::from(today.year()) - i32::from(born.year()) - i32::from(!had_birthday)
}

fn category(age: i32, dice: &mut Dice) -> Category {
    match (age, dice.below(10)) {
        (..18, _) => Category::Student,
        (18..22, 0..=5) => Category::Student,
        (60.., 0..=6) => Category::Retired,
        (60.., _) | (_, 8..) => Category::Resident,
        (_, 0..=5) => Category::Employee,
        _ => Category::Flexible,
    }
}

const SURNAMES: [&str; 20] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马",
    "欧阳",
];
const GIVEN: [&str; 30] = [
    "伟", "芳", "娜", "敏", "静", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "霞", "平", "刚",
    "桂英", "建国", "小红", "志强", "秀兰", "海燕", "文博", "雨桐", "子轩", "佳怡", "晓东",
];

fn name(dice: &mut Dice) -> String {
    format!("{}{}", dice.one(&SURNAMES, &"王"), dice.one(&GIVEN, &"伟"))
}
