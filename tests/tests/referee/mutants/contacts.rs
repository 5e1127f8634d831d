//! Faults of power, reset and clock (ISO/IEC 7816-3 clauses 6.2.1 to 6.4).

use qiyong_firmware::slot::Clock;
use qiyong_protocol::card::files::Generation;
use qiyong_sim::card::contact::Misbehaviour;
use qiyong_sim::line::Hardware;
use qiyong_sim::referee::Rule;

use super::super::bent::Call::{Clk, Io, Receive, Rst, Vcc, Wait};
use super::super::rig::{Session, Setup};
use super::{Mutant, t0, with_tck};

/// A card that says X and Y by a TA after T=15, and speaks T=0.
fn global(x_and_y: u8) -> Setup {
    Setup::of(&with_tck(&[0x80, 0x80, 0x1F, x_and_y]))
}

/// A card for 5 V only, which is mute at 3 V.
fn five_volts() -> Setup {
    Setup { generation: Generation::V1, atr: None, ..t0() }
}

/// Any card, at this frequency of CLK.
fn at_hz(atr: &[u8], clock_hz: u32) -> Setup {
    Setup { hardware: Hardware { clock_hz, ..Hardware::default() }, session: Session::Short, ..Setup::of(atr) }
}

pub(crate) fn mutants() -> Vec<Mutant> {
    let short = || Setup { session: Session::Short, ..t0() };
    let rests = || global(0xC7);
    vec![
        Mutant::bent("RST is high while VCC comes", Rule::RstLowFirst, short(), |_, call| match call {
            Vcc(Some(_)) => vec![Rst(true), call, Rst(false)],
            _ => vec![call],
        }),
        Mutant::bent("CLK before VCC", Rule::ClkAfterVcc, short(), |_, call| match call {
            Vcc(Some(_)) => vec![Clk(Clock::Running), call],
            _ => vec![call],
        }),
        Mutant::bent("I/O before VCC", Rule::IoAfterVcc, short(), |_, call| match call {
            Vcc(Some(_)) => vec![Io(true), call],
            _ => vec![call],
        }),
        Mutant::bent("CLK before I/O", Rule::IoBeforeClk, short(), |memory, call| match call {
            Io(true) => vec![],
            Clk(Clock::Running) if !memory.rst => vec![call, Io(true)],
            _ => vec![call],
        }),
        Mutant::hardware("3.6 V for class B", Rule::KnownVoltage, {
            Setup { hardware: Hardware { vcc_mv: [5000, 3600, 1800], ..Hardware::default() }, ..short() }
        }),
        Mutant::bent("the next class without a deactivation", Rule::ClassAfterOff, five_volts(), |memory, call| {
            match call {
                Vcc(None) if std::mem::take(&mut memory.held) => vec![],
                Vcc(Some(_)) => {
                    memory.held = memory.count == 0;
                    memory.count += 1;
                    vec![call]
                }
                _ => vec![call],
            }
        }),
        // Y: class A only; the slot hears A and B.
        Mutant::mishears(
            "goes on at a class that the ATR excludes",
            Rule::ClassAnnounced,
            global(0x01),
            |memory, byte| {
                if matches!(memory.heard, 4 | 5) && memory.sent == 0 { byte ^ 0x02 } else { byte }
            },
        ),
        Mutant::bent("5 ms off instead of 10", Rule::OffTime, five_volts(), |_, call| match call {
            Wait(cycles) if cycles > 10_000 => vec![Wait(cycles / 2)],
            _ => vec![call],
        }),
        Mutant::hardware("resets at 5.5 MHz", Rule::ResetClock, at_hz(&[0x3B, 0x10, 0x21], 5_500_000)),
        Mutant::hardware("4.5 MHz where TA1 says 4", Rule::ClockMax, at_hz(&[0x3B, 0x10, 0x01], 4_500_000)),
        Mutant::bent("RST low for 399 cycles", Rule::ColdReset, t0(), |memory, call| match call {
            Rst(false) => {
                memory.held = !memory.powered;
                vec![call]
            }
            Wait(400) if memory.held => vec![Wait(399)],
            _ => vec![call],
        }),
        Mutant::bent("RST low for 399 cycles in a warm reset", Rule::WarmReset, t0(), |memory, call| match call {
            Rst(false) => {
                memory.held = memory.powered;
                vec![call]
            }
            Wait(400) if memory.held => vec![Wait(399)],
            _ => vec![call],
        }),
        Mutant::bent("CLK starts after RST", Rule::RstWithClk, short(), |memory, call| match call {
            Clk(Clock::Running) if !memory.rst => vec![],
            Rst(true) => vec![call, Clk(Clock::Running)],
            _ => vec![call],
        }),
        Mutant::bent("CLK stops before RST", Rule::RstFirst, short(), |memory, call| match call {
            Rst(false) if memory.powered => vec![],
            Clk(Clock::Low) if memory.powered => vec![call, Rst(false)],
            _ => vec![call],
        }),
        Mutant::bent("I/O goes low before CLK", Rule::ClkBeforeIo, short(), |memory, call| match call {
            Clk(Clock::Low) if memory.powered => vec![Io(false), call],
            _ => vec![call],
        }),
        Mutant::bent("CLK high in a deactivation", Rule::ClkLow, short(), |memory, call| match call {
            Clk(Clock::Low) if memory.powered => vec![Clk(Clock::High)],
            _ => vec![call],
        }),
        Mutant::bent("VCC off before I/O", Rule::VccLast, short(), |memory, call| match call {
            Io(false) if memory.powered => vec![],
            Vcc(None) if memory.powered => vec![call, Io(false)],
            _ => vec![call],
        }),
        Mutant::mishears("stops a clock that must run", Rule::ClockStopAllowed, global(0x07), |memory, byte| {
            if matches!(memory.heard, 4 | 5) && memory.sent == 0 { byte ^ 0x40 } else { byte }
        }),
        Mutant::mishears("stops the clock low instead of high", Rule::ClockStopState, global(0x87), |memory, byte| {
            if matches!(memory.heard, 4 | 5) && memory.sent == 0 { byte ^ 0xC0 } else { byte }
        }),
        Mutant::bent("stops the clock after 1000 cycles", Rule::ClockStopQuiet, rests(), |_, call| match call {
            Wait(1860) => vec![Wait(1000)],
            _ => vec![call],
        }),
        Mutant::bent("sends 600 cycles after the clock's start", Rule::ClockResumed, rests(), |_, call| match call {
            Wait(700) => vec![Wait(600)],
            _ => vec![call],
        }),
        Mutant::bent("sends while the clock is stopped", Rule::ClockRuns, rests(), |memory, call| match call {
            Clk(Clock::Running) if memory.rst => vec![],
            _ => vec![call],
        }),
        Mutant::bent("waits 60 etu for TS", Rule::FirstCharacter, five_volts(), |_, call| match call {
            Receive(108) => vec![Receive(60)],
            _ => vec![call],
        }),
        Mutant::bent(
            "waits 1000 etu for TS",
            Rule::FirstCharacterLate,
            Setup { misbehaviour: Some(Misbehaviour::Mute), ..t0() },
            |_, call| match call {
                Receive(108) => vec![Receive(1000)],
                _ => vec![call],
            },
        ),
    ]
}
