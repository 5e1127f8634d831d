//! The rules between the fields of a form (docs/centre.md §6.5.1, §6.5.6): what belongs to which category, who may act for
//! whom, what must be proved.
//!
//! Documents are checked by `documents`, and against who is known by `checks`.

use jiff::ToSpan as _;
use jiff::civil::Date;

use qiyong_protocol::card::codes::Name;

use super::codes::{Applicant, ApplicationKind, Category, Reason, SexWord};
use super::documents::numbers::Checked;
use super::documents::{Bearer, Kind};
use super::form::{Form, Proof};
use super::form_fault::{FormFault, Situation};
use super::rules::{ApplicationRules, Banks, ProofKind, ProofRules};
use super::unit;

/// What a form is judged by.
pub struct Context<'a> {
    /// The area's rules.
    pub rules: &'a ApplicationRules,
    /// The area's proofs.
    pub proofs: &'a ProofRules,
    /// The area's banks.
    pub banks: &'a Banks,
    /// The day.
    pub today: Date,
    /// Whether the form stands in an employer's list.
    pub in_list: bool,
    /// What the holder's document number says; `None`: it is wrong.
    pub holder: Option<&'a Checked>,
    /// What the guardian's document number says.
    pub guardian: Option<&'a Checked>,
    /// What the agent's document number says.
    pub agent: Option<&'a Checked>,
}

/// Everything that is wrong between the fields, in the order of the form.
pub fn check(form: &Form, context: &Context<'_>) -> Vec<FormFault> {
    let mut faults = Vec::new();
    person(form, context, &mut faults);
    contact(form, &mut faults);
    card(form, context, &mut faults);
    belonging(form, &mut faults);
    acting(form, context, &mut faults);
    proofs(form, context, &mut faults);
    faults
}

/// The holder's day of birth: of the number, or else of the form.
pub fn born(form: &Form, checked: Option<&Checked>) -> Option<Date> {
    checked.and_then(|checked| checked.born).or(form.holder.born.map(|day| day.0))
}

/// The holder's sex: of the number, or else of the form.
pub fn sex(form: &Form, checked: Option<&Checked>) -> Option<SexWord> {
    checked.and_then(|checked| checked.sex).map(SexWord::from).or(form.holder.sex)
}

/// Whether somebody is younger than so many years on this day.
pub fn is_under(years: u8, born: Date, today: Date) -> bool {
    born.saturating_add(i32::from(years).years()) > today
}

fn person(form: &Form, context: &Context<'_>, faults: &mut Vec<FormFault>) {
    let (holder, rules, checked) = (&form.holder, context.rules, context.holder);
    let people = [
        (Some(&holder.name), "form.holder.name"),
        (form.guardian.as_ref().map(|guardian| &guardian.name), "form.guardian.name"),
        (form.agent.as_ref().map(|agent| &agent.name), "form.agent.name"),
    ];
    let wrong = people.into_iter().filter(|(name, _)| name.is_some_and(|name| !is_name(name.expose())));
    faults.extend(wrong.map(|(_, field)| FormFault::Name(field)));
    if holder.country.len() != 3 || !holder.country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        faults.push(FormFault::Country);
    }
    let kind = holder.document.kind;
    if !rules.documents.contains(&kind) {
        faults.push(FormFault::DocumentKind(kind));
    }
    let chinese = ["CHN", "HKG", "MAC", "TWN"].contains(&holder.country.as_str());
    match kind.bearer() {
        bearer @ Bearer::Mainland if holder.country != "CHN" => faults.push(FormFault::CountryOfDocument(bearer)),
        bearer @ Bearer::Foreign if chinese => faults.push(FormFault::CountryOfDocument(bearer)),
        bearer @ Bearer::HongKongMacauTaiwan if !chinese => faults.push(FormFault::CountryOfDocument(bearer)),
        _ => {}
    }
    let told = checked.and_then(|checked| checked.born);
    match (born(form, checked), holder.born) {
        (None, _) => faults.push(FormFault::BornMissing),
        (Some(day), _) if day > context.today => faults.push(FormFault::NotBorn),
        (Some(_), Some(entered)) if told.is_some_and(|told| told != entered.0) => faults.push(FormFault::BornDiffers),
        (Some(day), _) => {
            let too_old = !is_under(rules.register_under, day, context.today);
            if kind == Kind::HouseholdRegister && too_old {
                faults.push(FormFault::RegisterTooOld(rules.register_under));
            }
        }
    }
    let told = checked.and_then(|checked| checked.sex).map(SexWord::from);
    match (told, holder.sex) {
        (None, None) => faults.push(FormFault::SexMissing),
        (Some(told), Some(entered)) if told != entered => faults.push(FormFault::SexDiffers),
        _ => {}
    }
    if holder.ethnicity.is_some_and(|code| !matches!(code, 1..=56 | 97 | 98)) {
        faults.push(FormFault::Ethnicity);
    }
}

/// A card holds 50 bytes of a name (docs/card.md §1.3).
fn is_name(name: &str) -> bool {
    let (bytes, _, unmappable) = encoding_rs::GB18030.encode(name);
    let letters = name.chars().all(|c| c.is_alphabetic() || " ·•.'-".contains(c));
    !unmappable && letters && name.trim() == name && Name::new(&bytes).is_some_and(|kept| kept.as_bytes() == &*bytes)
}

fn contact(form: &Form, faults: &mut Vec<FormFault>) {
    let holder = &form.holder;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(mobile) = holder.mobile.as_ref().map(|mobile| mobile.expose())
        && !(mobile.len() == 11 && mobile.starts_with('1') && digits(mobile))
    {
        faults.push(FormFault::Mobile("form.holder.mobile"));
    }
    let telephones = [
        (holder.telephone.as_ref(), "form.holder.telephone"),
        (form.guardian.as_ref().map(|guardian| &guardian.telephone), "form.guardian.telephone"),
        (form.agent.as_ref().map(|agent| &agent.telephone), "form.agent.telephone"),
        (form.delivery.as_ref().map(|delivery| &delivery.telephone), "form.delivery.telephone"),
    ];
    let is_telephone = |text: &str| {
        (5..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-' || byte == b'+')
    };
    let wrong =
        telephones.into_iter().filter(|(number, _)| number.is_some_and(|number| !is_telephone(number.expose())));
    faults.extend(wrong.map(|(_, field)| FormFault::Telephone(field)));
    if holder.mobile.is_none() && holder.telephone.is_none() && form.guardian.is_none() {
        faults.push(FormFault::ContactMissing);
    }
    if holder.postcode.as_ref().is_some_and(|code| code.expose().len() != 6 || !digits(code.expose())) {
        faults.push(FormFault::Postcode);
    }
    let is_email = |text: &str| {
        text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && !host.contains('@') && !text.contains(char::is_whitespace)
        })
    };
    if holder.email.as_ref().is_some_and(|email| !is_email(email.expose())) {
        faults.push(FormFault::Email);
    }
}

fn card(form: &Form, context: &Context<'_>, faults: &mut Vec<FormFault>) {
    if !context.banks.banks.iter().any(|bank| bank.code == form.bank) {
        faults.push(FormFault::Bank);
    }
    match (form.kind, form.reason) {
        (ApplicationKind::New, None) => {}
        (ApplicationKind::Replacement | ApplicationKind::Renewal, None) => faults.push(FormFault::ReasonMissing),
        (ApplicationKind::Renewal, Some(Reason::Expiry)) => {}
        (ApplicationKind::Replacement, Some(reason)) if reason != Reason::Expiry => {}
        (kind, Some(_)) => faults.push(FormFault::Reason(kind)),
    }
    match (form.kind, form.old_card) {
        (ApplicationKind::New, Some(_)) => faults.push(FormFault::OldCard),
        (ApplicationKind::Replacement | ApplicationKind::Renewal, None) => faults.push(FormFault::OldCardMissing),
        _ => {}
    }
}

fn belonging(form: &Form, faults: &mut Vec<FormFault>) {
    let category = form.category;
    match (&form.employer, category) {
        (None, Category::Employee) => faults.push(FormFault::EmployerMissing),
        (Some(employer), Category::Employee) if !unit::is_code(&employer.code.0) => {
            faults.push(FormFault::EmployerCode);
        }
        (Some(_), Category::Employee) | (None, _) => {}
        (Some(_), _) => faults.push(FormFault::Employer(category)),
    }
    match (&form.school, category) {
        (None, Category::Student) => faults.push(FormFault::SchoolMissing),
        (Some(_), Category::Student) | (None, _) => {}
        (Some(_), _) => faults.push(FormFault::School(category)),
    }
    if form.community.is_some() && matches!(category, Category::Employee | Category::Student) {
        faults.push(FormFault::Community(category));
    }
}

fn acting(form: &Form, context: &Context<'_>, faults: &mut Vec<FormFault>) {
    let (rules, today) = (context.rules, context.today);
    let years = rules.minor_under;
    let minor = born(form, context.holder).is_some_and(|day| is_under(years, day, today));
    if minor && form.category == Category::Employee {
        faults.push(FormFault::MinorEmployed(years));
    }
    match &form.guardian {
        None if minor => faults.push(FormFault::GuardianMissing(years)),
        Some(_) if !minor => faults.push(FormFault::Guardian(years)),
        _ => {}
    }
    let guardian = context.guardian.and_then(|guardian| guardian.born);
    if guardian.is_some_and(|day| is_under(years, day, today)) {
        faults.push(FormFault::GuardianMinor(years));
    }
    if minor && form.applicant != Applicant::Guardian || !minor && form.applicant == Applicant::Guardian {
        faults.push(FormFault::MinorApplicant);
    }
    match (form.applicant, &form.agent) {
        (Applicant::Agent, None) => faults.push(FormFault::AgentMissing),
        (Applicant::Agent, Some(_)) | (_, None) => {}
        (_, Some(_)) => faults.push(FormFault::Agent),
    }
    if (form.applicant == Applicant::Employer) != context.in_list {
        faults.push(FormFault::EmployerList);
    }
    let others = [(context.guardian, "form.guardian.document"), (context.agent, "form.agent.document")];
    let same = others.into_iter().filter(|(other, _)| other.is_some() && *other == context.holder);
    faults.extend(same.map(|(_, field)| FormFault::SamePerson(field)));
}

fn proofs(form: &Form, context: &Context<'_>, faults: &mut Vec<FormFault>) {
    let rules = context.proofs;
    let holder = &form.holder;
    let works = form.category == Category::Employee;
    let bearer = holder.document.kind.bearer();
    let elsewhere = holder.household.is_some_and(super::codes::Household::is_elsewhere);
    // Whoever has settled here needs nothing beside the permanent residence card.
    let foreigner = bearer == Bearer::Foreign && holder.document.kind != Kind::ForeignerResidence;
    let situations = [
        (works && foreigner, Situation::ForeignWorker, &rules.foreign_worker),
        (works && bearer == Bearer::HongKongMacauTaiwan, Situation::HmtWorker, &rules.hmt_worker),
        (works && bearer == Bearer::Mainland && elsewhere, Situation::NonlocalWorker, &rules.nonlocal_worker),
        (form.applicant == Applicant::Agent, Situation::Agent, &rules.agent),
        (form.applicant == Applicant::Guardian, Situation::Guardian, &rules.guardian),
        (form.exemption.is_some(), Situation::Exemption, &rules.exemption),
        (form.reason == Some(Reason::Damage), Situation::Damage, &rules.damage),
    ];
    let is_over = |proof: &Proof| proof.until.is_some_and(|until| until.0 < context.today);
    let shown: Vec<ProofKind> = form.proofs.iter().filter(|proof| !is_over(proof)).map(|proof| proof.kind).collect();
    for (applies, situation, sets) in situations {
        let complete = sets.is_empty() || sets.iter().any(|set| set.iter().all(|kind| shown.contains(kind)));
        if applies && !complete {
            faults.push(FormFault::ProofMissing(situation, sets.clone()));
        }
    }
    let over = form.proofs.iter().enumerate().filter(|(_, proof)| is_over(proof));
    faults.extend(over.map(|(at, _)| FormFault::ProofExpired(at)));
}
