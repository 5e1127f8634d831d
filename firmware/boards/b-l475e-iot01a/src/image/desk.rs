//! Screen, PIN pad and cancel key.
//!
//! A screen is text and picture in RAM, where a probe reads them; panel and lights show it. The PIN pad is a serial one, on UART4.

use embassy_futures::select::{Either, select};
use qiyong_board_support::pin_pad::{self, CANCEL, PinPad};
use qiyong_firmware::terminal::{NoPin, Operator, WhichPin};
use qiyong_firmware::ui::framebuffer::Framebuffer;
use qiyong_firmware::ui::{Screen, draw};
use qiyong_protocol::card::pin::Pin;

use super::serial::KEYS;
use super::till::BoardLink;
use super::{keys, lights, panel, publication, time};

/// How long nobody may key, in cycles: a minute.
const PATIENCE: u64 = 60_000_000 * time::US;

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
        pin_pad::enter_pin(&mut Pad, || self.link.cancelled()).await
    }

    async fn cancel(&mut self) {
        // What was pressed earlier was not meant for this visit.
        Pad.forget();
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

/// The PIN pad, and the cancel key.
struct Pad;

impl PinPad for Pad {
    fn forget(&mut self) {
        KEYS.forget();
        keys::take();
    }

    async fn key(&mut self) -> Option<u8> {
        time::until(time::now().saturating_add(PATIENCE), key).await
    }

    async fn tell(&mut self, byte: u8) {
        KEYS.send([byte].into_iter()).await;
    }
}
