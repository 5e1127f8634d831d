//! An interface chip of the TDA8024 family: pins of the MCU on one side, contacts of the card on the other (docs/driver.md §C).
//!
//! It drives the contacts in its own order, takes power from the card by itself when something is wrong, and shows both with OFF. What a
//! driver must not do to it is a [`Breach`]; that its own order is right is the referee's to say, so a chip with a wrong one can be had.

use std::collections::VecDeque;

use qiyong_firmware::slot::VoltageClass;

use super::slot::Slot;
use crate::referee::Clk;

/// Which chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// NXP's.
    Tda8035,
    /// onsemi's.
    Ncn8025,
    /// ST's.
    St8034,
}

impl Kind {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 3] =
        [("TDA8035", Self::Tda8035), ("NCN8025", Self::Ncn8025), ("ST8034", Self::St8034)];

    /// The voltage that these levels select, in mV.
    fn selected(self, levels: [bool; 2]) -> u16 {
        match (self, levels) {
            (Self::Tda8035, [true, true]) | (Self::Ncn8025, [false, true]) | (Self::St8034, [true, _]) => 5000,
            (Self::Tda8035, [false, true]) | (Self::Ncn8025, [_, false]) | (Self::St8034, [false, _]) => 3000,
            (Self::Tda8035, [_, false]) | (Self::Ncn8025, [true, true]) => 1800,
        }
    }

    /// Whether it has this voltage.
    pub fn has(self, class: VoltageClass) -> bool {
        class != VoltageClass::C || self != Self::St8034
    }

    /// How long its switch's level must last before OFF shows a card, in µs.
    const fn debounce_us(self) -> u64 {
        match self {
            Self::Tda8035 => 4500,
            Self::Ncn8025 => 8000,
            Self::St8034 => 0,
        }
    }
}

/// In which order a chip drives the contacts. All but the first are those of a broken one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// That of the data sheets.
    #[default]
    Right,
    /// Activation: CLK before VCC.
    ClkFirst,
    /// Activation: I/O has its pull-up before VCC.
    IoFirst,
    /// Activation: CLK before I/O.
    ClkBeforeIo,
    /// 4 V instead of 5 V, and 3.4 V instead of 3 V.
    WrongVoltage,
    /// Deactivation: CLK before RST.
    RstLate,
    /// Deactivation: I/O before CLK.
    IoEarly,
    /// Deactivation: CLK stops high.
    ClkHigh,
    /// Deactivation: VCC before all else but RST.
    VccEarly,
}

/// What a driver has done that the chip's data sheet forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// CMDVCC rose less than 160 µs after OFF fell.
    CmdvccTooSoon,
    /// CMDVCC fell while the chip still took power from the card.
    CmdvccTooEarly,
    /// CMDVCC fell with RSTIN high.
    RstinAtActivation,
    /// The voltage or the clock was selected anew on a powered card.
    SelectedWhileActive,
    /// CMDVCC fell while the card's switch still bounced.
    ActivatedWhileBouncing,
}

/// µs from the fall of CMDVCC to VCC, I/O, CLK, and to RST.
const ACTIVATION_US: [u64; 4] = [30, 120, 160, 200];
/// T of the deactivation, in tenths of a µs.
const STEP: u64 = 250;
/// From OFF's fall to CMDVCC's rise, at least, in µs.
const FALLEN_US: u64 = 160;
/// OFF shows the card so long after CMDVCC has risen, in µs.
const SHOWS_US: u64 = 20;
/// A switch bounces for at most so long.
pub(super) const BOUNCES_US: u64 = 6000;

#[derive(Clone, Copy, Debug)]
enum Step {
    Rst,
    Vcc(u16),
    Clk(Clk),
    Io(bool),
    /// RST follows RSTIN from now on.
    Active,
    /// Power is gone.
    Idle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Activating,
    Active,
    Deactivating,
}

/// The chip.
pub(super) struct ChipModel {
    kind: Kind,
    order: Order,
    /// Cycles of the MCU in a second, and Hz of the chip's own clock.
    hz: u64,
    clock: u32,
    cmdvcc: bool,
    rstin: bool,
    select: [bool; 2],
    divide: [bool; 2],
    state: State,
    steps: VecDeque<(u64, Step)>,
    /// The card's switch, and since when it is so.
    present: (bool, u64),
    supply: bool,
    /// Power was taken by the chip: since when, while CMDVCC has not risen.
    fallen: Option<u64>,
    risen_at: u64,
    pub(super) breaches: Vec<Breach>,
}

/// A pin of the chip at the MCU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Cmdvcc,
    Rstin,
    Select(usize),
    Divide(usize),
}

impl ChipModel {
    pub(super) fn new(kind: Kind, order: Order, hz: u32, clock: u32) -> Self {
        Self {
            kind,
            order,
            hz: hz.into(),
            clock,
            cmdvcc: true,
            rstin: false,
            select: [false; 2],
            divide: [false; 2],
            state: State::Idle,
            steps: VecDeque::new(),
            present: (false, 0),
            supply: true,
            fallen: None,
            risen_at: 0,
            breaches: Vec::new(),
        }
    }

    fn us(&self, us: u64) -> u64 {
        us * self.hz / 1_000_000
    }

    fn clk_hz(&self) -> u32 {
        self.clock
            / match self.divide {
                [true, false] => 1,
                [true, true] => 2,
                [false, true] => 4,
                [false, false] => 8,
            }
    }

    /// What OFF shows.
    pub(super) fn off_is_high(&self, now: u64) -> bool {
        let (present, since) = self.present;
        let shows = now >= since + self.us(self.kind.debounce_us()) && now >= self.risen_at + self.us(SHOWS_US);
        self.supply && if self.cmdvcc { present && shows } else { self.fallen.is_none() }
    }

    /// I/O passes through.
    pub(super) fn passes(&self) -> bool {
        self.state == State::Active || self.state == State::Activating
    }

    /// The MCU drives a pin.
    pub(super) fn pin(&mut self, now: u64, at: At, high: bool, slot: &mut Slot) {
        let was = match at {
            At::Cmdvcc => std::mem::replace(&mut self.cmdvcc, high),
            At::Rstin => std::mem::replace(&mut self.rstin, high),
            At::Select(index) => std::mem::replace(&mut self.select[index], high),
            At::Divide(index) => std::mem::replace(&mut self.divide[index], high),
        };
        match at {
            _ if was == high => {}
            At::Cmdvcc if high => self.released(now, slot),
            At::Cmdvcc => self.asked(now),
            At::Rstin if self.state == State::Active => slot.rst(now, high),
            At::Select(_) | At::Divide(_) if !self.cmdvcc => self.breaches.push(Breach::SelectedWhileActive),
            _ => {}
        }
    }

    /// CMDVCC falls.
    fn asked(&mut self, now: u64) {
        if self.rstin {
            self.breaches.push(Breach::RstinAtActivation);
        }
        if self.state != State::Idle {
            self.breaches.push(Breach::CmdvccTooEarly);
        }
        if now < self.present.1 + self.us(BOUNCES_US) {
            self.breaches.push(Breach::ActivatedWhileBouncing);
        }
        if !self.present.0 || !self.supply || self.state != State::Idle {
            self.fallen = Some(now);
            return;
        }
        self.state = State::Activating;
        let mv = match (self.order, self.kind.selected(self.select)) {
            (Order::WrongVoltage, mv) => mv - 800 + if mv < 4000 { 1200 } else { 0 },
            (_, mv) => mv,
        };
        let (vcc, io, clk) = (Step::Vcc(mv), Step::Io(true), Step::Clk(Clk::Runs(self.clk_hz())));
        let steps = match self.order {
            Order::ClkFirst => [clk, vcc, io],
            Order::IoFirst => [io, vcc, clk],
            Order::ClkBeforeIo => [vcc, clk, io],
            _ => [vcc, io, clk],
        };
        let steps = steps.into_iter().chain([Step::Active]).zip(ACTIVATION_US);
        self.steps = steps.map(|(step, us)| (now + self.us(us), step)).collect();
    }

    /// CMDVCC rises.
    fn released(&mut self, now: u64, slot: &mut Slot) {
        self.risen_at = now;
        match self.fallen.take() {
            Some(since) if now < since + self.us(FALLEN_US) => self.breaches.push(Breach::CmdvccTooSoon),
            Some(_) => {}
            None => self.deactivates(now, slot),
        }
    }

    fn deactivates(&mut self, now: u64, slot: &mut Slot) {
        if !matches!(self.state, State::Active | State::Activating) {
            return;
        }
        self.state = State::Deactivating;
        let (clk, io, vcc) = (Step::Clk(Clk::Low), Step::Io(false), Step::Vcc(0));
        let steps = match self.order {
            Order::RstLate => [clk, Step::Rst, io, vcc],
            Order::IoEarly => [Step::Rst, io, clk, vcc],
            Order::ClkHigh => [Step::Rst, Step::Clk(Clk::High), io, vcc],
            Order::VccEarly => [Step::Rst, vcc, clk, io],
            _ => [Step::Rst, clk, io, vcc],
        };
        let halves = [0, 1, 2, 3, 8];
        let steps = steps.into_iter().chain([Step::Idle]).zip(halves);
        self.steps = steps.map(|(step, half)| (now + half * STEP * self.hz / 20_000_000, step)).collect();
        while self.steps.front().is_some_and(|(at, _)| *at <= now) {
            self.act(now, slot);
        }
    }

    /// The chip takes power from the card by itself.
    pub(super) fn trips(&mut self, now: u64, slot: &mut Slot) {
        if self.passes() {
            self.fallen = Some(now);
            slot.gives_up(now);
            self.deactivates(now, slot);
        }
    }

    /// The card's switch.
    pub(super) fn switch(&mut self, now: u64, present: bool, slot: &mut Slot) {
        if present != self.present.0 {
            self.present = (present, now);
            if !present {
                self.trips(now, slot);
            }
        }
    }

    /// The chip's own supply.
    pub(super) fn supply(&mut self, now: u64, on: bool, slot: &mut Slot) {
        self.supply = on;
        if !on {
            self.trips(now, slot);
        }
    }

    pub(super) fn next(&self) -> Option<u64> {
        self.steps.front().map(|(at, _)| *at)
    }

    pub(super) fn act(&mut self, now: u64, slot: &mut Slot) {
        match self.steps.pop_front().map(|(_, step)| step) {
            Some(Step::Rst) => slot.rst(now, false),
            Some(Step::Vcc(mv)) => slot.vcc(now, mv),
            Some(Step::Clk(clk)) => slot.clk(now, clk),
            Some(Step::Io(on)) => slot.io(now, on),
            Some(Step::Active) => {
                self.state = State::Active;
                slot.rst(now, self.rstin);
            }
            Some(Step::Idle) => self.state = State::Idle,
            None => {}
        }
    }
}
