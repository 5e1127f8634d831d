//! What the terminal remembers: recalled at the start, set by the till, and told to it.

use qiyong_firmware::storage::{PAGES, Store};
use qiyong_protocol::ecr::Setup;

use super::storage::Region;
use super::till::TillLink;
use super::{Application, board};

/// What was kept over the last power cut or reset. Counts this start, and logs what is known of the last one.
pub(crate) fn recall() -> Store<Region> {
    let store = Store::open(Region::new(), PAGES, board::last_crash());
    let (crashes, last) = store.crashes();
    defmt::info!("start {=u32}, crashes {=u32}", store.starts(), crashes);
    if let Some(crash) = last {
        // Of a panic the last two are the file's name, eight characters of it.
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

/// Puts the terminal where the till says, and keeps that. A terminal whose memory fails can still say so.
pub(crate) fn set_up(application: &mut Application<'_>, setup: &Setup) {
    let Setup { institution, terminal, next_stan, .. } = *setup;
    if let Err(error) = application.memory().set_up(institution, terminal, next_stan) {
        defmt::error!("not kept: {}", error);
    }
    application.set_up(institution, terminal);
}

/// Lets the link know what it tells the till of the terminal.
pub(crate) fn tell(link: &TillLink, application: &mut Application<'_>) {
    let memory = application.memory();
    link.note(memory.next(), memory.is_reversal_due());
}
