//! The referee itself: what it is shown goes to the judge of the contacts and to that of the session.

use super::clock::Time;
use super::contacts::{Contacts, UNMEASURED};
use super::note::{Finding, Notes, Remarked};
use super::remark::Remark;
use super::seen::{By, Clk, Seen};
use super::session::Session;

/// Judges what a terminal does on a card line.
#[derive(Clone, Debug)]
pub struct Referee {
    pub(super) time: Time,
    contacts: Contacts,
    /// `None`: RST is low.
    pub(super) session: Option<Session>,
    notes: Notes,
    /// What it was shown, if that is kept.
    kept: Option<Vec<(u64, Seen)>>,
}

impl Referee {
    /// A referee of a line whose time has so many ticks in a second. All contacts are low.
    pub fn new(ticks: u32) -> Self {
        Self::lenient(ticks, 0)
    }

    /// The same, of a line whose times are known to within `slack` ticks.
    pub fn lenient(ticks: u32, slack: u64) -> Self {
        let time = Time { ticks, hz: ticks, slack };
        Self { time, contacts: Contacts::new(), session: None, notes: Notes::default(), kept: None }
    }

    /// From now on what it is shown is kept, for who draws the line's waveform.
    pub fn keep(&mut self) {
        self.kept = Some(Vec::new());
    }

    /// What it was shown since then, in the order of showing.
    pub fn kept(&self) -> &[(u64, Seen)] {
        self.kept.as_deref().unwrap_or_default()
    }

    /// This is seen at the tick `at`, in the order of time.
    pub fn see(&mut self, at: u64, seen: Seen) {
        let Self { time, contacts, session, notes, kept } = self;
        if let Some(kept) = kept {
            kept.push((at, seen));
        }
        match seen {
            Seen::Powered => contacts.vcc(at, UNMEASURED, *time, notes),
            Seen::Vcc(mv) => {
                if mv == 0
                    && let Some(mut session) = session.take()
                {
                    session.ends(at, *time, notes);
                }
                contacts.vcc(at, mv, *time, notes);
            }
            Seen::Collapse | Seen::Card(false) => {
                if let Some(session) = session {
                    session.excuse();
                }
            }
            Seen::Card(true) => contacts.card(),
            Seen::Rst(high) => {
                let rises = high && !contacts.rst_high();
                contacts.rst(at, high, *time, notes);
                if !high && let Some(mut session) = session.take() {
                    session.ends(at, *time, notes);
                }
                if rises && contacts.runs() {
                    notes.reset();
                    *session = Some(Session::new(at));
                }
            }
            Seen::Clk(clk) => {
                if let Clk::Runs(hz) = clk {
                    time.hz = hz;
                }
                let begun = session.as_ref().filter(|session| session.says().is_none() && session.last().is_some());
                if !matches!(clk, Clk::Runs(_)) && begun.is_some() {
                    notes.remark(Remark::ClkInAtr, at);
                }
                let (says, last) = session.as_ref().map_or((None, None), |session| (session.says(), session.last()));
                contacts.clk(at, clk, *time, says, last, notes);
            }
            Seen::Io(released) => contacts.io(at, released, notes),
            Seen::Character(character) | Seen::Hidden(character) => {
                let hidden = matches!(seen, Seen::Hidden(_));
                if character.by == By::Terminal {
                    contacts.character(at, *time, notes);
                }
                if let Some(session) = session {
                    session.character(at, (character, hidden), contacts.class().unwrap_or(0), *time, notes);
                }
            }
        }
    }

    /// What it has seen of the card and holds against nobody's terminal, in the order of noting.
    pub fn remarks(&self) -> &[Remarked] {
        self.notes.remarks()
    }

    /// What it has found so far, in the order of noting.
    pub fn findings(&self) -> &[Finding] {
        self.notes.findings()
    }
}
