//! A serial PIN pad: it sends a byte for each key (digits, 0D enter, 08 correct, 1B cancel), is told by 05 (ENQ) that a PIN is
//! awaited, and shows the stars that it is sent.

use embassy_futures::select::{Either, select};
use qiyong_firmware::terminal::NoPin;
use qiyong_protocol::card::pin::{PIN_MAX, Pin};
use zeroize::Zeroizing;

/// The cancel key.
pub const CANCEL: u8 = 0x1B;
const ENTER: u8 = b'\r';
const CORRECT: u8 = 0x08;
const ENQ: u8 = 0x05;

/// A PIN pad.
pub trait PinPad {
    /// Forgets what was keyed.
    fn forget(&mut self);

    /// The next key; `None`: nobody has keyed for too long.
    ///
    /// Cancel-safety: must be cancel-safe.
    async fn key(&mut self) -> Option<u8>;

    /// Sends the pad a byte.
    async fn tell(&mut self, byte: u8);
}

/// Takes a PIN from a pad. `cancelled` completes when somebody else than the holder cancels.
///
/// Cancel-safety: cancel-safe; what was keyed is wiped.
///
/// # Errors
/// No PIN was keyed.
pub async fn enter_pin<C: Future<Output = ()>>(pad: &mut impl PinPad, cancelled: impl Fn() -> C) -> Result<Pin, NoPin> {
    // What was keyed before anybody asked is no PIN.
    pad.forget();
    pad.tell(ENQ).await;
    // Zeroed however this ends, also when the card is taken out and nobody waits any more.
    let (mut digits, mut count) = (Zeroizing::new([0; PIN_MAX]), 0);
    loop {
        let key = match select(pad.key(), cancelled()).await {
            Either::First(Some(key)) => key,
            Either::First(None) => break Err(NoPin::TimedOut),
            Either::Second(()) => break Err(NoPin::Cancelled),
        };
        let echo = match key {
            digit @ b'0'..=b'9' => digits.get_mut(count).map(|place| {
                (*place, count) = (digit, count + 1);
                b'*'
            }),
            CORRECT if count > 0 => {
                count -= 1;
                Some(CORRECT)
            }
            CANCEL => break Err(NoPin::Cancelled),
            ENTER => match Pin::new(digits.get(..count).unwrap_or_default()) {
                Some(pin) => break Ok(pin),
                None => None,
            },
            _ => None,
        };
        if let Some(echo) = echo {
            pad.tell(echo).await;
        }
    }
}
