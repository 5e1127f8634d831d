//! What the terminal remembers, recalled at the start. The log says how the last run ended, and whether the storage can be read.

use embedded_storage::nor_flash::NorFlash;
use qiyong_firmware::storage::{Crash, Store};

/// Recalls what was kept over the last power cut or reset, and counts this start; `last` is the crash that ended the last run.
pub fn recall<F: NorFlash>(flash: F, last: Option<Crash>) -> Store<F> {
    let store = Store::open(flash, last);
    let (crashes, last) = store.crashes();
    defmt::info!("start {=u32}, crashes {=u32}", store.starts(), crashes);
    if let Some(crash) = last {
        // Of a panic, the last two are eight characters of the file's name.
        let [kind, what, stack, at, ..] = crash.words();
        defmt::info!(
            "last crash: kind {=u32} (1 panic, 2 fault), line or status {=u32:#x}, stack {=u32:#010x}, at {=u32:#010x}",
            kind,
            what,
            stack,
            at
        );
    }
    if let Some(trouble) = store.trouble() {
        defmt::error!("storage: {}", trouble);
    }
    store
}
