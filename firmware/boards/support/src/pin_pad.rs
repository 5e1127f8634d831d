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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::future::{pending, poll_fn};
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// A holder who keys this, one key a poll.
    struct Script(VecDeque<u8>, Vec<u8>);

    impl PinPad for Script {
        fn forget(&mut self) {}

        async fn key(&mut self) -> Option<u8> {
            let mut waited = false;
            poll_fn(|_| {
                if !std::mem::replace(&mut waited, true) {
                    return Poll::Pending;
                }
                self.0.pop_front().map_or(Poll::Pending, |key| Poll::Ready(Some(key)))
            })
            .await
        }

        async fn tell(&mut self, byte: u8) {
            self.1.push(byte);
        }
    }

    /// What was keyed by then belongs to nobody: the next PIN has none of it.
    #[test]
    fn an_entry_that_is_dropped_at_any_key_leaves_nothing_to_the_next() {
        for times in 0..7 {
            let mut pad = Script(b"135790".iter().copied().collect(), Vec::new());
            {
                let mut entry = pin!(enter_pin(&mut pad, pending::<()>));
                for _ in 0..times {
                    assert!(entry.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
                }
            }
            pad.0 = b"24\x0868\x08\x08468246\r".iter().copied().collect();
            let mut entry = pin!(enter_pin(&mut pad, pending::<()>));
            let pin = (0..100).find_map(|_| match entry.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(pin) => Some(pin),
                Poll::Pending => None,
            });
            assert!(pin.and_then(Result::ok) == Pin::new(b"2468246"), "{times}");
        }
    }
}
