//! Findings: what the referee said and what is wrong with the pins, put together. What follows from something else is left out.

use serde::Serialize;

use super::listener::{Listener, Measured, Said};
use super::pins::{Party, Pin};
use super::wiring::{Fault, Wiring};
use super::words;
use crate::referee::Rule;

/// What the doctor says.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// What is wrong, in the order of time.
    pub findings: Vec<Finding>,
    /// How often RST rose with power and clock.
    pub resets: usize,
    /// Characters heard.
    pub characters: usize,
    /// The answers to reset that were heard whole.
    pub atrs: Vec<Vec<u8>>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// What it is called.
    pub name: &'static str,
    /// Whose fault it is.
    pub party: Party,
    /// The pin, as in [`Pin::name`].
    pub pin: &'static str,
    /// When, in ns since the beginning of the capture; `None` if that is not known, as of a log.
    pub at_ns: Option<u64>,
    /// The clause of ISO/IEC 7816-3.
    pub clause: &'static str,
    /// The rule, or what has been seen.
    pub what: String,
    /// What was measured.
    pub measured: Option<String>,
    /// The likely cause.
    pub cause: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl Finding {
    /// A fault of a pin, at that time.
    fn of(fault: Fault, at: u64, measured: Option<String>) -> Self {
        let (cause, remedy) = words::of_fault(fault);
        Self {
            name: fault.name(),
            party: Party::Board,
            pin: fault.pin().name(),
            at_ns: Some(at),
            clause: fault.clause(),
            what: fault.says().into(),
            measured,
            cause,
            remedy,
        }
    }

    fn said(said: Said, at: u64, measured: Option<Measured>) -> Self {
        let (name, clause, what, (party, (pin, cause, remedy))) = match said {
            Said::Rule(rule) => (rule.name(), rule.clause(), rule.says(), (Party::Board, words::of_rule(rule))),
            Said::Remark(remark) => (remark.name(), remark.clause(), remark.says(), words::of_remark(remark)),
        };
        Self {
            name,
            party,
            pin: pin.name(),
            at_ns: Some(at),
            clause,
            what: what.into(),
            measured: measured.map(in_words),
            cause,
            remedy,
        }
    }
}

fn in_words(measured: Measured) -> String {
    match measured {
        Measured::Gap(etu) => format!("{etu:.1} etu after the character before"),
        Measured::Etu(is, due) => format!("an etu of {is:.1} cycles, where {due:.1} are due"),
        Measured::Waited(ms) => format!("{ms:.1} ms after the character before"),
        Measured::Hz(hz) => format!("CLK runs at {:.3} MHz", f64::from(hz) / 1e6),
    }
}

/// The most findings that are told.
const MOST: usize = 256;

/// Puts everything together.
pub(super) fn all(listener: &Listener, wiring: &Wiring) -> Diagnosis {
    let mut findings: Vec<_> = wiring.found.iter().map(|(fault, at, _)| Finding::of(*fault, *at, None)).collect();
    // What a pin that is wrong leads to is no finding of its own, and the whole power-up belongs to it.
    let mut spoilt: Vec<(u64, u64)> =
        wiring.found.iter().map(|(_, at, until)| (at.saturating_sub(START), *until)).collect();
    for session in &listener.sessions {
        if let Some((at, late)) = session.rises_late {
            let measured = format!("they come 0.{late:02} etu late");
            findings.push(Finding::of(Fault::IoRisesSlowly, at, Some(measured)));
            spoilt.push((session.from, session.until));
        } else if let Some(at) = session.garbled {
            findings.push(Finding::of(Fault::IoGarbled, at, None));
            spoilt.push((at, session.until));
        }
    }
    let within = |at: u64| spoilt.iter().any(|(from, until)| (*from..=*until).contains(&at));
    findings.extend(mute(listener, wiring, &within));
    findings.extend(switch(listener, wiring));
    let unknown = |said| wiring.clk_on_and_off() && said == Said::Rule(Rule::ClockStopState);
    let said = listener.verdict().into_iter().filter(|(said, at, _)| !within(*at) && !unknown(*said));
    findings.extend(said.map(|(said, at, measured)| Finding::said(said, at, measured)));
    findings.sort_by_key(|finding| (finding.at_ns, finding.name));
    findings.dedup_by(|second, first| second.name == first.name && second.at_ns == first.at_ns);
    findings.truncate(MOST);
    let mut atrs: Vec<Vec<u8>> = Vec::new();
    for session in &listener.sessions {
        if !session.atr.is_empty() && !atrs.contains(&session.atr) {
            atrs.push(session.atr.clone());
        }
    }
    Diagnosis { findings, resets: listener.sessions.len(), characters: listener.characters, atrs }
}

/// What goes before a fault of a pin and belongs to the same power-up, in ns.
const START: u64 = 100_000;

/// Resets that nobody answered. A card that is mute at one class and answers at another is sound.
fn mute(listener: &Listener, wiring: &Wiring, within: &impl Fn(u64) -> bool) -> Option<Finding> {
    let last = listener.sessions.iter().rev().find(|session| !within(session.from))?;
    if last.characters > 0 || last.garbled.is_some() {
        return None;
    }
    let fault = if wiring.io_was_low() { Fault::Mute } else { Fault::IoStuckHigh };
    let ms = last.until.saturating_sub(last.from) as f64 / 1e6;
    Some(Finding::of(fault, last.from, Some(format!("RST has been high for {ms:.2} ms"))))
}

/// The switch of the slot: cards that were served while it said that there was none, or none powered but where it said so.
fn switch(listener: &Listener, wiring: &Wiring) -> Option<Finding> {
    let (from, _) = wiring.empty.iter().find(|(from, until)| {
        let inside = |session: &&super::listener::Session| (*from..=*until).contains(&session.from);
        listener.sessions.iter().filter(inside).any(|session| session.ts)
    })?;
    Some(Finding::of(Fault::DetectInverted, *from, None))
}

/// The name of a pin in a log's findings.
pub(super) fn pin(pin: Pin) -> &'static str {
    pin.name()
}
