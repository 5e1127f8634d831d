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
use qiyong_firmware::terminal::{AtTerminal, Board, Parts, Terminal};
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
    type Pins = AtTerminal;
}

/// Where the terminal lies for ever: a static of the image. Its parts are large, and would lie on the stack once more for each function
/// that they go through.
#[allow(missing_debug_implementations, reason = "a part need not have one")]
pub struct Room<C: Chip> {
    memory: StaticCell<Store<C::Flash>>,
    link: StaticCell<Link<C>>,
    wall: StaticCell<WallClock>,
    terminal: StaticCell<Terminal<On<'static, C>>>,
}

impl<C: Chip> Room<C> {
    /// An empty room.
    pub const fn new() -> Self {
        let (memory, link) = (StaticCell::new(), StaticCell::new());
        Self { memory, link, wall: StaticCell::new(), terminal: StaticCell::new() }
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
    clock: TillClock<'static>,
    terminal: &'static mut Terminal<On<'static, C>>,
}

/// Recalls what is kept in the flash, and counts this start. For the image's entry, before its executor runs: what this takes of the
/// stack is free again when it returns, and so it is never inlined. A room is for one terminal.
#[inline(never)]
pub fn open<C: Chip>(parts: Peripherals<C>, room: &'static Room<C>) -> Ready<C> {
    let Peripherals { front_end, uart, delay, receiver, transmitter, pad, flash, random, timing, slot, serial } = parts;
    let memory = room.memory.init_with(|| Store::open(flash, None));
    let port = SerialPort::new(receiver, transmitter, delay.clone());
    let link: &Link<C> = room.link.init_with(|| Link::<C>::new(port, transport::key(), memory.state(serial)));
    link.install(memory.keyring(), memory.policy());
    let clock = TillClock { wall: room.wall.init_with(WallClock::new), now_s: C::now_s };
    let settings = memory.settings();
    let parts = Parts::<On<'static, C>> {
        slot: ContactSlot::new(PinLine::new(front_end, uart, delay, timing), slot),
        centre: link,
        operator: Desk::new(link, pad),
        clock,
        random,
        memory,
    };
    Ready { link, clock, terminal: room.terminal.init_with(|| Terminal::of(parts, settings)) }
}

/// The terminal, for ever.
///
/// Cancel-safety: as a power cut; what must outlive one is in flash.
pub async fn run<C: Chip>(ready: Ready<C>) -> ! {
    let Ready { link, clock, terminal } = ready;
    let serve = async {
        loop {
            obey(link, terminal, |_job| {}).await;
        }
    };
    match select(serve, link.listen(|time| clock.set(time))).await {
        Either::First(never) | Either::Second(never) => never,
    }
}
