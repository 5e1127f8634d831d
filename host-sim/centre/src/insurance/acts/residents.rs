//! Residents' yearly premium: enrolment, payment from a personal account, and the cover that a payment gives
//! (docs/centre.md §6.7.3).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::person;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry as ActEntry, entry};
use crate::acts::fields::{Amount, Day, Text};
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::error::{CentreError, Damage};
use crate::insurance::bank::Bank;
use crate::insurance::booking;
use crate::insurance::kinds::{Capacity, Kind};
use crate::insurance::month::Month;
use crate::insurance::pooling::Use;
use crate::insurance::rates::Parts;
use crate::insurance::refusal::Refused;
use crate::insurance::relation::State;
use crate::insurance::relations::{self, Kept, Relation};
use crate::insurance::resident::{Class, ClassRule, Cover, Entry, NotNow, Payment, Resident};
use crate::insurance::slips::{self, Line, LineState};
use crate::insurance::standing;
use crate::insurance::waiting::Waiting;
use crate::ledger::Account;
use crate::store::value::{values, words};

/// The acts of this file.
pub const ACTS: &[ActEntry] = &[entry::<EnrolResident>(), entry::<PayResidentFromAccount>()];

words! {
    /// How somebody comes in.
    #[derive(Default)]
    #[schema(as = ResidentEntry)]
    pub enum EntryKind {
        /// In the window, or late.
        #[default]
        Ordinary,
        /// 新生儿; the day is that of the birth.
        Newborn,
        /// 原职工; the day is the last of the employment.
        FormerEmployee,
    }
}

/// Enrols a resident for a year: makes the slip of the yearly premium. The cover begins when it is paid; who pays nothing
/// is covered at once.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolResident {
    /// The person's number
    pub person: Text,
    /// The class
    pub class: Class,
    /// The year in which the cover begins
    #[schema(minimum = 2000, maximum = 2199)]
    pub year: i16,
    /// How the person comes in
    #[serde(default)]
    pub entry: EntryKind,
    /// The day of birth of a newborn, or the last day of the employment
    #[serde(default)]
    pub entry_day: Option<Day>,
    /// Since when the person has been registered here (户籍)
    pub registered_since: Day,
    /// Whether the finance authority pays everything for a poor person
    #[serde(default)]
    pub poor: bool,
    /// Years before without cover that the area's own records do not show
    #[serde(default)]
    #[schema(maximum = 100)]
    pub missed_years: u8,
    /// For how many missed years the waiting was bought off
    #[serde(default)]
    #[schema(maximum = 100)]
    pub bought_off_years: u8,
}

/// A resident's year.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnrolledResident {
    /// The slip's number
    pub slip: String,
    /// The person's part, in fen
    pub personal: Amount,
    /// The finance authority's part, in fen
    pub subsidy: Amount,
    /// Whether it is paid
    pub paid: bool,
    /// The first day of the cover, if it is paid today
    pub from: Day,
    /// The last day of the cover
    pub until: Day,
    /// The first day on which the pool pays, if it is paid today
    pub pool_from: Day,
}

/// The area's rules of the cover that begins in `year`, and the row of the class.
fn rules(office: &Office<'_>, class: Class, year: i16) -> Result<(Resident, ClassRule), Refusal> {
    let first_day = Date::new(year, 1, 1)
        .map_err(|_| General::not_allowed("year", "a year from 2000 to 2199", "年度为 2000 至 2199"))?;
    let rules: Resident = office.parameter_on(first_day)?;
    let begins = rules.class(class).ok_or(Refused::ClassUnknown)?.cover(year).0;
    let rules: Resident = office.parameter_on(begins)?;
    let rule = *rules.class(class).ok_or(Refused::ClassUnknown)?;
    Ok((rules, rule))
}

impl EnrolResident {
    fn entry(&self, today: Date) -> Result<Entry, Refusal> {
        let day = self.entry_day.map(|day| day.0);
        match (self.entry, day.filter(|day| *day <= today)) {
            (EntryKind::Ordinary, None) if self.entry_day.is_none() => Ok(Entry::Ordinary),
            (EntryKind::Newborn, Some(birth)) => Ok(Entry::Newborn(birth)),
            (EntryKind::FormerEmployee, Some(ended)) => Ok(Entry::FormerEmployee(ended)),
            _ => Err(Refused::EntryDay.into()),
        }
    }

    /// The relation of residents' insurance, new if there is none.
    fn relation(&self, office: &Office<'_>) -> Result<i64, Refusal> {
        let known = relations::live(office, &self.person.0)?;
        if known.iter().any(|relation| relation.kind == Kind::Medical && relation.state == State::Insured) {
            return Err(Refused::AlreadyInsured(Kind::Medical).into());
        }
        if let Some(relation) = known.iter().find(|relation| relation.kind == Kind::Resident) {
            return Ok(relation.number);
        }
        let relation = Relation {
            number: 0,
            person: self.person.0.clone(),
            kind: Kind::Resident,
            capacity: Capacity::Resident,
            payer: self.person.0.clone(),
            state: State::Insured,
        };
        Ok(relations::begin(office, &relation, None)?)
    }

    /// Years without cover before the first day of this one, by the area's records or as declared.
    fn missed(&self, office: &Office<'_>, begins: Date) -> Result<u8, Refusal> {
        let since = relations::uninsured_since(office, &self.person.0, begins)?;
        let months = since.map_or(0, |since| Month::of(since).until(Month::of(begins)));
        Ok(self.missed_years.max(u8::try_from(months / 12).unwrap_or(u8::MAX)))
    }
}

impl Act for EnrolResident {
    const NAME: &'static str = "resident.enrol";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer];
    type Answer = EnrolledResident;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<EnrolledResident, Refusal> {
        desk.subject(format!("person {}", self.person.0));
        if !(2000..=2199).contains(&self.year) {
            return Err(General::not_allowed("year", "a year from 2000 to 2199", "年度为 2000 至 2199").into());
        }
        let today = desk.today();
        person(desk, &self.person.0, today)?;
        let (rules, rule) = rules(desk, self.class, self.year)?;
        let (begins, until) = rule.cover(self.year);
        let missed = self.missed(desk, begins)?;
        let payment = Payment {
            year: self.year,
            paid: today,
            entry: self.entry(today)?,
            missed,
            bought_off: self.bought_off_years,
        };
        let waiting: Waiting = desk.parameter_on(begins)?;
        let cover = rules
            .pay(&rule, payment, &waiting.residents)
            .map_err(|not| Refused::NoCover { opens: not.opens, ends: not.ends })?;
        let relation = self.relation(desk)?;
        // Any period that touches the year: classes have years of their own.
        if slips::last_assessed(desk, relation, begins)?.is_some_and(|first| first <= until) {
            return Err(Refused::YearAssessed.into());
        }
        let shares = rule.shares(self.poor, rules.registered_long(self.registered_since.0, today));
        let (_, closes) = rule.window(self.year);
        let due = if today <= closes { closes } else { until };
        let bank: Bank = desk.parameter()?;
        let slip = bank.slip(self.person.0.clone(), Month::of(begins), today, due);
        let mut line = Line {
            slip: String::new(),
            line: 1,
            relation,
            person: self.person.0.clone(),
            kind: Kind::Resident,
            capacity: Capacity::Resident,
            first: begins,
            last: until,
            due,
            base: 0,
            parts: Parts { own: shares.personal, ..Parts::default() },
            subsidy: shares.subsidy,
            credit: 0,
            state: LineState::Due,
            refused: None,
            collected: None,
            late_fee: 0,
        };
        line.slip = slips::add(desk, &slip, std::slice::from_ref(&line))?;
        self.keep(desk, &line.slip, payment)?;
        let paid = shares.personal == 0;
        if paid {
            add_cover(desk, &line, cover)?;
            booking::collected(desk, Account::Finance, &line, (today, 0))?;
        }
        Ok(EnrolledResident {
            slip: line.slip,
            personal: Amount(shares.personal),
            subsidy: Amount(shares.subsidy),
            paid,
            from: Day(cover.from),
            until: Day(cover.until),
            pool_from: Day(cover.pool_from),
        })
    }
}

impl EnrolResident {
    fn keep(&self, office: &Office<'_>, slip: &str, payment: Payment) -> Result<(), CentreError> {
        office.store().execute(
            "INSERT INTO resident_years (area, slip, class, year, entry, entry_day, missed, bought_off)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            values![
                office.area(),
                slip,
                self.class,
                i32::from(self.year),
                self.entry,
                self.entry_day,
                payment.missed,
                payment.bought_off
            ],
        )?;
        Ok(())
    }
}

fn add_cover(office: &Office<'_>, line: &Line, cover: Cover) -> Result<(), CentreError> {
    let span = Kept { first: cover.from, last: Some(cover.until), pool_first: cover.pool_from };
    relations::add_span(office, line.relation, span)
}

/// Opens the cover of a resident's line that is paid on `day`; other lines give none. Inside: it cannot be paid then.
pub(super) fn cover(office: &Office<'_>, line: &Line, day: Date) -> Result<Result<(), NotNow>, Refusal> {
    if line.capacity != Capacity::Resident {
        return Ok(Ok(()));
    }
    let damaged = |column: &str| CentreError::Damaged(Damage::Column(format!("resident_years.{column}")));
    let row = office
        .store()
        .find("SELECT * FROM resident_years WHERE area = $1 AND slip = $2", values![office.area(), line.slip])?
        .ok_or_else(|| damaged("slip"))?;
    let year = i16::try_from(row.get::<i32>("year")?).map_err(|_| damaged("year"))?;
    let (rules, rule) = rules(office, row.get("class")?, year)?;
    let entry = match (row.get("entry")?, row.get::<Option<Date>>("entry_day")?) {
        (EntryKind::Newborn, Some(birth)) => Entry::Newborn(birth),
        (EntryKind::FormerEmployee, Some(ended)) => Entry::FormerEmployee(ended),
        _ => Entry::Ordinary,
    };
    let payment = Payment { year, paid: day, entry, missed: row.get("missed")?, bought_off: row.get("bought_off")? };
    let waiting: Waiting = office.parameter_on(line.first)?;
    Ok(match rules.pay(&rule, payment, &waiting.residents) {
        Ok(cover) => {
            add_cover(office, line, cover)?;
            Ok(())
        }
        Err(not) => Err(not),
    })
}

/// Pays a resident's year from a personal account: the own one, or one that is bound to the person.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayResidentFromAccount {
    /// The slip's number
    pub slip: Text,
    /// The number of the person whose account pays
    pub owner: Text,
}

/// A year that is paid.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResidentPaid {
    /// What the account paid, in fen
    pub amount: Amount,
}

impl Act for PayResidentFromAccount {
    const NAME: &'static str = "resident.pay";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer];
    type Answer = ResidentPaid;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<ResidentPaid, Refusal> {
        desk.subject(format!("slip {}, account of {}", self.slip.0, self.owner.0));
        let slip = slips::get(desk, &self.slip.0)?.ok_or(General::NotFound("slip"))?;
        let lines = slips::lines(desk, &slip.number)?;
        let line = lines.first().filter(|line| line.capacity == Capacity::Resident);
        let line = line.ok_or(General::NotFound("slip of a resident"))?;
        line.state.collected().ok_or(Refused::SlipNotDue)?;
        let today = desk.today();
        if self.owner.0 != line.person {
            let allowed = standing::may_pay(desk, (&self.owner.0, &line.person), today, Use::ResidentPremium)?;
            allowed.ok_or(Refused::NotBound)?.map_err(Refused::Pooling)?;
        }
        cover(desk, line, today)?.map_err(|not| Refused::NoCover { opens: not.opens, ends: not.ends })?;
        booking::collected(desk, Account::Person(self.owner.0.clone()), line, (today, 0))?;
        Ok(ResidentPaid { amount: Amount(line.parts.total()) })
    }
}
