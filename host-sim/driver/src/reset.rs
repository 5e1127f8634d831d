//! iReloadPIN and iUnblockPIN, by the PSAM or in three steps with a centre's security module (docs/card.md §1.6, docs/driver.md
//! §D): the holder gets a new PIN, or the tries of the one that they know.

use qiyong_protocol::card::commands::ins;
use qiyong_protocol::card::files::key;
use qiyong_protocol::card::keys::Algorithm;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::psam::{Named, RELOAD, UNBLOCK};
use qiyong_protocol::card::sealed::{DIGITS_MAX, pin_block};
use qiyong_protocol::iso7816::apdu::Command;
use zeroize::Zeroizing;

use crate::answer::Answer;
use crate::card::Powered;
use crate::code::Code;
use crate::failure::Failure;
use crate::files::shows_number;
use crate::hsm::{Waiting, unhex};
use crate::pin::{self, Keyboard, Voice};
use crate::psam::Psam;
use crate::settings::Settings;
use crate::which::Which;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    Reload,
    Unblock,
}

/// Between the second and the third step: the card with its challenge, and the head of the command that it waits for.
pub(crate) struct Ordered {
    card: Powered,
    job: Job,
    algorithm: Algorithm,
}

impl Job {
    const fn key(self) -> Named {
        match self {
            Self::Reload => RELOAD,
            Self::Unblock => UNBLOCK,
        }
    }

    /// The command without its data. A PIN that is set anew stands in it in the clear for 3DES, and enciphered for SM4.
    const fn command(self, algorithm: Algorithm) -> Command<'static> {
        match (self, algorithm) {
            (Self::Reload, Algorithm::TripleDes) => Command::new(0x80, ins::CHANGE_PIN, 0, 0),
            (Self::Reload, Algorithm::Sm4) => Command::new(0x84, ins::CHANGE_PIN, 1, 0),
            (Self::Unblock, _) => Command::new(0x84, ins::PIN_UNBLOCK, 0, 0),
        }
    }

    const fn is_clear(self, algorithm: Algorithm) -> bool {
        matches!((self, algorithm), (Self::Reload, Algorithm::TripleDes))
    }

    /// Asks for the PIN: the new one twice, or the holder's own.
    fn ask(self, settings: &Settings, keyboard: Keyboard, card: &mut Powered) -> Result<Pin, Failure> {
        let pin = match self {
            Self::Reload => pin::ask_new(settings, keyboard, card)?,
            Self::Unblock => pin::ask(settings, keyboard, Voice::Enter)?,
        };
        let fits = pin.card_block().as_bytes().len() <= DIGITS_MAX / 2;
        if fits { Ok(pin) } else { Err(Code::PinLength.with("应为4至8位")) }
    }
}

/// The card that is meant, and the algorithm of its keys.
fn open(settings: &Settings, which: &Which) -> Result<(Powered, Algorithm), Failure> {
    let mut card = Powered::new(settings)?;
    which.compare_ident(&card)?;
    if shows_number(&card) {
        which.compare_number(&mut card)?;
    }
    let algorithm = card.known_algorithm().ok_or_else(|| Code::NotSupported.with("卡算法不支持"))?;
    Ok((card, algorithm))
}

/// iReloadPIN, iUnblockPIN. The text on success is empty.
pub(crate) fn by_psam(
    settings: &Settings,
    keyboard: Keyboard,
    (job, which): (Job, &Which),
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let (mut card, algorithm) = open(settings, which)?;
    let mut psam = Psam::open(settings, &card)?;
    let pin = job.ask(settings, keyboard, &mut card)?;
    let challenge = card.challenge()?;
    let secret = if job.is_clear(algorithm) {
        Zeroizing::new(pin.card_block().as_bytes().to_vec())
    } else {
        psam.seal(&card, job.key(), &pin_block(algorithm, &pin).ok_or(Code::PinLength)?)?
    };
    let mac = psam.secure(&card, job.key(), challenge, &job.command(algorithm).with_data(&secret))?;
    finish(&mut card, job, algorithm, &Zeroizing::new([&**secret, &mac].concat()))
}

/// iReloadPIN_HSM_Step1, iUnblockPIN_HSM_Step1.
pub(crate) fn step_1(settings: &Settings, which: &Which) -> Result<(Waiting, Zeroizing<Vec<u8>>), Failure> {
    Waiting::new(open(settings, which)?.0, settings)
}

/// Step 2: takes the module's result for step 1, asks for the PIN, and gives what the module makes the command of: algorithm, key
/// address, challenge, the command's head, and the PIN. Nothing else has the PIN: the caller passes it on and wipes it.
pub(crate) fn step_2(
    settings: &Settings,
    keyboard: Keyboard,
    (job, waiting): (Job, Waiting),
    key: &[u8],
) -> Result<(Ordered, Zeroizing<Vec<u8>>), Failure> {
    let mut card = waiting.authenticate(key, key::READ_SSSE)?;
    let algorithm = card.known_algorithm().ok_or(Code::NotSupported)?;
    let pin = job.ask(settings, keyboard, &mut card)?;
    let challenge = card.challenge()?;
    let Command { cla, ins, p1, p2, .. } = job.command(algorithm);
    let secret = if job.is_clear(algorithm) { pin.card_block().as_bytes().len() } else { algorithm.block() };
    let head = [cla, ins, p1, p2, (secret + 4) as u8];
    let Named { address, number, .. } = job.key();
    let [high, low] = address.to_be_bytes();
    let mut answer = Answer::new();
    for field in [&[card.algorithm][..], &[high, low, number], &challenge, &head] {
        answer.field(hex::encode_upper(field).as_bytes())?;
    }
    let packed = Zeroizing::new(hex::encode_upper(pin.card_block().as_bytes()));
    answer.field(packed.trim_end_matches('F').as_bytes())?;
    Ok((Ordered { card, job, algorithm }, answer.into_bytes()))
}

/// Step 3: `key` is the data behind the command's head, in hex. The text on success is empty.
pub(crate) fn step_3(ordered: Ordered, key: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let Ordered { mut card, job, algorithm } = ordered;
    let data = unhex(key.strip_suffix(b"|").unwrap_or(key))?;
    let lengths = if job.is_clear(algorithm) { 6..=8 } else { algorithm.block() + 4..=algorithm.block() + 4 };
    if !lengths.contains(&data.len()) {
        return Err(Code::Length.into());
    }
    finish(&mut card, job, algorithm, &data)
}

fn finish(card: &mut Powered, job: Job, algorithm: Algorithm, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let command = job.command(algorithm).with_data(data);
    card.pin_command(&command)?;
    Ok(Zeroizing::default())
}
