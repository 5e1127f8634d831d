//! Targets for the doctor: any file that is called a waveform, and any edges at its pins in any order.

use qiyong_sim::doctor::vcd::{self, Options};
use qiyong_sim::doctor::{Doctor, Level, Pin, Settings};

use crate::input::Input;

/// The most that is told of one patient, whatever it does.
const MOST: usize = 256;

/// Input: a file. It is refused with words, or examined.
pub(crate) fn any_waveform(bytes: &[u8]) {
    match vcd::examine(|| Ok(bytes), &Options::default()) {
        Ok(diagnosis) => assert!(diagnosis.findings.len() <= MOST),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Input: edges, of three bytes each: pin with level, and how much later it is, as a number of 8 bits shifted by up to 31.
pub(crate) fn any_edges(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let clk_hz = 1 << (input.byte() & 31);
    let mut doctor = Doctor::new(Settings { clk_hz, resolution_ns: u64::from(input.byte()) + 1 });
    let (mut now, mut edges) = (0_u64, 0);
    while !input.is_empty() {
        let what = input.byte();
        let (pin, _) = Pin::NAMES[usize::from(what >> 4) % Pin::NAMES.len()];
        let level = [Level::Low, Level::High, Level::Hidden][usize::from(what & 15) % 3];
        now = now.saturating_add(u64::from(input.byte()) << (input.byte() & 31));
        doctor.see(now, pin, level);
        edges += 1;
    }
    let diagnosis = doctor.ends(now);
    assert!(diagnosis.findings.len() <= MOST && diagnosis.characters <= edges);
    assert!(diagnosis.findings.iter().all(|finding| !finding.remedy.is_empty() && !finding.clause.is_empty()));
}

/// A waveform of an activation, and what it would be as edges.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let heading = "$timescale 1 us $end $var wire 1 a VCC $end $var wire 1 b RST $end $var wire 1 c CLK_ON $end \
                   $var wire 1 d IO $end $enddefinitions $end ";
    // TS 3B and T0 00 at 93 us an etu, and a command that is never answered.
    let mut text = heading.to_string() + "#0 0a 0b 0c 0d #10 1a #11 1d #12 1c #200 1b ";
    let mut at = 400;
    for moments in [0b1_0011_1011_u16, 0, 0, 0b0_1010_0100] {
        text += &format!("#{at} 0d ");
        for moment in 0..9 {
            text += &format!("#{} {}d ", at + 93 * (moment + 1), moments >> moment & 1);
        }
        text += &format!("#{} 1d ", at + 930);
        at += 1_500;
    }
    text += "#2000000 0b #2000010 0c #2000020 0d #2000030 0a";
    let analyser = heading.replace("1 us", "100ns").replace("CLK_ON", "CLK") + "#1 1a xd zd #2 r3.3 a b1 c #3 0c #5 1c";
    vec![text.into_bytes(), analyser.into_bytes(), Vec::new()]
}

/// Edges of an activation.
pub(crate) fn edges() -> Vec<Vec<u8>> {
    let mut bytes = vec![22, 0];
    bytes.extend([0x01, 1, 10, 0x41, 1, 4, 0x31, 1, 4, 0x11, 100, 12]);
    bytes.extend((0..60).flat_map(|edge: u8| [0x40 | edge & 1, 1 + edge % 3, 16]));
    bytes.extend([0x10, 200, 20, 0x30, 1, 4, 0x40, 1, 4, 0x00, 1, 4]);
    // CLK edge by edge.
    let clock = (0..100).flat_map(|edge: u8| [0x20 | edge & 1, 125, 0]);
    vec![bytes, [22, 0, 0x01, 1, 1].into_iter().chain(clock).collect(), vec![0; 30]]
}
