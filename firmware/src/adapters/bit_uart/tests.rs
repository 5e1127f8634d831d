//! What a dropped `send` or `receive` leaves behind is made good by the next `configure`, wherever it was dropped. Times and levels
//! are judged under the referee, by `qiyong_sim`'s test `front_ends`.

use core::cell::Cell;
use core::convert::Infallible;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::rc::Rc;

use embassy_futures::block_on;
use embedded_hal::digital::ErrorType;

use super::*;

/// A wire that nobody else pulls, and the time, which goes on with each look at it.
#[derive(Clone, Default)]
struct Wire {
    now: Rc<Cell<u32>>,
    low: Rc<Cell<bool>>,
}

impl Wire {
    fn goes_on(&self) {
        self.now.set(self.now.get().wrapping_add(20));
    }
}

impl ErrorType for Wire {
    type Error = Infallible;
}

impl OutputPin for Wire {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.goes_on();
        self.low.set(true);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.goes_on();
        self.low.set(false);
        Ok(())
    }
}

impl InputPin for Wire {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        self.goes_on();
        Ok(!self.low.get())
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        self.is_high().map(|high| !high)
    }
}

impl CycleCounter for Wire {
    const HZ: u32 = 16_000_000;

    fn now(&mut self) -> u32 {
        self.goes_on();
        self.now.get()
    }
}

/// An etu of 372 cycles of 4 MHz, in counts.
const ETU: u32 = 1488;

fn uart(wire: &Wire) -> BitUart<Wire, Wire> {
    BitUart::new(wire.clone(), wire.clone(), 4_000_000).expect("fast enough")
}

#[test]
fn a_send_that_is_dropped_at_any_wait_lets_the_wire_go() {
    let mut ended = 0;
    for times in (0..3000).step_by(7) {
        let wire = Wire::default();
        let mut uart = uart(&wire);
        uart.rst_changes();
        {
            let mut send = pin!(uart.send(&[0x00, 0xA5]));
            for _ in 0..times {
                if let Poll::Ready(sent) = send.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    assert_eq!(sent, Ok(()));
                    ended += 1;
                    break;
                }
            }
        }
        assert!(!wire.low.get(), "{times}: between characters nobody pulls");
        uart.configure(&LineConfig::RESET);
        uart.rst_changes();
        assert_eq!(block_on(uart.receive(30)), Err(LineError::Timeout), "{times}");
    }
    assert!((10..400).contains(&ended), "{ended} came to their end");
}

#[test]
fn a_receive_that_is_dropped_counts_on_from_the_same_edge() {
    for times in 0..50 {
        let wire = Wire::default();
        let mut uart = uart(&wire);
        uart.rst_changes();
        let begun = wire.now.get();
        {
            let mut receive = pin!(uart.receive(108));
            for _ in 0..times {
                let _ = receive.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            }
        }
        assert_eq!(block_on(uart.receive(108)), Err(LineError::Timeout));
        let waited = wire.now.get() - begun;
        assert!((108 * ETU..110 * ETU).contains(&waited), "{times}: {waited}");
    }
}

#[test]
fn the_count_may_go_round() {
    let wire = Wire::default();
    wire.now.set(u32::MAX - 20 * ETU);
    let mut uart = uart(&wire);
    uart.rst_changes();
    let begun = wire.now.get();
    assert_eq!(block_on(uart.receive(40)), Err(LineError::Timeout));
    let waited = wire.now.get().wrapping_sub(begun);
    assert!((40 * ETU..42 * ETU).contains(&waited), "{waited}");
}

#[test]
fn a_clock_and_a_rate_that_no_slot_has_divide_by_nothing() {
    let wire = Wire::default();
    assert!(BitUart::new(wire.clone(), wire.clone(), 0).is_ok());
    let mut uart = uart(&wire);
    uart.configure(&LineConfig { fi: 0, di: 0, ..LineConfig::RESET });
    uart.rst_changes();
    assert_eq!(block_on(uart.receive(5)), Err(LineError::Timeout));
}
