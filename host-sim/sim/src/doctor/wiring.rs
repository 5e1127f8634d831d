//! What needs no character to be seen: pins that never move, are swapped or turned over. It looks at one power-up after the
//! other, from VCC rising to VCC falling.

use super::pins::{Level, Pin, Settings};

/// Declares [`Fault`] from rows of variant, name, pin, clause and sentence.
macro_rules! faults {
    ($($variant:ident $name:literal $pin:ident $clause:literal $says:literal)*) => {
        /// What is wrong with a pin.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault {
            $(#[doc = $says] $variant,)*
        }

        impl Fault {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name, in reports.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The pin.
            pub const fn pin(self) -> Pin {
                match self { $(Self::$variant => Pin::$pin,)* }
            }

            /// The clause of ISO/IEC 7816-3 that it is about.
            pub const fn clause(self) -> &'static str {
                match self { $(Self::$variant => $clause,)* }
            }

            /// What has been seen.
            pub const fn says(self) -> &'static str {
                match self { $(Self::$variant => $says,)* }
            }
        }
    };
}

faults! {
    VccNever "vcc-never" Vcc "6.2.1" "VCC never rises."
    RstStuckLow "rst-stuck-low" Rst "6.2.2" "RST never rises while there is power."
    RstStuckHigh "rst-stuck-high" Rst "6.2.1" "RST is high when VCC comes, and never low while there is power."
    ClkStuckLow "clk-stuck-low" Clk "6.2.1" "CLK stays low while there is power."
    ClkStuckHigh "clk-stuck-high" Clk "6.2.1" "CLK stays high while there is power."
    RstClkSwapped "rst-clk-swapped" Rst "6.2.1" "The pin called RST does what CLK should do, and CLK what RST should."
    IoStuckLow "io-stuck-low" Io "5.2" "I/O is low all the time that there is power."
    IoNoPullUp "io-no-pull-up" Io "5.2" "I/O falls before RST rises, and never rises again."
    IoStuckHigh "io-stuck-high" Io "6.4" "I/O is never low, not even without power, and no character comes."
    IoInverted "io-inverted" Io "7.2" "I/O is turned over: its characters are right with high for low."
    IoRisesSlowly "io-rises-slowly" Io "7.2" "The rising edges of I/O come too late, and the falling ones do not."
    IoGarbled "io-garbled" Io "7.2" "I/O has edges that are a character at no rate."
    Mute "mute" Io "6.2.2" "Nothing answers to the reset."
    DetectInverted "detect-inverted" Detect "6.2.1" "The switch says that there is no card while one is served."
}

/// Edges of I/O that are looked at after a reset.
const EDGES: usize = 12;
/// Rising edges of RST in one power-up, and at most so many ns apart, that make it a clock.
const CLOCK: (u32, u64) = (32, 100_000);
/// A power-up that is shorter, in ns, is too short for RST to rise.
const SHORT: u64 = 2_000_000;

/// One power-up.
#[derive(Clone, Debug, Default)]
struct Power {
    from: u64,
    /// RST: was high when VCC came; has been low, high; when it rose first; how often it rose soon after it had.
    rst_first: bool,
    rst_low: bool,
    rst_fell: Option<u64>,
    rst_rose: Option<u64>,
    rst_clock: u32,
    rst_last: u64,
    /// CLK: edges; when it ran first.
    clk_edges: u64,
    clk_from: Option<u64>,
    clk_high: bool,
    io_high: bool,
    io_fell: Option<u64>,
    /// I/O has been high since RST rose.
    io_high_in_reset: bool,
    /// Edges of I/O since RST rose: time and level.
    edges: Vec<(u64, bool)>,
    /// The switch has said that a card is there.
    present: bool,
}

/// What was found: a fault, when, and until when everything else is its consequence.
pub(super) type Found = (Fault, u64, u64);

/// Looks at the pins.
#[derive(Debug)]
pub(super) struct Wiring {
    settings: Settings,
    high: [bool; 7],
    /// The switch was captured; CLK is told as running or not.
    switch: bool,
    gated: bool,
    stop_shown: bool,
    first: Option<u64>,
    ever_power: bool,
    io_ever_low: bool,
    power: Option<Power>,
    /// Power-ups without any of these faults, for who asks whether a card answered: from, until, and I/O was never low.
    pub(super) sound: Vec<(u64, u64, bool)>,
    pub(super) found: Vec<Found>,
    /// Power-ups in which the switch said that there is no card.
    pub(super) empty: Vec<(u64, u64)>,
}

/// The most that is remembered.
const ROOM: usize = 4096;

impl Wiring {
    pub(super) const fn new(settings: Settings) -> Self {
        Self {
            settings,
            high: [false; 7],
            switch: false,
            gated: false,
            stop_shown: false,
            first: None,
            ever_power: false,
            io_ever_low: false,
            power: None,
            sound: Vec::new(),
            found: Vec::new(),
            empty: Vec::new(),
        }
    }

    pub(super) fn see(&mut self, at: u64, pin: Pin, level: Level) {
        self.first = self.first.or(Some(at));
        let high = level != Level::Low;
        let index = pin as usize;
        let before = std::mem::replace(&mut self.high[index], high);
        self.switch |= pin == Pin::Detect;
        self.gated |= pin == Pin::ClkOn;
        self.stop_shown |= pin == Pin::ClkStop;
        if pin == Pin::Io {
            self.io_ever_low |= level == Level::Low;
        }
        if pin == Pin::Vcc && before != high {
            self.powers(at, high);
            return;
        }
        let Some(power) = &mut self.power else { return };
        if before == high {
            return;
        }
        match pin {
            Pin::Rst if high => {
                power.rst_rose = power.rst_rose.or(Some(at));
                power.rst_clock += u32::from(at.saturating_sub(power.rst_last) < CLOCK.1);
                power.rst_last = at;
                power.io_high_in_reset |= self.high[Pin::Io as usize];
            }
            Pin::Rst => {
                power.rst_low = true;
                power.rst_fell = power.rst_fell.or(Some(at));
            }
            Pin::Clk => {
                power.clk_edges += 1;
                if power.clk_edges == 8 {
                    power.clk_from = Some(at);
                }
                power.clk_high = high;
            }
            Pin::ClkOn => {
                power.clk_from = power.clk_from.or(high.then_some(at));
                power.clk_edges += if high { 1000 } else { 0 };
            }
            Pin::ClkStop => power.clk_high = high,
            Pin::Io => {
                power.io_high |= high;
                power.io_high_in_reset |= high && power.rst_rose.is_some();
                if !high && power.rst_rose.is_none() {
                    power.io_fell = Some(at);
                }
                if power.rst_rose.is_some() && power.edges.len() < EDGES {
                    power.edges.push((at, high));
                }
            }
            Pin::Detect => power.present |= high,
            Pin::Vcc => {}
        }
    }

    pub(super) fn ends(&mut self, at: u64) {
        self.powers(at, false);
        if !self.ever_power {
            self.found.push((Fault::VccNever, self.first.unwrap_or(0), u64::MAX));
        }
    }

    /// Whether CLK is told as running or not, and nobody knows the state in which it stops.
    pub(super) const fn clk_on_and_off(&self) -> bool {
        self.gated && !self.stop_shown
    }

    /// Whether I/O has ever been low.
    pub(super) const fn io_was_low(&self) -> bool {
        self.io_ever_low
    }

    fn powers(&mut self, at: u64, on: bool) {
        if let Some(power) = self.power.take() {
            self.looks_back(&power, at);
        }
        if on {
            self.ever_power = true;
            let [_, rst, clk, _, io, detect, stop] = self.high;
            self.power = Some(Power {
                from: at,
                rst_first: rst,
                rst_low: !rst,
                rst_rose: rst.then_some(at),
                clk_from: self.high[Pin::ClkOn as usize].then_some(at),
                clk_high: clk || stop,
                io_high: io,
                io_high_in_reset: io && rst,
                present: detect,
                ..Power::default()
            });
        }
    }

    fn looks_back(&mut self, power: &Power, until: u64) {
        if self.found.len() + self.sound.len() >= ROOM {
            return;
        }
        if self.switch && !power.present {
            self.empty.push((power.from, until));
        }
        match self.fault(power, until) {
            Some((fault, at)) => self.found.push((fault, at, until)),
            None => self.sound.push((power.from, until, !self.io_ever_low)),
        }
    }

    fn fault(&self, power: &Power, until: u64) -> Option<(Fault, u64)> {
        let short = until.saturating_sub(power.from) < SHORT;
        let stuck = if power.clk_high { Fault::ClkStuckHigh } else { Fault::ClkStuckLow };
        Some(match power {
            _ if power.rst_clock >= CLOCK.0 => (Fault::RstClkSwapped, power.from),
            _ if power.rst_first && !power.rst_low => (Fault::RstStuckHigh, power.from),
            _ if power.rst_rose.is_none() && !short => (Fault::RstStuckLow, power.from),
            _ if power.clk_from.is_none() && !short => (stuck, power.rst_rose.unwrap_or(power.from)),
            // CLK begins once the card is out of reset, and then the card answers.
            Power { clk_from: Some(clk), rst_rose: Some(rst), rst_fell, .. }
                if clk > rst && rst_fell.is_none_or(|fell| fell > *clk) && self.answers(power, *clk) =>
            {
                (Fault::RstClkSwapped, *rst)
            }
            _ if !power.io_high && !short => (Fault::IoStuckLow, power.from),
            _ if self.is_inverted(power) => (Fault::IoInverted, power.edges.first()?.0),
            Power { io_fell: Some(at), io_high_in_reset: false, rst_rose: Some(_), .. } => (Fault::IoNoPullUp, *at),
            _ => return None,
        })
    }

    /// Cycles of CLK from one time to another.
    fn cycles(&self, from: u64, to: u64) -> u64 {
        let cycles = u128::from(to.saturating_sub(from)) * u128::from(self.settings.clk_hz) / 1_000_000_000;
        u64::try_from(cycles).unwrap_or(u64::MAX)
    }

    /// Whether I/O falls as for an answer to a reset that ended then.
    fn answers(&self, power: &Power, reset: u64) -> bool {
        let fall = power.edges.iter().find(|(at, high)| !high && *at > reset);
        fall.is_some_and(|(at, _)| (390..=40_000).contains(&self.cycles(reset, *at)))
    }

    /// Whether the first edges after reset are those of TS with high for low (clause 8.1).
    fn is_inverted(&self, power: &Power) -> bool {
        let [(first, true), ..] = power.edges.as_slice() else { return false };
        if power.rst_rose.is_none() {
            return false;
        }
        let etu = 372e9 / f64::from(self.settings.clk_hz.max(1));
        let is = |places: &[f64]| {
            places.iter().enumerate().all(|(index, place)| {
                let edge = power.edges.get(index);
                edge.is_some_and(|(at, high)| {
                    // CLK may be any: within a factor of four.
                    let unit = power.edges.get(1).map_or(etu, |(second, _)| second.saturating_sub(*first) as f64);
                    let near = (etu / 4.0..=etu * 4.0).contains(&unit);
                    let at = at.saturating_sub(*first) as f64 / unit.max(1.0);
                    near && (at - place).abs() < 0.3 && *high == index.is_multiple_of(2)
                })
            })
        };
        is(&[0.0, 1.0, 3.0, 4.0, 7.0, 9.0]) || is(&[0.0, 1.0, 3.0, 9.0])
    }
}
