//! The terminal of a chip's parts. There is nothing to change here.

use core::marker::PhantomData;

use embassy_futures::select::{Either, select};
use qiyong_board_support::till_clock::TillClock;
use qiyong_board_support::transport;
use qiyong_firmware::adapters::{PinLine, SerialPort};
use qiyong_firmware::application::obey;
use qiyong_firmware::clock::WallClock;
use qiyong_firmware::slot::ContactSlot;
use qiyong_firmware::storage::Store;
use qiyong_firmware::terminal::{Board, Parts, Terminal};
use static_cell::StaticCell;

use crate::chip::{Chip, Link, Peripherals};
use crate::desk::Desk;

/// The card's line.
pub type Line<C> = PinLine<<C as Chip>::FrontEnd, <C as Chip>::Uart, <C as Chip>::Delay>;

/// Which types the terminal on a chip is made of.
#[derive(Debug)]
pub struct On<'a, C>(PhantomData<&'a C>);

impl<'a, C: Chip> Board for On<'a, C> {
    type Slot = ContactSlot<Line<C>>;
    type Centre = &'a Link<C>;
    type Operator = Desk<'a, C>;
    type Clock = TillClock<'a>;
    type Random = C::Random;
    type Memory = &'a mut Store<C::Flash>;
}

/// Where memory and link lie for ever: a static of the image. They are large, and would lie on the stack once more for each
/// function that they go through.
#[allow(missing_debug_implementations, reason = "a part need not have one")]
pub struct Room<C: Chip> {
    memory: StaticCell<Store<C::Flash>>,
    link: StaticCell<Link<C>>,
}

impl<C: Chip> Room<C> {
    /// An empty room.
    pub const fn new() -> Self {
        Self { memory: StaticCell::new(), link: StaticCell::new() }
    }
}

impl<C: Chip> Default for Room<C> {
    fn default() -> Self {
        Self::new()
    }
}

/// A terminal that has recalled what it keeps, and serves nobody yet.
#[allow(missing_debug_implementations, reason = "a part need not have one")]
pub struct Ready<C: Chip> {
    link: &'static Link<C>,
    memory: &'static mut Store<C::Flash>,
    slot: ContactSlot<Line<C>>,
    pad: C::Pad,
    random: C::Random,
}

/// Recalls what is kept in the flash, and counts this start. For the image's entry, before its executor runs: what this takes of the
/// stack is free again when it returns, and so it is never inlined. A room serves once.
#[inline(never)]
pub fn open<C: Chip>(parts: Peripherals<C>, room: &'static Room<C>) -> Ready<C> {
    let Peripherals { front_end, uart, delay, receiver, transmitter, pad, flash, random, timing, slot, serial } = parts;
    let memory = room.memory.init_with(|| Store::open(flash, None));
    let port = SerialPort::new(receiver, transmitter, delay.clone());
    let link = room.link.init_with(|| Link::<C>::new(port, transport::key(), memory.state(serial)));
    link.install(memory.keyring(), memory.policy());
    let slot = ContactSlot::new(PinLine::new(front_end, uart, delay, timing), slot);
    Ready { link, memory, slot, pad, random }
}

/// The terminal, for ever.
///
/// Cancel-safety: as a power cut; what must outlive one is in flash.
pub async fn run<C: Chip>(ready: Ready<C>) -> ! {
    let link = ready.link;
    let wall = WallClock::new();
    let clock = TillClock { wall: &wall, now_s: C::now_s };
    match select(serve(ready, clock), link.listen(|time| clock.set(time))).await {
        Either::First(never) | Either::Second(never) => never,
    }
}

/// Does what the till commands, one thing after the other.
async fn serve<C: Chip>(ready: Ready<C>, clock: TillClock<'_>) -> ! {
    let Ready { link, memory, slot, pad, random } = ready;
    let settings = memory.settings();
    let parts = Parts::<On<'_, C>> { slot, centre: link, operator: Desk::new(link, pad), clock, random, memory };
    let mut terminal = Terminal::of(parts, settings);
    loop {
        obey(link, &mut terminal, |_job| {}).await;
    }
}
