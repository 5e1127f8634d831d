//! Screen, PIN pad and cancel key. Panel, lights and log show a screen; the PIN pad is a serial one, on UART 1.

use embassy_futures::poll_once;
use embassy_futures::select::{Either, select};
use embassy_rp::uart::{BufferedUartRx, BufferedUartTx};
use embassy_time::{Duration, with_timeout};
use embedded_io_async::{Read, Write};
use qiyong_board_support::pin_pad::{self, CANCEL, PinPad};
use qiyong_firmware::terminal::{NoPin, Operator, WhichPin};
use qiyong_firmware::ui::framebuffer::Framebuffer;
use qiyong_firmware::ui::{Screen, draw};
use qiyong_protocol::card::pin::Pin;

use super::lights::Lights;
use super::till::BoardLink;
use super::{keys, panel, watchdog};

/// How long nobody may key.
const PATIENCE: Duration = Duration::from_secs(60);

/// What operator and holder see and key.
pub(crate) struct Desk<'a> {
    pub(crate) link: &'a BoardLink,
    pub(crate) pad: Pad,
    pub(crate) lights: Lights,
}

impl Operator for Desk<'_> {
    fn show(&mut self, screen: &Screen) {
        watchdog::progress();
        let text = screen.text();
        defmt::info!("screen: {=str} {=str}", text.english, text.detail.as_str());
        let mut picture = Framebuffer::new();
        let Ok(()) = draw::draw(&text, &mut picture);
        panel::show(picture);
        self.lights.show(screen.signal());
    }

    async fn enter_pin(&mut self, _: WhichPin) -> Result<Pin, NoPin> {
        let link = self.link;
        pin_pad::enter_pin(&mut self.pad, || link.cancelled()).await
    }

    async fn cancel(&mut self) {
        // What was pressed earlier was not meant for this visit.
        self.pad.forget();
        let link = self.link;
        let pressed = async { while self.pad.next().await != CANCEL {} };
        if let Either::First(()) = select(pressed, link.cancelled()).await {
            defmt::info!("cancel key");
        }
    }
}

/// The PIN pad's line, and the cancel key.
pub(crate) struct Pad {
    pub(crate) keys: BufferedUartRx,
    pub(crate) stars: BufferedUartTx,
}

impl Pad {
    /// The next key that is pressed, here or on the PIN pad.
    async fn next(&mut self) -> u8 {
        let mut byte = [0];
        loop {
            let Either::First(read) = select(self.keys.read(&mut byte), keys::pressed()).await else {
                return CANCEL;
            };
            if let Ok(1..) = read {
                let [byte] = byte;
                return byte;
            }
        }
    }
}

impl PinPad for Pad {
    fn forget(&mut self) {
        keys::forget();
        let mut room = [0; 16];
        while poll_once(self.keys.read(&mut room)).is_ready() {}
    }

    async fn key(&mut self) -> Option<u8> {
        watchdog::progress();
        with_timeout(PATIENCE, self.next()).await.ok()
    }

    async fn tell(&mut self, byte: u8) {
        let _ = self.stars.write(&[byte]).await;
    }
}
