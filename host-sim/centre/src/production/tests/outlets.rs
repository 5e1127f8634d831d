//! What belongs to an outlet is refused to whoever has the same role at another one, and done by its own.

use serde_json::{Value, json};

use super::bench::{batch, hand_over, made, open, ready};
use crate::ADMINISTRATOR;
use crate::slip::tests::acts::APPLICATION;
use crate::tests::acts::Bench;

#[test]
pub(crate) fn every_act_at_an_outlet_is_refused_to_any_other() {
    let mut bench = ready(&|order| order.particulars.unit = Some("U1".into()));
    let outlet = json!({
        "code": "32010401", "kind": "outlet", "region": "320104", "name": "秦淮网点", "approval": "2", "establishment": "2"
    });
    bench.done(ADMINISTRATOR, "outlet.open", outlet);
    let issuer = json!({"id": "far-issuer", "role": "issuer", "outlet": "32010401", "name": "x"});
    bench.done(ADMINISTRATOR, "operator.add", issuer);
    open(&mut bench, APPLICATION);
    let batch = batch(&mut bench, false);
    let number = made(&mut bench, &batch, 1);
    let (cards, application) = (json!({"cards": [number]}), json!({"application": APPLICATION}));
    bench.done("producer", "production.stock", cards.clone());
    bench.done("producer", "production.dispatch", json!({"outlet": "32010201", "cards": [number]}));
    let far = |bench: &mut Bench, act: &str, body: &Value| {
        assert_eq!(bench.refused("far-issuer", act, body.clone()), "production-other-outlet", "{act}");
    };
    let both = |bench: &mut Bench, act: &str, body: &Value| {
        far(bench, act, body);
        bench.done("issuer", act, body.clone());
    };
    both(&mut bench, "production.receive", &cards);
    far(&mut bench, "production.recall", &cards);
    far(&mut bench, "production.lose", &json!({"cards": [number], "reason": "x"}));
    let mut to_unit = hand_over(APPLICATION);
    for (field, value) in [("collector", "unit-agent"), ("unit", "U1"), ("licence", "F-1"), ("authority", "F-2")] {
        to_unit[field] = json!(value);
    }
    both(&mut bench, "production.hand-over", &to_unit);
    both(&mut bench, "production.take-back", &application);
    both(&mut bench, "production.hand-over", &to_unit);
    both(&mut bench, "production.distribute", &json!({"application": APPLICATION, "receipt": "F-3"}));
}
