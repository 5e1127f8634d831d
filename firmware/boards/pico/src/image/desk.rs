//! Screen and PIN pad. The PIN pad is a serial one, on UART 1: it sends a byte for each key (digits, 0D enter, 08 correct, 1B
//! cancel), is told by 05 (ENQ) that a PIN is awaited, and shows the stars that it is sent.

use embassy_futures::select::{Either, select};
use embassy_rp::uart::{BufferedUartRx, BufferedUartTx};
use embassy_time::{Duration, with_timeout};
use embedded_io_async::{Read, Write};
use qiyong_firmware::terminal::{NoPin, Operator, WhichPin};
use qiyong_firmware::ui::Screen;
use qiyong_protocol::card::pin::{PIN_MAX, Pin};
use zeroize::Zeroizing;

use super::till::BoardLink;

/// How long nobody may key.
const PATIENCE: Duration = Duration::from_secs(60);

const ENTER: u8 = b'\r';
const CORRECT: u8 = 0x08;
const CANCEL: u8 = 0x1B;
const ENQ: u8 = 0x05;

/// What operator and holder see and key.
pub(crate) struct Desk<'a> {
    pub(crate) link: &'a BoardLink,
    pub(crate) keys: BufferedUartRx,
    pub(crate) stars: BufferedUartTx,
}

impl Operator for Desk<'_> {
    fn show(&mut self, screen: &Screen) {
        let text = screen.text();
        defmt::info!("screen: {=str} {=str}", text.english, text.detail.as_str());
    }

    async fn enter_pin(&mut self, _: WhichPin) -> Result<Pin, NoPin> {
        self.forget();
        let _ = self.stars.write(&[ENQ]).await;
        let (mut digits, mut count) = (Zeroizing::new([0; PIN_MAX]), 0);
        loop {
            let key = with_timeout(PATIENCE, key(&mut self.keys));
            let key = match select(key, self.link.cancelled()).await {
                Either::First(Ok(key)) => key,
                Either::First(Err(_)) => break Err(NoPin::TimedOut),
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
                let _ = self.stars.write(&[echo]).await;
            }
        }
    }

    async fn cancel(&mut self) {
        self.forget();
        let pressed = async { while key(&mut self.keys).await != CANCEL {} };
        select(pressed, self.link.cancelled()).await;
    }
}

impl Desk<'_> {
    /// What was pressed earlier was not meant for this.
    fn forget(&mut self) {
        use embassy_futures::poll_once;
        let mut room = [0; 16];
        while poll_once(self.keys.read(&mut room)).is_ready() {}
    }
}

/// The next key.
async fn key(keys: &mut BufferedUartRx) -> u8 {
    let mut byte = [0];
    loop {
        if let Ok(1..) = keys.read(&mut byte).await {
            let [byte] = byte;
            return byte;
        }
    }
}
