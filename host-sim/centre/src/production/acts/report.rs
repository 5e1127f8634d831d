//! Report back (回盘), line by line.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use qiyong_protocol::card::codes::IdentCode;
use qiyong_protocol::card::files::Generation;

use super::bank::Standing;
use super::batch::{current, personalisation};
use super::making::holder;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{CardNo, Day, Private, Text};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::life::card_file::CardFile;
use crate::orders;
use crate::production::cards;
use crate::production::refusal::ProductionRefusal;
use crate::production::report::{FailedAt, Made, Ordered, Reported};
use crate::production::rows::{self, Line, Making};
use crate::production::settings::Production;
use crate::production::stage::Step;

/// Reports what came of one line of a batch: the card that was made, or where and why making failed. Done again it changes
/// nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportLine {
    /// The batch's number
    pub batch: Text,
    /// The line's number in the batch
    #[schema(minimum = 1, maximum = 1000)]
    pub line: i64,
    /// The card that was made
    pub made: Option<MadeCard>,
    /// Why none was made
    pub failed: Option<Failure>,
}

/// A card as its maker reports it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MadeCard {
    /// The card's number
    pub number: CardNo,
    /// The holder's social security number on the card
    pub id_number: Private,
    /// The holder's name on the card
    pub name: Private,
    /// The day of issue on the card
    pub issued: Day,
    /// The last day of validity on the card
    pub expires: Day,
    /// The ident code: 32 hexadecimal digits
    #[schema(pattern = "^[0-9A-Fa-f]{32}$")]
    pub ident: String,
    /// The answer to reset, TS first: 4 to 66 hexadecimal digits
    #[schema(pattern = "^([0-9A-Fa-f]{2}){2,33}$")]
    pub atr: String,
    /// The bank card's number, if it has one
    pub bank_card: Option<Private>,
    /// In which box it lies (装箱位置)
    pub position: Option<Text>,
}

/// Why a line failed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// Where it failed (失败环节)
    pub at: FailedAt,
    /// Why (失败原因), up to 50 bytes
    pub reason: Text,
}

impl Act for ReportLine {
    const NAME: &'static str = "production.report";
    const ROLES: &'static [Role] = &[Role::Producer];
    type Answer = Standing;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Standing, Refusal> {
        desk.subject(format!("batch {} line {}", self.batch.0, self.line));
        let mut line = rows::line(desk, &self.batch.0, self.line)?;
        let reported = self.reported()?;
        reported.check_reason()?;
        let digest = self.digest(desk);
        if let Some(before) = line.report {
            let stage = rows::get(desk, &line.application)?.ok_or(ProductionRefusal::Unknown)?.stage;
            return if before == digest {
                Ok(Standing { changed: false, stage })
            } else {
                Err(ProductionRefusal::ReportedOtherwise.into())
            };
        }
        let mut making = current(desk, &line)?;
        line.report = Some(digest);
        match &reported {
            Reported::Made(made) => {
                let instant = rows::batch(desk, &line.batch)?.instant;
                self.register(desk, made, (&line, &making))?;
                line.outcome = Some("made".into());
                line.position.clone_from(&made.box_position);
                let step = if instant { Step::ReportInstant } else { Step::ReportMade };
                rows::take(desk, &mut making, step, None)?;
            }
            Reported::Failed { at, reason } => {
                line.outcome = Some(<&'static str>::from(at).into());
                line.reason = Some(reason.clone());
                making.reason.clone_from(&line.reason);
                let step = match at {
                    FailedAt::Bank => {
                        making.bank_card = None;
                        Step::ReportBankFailed
                    }
                    FailedAt::Production => Step::ReportFailed,
                };
                rows::take(desk, &mut making, step, Some(reason))?;
                rows::forget_pin(desk, &line.batch, line.line)?;
            }
        }
        rows::keep_report(desk, &line)?;
        Ok(Standing { changed: true, stage: making.stage })
    }
}

impl ReportLine {
    fn reported(&self) -> Result<Reported, ProductionRefusal> {
        let form = |field| ProductionRefusal::ReportForm { field };
        match (&self.made, &self.failed) {
            (Some(card), None) => {
                let ident = hex::decode(&card.ident).ok().and_then(|bytes| bytes.try_into().ok());
                Ok(Reported::Made(Made {
                    number: card.number.0,
                    issued: card.issued.0,
                    expires: card.expires.0,
                    ident: ident.and_then(|bytes| IdentCode::new(bytes).ok()).ok_or_else(|| form("made.ident"))?,
                    atr: hex::decode(&card.atr)
                        .ok()
                        .filter(|atr| (2..=33).contains(&atr.len()))
                        .ok_or_else(|| form("made.atr"))?,
                    bank_card: card.bank_card.as_ref().map(|card| card.expose().to_owned()),
                    box_position: card.position.as_ref().map(|position| position.0.clone()),
                }))
            }
            (None, Some(failure)) => Ok(Reported::Failed { at: failure.at, reason: failure.reason.0.clone() }),
            _ => Err(ProductionRefusal::ReportShape),
        }
    }

    /// By what the same report is known again.
    fn digest(&self, desk: &Desk<'_>) -> [u8; 32] {
        let text = Zeroizing::new(serde_json::to_string(self).unwrap_or_default());
        desk.hash("report", &text)
    }

    /// Puts the card into the register, if it is the one that was ordered.
    fn register(&self, desk: &Desk<'_>, made: &Made, (line, making): (&Line, &Making)) -> Result<(), Refusal> {
        let settings: Production = desk.parameter_on(line.issued)?;
        let generation = Generation::from_word(&settings.generation).ok_or(ProductionRefusal::Holder)?;
        let ordered = Ordered {
            number: line.card,
            issued: line.issued,
            expires: line.expires,
            area: desk.area(),
            generation,
            bank_card: making.bank_card.as_ref().map(|card| card.as_str().to_owned()),
        };
        made.check(&ordered, desk.hsm())?;
        let order = orders::get(desk, &line.application)?.ok_or(ProductionRefusal::NotReady)?;
        let person = holder(desk, &order.of.person)?;
        let personalisation = personalisation(desk, &settings, line, (&order, &person))?;
        if let Some(card) = &self.made {
            let differs = |field| Err(ProductionRefusal::ReportDiffers { field }.into());
            if !card.id_number.expose().as_bytes().eq_ignore_ascii_case(personalisation.id_number.as_bytes()) {
                return differs("made.id_number");
            }
            if card.name.expose() != person.particulars.name {
                return differs("made.name");
            }
        }
        let card = CardFile::produced(
            desk,
            (made.number, order.of.person.clone()),
            (made.ident, personalisation.id_number, personalisation.name),
            (made.issued, made.expires),
            Some(making.bank.clone()),
        );
        cards::add(desk, &card)
    }
}
