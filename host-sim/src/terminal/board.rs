//! The terminal's boards, which differ in where a PIN is keyed: at this program, or on the pad of the card's own reader.

#[cfg(feature = "pcsc")]
use std::marker::PhantomData;

use qiyong_firmware::storage::Store;
#[cfg(feature = "pcsc")]
use qiyong_firmware::terminal::{self, Board, PinPad};
use qiyong_sim::flash::file::FileFlash;
use qiyong_sim::world::station::Link;
use rand_chacha::ChaCha8Rng;

use super::clock::CentreClock;
use super::desk::Desk;

/// The PIN is keyed here.
pub(super) type AtTerminal<S> = (S, Link, Desk, CentreClock, ChaCha8Rng, Store<FileFlash>);

/// The PIN is keyed on the reader's pad.
#[cfg(feature = "pcsc")]
pub(super) struct AtReader<S>(PhantomData<S>);

#[cfg(feature = "pcsc")]
impl<S: PinPad> Board for AtReader<S> {
    type Slot = S;
    type Centre = Link;
    type Operator = Desk;
    type Clock = CentreClock;
    type Random = ChaCha8Rng;
    type Memory = Store<FileFlash>;
    type Pins = terminal::AtReader;
}
