//! iVerifyPIN and iChangePIN, and how a PIN comes from a pad (docs/card.md §1.6, §2.2, docs/driver.md §A.2). How the pad's
//! library is called is `boundary`'s.

use std::path::Path;

use qiyong_protocol::card::commands;
use qiyong_protocol::card::files::{Df, EF05, EF06, Generation, tag};
use qiyong_protocol::card::pin::Pin;
use zeroize::Zeroizing;

use crate::apdu::OnPad;
use crate::card::Powered;
use crate::code::Code;
use crate::failure::Failure;
use crate::settings::Settings;

/// Calls the pad's library: which words it says, and for how many seconds it waits. Gives its result and what was keyed.
pub(crate) type Keyboard = fn(&Path, u8, u8) -> Result<(i32, Zeroizing<Vec<u8>>), Failure>;

/// What the pad says to the holder.
#[derive(Clone, Copy)]
pub(crate) enum Voice {
    Enter = 1,
    Old = 2,
    New = 3,
    Again = 4,
}

/// Has the card verify the holder's PIN. It is returned, unless it is keyed on the reader's own pad, from which it does not come here.
///
/// # Errors
/// As [`ask`]; or the card does not accept it.
pub(crate) fn present(settings: &Settings, keyboard: Keyboard, card: &mut Powered) -> Result<Option<Pin>, Failure> {
    if settings.readers_pad {
        return card.pin_on_pad(OnPad::Verify, settings.pin_seconds).map(|()| None);
    }
    let pin = ask(settings, keyboard, Voice::Enter)?;
    card.verify(&pin)?;
    Ok(Some(pin))
}

/// Asks the holder for a PIN.
///
/// # Errors
/// There is no pad, or it gives no PIN away; the holder cancelled, took too long, or keyed something else.
pub(crate) fn ask(settings: &Settings, keyboard: Keyboard, voice: Voice) -> Result<Pin, Failure> {
    if settings.readers_pad {
        return Err(Code::NotSupported.with("读卡器的键盘不送出密码"));
    }
    let library = settings.keyboard.as_ref().ok_or_else(|| Code::NotSupported.with("没有密码键盘"))?;
    let (result, keyed) = keyboard(library, voice as u8, settings.pin_seconds)?;
    let reasons = [Code::Cancelled, Code::TimeOver, Code::PinLength, Code::PinsDiffer];
    match reasons.into_iter().find(|code| code.number() == i64::from(result)) {
        Some(code) => Err(code.into()),
        // Some vendors may return the number of digits.
        None if result >= 0 => Pin::new(&keyed).ok_or_else(|| Code::PinLength.into()),
        None => Err(Code::Reader.with(format!("密码键盘返回{result}"))),
    }
}

/// iVerifyPIN. The text on success is empty.
pub(crate) fn verify(settings: &Settings, keyboard: Keyboard) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut card = Powered::new(settings)?;
    present(settings, keyboard, &mut card)?;
    Ok(Zeroizing::default())
}

/// iChangePIN. The text on success is empty.
pub(crate) fn change(settings: &Settings, keyboard: Keyboard) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut card = Powered::new(settings)?;
    if settings.readers_pad {
        // Whether the new one is known to everybody, nobody sees.
        card.pin_on_pad(OnPad::Change, settings.pin_seconds)?;
        return Ok(Zeroizing::default());
    }
    // Before the holder keys anything.
    let known = numbers(&mut card)?;
    let old = ask(settings, keyboard, Voice::Old)?;
    let new = ask_twice(settings, keyboard, &known)?;
    let (old, new) = (old.card_block(), new.card_block());
    let data = Zeroizing::new([old.as_bytes(), &[0xFF], new.as_bytes()].concat());
    card.pin_command(&commands::change_pin(&data))?;
    Ok(Zeroizing::default())
}

/// Asks the holder for a new PIN, twice.
pub(crate) fn ask_new(settings: &Settings, keyboard: Keyboard, card: &mut Powered) -> Result<Pin, Failure> {
    let known = numbers(card)?;
    ask_twice(settings, keyboard, &known)
}

fn ask_twice(
    settings: &Settings,
    keyboard: Keyboard,
    [id_number, number]: &[Zeroizing<Vec<u8>>; 2],
) -> Result<Pin, Failure> {
    let new = ask(settings, keyboard, Voice::New)?;
    if ask(settings, keyboard, Voice::Again)? != new {
        return Err(Code::PinsDiffer.into());
    }
    if new.is_commonly_initial(id_number, number) {
        return Err(Code::ToInitialPin.into());
    }
    Ok(new)
}

/// The numbers from which regions make initial PINs. A card of version 3.00 does not show them here.
pub(crate) fn numbers(card: &mut Powered) -> Result<[Zeroizing<Vec<u8>>; 2], Failure> {
    if card.generation == Generation::V3 {
        return Ok([Zeroizing::default(), Zeroizing::default()]);
    }
    card.enter(Df::Ssse)?;
    card.select(EF05)?;
    let number = card.value(EF05, tag::CARD_NUMBER)?;
    card.select(EF06)?;
    Ok([card.value(EF06, tag::ID_NUMBER)?, number])
}
