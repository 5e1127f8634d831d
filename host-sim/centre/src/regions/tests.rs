//! The table of regions, and what a database says to one.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::{Centre, Founding};
use qiyong_protocol::card::codes::Region as Area;

const TWO: &str = r#"
version = 3
[[region]]
name = "nanjing"
areas = ["320100", "321100"]
db = "nanjing.db"
[[region]]
name = "suzhou"
areas = ["320500"]
db = "postgres://qiyong@db.example/suzhou"
keys = "suzhou.key"
"#;

fn read(text: &str) -> Result<RegionTable, RegionsError> {
    RegionTable::read(text, Path::new("conf"))
}

fn area(digits: &str) -> Area {
    Area::new(digits).unwrap()
}

#[test]
fn a_table_says_whose_an_area_is_and_where_its_database_lies() {
    let table = read(TWO).unwrap();
    assert_eq!((table.version(), table.regions().len()), (3, 2));
    assert_eq!(table.regions()[0].place.to_string(), Path::new("conf").join("nanjing.db").display().to_string());
    assert_eq!(table.regions()[1].place.to_string(), "postgres://qiyong@db.example:5432/suzhou");
    assert_eq!(table.regions()[1].place.keys(), Path::new("conf").join("suzhou.key"));
    let of = |digits: &str| table.of_area(area(digits));
    assert_eq!([of("320100"), of("321100"), of("320500"), of("320104")], [Some(0), Some(0), Some(1), None]);
    let likely = |digits: &str| table.likely(area(digits));
    assert_eq!(
        [likely("320104"), likely("320506"), likely("320500"), likely("110100"), likely("321199")],
        [0, 1, 1, 0, 0]
    );
    let own = Own::new(Arc::new(table), 1);
    let elsewhere = |digits: &str| own.is_elsewhere(area(digits));
    assert_eq!([elsewhere("320100"), elsewhere("320500"), elsewhere("999999")], [true, false, false]);
}

#[test]
fn each_fault_of_a_table_is_told_with_what_to_do() {
    let faults: &[(&str, &str, &str)] = &[
        ("version = 3", "", "no table of regions"),
        ("version = 3", "version = -1", "no table of regions"),
        ("areas = [\"320500\"]", "areas = [\"320500\"]\ncolour = 1", "no table of regions"),
        ("\"suzhou\"", "\"nanjing\"", "two regions are called nanjing"),
        ("\"suzhou\"", "\"\"", "has no name"),
        ("\"suzhou\"", "'su\"zhou'", "must have no quotation marks"),
        ("\"suzhou\"", "\"su,zhou\"", "must have no quotation marks"),
        ("[\"320500\"]", "[]", "region suzhou has no areas"),
        ("320500", "3205", "region suzhou: \"3205\" is no area's code"),
        ("320500", "321100", "area 321100 is in two regions"),
        ("/suzhou\"", "/suzhou?sslmode=verify-full\"", "region suzhou: db: sslmode=verify-full looks"),
        ("keys = \"suzhou.key\"", "", "region suzhou: db: where are its keys?"),
    ];
    for (from, to, expected) in faults {
        assert!(TWO.contains(from), "{from}");
        let error = read(&TWO.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.zh().is_empty());
    }
    assert!(matches!(read("version = 1"), Err(RegionsError::Empty)));
}

#[test]
fn a_database_goes_by_the_newest_table_that_it_was_shown() {
    let centre = Centre::in_memory().unwrap();
    let join = |text: &str, own| centre.join(&Own::new(Arc::new(read(text).unwrap()), own));
    join(TWO, 0).unwrap();
    join(TWO, 0).unwrap();
    // Where the databases are is each process's own, and the order of the file says nothing.
    join(&TWO.replace("db.example", "other.example").replace(r#""320100", "321100""#, r#""321100", "320100""#), 0)
        .unwrap();
    let moved = TWO.replace(r#", "321100""#, "").replace(r#""320500""#, r#""320500", "321100""#);
    assert!(matches!(join(&moved, 0), Err(RegionsError::Differs(3))));
    join(&moved.replace("= 3", "= 4"), 0).unwrap();
    let error = join(TWO, 0).unwrap_err();
    assert!(matches!(error, RegionsError::Older { there: 4, here: 3 }));
    assert!(error.to_string().contains("version 4") && error.zh().contains("第 4 版"), "{error}");
}

#[test]
fn a_database_with_an_area_of_another_region_is_not_taken_for_this_one() {
    let mut centre = Centre::in_memory().unwrap();
    centre.found(&Founding { area: area("320100"), agency: "南京".into() }).unwrap();
    let table = Arc::new(read(TWO).unwrap());
    centre.join(&Own::new(table.clone(), 0)).unwrap();
    assert!(matches!(centre.join(&Own::new(table, 1)), Err(RegionsError::NotHere(there)) if there == area("320100")));
}
