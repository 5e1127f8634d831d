//! Calendar dates and times of day as cards and centres write them: digits, local time, no time zone.

use core::fmt;

/// A date of the Gregorian calendar, year 1 to 9999; always a day that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A date and a time of day, in the local time of the terminal (China Standard Time).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Timestamp {
    /// The day.
    pub date: Date,
    /// Hour 0 to 23.
    pub hour: u8,
    /// Minute 0 to 59.
    pub minute: u8,
    /// Second 0 to 59.
    pub second: u8,
}

impl Date {
    /// The date, or `None` when there is no such day.
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        if year == 0 || year > 9999 || day == 0 || day > days_of(year, month) {
            return None;
        }
        Some(Self { year, month, day })
    }

    /// From four BCD bytes YYYYMMDD, the card's form (docs/card.md §3.5).
    pub fn from_bcd(bytes: [u8; 4]) -> Option<Self> {
        let [a, b, month, day] = bytes.map(from_bcd);
        Self::new(u16::from(a?) * 100 + u16::from(b?), month?, day?)
    }

    /// As four BCD bytes YYYYMMDD.
    pub const fn to_bcd(self) -> [u8; 4] {
        [bcd((self.year / 100) as u8), bcd((self.year % 100) as u8), bcd(self.month), bcd(self.day)]
    }

    /// The next day. The last day of the year 9999 is followed by itself.
    pub const fn next(self) -> Self {
        let Self { year, month, day } = self;
        match (year, month) {
            _ if day < days_of(year, month) => Self { day: day + 1, ..self },
            (_, ..12) => Self { month: month + 1, day: 1, ..self },
            (..9999, _) => Self { year: year + 1, month: 1, day: 1 },
            _ => self,
        }
    }

    /// Year, 1 to 9999.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// Month, 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// Day of the month, from 1.
    pub const fn day(self) -> u8 {
        self.day
    }
}

impl Timestamp {
    /// What a clock that nobody has set says: 2026-01-01 00:00:00, earlier than any time that a terminal meets.
    pub const UNSET: Self = Self { date: Date { year: 2026, month: 1, day: 1 }, hour: 0, minute: 0, second: 0 };

    /// From seven BCD bytes YYYYMMDDhhmmss; `None` when there is no such time.
    pub fn from_bcd(bytes: [u8; 7]) -> Option<Self> {
        let [date @ .., hour, minute, second] = bytes;
        let [hour, minute, second] = [from_bcd(hour)?, from_bcd(minute)?, from_bcd(second)?];
        let time = Self { date: Date::from_bcd(date)?, hour, minute, second };
        (hour < 24 && minute < 60 && second < 60).then_some(time)
    }

    /// As seven BCD bytes YYYYMMDDhhmmss.
    pub const fn to_bcd(self) -> [u8; 7] {
        let [a, b, c, d] = self.date.to_bcd();
        [a, b, c, d, bcd(self.hour), bcd(self.minute), bcd(self.second)]
    }

    /// The time that is so many seconds later.
    pub fn after(self, seconds: u32) -> Self {
        let Self { date, hour, minute, second } = self;
        let seconds = seconds.saturating_add((u32::from(hour) * 60 + u32::from(minute)) * 60 + u32::from(second));
        let date = (0..seconds / DAY).fold(date, |date, _| date.next());
        let left = seconds % DAY;
        let [hour, minute, second] = [left / 3600, left / 60 % 60, left % 60].map(|number| number as u8);
        Self { date, hour, minute, second }
    }
}

/// How many days a month has; 0 if there is no such month.
const fn days_of(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// Seconds of a day.
const DAY: u32 = 24 * 60 * 60;

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:02}:{:02}:{:02}", self.date, self.hour, self.minute, self.second)
    }
}

/// The number 0 to 99 that one BCD byte stands for, or `None`.
pub(crate) const fn from_bcd(byte: u8) -> Option<u8> {
    let (tens, ones) = (byte >> 4, byte & 0x0F);
    if tens > 9 || ones > 9 { None } else { Some(tens * 10 + ones) }
}

const fn bcd(number: u8) -> u8 {
    ((number / 10) << 4) | (number % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_exist_are_dates() {
        let date = |y, m, d| Date::new(y, m, d).is_some();
        assert!(date(2024, 2, 29) && date(2000, 2, 29) && date(2026, 12, 31));
        assert!(!date(2026, 2, 29) && !date(1900, 2, 29) && !date(2026, 4, 31));
        assert!(!date(2026, 0, 1) && !date(2026, 13, 1) && !date(2026, 1, 0) && !date(0, 1, 1));
        assert_eq!(Date::from_bcd([0x20, 0x26, 0x1A, 0x01]), None);
    }

    #[test]
    fn time_goes_on_over_days_and_years() {
        let time = |y, m, d, hour, minute, second| {
            let date = Date::new(y, m, d).unwrap();
            Timestamp { date, hour, minute, second }
        };
        let start = time(2023, 12, 31, 23, 59, 58);
        assert_eq!(start.after(0), start);
        assert_eq!(start.after(1), time(2023, 12, 31, 23, 59, 59));
        assert_eq!(start.after(2), time(2024, 1, 1, 0, 0, 0));
        // A leap year's length later, and 3661 seconds.
        assert_eq!(start.after(2 + 366 * DAY + 3661), time(2025, 1, 1, 1, 1, 1));
        assert_eq!(time(2024, 2, 28, 12, 0, 0).after(DAY), time(2024, 2, 29, 12, 0, 0));
        assert_eq!(time(9999, 12, 31, 23, 0, 0).after(7200), time(9999, 12, 31, 1, 0, 0));
    }

    /// docs/card.md §3.5.
    #[test]
    fn bcd_survives_both_ways() {
        let date = Date::new(2036, 1, 9).unwrap();
        assert_eq!(date.to_bcd(), [0x20, 0x36, 0x01, 0x09]);
        assert_eq!(Date::from_bcd(date.to_bcd()), Some(date));
        let time = Timestamp { date, hour: 23, minute: 59, second: 7 };
        assert_eq!(time.to_bcd(), [0x20, 0x36, 0x01, 0x09, 0x23, 0x59, 0x07]);
        assert_eq!(Timestamp::from_bcd(time.to_bcd()), Some(time));
        assert_eq!(Timestamp::from_bcd([0x20, 0x36, 0x01, 0x09, 0x24, 0, 0]), None);
        assert_eq!(Timestamp::from_bcd([0x20, 0x36, 0x01, 0x09, 0x23, 0x60, 0]), None);
        assert_eq!(Timestamp::from_bcd([0x20, 0x36, 0x01, 0x09, 0x23, 0x59, 0x0A]), None);
    }
}
