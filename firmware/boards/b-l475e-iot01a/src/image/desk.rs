//! Screen, PIN pad and cancel key.
//!
//! A screen is text and picture in RAM, where a probe reads them; panel and lights show it. The PIN pad is a serial one, on UART4:
//! it sends a byte for each key (digits, 0D enter, 08 correct, 1B cancel), is told by 05 (ENQ) that a PIN is awaited, and shows
//! the stars that it is sent.

use embassy_futures::select::{Either, select};
use qiyong_firmware::terminal::{NoPin, Operator, WhichPin};
use qiyong_firmware::ui::framebuffer::Framebuffer;
use qiyong_firmware::ui::{Screen, draw};
use qiyong_protocol::card::pin::{PIN_MAX, Pin};
use zeroize::Zeroizing;

use super::serial::KEYS;
use super::till::BoardLink;
use super::{keys, lights, panel, publication, time};

/// How long nobody may key, in cycles: a minute.
const PATIENCE: u64 = 60_000_000 * time::US;

const ENTER: u8 = b'\r';
const CORRECT: u8 = 0x08;
const CANCEL: u8 = 0x1B;
const ENQ: u8 = 0x05;

/// What operator and holder see and key.
pub(crate) struct Desk<'a> {
    link: &'a BoardLink,
}

impl<'a> Desk<'a> {
    pub(crate) const fn new(link: &'a BoardLink) -> Self {
        Self { link }
    }
}

impl Operator for Desk<'_> {
    fn show(&mut self, screen: &Screen) {
        let text = screen.text();
        defmt::info!("screen: {=str} {=str}", text.english, text.detail.as_str());
        let mut frame = Framebuffer::new();
        let Ok(()) = draw::draw(&text, &mut frame);
        publication::write_screen([text.english, text.chinese, text.detail.as_str()], &frame);
        panel::refresh();
        lights::show(screen.signal());
    }

    async fn enter_pin(&mut self, _: WhichPin) -> Result<Pin, NoPin> {
        // What was keyed before anybody asked is no PIN.
        forget_keys();
        KEYS.send([ENQ].into_iter()).await;
        // Zeroed however this ends, also when the card is taken out and nobody waits any more.
        let (mut digits, mut count) = (Zeroizing::new([0; PIN_MAX]), 0);
        loop {
            let deadline = time::now().saturating_add(PATIENCE);
            let key = match select(time::until(deadline, key), self.link.cancelled()).await {
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
            KEYS.send(echo.into_iter()).await;
        }
    }

    async fn cancel(&mut self) {
        // What was pressed earlier was not meant for this visit.
        forget_keys();
        let key = time::once(|| key().filter(|key| *key == CANCEL));
        if let Either::First(_) = select(key, self.link.cancelled()).await {
            defmt::info!("cancel key");
        }
    }
}

/// The next key that was pressed, here or on the PIN pad.
fn key() -> Option<u8> {
    if keys::take() { Some(CANCEL) } else { KEYS.take().map(|key| key.byte) }
}

fn forget_keys() {
    KEYS.forget();
    keys::take();
}
