//! Explores the scenes, and the mutants in them, and prints what came of it.

use std::time::Instant;

use qiyong_tests::closing::closing_line;
use stateright::{Checker, Expectation, HasDiscoveries, Model};

use super::mutants::MUTANTS;
use super::properties;
use super::settings::{Scene, Setting};
use super::world::Town;

/// With so many states reached a scene is not what it was meant to be, and would not be explored to its end.
const BOUND: usize = 10_000_000;

pub(crate) fn every_scene_is_explored_to_its_end() {
    println!(
        "{:<32} {:>9} {:>10} {:>6} {:>8} {:>8} {:>7}",
        "scene", "states", "reached", "depth", "played", "centre", "seconds"
    );
    let mut all = 0;
    let only = std::env::var("SCENE").ok();
    for scene in Scene::ALL {
        let setting = scene.setting();
        if only.as_ref().is_some_and(|only| !setting.name.contains(only.as_str())) {
            continue;
        }
        let start = Instant::now();
        let checker =
            Town::new(setting.clone(), properties::all).checker().target_state_count(BOUND).spawn_bfs().join();
        let (terminals, centres) = {
            let played = checker.model().played();
            (played.terminals.played(), played.centres.len())
        };
        println!(
            "{:<32} {:>9} {:>10} {:>6} {:>8} {:>8} {:>7.1}",
            setting.name,
            checker.unique_state_count(),
            checker.state_count(),
            checker.max_depth(),
            terminals,
            centres,
            start.elapsed().as_secs_f32()
        );
        assert!(checker.is_done() && checker.state_count() < BOUND, "{} is not explored to its end", setting.name);
        all += checker.unique_state_count();
        for property in checker.model().properties() {
            let found = checker.discovery(property.name);
            match (property.expectation, found) {
                (Expectation::Sometimes, None) => panic!("{}: not {}", setting.name, property.name),
                (Expectation::Sometimes, Some(_)) | (_, None) => {}
                (_, Some(_)) => {
                    panic!("{}: not so: {}\n{}", setting.name, property.name, shortest(&setting, property.name))
                }
            }
        }
    }
    closing_line(&format!("model: {all} states explored"));
}

/// The shortest way to a state in which a property does not hold, one line a step.
fn shortest(setting: &Setting, property: &'static str) -> String {
    let town = Town::new(setting.clone(), properties::all);
    let only = HasDiscoveries::AnyOf([property].into_iter().collect());
    let checker = town.checker().finish_when(only).spawn_bfs().join();
    let Some(path) = checker.discovery(property) else { return String::new() };
    let end = path.last_state().clone();
    let actions: String = path.into_actions().iter().map(|action| format!("  {action:?}\n")).collect();
    format!("{actions}{end:?}")
}

pub(crate) fn each_mutant_is_convicted_by_the_property_that_names_it() {
    println!("{:<66} {:<40} {:>8} {:>6} caught", "mutant", "property", "states", "steps");
    let (mut caught, mut wrong) = (0, Vec::new());
    for mutant in MUTANTS {
        let setting = Setting { fault: Some(mutant.fault), ..mutant.scene.setting() };
        let checker = Town::new(setting, properties::all)
            .checker()
            .target_state_count(BOUND)
            .finish_when(HasDiscoveries::AnyOf([mutant.property].into_iter().collect()))
            .spawn_bfs()
            .join();
        let path = checker.discovery(mutant.property).map(|path| path.into_actions());
        let steps = path.as_ref().map_or("-".into(), |path| path.len().to_string());
        let verdict = if path.is_some() { "yes" } else { "NO" };
        println!(
            "{:<66} {:<40} {:>8} {steps:>6} {verdict}",
            mutant.what,
            mutant.property,
            checker.unique_state_count()
        );
        match path {
            Some(_) => caught += 1,
            None => wrong.push(mutant.what),
        }
    }
    for scene in Scene::ALL {
        let judged = properties::all(&scene.setting()).into_iter();
        let unproved = judged.filter(|property| property.expectation == Expectation::Always).map(|one| one.name);
        wrong.extend(unproved.filter(|name| MUTANTS.iter().all(|mutant| mutant.property != *name)));
    }
    closing_line(&format!("model's mutants caught: {caught} of {}", MUTANTS.len()));
    assert!(wrong.is_empty(), "not caught, or without a mutant: {wrong:?}");
}
