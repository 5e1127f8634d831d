//! What the terminal remembers: recalled at the start, set by the till, and told to it.

use qiyong_firmware::storage::{Crash, PAGES, Place, SetUpError, Store};
use qiyong_protocol::host::till::Setup;

use crate::storage::Region;
use crate::till::TillLink;
use crate::{Application, board};

/// What was kept over the last power cut or reset. Counts this start, and logs what is known of the last one.
pub(crate) fn recall() -> Store<Region> {
    let store = Store::open(Region::new(), PAGES, board::last_crash());
    let (crashes, last) = store.crashes();
    defmt::info!("start {=u32}, crashes {=u32}", store.starts(), crashes);
    match last {
        Some(crash @ Crash::Panic { line, .. }) => {
            defmt::info!("last crash: panic at {=str}:{=u32}", crash.file(), line);
        }
        Some(Crash::Fault { status, stack, at }) => {
            defmt::info!("last crash: fault {=u32:#010x} at {=u32:#010x}, stack {=u32:#010x}", status, at, stack);
        }
        None => {}
    }
    if let Some(trouble) = store.trouble() {
        defmt::error!("storage: {=str}", trouble.as_str());
    }
    store
}

/// Puts the terminal where the till says, and keeps that; false if it must first reverse what it sent under its old name.
pub(crate) fn set_up(application: &mut Application<'_>, setup: &Setup) -> bool {
    let place = Place { institution: setup.institution, terminal: setup.terminal };
    let kept = application.memory().set_up(&place, setup.next_stan);
    if let Err(error) = kept {
        defmt::error!("not kept: {=str}", error.as_str());
    }
    // A terminal without a memory can still say what is wrong.
    let place = match (kept, application.memory().place()) {
        (Err(SetUpError::ReversalDue), Some(old)) => old,
        _ => place,
    };
    application.set_up(place.institution, place.terminal);
    kept != Err(SetUpError::ReversalDue)
}

/// Lets the link know what it tells the till of the terminal.
pub(crate) fn tell(link: &TillLink, application: &mut Application<'_>) {
    let memory = application.memory();
    link.note(memory.next(), memory.is_reversal_due());
}
