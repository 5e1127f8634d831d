//! The measuring code of `cargo xtask bench` runs, and says what it measured; how much that is, the bench itself tells.

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
    assert!(row(100.0).holds() && row(99.0).holds() && !row(100.1).holds() && !row(f64::NAN).holds());
    assert!(Row::ns("a row", 1e9).holds());
    let other = Row::ns("another", 50.0);
    assert_eq!(row(25.0).compared_with("another").ratio(&[other]), Some(0.5));
}
