//! The catalogue, and who has a right to medical assistance: what the agency lays down.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::till::check_code;
use crate::access::acts::Done;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{Day, Text};
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::acts::role::{self, Role};
use crate::institution::level::Level;
use crate::persons;
use crate::settlement::benefits::Benefits;
use crate::settlement::catalogue::Entry;
use crate::settlement::codes::ChargeLevel;
use crate::settlement::entries;
use crate::settlement::exact::{Price, Share};
use crate::settlement::refusal::Refused;
use crate::store::value::values;

const MAY: &[Role] = &[Role::SettlementOfficer];

/// A price limit at institutions of a level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = settlement::PriceLimit)]
pub struct PriceLimit {
    /// The institution's level for price limits
    pub level: Level,
    /// The highest price of one of which the fund takes notice, in yuan with at most six decimals
    pub pric_uplmt_amt: Price,
}

/// Says what the fund thinks of an item from a day on. A value of the same day is replaced, if that day has not passed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetEntry {
    /// The item's code: 1 to 50 printable ASCII characters
    #[schema(pattern = "^[!-~]{1,50}$")]
    pub med_list_codg: String,
    /// The first day, today or later
    pub since: Day,
    /// 01 the fund takes part in all of it, 02 the person first pays a share alone, 03 the person pays all
    pub chrgitm_lv: ChargeLevel,
    /// The share that the person pays alone: 0 at level 01, above 0 and below 1 at 02, 1 at 03
    pub selfpay_prop: Share,
    /// Price limits, one for a level at most; a level without one has none
    #[serde(default)]
    pub limits: Vec<PriceLimit>,
}

impl Act for SetEntry {
    const NAME: &'static str = "catalogue.set";
    const ROLES: &'static [Role] = MAY;
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        check_code("med_list_codg", &self.med_list_codg)?;
        desk.subject(format!("item {} since {}", self.med_list_codg, self.since));
        if self.since.0 < desk.today() {
            return Err(General::not_allowed("since", "today or later", "今日或以后").into());
        }
        let fits = match self.chrgitm_lv {
            ChargeLevel::A => self.selfpay_prop == Share::NONE,
            ChargeLevel::B => self.selfpay_prop > Share::NONE && self.selfpay_prop < Share::WHOLE,
            ChargeLevel::C => self.selfpay_prop == Share::WHOLE,
        };
        if !fits {
            return Err(Refused::Catalogue.into());
        }
        let limits: Vec<_> = self.limits.iter().map(|limit| (limit.level, limit.pric_uplmt_amt)).collect();
        let twice = (1..limits.len()).find(|at| {
            let level = limits.get(*at).map(|(level, _)| *level);
            limits.iter().take(*at).any(|(known, _)| Some(*known) == level)
        });
        if let Some(at) = twice {
            let path = format!("limits[{at}].level");
            return Err(General::not_allowed(path, "a level once", "每个级别只能出现一次").into());
        }
        let entry = Entry { level: self.chrgitm_lv, own_share: self.selfpay_prop, limits };
        entries::keep(desk, &self.med_list_codg, self.since.0, &entry)?;
        Ok(Done { changed: true })
    }
}

/// What the catalogue says of an item.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryView {
    /// The item's code
    pub med_list_codg: String,
    /// Since when; nothing: the catalogue does not have it, so that the person pays all of it
    pub since: Option<Day>,
    /// Its level
    pub chrgitm_lv: ChargeLevel,
    /// The share that the person pays alone
    pub selfpay_prop: Share,
    /// Price limits
    pub limits: Vec<PriceLimit>,
}

/// Shows what the catalogue says of an item on a day.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowEntry {
    /// The item's code: 1 to 50 printable ASCII characters
    #[schema(pattern = "^[!-~]{1,50}$")]
    pub med_list_codg: String,
    /// The day; today if it is not said
    pub day: Option<Day>,
}

impl Act for ShowEntry {
    const NAME: &'static str = "catalogue.show";
    const ROLES: &'static [Role] = role::ALL;
    const READS: bool = true;
    type Answer = EntryView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<EntryView, Refusal> {
        check_code("med_list_codg", &self.med_list_codg)?;
        let found = entries::entry_on(desk, &self.med_list_codg, self.day.map_or(desk.today(), |day| day.0))?;
        let since = found.as_ref().map(|(since, _)| Day(*since));
        let Entry { level, own_share, limits } = found.map_or_else(Entry::unlisted, |(_, entry)| entry);
        let limits = limits.into_iter().map(|(level, pric_uplmt_amt)| PriceLimit { level, pric_uplmt_amt });
        Ok(EntryView {
            med_list_codg: self.med_list_codg.clone(),
            since,
            chrgitm_lv: level,
            selfpay_prop: own_share,
            limits: limits.collect(),
        })
    }
}

/// Gives a person a right to medical assistance from today on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantAssistance {
    /// The person's number
    pub psn_no: Text,
    /// The class, one of those that the area's benefits name
    pub class: Text,
}

impl Act for GrantAssistance {
    const NAME: &'static str = "assistance.grant";
    const ROLES: &'static [Role] = MAY;
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        known(desk, &self.psn_no.0)?;
        if desk.parameter::<Benefits>()?.assistance(&self.class.0).is_none() {
            return Err(
                General::not_allowed("class", "a class of the parameter benefits", "参数 benefits 中的类别").into()
            );
        }
        end(desk, &self.psn_no.0)?;
        desk.store().execute(
            "INSERT INTO assistance (area, person, since, class) VALUES ($1, $2, $3, $4)
             ON CONFLICT (area, person, since) DO UPDATE SET class = excluded.class, until = NULL",
            values![desk.area(), self.psn_no, desk.today(), self.class],
        )?;
        Ok(Done { changed: true })
    }
}

/// Ends a person's right to medical assistance from today on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndAssistance {
    /// The person's number
    pub psn_no: Text,
}

impl Act for EndAssistance {
    const NAME: &'static str = "assistance.end";
    const ROLES: &'static [Role] = MAY;
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        known(desk, &self.psn_no.0)?;
        Ok(Done { changed: end(desk, &self.psn_no.0)? })
    }
}

fn known(desk: &mut Desk<'_>, person: &str) -> Result<(), Refusal> {
    desk.subject(format!("person {person}"));
    if persons::get(desk, person)?.is_some() { Ok(()) } else { Err(Refused::Person.into()) }
}

fn end(desk: &Desk<'_>, person: &str) -> Result<bool, Refusal> {
    let ended = desk.store().execute(
        "UPDATE assistance SET until = $1 WHERE area = $2 AND person = $3 AND until IS NULL",
        values![desk.today(), desk.area(), person],
    )?;
    Ok(ended > 0)
}
