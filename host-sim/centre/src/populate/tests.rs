//! People come out the same for the same seed, in every state, and what comes is whole.

use std::collections::BTreeSet;

use strum::VariantArray;

use super::course::{COURSES, DAMAGED, DAMAGED_REPLACED, DESTROYED, Functions, LOST, LOST_REPLACED};
use super::*;
use crate::production::stage::Stage;
use crate::tests::acts::Bench;

#[test]
fn it_works() {
    let mut bench = Bench::new();
    let population = Population { area: bench.area, people: 1200, seed: 7 };
    let populated = bench.centre.populate(population, &mut |_| {}).unwrap();
    assert_eq!(populated.people, 1200);
    println!("{populated:?} {:?}", bench.centre.verify().unwrap());
}
