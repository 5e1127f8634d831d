//! Looking at cards in the making: one with its history, the work that waits, and how far a card is for whoever asks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::making::{READERS, making};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{CardNo, Day, Moment, Text};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::acts::waiting::Waiting;
use crate::error::CentreError;
use crate::orders::{self, OrderState};
use crate::production::progress::Progress;
use crate::production::refusal::ProductionRefusal;
use crate::production::rows::{self, Making};
use crate::production::settings::Production;
use crate::production::stage::{Stage, Step};
use crate::store::value::Row;

/// A card in the making.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductionLine {
    /// The application
    pub application: String,
    /// Where it stands
    pub stage: Stage,
    /// Since which day
    pub since: Day,
    /// For whom it waits; none: for nobody
    pub waiting: Option<Waiting>,
    /// Its term has passed
    pub late: bool,
    /// The outlet where it is handed over
    pub outlet: String,
    /// The bank
    pub bank: String,
    /// The batch of the last attempt
    pub batch: Option<String>,
    /// The line of the last attempt
    pub line: Option<i64>,
    /// How often it was tried to make the card
    pub attempts: i64,
    /// Why the bank refused, or why making failed
    pub reason: Option<String>,
}

impl ProductionLine {
    fn new(desk: &Desk<'_>, making: Making, settings: &Production) -> Self {
        let waiting = making.stage.waiting(making.since, &settings.terms);
        let late = waiting.as_ref().and_then(|waiting| waiting.until).is_some_and(|until| until.0 < desk.today());
        let (batch, line) = making.batch.unzip();
        Self {
            application: making.application,
            stage: making.stage,
            since: Day(making.since),
            waiting,
            late,
            outlet: making.outlet,
            bank: making.bank,
            batch,
            line,
            attempts: making.attempts,
            reason: making.reason,
        }
    }
}

/// Shows a card in the making, with everything that happened to it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowProduction {
    /// The application's number
    pub application: Text,
}

/// A card in the making, with its history.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductionAnswer {
    /// Where it stands
    pub production: ProductionLine,
    /// The card's number, once it stands in a batch
    pub card: Option<CardNo>,
    /// In which box it lies
    pub position: Option<String>,
    /// What happened to it, oldest first
    pub steps: Vec<StepLine>,
}

/// Something that happened to a card in the making.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepLine {
    /// When
    pub time: Moment,
    /// What
    pub step: String,
    /// The stage to which it came
    pub stage: Stage,
    /// By whom
    pub operator: String,
    /// With what: a bank, a batch, a reason, who collected it
    pub note: Option<String>,
}

impl Act for ShowProduction {
    const NAME: &'static str = "production.show";
    const ROLES: &'static [Role] = READERS;
    const READS: bool = true;
    type Answer = ProductionAnswer;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<ProductionAnswer, Refusal> {
        let making = making(desk, &self.application.0)?;
        let line = making.batch.as_ref().map(|(batch, line)| rows::line(desk, batch, *line)).transpose()?;
        let step = |row: &Row| {
            let step: Step = row.get("step")?;
            Ok(StepLine {
                time: row.get("time")?,
                step: <&'static str>::from(step).into(),
                stage: row.get("stage")?,
                operator: row.get("operator")?,
                note: row.get("note")?,
            })
        };
        let steps = rows::history(desk, &self.application.0)?.iter().map(step).collect::<Result<_, CentreError>>()?;
        let settings: Production = desk.parameter()?;
        Ok(ProductionAnswer {
            card: line.as_ref().map(|line| CardNo(line.card)),
            position: line.and_then(|line| line.position),
            production: ProductionLine::new(desk, making, &settings),
            steps,
        })
    }
}

/// Lists cards in the making at one stage, the longest waiting first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListProductions {
    /// The stage
    pub stage: Stage,
    /// Only those of this bank
    pub bank: Option<Text>,
    /// At most so many; 100 if not said
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

/// Cards in the making.
#[derive(Debug, Serialize, ToSchema)]
pub struct Productions {
    /// The cards
    pub productions: Vec<ProductionLine>,
}

impl Act for ListProductions {
    const NAME: &'static str = "production.list";
    const ROLES: &'static [Role] = READERS;
    const READS: bool = true;
    type Answer = Productions;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Productions, Refusal> {
        let bank = self.bank.as_ref().map(|bank| bank.0.as_str());
        let all = rows::at_stage(desk, self.stage, bank, self.limit.unwrap_or(100).clamp(1, 1_000))?;
        let settings: Production = desk.parameter()?;
        let line = |making| ProductionLine::new(desk, making, &settings);
        Ok(Productions { productions: all.into_iter().map(line).collect() })
    }
}

/// Says how far a card is, also in the codes of two interfaces (3-7 of Jiangsu, Hunan's progress).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowProgress {
    /// The application's number
    pub application: Text,
}

/// How far a card is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProgressAnswer {
    /// In this centre's term; none: nothing is on its way any more
    pub progress: Option<Progress>,
    /// Jiangsu's code
    pub jiangsu: Option<u8>,
    /// Hunan's code
    pub hunan: Option<&'static str>,
    /// Since which day, once it is in production
    pub since: Option<Day>,
    /// Where it is or will be handed over
    pub outlet: String,
    /// What is to be done about a bank's refusal, in English
    pub next_en: Option<&'static str>,
    /// What is to be done about a bank's refusal, in Chinese
    pub next_zh: Option<&'static str>,
}

impl Act for ShowProgress {
    const NAME: &'static str = "production.progress";
    const ROLES: &'static [Role] = &[Role::Clerk, Role::Producer, Role::Issuer, Role::Hotline, Role::Cashier];
    const READS: bool = true;
    type Answer = ProgressAnswer;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<ProgressAnswer, Refusal> {
        desk.subject(format!("application {}", self.application.0));
        let order = orders::get(desk, &self.application.0)?.ok_or(ProductionRefusal::Unknown)?;
        let making = rows::get(desk, &self.application.0)?;
        let progress = match (&making, order.state) {
            (Some(making), _) => Progress::of(making.stage),
            (None, OrderState::Withdrawn) => None,
            (None, _) => Some(Progress::Submitted),
        };
        let reason = making.as_ref().and_then(|making| making.reason.as_deref());
        let reason: Option<crate::production::bank::BankReason> = reason.and_then(|reason| reason.parse().ok());
        let (next_en, next_zh) = reason.map(|reason| reason.next()).unzip();
        Ok(ProgressAnswer {
            progress,
            jiangsu: progress.and_then(Progress::jiangsu),
            hunan: progress.and_then(Progress::hunan),
            since: making.as_ref().map(|making| Day(making.since)),
            outlet: making.map_or(order.of.outlet, |making| making.outlet),
            next_en,
            next_zh,
        })
    }
}
