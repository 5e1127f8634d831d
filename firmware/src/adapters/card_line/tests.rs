//! The slot over scripted pins: what each pin is told, in which order and when.
//!
//! Not the crate embedded-hal-mock: its pins each have a list of their own, and here the order among pins is the point; and
//! its pins can fail.

use core::cell::RefCell;
use core::convert::Infallible;
use core::future::{pending, poll_fn};
use core::task::Poll;
use std::collections::VecDeque;
use std::rc::Rc;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use embassy_futures::block_on;
use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use embedded_hal_async::digital::Wait;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;

use super::*;
use crate::adapters::Contacts;
use crate::slot::{CardSlot, ContactSlot, SlotConfig, SlotError};

/// A slot with nothing but a log, a clock, and a card of characters.
#[derive(Default)]
struct Rig {
    log: Vec<String>,
    now_us: u64,
    /// The card is taken out at this moment, or never; put in at this one.
    out_at_us: Option<u64>,
    in_at_us: u64,
    /// What the card answers, one entry each time RST rises or something was sent; `None` where it is mute.
    answers: VecDeque<Option<Vec<u8>>>,
    coming: VecDeque<u8>,
}

type Shared = Rc<RefCell<Rig>>;

impl Rig {
    fn present(&self) -> bool {
        self.now_us >= self.in_at_us && self.out_at_us.is_none_or(|out| self.now_us < out)
    }

    /// The card answers, as a rule at once.
    fn answer(&mut self) {
        self.coming = self.answers.pop_front().flatten().unwrap_or_default().into();
    }
}

/// A pin by name.
struct Pin(&'static str, Shared);

impl ErrorType for Pin {
    type Error = Infallible;
}

impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.1.borrow_mut().log.push(format!("{} low", self.0));
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        let mut rig = self.1.borrow_mut();
        rig.log.push(format!("{} high", self.0));
        if self.0 == "RST" {
            rig.answer();
        }
        Ok(())
    }
}

impl InputPin for Pin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.1.borrow().present())
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.1.borrow().present())
    }
}

impl Pin {
    async fn wait_for(&mut self, present: bool) {
        poll_fn(|_| if self.1.borrow().present() == present { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

impl Wait for Pin {
    async fn wait_for_high(&mut self) -> Result<(), Infallible> {
        self.wait_for(true).await;
        Ok(())
    }

    async fn wait_for_low(&mut self) -> Result<(), Infallible> {
        self.wait_for(false).await;
        Ok(())
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

/// Time goes on by a microsecond a poll, and else at once.
struct Delay(Shared);

impl DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        let us = u64::from(ns / 1000);
        let end = self.0.borrow().now_us + us;
        poll_fn(|_| {
            let mut rig = self.0.borrow_mut();
            // The switch may change before, and is asked then.
            let changes = [Some(rig.in_at_us), rig.out_at_us];
            let next = changes.into_iter().flatten().filter(|at| *at > rig.now_us).fold(end, u64::min);
            if rig.now_us >= end {
                return Poll::Ready(());
            }
            rig.now_us = next;
            Poll::Pending
        })
        .await;
        let mut rig = self.0.borrow_mut();
        rig.now_us = end;
        rig.log.push(format!("{us} us"));
    }
}

struct Card(Shared);

impl CardUart for Card {
    fn configure(&mut self, config: &LineConfig) {
        self.0.borrow_mut().log.push(format!("{} cycles per etu", config.fi / u16::from(config.di)));
    }

    fn rst_changes(&mut self) {
        self.0.borrow_mut().coming.clear();
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        let mut rig = self.0.borrow_mut();
        rig.log.push(format!("sent {bytes:02X?}"));
        rig.answer();
        Ok(())
    }

    async fn receive(&mut self, _: Etu) -> Result<(Received, Etu), LineError> {
        let byte = poll_fn(|_| {
            let mut rig = self.0.borrow_mut();
            let byte = rig.coming.pop_front();
            // While the card is to be taken out, its silence lasts until then.
            match (byte, rig.out_at_us) {
                (None, Some(out)) => {
                    rig.now_us = rig.now_us.max(out);
                    Poll::Pending
                }
                (byte, _) => Poll::Ready(byte),
            }
        })
        .await;
        byte.map(|byte| (Received { byte, parity_ok: true }, 12)).ok_or(LineError::Timeout)
    }
}

type Line = PinLine<Contacts<Pin, Pin, Pin, Pin, Pin, Pin, Pin>, Card, Delay>;

fn rig(answers: &[Option<&[u8]>]) -> (Shared, ContactSlot<Line>) {
    let answers = answers.iter().map(|answer| answer.map(<[u8]>::to_vec)).collect();
    let shared = Shared::new(Rig { answers, ..Rig::default() }.into());
    let pin = |name| Pin(name, shared.clone());
    let contacts = Contacts {
        vcc: pin("VCC"),
        five_volts: pin("5V"),
        rst: pin("RST"),
        clk: pin("CLK"),
        clk_level: pin("level"),
        io: pin("I/O"),
        present: pin("present"),
    };
    let timing = Timing { clk_hz: 4_000_000, vcc_settles_us: 5000 };
    let line = PinLine::new(contacts, Card(shared.clone()), Delay(shared.clone()), timing);
    let slot = ContactSlot::new(line, SlotConfig::default());
    (shared, slot)
}

fn told(shared: &Shared) -> Vec<String> {
    core::mem::take(&mut shared.borrow_mut().log)
}

/// T=0, and the clock may be stopped while it is high (TA after T=15).
const ATR: &[u8] = &[0x3B, 0x80, 0x80, 0x1F, 0x83, 0x9C];
const POWERED_DOWN: [&str; 6] = ["RST low", "level low", "CLK low", "I/O low", "VCC low", "5V low"];
const COLD_RESET_B: [&str; 9] = [
    "RST low",
    "5V low",
    "VCC high",
    "5000 us",
    "I/O high",
    "CLK high",
    "372 cycles per etu",
    // 400 cycles of 4 MHz.
    "100 us",
    "RST high",
];

#[test]
fn power_comes_and_goes_in_the_order_of_the_standard() {
    let (shared, mut slot) = rig(&[Some(ATR)]);
    assert_eq!(told(&shared), POWERED_DOWN, "as it starts");
    assert_eq!(block_on(slot.connect()), Ok(ATR));
    let log = told(&shared);
    // Clause 6.2.2; what follows is the negotiation.
    assert_eq!(log.get(..9).unwrap_or_default(), COLD_RESET_B);
    assert!(log.iter().skip(9).all(|line| line.contains("cycles per etu")), "{log:?}");
    block_on(slot.disconnect());
    // Clause 6.4.
    assert_eq!(told(&shared), [&POWERED_DOWN[..], &["5000 us"]].concat());
}

#[test]
fn a_card_that_is_mute_at_3_volts_gets_5_and_what_it_selects_is_driven_before_vcc() {
    let (shared, mut slot) = rig(&[None, Some(ATR)]);
    told(&shared);
    assert_eq!(block_on(slot.connect()), Ok(ATR));
    let log = told(&shared);
    let mut expected = COLD_RESET_B.to_vec();
    expected.extend(POWERED_DOWN);
    // The supply, and the 10 ms in which the card is left alone.
    expected.extend(["5000 us", "10000 us", "RST low", "5V high", "VCC high"]);
    assert_eq!(log.get(..expected.len()).unwrap_or_default(), expected);
}

#[test]
fn class_c_has_no_pin_and_gets_no_power() {
    let (shared, mut slot) = rig(&[]);
    told(&shared);
    block_on(slot.line().set_vcc(Some(VoltageClass::C)));
    assert_eq!(told(&shared), ["VCC low", "5V low", "5000 us"]);
}

#[test]
fn a_stopped_clock_rests_at_the_level_that_the_card_wants() {
    let (shared, mut slot) = rig(&[Some(ATR), Some(&[0x90, 0x00])]);
    block_on(slot.connect()).map(drop).unwrap_or_default();
    told(&shared);
    block_on(slot.rest());
    assert_eq!(told(&shared), ["465 us", "level high", "CLK low"]);
    let mut buffer = [0; 258];
    let sw = block_on(slot.transmit(&Command::new(0, 0xA4, 0, 0), &mut buffer)).map(|response| response.sw);
    assert_eq!(sw, Ok(StatusWord::OK));
    assert_eq!(told(&shared), ["CLK high", "175 us", "sent [00, A4, 00, 00, 00]"]);
}

#[test]
fn a_card_that_is_taken_out_ends_the_exchange_and_is_off_power_at_once() {
    let (shared, mut slot) = rig(&[Some(ATR), None]);
    block_on(slot.connect()).map(drop).unwrap_or_default();
    let out = shared.borrow().now_us + 1000;
    shared.borrow_mut().out_at_us = Some(out);
    told(&shared);
    let mut buffer = [0; 258];
    let command = Command::new(0, 0xA4, 0, 0);
    let answer = block_on(slot.transmit(&command, &mut buffer)).map(|response| response.sw);
    assert_eq!(answer, Err(SlotError::Removed));
    let mut expected = vec!["sent [00, A4, 00, 00, 00]".to_string()];
    expected.extend(POWERED_DOWN.map(str::to_string));
    expected.push("5000 us".to_string());
    assert_eq!(told(&shared), expected);
    // Into an empty slot nothing is sent.
    let line = slot.line();
    assert_eq!(block_on(line.send(&[1])), Err(LineError::Removed));
    assert_eq!(told(&shared), Vec::<String>::new());
}

#[test]
fn a_card_is_waited_for_so_long_and_its_removal_for_ever() {
    let (shared, mut slot) = rig(&[]);
    shared.borrow_mut().in_at_us = 1_500_000;
    assert!(!block_on(slot.wait_for_card(1)));
    assert!(block_on(slot.wait_for_card(1)));
    assert!(slot.line().present());
    shared.borrow_mut().out_at_us = Some(1_500_000);
    block_on(slot.line().removal());
    assert!(!slot.line().present());
}

/// Polls a future so often at most, and drops it.
fn polled<F: Future>(future: F, times: usize) {
    let mut future = core::pin::pin!(future);
    let mut context = core::task::Context::from_waker(core::task::Waker::noop());
    for _ in 0..times {
        if future.as_mut().poll(&mut context).is_ready() {
            break;
        }
    }
}

#[test]
fn every_future_of_the_line_is_dropped_at_each_of_its_waits_and_the_card_works_afterwards() {
    for times in 0..6 {
        let (shared, mut slot) = rig(&[Some(ATR), Some(ATR), Some(ATR)]);
        told(&shared);
        let line = slot.line();
        polled(line.wait_for_card(1), times);
        polled(line.removal(), times);
        polled(line.wait(400), times);
        assert!(!told(&shared).iter().any(|line| line.contains("high") || line.contains("low")), "nothing is driven");
        // VCC is switched before the first wait, on and off.
        polled(line.set_vcc(Some(VoltageClass::B)), times);
        assert_eq!(told(&shared).contains(&"VCC high".to_string()), times > 0);
        polled(line.set_vcc(None), times.max(1));
        assert!(told(&shared).contains(&"VCC low".to_string()));
        assert_eq!(block_on(slot.connect()), Ok(ATR), "{times}");
        polled(slot.line().receive(100), times);
        polled(slot.line().send(&[0xA5, 0x5A]), times);
        block_on(slot.disconnect());
        assert_eq!(block_on(slot.connect()), Ok(ATR), "{times}");
    }
}
