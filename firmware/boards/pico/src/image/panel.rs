//! The panel: an SSD1306 on I2C 0, if there is one. A picture takes 25 ms, for which nobody waits: a task of its own sends it beside the
//! application. The controller sends sixteen bytes by itself, and an interrupt asks for more.
//!
//! | Signal | Pin | |
//! |---|---|---|
//! | SDA | GP12 | pull-ups of the panel |
//! | SCL | GP13 | |
//!
//! Where nothing answers, or the lines are held down, a picture is given up, and the next one tried.

use embassy_executor::Spawner;
use embassy_rp::i2c::{Async, Config, I2c, InterruptHandler};
use embassy_rp::peripherals::{I2C0, PIN_12, PIN_13};
use embassy_rp::{Peri, bind_interrupts};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, with_timeout};
use qiyong_firmware::adapters;
use qiyong_firmware::ui::framebuffer::Framebuffer;

bind_interrupts!(struct Irqs {
    I2C0_IRQ => InterruptHandler<I2C0>;
});

/// As fast as an SSD1306 takes it (data sheet, 13.2), in Hz.
const SPEED: u32 = 400_000;
/// A picture that is not through by now will not be.
const PATIENCE: Duration = Duration::from_millis(200);

/// The next picture. One that comes before it is sent takes its place.
static NEXT: Signal<CriticalSectionRawMutex, Framebuffer> = Signal::new();

/// Has a picture sent, whole.
pub(crate) fn show(picture: Framebuffer) {
    NEXT.signal(picture);
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
        let picture = NEXT.wait().await;
        let byte = |at| picture.bytes().get(at).copied().unwrap_or_default();
        let _ = with_timeout(PATIENCE, panel.show(byte)).await;
    }
}
