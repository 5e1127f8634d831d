//! What the terminal remembers: recalled at the start, and set by the till.

use qiyong_firmware::storage::{Crash, PAGES, Place, Store};
use qiyong_firmware::terminal::Settings;
use qiyong_protocol::host::Stan;

use crate::board;
use crate::storage::Region;

/// What was kept over the last power cut or reset. Counts this start, and logs what is known of the last one.
pub(crate) fn recall() -> Store<Region> {
    let store = Store::open(Region::new(), PAGES, board::last_crash());
    let (crashes, last) = store.crashes();
    defmt::info!("start {=u32}, crashes {=u32}", store.starts(), crashes);
    match last {
        Some(crash @ Crash::Panic { line, .. }) => {
            defmt::info!("last crash: panic at {=str}:{=u32}", crash.file(), line);
        }
        Some(Crash::Fault { status, stack }) => {
            defmt::info!("last crash: fault {=u32:#010x}, stack at {=u32:#010x}", status, stack);
        }
        None => {}
    }
    if let Some(trouble) = store.trouble() {
        defmt::error!("storage: {=str}", trouble.as_str());
    }
    store
}

/// Keeps what the till has set; false if that cannot be, or must not.
pub(crate) fn keep(store: &mut Store<Region>, place: &Place, next: Stan) -> bool {
    let kept = store.set_up(place, next);
    kept.map_err(|error| defmt::error!("not set up: {=str}", error.as_str())).is_ok()
}

/// What the till has set, and what is fixed.
pub(crate) const fn settings(Place { institution, terminal }: Place) -> Settings {
    Settings { institution, terminal, card_wait: 60, reversal_tries: 3 }
}
