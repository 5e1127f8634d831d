//! The auditor of a world: after every step it compares what holders saw and what was said at the centre's door with the
//! centre's books, and names the invariant of docs/design.md §1 that is broken.
//!
//! It shares no code with the rules, the terminal or the centre: its [`Ledger`] is its own.

use qiyong_firmware::terminal::Report;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::rules::decision::{CardRecord, Effects};
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

use super::books::{Entry, Phase};
use super::cast::ACCOUNT;
use super::invariant::{Broken, Invariant};
use super::ledger::{End, Ledger, Occasion, Sale};
use super::secrets::Secrets;

/// What was seen of a visit.
pub struct Seen {
    /// What it was about.
    pub occasion: Occasion,
    /// At which terminal.
    pub terminal: TerminalId,
    /// What the holder was shown as done.
    pub shown: Option<Effects>,
    /// How it ended; `None`: with a cut.
    pub report: Option<Report>,
    /// Whether the terminal owed the centre something when the visit ended or was cut.
    pub owed: bool,
    /// Whether it does now, after its start if it was cut.
    pub owes: bool,
    /// How many PIN tries the card had before and after.
    pub tries: [u8; 2],
    /// How many wrong PINs the holder was ready to key.
    pub wrong: u8,
}

/// The auditor.
#[derive(Default)]
pub struct Auditor {
    /// Its books.
    pub ledger: Ledger,
    /// How many wrong PINs were keyed for each card so far.
    wrong: Vec<u8>,
    /// What must stand in no line.
    secrets: Secrets,
}

impl Auditor {
    /// An auditor who knows these secrets.
    pub fn new(secrets: Vec<String>) -> Self {
        let mut auditor = Self::default();
        secrets.into_iter().for_each(|secret| auditor.learn(secret));
        auditor
    }

    /// A holder has another PIN from now on.
    pub fn learn(&mut self, secret: String) {
        self.secrets.add(secret);
    }

    /// A holder was shown what is seen of a visit.
    ///
    /// # Errors
    /// An invariant is broken.
    pub fn show(&mut self, seen: &Seen) -> Result<(), Broken> {
        seen.shown.map_or(Ok(()), |shown| self.ledger.show(seen.occasion.step, shown))
    }

    /// After a visit, when all was heard that was said in it, and [shown](Auditor::show) what was.
    ///
    /// # Errors
    /// An invariant is broken.
    pub fn visited(&mut self, seen: Seen) -> Result<(), Broken> {
        let Seen { occasion, terminal, shown: _, report, owed, owes, tries: [before, after], wrong } = seen;
        let card = occasion.card;
        if self.wrong.len() <= card {
            self.wrong.resize(card + 1, 0);
        }
        let all_wrong = self.wrong.get_mut(card).map_or(wrong, |all| {
            *all = all.saturating_add(wrong);
            *all
        });
        let lost = before.saturating_sub(after);
        if lost > wrong {
            let what = || format!("step {}: {lost} PIN tries lost, {wrong} wrong PINs keyed", occasion.step);
            return Broken::that(Invariant::LineCostsNoTry, what);
        }
        if let Some(reason) = report.as_ref().and_then(|report| report.reason)
            && accuses(reason, all_wrong > 0, occasion.is_cause)
        {
            return Broken::that(Invariant::LineCostsNoTry, || format!("step {}: {reason} is said", occasion.step));
        }
        if report.is_none() && !owed {
            self.ledger.let_be(occasion.step);
        }
        let unreversed = |sale: &&Sale| {
            sale.named.terminal == terminal
                && sale.is_in_force()
                && !sale.shown
                && !sale.is_let_be
                && sale.end.is_none()
        };
        if !owes && let Some(sale) = self.ledger.sales().iter().find(unreversed) {
            let what = || format!("{}: not shown, and not reversed; the terminal owes nothing", sale.name());
            return Broken::that(Invariant::ChargedAtMostOnce, what);
        }
        let confirmed = |sale: &&Sale| sale.end == Some(End::Posted) && !sale.shown;
        if let Some(sale) = self.ledger.sales().iter().find(confirmed) {
            return Broken::that(Invariant::ChargedAtMostOnce, || format!("{}: confirmed, and not shown", sale.name()));
        }
        self.look_at(&[&format!("{report:?}")])
    }

    /// The centre's record of a card.
    ///
    /// # Errors
    /// An invariant is broken.
    pub fn recorded(&self, card: usize, record: &CardRecord) -> Result<(), Broken> {
        let of_card = |sale: &&Sale| sale.occasion.card == card && sale.is_in_force();
        let in_force = || self.ledger.sales().iter().filter(of_card);
        let charged: u64 = in_force().filter_map(|sale| sale.approved).map(|effects| effects.charge.0).sum();
        let expected = Fen(ACCOUNT.0.saturating_sub(charged));
        let account = record.account;
        if account < expected {
            return Broken::that(Invariant::ChargedAtMostOnce, || {
                format!("card {card}: its account has {account}, its sales leave {expected}")
            });
        }
        if account > expected {
            return Broken::that(Invariant::AgreesInTheEnd, || {
                format!("card {card}: its account has {account}, its sales leave {expected}")
            });
        }
        let active = record.status == CardStatus::Active;
        if (active || record.social) && in_force().next().is_none() {
            return Broken::that(Invariant::ActivatedOnlyForCause, || format!("card {card}: active without a cause"));
        }
        if record.financial && !in_force().any(|sale| sale.occasion.at_bank) {
            let what = || format!("card {card}: its bank account is in use, and no bank has done that");
            return Broken::that(Invariant::ActivatedOnlyForCause, what);
        }
        let activates = |sale: &Sale| sale.approved.is_some_and(|effects| effects.activates);
        if !(active && record.social) && in_force().any(activates) {
            return Broken::that(Invariant::AgreesInTheEnd, || format!("card {card}: not active, and told so"));
        }
        Ok(())
    }

    /// Nothing secret stands in these texts.
    ///
    /// # Errors
    /// Something does.
    pub fn look_at(&self, texts: &[&str]) -> Result<(), Broken> {
        let leaks = |text: &&str| self.secrets.stand_in(text);
        let Some(text) = texts.iter().find(|text| leaks(text)) else { return Ok(()) };
        let line = text.lines().position(|line| leaks(&line)).unwrap_or_default();
        Broken::that(Invariant::NoSecretLeaks, || format!("a PIN, a key or an ID number stands in line {}", line + 1))
    }

    /// The centre's journal, when all is over and every terminal owes nothing.
    ///
    /// # Errors
    /// It differs from what was said and answered.
    pub fn closed(&self, entries: &[Entry]) -> Result<(), Broken> {
        let agrees = Invariant::AgreesInTheEnd;
        for sale in self.ledger.sales() {
            let found: Vec<_> = entries.iter().filter(|entry| sale.is_entry(entry)).collect();
            let phases: Vec<_> = found.iter().filter_map(|entry| entry.phase).collect();
            let expected = match (sale.approved, sale.end) {
                (None, _) => None,
                (Some(_), Some(End::Posted)) => Some(Phase::Posted),
                (Some(_), Some(End::Voided)) => Some(Phase::Voided),
                (Some(_), Some(End::Expired)) => Some(Phase::Expired),
                (Some(_), None) => return Broken::that(agrees, || format!("{}: never closed", sale.name())),
            };
            if phases.as_slice() != expected.as_slice() {
                return Broken::that(agrees, || format!("{}: {expected:?} is right, {phases:?} kept", sale.name()));
            }
            let charges = found.iter().filter(|entry| entry.phase.is_some()).map(|entry| entry.charge).next();
            if sale.approved.map(|effects| effects.charge) != charges {
                return Broken::that(agrees, || format!("{}: the books say {charges:?}", sale.name()));
            }
        }
        let unknown = |entry: &&Entry| !self.ledger.sales().iter().any(|sale| sale.is_entry(entry));
        match entries.iter().filter(|entry| entry.phase.is_some()).find(unknown) {
            Some(entry) => Broken::that(agrees, || format!("{:06}: nobody has asked for it", entry.stan.0)),
            None => Ok(()),
        }
    }
}

/// Whether a reason accuses somebody who has done nothing: every card and holder of a world is genuine.
const fn accuses(reason: Reason, wrong_pin: bool, right_document: bool) -> bool {
    match reason {
        Reason::PinWrong | Reason::PinBlocked => !wrong_pin,
        Reason::DocumentMismatch | Reason::DocumentMissing => right_document,
        Reason::CardNotGenuine
        | Reason::CardUnknown
        | Reason::CardLost
        | Reason::CardLocked
        | Reason::CardCancelled
        | Reason::DocumentExpired
        | Reason::NotInsured => true,
        _ => false,
    }
}
