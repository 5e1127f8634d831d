//! Every code with which an act can be refused is reached through the dispatcher, and every act is carried out.
//!
//! Each enum's list has as many codes as the enum has variants, or it does not compile; all codes differ; so if every code
//! is reached, every variant is. The tests of the rooms run here once more, each room's on one thread, and are asked
//! what they met. That every act is refused is in `roles`.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use crate::acts::general::General;
use crate::tests::closing::closing_line;
use crate::tests::met::{self, Met};
use crate::{
    agency, application, institution, insurance, life, production, registry, settlement, slip, terminal, tests,
};

/// The refusals of each enum. `centre-failed` and `centre-damaged` come from none: the database failed.
fn codes() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let application = application::refused::Refused::ALL.concat();
    let lists: [(&str, &[&str]); 11] = [
        ("any act", General::ALL),
        ("failure", &["centre-failed", "centre-damaged"]),
        ("agency", agency::Refused::ALL),
        ("application", &application),
        ("institution", institution::refusal::Refused::ALL),
        ("insurance", insurance::refusal::Refused::ALL),
        ("life", life::refusal::LifeRefusal::ALL),
        ("production", production::refusal::ProductionRefusal::ALL),
        ("settlement", settlement::refusal::Refused::ALL),
        ("slip", slip::refusal::SlipRefusal::ALL),
        ("terminal", terminal::refusal::Refused::ALL),
    ];
    let sets = lists.map(|(room, list)| (room, list.iter().copied().collect::<BTreeSet<_>>()));
    let all: BTreeSet<_> = sets.iter().flat_map(|(_, set)| set.iter().copied()).collect();
    let count: usize = lists.iter().map(|(_, list)| list.len()).sum();
    assert_eq!(all.len(), count, "a code stands for two refusals");
    sets.into_iter().collect()
}

/// The tests of each room that go through the dispatcher.
const ROOMS: [&[fn()]; 10] = [
    tests::acts::REACHING,
    tests::reading::REACHING,
    application::tests::REACHING,
    institution::tests::REACHING,
    insurance::tests::REACHING,
    life::acts::tests::REACHING,
    production::tests::REACHING,
    settlement::tests::REACHING,
    slip::tests::REACHING,
    terminal::tests::REACHING,
];

fn all_that_is_met() -> Met {
    let rooms = thread::scope(|scope| {
        let running = ROOMS.map(|room| scope.spawn(|| met::in_all(room)));
        running.map(|room| room.join().unwrap())
    });
    rooms.into_iter().fold(Met::default(), |mut all, room| {
        all.done.extend(room.done);
        all.refused.extend(room.refused);
        all
    })
}

/// The acts whose subject belongs to an outlet: each is refused to whoever has the same role at another one. All others are
/// about persons, cards in their holders' hands, premiums or institutions, which every outlet of the area serves.
const OF_AN_OUTLET: [&str; 26] = [
    "application.check",
    "application.correct",
    "application.lapse",
    "application.photo",
    "application.read",
    "application.review",
    "application.show",
    "application.show-photo",
    "application.sign",
    "application.submit",
    "application.withdraw",
    "production.batch",
    "production.dispatch",
    "production.distribute",
    "production.give-up",
    "production.hand-over",
    "production.lose",
    "production.open",
    "production.recall",
    "production.receive",
    "production.take-back",
    "slip.cancel",
    "slip.issue",
    "slip.pay",
    "slip.print",
    "slip.void",
];

/// What no test reaches.
#[derive(Debug, Default, PartialEq, Eq)]
struct Gaps {
    /// Codes that no act was refused with.
    codes: Vec<&'static str>,
    /// Refusals with a code that stands in no list.
    unlisted: Vec<String>,
    /// Acts that were never carried out.
    acts: Vec<&'static str>,
}

fn gaps(codes: &BTreeMap<&'static str, BTreeSet<&'static str>>, met: &Met) -> Gaps {
    let reached: BTreeSet<_> = met.refused.iter().map(|(_, code)| code.as_str()).collect();
    let all = || codes.values().flatten().copied();
    Gaps {
        codes: all().filter(|code| !reached.contains(code)).collect(),
        unlisted: reached.iter().filter(|met| !all().any(|code| code == **met)).map(ToString::to_string).collect(),
        acts: registry::acts().map(|entry| entry.name).filter(|name| !met.done.contains(name)).collect(),
    }
}

#[test]
fn every_refusal_is_reached_and_every_act_carried_out() {
    let (codes, met) = (codes(), all_that_is_met());
    for (room, codes) in &codes {
        let reached = codes.iter().filter(|code| met.refused.iter().any(|(_, met)| met == *code)).count();
        println!("{room:12} {reached:3} of {:3}", codes.len());
    }
    assert_eq!(gaps(&codes, &met), Gaps::default());
    let other_outlet =
        |(_, code): &&(&'static str, String)| matches!(code.as_str(), "other-outlet" | "production-other-outlet");
    let bound: BTreeSet<_> = met.refused.iter().filter(other_outlet).map(|(act, _)| *act).collect();
    assert_eq!(bound, OF_AN_OUTLET.into_iter().collect());
    let mut mutants = 0;
    let mut try_without = |forget: &dyn Fn(&mut Met), expected: Gaps| {
        let mut less = met.clone();
        forget(&mut less);
        assert_eq!(gaps(&codes, &less), expected);
        mutants += 1;
    };
    for code in codes.values().flatten().copied() {
        let forget = |met: &mut Met| met.refused.retain(|(_, known)| known != code);
        try_without(&forget, Gaps { codes: vec![code], ..Gaps::default() });
    }
    for act in registry::acts().map(|entry| entry.name) {
        try_without(&|met| _ = met.done.remove(act), Gaps { acts: vec![act], ..Gaps::default() });
    }
    let forge = |met: &mut Met| _ = met.refused.insert(("slip.pay", "forged".into()));
    try_without(&forge, Gaps { unlisted: vec!["forged".into()], ..Gaps::default() });
    let count = codes.values().flatten().count();
    closing_line(&format!("refusals reached: {count} of {count}"));
    closing_line(&format!("acts carried out: {0} of {0}", registry::acts().count()));
    closing_line(&format!("acts refused to another outlet: {0} of {0}", OF_AN_OUTLET.len()));
    closing_line(&format!("gaps in this found: {mutants} of {mutants}"));
}
