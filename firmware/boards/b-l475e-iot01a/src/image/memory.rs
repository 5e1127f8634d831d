//! What the terminal remembers, recalled at the start.

use qiyong_firmware::storage::Store;

use super::crash;
use super::storage::Region;

/// Recalls what was kept over the last power cut or reset. Counts this start, and logs how the last run ended.
pub(crate) fn recall() -> Store<Region> {
    let store = Store::open(Region::new(), crash::last());
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
