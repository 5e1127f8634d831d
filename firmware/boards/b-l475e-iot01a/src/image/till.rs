//! The ST-LINK's virtual COM port, as `qiyong_firmware::link` needs it: what comes, what goes, and how long to wait; and the
//! time of day.

use core::sync::atomic::{AtomicBool, Ordering};

use qiyong_firmware::clock::WallClock;
use qiyong_firmware::link::{Link, Port};
use qiyong_firmware::terminal::Clock;
use qiyong_protocol::card::date::Timestamp;

use super::serial::TILL;
use super::time;

/// The link over the port.
pub(crate) type TillLink = Link<Vcp>;

/// The port.
pub(crate) struct Vcp;

/// A frame is going out.
static BUSY: AtomicBool = AtomicBool::new(false);

/// The right to send, given back when dropped.
struct Turn;

impl Turn {
    async fn take() -> Self {
        let free = || (!BUSY.swap(true, Ordering::Relaxed)).then_some(Self);
        // Frames take milliseconds, so that it does not wait in vain; and whoever has waited for ever may as well send.
        time::until(u64::MAX, free).await.unwrap_or(Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        BUSY.store(false, Ordering::Relaxed);
    }
}

impl Port for Vcp {
    async fn send(&self, frame: &[u8]) {
        let _turn = Turn::take().await;
        TILL.send(frame.iter().copied()).await;
    }

    async fn receive(&self) -> u8 {
        time::until(u64::MAX, || TILL.take()).await.map_or(0, |character| character.byte)
    }

    async fn wait(&self, ms: u32) {
        time::sleep_until(time::now_us() + u64::from(ms) * 1000).await;
    }
}

/// The time of day, counted in the seconds since the start.
#[derive(Clone, Copy)]
pub(crate) struct TillClock<'a>(pub(crate) &'a WallClock);

impl TillClock<'_> {
    pub(crate) fn set(self, time: Timestamp) {
        self.0.set(time, time::now_s());
    }
}

impl Clock for TillClock<'_> {
    fn now(&mut self) -> Timestamp {
        self.0.at(time::now_s())
    }
}
