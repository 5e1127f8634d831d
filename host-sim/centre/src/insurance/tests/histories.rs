//! Random histories: whatever the order of relations, slips, files, mistakes and forgeries, the auditor finds nothing.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::audit::audit;
use super::bench::{EMPLOYER, Insurance};
use crate::insurance::month::Month;
use crate::persons::proof::tests::shown;

/// Something that happens.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Employ {
        person: usize,
        base: i64,
    },
    Flexible {
        person: usize,
    },
    Declare {
        person: usize,
        base: i64,
    },
    Pause {
        person: usize,
    },
    Resume {
        person: usize,
    },
    End {
        person: usize,
    },
    Retire {
        person: usize,
    },
    Assess,
    /// Withdraws the newest slip.
    Void,
    Collect(How),
    /// The oldest unmatched row goes back.
    Return,
    Grant,
    Interest,
    Enrol {
        person: usize,
    },
    /// One person's account is bound to another, or pays the other's year.
    Bind {
        owner: usize,
        relative: usize,
    },
    PayYear {
        owner: usize,
        relative: usize,
    },
    /// A day of the month comes, or the next month's second day.
    Day(i8),
    NextMonth,
    NextYear,
}

/// What the bank's file says.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// Every due line is paid.
    Paid,
    /// The last file comes again.
    Again,
    /// The last file's rows come in a new file.
    Twice,
    /// One fen less.
    Short,
    /// The bank could not collect.
    Refused,
}

/// A row that the bank sent.
#[derive(Clone, Debug)]
pub(super) struct Bank {
    /// Slip and line.
    pub(super) line: (String, i64),
    pub(super) amount: i64,
    pub(super) late: i64,
    /// Result 00, in a file that was taken.
    pub(super) accepted: bool,
}

/// A relation as it was declared.
#[derive(Clone, Debug)]
struct Declared {
    number: i64,
    person: String,
    kind: &'static str,
    retired: bool,
    /// First month, and first month without insurance.
    spans: Vec<(Month, Option<Month>)>,
}

/// What was done, as the outside knows it.
#[derive(Default)]
pub(super) struct History {
    pub(super) people: Vec<String>,
    relations: Vec<Declared>,
    bases: Vec<(String, Month, i64)>,
    pub(super) bank: Vec<Bank>,
    returned: i64,
    paid_from: Vec<(String, i64)>,
    /// Who is covered as a resident from a month on until the year is over.
    residents: Vec<(String, Month)>,
    last_rows: Vec<(String, Bank)>,
    last_file: Option<String>,
}

impl History {
    pub(super) fn bank_total(&self) -> i64 {
        let accepted = self.bank.iter().filter(|row| row.accepted);
        accepted.map(|row| row.amount + row.late).sum::<i64>() - self.returned
    }

    pub(super) fn paid_from(&self, person: &str) -> i64 {
        self.paid_from.iter().filter(|(owner, _)| owner == person).map(|(_, fen)| fen).sum()
    }

    pub(super) fn insured(&self, relation: i64, month: Month) -> bool {
        let within = |(first, end): &(Month, Option<Month>)| *first <= month && end.is_none_or(|end| month < end);
        self.relations.iter().any(|known| known.number == relation && known.spans.iter().any(within))
    }

    pub(super) fn declared(&self, person: &str, month: Month) -> i64 {
        let of = self.bases.iter().filter(|(known, since, _)| known == person && *since <= month);
        // Of one month the latest declaration counts.
        of.max_by_key(|(_, since, _)| *since).map_or(0, |(_, _, base)| *base)
    }

    /// The pool that must pay in a month, or why none does. After a gap of four months it waits two.
    pub(super) fn pool(&self, person: &str, month: Month, late: bool) -> &'static str {
        let medical = self.relations.iter().filter(|known| known.person == person && known.kind == "medical");
        let mut spans: Vec<_> =
            medical.flat_map(|known| known.spans.iter().map(|span| (span.0, span.1, known.retired))).collect();
        spans.sort_by_key(|(first, ..)| *first);
        let at = spans.iter().position(|(first, end, _)| *first <= month && end.is_none_or(|end| month < end));
        let years: Vec<_> = self.residents.iter().filter(|(known, _)| known == person).map(|(_, from)| *from).collect();
        let over = |from: Month| from.plus(13 - i32::from(from.first().month()));
        let covered = years.iter().any(|from| *from <= month && month < over(*from));
        let Some(at) = at else { return if covered { "residents" } else { "not-insured" } };
        let (first, _, retired) = spans[at];
        let years = years.iter().filter(|from| **from < first).map(|from| over(*from));
        let before = spans[..at].iter().filter_map(|(_, end, _)| *end).chain(years).max();
        let waits = before.is_some_and(|end| end.until(first) >= 4);
        match (waits && first.until(month) < 2, retired, late) {
            // The year that was paid as a resident goes on meanwhile.
            (true, ..) if covered => "residents",
            (true, ..) => "waiting",
            (false, true, _) => "retired",
            (false, false, true) => "arrears",
            (false, false, false) => "in-service",
        }
    }

    fn of(&mut self, person: &str) -> impl Iterator<Item = &mut Declared> {
        self.relations.iter_mut().filter(move |known| known.person == person && !known.spans.is_empty())
    }
}

const KINDS: [&str; 5] = ["pension", "medical", "maternity", "unemployment", "injury"];
const FLEXIBLE: [&str; 3] = ["pension", "medical", "unemployment"];

/// Sets the bench up: four people, waiting after a gap of four months, and no resident waits.
pub(super) fn begin() -> (Insurance, History) {
    let mut it = Insurance::new();
    let residents = json!({"fixed_months": 0, "months_per_further_year": 0, "many_years": 100, "many_years_months": 0});
    let employees = json!([{"gap_months": 4, "waiting_months": 2}]);
    it.set("benefit.waiting", "2026-01-01", json!({"employees": employees, "residents": residents}));
    let people = (0..4).map(|_| it.person("1980-01-01")).collect();
    (it, History { people, ..History::default() })
}

/// Lets a step happen. What is refused changes nothing, and the auditor sees whether that is so.
pub(super) fn happen(it: &mut Insurance, history: &mut History, step: &Step) {
    let today = it.office().today();
    let this = Month::of(today);
    let from = if today.day() <= 15 { this } else { this.next() };
    match step {
        Step::Employ { person, base } => start(it, history, (*person, from), Some(*base)),
        Step::Flexible { person } => start(it, history, (*person, from), None),
        Step::Declare { person, base } => {
            let person = history.people[*person].clone();
            let body = json!({"person": person, "payer": EMPLOYER, "from": from.to_string(), "base": base});
            if it.bench.act("premium-officer", "base.declare", body).is_ok() {
                declare(history, &person, from, *base);
            }
        }
        Step::Pause { person } => move_all(it, history, (*person, from), "relation.pause"),
        Step::Resume { person } => move_all(it, history, (*person, from), "relation.resume"),
        Step::End { person } => move_all(it, history, (*person, from), "relation.end"),
        Step::Retire { person } => retire(it, history, (*person, from)),
        Step::Assess => {
            let _ = it.bench.act("premium-officer", "premium.assess", json!({"month": this.to_string()}));
        }
        Step::Void => {
            if let Some(slip) = slips(it).pop() {
                let _ = it.bench.act("premium-officer", "premium.void", json!({"slip": slip}));
            }
        }
        Step::Collect(how) => collect(it, history, *how),
        Step::Return => {
            let rows = it.done("premium.unmatched", json!({"limit": 1}))["rows"].clone();
            if let Some(row) = rows.get(0) {
                it.done("premium.resolve", json!({"bank": row["bank"], "file": row["file"], "line": row["line"]}));
                history.returned += row["amount"].as_i64().unwrap();
            }
        }
        Step::Grant => {
            it.done("account.grant-retired", json!({"month": this.to_string()}));
        }
        Step::Interest => {
            let _ = it.bench.act("premium-officer", "interest.run", json!({"year": today.year() - 1}));
        }
        Step::Enrol { person } => {
            let person = history.people[*person].clone();
            let body = json!({"person": person, "class": "other", "year": today.year(), "poor": true,
                              "registered_since": "2000-01-01"});
            if it.bench.act("premium-officer", "resident.enrol", body).is_ok() {
                history.residents.push((person, this));
            }
        }
        Step::Bind { owner, relative } => {
            let (owner, relative) = (&history.people[*owner], &history.people[*relative]);
            let document = shown(&it.office(), owner);
            let body = json!({"owner": owner, "owner_document": document, "relative": relative, "kin": "spouse"});
            let _ = it.bench.act("premium-officer", "pooling.bind", body);
        }
        Step::PayYear { owner, relative } => pay_year(it, history, (*owner, *relative)),
        Step::Day(day) => {
            let day = this.day(*day);
            it.on(&day.max(today).to_string());
        }
        Step::NextMonth => it.on(&this.next().day(2).to_string()),
        Step::NextYear => it.on(&this.plus(12).day(2).to_string()),
    }
}

fn start(it: &mut Insurance, history: &mut History, (person, from): (usize, Month), base: Option<i64>) {
    let person = history.people[person].clone();
    let body = match base {
        Some(base) => {
            json!({"person": person, "capacity": "employee", "payer": EMPLOYER, "from": from.to_string(), "base": base})
        }
        None => json!({"person": person, "capacity": "flexible", "from": from.to_string(), "base": 265_000}),
    };
    let Ok(started) = it.bench.act("premium-officer", "relation.start", body) else { return };
    let kinds: &[&'static str] = if base.is_some() { &KINDS } else { &FLEXIBLE };
    for (number, kind) in started["relations"].as_array().unwrap().iter().zip(kinds) {
        let (number, spans) = (number.as_i64().unwrap(), vec![(from, None)]);
        history.relations.push(Declared { number, person: person.clone(), kind, retired: false, spans });
    }
    declare(history, &person, from, base.unwrap_or(265_000));
}

fn declare(history: &mut History, person: &str, from: Month, base: i64) {
    history.bases.retain(|(known, since, _)| known != person || *since != from);
    history.bases.push((person.to_owned(), from, base));
}

fn move_all(it: &mut Insurance, history: &mut History, (person, from): (usize, Month), act: &str) {
    let person = history.people[person].clone();
    for relation in history.of(&person) {
        let body = json!({"relation": relation.number, "from": from.to_string()});
        if it.bench.act("premium-officer", act, body).is_err() {
            continue;
        }
        match (act, relation.spans.last_mut()) {
            ("relation.resume", _) => relation.spans.push((from, None)),
            (_, Some((_, end @ None))) => *end = Some(from),
            _ => {}
        }
    }
}

fn retire(it: &mut Insurance, history: &mut History, (person, from): (usize, Month)) {
    let person = history.people[person].clone();
    let body = json!({"person": person, "from": from.to_string()});
    let Ok(started) = it.bench.act("premium-officer", "relation.retire", body) else { return };
    for relation in history.of(&person) {
        if let Some((_, end @ None)) = relation.spans.last_mut() {
            *end = Some(from);
        }
    }
    let number = started["relations"][0].as_i64().unwrap();
    let spans = vec![(from, None)];
    history.relations.push(Declared { number, person, kind: "medical", retired: true, spans });
}

fn slips(it: &mut Insurance) -> Vec<String> {
    let listed = it.done("premium.list", json!({"limit": 1000}))["slips"].clone();
    listed.as_array().unwrap().iter().map(|slip| slip["slip"].as_str().unwrap().to_owned()).collect()
}

fn collect(it: &mut Insurance, history: &mut History, how: How) {
    let today = it.office().today().to_string();
    if let How::Again = how {
        if let Some(file) = history.last_file.clone() {
            assert_eq!(it.done("premium.collect", json!({"file": file}))["again"], true);
        }
        return;
    }
    let mut rows: Vec<(String, Bank)> = Vec::new();
    if let How::Twice = how {
        rows = history.last_rows.clone();
    } else {
        for slip in slips(it) {
            let shown = it.slip(&slip);
            let due: Vec<Value> =
                shown["lines"].as_array().unwrap().iter().filter(|line| line["state"] == "due").cloned().collect();
            for (text, line) in it.rows(&slip, &today).into_iter().zip(due) {
                let amount = line["employer"].as_i64().unwrap() + line["own"].as_i64().unwrap();
                let line = Bank {
                    line: (slip.clone(), line["line"].as_i64().unwrap()),
                    amount,
                    late: line["late_fee"].as_i64().unwrap(),
                    accepted: true,
                };
                rows.push((text, line));
            }
        }
    }
    for (text, row) in &mut rows {
        let fields: Vec<String> = text.split(',').map(str::to_owned).collect();
        let mut fields = fields;
        if let How::Short = how {
            row.amount -= 1;
            fields[8] = super::bench::yuan(row.amount);
        }
        if let How::Refused = how {
            row.accepted = false;
            fields[11] = "51".into();
        }
        *text = fields.join(",");
    }
    let texts: Vec<String> = rows.iter().map(|(text, _)| text.clone()).collect();
    let file = it.file(&today, &texts);
    it.done("premium.collect", json!({"file": file}));
    history.bank.extend(rows.iter().map(|(_, row)| row.clone()));
    history.last_rows = rows;
    history.last_file = Some(file);
}

fn pay_year(it: &mut Insurance, history: &mut History, (owner, relative): (usize, usize)) {
    let (owner, relative) = (history.people[owner].clone(), history.people[relative].clone());
    let year = it.office().today().year();
    let body = json!({"person": relative, "class": "other", "year": year, "registered_since": "2000-01-01"});
    let Ok(enrolled) = it.bench.act("premium-officer", "resident.enrol", body) else { return };
    let pay = json!({"slip": enrolled["slip"], "owner": owner});
    match it.bench.act("premium-officer", "resident.pay", pay) {
        Ok(paid) => {
            history.paid_from.push((owner, paid["amount"].as_i64().unwrap()));
            history.residents.push((relative, Month::of(it.office().today())));
        }
        Err(_) => {
            it.done("premium.void", json!({"slip": enrolled["slip"]}));
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let person = || 0usize..4;
    let base = || prop_oneof![Just(1), Just(487_900), Just(488_100), 400_000i64..2_600_000];
    let how = prop_oneof![
        4 => Just(How::Paid), 1 => Just(How::Again), 1 => Just(How::Twice), 1 => Just(How::Short), 1 => Just(How::Refused)
    ];
    prop_oneof![
        4 => (person(), base()).prop_map(|(person, base)| Step::Employ { person, base }),
        1 => person().prop_map(|person| Step::Flexible { person }),
        1 => (person(), base()).prop_map(|(person, base)| Step::Declare { person, base }),
        1 => person().prop_map(|person| Step::Pause { person }),
        1 => person().prop_map(|person| Step::Resume { person }),
        1 => person().prop_map(|person| Step::End { person }),
        1 => person().prop_map(|person| Step::Retire { person }),
        4 => Just(Step::Assess),
        1 => Just(Step::Void),
        5 => how.prop_map(Step::Collect),
        1 => Just(Step::Return),
        1 => Just(Step::Grant),
        1 => Just(Step::Interest),
        1 => person().prop_map(|person| Step::Enrol { person }),
        1 => (person(), person()).prop_map(|(owner, relative)| Step::Bind { owner, relative }),
        1 => (person(), person()).prop_map(|(owner, relative)| Step::PayYear { owner, relative }),
        2 => (1i8..=31).prop_map(Step::Day),
        4 => Just(Step::NextMonth),
        1 => Just(Step::NextYear),
    ]
}

proptest! {
    // A history takes a second: a sixteenth of what PROPTEST_CASES asks, 16 without it.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 16, ..ProptestConfig::default() })]

    /// docs/card.md §6.4, docs/centre.md §16: any history adds up.
    #[test]
    fn any_history_adds_up(steps in proptest::collection::vec(step(), 1..40)) {
        let (mut it, mut history) = begin();
        for step in &steps {
            happen(&mut it, &mut history, step);
            if let Err(wrong) = audit(&mut it, &history) {
                return Err(TestCaseError::fail(format!("after {step:?}: {wrong}")));
            }
        }
    }
}
