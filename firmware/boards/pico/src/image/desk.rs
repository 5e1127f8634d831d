//! Screen and PIN pad. The PIN pad is a serial one, on UART 1; the screen is the log's for now.

use embassy_futures::poll_once;
use embassy_futures::select::select;
use embassy_rp::uart::{BufferedUartRx, BufferedUartTx};
use embassy_time::{Duration, with_timeout};
use embedded_io_async::{Read, Write};
use qiyong_board_support::pin_pad::{self, CANCEL, PinPad};
use qiyong_firmware::terminal::{NoPin, Operator, WhichPin};
use qiyong_firmware::ui::Screen;
use qiyong_protocol::card::pin::Pin;

use super::till::BoardLink;
use super::watchdog;

/// How long nobody may key.
const PATIENCE: Duration = Duration::from_secs(60);

/// What operator and holder see and key.
pub(crate) struct Desk<'a> {
    pub(crate) link: &'a BoardLink,
    pub(crate) pad: Pad,
}

impl Operator for Desk<'_> {
    fn show(&mut self, screen: &Screen) {
        watchdog::progress();
        let text = screen.text();
        defmt::info!("screen: {=str} {=str}", text.english, text.detail.as_str());
    }

    async fn enter_pin(&mut self, _: WhichPin) -> Result<Pin, NoPin> {
        let link = self.link;
        pin_pad::enter_pin(&mut self.pad, || link.cancelled()).await
    }

    async fn cancel(&mut self) {
        self.pad.forget();
        let link = self.link;
        let pressed = async { while self.pad.next().await != CANCEL {} };
        select(pressed, link.cancelled()).await;
    }
}

/// The PIN pad's line.
pub(crate) struct Pad {
    pub(crate) keys: BufferedUartRx,
    pub(crate) stars: BufferedUartTx,
}

impl Pad {
    /// The next key.
    async fn next(&mut self) -> u8 {
        let mut byte = [0];
        loop {
            if let Ok(1..) = self.keys.read(&mut byte).await {
                let [byte] = byte;
                return byte;
            }
        }
    }
}

impl PinPad for Pad {
    fn forget(&mut self) {
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
