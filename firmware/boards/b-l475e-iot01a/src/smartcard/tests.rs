//! The order of registers, written down by hand from RM0351 §40.8: of this mode there is no emulator to ask.
#![allow(clippy::panic, reason = "a test fails so")]

use std::cell::{Cell, RefCell};

use super::*;

/// How often it is asked at most whether a character is gone.
const ASKED: usize = 5;

/// A USART that writes down what is written into it, and refuses what RM0351 locks while it is on.
#[derive(Default)]
struct Recorder {
    writes: RefCell<Vec<(Register, u32)>>,
    cr1: Cell<u32>,
    /// How often it is asked for its status until the character has gone out.
    gone_after: u64,
    /// The status but for that.
    flags: u32,
    asked: Cell<u64>,
}

impl Recorder {
    /// A USART that has been set up.
    fn set_up(config: &LineConfig) -> Self {
        let usart = Self::default();
        configure(&usart, config);
        usart.writes.take();
        usart
    }
}

impl Registers for Recorder {
    fn write(&self, register: Register, value: u32) {
        let was = self.cr1.get();
        if was & UE != 0 {
            assert!(!matches!(register, Cr2 | Cr3 | Brr | Gtpr), "{register:?} is locked while UE is set");
            let locked = if register == Cr1 { (was ^ value) & (M0 | PCE | PS) } else { 0 };
            assert_eq!(locked, 0, "CR1 {was:#x} becomes {value:#x} while UE is set");
        }
        match register {
            Cr1 => self.cr1.set(value),
            Isr => panic!("the status is not written"),
            Tdr => assert_eq!(
                was & (UE | TE | RE),
                UE | TE | RE,
                "the receiver sees the error signal, and hears the answer"
            ),
            _ => {}
        }
        self.writes.borrow_mut().push((register, value));
    }

    fn read(&self, register: Register) -> u32 {
        match register {
            Cr1 => self.cr1.get(),
            Isr => {
                self.asked.set(self.asked.get() + 1);
                self.flags | if self.asked.get() > self.gone_after { TC } else { 0 }
            }
            _ => panic!("nobody reads {register:?}"),
        }
    }
}

/// What the ATR may ask for, in T=0 and direct convention.
const T0: LineConfig = LineConfig { error_signal: true, ..LineConfig::RESET };
const T1: LineConfig = LineConfig { fi: 512, di: 32, guard_time: 11, turnaround: 22, ..LineConfig::RESET };
const INVERSE: LineConfig = LineConfig { convention: Convention::Inverse, ..T0 };

/// Sends a character as `card_line` does; whether it was accepted.
fn accepts(usart: &Recorder, byte: u8, config: &LineConfig) -> bool {
    begin(usart, byte, config);
    for _ in 0..ASKED {
        if is_gone(usart) {
            break;
        }
        // What the interrupt's handler does.
        usart.cr1.set(usart.cr1.get() & !TCIE);
    }
    !refused(usart, config)
}

/// What setting up writes into a USART that is off.
fn set_up(config: &LineConfig) -> Vec<(Register, u32)> {
    let usart = Recorder::default();
    configure(&usart, config);
    usart.writes.take()
}

#[test]
fn setting_up_writes_each_register_once_between_off_and_on() {
    // UE, RE, TE, RXNEIE, PCE and M0; with PS for odd parity.
    let (even, odd) = (0x142D, 0x162D);
    // SCEN, NACK, and three repetitions.
    const T0_CR3: u32 = 0x6_0030;
    for (config, brr, cr3, gtpr, cr1) in [
        // 16 MHz by 4 is CLK: an etu of 372 cycles of CLK is 1488 of the USART's.
        (LineConfig::RESET, 0x5D0, 0x20, 0x102, even),
        (T0, 0x5D0, T0_CR3, 0x102, even),
        (LineConfig { fi: 512, di: 32, ..T0 }, 0x40, T0_CR3, 0x102, even),
        (LineConfig { fi: 512, di: 8, guard_time: 14, ..T0 }, 0x100, T0_CR3, 0x102, even),
        (T1, 0x40, 0x20, 0x102, even),
        (INVERSE, 0x5D0, T0_CR3, 0x102, odd),
        // More than BRR holds, which no ATR can ask for; and no divisor.
        (LineConfig { fi: u16::MAX, di: 1, ..T0 }, 0xFFFF, T0_CR3, 0x102, even),
        (LineConfig { di: 0, ..T0 }, 0x5D0, T0_CR3, 0x102, even),
    ] {
        let expected = [(Cr1, 0x0), (Brr, brr), (Cr3, cr3), (Gtpr, gtpr), (Cr2, 0x3800), (Cr1, cr1)];
        assert_eq!(set_up(&config), expected, "{config:?}");
    }
}

#[test]
fn setting_up_again_switches_off_first() {
    for from in [LineConfig::RESET, T0, T1, INVERSE] {
        for to in [LineConfig::RESET, T0, T1, INVERSE] {
            let usart = Recorder::set_up(&from);
            let before = usart.cr1.get();
            configure(&usart, &to);
            let writes = usart.writes.take();
            // All as before, but UE.
            assert_eq!(writes.first(), Some(&(Cr1, before - 1)), "{from:?} {to:?}");
            assert_eq!(writes.get(1..), set_up(&to).get(1..), "{from:?} {to:?}");
        }
    }
}

/// A card may answer 12 etu after the edge of the terminal's character, whatever guard time it asks for itself. TC, which comes
/// after the guard time, must not be what the receiver waits for.
#[test]
fn no_extra_guard_time_delays_the_end_of_a_character() {
    for guard_time in 11..=266 {
        let writes = set_up(&LineConfig { guard_time, ..T0 });
        let gtpr = writes.iter().find(|(register, _)| *register == Gtpr);
        assert_eq!(gtpr, Some(&(Gtpr, 0x102)));
    }
}

/// Clause 5.2.3.
#[test]
fn clk_is_the_usarts_clock_by_twice_psc() {
    for config in [LineConfig::RESET, T1, INVERSE] {
        let writes = set_up(&config);
        let psc = writes.iter().find_map(|(register, value)| (*register == Gtpr).then_some(value & 0x1F));
        assert_eq!(psc.map(|psc| 16_000_000 / (2 * psc)), Some(4_000_000));
        assert_eq!(PRESCALER, 4);
    }
}

#[test]
fn a_character_goes_out_with_the_receiver_on() {
    for (config, on, byte, line) in [
        (T0, 0x142D, 0xA4, 0xA4),
        (T1, 0x142D, 0x21, 0x21),
        (INVERSE, 0x162D, 0xA4, 0xDA),
        (INVERSE, 0x162D, 0x3F, 0x03),
    ] {
        for waits in 0..3 {
            let usart = Recorder { gone_after: waits, ..Recorder::set_up(&config) };
            assert!(accepts(&usart, byte, &config));
            let mut expected = vec![(Icr, 0x42), (Tdr, line), (Cr1, on + 0x40)];
            // Each time that it has not gone out yet, the interrupt at its end is asked for.
            expected.extend((0..waits).map(|_| (Cr1, on + 0x40)));
            assert_eq!(usart.writes.take(), expected, "{config:?} {byte:#04x}");
        }
    }
}

#[test]
fn a_character_that_never_goes_out_is_not_waited_for_any_longer() {
    let usart = Recorder { gone_after: u64::MAX, ..Recorder::set_up(&T0) };
    assert!(accepts(&usart, 0x00, &T0));
    assert_eq!(usart.writes.take().len(), 3 + ASKED);
}

#[test]
fn an_error_signal_is_a_framing_error_and_counts_where_it_is_looked_for() {
    for (config, accepted) in [(T0, false), (INVERSE, false), (T1, true), (LineConfig::RESET, true)] {
        let usart = Recorder { flags: 0x2, ..Recorder::set_up(&config) };
        assert_eq!(accepts(&usart, 0x00, &config), accepted, "{config:?}");
    }
}

#[test]
fn ts_of_either_convention_is_read_and_written_by_its_convention() {
    // Clause 8.1: seen least significant bit first with H as one, TS is 3B or 03.
    for (convention, line, byte) in [(Convention::Direct, 0x3B, 0x3B), (Convention::Inverse, 0x03, 0x3F)] {
        assert_eq!((on_line(line, convention), on_line(byte, convention)), (byte, line));
    }
    for byte in 0..=u8::MAX {
        assert_eq!(on_line(on_line(byte, Convention::Inverse), Convention::Inverse), byte);
    }
}
