//! A small VCD reader, and a receiver for the characters on `IO`. It knows ISO/IEC 7816-3 clauses 7.2 and 8.1, but not
//! our code.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// ns in a card clock cycle of 4 MHz.
const NS_PER_CYCLE: f64 = 1e9 / 4_000_000.0;

/// Every change of every signal, in ns.
pub struct Vcd {
    signals: BTreeMap<String, Vec<(u64, char)>>,
}

/// A character on `IO`.
#[derive(Debug)]
pub struct Character {
    /// Its leading edge, in ns.
    pub start: u64,
    /// The byte, and whether parity is even; `None` if all its moments are `x`.
    pub value: Option<(u8, bool)>,
    /// Whether it is the first one after RST rose.
    pub is_ts: bool,
    /// Whether its receiver signalled an error: state L from 10.5 etu on, for one to two etu (clause 7.3).
    pub signalled: bool,
}

impl Vcd {
    /// Reads a file with one-bit signals in ns.
    pub fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self::parse(&text)
    }

    /// Reads such a file's text.
    pub fn parse(text: &str) -> Self {
        let (heading, changes) = text.split_once("$enddefinitions $end").expect("definitions");
        assert!(heading.contains("$timescale 1 ns $end"), "{heading}");
        let mut names = BTreeMap::new();
        for declaration in heading.split("$var ").skip(1) {
            let words: Vec<_> = declaration.split_whitespace().take(5).collect();
            match words[..] {
                ["wire", "1", id, name, "$end"] => names.insert(id.to_string(), name.to_string()),
                // What the referee has found.
                ["event", "1", id, "FINDING", "$end"] => names.insert(id.to_string(), "FINDING".to_string()),
                _ => panic!("{declaration}"),
            };
        }
        assert_eq!(names.values().collect::<Vec<_>>(), ["VCC", "RST", "CLK_ON", "IO", "FINDING"], "{heading}");
        let (mut now, mut signals) = (None, BTreeMap::<_, Vec<_>>::new());
        // A comment names the rule of a finding.
        let mut parts = changes.split("$comment");
        let first = parts.next().unwrap_or_default();
        let changes: String =
            [first].into_iter().chain(parts.filter_map(|part| Some(part.split_once("$end")?.1))).collect();
        for word in changes.split_whitespace().filter(|word| !word.starts_with('$') || word.len() == 1) {
            if let Some(time) = word.strip_prefix('#') {
                let time: u64 = time.parse().expect("a time");
                assert!(now.is_none_or(|now| now < time), "time goes on at {time}");
                now = Some(time);
            } else {
                let (level, id) = word.split_at(1);
                let level = level.chars().next().filter(|level| "01x".contains(*level)).expect("a level");
                signals.entry(names[id].clone()).or_default().push((now.expect("a time"), level));
            }
        }
        Self { signals }
    }

    /// The level of a signal at a time.
    pub fn level(&self, signal: &str, time: u64) -> char {
        let changes = &self.signals[signal];
        let later = changes.partition_point(|(change, _)| *change <= time);
        changes[..later].last().expect("a level from the beginning").1
    }

    /// When the referee convicts the terminal.
    pub fn marks(&self) -> Vec<u64> {
        self.signals.get("FINDING").map_or(Vec::new(), |marks| marks.iter().map(|(time, _)| *time).collect())
    }

    /// When a signal goes from 1 to 0.
    pub fn falls(&self, signal: &str) -> impl Iterator<Item = u64> {
        let changes = self.signals[signal].windows(2);
        changes.filter(|pair| (pair[0].1, pair[1].1) == ('1', '0')).map(|pair| pair[1].0)
    }

    /// Every character on `IO`, received at these rates (Fi, Di); there must be as many.
    pub fn characters(&self, rates: &[(u16, u8)]) -> Vec<Character> {
        let mut rates = rates.iter();
        let mut characters = Vec::new();
        let (mut over, mut inverse) = (0.0, None);
        let mut resets =
            self.signals["RST"].windows(2).filter(|pair| pair[1].1 == '1').map(|pair| pair[1].0).peekable();
        // A fall while CLK is stopped belongs to deactivation.
        for start in self.falls("IO").filter(|time| self.level("CLK_ON", *time) == '1') {
            if (start as f64) < over {
                continue;
            }
            let (fi, di) = *rates.next().unwrap_or_else(|| panic!("an unexpected character at {start} ns"));
            let etu = NS_PER_CYCLE * f64::from(fi) / f64::from(di);
            // The level must be the same early and late in a moment; otherwise the etu is wrong.
            let sample = |moment: f64| self.level("IO", start + (moment * etu) as u64);
            let moment = |number: u8| {
                let level = sample(f64::from(number) + 0.1);
                assert_eq!(level, sample(f64::from(number) + 0.9), "moment {number} of the character at {start} ns");
                level
            };
            assert_eq!((moment(0), sample(10.4)), ('0', '1'), "start moment, and state H after parity, at {start} ns");
            let signalled = sample(10.7) == '0';
            assert!(!signalled || (sample(11.4), sample(12.6)) == ('0', '1'), "an error signal at {start} ns");
            let moments: String = (1..=9).map(moment).collect();
            let mut is_ts = false;
            while resets.next_if(|reset| *reset < start).is_some() {
                (is_ts, inverse) = (true, None);
            }
            if is_ts {
                inverse = Some(moments == "110000001");
            }
            let value = (moments != "xxxxxxxxx").then(|| value(&moments, inverse.expect("a TS before")));
            characters.push(Character { start, value, is_ts, signalled });
            over = start as f64 + if signalled { 12.0 } else { 9.95 } * etu;
        }
        assert_eq!(rates.next(), None, "characters are missing");
        characters
    }
}

/// Byte and parity. In direct convention state H is a one and the lowest bit comes first; in inverse convention state L
/// is a one and the highest bit comes first.
fn value(moments: &str, inverse: bool) -> (u8, bool) {
    let one = if inverse { '0' } else { '1' };
    let bits: Vec<u8> = moments.chars().map(|level| u8::from(level == one)).collect();
    let (data, _parity) = bits.split_at(8);
    assert!(moments.chars().all(|level| "01".contains(level)), "a character is wholly hidden or not at all: {moments}");
    let shift = |byte: u8, bit: &u8| byte << 1 | bit;
    let byte = if inverse { data.iter().fold(0, shift) } else { data.iter().rev().fold(0, shift) };
    (byte, bits.iter().sum::<u8>().is_multiple_of(2))
}
