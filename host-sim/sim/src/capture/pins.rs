//! The pins of a card slot as VCD (IEEE 1364-2005 clause 18), from their edges in time: what a logic analyser would have seen. The doctor
//! ([`crate::doctor`]) reads it, GTKWave shows it.
//!
//! | Signal | 1 | 0 | x |
//! |---|---|---|---|
//! | `VCC` | there is supply voltage, of any class | there is none | |
//! | `RST` | high | low | |
//! | `CLK_ON` | CLK runs, at the rate that a comment in the heading names | CLK stands | |
//! | `CLK_STOP` | while CLK stands it is high | it is low | |
//! | `IO` | state H | state L | data and parity moments of a secret character |
//! | `CD` | a card is there | there is none | |
//!
//! CLK has millions of edges in a visit, and none of them says anything: so they are not in the file.

use std::io::Result;

use vcd::{SimulationCommand, TimescaleUnit, Value, Writer};

use crate::doctor::{Level, Pin};

/// The signals and their names.
const SIGNALS: [(Pin, &str); 6] = [
    (Pin::Vcc, "VCC"),
    (Pin::Rst, "RST"),
    (Pin::ClkOn, "CLK_ON"),
    (Pin::ClkStop, "CLK_STOP"),
    (Pin::Io, "IO"),
    (Pin::Detect, "CD"),
];

/// These edges, in the order of time: ns, pin, level. CLK runs at so many Hz while it runs, and a time is right to so many ns. All pins
/// are low before.
///
/// # Errors
/// None in practice, since it is written to memory.
pub fn vcd_of_pins(edges: &[(u64, Pin, Level)], clk_hz: u32, resolution_ns: u64) -> Result<Vec<u8>> {
    let mut out = Writer::new(Vec::new());
    out.version("qiyong emulate --waveform")?;
    out.comment(&format!("CLK_ON runs at {clk_hz} Hz ; times are right to {resolution_ns} ns"))?;
    out.timescale(1, TimescaleUnit::NS)?;
    out.add_module("card_slot")?;
    let mut ids = Vec::new();
    for (pin, name) in SIGNALS {
        ids.push((pin, out.add_wire(1, name)?));
    }
    out.upscope()?;
    out.enddefinitions()?;
    out.timestamp(0)?;
    out.begin(SimulationCommand::Dumpvars)?;
    for (_, id) in &ids {
        out.change_scalar(*id, Value::V0)?;
    }
    out.end()?;
    let mut now = 0;
    for (at, pin, level) in edges {
        if *at > now {
            now = *at;
            out.timestamp(now)?;
        }
        if let Some((_, id)) = ids.iter().find(|(other, _)| other == pin) {
            out.change_scalar(
                *id,
                match level {
                    Level::Low => Value::V0,
                    Level::High => Value::V1,
                    Level::Hidden => Value::X,
                },
            )?;
        }
    }
    Ok(std::mem::take(out.writer()))
}
