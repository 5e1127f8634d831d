//! Every future of the chip's driver dropped at each of its waits, and then carried on: the card is taken off power in any case, and
//! why it lost power is found out all the same. What a chip does is modelled in `qiyong_sim::pins`, and judged there.

use core::cell::RefCell;
use core::convert::Infallible;
use core::future::{pending, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::rc::Rc;
use std::vec::Vec;

use embassy_futures::block_on;
use embedded_hal::digital::ErrorType;

use super::*;

/// The chip's pins as they are: CMDVCC, and OFF as the slot has it.
#[derive(Default)]
struct Rig {
    cmdvcc: bool,
    /// When CMDVCC rose and fell, with the time in µs.
    told: Vec<(bool, u64)>,
    now_us: u64,
    /// The chip has taken power, at this time.
    fallen: Option<u64>,
    /// There is no card any more.
    gone: bool,
}

type Shared = Rc<RefCell<Rig>>;

impl Rig {
    fn off(&self) -> bool {
        if self.cmdvcc { !self.gone } else { self.fallen.is_none() }
    }
}

/// A pin; the one that is CMDVCC is noted.
#[derive(Clone)]
struct Pin(Shared, bool);

impl ErrorType for Pin {
    type Error = Infallible;
}

impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.set_state(PinState::Low)
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.set_state(PinState::High)
    }

    fn set_state(&mut self, state: PinState) -> Result<(), Infallible> {
        let mut rig = self.0.borrow_mut();
        let high = state == PinState::High;
        if self.1 && rig.cmdvcc != high {
            rig.cmdvcc = high;
            let now = rig.now_us;
            rig.told.push((high, now));
        }
        Ok(())
    }
}

impl InputPin for Pin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.borrow().off())
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.0.borrow().off())
    }
}

impl Wait for Pin {
    async fn wait_for_high(&mut self) -> Result<(), Infallible> {
        poll_fn(|_| if self.0.borrow().off() { Poll::Ready(Ok(())) } else { Poll::Pending }).await
    }

    async fn wait_for_low(&mut self) -> Result<(), Infallible> {
        poll_fn(|_| if self.0.borrow().off() { Poll::Pending } else { Poll::Ready(Ok(())) }).await
    }

    async fn wait_for_rising_edge(&mut self) -> Result<(), Infallible> {
        pending().await
    }

    async fn wait_for_falling_edge(&mut self) -> Result<(), Infallible> {
        pending().await
    }

    async fn wait_for_any_edge(&mut self) -> Result<(), Infallible> {
        pending().await
    }
}

/// A delay that goes on by 20 µs each time that it is asked.
#[derive(Clone)]
struct Delay(Shared);

impl DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        let end = self.0.borrow().now_us + u64::from(ns / 1000);
        poll_fn(|_| {
            let mut rig = self.0.borrow_mut();
            if rig.now_us >= end {
                return Poll::Ready(());
            }
            rig.now_us = (rig.now_us + 20).min(end);
            Poll::Pending
        })
        .await;
    }
}

type Driver = Chip<Tda8035, ChipPins<Pin, Pin, Pin, Pin, Pin, Pin, Pin>, Delay>;

fn powered() -> (Shared, Driver) {
    let shared = Shared::default();
    let pin = |noted| Pin(shared.clone(), noted);
    let pins = ChipPins {
        cmdvcc: pin(true),
        rstin: pin(false),
        select: (pin(false), pin(false)),
        divide: (pin(false), pin(false)),
        off: pin(false),
    };
    let mut chip = Driver::new(pins, Divider::By4, Delay(shared.clone()));
    chip.set_vcc(Some(VoltageClass::B));
    (shared, chip)
}

/// Polls a future so often at most, and drops it. Whether it came to its end.
fn polled<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..times {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(done);
        }
    }
    None
}

/// How many polls the whole of `ending` takes, and some more.
const POLLS: usize = 700;

#[test]
fn an_ending_that_is_dropped_at_any_wait_is_found_out_by_the_next() {
    for gone in [false, true] {
        let expected = if gone { Ending::Removed } else { Ending::Fault };
        let mut dropped = 0;
        for times in 0..POLLS {
            let (shared, mut chip) = powered();
            shared.borrow_mut().now_us = 1000;
            (shared.borrow_mut().fallen, shared.borrow_mut().gone) = (Some(1000), gone);
            match polled(chip.ending(), times) {
                Some(ending) => assert_eq!(ending, expected, "{times}"),
                None => dropped += 1,
            }
            assert!(chip.has_ended(), "{times}");
            assert_eq!(block_on(chip.ending()), expected, "{times}");
            let told = shared.borrow().told.clone();
            // High as it was made, low for power, and high again, once and not before its time.
            let [(true, 0), (false, 0), (true, at)] = told[..] else { panic!("{times}: {told:?}") };
            assert!(at >= 1160, "{times}: CMDVCC rose {at} µs");
            assert_eq!(block_on(chip.ending()), expected, "and the same at once, {times}");
        }
        assert!((10..POLLS).contains(&dropped), "{dropped} drops");
    }
}

#[test]
fn power_that_the_chip_has_taken_is_given_up_at_its_time_wherever_the_wait_is_dropped() {
    for times in 0..POLLS {
        let (shared, mut chip) = powered();
        shared.borrow_mut().now_us = 1000;
        shared.borrow_mut().fallen = Some(1000);
        chip.set_vcc(None);
        assert!(!shared.borrow().cmdvcc, "not told before its time");
        let mut delay = Delay(shared.clone());
        let _ = polled(chip.settle(&mut delay, 250), times);
        // The next holder comes: the chip shows a card only once it was told.
        block_on(chip.insertion());
        let told = shared.borrow().told.clone();
        let [(true, 0), (false, 0), (true, at)] = told[..] else { panic!("{times}: {told:?}") };
        assert!(at >= 1160, "{times}: CMDVCC rose {at} µs");
    }
}

#[test]
fn a_removal_that_is_dropped_is_waited_for_again_and_a_fault_is_none() {
    for times in 0..POLLS {
        let (shared, mut chip) = powered();
        shared.borrow_mut().fallen = Some(0);
        assert_eq!(polled(chip.removal(), times), None, "the card is still there, {times}");
        assert_eq!(block_on(chip.ending()), Ending::Fault, "{times}");
        shared.borrow_mut().gone = true;
        assert_eq!(polled(chip.removal(), POLLS), Some(()), "{times}");
    }
}

#[test]
fn power_goes_before_the_first_wait() {
    let (shared, mut chip) = powered();
    assert!(!shared.borrow().cmdvcc);
    chip.set_vcc(None);
    assert!(shared.borrow().cmdvcc);
    assert!(!chip.has_ended());
}
