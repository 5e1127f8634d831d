//! A card that is torn out anywhere in the visit in which its PIN is to be replaced, and is then presented at another terminal.

use std::collections::VecDeque;

use qiyong_centre::Founding;
use qiyong_protocol::card::codes::Region;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::reason::{Outcome, Reason};
use qiyong_sim::world::visit::{LinkTrouble, Visit};
use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;

use super::Place;

const INITIAL: &[u8] = b"123456";
/// What the holder chooses in the first visit, and would choose if asked again.
const CHOSEN: &[u8] = b"271828";
const ANOTHER: &[u8] = b"314159";

fn pins<const N: usize>(pins: [&[u8]; N]) -> VecDeque<Pin> {
    pins.into_iter().map(|pin| Pin::new(pin).expect("digits")).collect()
}

/// The next terminal finds out by itself which PIN holds: that takes one try at most, which the right PIN gives back, and a new PIN is
/// asked for only of a card that still has the initial one.
#[test]
fn after_a_tear_anywhere_the_next_terminal_finds_out_which_pin_holds() {
    let hospital = |protocol| {
        let place = Place::over(protocol, Generation::V2, "H32010000561");
        // An area that makes cards with a PIN that everybody knows.
        let area = Region::new("320100").expect("six digits");
        let founding = Founding { area, agency: "南京市社会保险管理中心".into() };
        place.world.centre.borrow_mut().found(&founding).expect("a new area");
        place
    };
    let mut cases = Vec::new();
    for protocol in [0, 1] {
        let mut whole = hospital(protocol);
        whole.visit(None, LinkTrouble::None);
        let order = [[CHOSEN, INITIAL], [INITIAL, CHOSEN]];
        cases.extend((0..whole.characters()).flat_map(|at| order.map(|keyed| (protocol, at, keyed))));
    }
    let had_own = in_parallel(&cases, |&(protocol, at, keyed)| {
        let mut place = hospital(protocol);
        let torn = place.visit(Some(at), LinkTrouble::None);
        let holds = place.card.borrow().card.pin.value.clone();
        let is_own = holds == pins([CHOSEN])[0];
        assert!(is_own || holds == pins([INITIAL])[0]);

        let most = place.card.borrow().card.pin.left;
        let mut next = place.world.terminal(InstitutionCode::new("H32010000561").expect("a code"), 2, 2);
        let visit = Visit { pins: pins(keyed), new_pins: pins([ANOTHER, ANOTHER]), ..Visit::default() };
        let report = next.serve(&place.operation, Some(place.card.clone()), visit).expect("it works");
        assert_eq!((report.outcome, report.pin_changed), (Outcome::Approved, !is_own), "{torn:?} {report:?}");
        let expected = if is_own { CHOSEN } else { ANOTHER };
        assert_eq!(place.card.borrow().card.pin.value, pins([expected])[0]);
        // Where the first PIN was wrong, that try was given back.
        assert!(most >= 2 && place.card.borrow().card.pin.left == 3, "{most}");
        assert!(!place.record().pin_is_initial, "the centre has heard of it");
        is_own && torn.reason == Some(Reason::CardRemoved)
    });
    let own = had_own.iter().filter(|own| **own).count();
    assert!(own > 0, "no tear left a card with a PIN that the terminal had not seen taken");
    closing_line(&format!(
        "PIN: {} tears in the visit of the new PIN; {own} left the new one on the card",
        cases.len()
    ));
}
