//! Ctrl-C. While a holder is served it is the cancel key: the terminal ends the visit, and what it owes is kept. A second one, and one
//! while nobody is served, ends this program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::SIGINT;
use signal_hook::flag;

/// The exit status of a program that was ended so.
const ENDED: i32 = 2;

/// What Ctrl-C does.
#[derive(Debug)]
pub(super) struct Interrupt {
    ends: Arc<AtomicBool>,
    pressed: Arc<AtomicBool>,
}

impl Interrupt {
    /// It ends the program. A system that has no such signal ends it, too.
    pub(super) fn new() -> Self {
        let (ends, pressed) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let _ = flag::register_conditional_shutdown(SIGINT, ENDED, ends.clone());
        let _ = flag::register(SIGINT, pressed.clone());
        Self { ends, pressed }
    }

    /// From now on it is the cancel key, once.
    pub(super) fn begin(&self) {
        self.pressed.store(false, Ordering::SeqCst);
        self.ends.store(false, Ordering::SeqCst);
    }

    /// It ends the program again.
    pub(super) fn end(&self) {
        self.ends.store(true, Ordering::SeqCst);
    }

    /// Whether it was pressed since this was last asked.
    pub(super) fn is_pressed(&self) -> bool {
        let pressed = self.pressed.swap(false, Ordering::SeqCst);
        if pressed {
            self.end();
        }
        pressed
    }
}
