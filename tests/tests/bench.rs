//! The measuring code of `cargo xtask bench` runs and names its figures. Whether the figures hold is judged by `cargo
//! xtask bench` itself.

use std::collections::HashSet;

use qiyong_tests::bench::{Effort, Row, rows};

#[test]
fn everything_is_measured_and_named() {
    let rows = rows(Effort::TINY);
    let names: HashSet<_> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len(), "two rows have one name");
    for row in &rows {
        assert!(row.value > 0.0 && row.value.is_finite(), "{row:?}");
        assert_eq!(row.ratio(&rows).is_some(), row.compared_with.is_some(), "there is no such row: {row:?}");
    }
    assert!(rows.iter().any(|row| row.at_most.is_some()));
}

#[test]
fn a_bound_holds_up_to_it() {
    let row = |value| Row::ns("a row", value).at_least_millions(10.0);
    assert_eq!(row(100.0).at_most, Some(100.0));
    let holds = |value| row(value).holds(&[]);
    assert!(holds(100.0) && holds(99.0) && !holds(100.1) && !holds(f64::NAN));
    assert!(Row::ns("a row", 1e9).holds(&[]));
    let other = Row::ns("another", 50.0);
    let compared = row(25.0).compared_with("another");
    assert_eq!(compared.ratio(std::slice::from_ref(&other)), Some(0.5));
    assert!(compared.clone().ratio_at_most(0.5).holds(std::slice::from_ref(&other)));
    assert!(!compared.clone().ratio_at_most(0.49).holds(&[other]));
    assert!(!compared.ratio_at_most(0.5).holds(&[]), "a ratio to nothing holds nothing");
}
