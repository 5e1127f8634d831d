//! A card in the making: its steps, its line in a batch with number and PIN, and the card, if it was made.

use jiff::civil::Date;
use zeroize::Zeroizing;

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::files::Generation;

use super::cards::{self, Card};
use super::course::{self, Course};
use super::dice::Dice;
use super::identity::bank_card;
use super::papers::{Applying, Filed};
use super::path::{BATCH_DAY, Path, making_day};
use super::tables;
use super::unit::Unit;
use crate::error::CentreError;
use crate::production::bank::BankReason;
use crate::production::personalisation::{Personalisation, card_date, card_name, card_number, expiry};
use crate::production::stage::{Stage, Step};
use crate::store::bulk::cells;

/// The batches of a unit, by the day on which they were opened: number and last line.
pub(super) type Batches = std::collections::BTreeMap<Date, (String, i64)>;

/// Makes the card as far as the person has come.
pub(super) fn make(
    unit: &mut Unit<'_>,
    batches: &mut Batches,
    applying: &Applying<'_>,
    filed: &Filed,
    dice: &mut Dice,
) -> Result<(), CentreError> {
    let steps = applying.path.making();
    if steps.is_empty() {
        return Ok(());
    }
    let opens = steps.contains(&Step::BankOpens);
    let bank_card = opens.then(|| Zeroizing::new(bank_card(unit.seed, applying.at)));
    let sealed = bank_card.as_ref().map(|card| unit.office.seal(card)).transpose()?;
    let refused: &str = BankReason::PersonUnknown.into();
    let failed = applying.path == Path::Making(Stage::ProductionFailed);
    let line = if applying.path.has_line() { Some(line(unit, batches, applying, filed, dice)?) } else { None };
    let mut stage = Stage::BankOpening;
    for (number, step) in (1_i64..).zip(&steps) {
        // `path` has no step that the table does not allow, which its test sees to.
        stage = stage.after(*step).unwrap_or(stage);
        let note = match step {
            Step::AskBank => Some(unit.bank()),
            Step::Batch => line.as_ref().map(|(batch, _)| batch.as_str()),
            Step::BankRefuses => Some(refused),
            Step::ReportFailed => Some(FAILED),
            _ => None,
        };
        let time = unit.time(applying.ago - making_day(*step)).to_string();
        unit.add(
            &tables::PRODUCTION_STEPS,
            cells![&filed.number, number, &time, <&str>::from(*step), <&str>::from(stage), "-", note],
        )?;
    }
    let last = steps.last().map_or(0, |step| making_day(*step));
    let reason = if failed { Some(FAILED) } else { (!opens).then_some(refused).filter(|_| steps.len() > 1) };
    unit.add(
        &tables::PRODUCTIONS,
        cells![
            &filed.number,
            <&str>::from(stage),
            &unit.day(applying.ago - last).to_string(),
            unit.outlet,
            unit.bank(),
            sealed.as_ref(),
            reason,
            line.as_ref().map(|(batch, _)| batch.as_str()),
            line.as_ref().map(|(_, line)| *line),
            i64::from(line.is_some()),
        ],
    )
}

/// Why the maker could not make a card, in its words.
const FAILED: &str = "芯片损坏";

/// The line of the batch; returns its batch and number.
fn line(
    unit: &mut Unit<'_>,
    batches: &mut Batches,
    applying: &Applying<'_>,
    filed: &Filed,
    dice: &mut Dice,
) -> Result<(String, i64), CentreError> {
    let opened = unit.day(applying.ago - BATCH_DAY);
    let (batch, number) = next_line(unit, batches, opened)?;
    let steps = applying.path.making();
    let (made, failed) = (steps.contains(&Step::ReportMade), steps.contains(&Step::ReportFailed));
    let pin = unit.rules.production.initial_pin.draw(|bytes: &mut [u8]| {
        dice.fill(bytes);
        Ok::<_, CentreError>(())
    })?;
    // It is forgotten when the card is out of the house, or there is none.
    let forgotten = [Step::ReportFailed, Step::HandOver, Step::HandToUnit, Step::Destroy];
    let kept = !steps.iter().any(|step| forgotten.contains(step));
    let sealed = kept.then(|| unit.office.seal(&pin)).transpose()?;
    let new = new_card(unit, applying, opened, pin)?;
    let report = (made || failed).then(|| unit.office.hash("report", &filed.number));
    let expires = expiry(opened, unit.rules.production.validity_years).to_string();
    unit.add(
        &tables::BATCH_LINES,
        cells![
            &batch,
            number,
            &filed.number,
            new.number.as_str(),
            i64::from(new.serial),
            &opened.to_string(),
            &expires,
            sealed.as_ref(),
            report.as_ref(),
            if failed { Some("production") } else { made.then_some("made") },
            failed.then_some(FAILED),
            None::<&str>,
        ],
    )?;
    if made {
        let handed_over = steps.contains(&Step::HandOver).then(|| applying.ago - making_day(Step::HandOver));
        let course: &Course = match applying.path {
            Path::Held(course) => course,
            Path::Making(Stage::Destroyed) => &course::DESTROYED,
            _ => &course::NEW,
        };
        let card = Card { new: &new, person: applying.person, produced: opened, handed_over, course };
        let later = handed_over.map_or(applying.ago - making_day(Step::Destroy), |ago| ago - 1);
        cards::add(unit, &card, later)?;
    }
    Ok((batch, number))
}

fn next_line(unit: &mut Unit<'_>, batches: &mut Batches, opened: Date) -> Result<(String, i64), CentreError> {
    if let Some((batch, line)) = batches.get_mut(&opened) {
        *line += 1;
        return Ok((batch.clone(), *line));
    }
    let serial = unit.next(&format!("batch-{opened}"))?;
    let batch = format!("{}{}{serial:04}", unit.office.area(), opened.strftime("%Y%m%d"));
    let maker = unit.rules.production.makers.first().map_or("", |maker| maker.code.as_str());
    let outlet = unit.outlet;
    let bank = unit.bank();
    unit.add(&tables::BATCHES, cells![&batch, false, outlet, bank, maker, &opened.to_string()])?;
    batches.insert(opened, (batch.clone(), 1));
    Ok((batch, 1))
}

/// The choices for a card, with the next number of the area.
fn new_card(
    unit: &mut Unit<'_>,
    applying: &Applying<'_>,
    issued: Date,
    pin: Zeroizing<String>,
) -> Result<Personalisation, CentreError> {
    let serial = u32::try_from(unit.next("card")?).unwrap_or(u32::MAX);
    choices(unit, applying, (serial, issued), pin).ok_or_else(|| {
        CentreError::Defaults("a fictional person's card cannot be made, or there is no number left".into())
    })
}

fn choices(
    unit: &Unit<'_>,
    applying: &Applying<'_>,
    (serial, issued): (u32, Date),
    pin: Zeroizing<String>,
) -> Option<Personalisation> {
    let (settings, someone) = (&unit.rules.production, applying.someone);
    let generation = Generation::from_word(&settings.generation)?;
    Some(Personalisation {
        number: card_number(&settings.number_prefix, serial)?,
        serial,
        area: unit.office.area(),
        generation,
        protocol: settings.protocol,
        id_number: someone.id,
        name: card_name(&someone.name, generation).ok()?,
        sex: b'0' + someone.sex,
        ethnicity: 1,
        born: card_date(someone.born)?,
        issued: card_date(issued)?,
        expires: card_date(expiry(issued, settings.validity_years))?,
        pin,
        pin_tries: settings.pin_tries,
    })
}

/// A card that was made before this centre made any, and is now replaced; returns its number.
pub(super) fn older(
    unit: &mut Unit<'_>,
    applying: &Applying<'_>,
    years: i32,
    course: &'static Course,
) -> Result<CardNumber, CentreError> {
    let made = applying.ago + 365 * years;
    let produced = unit.day(made);
    let new = new_card(unit, applying, produced, Zeroizing::new("123456".into()))?;
    let card = Card { new: &new, person: applying.person, produced, handed_over: Some(made - 15), course };
    let at = applying.ago - if course.why.is_some() { making_day(Step::HandOver) } else { -2 };
    cards::add(unit, &card, at)?;
    Ok(new.number)
}
