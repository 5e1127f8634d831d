//! The terminal's boards, which differ in where a PIN is keyed: at this program, or on the pad of the card's own reader.

#[cfg(feature = "pcsc")]
use std::marker::PhantomData;

use qiyong_firmware::slot::CardSlot;
use qiyong_firmware::storage::Store;
use qiyong_firmware::terminal::Board;
#[cfg(feature = "pcsc")]
use qiyong_firmware::terminal::{self, PinPad};
use qiyong_sim::flash::file::FileFlash;
use qiyong_sim::world::station::Link;
use rand_chacha::ChaCha8Rng;

use super::clock::CentreClock;
use super::desk::Desk;

/// A board whose parts are this program's, around a slot.
pub(super) trait Desktop<S: CardSlot>:
    Board<Slot = S, Centre = Link, Operator = Desk, Clock = CentreClock, Random = ChaCha8Rng, Memory = Store<FileFlash>>
{
}

impl<S: CardSlot, B> Desktop<S> for B where
    B: Board<
            Slot = S,
            Centre = Link,
            Operator = Desk,
            Clock = CentreClock,
            Random = ChaCha8Rng,
            Memory = Store<FileFlash>,
        >
{
}

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
