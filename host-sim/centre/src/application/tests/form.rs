//! Every rule between the fields of a form, kept and broken; the figures of the area off by one; no fault unreached.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::filing::{agent, changed, employer, foreign_worker, form, id, minor, with};
use super::refusals::speaks;
use crate::application::codes::{Applicant, ApplicationKind};
use crate::application::documents::{self, numbers};
use crate::application::form::Form;
use crate::application::form_fault::FormFault;
use crate::application::form_rules::{self, Context};
use crate::application::refused::Refused;
use crate::application::rules::{ApplicationRules, Banks, ProofKind, ProofRules, ServiceBank};

const TODAY: Date = date(2026, 3, 2);

/// What an area sets.
#[derive(Clone)]
pub(super) struct Area {
    pub(super) rules: ApplicationRules,
    proofs: ProofRules,
    banks: Banks,
    today: Date,
}

pub(super) fn area() -> Area {
    use documents::Kind;
    let kinds = [
        Kind::IdCard,
        Kind::HouseholdRegister,
        Kind::HkMacauPermit,
        Kind::TaiwanPermit,
        Kind::ForeignerResidence,
        Kind::ForeignPassport,
    ];
    let either = vec![vec![ProofKind::LabourContract], vec![ProofKind::EmployersLetter]];
    Area {
        rules: ApplicationRules {
            documents: kinds.to_vec(),
            register_under: 16,
            minor_under: 16,
            draft_days: 30,
            review_days: 5,
            return_days: 30,
            fee_days: 60,
        },
        proofs: ProofRules {
            foreign_worker: vec![vec![ProofKind::WorkPermit, ProofKind::ResidenceDocument]],
            hmt_worker: either.clone(),
            nonlocal_worker: either,
            agent: vec![vec![ProofKind::PowerOfAttorney]],
            guardian: vec![vec![ProofKind::HouseholdRegister]],
            exemption: vec![vec![ProofKind::ExemptionCertificate]],
            damage: vec![vec![ProofKind::DamagedCard]],
        },
        banks: Banks {
            banks: vec![ServiceBank { code: "95588".into(), name: "工商银行".into(), counters: Vec::new() }],
        },
        today: TODAY,
    }
}

fn faults(area: &Area, form: &Value) -> Vec<FormFault> {
    let form: Form = serde_json::from_value(form.clone()).unwrap_or_else(|error| panic!("{error}: {form}"));
    let look = |document: &crate::application::form::Document| {
        numbers::check(document.kind, &document.number(), area.today, &|_| true).ok()
    };
    let holder = look(&form.holder.document);
    let guardian = form.guardian.as_ref().and_then(|guardian| look(&guardian.document));
    let agent = form.agent.as_ref().and_then(|agent| look(&agent.document));
    let context = Context {
        rules: &area.rules,
        proofs: &area.proofs,
        banks: &area.banks,
        today: area.today,
        in_list: form.applicant == Applicant::Employer && form.kind != ApplicationKind::Renewal,
        holder: holder.as_ref(),
        guardian: guardian.as_ref(),
        agent: agent.as_ref(),
    };
    form_rules::check(&form, &context)
}

fn codes(area: &Area, form: &Value) -> Vec<&'static str> {
    use crate::acts::refusal::Explain as _;
    faults(area, form).into_iter().map(|fault| Refused::Form(fault).code()).collect()
}

pub(super) type Changes = Vec<(&'static str, Value)>;

/// Changes of a sound form, and the codes of the faults that they must give.
pub(super) fn cases() -> Vec<(Changes, Vec<&'static str>)> {
    let and = |base: Changes, more: Changes| base.into_iter().chain(more).collect::<Changes>();
    let works = |more: Changes| and(vec![("/category", json!("employee")), ("/employer", employer())], more);
    let replaces = |reason: &str, more: Changes| {
        let base = vec![("/kind", json!("replacement")), ("/reason", json!(reason)), ("/old_card", json!("X00000019"))];
        and(base, more)
    };
    let permit = |kind: &str, number: &str| json!({"kind": kind, "number": number, "until": "2030-01-01"});
    let proof = |kind: &str, until: Option<&str>| json!([{"kind": kind, "reference": "1", "until": until}]);
    let hmt = vec![
        ("/holder/country", json!("HKG")),
        ("/holder/document", permit("hk-macau-permit", "H12345678")),
        ("/holder/sex", json!("male")),
        ("/holder/born", json!("1980-01-01")),
    ];
    let guardian = json!({
        "name": "王大明", "relation": "parent", "telephone": "13912345678",
        "document": {"kind": "id-card", "number": id("19780808", 13), "long_term": true}
    });
    vec![
        (vec![], vec![]),
        // The person.
        (vec![("/holder/name", json!("阿依古丽·买买提"))], vec![]),
        (vec![("/holder/name", json!("王 "))], vec!["name-invalid"]),
        (vec![("/holder/name", json!("王1"))], vec!["name-invalid"]),
        (vec![("/holder/name", json!("王".repeat(25)))], vec![]),
        (vec![("/holder/name", json!("王".repeat(26)))], vec!["name-invalid"]),
        (vec![("/holder/country", json!("CN"))], vec!["country-invalid", "country-of-document"]),
        (vec![("/holder/country", json!("DEU"))], vec!["country-of-document"]),
        (and(hmt.clone(), vec![("/holder/country", json!("DEU"))]), vec!["country-of-document"]),
        (and(foreign_worker(), vec![("/holder/country", json!("CHN"))]), vec!["country-of-document"]),
        (
            vec![("/holder/document/kind", json!("officer-id"))],
            vec!["document-not-accepted", "born-missing", "sex-missing"],
        ),
        (
            vec![("/holder/document", json!({"kind": "household-register", "number": id("20100302", 11)}))],
            vec!["register-too-old"],
        ),
        (and(minor("20100303"), vec![]), vec![]),
        (and(foreign_worker(), vec![("/holder/born", Value::Null)]), vec!["born-missing"]),
        (
            and(foreign_worker(), vec![("/holder/born", json!("2026-03-03"))]),
            vec!["born-to-come", "minor-employed", "guardian-missing", "minor-applicant"],
        ),
        (and(foreign_worker(), vec![("/holder/sex", Value::Null)]), vec!["sex-missing"]),
        (vec![("/holder/born", json!("1980-01-01")), ("/holder/sex", json!("male"))], vec![]),
        (vec![("/holder/born", json!("1980-01-02"))], vec!["born-differs"]),
        (vec![("/holder/sex", json!("female"))], vec!["sex-differs"]),
        (vec![("/holder/ethnicity", json!(56))], vec![]),
        (vec![("/holder/ethnicity", json!(57))], vec!["ethnicity-invalid"]),
        (vec![("/holder/ethnicity", json!(97))], vec![]),
        // How to reach the holder.
        (vec![("/holder/mobile", json!("23812345678"))], vec!["mobile-invalid"]),
        (vec![("/holder/mobile", json!("1381234567"))], vec!["mobile-invalid"]),
        (vec![("/holder/telephone", json!("025-8888x"))], vec!["telephone-invalid"]),
        (vec![("/holder/telephone", json!("1234"))], vec!["telephone-invalid"]),
        (vec![("/holder/mobile", Value::Null)], vec!["contact-missing"]),
        (vec![("/holder/mobile", Value::Null), ("/holder/telephone", json!("025-88888888"))], vec![]),
        (vec![("/holder/postcode", json!("210000"))], vec![]),
        (vec![("/holder/postcode", json!("21000"))], vec!["postcode-invalid"]),
        (vec![("/holder/email", json!("a@b.cn"))], vec![]),
        (vec![("/holder/email", json!("a@b@c.cn"))], vec!["email-invalid"]),
        (vec![("/delivery", json!({"address": "x", "receiver": "y", "telephone": "z"}))], vec!["telephone-invalid"]),
        // The card.
        (vec![("/bank", json!("95589"))], vec!["bank-not-served"]),
        (vec![("/reason", json!("loss"))], vec!["reason-wrong"]),
        (vec![("/old_card", json!("X00000019"))], vec!["old-card-of-first"]),
        (replaces("loss", vec![]), vec![]),
        (replaces("loss", vec![("/reason", Value::Null)]), vec!["reason-missing"]),
        (replaces("loss", vec![("/old_card", Value::Null)]), vec!["old-card-missing"]),
        (replaces("expiry", vec![]), vec!["reason-wrong"]),
        (replaces("expiry", vec![("/kind", json!("renewal"))]), vec![]),
        (replaces("loss", vec![("/kind", json!("renewal"))]), vec!["reason-wrong"]),
        // What belongs to which category.
        (works(vec![]), vec![]),
        (works(vec![("/employer", Value::Null)]), vec!["employer-missing"]),
        (vec![("/employer", employer())], vec!["employer-wrong"]),
        (works(vec![("/employer", json!({"code": "91350100M000100Y44", "name": "x"}))]), vec!["employer-code"]),
        (vec![("/community", json!({"name": "x"}))], vec![]),
        (works(vec![("/community", json!({"name": "x"}))]), vec!["community-wrong"]),
        (vec![("/category", json!("student"))], vec!["school-missing"]),
        (vec![("/category", json!("student")), ("/school", json!({"name": "x"}))], vec![]),
        (vec![("/school", json!({"name": "x"}))], vec!["school-wrong"]),
        // Who acts for whom.
        (minor("20150505"), vec![]),
        (and(minor("20150505"), works(vec![])), vec!["minor-employed"]),
        (
            and(minor("20150505"), vec![("/guardian", Value::Null), ("/holder/mobile", json!("13812345678"))]),
            vec!["guardian-missing"],
        ),
        (and(minor("20150505"), vec![("/applicant", json!("holder"))]), vec!["minor-applicant"]),
        (vec![("/guardian", guardian.clone())], vec!["guardian-wrong"]),
        (
            vec![("/applicant", json!("guardian")), ("/proofs", proof("household-register", None))],
            vec!["minor-applicant"],
        ),
        (
            and(
                minor("20150505"),
                vec![(
                    "/guardian",
                    changed(
                        json!({"g": guardian.clone()}),
                        &[(
                            "/g/document",
                            json!({"kind": "id-card", "number": id("20110101", 15), "until": "2030-01-01"}),
                        )],
                    )["g"]
                        .clone(),
                )],
            ),
            vec!["guardian-minor"],
        ),
        (agent(), vec![]),
        (and(agent(), vec![("/agent", Value::Null)]), vec!["agent-missing"]),
        (and(agent(), vec![("/applicant", json!("holder"))]), vec!["agent-wrong"]),
        (
            and(
                agent(),
                vec![(
                    "/agent",
                    json!({"name": "李四", "telephone": "12345", "document": {"kind": "id-card", "number": id("19800101", 11), "until": "2036-01-01"}}),
                )],
            ),
            vec!["acting-for-self"],
        ),
        // In this test a renewal stands for a form outside a list.
        (
            replaces("expiry", vec![("/kind", json!("renewal")), ("/applicant", json!("employer"))]),
            vec!["employer-by-list"],
        ),
        // What must be proved.
        (foreign_worker(), vec![]),
        (and(foreign_worker(), vec![("/proofs", proof("work-permit", None))]), vec!["proof-missing"]),
        (
            and(
                foreign_worker(),
                vec![("/category", json!("resident")), ("/employer", Value::Null), ("/proofs", json!([]))],
            ),
            vec![],
        ),
        (hmt.clone(), vec![]),
        (works(hmt.clone()), vec!["proof-missing"]),
        (works(and(hmt, vec![("/proofs", proof("employers-letter", Some("2026-03-02")))])), vec![]),
        (works(vec![("/holder/household", json!("elsewhere"))]), vec!["proof-missing"]),
        (works(vec![("/holder/household", json!("local"))]), vec![]),
        (
            works(vec![
                ("/holder/household", json!("elsewhere-farming")),
                ("/proofs", proof("labour-contract", Some("2026-03-01"))),
            ]),
            vec!["proof-missing", "proof-expired"],
        ),
        (and(agent(), vec![("/proofs", json!([]))]), vec!["proof-missing"]),
        (and(minor("20150505"), vec![("/proofs", json!([]))]), vec!["proof-missing"]),
        (vec![("/exemption", json!("low-income"))], vec!["proof-missing"]),
        (vec![("/exemption", json!("low-income")), ("/proofs", proof("exemption-certificate", None))], vec![]),
        (replaces("damage", vec![]), vec!["proof-missing"]),
        (replaces("makers-fault", vec![]), vec![]),
    ]
}

/// Who has an employer, a school, a community, a guardian: docs/centre.md §6.5.1. Who proves what: docs/centre.md §6.5.6.
#[test]
fn every_rule_of_the_form_is_kept_and_broken() {
    let area = area();
    let mut reached = BTreeSet::new();
    for (changes, expected) in cases() {
        let form = with(&changes);
        assert_eq!(codes(&area, &form), expected, "{changes:?}");
        reached.extend(expected);
        for fault in faults(&area, &form) {
            let number = form["holder"]["document"]["number"].as_str().expect("a number");
            speaks(&Refused::Form(fault).into(), &[number]);
        }
    }
    assert!(faults(&area, &form()).is_empty());
    let all: BTreeSet<_> = Refused::ALL[1].iter().copied().collect();
    assert_eq!(reached, all);
}

#[test]
fn each_deliberate_fault_of_a_figure_is_caught() {
    type Break = fn(&mut Area);
    let mutants: [(&str, Break); 14] = [
        ("register for a year longer", |a| a.rules.register_under += 1),
        ("register for a year less", |a| a.rules.register_under -= 1),
        ("minors for a year longer", |a| a.rules.minor_under += 1),
        ("minors for a year less", |a| a.rules.minor_under -= 1),
        ("every document", |a| a.rules.documents.push(documents::Kind::OfficerId)),
        ("no passports", |a| a.rules.documents.retain(|kind| *kind != documents::Kind::ForeignPassport)),
        ("another bank", |a| a.banks.banks[0].code = "95589".into()),
        ("foreigners need nothing", |a| a.proofs.foreign_worker.clear()),
        ("one paper of a foreigner is enough", |a| a.proofs.foreign_worker = vec![vec![ProofKind::WorkPermit]]),
        ("all papers are needed", |a| {
            a.proofs.nonlocal_worker = vec![vec![ProofKind::LabourContract, ProofKind::EmployersLetter]];
            a.proofs.hmt_worker = a.proofs.nonlocal_worker.clone();
        }),
        ("agents need nothing", |a| a.proofs.agent.clear()),
        ("guardians need nothing", |a| a.proofs.guardian.clear()),
        ("tomorrow's proofs", |a| a.today = a.today.tomorrow().expect("a day after")),
        ("yesterday's proofs", |a| a.today = a.today.yesterday().expect("a day before")),
    ];
    let judged = |area: &Area| cases().iter().map(|(changes, _)| codes(area, &with(changes))).collect::<Vec<_>>();
    let sound = judged(&area());
    for (name, break_it) in mutants {
        let mut broken = area();
        break_it(&mut broken);
        assert_ne!(judged(&broken), sound, "{name}");
    }
}

#[test]
fn parameters_that_make_no_sense_are_refused() {
    use crate::configuration::Parameter as _;
    let area = area();
    assert!(area.rules.check().is_ok() && area.proofs.check().is_ok() && area.banks.check().is_ok());
    assert!(ApplicationRules { documents: Vec::new(), ..area.rules.clone() }.check().is_err());
    assert!(ApplicationRules { review_days: 0, ..area.rules.clone() }.check().is_err());
    assert!(ApplicationRules { minor_under: 31, ..area.rules.clone() }.check().is_err());
    assert!(ProofRules { agent: vec![Vec::new()], ..area.proofs.clone() }.check().is_err());
    let bank = |code: &str| ServiceBank { code: code.into(), name: "x".into(), counters: vec!["B32010200001".into()] };
    assert!(Banks { banks: vec![bank("9558")] }.check().is_err());
    let both = Banks { banks: vec![bank("95588"), bank("95599")] };
    assert!(both.check().is_err(), "a counter is one bank's");
    let one = Banks { banks: vec![bank("95588")] };
    assert!(one.check().is_ok() && one.is_counter_of("95588", "B32010200001"));
    assert!(!one.is_counter_of("95599", "B32010200001") && !one.is_counter_of("95588", "B32010200002"));
}

/// docs/centre.md §6.5.2
#[test]
fn the_codes_of_other_systems_are_those_of_the_sources() {
    use crate::application::codes::{Category, Household, Occupation};
    use strum::VariantArray as _;
    assert_eq!((ApplicationKind::New.henan(), ApplicationKind::Replacement.henan()), (1, 5));
    assert_eq!((ApplicationKind::New.jiangsu(), ApplicationKind::Renewal.jiangsu()), (1, 2));
    assert_eq!(
        (Applicant::Holder.kiosk(), Applicant::Agent.kiosk(), Applicant::Employer.kiosk()),
        (Some(0), Some(1), None)
    );
    assert_eq!(Category::VARIANTS.iter().map(|c| c.henan(false)).collect::<Vec<_>>(), [1, 1, 2, 4, 1]);
    assert_eq!(
        (Category::Resident.henan(true), Category::Resident.kiosk(true), Category::Student.kiosk(false)),
        (3, 3, 9)
    );
    assert_eq!(Category::VARIANTS.iter().map(|c| c.kiosk_status()).collect::<Vec<_>>(), [1, 1, 99, 10, 2]);
    assert_eq!(Household::VARIANTS.iter().map(|h| h.kiosk()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let occupations: Vec<_> = Occupation::VARIANTS.iter().map(|o| o.bac025()).collect();
    assert_eq!(occupations, [11, 12, 13, 15, 21, 22, 23, 31, 41, 51, 61, 71, 81, 91, 92]);
}
