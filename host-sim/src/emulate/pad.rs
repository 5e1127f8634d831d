//! The PIN pad of an emulated board: its keys come from standard input.

use qiyong_lab::emulator::holder::{Asked, Does};
use zeroize::Zeroizing;

use crate::output::complain;

/// Says that this PIN is asked for.
pub(super) fn ask_for(asked: Asked) {
    let what = match asked {
        Asked::Present => "PIN",
        Asked::New => "new PIN",
        Asked::NewAgain => "new PIN again",
    };
    complain(&format!("the PIN pad waits: {what} (nothing: cancel)"));
}

/// What the holder does who keys this row.
pub(super) fn keyed(row: &str) -> Does {
    match row.trim() {
        "" => Does::Cancels,
        digits => Does::Keys(Zeroizing::new(digits.into())),
    }
}
