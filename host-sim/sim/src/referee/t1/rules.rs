//! Which block the terminal may send after which: the rules of clauses 11.6.2 and 11.6.3, told by their numbers.

use super::super::rule::Rule;
use super::block::{About, Characters, Kind};

/// Failed attempts in succession, the first one included, before rule 7.4 applies.
const ATTEMPTS: u8 = 3;
/// The most S(RESYNCH request)s in succession (rule 6.4).
const RESYNCHS: u8 = 3;

/// What the terminal has been told since its last block.
#[derive(Clone, Copy, Debug)]
pub(super) enum Told<'a> {
    /// Nothing, or nothing valid.
    Nothing,
    /// A valid block.
    Block(&'a Characters),
    /// A block that a terminal may or may not take for valid: a character of it came late, or one too many did.
    Perhaps(&'a Characters),
}

/// What the terminal has to send.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Due {
    /// Whatever begins something: it has the right to send.
    Free,
    /// The next block of its chain.
    Next,
    /// Its last I-block once more.
    Repeat,
    /// The acknowledgement of a block of the card's chain.
    Acknowledge,
    /// The answer to a supervisory request, with the same INF.
    Answer(About, Vec<u8>),
    /// What rules 7.1 to 7.4 demand after an error.
    Recover,
    /// The same, though the card's block was without error: it counts as no failed attempt.
    Again,
    /// The standard leaves it open.
    Open,
}

/// Both sides as the rules see them.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// N(S) of the terminal's next new I-block, and of the card's.
    ns: u8,
    nr: u8,
    ifsc: u8,
    first_ifsc: u8,
    /// The most information bytes of a block to the terminal.
    ifsd: u8,
    /// The terminal's last block, and its last I-block until that is acknowledged.
    last: Option<Characters>,
    unacknowledged: Option<Characters>,
    errors: u8,
    resynchs: u8,
}

impl Rules {
    /// `ifsc` is TA for T=1.
    pub(super) fn new(ifsc: Option<u8>) -> Self {
        // 0 and 255 are reserved: what such a card takes is not known.
        let ifsc = match ifsc {
            None => 32,
            Some(0 | 255) => 254,
            Some(ifsc) => ifsc,
        };
        Self {
            ns: 0,
            nr: 0,
            ifsc,
            first_ifsc: ifsc,
            ifsd: 32,
            last: None,
            unacknowledged: None,
            errors: 0,
            resynchs: 0,
        }
    }

    /// The most information bytes of a block to the card (clause 11.4.2).
    pub(super) const fn ifsc(&self) -> u8 {
        self.ifsc
    }

    /// The most information bytes of a block to the terminal (clause 11.4.2).
    pub(super) const fn ifsd(&self) -> u8 {
        self.ifsd
    }

    /// Whether an R-block of the card with this N(R) asks for the terminal's last I-block again.
    pub(super) fn asked_again(&self, nr: u8) -> bool {
        let unacknowledged = self.unacknowledged.as_ref().and_then(Characters::kind);
        matches!(unacknowledged, Some(Kind::I { ns, .. }) if ns == nr)
    }

    /// Whether an I-block of the card with this N(S) is not the one that is due (rule 2.1).
    pub(super) const fn numbers_wrong(&self, ns: u8) -> bool {
        ns != self.nr
    }

    /// Whether the terminal has the right to send after this block.
    pub(super) fn free(&self, come: &Characters) -> bool {
        self.last.is_none() || (!come.0.is_empty() && self.clone().due(come) == Due::Free)
    }

    /// The terminal, told this, sends this block.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub(super) fn sends(&mut self, told: Told<'_>, sent: &Characters) -> Result<(), Rule> {
        let mut after = self.clone();
        let due = match told {
            Told::Block(block) | Told::Perhaps(block) => after.due(block),
            Told::Nothing if self.last.is_none() => Due::Free,
            Told::Nothing => Due::Recover,
        };
        let mut judged = after.judge(&due, sent);
        if judged.is_err() && matches!(told, Told::Perhaps(_)) {
            after = self.clone();
            judged = after.judge(&Due::Recover, sent);
        }
        judged?;
        after.sent(sent);
        *self = after;
        Ok(())
    }

    /// What is due after a valid block.
    fn due(&mut self, block: &Characters) -> Due {
        let (Some(kind), Some(last)) = (block.kind(), self.last.as_ref().and_then(Characters::kind)) else {
            return Due::Recover;
        };
        let inf = block.inf();
        if !kind.allows(u8::try_from(inf.len()).unwrap_or(u8::MAX)) {
            return Due::Recover;
        }
        let asked = matches!(last, Kind::Request(_));
        let sent_inf = self.last.as_ref().map_or(&[][..], Characters::inf);
        let unacknowledged = self.unacknowledged.as_ref().and_then(Characters::kind);
        match kind {
            Kind::Response(about) if last == Kind::Request(about) && inf == sent_inf => {
                if about == About::Resynch {
                    let Self { first_ifsc, ifsd, .. } = *self;
                    let last = self.last.take();
                    *self = Self { last, ifsd, ..Self::new(Some(first_ifsc)) };
                }
                if let (About::Ifs, [ifsd]) = (about, inf) {
                    self.ifsd = *ifsd;
                }
                (self.errors, self.resynchs) = (0, 0);
                if about == About::Abort { Due::Open } else { Due::Free }
            }
            _ if asked => Due::Recover,
            Kind::I { ns, .. } if ns != self.nr => Due::Recover,
            Kind::I { more, .. } => {
                let chain = matches!(unacknowledged, Some(Kind::I { more: true, .. }));
                if chain {
                    return Due::Open;
                }
                self.nr ^= 1;
                (self.errors, self.unacknowledged) = (0, None);
                if more { Due::Acknowledge } else { Due::Free }
            }
            Kind::R { nr } => match unacknowledged {
                Some(Kind::I { ns, .. }) if ns == nr => {
                    self.errors = 0;
                    Due::Repeat
                }
                Some(Kind::I { more: true, .. }) => {
                    (self.errors, self.unacknowledged) = (0, None);
                    Due::Next
                }
                _ if nr == self.ns => Due::Again,
                _ => Due::Recover,
            },
            Kind::Request(about @ (About::Wtx | About::Ifs)) => match inf {
                [0] => Due::Recover,
                [255] if about == About::Ifs => Due::Recover,
                [ifsc] => {
                    if about == About::Ifs {
                        self.ifsc = *ifsc;
                    }
                    self.errors = 0;
                    Due::Answer(about, inf.to_vec())
                }
                _ => Due::Recover,
            },
            Kind::Request(About::Abort) => Due::Open,
            Kind::Request(About::Resynch) | Kind::Response(_) => Due::Recover,
        }
    }

    fn judge(&mut self, due: &Due, sent: &Characters) -> Result<(), Rule> {
        let Some(kind) = sent.kind() else { return Err(Rule::T1Pcb) };
        if kind == Kind::Request(About::Resynch) {
            self.resynchs += 1;
            // Rule 6.4; before the card's first block there is nothing to resynchronise, but no rule forbids it.
            return if self.resynchs > RESYNCHS { Err(Rule::T1Resynch) } else { Ok(()) };
        }
        let ends_chain = matches!(kind, Kind::Request(About::Abort | About::Ifs));
        match (due, kind) {
            (Due::Open, _) => {
                if let Kind::I { ns, .. } = kind {
                    self.ns = ns;
                }
                Ok(())
            }
            (Due::Free | Due::Next, Kind::I { ns, .. }) if ns != self.ns => Err(Rule::T1Sequence),
            (Due::Free | Due::Next, Kind::I { .. }) => Ok(()),
            (Due::Free | Due::Next | Due::Acknowledge, _) if ends_chain => Ok(()),
            (Due::Free, _) if self.last.is_none() => Err(Rule::T1Start),
            (Due::Free | Due::Next, _) => Err(Rule::T1Uncalled),
            (Due::Repeat, Kind::I { .. }) if self.repeats(sent) => Ok(()),
            (Due::Repeat, _) => Err(Rule::T1Repeat),
            (Due::Acknowledge, Kind::R { nr }) if nr == self.nr => Ok(()),
            (Due::Acknowledge, Kind::R { .. }) => Err(Rule::T1Number),
            (Due::Acknowledge, _) => Err(Rule::T1Acknowledge),
            (Due::Answer(about, inf), Kind::Response(answered)) if *about == answered && inf == sent.inf() => Ok(()),
            (Due::Answer(About::Ifs, _), _) => Err(Rule::T1IfsAnswer),
            (Due::Answer(..), _) => Err(Rule::T1Extension),
            (Due::Recover, _) => self.recovers(kind, sent),
            (Due::Again, _) => {
                self.errors = 0;
                let judged = self.recovers(kind, sent);
                self.errors = 0;
                judged
            }
        }
    }

    /// Rules 7.1 to 7.4 and 8.
    fn recovers(&mut self, kind: Kind, sent: &Characters) -> Result<(), Rule> {
        self.errors += 1;
        let Some(last) = &self.last else { return Err(Rule::T1Start) };
        let Some(before) = last.kind() else { return Ok(()) };
        if before == Kind::Request(About::Resynch) {
            return Err(Rule::T1Resynch);
        }
        if self.errors >= ATTEMPTS {
            return Err(Rule::T1Attempts);
        }
        match (before, kind) {
            (Kind::I { .. } | Kind::Response(_), Kind::R { nr }) if nr == self.nr => Ok(()),
            (Kind::I { .. } | Kind::Response(_), Kind::R { .. }) => Err(Rule::T1Number),
            (Kind::I { .. } | Kind::Response(_), _) => Err(Rule::T1Ask),
            (Kind::R { nr: before }, Kind::R { nr }) if nr == before => Ok(()),
            // The R-block that had been called for by a valid block counts as sent, too: its repetition may name the cause.
            (Kind::R { .. }, _) => Err(Rule::T1Again),
            (Kind::Request(_), _) if last.0 == sent.0 => Ok(()),
            (Kind::Request(_), _) => Err(Rule::T1Again),
        }
    }

    /// Whether it is the I-block that was not acknowledged. With another IFSC it may be cut differently.
    fn repeats(&self, sent: &Characters) -> bool {
        let Some(before) = &self.unacknowledged else { return false };
        let same = |a: Kind, b: Kind| matches!((a, b), (Kind::I { ns: a, .. }, Kind::I { ns: b, .. }) if a == b);
        let (long, short) = if before.0.len() > sent.0.len() { (before, sent) } else { (sent, before) };
        before.kind().zip(sent.kind()).is_some_and(|(a, b)| same(a, b)) && long.inf().starts_with(short.inf())
    }

    fn sent(&mut self, sent: &Characters) {
        if let Some(Kind::I { ns, .. }) = sent.kind() {
            self.ns = ns ^ 1;
            self.unacknowledged = Some(sent.clone());
        }
        self.last = Some(sent.clone());
    }
}
