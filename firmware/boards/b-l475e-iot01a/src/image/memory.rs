//! What the terminal remembers: recalled at the start, set by the till, and told to it.

use qiyong_firmware::storage::Store;
use qiyong_protocol::ecr::Setup;

use super::crash;
use super::storage::Region;
use super::till::BoardLink;

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

/// Keeps where the till has set the terminal up. If the memory fails, only the log says so here: the next visit finds it out
/// and shows it.
pub(crate) fn set_up(memory: &mut Store<Region>, setup: &Setup) {
    let Setup { institution, terminal, next_stan, .. } = *setup;
    if let Err(error) = memory.set_up(institution, terminal, next_stan) {
        defmt::error!("not kept: {}", error);
    }
}

/// Lets the link know what it tells the till of the terminal.
pub(crate) fn tell(link: &BoardLink, memory: &Store<Region>) {
    link.note(memory.next(), memory.is_reversal_due());
}
