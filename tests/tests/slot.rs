//! The card slot against damaged answers to reset: warm reset and class walk (ISO/IEC 7816-3 clause 6.2.4).

use std::cell::RefCell;
use std::rc::Rc;

use embassy_futures::block_on;
use qiyong_firmware::slot::{CardSlot, ContactSlot, SlotConfig, SlotError, VoltageClass};
use qiyong_host_sim::card::contact::ContactCard;
use qiyong_host_sim::centre::hsm::Hsm;
use qiyong_host_sim::line::{BenchLine, Layer, Layered, LineEvent, VirtualLine};
use qiyong_host_sim::time::VirtualTime;
use qiyong_protocol::card::commands;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::iso7816::character::Received;
use qiyong_tests::sample_card;

/// Damages the second character of the first `resets` answers to reset, and writes down what is powered.
struct Damage {
    resets: u32,
    /// Characters from the card since RST went high.
    heard: u32,
    log: Rc<RefCell<Vec<&'static str>>>,
}

impl Layer for Damage {
    fn on_reception(&mut self, mut character: Received) -> Received {
        self.heard += 1;
        if self.heard == 2 && self.resets > 0 {
            self.resets -= 1;
            character.parity_ok = false;
        }
        character
    }

    fn happened(&mut self, _: &impl BenchLine, event: LineEvent) {
        let word = match event {
            LineEvent::Vcc(Some(VoltageClass::A)) => "A",
            LineEvent::Vcc(Some(VoltageClass::B)) => "B",
            LineEvent::Vcc(Some(VoltageClass::C)) => "C",
            LineEvent::Vcc(None) => "off",
            LineEvent::Rst(true) => {
                self.heard = 0;
                "reset"
            }
            _ => return,
        };
        self.log.borrow_mut().push(word);
    }
}

/// What a slot with a card of this generation does when so many answers to reset are damaged, and whether a command works.
fn connect(generation: Generation, damaged: u32) -> (Result<(), SlotError>, String) {
    let card = sample_card(generation).issue(&Hsm::test_keys()).unwrap();
    let mut line = VirtualLine::new(VirtualTime::new("2026-03-02T09:00".parse().unwrap()));
    line.set_card(Some(Rc::new(RefCell::new(ContactCard::new(card)))));
    let log = Rc::new(RefCell::new(Vec::new()));
    let line = Layered::new(line, Damage { resets: damaged, heard: 0, log: log.clone() });
    let mut slot = ContactSlot::new(line, SlotConfig::default());
    let result = block_on(async {
        slot.connect().await?;
        let response = slot.transmit(&commands::select_environment(), &mut [0; 258]).await?.sw;
        assert!(response.is_ok());
        slot.disconnect().await;
        Ok(())
    });
    assert_eq!(slot.line().violations(), [] as [String; 0]);
    let log = log.borrow().join(" ");
    (result, log)
}

#[test]
fn a_good_card_is_reset_once() {
    assert_eq!(connect(Generation::V2, 0), (Ok(()), "B reset off".into()));
}

#[test]
fn a_card_for_5_volts_is_silent_at_3_and_found_at_5() {
    assert_eq!(connect(Generation::V1, 0), (Ok(()), "B reset off A reset off".into()));
}

#[test]
fn a_damaged_answer_is_asked_for_again_by_a_warm_reset() {
    assert_eq!(connect(Generation::V2, 1), (Ok(()), "B reset reset off".into()));
}

#[test]
fn damaged_twice_the_next_class_is_tried() {
    assert_eq!(connect(Generation::V2, 2), (Ok(()), "B reset reset off A reset off".into()));
}

#[test]
fn damaged_always_the_cause_is_named_and_power_is_off() {
    // The last "off" is connect's own: powering down twice is harmless.
    assert_eq!(connect(Generation::V2, 9), (Err(SlotError::Parity), "B reset reset off A reset reset off off".into()));
}
