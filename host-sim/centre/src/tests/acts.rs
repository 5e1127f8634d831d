//! What holds for every act: on record, once for each key, nothing of a refused one; and how rooms' tests begin.

use serde_json::{Value, json};

use qiyong_protocol::card::codes::Region;

use crate::acts::desk::Operator;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::clock::SetClock;
use crate::store::Store;
use crate::tests::met;
use crate::{ADMINISTRATOR, ActRequest, Centre, CentreError, Founding};
use strum::VariantArray;

/// The tests that reach what holds for every act, and carry out the acts of access, agency and parameters.
pub(crate) const REACHING: &[fn()] = &[
    an_unknown_act_operator_or_field_is_refused_and_recorded,
    a_refusal_names_what_it_was_about_and_no_person,
    a_key_gives_the_same_answer_again_and_belongs_to_one_request,
    a_token_signs_in_until_it_ends,
    an_area_has_one_agency_and_its_outlets_are_approved,
];

/// A centre of Nanjing with an outlet, one operator for each role named after it, and a clock that stands.
pub(crate) struct Bench {
    pub(crate) centre: Centre,
    pub(crate) clock: SetClock,
    pub(crate) area: Region,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::over(Centre::in_memory().unwrap())
    }

    /// The same over a centre that is still empty.
    pub(crate) fn over(mut centre: Centre) -> Self {
        let area = Region::new("320100").unwrap();
        let clock = SetClock::new("2026-03-02T09:00:00".parse().unwrap());
        centre.set_clock(Box::new(clock.clone()));
        centre.found(&Founding { area, agency: "南京市社会保险管理中心".into() }).unwrap();
        let mut bench = Self { centre, clock, area };
        bench.done(
            ADMINISTRATOR,
            "outlet.open",
            json!({
                "code": "32010201", "kind": "outlet", "region": "320102", "parent": "32010099", "name": "玄武网点",
                "approval": "宁人社 1", "establishment": "宁编办 1"
            }),
        );
        for role in Role::VARIANTS {
            let word: &str = role.into();
            bench.done(
                ADMINISTRATOR,
                "operator.add",
                json!({
                    "id": word, "role": word, "outlet": "32010201", "name": word
                }),
            );
        }
        bench
    }

    pub(crate) fn act(&mut self, operator: &str, act: &str, body: Value) -> Result<Value, Refusal> {
        self.act_with_key(operator, act, body, None)
    }

    pub(crate) fn act_with_key(
        &mut self,
        operator: &str,
        act: &str,
        body: Value,
        key: Option<&str>,
    ) -> Result<Value, Refusal> {
        let operator = self.operator(operator);
        let result = self.centre.carry_out(ActRequest { area: self.area, operator: &operator, act, body, key });
        met::note(act, result.as_ref());
        result
    }

    /// An act of another area's operator there.
    pub(crate) fn act_in(
        &mut self,
        area: Region,
        operator: &Operator,
        act: &str,
        body: Value,
    ) -> Result<Value, Refusal> {
        let result = self.centre.carry_out(ActRequest { area, operator, act, body, key: None });
        met::note(act, result.as_ref());
        result
    }

    pub(crate) fn done(&mut self, operator: &str, act: &str, body: Value) -> Value {
        self.act(operator, act, body).unwrap_or_else(|refusal| panic!("{act}: {refusal}"))
    }

    pub(crate) fn refused(&mut self, operator: &str, act: &str, body: Value) -> &'static str {
        self.act(operator, act, body).expect_err(act).code
    }

    /// Does something with the area's files that no act does, in one transaction.
    pub(crate) fn within<T>(&mut self, work: impl FnOnce(&Office<'_>) -> T) -> T {
        let (centre, now) = (&self.centre, self.centre.clock.now());
        let work = |store: &Store| {
            let office = Office::new(store, (&store.vault, &centre.hsm), self.area, now);
            Ok::<_, CentreError>(work(&office))
        };
        centre.store.atomically(work).unwrap()
    }

    fn operator(&self, id: &str) -> Operator {
        let unknown = || Operator { id: id.into(), role: Role::Clerk, outlet: "32010201".into() };
        self.centre.operator(self.area, id).unwrap().unwrap_or_else(unknown)
    }

    fn audit(&mut self) -> Vec<Value> {
        let mut records: Vec<Value> = Vec::new();
        loop {
            let before = records.last().map(|record| record["number"].clone());
            let page = self.done("auditor", "audit.list", json!({"limit": 1000, "before": before}));
            let page = page["records"].as_array().unwrap();
            if page.is_empty() {
                return records;
            }
            records.extend(page.iter().cloned());
        }
    }
}

/// Somebody whose ID number ends in X.
pub(crate) fn somebody() -> crate::persons::Particulars {
    crate::persons::Particulars {
        name: "张三".into(),
        document: "11010519491231002X".into(),
        sex: 2,
        born: "1949-12-31".parse().unwrap(),
        address: String::new(),
        telephone: String::new(),
    }
}

#[test]
fn an_unknown_act_operator_or_field_is_refused_and_recorded() {
    let mut bench = Bench::new();
    assert_eq!(bench.refused("clerk", "card.forge", json!({})), "no-such-act");
    assert_eq!(bench.refused("stranger", "operator.me", json!({})), "operator-unknown");
    let refusal = bench
        .act(
            ADMINISTRATOR,
            "operator.add",
            json!({
                "id": "x", "role": "320102198001011234", "outlet": "32010201", "name": "x"
            }),
        )
        .unwrap_err();
    assert_eq!((refusal.code, refusal.field.as_deref()), ("field-invalid", Some("role")));
    assert!(!refusal.to_string().contains("3201021980"), "{refusal}");
    bench.done(ADMINISTRATOR, "operator.end", json!({"id": "clerk"}));
    assert_eq!(bench.refused("clerk", "operator.me", json!({})), "operator-unknown");
    let outcomes: Vec<_> = bench.audit().iter().map(|record| record["outcome"].clone()).take(4).collect();
    assert_eq!(outcomes, ["operator-unknown", "done", "field-invalid", "operator-unknown"]);
}

/// What was refused is on record with its number, unless that may be somebody's ID number. A look at one person is, too.
#[test]
fn a_refusal_names_what_it_was_about_and_no_person() {
    let mut bench = Bench::new();
    let mut subject = |number: &str| {
        assert_eq!(bench.refused("cashier", "slip.show", json!({"number": number})), "slip-unknown");
        bench.audit()[0]["subject"].clone()
    };
    assert_eq!(subject("320100202600000099"), "slip 320100202600000099");
    assert_eq!(subject("11010519491231002X"), "slip 110*************2X");
    assert_eq!(subject("110105194912310021"), "slip 110*************21", "mistyped");
    assert_eq!(subject("张三"), "");
    assert_eq!(bench.refused("hotline", "account.show", json!({"person": "P000000001"})), "not-found");
    bench.within(|office| {
        let particulars = somebody();
        crate::persons::add(office, &particulars, ("id-card", None), "employee").unwrap();
    });
    for act in ["account.show", "insurance.show"] {
        bench.done("hotline", act, json!({"person": "P000000001"}));
        let record = bench.audit()[0].clone();
        assert_eq!((&record["act"], &record["outcome"]), (&json!(act), &json!("done")));
        assert_eq!((&record["operator"], &record["subject"]), (&json!("hotline"), &json!("person P000000001")));
    }
}

#[test]
fn a_key_gives_the_same_answer_again_and_belongs_to_one_request() {
    let mut bench = Bench::new();
    let body = json!({"operator": "clerk", "hours": 8});
    let issue = |bench: &mut Bench, body: Value, key| bench.act_with_key(ADMINISTRATOR, "token.issue", body, Some(key));
    let first = issue(&mut bench, body.clone(), "a-1").unwrap();
    assert_eq!(issue(&mut bench, body.clone(), "a-1").unwrap(), first);
    assert_ne!(issue(&mut bench, body.clone(), "a-2").unwrap(), first);
    let other = json!({"operator": "clerk", "hours": 9});
    assert_eq!(issue(&mut bench, other, "a-1").unwrap_err().code, "key-reused");
    let long = "k".repeat(65);
    for key in ["", "a b", "ü", &long] {
        assert_eq!(issue(&mut bench, body.clone(), key).unwrap_err().code, "key-invalid");
    }
    // A refused act keeps nothing under its key.
    let late = json!({"operator": "nobody", "hours": 8});
    assert_eq!(issue(&mut bench, late, "a-3").unwrap_err().code, "not-found");
    assert!(issue(&mut bench, body, "a-3").is_ok());
}

#[test]
fn a_token_signs_in_until_it_ends() {
    let mut bench = Bench::new();
    let token = |bench: &mut Bench| {
        bench.done(ADMINISTRATOR, "token.issue", json!({"operator": "clerk", "hours": 8}))["token"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = token(&mut bench);
    assert_eq!(bench.centre.sign_in(&first).unwrap().unwrap().1.id, "clerk");
    for wrong in
        ["", "320100-", "x", &first.replace("320100", "320500"), &first[..first.len() - 1], &format!("{first}0")]
    {
        assert_eq!(bench.centre.sign_in(wrong).unwrap(), None);
    }
    bench.clock.set("2026-03-02T17:00:00".parse().unwrap());
    assert_eq!(bench.centre.sign_in(&first).unwrap(), None);
    let second = token(&mut bench);
    assert!(bench.centre.sign_in(&second).unwrap().is_some());
    bench.done(ADMINISTRATOR, "token.end", json!({"operator": "clerk"}));
    assert_eq!(bench.centre.sign_in(&second).unwrap(), None);
}

#[test]
fn an_area_has_one_agency_and_its_outlets_are_approved() {
    let mut bench = Bench::new();
    let outlet = |change: &[(&str, Value)]| {
        let mut body = json!({
            "code": "32010401", "kind": "outlet", "region": "320104", "name": "秦淮网点",
            "approval": "宁人社 2", "establishment": "宁编办 2"
        });
        for (field, value) in change {
            body[*field] = value.clone();
        }
        body
    };
    let refusals: [(&[(&str, Value)], &str); 8] = [
        (&[("kind", json!("agency")), ("code", json!("32010498"))], "agency-exists"),
        (&[("approval", Value::Null)], "approval-missing"),
        (&[("establishment", Value::Null)], "approval-missing"),
        (&[("code", json!("32010201"))], "outlet-code-invalid"),
        (&[("code", json!("3201040A"))], "outlet-code-invalid"),
        (&[("region", json!("320103")), ("code", json!("32010301"))], "region-not-of-area"),
        (&[("region", json!("320502")), ("code", json!("32050201"))], "region-not-of-area"),
        (&[("parent", json!("32010477"))], "not-found"),
    ];
    for (change, code) in refusals {
        assert_eq!(bench.refused(ADMINISTRATOR, "outlet.open", outlet(change)), code, "{change:?}");
    }
    assert_eq!(bench.done(ADMINISTRATOR, "outlet.open", outlet(&[]))["changed"], true);
    assert_eq!(bench.done(ADMINISTRATOR, "outlet.open", outlet(&[]))["changed"], false);
    let renamed = outlet(&[("name", json!("other"))]);
    assert_eq!(bench.refused(ADMINISTRATOR, "outlet.open", renamed), "outlet-code-taken");
    assert_eq!(bench.refused(ADMINISTRATOR, "outlet.close", json!({"code": "32010201"})), "outlet-in-use");
    assert_eq!(bench.done(ADMINISTRATOR, "outlet.close", json!({"code": "32010401"}))["changed"], true);
    assert_eq!(
        bench.refused(ADMINISTRATOR, "cost.book", json!({"reference": "R1", "purpose": "rent", "amount": 0})),
        "cost-not-positive"
    );
    let cost = json!({"reference": "R1", "purpose": "rent", "amount": 120_000});
    assert_eq!(bench.done(ADMINISTRATOR, "cost.book", cost.clone())["changed"], true);
    assert_eq!(bench.done(ADMINISTRATOR, "cost.book", cost)["changed"], false);
    assert_eq!(bench.centre.verify().unwrap()[0].2, None);
}
