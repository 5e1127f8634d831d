//! What a logic analyser at the slot's contacts would show: edges of VCC, RST, CLK, I/O and the switch. Bits of secret characters are not in
//! it (`qiyong_sim::mask` knows which those are), so that I/O is kept only once a character is known.

use std::collections::VecDeque;

use qiyong_protocol::iso7816::character::Moments;
use qiyong_sim::doctor::{Level, Pin};
use qiyong_sim::line::Character;
use qiyong_sim::mask::Masker;
use qiyong_sim::referee::By;

use super::wire::tenths;

/// An edge at a pin: when, in ns since the chip's start.
pub type Edge = (u64, Pin, Level);

/// ns in a cycle of the chip's clock.
pub(super) const NANOS: u64 = 8;
/// How far an edge may be from its place, in tenths of an etu, and still belong to a character's moments.
const SLACK: u64 = 3;

/// The analyser. Times are in cycles of the chip's clock.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// What was seen, once that is kept.
    edges: Option<Vec<Edge>>,
    /// Which pins are high, in the order of [`Pin`]; I/O as far as it was shown.
    high: [bool; 7],
    /// Chip and card pull I/O low.
    chip_pulls: bool,
    card_pulls: bool,
    /// What the card will do.
    coming: VecDeque<(u64, bool)>,
    /// I/O as it is, and its edges since a character began.
    io: bool,
    open: Vec<(u64, bool)>,
    /// I/O was shown as high at the end of a secret character that was cut off.
    covered: bool,
    masker: Masker,
}

impl Scope {
    /// From now on it is kept.
    pub(super) fn begin(&mut self, now: u64) {
        let level = |high: bool| if high { Level::High } else { Level::Low };
        let pins = [Pin::Detect, Pin::ClkStop, Pin::Vcc, Pin::ClkOn, Pin::Rst, Pin::Io];
        self.edges = Some(pins.map(|pin| (now * NANOS, pin, level(self.high[pin as usize]))).into());
    }

    /// What was kept, in the order of time.
    pub(super) fn edges(&self) -> Vec<Edge> {
        let mut edges = self.edges.clone().unwrap_or_default();
        // I/O is shown when a character is over.
        edges.sort_by_key(|(at, ..)| *at);
        edges
    }

    /// A contact, or the switch, has this level.
    pub(super) fn contact(&mut self, at: u64, pin: Pin, high: bool) {
        self.flows(at);
        if matches!(pin, Pin::ClkOn | Pin::Vcc) && std::mem::take(&mut self.covered) {
            self.show_io(at);
        }
        if matches!(pin, Pin::Rst | Pin::Vcc) && high != self.high[pin as usize] {
            self.masker = Masker::default();
            // What is left belongs to no character.
            for (at, high) in std::mem::take(&mut self.open) {
                self.show(at, Pin::Io, if high { Level::High } else { Level::Low });
            }
        }
        self.show(at, pin, if high { Level::High } else { Level::Low });
        if pin == Pin::Vcc {
            self.wire(at);
        }
    }

    /// The chip lets I/O go, or pulls it low.
    pub(super) fn chip(&mut self, at: u64, released: bool) {
        self.flows(at);
        self.chip_pulls = !released;
        self.wire(at);
    }

    /// The card will let it go, or pull it low.
    pub(super) fn card(&mut self, at: u64, released: bool) {
        let later = self.coming.iter().rev().take_while(|(other, _)| *other > at).count();
        self.coming.insert(self.coming.len() - later, (at, released));
    }

    /// The card lets it go, and does nothing more.
    pub(super) fn falls_silent(&mut self, now: u64) {
        self.flows(now);
        self.coming.clear();
        self.card_pulls = false;
        self.wire(now);
    }

    /// Time passes to `now`.
    pub(super) fn flows(&mut self, now: u64) {
        while let Some((at, released)) = self.coming.pop_front_if(|(at, _)| *at <= now) {
            self.card_pulls = !released;
            self.wire(at);
        }
    }

    /// The character of this party that began at `edge` is over.
    pub(super) fn character(&mut self, by: By, character: Character, edge: u64, rate: (u16, u8)) {
        let secret = sent(&mut self.masker, by, character);
        if self.open.is_empty() {
            return;
        }
        self.tell(edge, rate, secret.then(|| edge + tenths(100, rate)));
    }

    /// Something cuts off this party's character that began at `edge`: it is shown unless it may have been secret.
    pub(super) fn half(&mut self, by: By, edge: u64, rate: (u16, u8), at: u64) {
        self.flows(at);
        let any = Character { byte: 0, parity_ok: true, frame: Moments::from_moments(0), signalled: false };
        let secret = sent(&mut self.masker.clone(), by, any);
        if self.open.is_empty() {
            return;
        }
        self.tell(edge, rate, secret.then(|| at.min(edge + tenths(100, rate))));
        self.covered = secret;
    }

    /// Shows the edges of a character; those up to `hidden_until` are not shown.
    fn tell(&mut self, edge: u64, rate: (u16, u8), hidden_until: Option<u64>) {
        let from = edge + tenths(10, rate);
        let mut hides = hidden_until.filter(|until| *until > from);
        for (at, high) in std::mem::take(&mut self.open) {
            if let Some(until) = hides
                && at + tenths(SLACK, rate) >= from
            {
                if at <= until + tenths(SLACK, rate) {
                    continue;
                }
                hides = None;
                self.hide(from, until);
            }
            self.show(at, Pin::Io, if high { Level::High } else { Level::Low });
        }
        if let Some(until) = hides {
            self.hide(from, until);
        }
    }

    fn hide(&mut self, from: u64, until: u64) {
        self.show(from, Pin::Io, Level::Hidden);
        self.show(until, Pin::Io, Level::High);
    }

    /// I/O as all who drive it make it. Its pull-up goes to the card's VCC.
    fn wire(&mut self, at: u64) {
        let [vcc, rst, ..] = self.high;
        let high = vcc && !self.chip_pulls && !self.card_pulls;
        if high == std::mem::replace(&mut self.io, high) {
            return;
        }
        if vcc && rst && (!high || !self.open.is_empty()) {
            self.open.push((at, high));
        } else {
            self.show_io(at);
        }
    }

    fn show_io(&mut self, at: u64) {
        self.show(at, Pin::Io, if self.io { Level::High } else { Level::Low });
    }

    fn show(&mut self, at: u64, pin: Pin, level: Level) {
        let high = level != Level::Low;
        let before = std::mem::replace(&mut self.high[pin as usize], high);
        if (before != high || pin == Pin::Io)
            && let Some(edges) = &mut self.edges
        {
            edges.push((at * NANOS, pin, level));
        }
    }
}

/// Whether it is secret.
fn sent(masker: &mut Masker, by: By, character: Character) -> bool {
    match by {
        By::Terminal => masker.sent_to_card(character),
        By::Card => masker.sent_by_card(character),
    }
}

#[cfg(test)]
mod tests {
    use qiyong_protocol::iso7816::character::Convention;

    use super::super::wire::{self, Heard};
    use super::*;

    const RATE: (u16, u8) = (372, 1);

    /// So many tenths of an etu.
    fn at(count: u64) -> u64 {
        tenths(count, RATE)
    }

    /// A scope at a card that has been reset.
    fn in_session() -> Scope {
        let mut scope = Scope::default();
        scope.begin(0);
        for (at, pin) in [(1, Pin::Vcc), (2, Pin::ClkOn), (3, Pin::Rst)] {
            scope.contact(at, pin, true);
        }
        scope
    }

    /// A character of either side goes over the wire; returns its leading edge.
    fn says(scope: &mut Scope, now: &mut u64, by: By, byte: u8) -> u64 {
        let (edge, frame) = (*now, Convention::Direct.encode(byte));
        for (at, high) in wire::edges(edge, frame, RATE) {
            match by {
                By::Terminal => scope.chip(at, high),
                By::Card => scope.card(at, high),
            }
        }
        scope.flows(edge + at(110));
        scope.character(by, Character { byte, parity_ok: true, frame, signalled: false }, edge, RATE);
        *now += at(160);
        edge
    }

    /// The session up to a PIN: what was said, by whom, and whether it may be shown.
    const STORY: [(By, &[u8], bool); 6] = [
        (By::Card, &[0x3B, 0x00], true),
        (By::Terminal, &[0x00, 0x20, 0x00, 0x00, 0x03], true),
        (By::Card, &[0x20], true),
        (By::Terminal, &[0x12, 0x34, 0x56], false),
        (By::Card, &[0x90, 0x00], true),
        (By::Terminal, &[0x00], true),
    ];

    #[test]
    fn characters_are_shown_edge_by_edge_and_of_secret_ones_nothing_but_that_they_are_there() {
        let (mut scope, mut now, mut said) = (in_session(), at(100), Vec::new());
        for (by, bytes, shown) in STORY {
            said.extend(bytes.iter().map(|byte| (says(&mut scope, &mut now, by, *byte), *byte, shown)));
        }
        let edges = scope.edges();
        assert!(edges.is_sorted_by_key(|(at, ..)| *at));
        for (edge, byte, shown) in said {
            let within = edges.iter().filter(|(at, pin, _)| {
                *pin == Pin::Io && (edge * NANOS..(edge + tenths(110, RATE)) * NANOS).contains(at)
            });
            let within: Vec<_> = within.map(|(at, _, level)| (at / NANOS, *level)).collect();
            if !shown {
                let hidden = [(edge, Level::Low), (edge + at(10), Level::Hidden), (edge + at(100), Level::High)];
                assert_eq!(within, hidden, "{byte:02X}");
                continue;
            }
            let mut heard = Heard::new(edge, RATE);
            within.iter().for_each(|(at, level)| heard.edge(*at, *level == Level::High));
            assert_eq!(heard.moments(), Convention::Direct.encode(byte), "{byte:02X}");
        }
    }

    /// Wherever a character of a PIN is cut off, none of its edges is shown.
    #[test]
    fn of_half_a_secret_character_nothing_is_shown() {
        for tenth in 1..100 {
            let (mut scope, mut now) = (in_session(), at(100));
            for (by, bytes, _) in &STORY[..3] {
                bytes.iter().for_each(|byte| _ = says(&mut scope, &mut now, *by, *byte));
            }
            let (edge, cut) = (now, now + at(tenth));
            for (at, high) in wire::edges(edge, Convention::Direct.encode(0x5A), RATE) {
                if at < cut {
                    scope.chip(at, high);
                }
            }
            scope.half(By::Terminal, edge, RATE, cut);
            scope.contact(cut, Pin::Rst, false);
            let shown = scope.edges().into_iter().filter(|(time, pin, level)| {
                let between = (edge + at(10) + 1) * NANOS..cut * NANOS;
                *pin == Pin::Io && *level != Level::Hidden && between.contains(time)
            });
            assert_eq!(shown.count(), 0, "{tenth}");
        }
    }
}
