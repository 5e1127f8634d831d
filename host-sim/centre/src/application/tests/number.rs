//! The number of an application, and the code of an employer.

use jiff::civil::date;

use crate::application::number::{compose, is_number};
use crate::application::unit::{check_character, is_code};

#[test]
fn a_number_has_region_day_serial_and_a_check_digit_that_finds_every_wrong_digit() {
    let day = date(2026, 3, 2);
    let number = compose("320100", day, 17).expect("a number");
    assert!(number.starts_with("32010020260302000017"), "{number}");
    assert!(is_number(&number));
    for at in 0..number.len() {
        for digit in '0'..='9' {
            let mut other: Vec<char> = number.chars().collect();
            other[at] = digit;
            let other: String = other.into_iter().collect();
            assert_eq!(is_number(&other), other == number, "{other}");
        }
    }
    assert!(!is_number(&number[1..]) && !is_number(&format!("{number}0")) && !is_number("32010020260302000017X"));
    assert_eq!(compose("320100", day, 0), None);
    assert!(compose("320100", day, 999_999).is_some());
    assert_eq!(compose("320100", day, 1_000_000), None);
    assert_eq!(compose("32010", day, 1), None);
}

#[test]
fn an_employers_code_has_a_check_character() {
    // The specimen of the standard's explanation.
    assert!(is_code("91350100M000100Y43"));
    assert!(!is_code("91350100M000100Y44") && !is_code("91350100M000100Y4") && !is_code("91350100I000100Y43"));
    assert_eq!(check_character("91350100M000100Y4"), Some(b'3'));
    assert_eq!(check_character("9135010OM000100Y4"), None);
}
