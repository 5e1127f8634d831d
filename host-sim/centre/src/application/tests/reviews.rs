//! Each outcome of a review (docs/centre.md §6.5.10): every reason of the closed list returns an application, says in both
//! languages what to do next, and is settled by that.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use strum::VariantArray;

use super::filing::{Filed, brought_to, photo, sign, state, with};
use crate::application::reasons::ReturnReason;
use crate::application::state::State;
use crate::tests::acts::Bench;

#[test]
fn every_reason_returns_and_is_settled_by_its_next_step() {
    let mut bench = Bench::new();
    let mut said = BTreeSet::new();
    for (sequence, reason) in ReturnReason::VARIANTS.iter().enumerate() {
        let filed = brought_to(&mut bench, State::InReview, 200 + 2 * u16::try_from(sequence).unwrap());
        let returns = filed.and(&[("outcome", json!("return")), ("reasons", json!([reason]))]);
        bench.done("reviewer", "application.review", returns.clone());
        let shown = bench.done("clerk", "application.show", json!({"number": filed.number}));
        assert_eq!(
            (&shown["standing"]["state"], &shown["standing"]["waiting"]["who"]),
            (&json!("returned"), &json!("clerk"))
        );
        let returned = shown["returned"].as_array().unwrap();
        assert_eq!((returned.len(), &returned[0]["reason"]), (1, &json!(reason)));
        for (english, chinese) in [("en", "zh"), ("next_en", "next_zh")] {
            let text = |field: &str| returned[0][field].as_str().unwrap().to_owned();
            assert!(text(english).is_ascii() && !text(english).is_empty() && !text(chinese).is_ascii(), "{reason}");
            said.insert((english, text(english)));
        }
        // Returned twice it is not; and a new photo is enough for a fault of the photo, and for no other.
        assert_eq!(bench.refused("reviewer", "application.review", returns), "application-state");
        bench.done("clerk", "application.photo", photo(&filed.number));
        let settled = state(&mut bench, &filed) == "signed";
        assert_eq!(settled, reason.is_of_photo(), "{reason}");
        let filed = if settled { filed } else { corrected(&mut bench, &filed) };
        bench.done("clerk", "application.submit", filed.body());
        bench.done("reviewer", "application.review", filed.and(&[("outcome", json!("approve"))]));
        let shown = bench.done("clerk", "application.show", json!({"number": filed.number}));
        assert_eq!((&shown["standing"]["state"], &shown["returned"]), (&json!("approved"), &json!([])), "{reason}");
    }
    let causes = said.iter().filter(|(field, _)| *field == "en").count();
    assert_eq!(causes, ReturnReason::VARIANTS.len(), "each says something of its own");
}

/// The same form again, read, compared and signed anew.
fn corrected(bench: &mut Bench, filed: &Filed) -> Filed {
    let form: Value = with(&[("/holder/document/number", json!(filed.id))]);
    let standing = bench.done("clerk", "application.correct", filed.and(&[("form", form.clone())]));
    let filed = Filed::of(&standing, &form);
    sign(bench, &filed, "holder");
    filed
}
