//! Every code with which an act can be refused is reached through the dispatcher, and every act is carried out and refused.
//!
//! Each enum's list has as many codes as the enum has variants, or it does not compile; all codes differ; so if every code
//! is reached, every variant is. The tests of the rooms run here once more, on one thread each, and are asked what they met.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use crate::acts::general::General;
use crate::tests::closing::closing_line;
use crate::tests::met::{self, Met};
use crate::{
    agency, application, institution, insurance, life, production, registry, settlement, slip, tests,
};

/// The refusals of each enum. `centre-failed` is the one that comes from no enum: the database failed.
fn codes() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let application = application::refused::Refused::ALL.concat();
    let lists: [(&str, &[&str]); 10] = [
        ("any act", General::ALL),
        ("failure", &["centre-failed"]),
        ("agency", agency::Refused::ALL),
        ("application", &application),
        ("institution", institution::refusal::Refused::ALL),
        ("insurance", insurance::refusal::Refused::ALL),
        ("life", life::refusal::LifeRefusal::ALL),
        ("production", production::refusal::ProductionRefusal::ALL),
        ("settlement", settlement::refusal::Refused::ALL),
        ("slip", slip::refusal::SlipRefusal::ALL),
    ];
    let sets = lists.map(|(room, list)| (room, list.iter().copied().collect::<BTreeSet<_>>()));
    let all: BTreeSet<_> = sets.iter().flat_map(|(_, set)| set.iter().copied()).collect();
    let count: usize = lists.iter().map(|(_, list)| list.len()).sum();
    assert_eq!(all.len(), count, "a code stands for two refusals");
    sets.into_iter().collect()
}

/// The tests of each room that go through the dispatcher.
const ROOMS: [&[fn()]; 9] = [
    tests::acts::REACHING,
    tests::reading::REACHING,
    application::tests::REACHING,
    institution::tests::REACHING,
    insurance::tests::REACHING,
    life::acts::tests::REACHING,
    production::tests::REACHING,
    settlement::tests::REACHING,
    slip::tests::REACHING,
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

#[test]
fn every_refusal_is_reached_and_every_act_carried_out_and_refused() {
    let (codes, met) = (codes(), all_that_is_met());
    let reached: BTreeSet<_> = met.refused.iter().map(|(_, code)| code.as_str()).collect();
    let (mut all, mut missing) = (BTreeSet::new(), BTreeSet::new());
    for (room, codes) in &codes {
        let of_room = codes.intersection(&reached).count();
        println!("{room:12} {of_room:3} of {:3}", codes.len());
        missing.extend(codes.difference(&reached).copied());
        all.extend(codes.iter().copied());
    }
    let unlisted: Vec<_> = met.refused.iter().filter(|(_, code)| !all.contains(code.as_str())).collect();
    let acts: BTreeSet<_> = registry::acts().map(|entry| entry.name).collect();
    let refused: BTreeSet<_> = met.refused.iter().map(|(act, _)| *act).collect();
    let never_done: Vec<_> = acts.difference(&met.done).collect();
    let never_refused: Vec<_> = acts.difference(&refused).collect();
    let gaps = [format!("{missing:?}"), format!("{unlisted:?}"), format!("{never_done:?}"), format!("{never_refused:?}")];
    assert_eq!(gaps, ["{}", "[]", "[]", "[]"], "codes reached by no test, in no list; acts never carried out, refused");
    closing_line(&format!("refusals reached: {} of {}", all.len() - missing.len(), all.len()));
    closing_line(&format!("acts carried out: {} of {}", acts.intersection(&met.done).count(), acts.len()));
}
