//! The panel: an SSD1306 on I2C 0, if there is one. A picture takes 25 ms, for which nobody waits: a task of its own sends it beside the
//! application. The controller sends sixteen bytes by itself, and an interrupt asks for more.
//!
//! | Signal | Pin | |
//! |---|---|---|
//! | SDA | GP12 | pull-ups of the panel |
//! | SCL | GP13 | |
//!
//! Where nothing answers, or the lines are held down, a picture is given up, and the next one tried.

use core::sync::atomic::{AtomicU8, Ordering};

use embassy_executor::Spawner;
use embassy_rp::i2c::{Async, Config, I2c, InterruptHandler};
use embassy_rp::peripherals::{I2C0, PIN_12, PIN_13};
use embassy_rp::{Peri, bind_interrupts};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, with_timeout};
use qiyong_firmware::adapters;
use qiyong_firmware::ui::framebuffer::{Framebuffer, LEN};

bind_interrupts!(struct Irqs {
    I2C0_IRQ => InterruptHandler<I2C0>;
});

/// As fast as an SSD1306 takes it (data sheet, 13.2), in Hz.
const SPEED: u32 = 400_000;
/// A picture that is not through by now will not be.
const PATIENCE: Duration = Duration::from_millis(200);

/// The picture on the panel, byte by byte: one that changes while it is sent is sent again.
static PICTURE: [AtomicU8; LEN] = [const { AtomicU8::new(0) }; LEN];
/// It has changed since it was last sent.
static CHANGED: Signal<CriticalSectionRawMutex, ()> = Signal::new();

/// Has a picture sent.
pub(crate) fn show(picture: &Framebuffer) {
    PICTURE.iter().zip(picture.bytes()).for_each(|(to, from)| to.store(*from, Ordering::Relaxed));
    CHANGED.signal(());
}

/// Starts the panel's task.
pub(crate) fn start(
    i2c: Peri<'static, I2C0>,
    sda: Peri<'static, PIN_12>,
    scl: Peri<'static, PIN_13>,
    spawner: Spawner,
) {
    let mut config = Config::default();
    config.frequency = SPEED;
    let bus = I2c::new_async(i2c, scl, sda, Irqs, config);
    match keep(bus) {
        Ok(task) => spawner.spawn(task),
        Err(_) => defmt::error!("the panel cannot start twice"),
    }
}

/// Keeps the panel like the screen, for ever. A panel that does not acknowledge is left alone until the next screen.
#[embassy_executor::task]
async fn keep(bus: I2c<'static, I2C0, Async>) {
    let mut panel = adapters::Panel::new(bus);
    loop {
        CHANGED.wait().await;
        let byte = |at| PICTURE.get(at).map_or(0, |byte: &AtomicU8| byte.load(Ordering::Relaxed));
        let _ = with_timeout(PATIENCE, panel.show(byte)).await;
    }
}
