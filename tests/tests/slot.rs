//! The card slot against damaged answers to reset: warm reset and class walk (ISO/IEC 7816-3 clause 6.2.4).

use std::cell::RefCell;
use std::rc::Rc;

use embassy_futures::block_on;
use qiyong_firmware::slot::{
    CardLine, CardSlot, ContactSlot, LineConfig, LineError, SlotConfig, SlotError, VoltageClass,
};
use qiyong_host_sim::card::contact::ContactCard;
use qiyong_host_sim::centre::hsm::Hsm;
use qiyong_host_sim::line::{BenchLine, VirtualLine};
use qiyong_host_sim::time::VirtualTime;
use qiyong_protocol::card::commands;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::Received;
use qiyong_tests::sample_card;

/// A line that damages the second character of the first `resets` answers to reset, and writes down what is powered.
struct Damaged {
    line: VirtualLine,
    resets: u32,
    /// Characters since RST went high.
    heard: u32,
    log: Rc<RefCell<Vec<&'static str>>>,
}

impl CardLine for Damaged {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        self.line.wait_for_card(seconds).await
    }
    fn present(&mut self) -> bool {
        self.line.present()
    }
    async fn set_vcc(&mut self, class: Option<VoltageClass>) {
        self.log.borrow_mut().push(match class {
            Some(VoltageClass::A) => "A",
            Some(VoltageClass::B) => "B",
            Some(VoltageClass::C) => "C",
            None => "off",
        });
        self.line.set_vcc(class).await;
    }
    fn set_rst(&mut self, high: bool) {
        if high {
            self.log.borrow_mut().push("reset");
            self.heard = 0;
        }
        self.line.set_rst(high);
    }
    fn set_clk(&mut self, on: bool) {
        self.line.set_clk(on);
    }
    fn set_io(&mut self, released: bool) {
        self.line.set_io(released);
    }
    fn configure(&mut self, config: &LineConfig) {
        self.line.configure(config);
    }
    async fn wait(&mut self, cycles: u32) {
        self.line.wait(cycles).await;
    }
    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        self.line.send(bytes).await
    }
    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        let (mut character, etu) = self.line.receive(within).await?;
        self.heard += 1;
        if self.heard == 2 && self.resets > 0 {
            self.resets -= 1;
            character.parity_ok = false;
        }
        Ok((character, etu))
    }
}

/// What a slot with a card of this generation does when so many answers to reset are damaged, and whether a command works.
fn connect(generation: Generation, damaged: u32) -> (Result<(), SlotError>, String) {
    let card = sample_card(generation).issue(&Hsm::test_keys()).unwrap();
    let mut line = VirtualLine::new(VirtualTime::new("2026-03-02T09:00".parse().unwrap()));
    line.set_card(Some(Rc::new(RefCell::new(ContactCard::new(card)))));
    let log = Rc::new(RefCell::new(Vec::new()));
    let line = Damaged { line, resets: damaged, heard: 0, log: log.clone() };
    let mut slot = ContactSlot::new(line, SlotConfig::default());
    let result = block_on(async {
        slot.connect().await?;
        let response = slot.transmit(&commands::select_environment(), &mut [0; 258]).await?.sw;
        assert!(response.is_ok());
        slot.disconnect().await;
        Ok(())
    });
    assert_eq!(slot.line().line.violations(), [] as [String; 0]);
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
