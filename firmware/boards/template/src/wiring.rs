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

/// The terminal, for ever.
///
/// Cancel-safety: as a power cut; what must outlive one is in flash.
pub async fn run<C: Chip>(parts: Peripherals<C>) -> ! {
    let Peripherals { front_end, uart, delay, receiver, transmitter, pad, flash, random, timing, slot, serial } = parts;
    let mut memory = Store::<C::Flash>::open(flash, None);
    let port = SerialPort::new(receiver, transmitter, delay.clone());
    let link = Link::<C>::new(port, transport::key(), memory.state(serial));
    link.install(memory.keyring(), memory.policy());
    let wall = WallClock::new();
    let clock = TillClock { wall: &wall, now_s: C::now_s };
    let settings = memory.settings();
    let parts = Parts::<On<'_, C>> {
        slot: ContactSlot::new(PinLine::new(front_end, uart, delay, timing), slot),
        centre: &link,
        operator: Desk::new(&link, pad),
        clock,
        random,
        memory: &mut memory,
    };
    let mut terminal = Terminal::of(parts, settings);
    let serve = async {
        loop {
            obey(&link, &mut terminal, |_job| {}).await;
        }
    };
    match select(serve, link.listen(|time| clock.set(time))).await {
        Either::First(never) | Either::Second(never) => never,
    }
}
