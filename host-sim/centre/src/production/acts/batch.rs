//! Batches: the cards that one maker makes for one bank, and the data of each card.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use qiyong_protocol::card::codes::{CardNumber, IdNumber};
use qiyong_protocol::card::files::Generation;

use super::making::{READERS, holder};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{CardNo, Day, Private, Text};
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::error::CentreError;
use crate::orders::{self, Order};
use crate::persons::Person;
use crate::production::cards;
use crate::production::personalisation::{Personalisation, card_date, card_name, card_number, expiry};
use crate::production::refusal::ProductionRefusal;
use crate::production::rows::{self, Batch, Line, Making};
use crate::production::settings::Production;
use crate::production::stage::{Stage, Step};
use crate::production::transport::{CardData, TransportKey};

/// The most cards of a batch.
const BATCH_MAX: usize = 1_000;
/// The most numbers in a row that are skipped because cards have them.
const TAKEN_MAX: usize = 1_000;

/// Puts cards whose account is open into a batch: those that are named, or all that wait for this bank, up to 1000. Each gets
/// its card number and its initial PIN.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeBatch {
    /// The bank's code, 5 digits
    pub bank: Text,
    /// The maker's code, 4 digits
    pub maker: Text,
    /// The outlet makes the cards itself and has them at once (即制卡); they must be its own
    #[serde(default)]
    pub instant: bool,
    /// The applications; none: all that wait
    #[schema(max_items = 1000)]
    pub applications: Option<Vec<Text>>,
}

/// A batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchAnswer {
    /// Its number: area 6, day 8, serial number 4
    pub batch: String,
    /// The outlet that ordered it
    pub outlet: String,
    /// The bank
    pub bank: String,
    /// The maker
    pub maker: String,
    /// The day on which it was made
    pub opened: Day,
    /// The outlet makes the cards itself
    pub instant: bool,
    /// Its lines
    pub lines: Vec<BatchLine>,
}

/// A line of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchLine {
    /// Its number in the batch, from 1
    pub line: i64,
    /// The application
    pub application: String,
    /// The card's number
    pub card: CardNo,
    /// What came of it: made, bank, production, lost; none: not reported yet
    pub outcome: Option<String>,
    /// Why it failed, in the maker's words
    pub reason: Option<String>,
    /// In which box it lies
    pub position: Option<String>,
}

impl Act for MakeBatch {
    const NAME: &'static str = "production.batch";
    const ROLES: &'static [Role] = &[Role::Producer];
    type Answer = BatchAnswer;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<BatchAnswer, Refusal> {
        let settings: Production = desk.parameter()?;
        if !settings.makers.iter().any(|maker| maker.code == self.maker.0) {
            return Err(ProductionRefusal::Maker.into());
        }
        let all = self.chosen(desk)?;
        if !(1..=BATCH_MAX).contains(&all.len()) {
            return Err(ProductionRefusal::BatchSize.into());
        }
        let serial = desk.next_number(&format!("batch-{}", desk.today()))?;
        let batch = Batch {
            number: format!("{}{}{serial:04}", desk.area(), desk.today().strftime("%Y%m%d")),
            instant: self.instant,
            outlet: desk.outlet().into(),
            bank: self.bank.0.clone(),
            maker: self.maker.0.clone(),
            opened: desk.today(),
        };
        desk.subject(format!("batch {}", batch.number));
        rows::add_batch(desk, &batch)?;
        let mut taken = Vec::new();
        for (number, mut making) in (1..).zip(all) {
            if self.instant && making.outlet != desk.outlet() {
                return Err(ProductionRefusal::OtherOutlet.into());
            }
            let line = line(desk, &settings, &batch, (number, &making.application))?;
            rows::add_line(desk, &line)?;
            making.batch = Some((batch.number.clone(), number));
            making.attempts += 1;
            making.reason = None;
            rows::take(desk, &mut making, Step::Batch, Some(&batch.number))?;
            taken.push(line);
        }
        Ok(answer(batch, taken))
    }
}

impl MakeBatch {
    /// The cards that are to stand in the batch.
    fn chosen(&self, desk: &Desk<'_>) -> Result<Vec<Making>, Refusal> {
        let Some(named) = &self.applications else {
            let limit = BATCH_MAX as u16;
            let bank = Some(self.bank.0.as_str());
            let mut all = rows::at_stage(desk, Stage::ProductionFailed, bank, limit)?;
            all.extend(rows::at_stage(desk, Stage::BankOpened, bank, limit)?);
            all.retain(|making| !self.instant || making.outlet == desk.outlet());
            all.truncate(BATCH_MAX);
            return Ok(all);
        };
        if named.len() > BATCH_MAX {
            return Err(ProductionRefusal::BatchSize.into());
        }
        let mut all = Vec::new();
        for application in named {
            let making = rows::get(desk, &application.0)?.ok_or(ProductionRefusal::Unknown)?;
            let twice = all.iter().any(|known: &Making| known.application == making.application);
            if twice || matches!(making.stage, Stage::InBatch | Stage::InProduction) {
                return Err(ProductionRefusal::InBatchAlready.into());
            }
            if making.bank != self.bank.0 {
                return Err(ProductionRefusal::Bank.into());
            }
            all.push(making);
        }
        Ok(all)
    }
}

/// A new line, with its card number and its PIN.
fn line(
    desk: &Desk<'_>,
    settings: &Production,
    batch: &Batch,
    (number, application): (i64, &str),
) -> Result<Line, Refusal> {
    let (serial, card) = free_number(desk, &settings.number_prefix)?;
    let random = |bytes: &mut [u8]| getrandom::fill(bytes).map_err(|_| CentreError::NoRandom);
    let line = Line {
        batch: batch.number.clone(),
        line: number,
        application: application.into(),
        card,
        serial,
        issued: desk.today(),
        expires: expiry(desk.today(), settings.validity_years),
        pin: Some(settings.initial_pin.draw(random)?),
        report: None,
        outcome: None,
        reason: None,
        position: None,
    };
    // Whoever cannot be written on a card is found now, not by the maker.
    let order = orders::get(desk, application)?.ok_or(ProductionRefusal::NotReady)?;
    let person = holder(desk, &order.of.person)?;
    personalisation(desk, settings, &line, (&order, &person))?;
    Ok(line)
}

/// The next serial number whose card number nobody has: cards that were not made here may have some.
fn free_number(desk: &Desk<'_>, prefix: &str) -> Result<(u32, CardNumber), Refusal> {
    for _ in 0..TAKEN_MAX {
        let serial = u32::try_from(desk.next_number("card")?).map_err(|_| ProductionRefusal::NoNumber)?;
        let card = card_number(prefix, serial).ok_or(ProductionRefusal::NoNumber)?;
        if !cards::is_taken(desk, card)? {
            return Ok((serial, card));
        }
    }
    Err(ProductionRefusal::NoNumber.into())
}

/// The choices for the card of a line.
pub(super) fn personalisation(
    office: &Office<'_>,
    settings: &Production,
    line: &Line,
    (order, person): (&Order, &Person),
) -> Result<Personalisation, ProductionRefusal> {
    let no = || ProductionRefusal::Holder;
    let generation = Generation::from_word(&settings.generation).ok_or_else(no)?;
    let ethnicity = order.of.particulars.ethnicity;
    let known = &person.particulars;
    Ok(Personalisation {
        number: line.card,
        serial: line.serial,
        area: office.area(),
        generation,
        protocol: settings.protocol,
        id_number: IdNumber::new(order.of.particulars.id_number.as_bytes()).map_err(|_| no())?,
        name: card_name(&known.name, generation).map_err(|_| no())?,
        sex: b'0' + known.sex.min(9),
        ethnicity: ((ethnicity / 10 % 10) << 4) | (ethnicity % 10),
        born: card_date(known.born).ok_or_else(no)?,
        issued: card_date(line.issued).ok_or_else(no)?,
        expires: card_date(line.expires).ok_or_else(no)?,
        pin: line.pin.clone().unwrap_or_else(|| Zeroizing::new(String::new())),
        pin_tries: settings.pin_tries,
    })
}

fn answer(batch: Batch, lines: Vec<Line>) -> BatchAnswer {
    let line = |line: Line| BatchLine {
        line: line.line,
        application: line.application,
        card: CardNo(line.card),
        outcome: line.outcome,
        reason: line.reason,
        position: line.position,
    };
    BatchAnswer {
        batch: batch.number,
        outlet: batch.outlet,
        bank: batch.bank,
        maker: batch.maker,
        opened: Day(batch.opened),
        instant: batch.instant,
        lines: lines.into_iter().map(line).collect(),
    }
}

/// Shows a batch with what came of its lines.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowBatch {
    /// The batch's number
    pub batch: Text,
}

impl Act for ShowBatch {
    const NAME: &'static str = "production.batch-show";
    const ROLES: &'static [Role] = READERS;
    const READS: bool = true;
    type Answer = BatchAnswer;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<BatchAnswer, Refusal> {
        desk.subject(format!("batch {}", self.batch.0));
        Ok(answer(rows::batch(desk, &self.batch.0)?, rows::lines(desk, &self.batch.0)?))
    }
}

/// Gives the maker the data of one card. Done again it gives the same card, sealed anew, until the line is reported.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonaliseCard {
    /// The batch's number
    pub batch: Text,
    /// The line's number in the batch
    #[schema(minimum = 1, maximum = 1000)]
    pub line: i64,
    /// The key under which keys and PIN are sealed: 64 hexadecimal digits, drawn for this card alone
    pub transport_key: Private,
}

impl Act for PersonaliseCard {
    const NAME: &'static str = "production.personalise";
    const ROLES: &'static [Role] = &[Role::Producer];
    type Answer = CardData;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<CardData, Refusal> {
        desk.subject(format!("batch {} line {}", self.batch.0, self.line));
        let key = TransportKey::new(self.transport_key.expose()).ok_or(ProductionRefusal::TransportKey)?;
        let line = rows::line(desk, &self.batch.0, self.line)?;
        let mut making = current(desk, &line)?;
        let order = orders::get(desk, &line.application)?.ok_or(ProductionRefusal::NotReady)?;
        let person = holder(desk, &order.of.person)?;
        let settings: Production = desk.parameter_on(line.issued)?;
        let personalisation = personalisation(desk, &settings, &line, (&order, &person))?;
        let (_, issued) = personalisation.issue(desk.hsm()).map_err(|_| ProductionRefusal::Holder)?;
        let bank_card = making.bank_card.as_ref().map(|card| card.as_str());
        let data = CardData::pack((&personalisation, &person.particulars.name, bank_card), &issued, &key)?;
        if making.stage != Stage::InProduction {
            rows::take(desk, &mut making, Step::Personalise, None)?;
        }
        Ok(data)
    }
}

/// The card in the making of a line that is neither reported nor given up.
pub(super) fn current(desk: &Desk<'_>, line: &Line) -> Result<Making, Refusal> {
    let making = rows::get(desk, &line.application)?.ok_or(ProductionRefusal::Unknown)?;
    let is_its = making.batch.as_ref() == Some(&(line.batch.clone(), line.line));
    let open = matches!(making.stage, Stage::InBatch | Stage::InProduction);
    if is_its && open { Ok(making) } else { Err(ProductionRefusal::LineOver.into()) }
}
