//! iDoDebit, by the PSAM or in two steps with a centre's security module, and iReadDebitRecord (docs/card.md §1.9, docs/driver.md
//! §D). The card notes what is paid; the money moves at the centre.

use qiyong_protocol::card::commands;
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::debit::{self, APPLICATION, Begun, Debit, FILE, RECORD};
use qiyong_protocol::card::files::Content;
use qiyong_protocol::card::keys::Cryptogram;
use qiyong_protocol::iso7816::sw::StatusWord;
use zeroize::Zeroizing;

use crate::answer::Answer;
use crate::card::Powered;
use crate::code::Code;
use crate::failure::Failure;
use crate::files::shows_number;
use crate::hsm::{question, unhex};
use crate::pin::{self, Keyboard};
use crate::psam::{Psam, packed_terminal, random, with_terminal};
use crate::settings::Settings;
use crate::which::Which;

/// pPayInfo: what the personal account and the pooled fund pay, in yuan, and the time, `0.10|0.20|20151118185001|`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pay {
    personal: u32,
    pooled: u32,
    time: [u8; 7],
}

/// A debit that the card has begun: it holds for the card's next command.
pub(crate) struct Begin {
    card: Powered,
    internal: Cryptogram,
    debit: Debit,
    begun: Begun,
    terminal_serial: [u8; 4],
    /// The card's number, if the caller gave it.
    number: Vec<u8>,
}

impl Pay {
    /// # Errors
    /// It is not of this form: -14.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Failure> {
        let wrong = || Code::Parameter.with("pPayInfo格式错误");
        let fields: Vec<_> = text.strip_suffix(b"|").unwrap_or(text).split(|byte| *byte == b'|').collect();
        let [personal, pooled, time] = fields[..] else { return Err(wrong()) };
        let (personal, pooled) = fen(personal).zip(fen(pooled)).ok_or_else(wrong)?;
        let mut packed = [0; 7];
        hex::decode_to_slice(time, &mut packed).map_err(|_| wrong())?;
        let [a, b, c, d, hour, minute, second] = packed;
        let is_time = time.iter().all(u8::is_ascii_digit) && hour < 0x24 && minute < 0x60 && second < 0x60;
        let is_day = Date::from_bcd([a, b, c, d]).is_some();
        (is_time && is_day).then_some(Self { personal, pooled, time: packed }).ok_or_else(wrong)
    }
}

/// Yuan with at most two decimals, in fen.
fn fen(text: &[u8]) -> Option<u32> {
    let text = str::from_utf8(text).ok()?;
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 2 {
        return None;
    }
    format!("{whole}{decimals:0<2}").parse().ok()
}

fn yuan(fen: u32) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// iDoDebit.
pub(crate) fn by_psam(
    settings: &Settings,
    keyboard: Keyboard,
    (which, pay): (&Which, Pay),
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let card = open(settings, which)?;
    let mut psam = Psam::open(settings, &card)?;
    let settings = &psam.named(settings);
    let mut begin = Begin::new(card, settings, keyboard, (pay, packed_terminal(&settings.terminal)))?;
    let factor = begin.begun.factor(begin.terminal_serial);
    let parts = [&begin.debit.mac_1_data()[..], &begin.debit.mac_2_data()];
    let [mac_1, mac_2] = psam.debit_macs(&begin.card, factor, parts)?;
    let noted = begin.note(mac_1)?;
    if noted.mac_2 != mac_2 {
        return Err(Code::NotGenuine.with("MAC2错误,卡已记录"));
    }
    begin.answer(noted)
}

/// iDoDebit_HSM_Step1: the text has the factor of the session key for the seventh, and what MAC1 is over for the eighth value.
pub(crate) fn step_1(
    settings: &Settings,
    keyboard: Keyboard,
    (which, pay): (&Which, Pay),
) -> Result<(Begin, Zeroizing<Vec<u8>>), Failure> {
    let settings = &with_terminal(settings);
    let mut card = open(settings, which)?;
    let [process, original] = [random::<8>()?, random::<8>()?];
    let internal = card.eight_bytes(&commands::internal_authenticate(&commands::join(original, process)))?;
    let mut begin = Begin::new(card, settings, keyboard, (pay, packed_terminal(&settings.terminal)))?;
    begin.internal = Cryptogram(internal);
    begin.number = which.number().into();
    let factor = begin.begun.factor(begin.terminal_serial);
    let text = question(&begin.card, [&process, &original, &factor, &begin.debit.mac_1_data()], settings)?;
    Ok((begin, text))
}

/// iDoDebit_HSM_Step2: `key` is `internal result|MAC1|`.
pub(crate) fn step_2(mut begin: Begin, key: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let text = key.strip_suffix(b"|").unwrap_or(key);
    let bar = text.iter().position(|byte| *byte == b'|').ok_or(Code::Length)?;
    let (internal, mac) = text.split_at(bar);
    let (internal, mac) = (unhex(internal)?, unhex(mac.get(1..).unwrap_or_default())?);
    let internal = Cryptogram(internal.as_slice().try_into().map_err(|_| Code::Length)?);
    let mac = mac.as_slice().try_into().map_err(|_| Code::Length)?;
    if internal != begin.internal {
        return Err(Code::NotGenuine.into());
    }
    let noted = begin.note(mac)?;
    begin.answer(noted)
}

fn open(settings: &Settings, which: &Which) -> Result<Powered, Failure> {
    let mut card = Powered::new(settings)?;
    which.compare_ident(&card)?;
    if shows_number(&card) {
        which.compare_number(&mut card)?;
    }
    Ok(card)
}

/// What the card has answered to DEBIT.
#[derive(Clone, Copy)]
struct Noted {
    tac: [u8; 4],
    mac_2: [u8; 4],
}

impl Begin {
    /// The holder's PIN, which must be their own; then the card begins.
    fn new(
        mut card: Powered,
        settings: &Settings,
        keyboard: Keyboard,
        (pay, terminal): (Pay, [u8; 6]),
    ) -> Result<Self, Failure> {
        let [id_number, number] = pin::numbers(&mut card)?;
        let pin = pin::present(settings, keyboard, &mut card)?;
        // What was keyed on the reader's own pad only the centre can judge.
        if pin.is_some_and(|pin| pin.is_commonly_initial(&id_number, &number)) {
            return Err(Code::InitialPin.into());
        }
        card.enter(APPLICATION)?;
        let Pay { personal, pooled, time } = pay;
        let debit = Debit { personal, pooled, terminal, time };
        let begun = match card.transmit(&debit::initialize(&debit.first_data()))? {
            (answer, StatusWord::OK) => Begun::read(&answer).ok_or(Code::Check)?,
            (_, sw) => return Err(sw.into()),
        };
        Ok(Self { card, internal: Cryptogram([0; 8]), debit, begun, terminal_serial: random()?, number: Vec::new() })
    }

    /// The card's number, as the caller gave it.
    pub(crate) fn number(&self) -> &[u8] {
        &self.number
    }

    fn note(&mut self, mac_1: [u8; 4]) -> Result<Noted, Failure> {
        let data = debit::second_data(self.terminal_serial, self.debit.time, mac_1);
        let (answer, sw) = self.card.transmit(&debit::debit(&data))?;
        if sw != StatusWord::OK {
            return Err(sw.into());
        }
        match *answer.as_chunks().0 {
            [tac, mac_2] if answer.len() == 8 => Ok(Noted { tac, mac_2 }),
            _ => Err(Code::Check.into()),
        }
    }

    /// Ident code, the card's serial number, terminal, the terminal's serial number, time, personal and pooled part, TAC, MAC2.
    fn answer(&self, Noted { tac, mac_2 }: Noted) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let mut answer = Answer::new();
        answer.field(self.card.ident_hex().as_bytes())?;
        answer.field(hex::encode_upper(self.begun.serial.to_be_bytes()).as_bytes())?;
        answer.field(hex::encode(self.debit.terminal).as_bytes())?;
        answer.field(hex::encode_upper(self.terminal_serial).as_bytes())?;
        answer.field(hex::encode(self.debit.time).as_bytes())?;
        answer.field(yuan(self.debit.personal).as_bytes())?;
        answer.field(yuan(self.debit.pooled).as_bytes())?;
        answer.field(hex::encode_upper(tac).as_bytes())?;
        answer.field(hex::encode_upper(mac_2).as_bytes())?;
        Ok(answer.into_bytes())
    }
}

/// iReadDebitRecord: the newest debits that fit the answer, each closed by `$`: serial number, kind, terminal, time, personal part,
/// pooled part, sum. The PIN opens them.
pub(crate) fn records(settings: &Settings, keyboard: Keyboard) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut card = Powered::new(settings)?;
    let file = card.generation.file(APPLICATION, FILE).ok_or(Failure::from(StatusWord::FILE_NOT_FOUND))?;
    let Content::Cyclic { records, .. } = file.content else { return Err(Code::NotSupported.into()) };
    pin::present(settings, keyboard, &mut card)?;
    card.enter(APPLICATION)?;
    card.select(FILE)?;
    let mut answer = Answer::new();
    for number in 1..=records {
        let record = match card.transmit(&commands::read_record(number, (RECORD - 2) as u8))? {
            (record, StatusWord::OK) => record,
            (_, StatusWord::RECORD_NOT_FOUND) => break,
            (_, sw) => return Err(sw.into()),
        };
        let Some((serial, debit)) = Debit::from_record(&record) else { break };
        let [serial, terminal, time] = [&serial.to_be_bytes()[..], &debit.terminal, &debit.time].map(hex::encode_upper);
        let (personal, pooled) = (yuan(debit.personal), yuan(debit.pooled));
        let sum = yuan(debit.personal.saturating_add(debit.pooled));
        let kind = char::from(debit::PAYMENT);
        let row = format!("{serial}|{kind}|{terminal}|{time}|{personal}|{pooled}|{sum}|$");
        if !answer.fits(row.len()) {
            break;
        }
        answer.plain(&row)?;
    }
    Ok(answer.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/driver.md §A.3.
    #[test]
    fn pay_info_has_two_amounts_and_a_time() {
        let pay = |text: &str| Pay::parse(text.as_bytes()).map_err(|failure| failure.code);
        let time = [0x20, 0x15, 0x11, 0x18, 0x18, 0x50, 0x01];
        assert_eq!(pay("0.1|0.2|20151118185001|"), Ok(Pay { personal: 10, pooled: 20, time }));
        assert_eq!(pay("12|3.05|20151118185001"), Ok(Pay { personal: 1200, pooled: 305, time }));
        for bad in [
            "",
            "0.1|0.2|",
            "0.1|0.2|20151118185001|x|",
            "0.123|0.2|20151118185001|",
            "-1|0.2|20151118185001|",
            "1.|0.2|20151118185001|",
            "42949673|0|20151118185001|",
            "0.1|0.2|20151318185001|",
            "0.1|0.2|20151118245001|",
            "0.1|0.2|2015111818500A|",
        ] {
            assert_eq!(pay(bad), Err(Code::Parameter), "{bad}");
        }
        assert_eq!((yuan(5).as_str(), yuan(1205).as_str()), ("0.05", "12.05"));
    }
}
