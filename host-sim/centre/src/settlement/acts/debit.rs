//! A bill that is paid with a card by way of a driver library: the card has noted the payment, and its TAC proves that it was there
//! with its PIN (docs/driver.md §D). The first one puts the card into use, as a terminal's payment does.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::card::codes::IdentCode;
use qiyong_protocol::card::debit::Debit;
use qiyong_protocol::card::keys::Algorithm;

use super::till::{self, SettlementView, TILLS};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{CardNo, Private};
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::life::acts::pin::CardAlgorithm;
use crate::life::card_file;
use crate::life::refusal::LifeRefusal;
use crate::settlement::booking::{self, Ask, open_visit};
use crate::settlement::in_use;
use crate::settlement::refusal::Refused;

/// Settles a visit with a card that has noted the payment, and puts the card into use if it is not. The same payment again gets the
/// same answer, and moves nothing: terminal, time and the card's number for it are the message's number.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayWithCard {
    /// The visit, whose lines were sent before
    #[schema(minimum = 1)]
    pub mdtrt_id: i64,
    /// The card's number
    pub card: CardNo,
    /// The historical bytes of its ATR, 2 to 30 hexadecimal digits: the sixth field of iReadCardBas
    #[schema(pattern = "^([0-9A-Fa-f]{2}){1,15}$")]
    pub historical: String,
    /// The algorithm of its keys
    pub algorithm: CardAlgorithm,
    /// The text of iDoDebit or of its step 2: nine fields, each closed by a bar
    pub noted: Private,
    /// The holder has replaced the card's initial PIN, now or before: iChangePIN gave 0
    pub pin_changed: bool,
}

/// What a card has noted.
struct Noted {
    ident: IdentCode,
    serial: u16,
    debit: Debit,
    tac: [u8; 4],
    /// Terminal, time and serial number: 30 letters and digits.
    message: String,
}

impl Noted {
    fn read(text: &str) -> Option<Self> {
        let fields: Vec<_> = text.strip_suffix('|')?.split('|').collect();
        let [ident, serial, terminal, _own, time, personal, pooled, tac, _mac_2] = fields[..] else { return None };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let bytes = |text: &str| hex::decode(text).ok();
        let ident = IdentCode::new(bytes(ident)?.try_into().ok()?).ok()?;
        let message = format!("{terminal}{time}{serial}");
        let debit = Debit {
            personal: fen(personal)?,
            pooled: fen(pooled)?,
            terminal: bytes(terminal).filter(|_| digits(terminal))?.try_into().ok()?,
            time: bytes(time).filter(|_| digits(time))?.try_into().ok()?,
        };
        let serial = u16::from_be_bytes(bytes(serial)?.try_into().ok()?);
        Some(Self { ident, serial, debit, tac: bytes(tac)?.try_into().ok()?, message })
    }
}

/// Yuan with two decimals, in fen.
fn fen(text: &str) -> Option<u32> {
    let (yuan, fen) = text.split_once('.').filter(|(_, fen)| fen.len() == 2)?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if digits(yuan) && digits(fen) { format!("{yuan}{fen}").parse().ok() } else { None }
}

impl Act for PayWithCard {
    const NAME: &'static str = "settlement.debit";
    const ROLES: &'static [Role] = TILLS;
    type Answer = SettlementView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<SettlementView, Refusal> {
        desk.subject(format!("visit {}", self.mdtrt_id));
        let institution = till::institution(desk)?;
        let wrong = |field, en, zh| General::not_allowed(field, en, zh);
        let noted = Noted::read(self.noted.expose())
            .ok_or_else(|| wrong("noted", "the text of iDoDebit, as it is", "应为iDoDebit返回的原文"))?;
        let historical =
            hex::decode(&self.historical).map_err(|_| wrong("historical", "hexadecimal digits", "应为十六进制数"))?;
        let card = card_file::find(desk.store(), desk.vault(), self.card.0)?;
        let here = |card: &card_file::CardFile| {
            card.area == desk.area() && card.handed_over.is_some() && card.expires >= desk.today()
        };
        let mut card = card.filter(here).ok_or(Refused::Certificate)?;
        let algorithm = match self.algorithm {
            CardAlgorithm::TripleDes => Algorithm::TripleDes,
            CardAlgorithm::Sm4 => Algorithm::Sm4,
        };
        let Noted { ident, serial, debit, tac, message } = noted;
        let of_card = (algorithm, historical.as_slice(), card.area);
        if card.ident != ident || !desk.hsm().has_noted(of_card, (&debit, serial), tac) {
            return Err(LifeRefusal::NotGenuine.into());
        }
        desk.subject(format!("message {message}"));
        let request = till::request(desk, self)?;
        let ask = Ask { institution, message: &message, request, operator: &desk.operator().id };
        if let Some(known) = booking::again(desk, &ask)? {
            return Ok(known.into());
        }
        // The rule that the initial PIN is replaced first holds here as it does at a terminal.
        if card.pin_is_initial && !self.pin_changed {
            return Err(Refused::Certificate.into());
        }
        card.pin_is_initial = false;
        let (visit, person) = open_visit(desk, institution, self.mdtrt_id)?;
        if visit.person != card.person {
            return Err(Refused::Visit.into());
        }
        let worked_out = booking::trial(desk, &visit, &person, visit.acct_used)?;
        let owed = &worked_out.calculated.setlinfo;
        for (field, said, is) in
            [("acct_pay", debit.personal, owed.acct_pay), ("fund_pay_sumamt", debit.pooled, owed.fund_pay_sumamt)]
        {
            if i64::from(said) != is {
                return Err(Refused::Sum { field, expected: is }.into());
            }
        }
        let settlement = booking::settle(desk, &ask, (&visit, &person), worked_out)?;
        in_use::pays(desk, &mut card, (&desk.operator().id, institution), settlement.number)?;
        desk.subject(format!("settlement {} of message {message}", settlement.number));
        Ok(settlement.into())
    }
}
