//! The cancel key: a button from GP15 to ground.
//!
//! It is believed when it has been the same for 16 ms. A press is the moment in which it goes down: however long it is then held, that is one
//! press. A button that was down since before the start is not pressed.

use embassy_executor::Spawner;
use embassy_futures::select::{Either, select};
use embassy_rp::Peri;
use embassy_rp::gpio::{Input, Pull};
use embassy_rp::peripherals::PIN_15;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, Timer};

/// How long a level must last.
const BOUNCES: Duration = Duration::from_millis(16);

/// It has gone down since that was last asked.
static PRESSED: Signal<CriticalSectionRawMutex, ()> = Signal::new();

/// Starts the key's task.
pub(crate) fn start(pin: Peri<'static, PIN_15>, spawner: Spawner) {
    match watch(Input::new(pin, Pull::Up)) {
        Ok(task) => spawner.spawn(task),
        Err(_) => defmt::error!("nobody watches the cancel key"),
    }
}

#[embassy_executor::task]
async fn watch(mut key: Input<'static>) {
    loop {
        settles(&mut key, true).await;
        settles(&mut key, false).await;
        PRESSED.signal(());
    }
}

/// Waits until the key has been let go, or is held, long enough.
async fn settles(key: &mut Input<'static>, high: bool) {
    loop {
        if high {
            key.wait_for_high().await
        } else {
            key.wait_for_low().await
        }
        let changes = async { if high { key.wait_for_low().await } else { key.wait_for_high().await } };
        if let Either::Second(()) = select(changes, Timer::after(BOUNCES)).await {
            return;
        }
    }
}

/// Waits until it is pressed.
///
/// Cancel-safety: cancel-safe. A press that comes meanwhile is kept until the next call, or until it is forgotten.
pub(crate) async fn pressed() {
    PRESSED.wait().await;
}

/// Forgets what was pressed.
pub(crate) fn forget() {
    PRESSED.reset();
}
