//! A town over HTTP: a centre with a second outlet, two banks, a hospital, two pharmacies and another area. It brings the
//! people of a test to any point between the form and the card. Not here: what a test makes of them.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use qiyong_centre::{ADMINISTRATOR, ActRequest, Founding};
use qiyong_protocol::card::codes::Region;

use super::applicants::{Person, payment, text, yuan};
use super::portrait::portrait;
use super::{CentreServer, OfficeFile};
use crate::programs::Watched;
use crate::qiyong;

/// The bank 95588's outlet, by the parameters with which Nanjing begins.
pub const BANK: &str = "B32010200001";
/// Another bank's outlet.
pub const OTHER_BANK: &str = "B32010200009";
/// A hospital of level three, with the price limits of level two.
pub const HOSPITAL: &str = "H32010200002";
/// A pharmacy.
pub const PHARMACY: &str = "P32010200003";
/// Another pharmacy.
pub const OTHER_PHARMACY: &str = "P32010200004";
/// The outlet that is there from the beginning.
pub const OUTLET: &str = "32010201";
/// Another outlet of the same agency.
pub const FAR_OUTLET: &str = "32010401";
/// An employer.
pub const EMPLOYER: &str = "91350100M000100Y43";

/// The town, whose server runs.
pub struct Town {
    /// The server; its clock stands at 2026-03-02, 09:00.
    pub server: CentreServer,
    tokens: BTreeMap<String, String>,
}

impl Town {
    /// A new one. Beside an operator for each role, named after it, there are: `far-clerk`, `far-reviewer`, `far-cashier`,
    /// `far-issuer` at [`FAR_OUTLET`]; `counter` and `other-counter` at the banks, `till-hospital`, `till` and `other-till`
    /// at hospital and pharmacies; and in Suzhou `suzhou-` and each role.
    ///
    /// # Panics
    /// If the centre refuses any of it.
    #[must_use]
    pub fn new() -> Self {
        let mut file = OfficeFile::new();
        let suzhou = Region::new("320500").expect("Suzhou");
        file.centre.found(&Founding { area: suzhou, agency: "苏州市社会保险管理中心".into() }).expect("founded");
        let far = json!({
            "code": FAR_OUTLET, "kind": "outlet", "region": "320104", "parent": "32010099", "name": "秦淮网点",
            "approval": "宁人社 2", "establishment": "宁编办 2"
        });
        file.act("outlet.open", far);
        let mut tokens = BTreeMap::new();
        let roles: Vec<&str> = super::role::ALL.iter().map(Into::into).collect();
        for role in &roles {
            let id = format!("suzhou-{role}");
            let mut there = |act: &str, body: Value| {
                let admin = file.centre.operator(suzhou, ADMINISTRATOR).expect("the file").expect("founded");
                let request = ActRequest { area: suzhou, operator: &admin, act, body, key: None };
                file.centre.carry_out(request).unwrap_or_else(|refusal| panic!("{act}: {refusal}"))
            };
            there("operator.add", json!({"id": id, "role": role, "outlet": "32050099", "name": id}));
            let token = there("token.issue", json!({"operator": id, "hours": 24}));
            tokens.insert(id, text(&token["token"]));
        }
        let mut town = Self { server: file.serve(), tokens };
        town.institutions();
        for role in ["clerk", "reviewer", "cashier", "issuer"] {
            town.operator(&format!("far-{role}"), role, FAR_OUTLET);
        }
        town
    }

    fn institutions(&mut self) {
        let officer = "settlement-officer";
        for (code, level, price_level, operator, role) in [
            (BANK, "unrated", "unrated", "counter", "bank-counter"),
            (OTHER_BANK, "unrated", "unrated", "other-counter", "bank-counter"),
            (HOSPITAL, "three", "two", "till-hospital", "hospital"),
            (PHARMACY, "unrated", "unrated", "till", "pharmacy"),
            (OTHER_PHARMACY, "unrated", "unrated", "other-till", "pharmacy"),
        ] {
            self.done(officer, "institution.register", json!({"code": code, "name": code}));
            let agreement = json!({
                "code": code, "level": level, "price_level": price_level, "effective": "2026-03-02", "void": "2027-03-02"
            });
            self.done(officer, "institution.agree", agreement);
            self.operator(operator, role, code);
        }
    }

    /// Lets somebody act for an outlet.
    pub fn operator(&mut self, id: &str, role: &str, outlet: &str) {
        self.done("administrator", "operator.add", json!({"id": id, "role": role, "outlet": outlet, "name": id}));
        let token = self.done("administrator", "token.issue", json!({"operator": id, "hours": 24}));
        self.tokens.insert(id.into(), text(&token["token"]));
    }

    /// The token of an operator.
    ///
    /// # Panics
    /// There is no such operator.
    #[must_use]
    pub fn token(&self, operator: &str) -> &str {
        let own = self.tokens.get(operator).or_else(|| self.server.tokens.get(operator));
        own.unwrap_or_else(|| panic!("no operator {operator}"))
    }

    /// Carries out an act by curl; the status and the answer.
    #[must_use]
    pub fn act(&self, operator: &str, act: &str, body: &Value) -> (u16, Value) {
        self.server.act_with(self.token(operator), act, body)
    }

    /// Carries out an act that must succeed.
    ///
    /// # Panics
    /// It is refused.
    pub fn done(&self, operator: &str, act: &str, body: Value) -> Value {
        let (status, answer) = self.act(operator, act, &body);
        assert_eq!(status, 200, "{operator}: {act}: {answer}");
        answer
    }

    /// Files an application, whose form is still to be read; its number.
    #[must_use]
    pub fn file(&self, form: &Value) -> Value {
        self.done("clerk", "application.file", json!({"form": form}))["number"].clone()
    }

    /// The number and the version of an application, with another field.
    #[must_use]
    pub fn version(&self, application: &Value, field: &str, value: Value) -> Value {
        let shown = self.done("clerk", "application.show", json!({"number": application}));
        let mut body = json!({"number": application, "version": shown["standing"]["version"]});
        if !field.is_empty() {
            body[field] = value;
        }
        body
    }

    /// Brings an application on to its review.
    pub fn submit(&self, application: &Value) {
        let photo = json!({"number": application, "jpeg": portrait(358), "source": "on-site"});
        self.done("clerk", "application.photo", photo);
        for (act, field, value) in [
            ("application.read", "", Value::Null),
            ("application.check", "originals_agree", json!(true)),
            ("application.sign", "signed_by", json!("holder")),
            ("application.submit", "", Value::Null),
        ] {
            let body = self.version(application, field, value);
            self.done("clerk", act, body);
        }
    }

    /// Approves an application; its slip.
    #[must_use]
    pub fn approve(&self, application: &Value) -> Value {
        let review = self.version(application, "outcome", json!("approve"));
        self.done("reviewer", "application.review", review);
        self.done("cashier", "slip.issue", json!({"application": application}))["slip"].clone()
    }

    /// An application in review.
    #[must_use]
    pub fn in_review(&self, person: &Person) -> Value {
        let application = self.file(&person.form());
        self.submit(&application);
        application
    }

    /// An approved application and its slip, which is to be paid.
    #[must_use]
    pub fn approved(&self, person: &Person) -> (Value, Value) {
        let application = self.in_review(person);
        let slip = self.approve(&application);
        (application, slip)
    }

    /// An application whose fee was paid in cash under this reference, and the slip.
    #[must_use]
    pub fn paid(&self, person: &Person, reference: &str) -> (Value, Value) {
        let (application, slip) = self.approved(person);
        self.done("cashier", "slip.pay", payment(&slip, reference));
        (application, slip)
    }

    /// An application whose card lies at the outlet, its card's number and its slip.
    ///
    /// # Panics
    /// The card is not made.
    #[must_use]
    pub fn at_outlet(&self, person: &Person, reference: &str) -> (Value, Value, Value) {
        let (application, slip) = self.paid(person, reference);
        let card = self.make(&application);
        (application, card, slip)
    }

    /// From the paid application to the card at the outlet; its number.
    ///
    /// # Panics
    /// The card is not made.
    #[must_use]
    pub fn make(&self, application: &Value) -> Value {
        self.done("producer", "production.open", json!({"application": application}));
        let answer = json!({"application": application, "bank_card": "6222020000000000000"});
        self.done("counter", "production.bank-answer", answer);
        let batch = self.done("producer", "production.batch", json!({"bank": "95588", "maker": "8651"}));
        let folder = self.server.folder.path();
        let mut command = Command::new(qiyong());
        command.current_dir(folder).args(["card", "new", "--from-centre", "centre.db", "--report", "--batch"]);
        command.arg(text(&batch["batch"])).arg("--out").arg(format!("{}.toml", text(&batch["lines"][0]["card"])));
        let output = Watched::start(&mut command).output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let card = batch["lines"][0]["card"].clone();
        let cards = json!({"cards": [card]});
        self.done("producer", "production.stock", cards.clone());
        self.done("producer", "production.dispatch", json!({"outlet": OUTLET, "cards": [card]}));
        self.done("issuer", "production.receive", cards);
        card
    }

    /// An application whose card the holder has, and the card's number.
    #[must_use]
    pub fn handed_over(&self, person: &Person, reference: &str) -> (Value, Value) {
        let (application, card, _) = self.at_outlet(person, reference);
        self.done("issuer", "production.hand-over", person.collects(&application));
        (application, card)
    }

    /// The number of the person whose application this is.
    #[must_use]
    pub fn number(&self, application: &Value) -> Value {
        self.done("clerk", "application.show", json!({"number": application}))["person"].clone()
    }

    /// Insures persons as employees of an employer whose premiums of March, of this base in fen, are paid.
    ///
    /// # Panics
    /// The premiums are not collected.
    pub fn insure(&self, persons: &[&Value], base: i64) {
        let officer = "premium-officer";
        let employer = json!({"payer": EMPLOYER, "name": "江苏某某有限公司", "account": "6227001", "injury_class": 3});
        self.done(officer, "payer.register", employer);
        for person in persons {
            let relation = json!({
                "person": person, "capacity": "employee", "payer": EMPLOYER, "from": "2026-03", "base": base
            });
            self.done(officer, "relation.start", relation);
        }
        let assessed = self.done(officer, "premium.assess", json!({"month": "2026-03"}));
        let slip = text(&assessed["slips"][0]["slip"]);
        let shown = self.done(officer, "premium.slip", json!({"slip": slip}));
        let (mut total, mut rows) = (0, Vec::new());
        for line in shown["lines"].as_array().expect("lines") {
            let fen = |name: &str| line[name].as_i64().unwrap_or_else(|| panic!("{name}: {line}"));
            let amount = fen("employer") + fen("own");
            total += amount + fen("late_fee");
            let [base, amount, late] = [fen("base"), amount, fen("late_fee")].map(yuan);
            let [person, kind, first, last] = ["person", "kind", "first", "last"].map(|name| text(&line[name]));
            rows.push(format!(
                "320100,{slip},{EMPLOYER},{person},{kind},{first},{last},{base},{amount},{late},6227001,00,2026-03-02\n"
            ));
        }
        let head = format!("qiyong-collection,1,320100,95533,B0001,2026-03-02,{},{}\n", rows.len(), yuan(total));
        let collected = self.done(officer, "premium.collect", json!({"file": head + &rows.concat()}));
        assert_eq!(collected["unmatched"], 0, "{collected}");
    }
}

impl Default for Town {
    fn default() -> Self {
        Self::new()
    }
}
