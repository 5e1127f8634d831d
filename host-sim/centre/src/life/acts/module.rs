//! The security module for programs with a driver library (docs/driver.md §D): its businesses read, PIN, write and debit. Each takes
//! the text of the library's step and gives the text for the next; the card must be there, since every result holds for one
//! challenge of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::card::codes::IdentCode;
use qiyong_protocol::card::files::Df;
use qiyong_protocol::card::psam::{self, READ_SSSE};

use super::super::deeds::CardAct;
use super::super::refusal::LifeRefusal;
use super::hand::{By, Holder, change_social, open_handed_over, open_own, verified, write};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{CardNo, Private};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::hsm::steps::{Order, Question};
use crate::life::card_act::FormalRelease;
use crate::life::place::Place;

/// The text for the library's next step.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModuleKey {
    /// pKey of the next step
    pub key: Private,
}

impl From<String> for ModuleKey {
    fn from(key: String) -> Self {
        Self { key: Private(key) }
    }
}

/// Gives what opens the personal data of a card that is there (business 01): for iReadCardBas_HSM_Step2, iReadCard_HSM_Step2, and
/// step 2 of setting a PIN.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModuleRead {
    /// The text of step 1: ten fields, each closed by a bar
    pub question: Private,
}

impl Act for ModuleRead {
    const NAME: &'static str = "module.read";
    const ROLES: &'static [Role] = &[Role::Issuer, Role::BankCounter, Role::Hospital, Role::Pharmacy];
    const READS: bool = true;
    type Answer = ModuleKey;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<ModuleKey, Refusal> {
        let question = question(&self.question)?;
        desk.subject(format!("ident {}", hex::encode_upper(question.ident.as_bytes())));
        desk.on_record();
        Ok(desk.hsm().results(&question, READ_SSSE.master).ok_or_else(|| field("question"))?.into())
    }
}

/// Gives what lets a window write a file of a card that is there (business 04): for iWriteCard_HSM_Step2.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModuleWrite {
    /// The card's number
    pub card: CardNo,
    /// The text of step 1: ten fields, each closed by a bar
    pub question: Private,
    /// The file, as pFileAddr names it: SSSE or DF and two digits, and its identifier
    #[schema(pattern = "^(SSSE|DF[0-9A-F]{2})EF[0-9A-F]{2}$")]
    pub file: String,
}

impl Act for ModuleWrite {
    const NAME: &'static str = "module.write";
    const ROLES: &'static [Role] = &[Role::Issuer];
    type Answer = ModuleKey;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<ModuleKey, Refusal> {
        let (_, card) = open_own(desk, self.card)?;
        let question = of_card(&self.question, card.ident)?;
        let named = self.file.split_at_checked(4).and_then(|(df, fid)| {
            let df = match df.strip_prefix("DF") {
                Some(number) => Df::App(u8::from_str_radix(number, 16).ok()?),
                None => Df::Ssse,
            };
            psam::for_writing(df, u16::from_str_radix(fid, 16).ok()?)
        });
        let master = named.ok_or(LifeRefusal::Field {
            field: "file",
            en: "a file whose key is known",
            zh: "应为已知写密钥的文件",
        })?;
        Ok(desk.hsm().results(&question, master.master).ok_or_else(|| field("question"))?.into())
    }
}

/// Gives the command's data that sets a PIN anew, or gives it its tries back, for a card's holder, who is there with a valid
/// document and has keyed the PIN at the window's pad (business 02): for step 3 of iReloadPIN and iUnblockPIN. Whether the holder
/// must still replace an initial PIN stays as it was.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModulePin {
    /// The card's number
    pub card: CardNo,
    /// The holder
    pub holder: Holder,
    /// The text of step 1: ten fields, each closed by a bar
    pub question: Private,
    /// The text of step 2: five fields, each closed by a bar, the last one the PIN
    pub order: Private,
}

impl Act for ModulePin {
    const NAME: &'static str = "module.reset-pin";
    const ROLES: &'static [Role] = &[Role::Issuer];
    type Answer = ModuleKey;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<ModuleKey, Refusal> {
        let (office, mut card) = open_handed_over(desk, self.card)?;
        verified(&office, &card, &self.holder)?;
        let question = of_card(&self.question, card.ident)?;
        let order = Order::read(self.order.expose()).ok_or_else(|| field("order"))?;
        let mut data = office.hsm().pin_data(&question, &order).ok_or_else(|| field("order"))?;
        let reset = change_social(&office, &mut card, CardAct::ResetPin, &By::desk(desk, None))?;
        write(&office, &card, &[reset])?;
        Ok(std::mem::take(&mut *data).into())
    }
}

/// Gives what a card needs to note a payment at this till (business 07): for iDoDebit_HSM_Step2. Nothing is paid yet:
/// `settlement.debit` does that, with what the card answers.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModuleDebit {
    /// The card's number
    pub card: CardNo,
    /// The text of step 1: ten fields, each closed by a bar
    pub question: Private,
}

impl Act for ModuleDebit {
    const NAME: &'static str = "module.debit";
    const ROLES: &'static [Role] = &[Role::Hospital, Role::Pharmacy];
    type Answer = ModuleKey;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<ModuleKey, Refusal> {
        let (office, card) = open_handed_over(desk, self.card)?;
        let question = of_card(&self.question, card.ident)?;
        if card.expires < office.today() {
            return Err(LifeRefusal::Expired.into());
        }
        // A card that is lost, locked, sealed or cancelled is refused as an activation of it would be.
        CardAct::Activate.judge(Place::Pharmacy, card.status_at(office.now()), FormalRelease::default())?;
        Ok(office.hsm().debit_result(&question).ok_or_else(|| field("question"))?.into())
    }
}

fn question(text: &Private) -> Result<Question, Refusal> {
    Ok(Question::read(text.expose()).ok_or_else(|| field("question"))?)
}

/// The question, if it is about this card.
fn of_card(text: &Private, ident: IdentCode) -> Result<Question, Refusal> {
    let question = question(text)?;
    if question.ident == ident { Ok(question) } else { Err(LifeRefusal::NotGenuine.into()) }
}

const fn field(field: &'static str) -> LifeRefusal {
    LifeRefusal::Field {
        field,
        en: "the text of the driver library's step, as it is",
        zh: "应为驱动库对应步骤返回的原文",
    }
}
