//! The measuring code of `cargo xtask bench` runs, and says what it measured; how much that is, is for the bench itself.

use std::collections::HashSet;

use qiyong_tests::bench::{Effort, Row, rows};

#[test]
fn everything_is_measured_and_named() {
    let rows = rows(Effort::TINY);
    let names: HashSet<_> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len(), "two rows have one name");
    for row in &rows {
        assert!(row.value > 0.0 && row.value.is_finite(), "{row:?}");
        assert_eq!(row.holds, row.at_most.is_none_or(|most| row.value <= most), "{row:?}");
        if let Some(compared) = &row.compared {
            let other = rows.iter().find(|row| row.name == compared.with).expect("compared with a row");
            assert_eq!(compared.ratio, row.value / other.value);
        }
    }
    assert!(rows.iter().any(|row| row.at_most.is_some()));
    let json = serde_json::to_value(&rows[0]).unwrap();
    for key in ["name", "value", "unit", "at_most", "holds", "compared"] {
        assert!(json.get(key).is_some(), "{json} has no {key}");
    }
}

#[test]
fn a_bound_holds_up_to_it() {
    let row = |value| Row::new("a row", value, "ns").at_least_millions(10.0);
    assert_eq!(row(100.0).at_most, Some(100.0));
    assert!(row(100.0).holds && row(99.0).holds && !row(100.1).holds && !row(f64::NAN).holds);
}
