//! Who sends which character, and what the referee says to it.
//!
//! A wire does not show who drives it. Mostly the bytes tell whose turn it is; where they do not, or where a party may have
//! spoken out of turn, both are supposed, each with a referee of its own, and the one who has less to say against anybody is
//! believed ([`Mind::cost`]).

use super::clock::Event;
use super::ear::{Due, Ear, Heard, Spoken, ns};
use super::pins::{Level, Settings};
use crate::referee::{By, Character, Clk, Outlook, Rate, Referee, Remark, Rule, Seen, Turn};

/// The most suppositions at a time.
const MINDS: usize = 6;
/// ns in a second, the ticks of the referee.
const SECOND: u32 = 1_000_000_000;
/// Etu between characters of opposite directions: in T=0 and PPS, and in T=1 (clauses 10.2 and 11.2).
const OPPOSITE: [f64; 2] = [15.8, 21.8];
/// Etu after which the terminal may have given up waiting for the card's next character, and for its answer.
const PAUSE: f64 = 15.0;
const LONG: f64 = 960.0;
/// The length of moments in every answer to reset.
const DEFAULT: Rate = Rate { f: 372, d: 1 };
/// No PPS request is a block or a header, and this is how one begins (clause 9.2).
const PPSS: u8 = 0xFF;

/// What a referee said, and what was measured then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Said {
    Rule(Rule),
    Remark(Remark),
}

/// A figure that belongs to a finding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Measured {
    /// From the character before, in etu.
    Gap(f64),
    /// Cycles in an etu: of the character, and due.
    Etu(f64, f64),
    /// How long the card or the terminal waited, in ms.
    Waited(f64),
    /// CLK in Hz.
    Hz(u32),
}

/// One supposition.
#[derive(Clone, Debug)]
struct Mind {
    referee: Referee,
    /// Characters that it has nothing to say to.
    unexplained: u32,
    /// How far it is from what one would suppose at first.
    strange: u32,
    /// How often the card is supposed to have spoken when its time was over.
    odd: usize,
    measured: Vec<(Said, u64, Measured)>,
}

/// A reset and what came of it, for who asks why nothing did.
#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    /// When RST rose.
    pub(super) from: u64,
    pub(super) until: u64,
    pub(super) characters: usize,
    /// The convention was told.
    pub(super) ts: bool,
    /// Rising edges of I/O that came late, in hundredths of an etu, and when the first one was.
    pub(super) rises_late: Option<(u64, u8)>,
    /// When the line had edges that were no characters.
    pub(super) garbled: Option<u64>,
    /// The answer to reset, once it is whole.
    pub(super) atr: Vec<u8>,
}

/// Hears, and judges.
#[derive(Debug)]
pub(super) struct Listener {
    settings: Settings,
    hz: u32,
    clk: Clk,
    vcc: bool,
    rst: bool,
    io: Level,
    /// The referees have been told that I/O is released.
    released: bool,
    /// RST fell in the middle of a character, with the line low.
    cut_short: bool,
    ear: Ear,
    minds: Vec<Mind>,
    session: Option<Session>,
    pub(super) sessions: Vec<Session>,
    /// Edges that were no character: nothing more can be followed until the next reset.
    lost: bool,
    pub(super) characters: usize,
}

/// The most sessions that are remembered one by one.
const SESSIONS: usize = 4096;

impl Listener {
    pub(super) fn new(settings: Settings) -> Self {
        let slack = settings.resolution_ns.saturating_mul(8).min(5_000);
        let mind =
            Mind { referee: Referee::lenient(SECOND, slack), unexplained: 0, strange: 0, odd: 0, measured: Vec::new() };
        Self {
            settings,
            hz: settings.clk_hz,
            clk: Clk::Low,
            vcc: false,
            rst: false,
            io: Level::Low,
            released: false,
            cut_short: false,
            ear: Ear::new(),
            minds: vec![mind],
            session: None,
            sessions: Vec::new(),
            lost: false,
            characters: 0,
        }
    }

    pub(super) fn happens(&mut self, at: u64, event: Event) {
        let contact = !matches!(event, Event::Io(_));
        self.listen(at, contact);
        match event {
            Event::Io(level) => self.io(at, level),
            Event::Vcc(on) if on != self.vcc => {
                self.cut(at);
                self.pulled(at);
                self.vcc = on;
                self.show(at, if on { Seen::Powered } else { Seen::Vcc(0) });
                self.opens_or_closes(at);
            }
            Event::Rst(high) if high != self.rst => {
                self.cut(at);
                self.rst = high;
                self.show(at, Seen::Rst(high));
                self.opens_or_closes(at);
            }
            Event::Clk(clk) if clk != self.clk => {
                self.clk = clk;
                if let Clk::Runs(hz) = clk {
                    self.hz = hz.max(1);
                }
                let before = self.said();
                self.show(at, Seen::Clk(clk));
                self.measures(before, at, Measured::Hz(self.hz));
                if !self.rst {
                    self.pulled(at);
                }
                if matches!(clk, Clk::Runs(_)) && self.rst && self.vcc && self.session.is_none() {
                    self.opens_or_closes(at);
                }
            }
            Event::Vcc(_) | Event::Rst(_) | Event::Clk(_) => {}
        }
    }

    pub(super) fn ends(&mut self, at: u64) {
        self.listen(at, true);
        self.closes(at);
        self.settle();
    }

    /// Rules and remarks of the supposition that is believed, with their times.
    pub(super) fn verdict(&self) -> Vec<(Said, u64, Option<Measured>)> {
        let Some(mind) = self.minds.first() else { return Vec::new() };
        let rules = mind.referee.findings().iter().map(|finding| (Said::Rule(finding.rule), finding.at));
        let remarks = mind.referee.remarks().iter().map(|remark| (Said::Remark(remark.what), remark.at));
        let with = |(said, at)| {
            let measured = mind.measured.iter().find(|(other, when, _)| (*other, *when) == (said, at));
            (said, at, measured.map(|(.., measured)| *measured))
        };
        rules.chain(remarks).map(with).collect()
    }

    fn in_session(&self) -> bool {
        self.rst && self.vcc
    }

    fn opens_or_closes(&mut self, at: u64) {
        self.closes(at);
        self.settle();
        if self.in_session() && matches!(self.clk, Clk::Runs(_)) {
            self.ear.begins(self.io);
            self.lost = false;
            self.session = Some(Session { from: at, ..Session::default() });
        }
        if self.in_session() && !self.released && self.io != Level::Low {
            self.released = true;
            self.show(at, Seen::Io(true));
        }
    }

    fn closes(&mut self, at: u64) {
        if let Some(session) = self.session.take().filter(|_| self.sessions.len() < SESSIONS) {
            self.sessions.push(Session { until: at, ..session });
        }
    }

    fn io(&mut self, at: u64, level: Level) {
        self.io = level;
        if level != Level::Low {
            self.cut_short = false;
        }
        if self.session.is_some() {
            self.ear.edge(at, level);
        } else if level != Level::Hidden && self.released != (level == Level::High) {
            self.released = level == Level::High;
            self.show(at, Seen::Io(self.released));
        }
    }

    /// VCC or RST changes. A line that has been low since its last edge may have been pulled low for good, or be in the middle of
    /// a character.
    fn cut(&mut self, at: u64) {
        if let Some((since, due)) = self.ear.held_low().zip(self.due()).filter(|_| self.session.is_some()) {
            let long = at.saturating_sub(since) as f64 > 10.3 * ns(due.rate, due.hz);
            let turn = self.minds.first().and_then(|mind| mind.referee.outlook()).map(|outlook| outlook.turn);
            if long || turn == Some(Turn::Terminal) {
                self.released = false;
                self.show(since, Seen::Io(false));
            } else {
                self.cut_short = true;
            }
        }
        self.ear.begins(self.io);
    }

    /// A character that RST has cut short is over when CLK stops: if the line is still low, it is pulled low.
    fn pulled(&mut self, at: u64) {
        if std::mem::take(&mut self.cut_short) && self.io == Level::Low {
            self.released = false;
            self.show(at, Seen::Io(false));
        }
    }

    fn show(&mut self, at: u64, seen: Seen) {
        self.minds.iter_mut().for_each(|mind| mind.referee.see(at, seen));
    }

    fn said(&self) -> Vec<usize> {
        self.minds.iter().map(Mind::said).collect()
    }

    fn measures(&mut self, before: Vec<usize>, at: u64, measured: Measured) {
        for (mind, before) in self.minds.iter_mut().zip(before) {
            mind.note(before, at, measured);
        }
    }

    /// Only what is believed remains.
    fn settle(&mut self) {
        self.minds.sort_by_key(Mind::cost);
        self.minds.truncate(1);
        if let Some(mind) = self.minds.first_mut() {
            (mind.unexplained, mind.strange, mind.odd) = (0, 0, 0);
        }
    }

    /// Hears what has been said by now; `last`: a contact changes then.
    fn listen(&mut self, now: u64, last: bool) {
        while !self.lost && self.session.is_some() {
            let Some(due) = self.due() else { return };
            match self.ear.next(now, last, &due) {
                None => return,
                Some(Heard::Character(spoken)) => self.hear(spoken),
                Some(Heard::Garbled(at)) => {
                    self.lost = true;
                    if let Some(session) = &mut self.session {
                        session.garbled = Some(at);
                    }
                }
            }
        }
    }

    fn due(&self) -> Option<Due> {
        let outlook = self.minds.first()?.referee.outlook()?;
        let Outlook { rate, others, t1, inverse, .. } = outlook;
        // TS has right parity in neither convention.
        let inverse = inverse.or(Some(false));
        Some(Due { hz: self.hz, rate, others, t1, inverse, resolution: self.settings.resolution_ns })
    }

    fn hear(&mut self, spoken: Spoken) {
        let Spoken { start, moments, rate, signal, hidden, rises_late } = spoken;
        self.characters += 1;
        if let Some(session) = &mut self.session {
            session.characters += 1;
            if rises_late > 0 && session.rises_late.is_none() {
                session.rises_late = Some((start, rises_late));
            }
        }
        let hz = self.hz;
        for mut mind in std::mem::take(&mut self.minds) {
            let (first, second) = mind.supposes(&spoken, hz);
            let character = |by| Character { by, moments, rate, signal };
            if let Some(by) = second {
                let mut other = mind.clone();
                other.strange += 1;
                other.hear(start, character(by), hidden, hz);
                self.minds.push(other);
            }
            mind.hear(start, character(first), hidden, hz);
            self.minds.push(mind);
        }
        self.minds.sort_by_key(Mind::cost);
        self.minds.truncate(MINDS);
        let Some((session, mind)) = self.session.as_mut().zip(self.minds.first()) else { return };
        if session.atr.is_empty() {
            session.ts |= mind.referee.outlook().is_some_and(|outlook| outlook.inverse.is_some());
            session.atr = mind.referee.atr().unwrap_or_default();
        }
    }
}

impl Mind {
    /// What it has to say against anybody, and then how far-fetched it is.
    fn cost(&self) -> (usize, u32, u32) {
        (self.said() + self.odd + usize::from(self.unexplained > 8), self.strange, self.unexplained)
    }

    fn said(&self) -> usize {
        self.referee.findings().len() + self.referee.remarks().len()
    }

    /// Whether the card's time was over by `at`. A card whose CWT is the least there is uses all of it.
    fn has_waited(&self, at: u64, outlook: &Outlook, hz: u32) -> bool {
        let pause = outlook.last.map_or(f64::MAX, |(_, edge, rate)| at.saturating_sub(edge) as f64 / ns(rate, hz));
        pause > PAUSE && self.referee.has_waited(at)
    }

    /// Who may have sent a character: at first, and perhaps instead.
    fn supposes(&self, spoken: &Spoken, hz: u32) -> (By, Option<By>) {
        let Some(outlook) = self.referee.outlook() else { return (By::Card, None) };
        let soon = |by: By| {
            outlook.last.is_some_and(|(last, edge, rate)| {
                let least = OPPOSITE[usize::from(outlook.t1)] * ns(rate, hz);
                last == by && ((spoken.start.saturating_sub(edge)) as f64) < least
            })
        };
        let waited = self.has_waited(spoken.start, &outlook, hz);
        let within = outlook.last.is_some_and(|(by, ..)| by == By::Card);
        let pauses = |etu: f64| {
            outlook.last.is_some_and(|(_, edge, rate)| (spoken.start.saturating_sub(edge)) as f64 > etu * ns(rate, hz))
        };
        let asks = !outlook.inverse.unwrap_or(false) && spoken.moments & 0xFF == u16::from(PPSS)
            || outlook.inverse == Some(true) && spoken.moments & 0xFF == 0;
        match outlook.turn {
            Turn::Over => (By::Card, None),
            Turn::Card if outlook.before_ts => (By::Card, None),
            // In T=0 and PPS nobody speaks again who has waited for nothing.
            Turn::Card if (outlook.t1 || outlook.within_atr) && waited || soon(By::Terminal) => {
                (By::Terminal, Some(By::Card))
            }
            // The terminal may have lost its patience.
            Turn::Card if outlook.t1 && pauses(if within { PAUSE } else { LONG }) => (By::Terminal, Some(By::Card)),
            Turn::Card => (By::Card, None),
            Turn::Terminal if outlook.before_command && asks => (By::Terminal, None),
            // In specific mode the card still speaks as in its answer.
            Turn::Terminal if soon(By::Card) && outlook.before_command && spoken.rate == DEFAULT => {
                (By::Card, Some(By::Terminal))
            }
            // Out of turn and at another rate would be two faults.
            Turn::Terminal if spoken.rate != outlook.rate => (By::Terminal, Some(By::Card)),
            Turn::Terminal if soon(By::Card) => (By::Card, Some(By::Terminal)),
            Turn::Terminal => (By::Terminal, None),
            Turn::Either => (By::Card, Some(By::Terminal)),
        }
    }

    fn hear(&mut self, at: u64, character: Character, hidden: bool, hz: u32) {
        let outlook = self.referee.outlook();
        let over = outlook.as_ref().is_none_or(|outlook| outlook.turn == Turn::Over);
        self.unexplained += u32::from(over);
        let (by, turn) = (character.by, outlook.as_ref().map(|outlook| outlook.turn));
        let waited = outlook.as_ref().is_some_and(|outlook| self.has_waited(at, outlook, hz));
        // Who waits for no more gives up on the dot; who is late is late by anything.
        if by == By::Card && waited {
            let dot = outlook.as_ref().and_then(|outlook| outlook.last).is_some_and(|(_, edge, _)| {
                !self.referee.has_waited(at.saturating_sub((at.saturating_sub(edge)) / 50))
            });
            self.odd += 1 + usize::from(dot);
        }
        let soon = outlook.as_ref().and_then(|outlook| outlook.last).is_none_or(|(last, ..)| last == By::Terminal)
            && outlook.as_ref().is_none_or(|outlook| !outlook.t1);
        let before = self.said();
        self.referee.see(at, if hidden { Seen::Hidden(character) } else { Seen::Character(character) });
        let against = matches!((by, turn), (By::Card, Some(Turn::Terminal)) | (By::Terminal, Some(Turn::Card)));
        // Giving up too early is rarer than being slow.
        let gives_up = by == By::Terminal && waited;
        self.odd += usize::from(against && !gives_up && (self.said() == before || by == By::Terminal && !soon));
        if let Some(outlook) = outlook.filter(|_| self.said() > before) {
            self.measure(before, &outlook, (at, character.rate), hz);
        }
    }

    /// Notes what belongs to what has been said since `before`.
    fn note(&mut self, before: usize, at: u64, measured: Measured) {
        if self.said() == before {
            return;
        }
        let rule = self.referee.findings().last().filter(|finding| finding.at == at).map(|one| Said::Rule(one.rule));
        let remark = self.referee.remarks().last().filter(|remark| remark.at == at).map(|one| Said::Remark(one.what));
        self.measured.extend([rule, remark].into_iter().flatten().map(|said| (said, at, measured)));
    }

    fn measure(&mut self, before: usize, outlook: &Outlook, (at, rate): (u64, Rate), hz: u32) {
        let cycles = |rate: Rate| f64::from(rate.f) / f64::from(rate.d.max(1));
        let measured = match outlook.last {
            _ if rate != outlook.rate => Measured::Etu(cycles(rate), cycles(outlook.rate)),
            Some((_, edge, before)) => {
                let gap = at.saturating_sub(edge) as f64;
                let etu = gap / ns(before, hz);
                if etu < 1000.0 { Measured::Gap(etu) } else { Measured::Waited(gap / 1e6) }
            }
            None => return,
        };
        self.note(before, at, measured);
    }
}
